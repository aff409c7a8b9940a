/* A locked cell, from inside: what an adapter can still do. */
#include <errno.h>
#include <sys/syscall.h>

#include "cell_world.h"

static void check_probe(const char *input, const char *expected)
{
    struct world *world = world_start("probe", &usual_limits);
    struct call_seen *seen = step(world, input);
    wait_all(world);
    check_result(seen, expected);
    world_end(world);
}

/* Every number up to well past the last known call (Linux 6.18: 469), in pieces: the
 * forbidden ones end the process and are tried one by one. */
static const int forbidden[] = {
    SYS_execve,
    SYS_execveat,
    SYS_clone,
    SYS_clone3,
    SYS_fork,
    SYS_vfork,
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_bpf,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_perf_event_open,
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_pivot_root,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
};
enum { FORBIDDEN = sizeof forbidden / sizeof forbidden[0], LAST_CALL = 511 };

static bool is_forbidden(int number)
{
    for (size_t i = 0; i < FORBIDDEN; i++)
        if (forbidden[i] == number)
            return true;
    return false;
}

/* Of -1 arguments, only what the lock lists may be carried out: the memory calls, brk,
 * futex, and the three that abort(3) needs. */
static bool may_work(int number)
{
    static const int listed[] = {
        SYS_munmap,        SYS_mremap,      SYS_brk,         SYS_madvise,
        SYS_futex,         SYS_getpid,      SYS_gettid,      SYS_mprotect,
        SYS_clock_gettime, SYS_sched_yield, SYS_sigaltstack,
    };
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        if (listed[i] == number)
            return true;
    return false;
}

static void check_worked(const struct call_seen *seen)
{
    struct err err = ERR_INIT;
    struct arena *arena = arena_create(1 << 20);
    struct esim_answer answer = { 0 };
    CHECK_FATAL(
        answer_decode(slice_bytes(seen->reply, seen->size), arena, &answer, &err));
    const char *list = arena_copy(arena, answer.result.ptr, (size_t)answer.result.size);
    for (char *end; *list != '\0'; list = end + 1) {
        long number = strtol(list, &end, 10);
        if (!may_work((int)number))
            fprintf(stderr, "  system call %ld works\n", number);
        CHECK(may_work((int)number));
    }
    arena_destroy(&arena);
}

static void no_system_call_but_the_listed_works(void)
{
    struct world *world = world_start("probe", &usual_limits);
    char input[48];
    int from = 0;
    for (int number = 0; number <= LAST_CALL; number++) {
        if (!is_forbidden(number) && number != LAST_CALL && number - from < 63)
            continue;
        CHECK(snprintf(input, sizeof input, "calls %d %d", from,
                       is_forbidden(number) ? number - 1 : number) > 0);
        struct call_seen *seen = step(world, input);
        wait_for(world, &seen->over);
        if (seen->end != CELL_ANSWERED)
            fprintf(stderr, "  %s: %s\n", input, seen->reply);
        CHECK_INT(seen->end, CELL_ANSWERED);
        check_worked(seen);
        world->asked = 0;
        *seen = (struct call_seen){ 0 };
        from = number + 1;
    }
    world_end(world);
}

static void forbidden_system_calls_end_the_process_by_name(void)
{
    for (size_t i = 0; i < FORBIDDEN; i++) {
        struct err err = ERR_INIT;
        struct cell_attempt attempt;
        char input[48];
        cell_attempt_init(&attempt, 1 << 20);
        CHECK(snprintf(input, sizeof input, "calls %d %d", forbidden[i], forbidden[i]) >
              0);
        CHECK(try_one("probe", input, &attempt, &err));
        CHECK_INT(attempt.end, CELL_CRASHED);
        check_reason(buf_slice(&attempt.reply).ptr,
                     "ended for a forbidden system call; refused system call: ");
        check_reason(buf_slice(&attempt.log).ptr, "refused system call: ");
        cell_attempt_finish(&attempt);
    }
}

static void no_descriptor_path_or_executable_memory_is_left(void)
{
    check_probe("fds", "");
    check_probe("paths", "");
    check_probe("memory", "");
}

/* The 32-bit door has other numbers: whoever uses it is killed by the kernel. */
static void the_other_architecture_is_closed(void)
{
    fault("probe", "int80", CELL_CRASHED, "signal 31 (Bad system call)");
}

/* A constructor runs before start(), when files can still be read. */
static void nothing_is_connected_while_loading_either(void)
{
    struct err err = ERR_INIT;
    struct cell_attempt attempt;
    cell_attempt_init(&attempt, 1 << 20);
    CHECK(!try_one("dials", "", &attempt, &err));
    CHECK_TEXT(err.text,
               "ended for a forbidden system call; refused system call: socket");
    cell_attempt_finish(&attempt);
}

static const struct check_case cases[] = {
    CASE(no_system_call_but_the_listed_works),
    CASE(forbidden_system_calls_end_the_process_by_name),
    CASE(no_descriptor_path_or_executable_memory_is_left),
    CASE(the_other_architecture_is_closed),
    CASE(nothing_is_connected_while_loading_either),
};

int main(void)
{
    if (!find_build())
        return 2;
    return check_run("cell_lock", cases, sizeof cases / sizeof cases[0]);
}
