#include "api/metrics.h"

#include "api/route.h"
#include "base/metric.h"

static struct metric requests = { .kind = METRIC_COUNTER,
                                  .name = "esimd_http_requests_total",
                                  .help = "Requests answered.",
                                  .label = "route",
                                  .label2 = "status" };
static struct metric durations = { .kind = METRIC_HISTOGRAM,
                                   .name = "esimd_http_request_duration_seconds",
                                   .help = "From the whole request to its answer.",
                                   .label = "route" };
static struct metric streams = { .kind = METRIC_GAUGE,
                                 .name = "esimd_http_streams",
                                 .help = "Event streams open." };
static struct metric store_queue = { .kind = METRIC_GAUGE,
                                     .name = "esimd_store_queue_length",
                                     .help = "Transactions waiting for the writer." };
static struct metric engine_flight = { .kind = METRIC_GAUGE,
                                       .name = "esimd_engine_in_flight",
                                       .help = "Operations carried out now." };

enum { CLASS_COUNT = 6, ROUTES_KEPT = 96 };

/* Series are looked up once: a row's place in the table is its place here; the last one
 * counts what no route took. */
static struct {
    struct metric_series *_Atomic answers[CLASS_COUNT];
    struct metric_series *_Atomic duration;
} kept[ROUTES_KEPT];

static const char *const classes[CLASS_COUNT] = { "other", "1xx", "2xx",
                                                  "3xx",   "4xx", "5xx" };

void metrics_answered(const struct route *route, size_t place, int status, int64_t us)
{
    const char *id = route == NULL ? "none" : route->id;
    int class = status >= 100 && status < 600 ? status / 100 : 0;
    place = route == NULL || place >= ROUTES_KEPT ? ROUTES_KEPT - 1 : place;
    if (kept[place].answers[class] == NULL)
        kept[place].answers[class] = metric_series(&requests, id, classes[class]);
    if (kept[place].duration == NULL)
        kept[place].duration = metric_series(&durations, id, NULL);
    metric_add(kept[place].answers[class], 1);
    metric_observe_us(kept[place].duration, us);
}

void metrics_streams(int64_t by)
{
    metric_add(metric_series(&streams, NULL, NULL), by);
}

void metrics_gauges(int64_t queued, int64_t in_flight)
{
    metric_set(metric_series(&store_queue, NULL, NULL), queued);
    metric_set(metric_series(&engine_flight, NULL, NULL), in_flight);
}
