#include "cell/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILD_SOCKET = 3,
    FILES_MAX = 16,
    ARGS_MAX = 48,
    /* Sources lie above every target, so that no dup2 hits a source still needed. */
    LEAST_SOURCE = 64
};

/* ---- the command line (inside/start.h) ---- */

struct command {
    char host[24], memory[24], files[24];
    char *argv[ARGS_MAX + 1];
    size_t count;
};

static void add_arg(struct command *command, const char *arg)
{
    if (command->count < ARGS_MAX)
        command->argv[command->count++] = (char *)(uintptr_t)arg;
}

static bool make_command(const struct cell_program *program, int64_t memory_bytes,
                         struct command *ret, struct err *err)
{
    *ret = (struct command){ 0 };
    int length = snprintf(ret->host, sizeof ret->host, "%d", (int)getpid());
    length |= snprintf(ret->memory, sizeof ret->memory, "%lld",
                       (long long)memory_bytes);
    length |= snprintf(ret->files, sizeof ret->files, "%zu", program->file_count);
    if (length < 0)
        return err_set(err, ERR_INTERNAL, "writing a command line");
    const char *const head[] = { program->path, program->name, ret->host, ret->memory,
                                 ret->files };
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        add_arg(ret, head[i]);
    for (size_t i = 0; i < program->file_count; i++)
        add_arg(ret, program->files[i].name);
    for (const char *const *arg = program->args; arg != NULL && *arg != NULL; arg++)
        add_arg(ret, *arg);
    if (ret->count == ARGS_MAX || program->file_count > FILES_MAX)
        return err_set(err, ERR_LIMIT, "%s has too many files or arguments",
                       program->name);
    return true;
}

/* ---- descriptors ---- */

struct sources {
    int fds[FILES_MAX + 1]; /* The socket, then the files; close-on-exec copies. */
    size_t count;
};

static void close_sources(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        close(sources->fds[i]);
    sources->count = 0;
}

static bool add_source(struct sources *sources, int fd, struct err *err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, LEAST_SOURCE);
    if (copy < 0)
        return err_errno(err, "copying a descriptor for a cell");
    sources->fds[sources->count++] = copy;
    return true;
}

static bool make_sources(const struct cell_program *program, int child_socket,
                         struct sources *ret, struct err *err)
{
    ret->count = 0;
    bool ok = add_source(ret, child_socket, err);
    for (size_t i = 0; ok && i < program->file_count; i++)
        ok = add_source(ret, program->files[i].fd, err);
    if (!ok)
        close_sources(ret);
    return ok;
}

/* ---- the child ---- */

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr,
                   const struct sources *sources)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int failed = posix_spawnattr_setflags(
        attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    failed |= posix_spawnattr_setsigdefault(attr, &all);
    failed |= posix_spawnattr_setsigmask(attr, &none);
    failed |= posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    failed |= posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < sources->count; i++)
        failed |= posix_spawn_file_actions_adddup2(actions, sources->fds[i],
                                                   CHILD_SOCKET + (int)i);
    failed |= posix_spawn_file_actions_addclosefrom_np(
        actions, CHILD_SOCKET + (int)sources->count);
    return failed;
}

static bool start_child(const struct cell_program *program, struct command *command,
                        const struct sources *sources, pid_t *ret, struct err *err)
{
    static char *const no_environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    int failed = prepare(&actions, &attr, sources);
    if (failed == 0)
        failed = posix_spawn(ret, program->path, &actions, &attr, command->argv,
                             no_environment);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    errno = failed;
    return failed == 0 || err_errno(err, "starting %s", program->path);
}

/* The child is ours and not waited for, so its number cannot be a stranger's yet. */
static bool hold(struct spawned *spawned, struct err *err)
{
    spawned->pidfd = (int)syscall(SYS_pidfd_open, spawned->pid, 0);
    if (spawned->pidfd >= 0)
        return true;
    err_errno(err, "holding process %d", (int)spawned->pid);
    kill(spawned->pid, SIGKILL);
    waitpid(spawned->pid, NULL, 0);
    return false;
}

bool spawn(const struct cell_program *program, int64_t memory_bytes,
           struct spawned *ret, struct err *err)
{
    struct command command;
    struct sources sources = { .count = 0 };
    struct spawned made = { .pidfd = -1 };
    int pair[2] = { -1, -1 };
    bool ok = false;
    if (!make_command(program, memory_bytes, &command, err))
        goto out;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        err_errno(err, "making a socket pair");
        goto out;
    }
    if (fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
        err_errno(err, "making a socket non-blocking");
        goto out;
    }
    if (!make_sources(program, pair[1], &sources, err) ||
        !start_child(program, &command, &sources, &made.pid, err) || !hold(&made, err))
        goto out;
    made.socket = pair[0];
    pair[0] = -1; /* Given to the caller. */
    *ret = made;
    ok = true;
out:
    close_sources(&sources);
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    return ok;
}

void spawn_kill(const struct spawned *spawned)
{
    /* ESRCH: it is dead already, which is what is wanted. */
    (void)syscall(SYS_pidfd_send_signal, spawned->pidfd, SIGKILL, NULL, 0);
}

static void say_status(const siginfo_t *info, char *ret, size_t size)
{
    int length;
    if (info->si_code == CLD_EXITED && info->si_status == WIRE_EXIT_FORBIDDEN)
        length = snprintf(ret, size, "ended for a forbidden system call");
    else if (info->si_code == CLD_EXITED)
        length = snprintf(ret, size, "ended with status %d", info->si_status);
    else
        length = snprintf(ret, size, "killed by signal %d (%s)", info->si_status,
                          strsignal(info->si_status));
    if (length < 0)
        ret[0] = '\0';
}

bool spawn_reap(struct spawned *spawned, int most_ms, char *ret_words, size_t size)
{
    struct pollfd wait = { .fd = spawned->pidfd, .events = POLLIN };
    siginfo_t info = { .si_pid = 0 };
    if (poll(&wait, 1, most_ms) < 1 ||
        waitid(P_PIDFD, (id_t)spawned->pidfd, &info, WEXITED | WNOHANG) != 0 ||
        info.si_pid == 0)
        return false;
    say_status(&info, ret_words, size);
    close(spawned->pidfd);
    spawned->pidfd = -1;
    return true;
}
