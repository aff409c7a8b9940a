/* fail_at.so - lets the N-th allocation of a process fail (see README.md).
 *
 * A library for LD_PRELOAD. It stands in front of the C library's allocation, or the
 * sanitizer's, counts what is asked of it by everybody in the process, libraries too, and
 * answers the wanted ones with NULL and ENOMEM. Nothing else is changed. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 64, EARLY_BYTES = 1 << 20 };

static bool active; /* This is the program that was meant. */
static bool traces;
static _Thread_local bool exempt;
static long wanted;
static long in_a_row;
static const char *arm_path;
static const char *count_path;
static _Atomic bool armed;
static _Atomic long counted;

/* The real ones. */
static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);
static _Atomic bool found;
static int (*real_getattr)(pthread_t, pthread_attr_t *);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);

/* What is asked for before our constructor ran is never given back: to look for the real
 * ones then would meet a sanitizer that is about to do the same. */
static _Alignas(max_align_t) char early[EARLY_BYTES];
static _Atomic size_t early_used;

static bool is_early(const void *ptr)
{
    return (uintptr_t)ptr - (uintptr_t)early < EARLY_BYTES;
}

static void *early_alloc(size_t size)
{
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    size_t at = atomic_fetch_add(&early_used, size);
    return size > EARLY_BYTES || at > EARLY_BYTES - size ? NULL : early + at;
}

/* How long it was is not known; what follows it is zero, or nobody's secret. */
static void *early_grown(void *(*allocate)(size_t), const char *old, size_t size)
{
    char *grown = allocate(size);
    size_t left = (size_t)(early + EARLY_BYTES - old);
    if (grown != NULL)
        memcpy(grown, old, size < left ? size : left);
    return grown;
}

static void find_real_calls(void)
{
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    *(void **)&real_getattr = dlsym(RTLD_NEXT, "pthread_getattr_np");
    *(void **)&real_posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
    *(void **)&real_aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
    atomic_store(&found, true);
}

static long number_from(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((constructor)) static void start(void)
{
    void *frames[FRAMES];
    const char *meant = getenv("FAIL_PROGRAM");
    find_real_calls();
    wanted = number_from("FAIL_AT");
    in_a_row = getenv("FAIL_COUNT") == NULL ? 1 : number_from("FAIL_COUNT");
    traces = number_from("FAIL_TRACE") == 1;
    arm_path = getenv("FAIL_ARM");
    count_path = getenv("FAIL_COUNT_FILE");
    atomic_store(&armed, arm_path == NULL);
    if (traces)
        backtrace(frames, FRAMES); /* The first one loads a library. */
    active = strcmp(program_invocation_short_name, meant == NULL ? "esimd" : meant) ==
             0;
}

__attribute__((destructor)) static void end(void)
{
    bool writes = active && count_path != NULL;
    active = false;
    FILE *file = writes ? fopen(count_path, "w") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", atomic_load(&counted));
    fclose(file);
}

static void trace(long number)
{
    void *frames[FRAMES];
    dprintf(STDERR_FILENO, "fail_at: number %ld\n", number);
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES), STDERR_FILENO);
}

static bool is_armed(void)
{
    if (atomic_load_explicit(&armed, memory_order_relaxed))
        return true;
    int kept = errno;
    bool exists = access(arm_path, F_OK) == 0;
    errno = kept;
    if (exists)
        atomic_store(&armed, true);
    return exists;
}

/* True when this one is to fail. FAIL_COUNT=0: from the wanted one on, each. */
static bool fails(void)
{
    if (!active || exempt || !is_armed())
        return false;
    long number = atomic_fetch_add(&counted, 1) + 1;
    if (wanted == 0 || number < wanted || (in_a_row > 0 && number >= wanted + in_a_row))
        return false;
    if (traces && number == wanted)
        trace(number);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (!atomic_load(&found))
        return early_alloc(size);
    return fails() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (!atomic_load(&found))
        return early_alloc(count * size);
    return fails() ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    if (!atomic_load(&found))
        return old == NULL ? early_alloc(size) : early_grown(early_alloc, old, size);
    if (fails())
        return NULL;
    return is_early(old) ? early_grown(real_malloc, old, size)
                         : real_realloc(old, size);
}

void free(void *ptr)
{
    if (atomic_load(&found) && !is_early(ptr))
        real_free(ptr);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : real_posix_memalign(ret, alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : real_aligned_alloc(alignment, size);
}

/* A sanitizer asks this of each new thread, and cannot do without the answer. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *ret)
{
    exempt = true;
    int failed = real_getattr(thread, ret);
    exempt = false;
    return failed;
}

/* A sanitizer's own strdup does not come by the malloc above. */
static char *copy_of(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

char *strdup(const char *text)
{
    return copy_of(text, strlen(text));
}

char *strndup(const char *text, size_t most)
{
    return copy_of(text, strnlen(text, most));
}
