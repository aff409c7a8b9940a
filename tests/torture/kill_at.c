/* kill_at.so - ends a process at its N-th write, sync or send (see README.md).
 *
 * A library for LD_PRELOAD. It stands in front of the calls below, counts those that
 * reach a file, a pipe or a socket, and at the wanted one sends SIGKILL: before the call
 * is made or after it was. Terminals, event counters and standard error are not counted,
 * so that the numbers of two runs agree. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DEATH_TURNS = 1000000 }; /* How often a killed cell is looked at. */

static bool active; /* This is the program that was meant. */
static long wanted;
static bool after;
static bool kill_cells;
static const char *arm_path;
static const char *count_path;
static _Atomic bool armed;
static _Atomic long counted;

/* The real ones. The order is that of `names`. */
enum call {
    CALL_WRITE,
    CALL_PWRITE,
    CALL_PWRITE64,
    CALL_WRITEV,
    CALL_PWRITEV,
    CALL_PWRITEV64,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_FTRUNCATE,
    CALL_FTRUNCATE64,
    CALL_SEND,
    CALL_SENDTO,
    CALL_SENDMSG,
    CALL_SENDMMSG,
    CALL_COUNT
};
static const char *const names[CALL_COUNT] = { "write",       "pwrite",    "pwrite64",
                                               "writev",      "pwritev",   "pwritev64",
                                               "fsync",       "fdatasync", "ftruncate",
                                               "ftruncate64", "send",      "sendto",
                                               "sendmsg",     "sendmmsg" };
static void *real_calls[CALL_COUNT];

static long number_from(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool is_the_program(void)
{
    const char *meant = getenv("KILL_PROGRAM");
    return strcmp(program_invocation_short_name, meant == NULL ? "esimd" : meant) == 0;
}

/* Everything is found now: later the process may have locked itself in. */
static void find_real_calls(void)
{
    if (real_calls[CALL_COUNT - 1] != NULL)
        return;
    for (int i = 0; i < CALL_COUNT; i++)
        real_calls[i] = dlsym(RTLD_NEXT, names[i]);
}

__attribute__((constructor)) static void start(void)
{
    const char *when = getenv("KILL_WHEN");
    find_real_calls();
    wanted = number_from("KILL_AT");
    after = when != NULL && strcmp(when, "after") == 0;
    kill_cells = number_from("KILL_CELL") == 1;
    arm_path = getenv("KILL_ARM");
    count_path = getenv("KILL_COUNT_FILE");
    atomic_store(&armed, arm_path == NULL);
    active = is_the_program();
}

__attribute__((destructor)) static void end(void)
{
    if (!active || count_path == NULL)
        return;
    FILE *file = fopen(count_path, "w");
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", atomic_load(&counted));
    fclose(file);
}

/* Children. */

struct child {
    int pid, parent;
    char state;
    char name[32];
};

/* "7 (esim-cell) S 1 ..." (proc_pid_stat(5)). */
static bool read_child(int pid, struct child *ret)
{
    char path[64], text[256];
    if (snprintf(path, sizeof path, "/proc/%d/stat", pid) < 0)
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = '\0';
    *ret = (struct child){ 0 };
    return sscanf(text, "%d (%31[^)]) %c %d", &ret->pid, ret->name, &ret->state,
                  &ret->parent) == 4;
}

/* The kernel keeps 15 characters of a name. */
static bool is_cell(const struct child *child)
{
    return child->parent == getpid() && (strcmp(child->name, "esim-cell") == 0 ||
                                         strcmp(child->name, "esim-policy-cel") == 0);
}

/* Returns when it is dead, so that what follows is the same in every run. */
static void kill_cell(struct child *child)
{
    fprintf(stderr, "kill_at: killing %s %d\n", child->name, child->pid);
    kill(child->pid, SIGKILL);
    for (int turn = 0; turn < DEATH_TURNS && child->state != 'Z'; turn++) {
        sched_yield();
        if (!read_child(child->pid, child))
            return;
    }
}

static void kill_all_cells(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        struct child child;
        int pid = (int)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && read_child(pid, &child) && is_cell(&child))
            kill_cell(&child);
    }
    if (proc != NULL)
        closedir(proc);
}

static void strike(enum call call)
{
    int before = errno;
    fprintf(stderr, "kill_at: %s %s, number %ld\n", after ? "after" : "before",
            names[call], wanted);
    if (kill_cells) {
        kill_all_cells();
        errno = before;
        return;
    }
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counting. */

static bool is_armed(void)
{
    if (atomic_load_explicit(&armed, memory_order_relaxed))
        return true;
    if (access(arm_path, F_OK) != 0)
        return false;
    atomic_store(&armed, true);
    return true;
}

static bool leaves_the_process(int fd)
{
    struct stat info;
    if (fd == STDERR_FILENO || fstat(fd, &info) != 0)
        return false;
    return S_ISREG(info.st_mode) || S_ISSOCK(info.st_mode) || S_ISFIFO(info.st_mode);
}

/* True when this call is the one. Strikes at once if that is wished before it. */
static bool begin(enum call call, int fd)
{
    if (!active)
        return false;
    int kept = errno;
    bool counts = is_armed() && leaves_the_process(fd);
    errno = kept;
    if (!counts || atomic_fetch_add(&counted, 1) + 1 != wanted)
        return false;
    if (!after)
        strike(call);
    return after;
}

/* A call that is made before our constructor ran finds the real ones by itself. */
#define STAND_BEFORE(type, name, call, params, types, args)  \
    type name params;                                        \
    type name params                                         \
    {                                                        \
        find_real_calls();                                   \
        bool now = begin(call, fd);                          \
        type result = ((type(*) types)real_calls[call])args; \
        if (now)                                             \
            strike(call);                                    \
        return result;                                       \
    }

/* clang-format off */
STAND_BEFORE(ssize_t, write, CALL_WRITE, (int fd, const void *bytes, size_t size),
             (int, const void *, size_t), (fd, bytes, size))
STAND_BEFORE(ssize_t, pwrite, CALL_PWRITE, (int fd, const void *bytes, size_t size, off_t at),
             (int, const void *, size_t, off_t), (fd, bytes, size, at))
STAND_BEFORE(ssize_t, pwrite64, CALL_PWRITE64, (int fd, const void *bytes, size_t size, off64_t at),
             (int, const void *, size_t, off64_t), (fd, bytes, size, at))
STAND_BEFORE(ssize_t, writev, CALL_WRITEV, (int fd, const struct iovec *parts, int count),
             (int, const struct iovec *, int), (fd, parts, count))
STAND_BEFORE(ssize_t, pwritev, CALL_PWRITEV, (int fd, const struct iovec *parts, int count, off_t at),
             (int, const struct iovec *, int, off_t), (fd, parts, count, at))
STAND_BEFORE(ssize_t, pwritev64, CALL_PWRITEV64, (int fd, const struct iovec *parts, int count, off64_t at),
             (int, const struct iovec *, int, off64_t), (fd, parts, count, at))
STAND_BEFORE(int, fsync, CALL_FSYNC, (int fd), (int), (fd))
STAND_BEFORE(int, fdatasync, CALL_FDATASYNC, (int fd), (int), (fd))
STAND_BEFORE(int, ftruncate, CALL_FTRUNCATE, (int fd, off_t size), (int, off_t), (fd, size))
STAND_BEFORE(int, ftruncate64, CALL_FTRUNCATE64, (int fd, off64_t size), (int, off64_t), (fd, size))
STAND_BEFORE(ssize_t, send, CALL_SEND, (int fd, const void *bytes, size_t size, int flags),
             (int, const void *, size_t, int), (fd, bytes, size, flags))
STAND_BEFORE(ssize_t, sendto, CALL_SENDTO,
             (int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to, socklen_t to_size),
             (int, const void *, size_t, int, const struct sockaddr *, socklen_t),
             (fd, bytes, size, flags, to, to_size))
STAND_BEFORE(ssize_t, sendmsg, CALL_SENDMSG, (int fd, const struct msghdr *message, int flags),
             (int, const struct msghdr *, int), (fd, message, flags))
STAND_BEFORE(int, sendmmsg, CALL_SENDMMSG, (int fd, struct mmsghdr *messages, unsigned count, int flags),
             (int, struct mmsghdr *, unsigned, int), (fd, messages, count, flags))
/* clang-format on */
