/* What AddressSanitizer and UBSan need inside a cell: the only place that knows. Their
 * report goes to standard error, which such a build keeps open. */
#include "cell/inside/lock_sanitizer.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "cell/inside/lock_calls.h"

/* Read by the sanitizers' run time when the program starts; nobody else calls them. A
 * cell has no environment to take options from. Leaks are looked for in the host and in
 * the unit tests: here the search would fork, and a cell is killed, never ended. */
#define SEEN_BY_RUN_TIME __attribute__((visibility("default")))
SEEN_BY_RUN_TIME const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:symbolize=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
           "handle_sigill=0:handle_abort=0:use_sigaltstack=0:abort_on_error=1:"
           "allocator_may_return_null=1:quarantine_size_mb=1";
}

SEEN_BY_RUN_TIME const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=0:symbolize=0:abort_on_error=1";
}

#ifdef __SANITIZE_ADDRESS__
/* clang-format off */
static const struct lock_call needed[] = {
    { SYS_write,         { { 0, 0xffffffffu, STDERR_FILENO } } },
    { SYS_clock_gettime, { { 0 } } },
    { SYS_sched_yield,   { { 0 } } },
    { SYS_sigaltstack,   { { 0 } } },
};
/* clang-format on */
enum { NEEDED = sizeof needed / sizeof needed[0] };
const bool lock_is_sanitized = true;
const uint64_t lock_memory_factor = 4;
#else
static const struct lock_call needed[1];
enum { NEEDED = 0 };
const bool lock_is_sanitized = false;
const uint64_t lock_memory_factor = 1;
#endif

struct lock_calls lock_calls_of_sanitizer(void)
{
    return (struct lock_calls){ needed, NEEDED };
}
