#include "cell/inside/lock.h"

#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "cell/inside/lock_calls.h"
#include "cell/inside/lock_sanitizer.h"
#include "cell/inside/talk.h"

enum { CALL_MAX = 512, NAME_SIZE = 28 };

/* What becomes of a call that the filter traps. Filled before the lock: resolving a
 * name allocates, and a trap may come from inside malloc. */
enum verdict { UNKNOWN_CALL, FILE_CALL, FORBIDDEN_CALL };
static struct {
    char name[NAME_SIZE];
    uint8_t verdict;
    bool told;
} trapped[CALL_MAX];

/* ---- the trap ---- */

static void set_result(ucontext_t *context, long result)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_RAX] = result;
#elif defined(__aarch64__)
    context->uc_mcontext.regs[0] = (unsigned long long)result;
#endif
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    unsigned number = (unsigned)info->si_syscall;
    bool known = number < CALL_MAX;
    enum verdict verdict = known ? trapped[number].verdict : UNKNOWN_CALL;
    if (!known || !trapped[number].told)
        talk_denied(known && trapped[number].name[0] != '\0' ? trapped[number].name
                                                             : "unknown");
    if (known)
        trapped[number].told = true;
    if (verdict == FORBIDDEN_CALL)
        _exit(WIRE_EXIT_FORBIDDEN);
    set_result(context, verdict == FILE_CALL ? -EPERM : -ENOSYS);
}

static bool set_trap(struct err *err)
{
    struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
    sigset_t none;
    sigemptyset(&none);
    if (sigaction(SIGSYS, &action, NULL) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        return err_errno(err, "setting the trap for refused system calls");
    return true;
}

static void mark(struct lock_calls calls, enum verdict verdict)
{
    for (size_t i = 0; i < calls.count; i++)
        if (calls.rows[i].number < CALL_MAX)
            trapped[calls.rows[i].number].verdict = verdict;
}

static void learn_names(void)
{
    for (int number = 0; number < CALL_MAX; number++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
        if (name == NULL)
            continue;
        size_t length = strnlen(name, NAME_SIZE - 1);
        memcpy(trapped[number].name, name, length);
        free(name);
    }
    mark(lock_calls_of_files(), FILE_CALL);
    mark(lock_calls_forbidden(), FORBIDDEN_CALL);
}

/* ---- the filters ---- */

static bool add_rows(scmp_filter_ctx filter, uint32_t action, struct lock_calls calls)
{
    for (size_t i = 0; i < calls.count; i++) {
        const struct lock_call *row = &calls.rows[i];
        struct scmp_arg_cmp conditions[LOCK_CONDITION_MAX];
        unsigned count = 0;
        while (count < LOCK_CONDITION_MAX && row->conditions[count].mask != 0) {
            const struct lock_condition *from = &row->conditions[count];
            conditions[count++] = SCMP_CMP(from->argument, SCMP_CMP_MASKED_EQ,
                                           from->mask, from->value);
        }
        int result = seccomp_rule_add_array(filter, action, row->number, count,
                                            conditions);
        if (result != 0) {
            errno = -result;
            return false;
        }
    }
    return true;
}

/* Another architecture's call numbers (i386, x32) end the process: libseccomp's own
 * answer to a bad architecture, made to hit the whole process. */
static scmp_filter_ctx make_filter(uint32_t otherwise)
{
    scmp_filter_ctx filter = seccomp_init(otherwise);
    if (filter != NULL &&
        seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0) {
        seccomp_release(filter);
        filter = NULL;
    }
    return filter;
}

static bool load_filter(scmp_filter_ctx filter, bool rows_added, struct err *err)
{
    int result = rows_added ? seccomp_load(filter) : -errno;
    seccomp_release(filter);
    errno = -result;
    return result == 0 || err_errno(err, "loading the system-call filter");
}

static bool forbid(struct err *err)
{
    scmp_filter_ctx filter = make_filter(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for the system-call filter");
    bool added = add_rows(filter, SCMP_ACT_TRAP, lock_calls_forbidden());
    return load_filter(filter, added, err);
}

/* abort(3) of this process only: the one row whose value is known at run time. */
static struct lock_call own_abort(void)
{
    return (struct lock_call){
        SYS_tgkill,
        { { 0, UINT32_MAX, (uint64_t)getpid() }, { 2, UINT32_MAX, SIGABRT } },
    };
}

static bool allow_only(struct err *err)
{
    scmp_filter_ctx filter = make_filter(SCMP_ACT_TRAP);
    if (filter == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for the system-call filter");
    struct lock_call abort_row = own_abort();
    bool added = add_rows(filter, SCMP_ACT_ALLOW, lock_calls_allowed()) &&
                 add_rows(filter, SCMP_ACT_ALLOW, lock_calls_of_sanitizer()) &&
                 add_rows(filter, SCMP_ACT_ALLOW, (struct lock_calls){ &abort_row, 1 });
    return load_filter(filter, added, err);
}

/* ---- limits ---- */

static bool limit(int resource, rlim_t most, struct err *err)
{
    struct rlimit present;
    if (getrlimit((__rlimit_resource_t)resource, &present) != 0)
        return err_errno(err, "reading resource limit %d", resource);
    if (present.rlim_max < most)
        most = present.rlim_max;
    struct rlimit wanted = { most, most };
    if (setrlimit((__rlimit_resource_t)resource, &wanted) != 0)
        return err_errno(err, "setting resource limit %d", resource);
    return true;
}

/* Pages mapped, and pages of private writable memory, as the limits count them. */
static bool memory_now(rlim_t *ret_all, rlim_t *ret_data)
{
    unsigned long all, data;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return false;
    int got = fscanf(file, "%lu %*u %*u %*u %*u %lu", &all, &data);
    fclose(file);
    rlim_t page = (rlim_t)sysconf(_SC_PAGESIZE);
    *ret_all = all * page;
    *ret_data = data * page;
    return got == 2;
}

static bool limit_memory(uint64_t memory_bytes, struct err *err)
{
    rlim_t all, data;
    memory_bytes *= lock_memory_factor;
    if (!memory_now(&all, &data))
        return err_set(err, ERR_IO, "/proc/self/statm cannot be read");
    return limit(RLIMIT_AS, all + memory_bytes, err) &&
           limit(RLIMIT_DATA, data + memory_bytes, err);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* What glibc 2.36 asks the kernel on first use. */
static void warm_up(void)
{
    mallopt(M_ARENA_MAX, 1);            /* A second one would read /proc. */
    mallopt(M_MMAP_THRESHOLD, 1 << 20); /* Fixed: no surprises after a large reply. */
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    char *large = calloc(1, 4096);
    if (large != NULL)
        qsort(large, 4096, 1, compare_bytes); /* Asks for the size of memory. */
    free(large);
    struct tm parts;
    time_t zero = 0;
    gmtime_r(&zero, &parts); /* Reads the time zone once. */
}

static bool prctl_ok(int option, unsigned long value, const char *what, struct err *err)
{
    return prctl(option, value, 0, 0, 0) == 0 || err_errno(err, "%s", what);
}

/* A host that runs as root gives its cells nothing of that. */
static bool drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    return syscall(SYS_capset, &head, none) == 0 ||
           err_errno(err, "giving up capabilities");
}

bool lock_begin(pid_t parent, struct err *err)
{
    if (!prctl_ok(PR_SET_PDEATHSIG, SIGKILL, "asking to die with the host", err))
        return false;
    if (getppid() != parent)
        return err_set(err, ERR_UNAVAILABLE, "the host is gone");
    warm_up();
    learn_names();
    return limit(RLIMIT_CORE, 0, err) && limit(RLIMIT_NPROC, 0, err) &&
           (lock_is_sanitized || limit(RLIMIT_FSIZE, 0, err)) &&
           drop_capabilities(err) &&
           prctl_ok(PR_SET_NO_NEW_PRIVS, 1, "giving up new privileges", err) &&
           prctl_ok(PR_SET_DUMPABLE, 0, "refusing to be traced", err) &&
           set_trap(err) && forbid(err);
}

/* A sanitizer's report needs standard error. */
static bool close_all_but_socket(struct err *err)
{
    unsigned least_kept = lock_is_sanitized ? STDERR_FILENO : TALK_FD;
    if (close_range(0, least_kept - 1, 0) != 0 || close_range(TALK_FD + 1, ~0u, 0) != 0)
        return err_errno(err, "closing descriptors");
    return true;
}

bool lock_finish(uint64_t memory_bytes, struct err *err)
{
    return set_trap(err) && limit_memory(memory_bytes, err) &&
           close_all_but_socket(err) && limit(RLIMIT_NOFILE, TALK_FD + 1, err) &&
           allow_only(err);
}
