#include "base/metric.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Upper bounds in microseconds: 100 us to 10 s, about three a decade. */
static const int64_t bounds_us[] = { 100,     250,     500,     1000,    2500,   5000,
                                     10000,   25000,   50000,   100000,  250000, 500000,
                                     1000000, 2500000, 5000000, 10000000 };
enum { BOUND_COUNT = sizeof bounds_us / sizeof bounds_us[0] };

struct metric_series {
    char value[METRIC_LABEL_SIZE];
    char value2[METRIC_LABEL_SIZE];
    _Atomic int64_t number; /* Histograms: the sum in microseconds. */
    _Atomic int64_t buckets[BOUND_COUNT + 1];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct metric *families;

static void copy_label(char *ret, const char *value)
{
    size_t length = value == NULL ? 0 : strnlen(value, METRIC_LABEL_SIZE - 1);
    if (length > 0)
        memcpy(ret, value, length);
    ret[length] = '\0';
}

static bool is_series(const struct metric_series *series, const char *value,
                      const char *value2)
{
    return strncmp(series->value, value == NULL ? "" : value, METRIC_LABEL_SIZE - 1) ==
               0 &&
           strncmp(series->value2, value2 == NULL ? "" : value2,
                   METRIC_LABEL_SIZE - 1) == 0;
}

/* Slots fill in order and never change, so readers need no lock. */
static struct metric_series *find(struct metric *metric, const char *value,
                                  const char *value2, int *ret_free)
{
    for (int i = 0; i < METRIC_SERIES_MAX; i++) {
        struct metric_series *series = atomic_load(&metric->series[i]);
        *ret_free = i;
        if (series == NULL || is_series(series, value, value2))
            return series;
    }
    *ret_free = METRIC_SERIES_MAX;
    return NULL;
}

/* Without memory it counts where nobody reads: a figure is not worth a host. */
static struct metric_series *add_series(struct metric *metric, int slot,
                                        const char *value, const char *value2)
{
    static struct metric_series unread;
    struct metric_series *series = calloc(1, sizeof *series);
    if (series == NULL)
        return &unread;
    copy_label(series->value, value);
    copy_label(series->value2, value2);
    atomic_store(&metric->series[slot], series);
    return series;
}

struct metric_series *metric_series(struct metric *metric, const char *value,
                                    const char *value2)
{
    int slot;
    struct metric_series *series = find(metric, value, value2, &slot);
    if (series != NULL)
        return series;
    pthread_mutex_lock(&lock);
    if (!atomic_exchange(&metric->registered, 1)) {
        metric->next = families;
        families = metric;
    }
    series = find(metric, value, value2, &slot);
    if (series == NULL && slot == METRIC_SERIES_MAX) {
        series = atomic_load(&metric->series[METRIC_SERIES_MAX - 1]);
    } else if (series == NULL) {
        bool last = slot == METRIC_SERIES_MAX - 1;
        series = last ? add_series(metric, slot, "other", "other")
                      : add_series(metric, slot, value, value2);
    }
    pthread_mutex_unlock(&lock);
    return series;
}

void metric_add(struct metric_series *series, int64_t by)
{
    atomic_fetch_add_explicit(&series->number, by, memory_order_relaxed);
}

void metric_set(struct metric_series *series, int64_t to)
{
    atomic_store_explicit(&series->number, to, memory_order_relaxed);
}

void metric_observe_us(struct metric_series *series, int64_t us)
{
    int slot = 0;
    while (slot < BOUND_COUNT && us > bounds_us[slot])
        slot++;
    metric_add(series, us);
    atomic_fetch_add_explicit(&series->buckets[slot], 1, memory_order_relaxed);
}

int64_t metric_read(const struct metric_series *series)
{
    return atomic_load_explicit(&series->number, memory_order_relaxed);
}

void metric_count(struct metric *metric, const char *value, const char *value2)
{
    metric_add(metric_series(metric, value, value2), 1);
}

static void add_escaped(struct buf *ret, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            buf_add_char(ret, '\\');
        if (*text == '\n')
            buf_add_text(ret, "\\n");
        else
            buf_add_char(ret, *text);
    }
}

static void add_labels(struct buf *ret, const struct metric *metric,
                       const struct metric_series *series, const char *le)
{
    const char *names[] = { metric->label, metric->label2, le == NULL ? NULL : "le" };
    const char *values[] = { series->value, series->value2, le };
    const char *before = "{";
    for (int i = 0; i < 3; i++) {
        if (names[i] == NULL)
            continue;
        buf_add_format(ret, "%s%s=\"", before, names[i]);
        add_escaped(ret, values[i]);
        buf_add_char(ret, '"');
        before = ",";
    }
    if (*before == ',')
        buf_add_char(ret, '}');
}

static void render_histogram(struct buf *ret, struct metric *metric,
                             struct metric_series *series)
{
    int64_t total = 0;
    for (int i = 0; i <= BOUND_COUNT; i++) {
        char le[32] = "+Inf";
        if (i < BOUND_COUNT) {
            int length = snprintf(le, sizeof le, "%g", (double)bounds_us[i] / 1e6);
            assert(length > 0);
        }
        total += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
        buf_add_format(ret, "%s_bucket", metric->name);
        add_labels(ret, metric, series, le);
        buf_add_format(ret, " %lld\n", (long long)total);
    }
    buf_add_format(ret, "%s_sum", metric->name);
    add_labels(ret, metric, series, NULL);
    buf_add_format(ret, " %.6f\n%s_count", (double)metric_read(series) / 1e6,
                   metric->name);
    add_labels(ret, metric, series, NULL);
    buf_add_format(ret, " %lld\n", (long long)total);
}

static void render_family(struct buf *ret, struct metric *metric)
{
    static const char *const kinds[] = { "counter", "gauge", "histogram" };
    buf_add_format(ret, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                   metric->name, kinds[metric->kind]);
    for (int i = 0; i < METRIC_SERIES_MAX; i++) {
        struct metric_series *series = atomic_load(&metric->series[i]);
        if (series == NULL)
            return;
        if (metric->kind == METRIC_HISTOGRAM) {
            render_histogram(ret, metric, series);
            continue;
        }
        buf_add_text(ret, metric->name);
        add_labels(ret, metric, series, NULL);
        buf_add_format(ret, " %lld\n", (long long)metric_read(series));
    }
}

void metric_render(struct buf *ret)
{
    pthread_mutex_lock(&lock);
    struct metric *first = families;
    pthread_mutex_unlock(&lock);
    for (struct metric *metric = first; metric != NULL; metric = metric->next)
        render_family(ret, metric);
}
