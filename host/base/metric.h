/* metric.h - counters, gauges and histograms in the Prometheus text format.
 *
 * A family is a row in its module: defined once, statically, and registered when first
 * used. Names carry base units (_seconds, _bytes, _total). Label *values* must come from
 * a bounded set (route ids, adapter names, outcome names), never from a client.
 *
 * Threads  Any; updates are atomic adds. */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdint.h>

#include "base/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_SERIES_MAX = 256, METRIC_LABEL_SIZE = 48 };

struct metric_series;

/* Define as a static object with designated members (.kind, .name, .help, .label). A
 * family has at most two label names; NULL means none. */
struct metric {
    enum metric_kind kind;
    const char *name;
    const char *help;
    const char *label;
    const char *label2;
    /* Private from here. */
    struct metric *next;
    _Atomic int registered;
    struct metric_series *_Atomic series[METRIC_SERIES_MAX];
};

/* The series for these label values (NULL where the family has none). Made on first use
 * and kept for the life of the process. Past METRIC_SERIES_MAX all share one series
 * whose label values are "other". */
struct metric_series *metric_series(struct metric *metric, const char *value,
                                    const char *value2);

void metric_add(struct metric_series *series, int64_t by);
void metric_set(struct metric_series *series, int64_t to);
void metric_observe_us(struct metric_series *series, int64_t us); /* Histograms. */
int64_t metric_read(const struct metric_series *series);

/* Shorthand for counters. */
void metric_count(struct metric *metric, const char *value, const char *value2);

/* Appends every family: # HELP, # TYPE, then its series. */
void metric_render(struct buf *ret);

#endif
