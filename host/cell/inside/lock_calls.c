#include "cell/inside/lock_calls.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "cell/inside/talk.h"

/* The kernel takes descriptors as 32 bits; libraries pass them with or without sign. */
#define FD32 0xffffffffu
enum { MAP_KIND = MAP_TYPE | MAP_ANONYMOUS };

/* clang-format off */
#define ON_SOCKET { { 0, FD32, TALK_FD } }
static const struct lock_call allowed[] = {
    { SYS_read,          ON_SOCKET },
    { SYS_write,         ON_SOCKET },
    { SYS_writev,        ON_SOCKET },
    /* Memory: private, without a file behind it, never executable. */
    { SYS_mmap,          { { 2, PROT_EXEC, 0 },
                           { 3, MAP_KIND, MAP_PRIVATE | MAP_ANONYMOUS },
                           { 4, FD32, FD32 } } },
    { SYS_mprotect,      { { 2, PROT_EXEC, 0 } } },
    { SYS_munmap,        { { 0 } } },
    { SYS_mremap,        { { 0 } } },
    { SYS_brk,           { { 0 } } },
    { SYS_madvise,       { { 2, 0xffffffe0u, 0 } } }, /* Not 100: poisoned memory. */
    { SYS_futex,         { { 0 } } },
    /* The way out, and what abort(3) calls before its own tgkill (lock.c). */
    { SYS_rt_sigreturn,  { { 0 } } },
    { SYS_rt_sigprocmask,{ { 0 } } },
    { SYS_getpid,        { { 0 } } },
    { SYS_gettid,        { { 0 } } },
    { SYS_exit,          { { 0 } } },
    { SYS_exit_group,    { { 0 } } },
};

#define CALL(name) { SYS_##name, { { 0 } } }
static const struct lock_call forbidden[] = {
    CALL(execve), CALL(execveat), CALL(clone), CALL(clone3),
#ifdef SYS_fork /* Newer architectures have clone only. */
    CALL(fork), CALL(vfork),
#endif
    CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen),
    CALL(accept), CALL(accept4), CALL(ptrace), CALL(process_vm_readv),
    CALL(process_vm_writev), CALL(pidfd_open), CALL(pidfd_getfd), CALL(bpf),
    CALL(userfaultfd), CALL(io_uring_setup), CALL(perf_event_open), CALL(unshare),
    CALL(setns), CALL(mount), CALL(pivot_root), CALL(init_module), CALL(finit_module),
    CALL(kexec_load), CALL(keyctl), CALL(add_key), CALL(request_key),
};

static const struct lock_call files[] = {
#ifdef SYS_open
    CALL(open), CALL(stat), CALL(lstat), CALL(access), CALL(readlink), CALL(unlink),
    CALL(rename), CALL(mkdir), CALL(rmdir), CALL(creat), CALL(link), CALL(symlink),
    CALL(chmod), CALL(chown), CALL(pipe), CALL(dup2),
#endif
    CALL(openat), CALL(openat2), CALL(newfstatat), CALL(statx), CALL(fstat),
    CALL(faccessat), CALL(faccessat2), CALL(readlinkat), CALL(unlinkat),
    CALL(renameat2), CALL(mkdirat), CALL(linkat), CALL(symlinkat), CALL(getdents64),
    CALL(getcwd), CALL(chdir), CALL(truncate), CALL(ftruncate), CALL(fchmodat),
    CALL(fchownat), CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64),
    CALL(pwrite64), CALL(lseek), CALL(ioctl), CALL(fcntl), CALL(dup), CALL(dup3),
    CALL(pipe2), CALL(close), CALL(mmap), CALL(mprotect), CALL(memfd_create),
    CALL(sendmsg), CALL(recvmsg), CALL(sendto), CALL(recvfrom), CALL(sendfile),
    CALL(tgkill), CALL(kill), CALL(tkill),
};
/* clang-format on */

struct lock_calls lock_calls_allowed(void)
{
    return (struct lock_calls){ allowed, sizeof allowed / sizeof allowed[0] };
}

struct lock_calls lock_calls_forbidden(void)
{
    return (struct lock_calls){ forbidden, sizeof forbidden / sizeof forbidden[0] };
}

struct lock_calls lock_calls_of_files(void)
{
    return (struct lock_calls){ files, sizeof files / sizeof files[0] };
}
