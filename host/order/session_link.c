#include "order/session_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/metric.h"
#include "order/link_state.h"

enum {
    RETRY_MOST_MS = 60000, /* Whatever is said of operations: a line is wanted back. */
    QUEUE_BYTES = 4 << 20,
    SHOW_MS = 1000
};

static struct metric outstanding_now = { .kind = METRIC_GAUGE,
                                         .name = "esimd_session_outstanding",
                                         .help = "Submits sent and not answered.",
                                         .label = "adapter",
                                         .label2 = "session" };
static struct metric queued_now = { .kind = METRIC_GAUGE,
                                    .name = "esimd_session_queued",
                                    .help = "Submits waiting to be sent.",
                                    .label = "adapter",
                                    .label2 = "session" };

/* ---- for people ---- */

static json_t *sight_json(const struct session_link *link,
                          const struct session_sight *sight)
{
    char since[CLOCK_TEXT_SIZE];
    clock_text(sight->since_ms, since);
    json_t *object = json_object();
    json_put_text(object, "name", sight->name);
    if (link->tenant[0] != '\0')
        json_put_text(object, "tenant", link->tenant);
    json_put_text(object, "state", session_state_name(sight->state));
    json_put_int(object, "window", sight->window);
    json_put_int(object, "outstanding", sight->outstanding);
    json_put_int(object, "queued", sight->queued);
    json_put_text(object, "since", since);
    if (sight->reason[0] != '\0')
        json_put_text(object, "reason", sight->reason);
    return object;
}

/* A line of the default view that is down, not only for a moment. */
static void note_trouble(const struct session_link *link,
                         const struct session_sight *sight, char *ret, size_t size)
{
    bool down = sight->state == SESSION_REFUSED ||
                (sight->state != SESSION_BOUND && sight->failures > 1);
    if (link->tenant[0] != '\0' || !down || ret[0] != '\0')
        return;
    int length = snprintf(ret, size, "session %s is %s: %.100s", sight->name,
                          session_state_name(sight->state), sight->reason);
    assert(length > 0);
}

/* Gauges are sums over tenants. */
static void count(struct session_link *link, int64_t outstanding, int64_t queued)
{
    metric_add(metric_series(&outstanding_now, link->adapter_name, link->name),
               outstanding - link->outstanding);
    metric_add(metric_series(&queued_now, link->adapter_name, link->name),
               queued - link->queued);
    link->outstanding = outstanding;
    link->queued = queued;
}

static void show(struct engine *engine, struct adapter *adapter)
{
    char trouble[160] = "";
    bool is_up = true;
    json_t *all = json_array();
    for (struct session_link *link = engine->links; link != NULL; link = link->next) {
        struct session_sight sight;
        if (link->adapter != adapter)
            continue;
        session_look(link->session, &sight);
        count(link, sight.outstanding, sight.queued);
        json_array_append_new(all, sight_json(link, &sight));
        note_trouble(link, &sight, trouble, sizeof trouble);
        is_up = is_up && (link->tenant[0] != '\0' || sight.state == SESSION_BOUND);
    }
    adapter_note_connection(adapter, is_up);
    adapter_note_sessions(adapter, trouble, all);
}

/* A line that is back takes what waited for it, whatever kept it away. */
static void tell_credentials(struct session_link *link,
                             const struct session_sight *sight)
{
    char use[LINK_NAME_SIZE + 16];
    int length = snprintf(use, sizeof use, "session:%s", link->name);
    assert(length > 0);
    if (sight->state == SESSION_REFUSED)
        engine_refused(link->engine, link->adapter, link->tenant, use, sight->reason);
    else if (sight->state == SESSION_BOUND && !link->bound)
        engine_accepted(link->engine, link->adapter, link->tenant, use, true);
    link->bound = sight->state == SESSION_BOUND;
}

static void on_changed(void *arg)
{
    struct session_link *link = arg;
    struct engine *engine = link->engine;
    struct session_sight sight;
    session_look(link->session, &sight);
    show(engine, link->adapter);
    if (!link->leaving)
        tell_credentials(link, &sight);
    engine_publish_soon(engine);
    loop_timer_set(engine->link_timer, 0);
}

/* ---- life ---- */

static bool is_over(const struct session_link *link)
{
    return session_is_over(link->session) && link->pending == 0;
}

bool session_links_are_over(const struct engine *engine)
{
    for (const struct session_link *link = engine->links; link != NULL;
         link = link->next)
        if (!is_over(link))
            return false;
    return true;
}

static void drop_first(struct engine *engine)
{
    struct session_link *link = engine->links;
    engine->links = link->next;
    count(link, 0, 0);
    link_free(link);
}

static void reap(struct engine *engine)
{
    for (struct session_link **at = &engine->links; *at != NULL;) {
        struct session_link *link = *at;
        if (!is_over(link)) {
            at = &link->next;
            continue;
        }
        *at = link->next;
        count(link, 0, 0);
        link_free(link);
    }
}

void session_links_tend(void *arg)
{
    struct engine *engine = arg;
    bool news = false;
    reap(engine);
    for (struct session_link *link = engine->links; link != NULL; link = link->next) {
        struct session_sight sight;
        session_look(link->session, &sight);
        if (sight.outstanding == link->outstanding && sight.queued == link->queued)
            continue;
        show(engine, link->adapter);
        news = true;
    }
    if (news)
        engine_publish_soon(engine);
    if (engine->links != NULL)
        loop_timer_set(engine->link_timer, SHOW_MS);
    engine_maybe_stopped(engine);
}

void session_links_drain(struct engine *engine)
{
    for (struct session_link *link = engine->links; link != NULL; link = link->next)
        session_drain(link->session);
}

void session_links_drop(struct engine *engine)
{
    while (engine->links != NULL)
        drop_first(engine);
}

static struct session_server server_of(struct adapter *adapter,
                                       const struct adapter_view *view,
                                       const struct manifest_session *session)
{
    const struct adapter_place *place = adapter_view_place(view, session->name);
    return (struct session_server){
        .place = { .host = place->host,
                   .port = place->port,
                   .tls = strcmp(place->scheme, "tls") == 0,
                   .ca_file = place->identity.ca_file,
                   .cert_file = place->identity.cert_file,
                   .key_file = place->identity.key_file,
                   .allow_private = place->identity.allow_private,
                   .connect_ms = session->connect_ms,
                   .queue_bytes = QUEUE_BYTES },
        .cell = adapter_cell(adapter),
        .header_bytes = adapter_session_header(adapter, session->name),
        .settings = view->settings,
        .secrets = view->secrets,
        .frame_bytes = session->frame_bytes,
        .keep_ms = session->keep_ms,
    };
}

static void open_link(struct engine *engine, struct adapter *adapter,
                      const struct adapter_view *view,
                      const struct manifest_session *session)
{
    const struct manifest *manifest = adapter_manifest(adapter);
    struct session_link *link = calloc(1, sizeof *link);
    memory_need(link != NULL);
    bool fits = slice_copy(slice_of(manifest->name), link->adapter_name,
                           sizeof link->adapter_name) &&
                slice_copy(slice_of(view->tenant), link->tenant, sizeof link->tenant) &&
                slice_copy(slice_of(session->name), link->name, sizeof link->name);
    assert(fits);
    link->engine = engine;
    link->adapter = adapter;
    link->again_timer = loop_timer_create(engine->loop, link_write_again, link);
    memory_need(link->again_timer != NULL);
    struct session_events events = link_events;
    events.changed = on_changed;
    events.arg = link;
    int64_t most = manifest->retry_most_ms < RETRY_MOST_MS ? manifest->retry_most_ms
                                                           : RETRY_MOST_MS;
    link->server = server_of(adapter, view, session);
    struct session_conf conf = { .adapter = link->adapter_name,
                                 .tenant = link->tenant,
                                 .name = link->name,
                                 .server = link->server,
                                 .retry_base_ms = manifest->retry_base_ms,
                                 .retry_most_ms = most,
                                 .refused_ms = settings_int(engine->parts.settings,
                                                            SET_ENGINE_REFUSED_MS),
                                 .rate_per_s = manifest->rate_per_s,
                                 .queue = (size_t)manifest->in_flight };
    link->session = session_create(engine->loop, &conf, &events);
    link->next = engine->links;
    engine->links = link;
    loop_timer_set(engine->link_timer, SHOW_MS);
}

/* ---- which there are to be ---- */

static struct session_link *find(struct engine *engine, const char *adapter,
                                 const char *tenant, const char *name)
{
    struct session_link *link = engine->links;
    while (link != NULL &&
           (link->leaving || strcmp(link->adapter_name, adapter) != 0 ||
            strcmp(link->tenant, tenant) != 0 || strcmp(link->name, name) != 0))
        link = link->next;
    return link;
}

struct session *session_link_find(struct engine *engine, const char *adapter,
                                  const char *tenant, const char *name)
{
    struct session_link *link = find(engine, adapter, tenant, name);
    return link == NULL ? NULL : link->session;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_place(const struct adapter_place *a, const struct adapter_place *b)
{
    return a != NULL && b != NULL && strcmp(a->base, b->base) == 0 &&
           same_text(a->identity.ca_file, b->identity.ca_file) &&
           same_text(a->identity.cert_file, b->identity.cert_file) &&
           same_text(a->identity.key_file, b->identity.key_file);
}

/* Another adapter serves now: it gets the line as it is, or the line ends. */
static void hand_over(struct session_link *link, struct adapter *fresh)
{
    const struct adapter_view *old = adapter_conf_view(adapter_conf_of(link->adapter),
                                                       link->tenant);
    const struct adapter_view *view = adapter_conf_view(adapter_conf_of(fresh),
                                                        link->tenant);
    const struct manifest_session *session = manifest_session_of(
        adapter_manifest(fresh), link->name);
    bool stays = session != NULL && strcmp(view->tenant, link->tenant) == 0 &&
                 same_place(adapter_view_place(old, link->name),
                            adapter_view_place(view, link->name));
    link->adapter = fresh;
    if (stays) {
        link->server = server_of(fresh, view, session);
        session_serve(link->session, &link->server);
        return;
    }
    /* Its place is not used again, and what it needs to say goodbye is as it was. */
    link->server.place = (struct stream_place){ .host = NULL };
    link->server.cell = adapter_cell(fresh);
    link->server.settings = view->settings;
    link->server.secrets = view->secrets;
    link->leaving = true;
    session_serve(link->session, &link->server);
    session_drain(link->session);
}

static void hand_over_all(struct engine *engine)
{
    for (struct session_link *link = engine->links; link != NULL; link = link->next) {
        struct adapter *now = engine_adapter(engine, link->adapter_name);
        if (now == NULL || now == link->adapter)
            continue;
        hand_over(link, now);
        show(engine, now); /* A line that nothing happens on is to be seen too. */
        engine_publish_soon(engine);
    }
}

static void open_missing(struct engine *engine, struct adapter *adapter)
{
    const struct manifest *manifest = adapter_manifest(adapter);
    const struct adapter_view *view;
    struct adapter_health health;
    adapter_read_health(adapter, &health);
    for (unsigned i = 0;
         health.ready &&
         (view = adapter_conf_view_at(adapter_conf_of(adapter), i)) != NULL;
         i++)
        for (unsigned j = 0; j < manifest->sessions_count; j++)
            if (adapter_view_place(view, manifest->sessions[j].name) != NULL &&
                find(engine, manifest->name, view->tenant,
                     manifest->sessions[j].name) == NULL)
                open_link(engine, adapter, view, &manifest->sessions[j]);
}

void session_links_look(struct engine *engine)
{
    if (engine->stopping)
        return;
    hand_over_all(engine);
    for (unsigned i = 0; i < engine->adapter_count; i++)
        open_missing(engine, engine->adapters[i]);
}
