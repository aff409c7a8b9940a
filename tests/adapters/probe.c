/* Looks for a way out of the cell. Input "calls A B": tries every system call number
 * from A to B but those that end it; "call N": that one; "fds", "proc", "exec-memory".
 * Answers the list of what worked: {"reason":"12 13 "}. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faulty.h"

enum { LIST_BYTES = 16384 };
struct list {
    char *text;
    size_t size;
};

static void add(struct list *list, long number)
{
    int length = snprintf(list->text + list->size, LIST_BYTES - list->size, "%ld ",
                          number);
    if (length > 0)
        list->size += (size_t)length;
}

/* Linux 6.14 and newer let these past every filter: the kernel's own probes return through
 * them. From anywhere else they only raise SIGILL. */
enum { CALL_URETPROBE = 335, CALL_UPROBE = 336 };

/* Works: anything but "no such call" and "not permitted". Every argument is -1, which
 * no call can carry out in earnest. */
static void try_calls(struct list *list, long from, long to)
{
    for (long number = from; number <= to; number++) {
        if (number == SYS_exit || number == SYS_exit_group ||
            number == SYS_rt_sigreturn || number == SYS_rt_sigprocmask ||
            number == CALL_URETPROBE || number == CALL_UPROBE)
            continue;
        errno = 0;
        long result = syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
        if (result >= 0 || (errno != ENOSYS && errno != EPERM))
            add(list, number);
    }
}

static void try_fds(struct list *list)
{
    char byte;
    for (int fd = 0; fd <= 1024; fd++)
        if (fd != 3 && (read(fd, &byte, 1) >= 0 || errno != EPERM))
            add(list, fd);
}

static void try_paths(struct list *list)
{
    static const char *const paths[] = { "/proc/self/maps", "/proc/self/mem",
                                         "/proc/1/environ", "/proc/self/fd/3",
                                         "/etc/passwd",     "/tmp",
                                         "/dev/null",       "." };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (open(paths[i], O_RDONLY) >= 0 || syscall(SYS_open, paths[i], O_RDWR) >= 0 ||
            access(paths[i], F_OK) == 0 || syscall(SYS_chdir, paths[i]) == 0)
            add(list, (long)i);
}

static void try_memory(struct list *list)
{
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    void *plain = mmap(NULL, 4096, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    if (plain == MAP_FAILED)
        add(list, 0); /* This one must work. */
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, anonymous, -1, 0) != MAP_FAILED)
        add(list, 1);
    if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) != MAP_FAILED)
        add(list, 2);
    if (mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        add(list, 3);
    if (mprotect(plain, 4096, PROT_READ | PROT_EXEC) == 0)
        add(list, 4);
}

static void probe(const struct esim_step *step, struct esim_answer *answer)
{
    struct list list = { host->alloc(LIST_BYTES + 64), 0 };
    char *input = host->alloc(step->input.size + 1);
    char *at;
    if (list.text == NULL || input == NULL)
        return;
    memcpy(input, step->input.ptr, step->input.size);
    if (asked_for(step, "calls ")) {
        long from = strtol(input + 6, &at, 10);
        try_calls(&list, from, strtol(at, NULL, 10));
    } else if (asked_for(step, "fds")) {
        try_fds(&list);
    } else if (asked_for(step, "paths")) {
        try_paths(&list);
    } else if (asked_for(step, "memory")) {
        try_memory(&list);
    } else if (asked_for(step, "int80")) {
        __asm__ volatile("int $0x80" : : "a"(20L) : "memory");
    }
    list.text[list.size] = '\0';
    answer_done(answer, list.text);
}

FAULTY("probe", probe);
