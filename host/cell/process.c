#include "cell/process.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, KEPT_BYTES = 1 << 20, WORDS_SIZE = 96 };

struct process {
    struct process_events events;
    struct spawned spawned;
    struct event *readable, *writable, *ended;
    bool dead; /* Killed, or its end was told. */
    struct {
        uint8_t *ptr;
        size_t start, end, room;
    } in; /* Bytes [start, end) have been read and not yet been handed up. */
};

static void close_socket(struct process *process)
{
    if (process->readable != NULL)
        event_free(process->readable);
    if (process->writable != NULL)
        event_free(process->writable);
    process->readable = process->writable = NULL;
    if (process->spawned.socket >= 0)
        close(process->spawned.socket);
    process->spawned.socket = -1;
}

/* ---- reading ---- */

static bool make_room(struct process *process, size_t wanted)
{
    if (process->in.room - process->in.start >= wanted)
        return true;
    size_t kept = process->in.end - process->in.start;
    if (process->in.start > 0 && kept > 0)
        memmove(process->in.ptr, process->in.ptr + process->in.start, kept);
    process->in.start = 0;
    process->in.end = kept;
    if (process->in.room >= wanted)
        return true;
    uint8_t *grown = realloc(process->in.ptr, wanted + READ_BYTES);
    if (grown == NULL)
        return false;
    process->in.ptr = grown;
    process->in.room = wanted + READ_BYTES;
    return true;
}

/* A buffer that grew for a large reply is not kept. */
static void give_back_room(struct process *process)
{
    if (process->in.start != process->in.end)
        return;
    process->in.start = process->in.end = 0;
    if (process->in.room > KEPT_BYTES) {
        free(process->in.ptr);
        process->in.ptr = NULL;
        process->in.room = 0;
    }
}

/* Hands up every whole frame; how many bytes the next one needs. */
static size_t hand_up(struct process *process)
{
    while (!process->dead && process->in.end - process->in.start >= WIRE_HEAD_BYTES) {
        const uint8_t *at = process->in.ptr + process->in.start;
        struct wire_head head = wire_head_read(at);
        if (!process->events.head(process->events.arg, &head))
            return 0;
        size_t size = WIRE_HEAD_BYTES + (size_t)head.size;
        if (process->in.end - process->in.start < size)
            return size;
        process->in.start += size;
        process->events.frame(process->events.arg, &head,
                              slice_bytes(at + WIRE_HEAD_BYTES, head.size));
    }
    return WIRE_HEAD_BYTES;
}

/* Reads all that is there. False at the end of the stream. */
static bool drain(struct process *process)
{
    for (;;) {
        size_t wanted = hand_up(process);
        if (process->dead)
            return true;
        give_back_room(process);
        size_t least = wanted > READ_BYTES ? wanted : READ_BYTES;
        if (!make_room(process, least))
            return false;
        size_t room = process->in.room - process->in.end;
        ssize_t got = recv(process->spawned.socket, process->in.ptr + process->in.end,
                           room, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got > 0)
            process->in.end += (size_t)got;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct process *process = arg;
    bool open = drain(process);
    if (process->dead)
        return;
    /* At the end of the stream it is dying: its pidfd tells when and how. */
    if (!open) {
        event_del(process->readable);
        spawn_kill(&process->spawned);
    }
    process->events.idle(process->events.arg);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct process *process = arg;
    process->events.writable(process->events.arg);
}

/* What it wrote before its death counts, so the socket is emptied first. */
static void on_ended(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct process *process = arg;
    char words[WORDS_SIZE] = "ended";
    if (!process->dead)
        (void)drain(process);
    event_del(process->ended); /* Before its number can be another thread's file. */
    if (!spawn_reap(&process->spawned, 0, words, sizeof words)) {
        event_add(process->ended, NULL);
        return;
    }
    bool told = process->dead;
    process->dead = true;
    close_socket(process);
    if (!told)
        process->events.gone(process->events.arg, words);
}

/* ---- life ---- */

static bool watch(struct process *process, struct loop *loop, struct err *err)
{
    struct event_base *base = loop_base(loop);
    process->readable = event_new(base, process->spawned.socket, EV_READ | EV_PERSIST,
                                  on_readable, process);
    process->writable = event_new(base, process->spawned.socket, EV_WRITE, on_writable,
                                  process);
    process->ended = event_new(base, process->spawned.pidfd, EV_READ | EV_PERSIST,
                               on_ended, process);
    if (process->readable == NULL || process->writable == NULL ||
        process->ended == NULL || event_add(process->readable, NULL) != 0 ||
        event_add(process->ended, NULL) != 0)
        return err_set(err, ERR_LIMIT, "watching a cell's process");
    return true;
}

struct process *process_create(struct loop *loop, const struct cell_program *program,
                               int64_t memory_bytes,
                               const struct process_events *events, struct err *err)
{
    struct process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a process");
        return NULL;
    }
    process->events = *events;
    process->spawned = (struct spawned){ .pidfd = -1, .socket = -1 };
    if (!spawn(program, memory_bytes, &process->spawned, err)) {
        free(process);
        return NULL;
    }
    if (!watch(process, loop, err))
        process_destroy(&process, 1000);
    return process;
}

pid_t process_pid(const struct process *process)
{
    return process->spawned.pid;
}

size_t process_write(struct process *process, const struct iovec *parts, int count)
{
    size_t all = 0;
    for (int i = 0; i < count; i++)
        all += parts[i].iov_len;
    struct msghdr message = { .msg_iov = (struct iovec *)(uintptr_t)parts,
                              .msg_iovlen = (size_t)count };
    ssize_t written = sendmsg(process->spawned.socket, &message, MSG_NOSIGNAL);
    if (written < 0 && (errno == EAGAIN || errno == EINTR))
        written = 0;
    if (written >= 0 && (size_t)written < all)
        event_add(process->writable, NULL);
    return written < 0 ? all : (size_t)written;
}

int64_t process_cpu_us(const struct process *process)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(process->spawned.pid, &clock) != 0 ||
        clock_gettime(clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

void process_kill(struct process *process)
{
    if (process->dead)
        return;
    process->dead = true;
    close_socket(process);
    spawn_kill(&process->spawned);
}

bool process_is_dead(const struct process *process)
{
    return process->dead;
}

void process_destroy(struct process **process, int most_ms)
{
    struct process *gone = *process;
    if (gone == NULL)
        return;
    char words[WORDS_SIZE];
    process_kill(gone);
    if (gone->ended != NULL)
        event_free(gone->ended);
    if (gone->spawned.pidfd >= 0 &&
        !spawn_reap(&gone->spawned, most_ms, words, sizeof words))
        close(gone->spawned.pidfd); /* Not even SIGKILL ended it in that time. */
    free(gone->in.ptr);
    free(gone);
    *process = NULL;
}
