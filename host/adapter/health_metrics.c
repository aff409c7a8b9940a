#include "adapter/health_metrics.h"

#include "base/metric.h"

#define GAUGE(id, named, says)                                  \
    static struct metric id = { .kind = METRIC_GAUGE,           \
                                .name = "esimd_adapter_" named, \
                                .help = (says),                 \
                                .label = "adapter" }
GAUGE(ready, "ready", "1: its cell runs and its settings are sound.");
GAUGE(healthy, "healthy", "1: ready, its sessions are bound, the carrier lets us in.");
GAUGE(connected, "connected", "1: its carrier answers, or its sessions are bound.");
GAUGE(unauthorised, "unauthorised", "1: the carrier refused our credentials.");
GAUGE(success, "last_success_seconds", "When an operation was done last, since 1970.");
static struct metric breakers = {
    .kind = METRIC_GAUGE,
    .name = "esimd_breaker_open",
    .help = "1: the breaker before this endpoint is not closed.",
    .label = "adapter",
    .label2 = "endpoint"
};

static void show_breakers(struct adapter *adapter, const char *name)
{
    const struct adapter_view *view = adapter_conf_view(adapter_conf_of(adapter), "");
    for (unsigned i = 0; i < view->place_count; i++) {
        const char *place = view->places[i].name;
        metric_set(metric_series(&breakers, name, place),
                   adapter_breaker(adapter, "", place)->state != BREAKER_CLOSED);
    }
}

void health_metrics_show(struct adapter *adapter)
{
    const char *name = adapter_manifest(adapter)->name;
    struct adapter_health health;
    adapter_read_health(adapter, &health);
    const struct {
        struct metric *metric;
        int64_t value;
    } rows[] = {
        { &ready, health.ready },
        { &healthy, health.healthy },
        { &connected, health.connection == ADAPTER_UP && !health.unauthorised },
        { &unauthorised, health.unauthorised },
        { &success, health.last_success_ms / 1000 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        metric_set(metric_series(rows[i].metric, name, NULL), rows[i].value);
    show_breakers(adapter, name);
}
