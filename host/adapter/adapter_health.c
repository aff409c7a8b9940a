/* What is known of an adapter's carrier: does it answer, does it let us in. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_state.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"

static struct metric problems_total = { .kind = METRIC_COUNTER,
                                        .name = "esimd_adapter_problems_total",
                                        .help = "Problems met by class: connection, "
                                                "unauthorised, adapter, carrier.",
                                        .label = "adapter",
                                        .label2 = "class" };

static void copy_text(char *ret, size_t size, const char *text)
{
    size_t length = strlen(text);
    if (length >= size)
        length = size - 1;
    memmove(ret, text, length);
    ret[length] = '\0';
}

void adapter_set_health(struct adapter *adapter, bool ready, bool healthy,
                        const char *reason)
{
    struct adapter_health *health = &adapter->health;
    bool news = health->ready != ready || health->healthy != healthy ||
                strncmp(health->reason, reason, sizeof health->reason - 1) != 0;
    health->ready = ready;
    health->healthy = healthy;
    copy_text(health->reason, sizeof health->reason, reason);
    if (!news)
        return;
    log_line(healthy ? LOG_INFO : LOG_WARN, "adapter.health",
             LOG_TEXT("name", adapter->manifest->name),
             LOG_TEXT("version", adapter->manifest->version), LOG_INT("ready", ready),
             LOG_INT("healthy", healthy), LOG_TEXT("reason", health->reason));
    adapter->changed(adapter->arg);
}

void adapter_judge_health(struct adapter *adapter)
{
    const struct refusal *refusal = credentials_trouble(&adapter->credentials, "");
    char reason[CREDENTIALS_REASON_SIZE + 20];
    adapter->health.unauthorised = refusal != NULL;
    copy_text(reason, sizeof reason, adapter->trouble);
    if (refusal != NULL) {
        copy_text(reason, sizeof reason, "unauthorised: ");
        copy_text(reason + strlen(reason), sizeof reason - strlen(reason),
                  refusal->reason);
    }
    adapter_set_health(adapter, true, reason[0] == '\0', reason);
}

/* Only while its cell is fine: else that is what there is to say. */
static void judge_anew(struct adapter *adapter)
{
    struct cell_state cell;
    cell_read_state(adapter->cell, &cell);
    if (adapter->health.ready && cell.healthy)
        adapter_judge_health(adapter);
}

void adapter_read_health(const struct adapter *adapter, struct adapter_health *ret)
{
    *ret = adapter->health;
}

/* ---- how exchanges and operations go ---- */

/* clang-format off */
static const struct {
    const char *code, *class;
} classes[] = {
    { "not_sent",          "connection"   },
    { "no_answer",         "connection"   },
    { "no_token",          "connection"   },
    { "unauthorised",      "unauthorised" },
    { "adapter_violation", "adapter"      },
    { "down",              "adapter"      },
    { "crashed",           "adapter"      },
    { "hung",              "adapter"      },
    { "garbage",           "adapter"      },
    { "error",             "adapter"      },
};
/* clang-format on */

const char *adapter_problem_class(const char *code)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (strcmp(classes[i].code, code) == 0)
            return classes[i].class;
    return code[0] == '\0' ? "" : "carrier";
}

void adapter_note_problem(struct adapter *adapter, const char *code)
{
    struct adapter_health *health = &adapter->health;
    copy_text(health->last_error, sizeof health->last_error, code);
    health->last_error_ms = clock_wall_ms();
    metric_count(&problems_total, adapter->manifest->name, adapter_problem_class(code));
}

void adapter_note_success(struct adapter *adapter)
{
    adapter->health.last_success_ms = clock_wall_ms();
}

void adapter_note_connection(struct adapter *adapter, bool is_up)
{
    adapter->health.connection = is_up ? ADAPTER_UP : ADAPTER_DOWN;
}

const char *adapter_connection_name(const struct adapter_health *health)
{
    static const char *const names[] = { "unknown", "up", "down" };
    return health->unauthorised ? "refused" : names[health->connection];
}

/* ---- credentials ---- */

bool adapter_note_refused(struct adapter *adapter, const char *tenant, const char *use,
                          const char *reason)
{
    bool news = credentials_refuse(&adapter->credentials, tenant, use, reason,
                                   clock_wall_ms());
    adapter_note_problem(adapter, "unauthorised");
    judge_anew(adapter);
    return news;
}

bool adapter_note_accepted(struct adapter *adapter, const char *tenant, const char *use)
{
    if (!credentials_accept(&adapter->credentials, tenant, use))
        return false;
    judge_anew(adapter);
    return true;
}

const struct refusal *adapter_stop(struct adapter *adapter, const char *tenant,
                                   const char *use)
{
    return credentials_stop(&adapter->credentials, tenant, use, clock_wall_ms());
}

const struct refusal *adapter_refusals(const struct adapter *adapter)
{
    return adapter->credentials.refusals;
}

/* ---- sessions ---- */

void adapter_note_sessions(struct adapter *adapter, const char *trouble, json_t *show)
{
    json_decref(adapter->sessions);
    adapter->sessions = show;
    copy_text(adapter->trouble, sizeof adapter->trouble, trouble);
    judge_anew(adapter);
}

json_t *adapter_sessions(const struct adapter *adapter)
{
    return adapter->sessions;
}

/* ---- breakers ---- */

struct breaker *adapter_breaker(struct adapter *adapter, const char *tenant,
                                const char *place)
{
    const struct adapter_view *view = adapter_conf_view(adapter->conf, tenant);
    struct place_breaker *at = adapter->breakers;
    for (; at != NULL; at = at->next)
        if (at->tenant == view->tenant && strcmp(at->place, place) == 0)
            return &at->breaker;
    at = calloc(1, sizeof *at);
    memory_need(at != NULL);
    const struct manifest *manifest = adapter->manifest;
    struct breaker_limits limits = {
        .failures = manifest->breaker_failures,
        .window_ms = manifest->breaker_window_ms,
        .open_ms = manifest->breaker_open_ms,
        .probes = manifest->breaker_probes,
    };
    breaker_init(&at->breaker, &limits);
    const struct adapter_place *known = adapter_view_place(view, place);
    assert(known != NULL);
    at->tenant = view->tenant;
    at->place = known->name;
    at->next = adapter->breakers;
    adapter->breakers = at;
    return &at->breaker;
}

/* A carrier that is away does not come back because we were reloaded; one at another
 * address may be there. */
static void take_over_breaker(struct adapter *fresh, const struct adapter *old,
                              const struct place_breaker *breaker)
{
    const struct adapter_view *view = adapter_conf_view(fresh->conf, breaker->tenant);
    const struct adapter_view *was = adapter_conf_view(old->conf, breaker->tenant);
    const struct adapter_place *place = adapter_view_place(view, breaker->place);
    if (strcmp(view->tenant, breaker->tenant) == 0 && place != NULL &&
        strcmp(place->base, adapter_view_place(was, breaker->place)->base) == 0)
        breaker_take_over(adapter_breaker(fresh, breaker->tenant, breaker->place),
                          &breaker->breaker);
}

void adapter_take_over(struct adapter *fresh, const struct adapter *old)
{
    for (const struct place_breaker *at = old->breakers; at != NULL; at = at->next)
        take_over_breaker(fresh, old, at);
    credentials_renew(&fresh->credentials, &old->credentials);
    fresh->health.last_success_ms = old->health.last_success_ms;
    fresh->health.last_error_ms = old->health.last_error_ms;
    fresh->health.connection = old->health.connection;
    copy_text(fresh->health.last_error, sizeof fresh->health.last_error,
              old->health.last_error);
    judge_anew(fresh);
}
