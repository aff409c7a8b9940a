#include "adapter/directory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/health_metrics.h"
#include "adapter/publish.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"

enum { SNAPSHOT_LIMIT_BYTES = 4 << 20 };

/* What readers see is the first member; the rest keeps it alive. */
struct counted {
    struct adapter_snapshot snapshot;
    _Atomic int references;
    struct arena *arena;
};

struct directory {
    pthread_mutex_t lock;
    struct counted *current; /* One reference is the directory's. */
};

struct directory *directory_create(void)
{
    struct directory *directory = calloc(1, sizeof *directory);
    if (directory == NULL)
        return NULL;
    pthread_mutex_init(&directory->lock, NULL);
    directory_publish(directory, NULL, 0, NULL);
    return directory;
}

void directory_release(const struct adapter_snapshot *snapshot)
{
    struct counted *counted = (struct counted *)snapshot;
    if (atomic_fetch_sub(&counted->references, 1) > 1)
        return;
    for (unsigned i = 0; i < snapshot->count; i++)
        json_decref(snapshot->entries[i].show);
    json_decref(snapshot->for_policy);
    json_decref(snapshot->failures);
    arena_destroy(&counted->arena);
    free(counted);
}

void directory_destroy(struct directory **directory)
{
    if (*directory == NULL)
        return;
    directory_release(&(*directory)->current->snapshot);
    pthread_mutex_destroy(&(*directory)->lock);
    free(*directory);
    *directory = NULL;
}

const struct adapter_snapshot *directory_take(struct directory *directory)
{
    pthread_mutex_lock(&directory->lock);
    struct counted *counted = directory->current;
    atomic_fetch_add(&counted->references, 1);
    pthread_mutex_unlock(&directory->lock);
    return &counted->snapshot;
}

const struct adapter_entry *directory_find(const struct adapter_snapshot *snapshot,
                                           const char *name)
{
    for (unsigned i = 0; i < snapshot->count; i++) {
        const struct adapter_entry *entry = &snapshot->entries[i];
        if (strcmp(entry->name, name) == 0)
            return entry;
        for (unsigned j = 0; j < entry->alias_count; j++)
            if (strcmp(entry->aliases[j], name) == 0)
                return entry;
    }
    return NULL;
}

bool adapter_entry_can(const struct adapter_entry *entry, const char *capability)
{
    for (unsigned i = 0; i < entry->capability_count; i++)
        if (strcmp(entry->capabilities[i], capability) == 0)
            return true;
    return false;
}

static char **copy_texts(struct arena *arena, char *const *texts, unsigned count)
{
    char **copies = arena_alloc(arena, (count + 1) * sizeof *copies);
    memory_need(copies != NULL);
    for (unsigned i = 0; i < count; i++) {
        copies[i] = arena_text(arena, texts[i]);
        memory_need(copies[i] != NULL);
    }
    return copies;
}

static const char *copy_text(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_text(arena, text);
}

static json_t *texts_json(char *const *texts, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

static json_t *endpoints_json(struct adapter *adapter)
{
    const struct adapter_view *view = adapter_conf_view(adapter_conf_of(adapter), "");
    json_t *array = json_array();
    for (unsigned i = 0; i < view->place_count; i++) {
        const struct breaker *breaker = adapter_breaker(adapter, "",
                                                        view->places[i].name);
        json_array_append_new(array, json_pack("{ssssss}", "name", view->places[i].name,
                                               "url", view->places[i].base, "breaker",
                                               breaker_state_name(breaker->state)));
    }
    return array;
}

static void put_time(json_t *object, const char *key, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (ms == 0)
        return;
    clock_text(ms, text);
    json_put_text(object, key, text);
}

/* Of the sessions that all share: the first that is not bound. */
static const char *session_state(const json_t *sessions)
{
    const char *state = NULL;
    const json_t *session;
    size_t i;
    json_array_foreach(sessions, i, session)
    {
        if (json_text(session, "tenant") != NULL)
            continue;
        if (state == NULL || strcmp(state, "bound") == 0)
            state = json_text(session, "state");
    }
    return state;
}

static json_t *health_json(struct adapter *adapter, const struct adapter_health *health)
{
    struct cell_state cell;
    cell_read_state(adapter_cell(adapter), &cell);
    json_t *object = json_pack(
        "{sbsbsbssssss?}", "ready", health->ready, "healthy", health->healthy,
        "unauthorised", health->unauthorised, "reason", health->reason, "last_error",
        health->last_error, "cell_reason", cell.reason[0] == '\0' ? NULL : cell.reason);
    json_put_text(object, "connection", adapter_connection_name(health));
    json_put_text(object, "session", session_state(adapter_sessions(adapter)));
    json_put_text(object, "error_class", adapter_problem_class(health->last_error));
    json_put_int(object, "cell_deaths", (json_int_t)cell.deaths);
    json_put_int(object, "cell_calls", (json_int_t)cell.calls);
    json_put_int(object, "spawn_us", cell.spawn_us);
    put_time(object, "last_success", health->last_success_ms);
    put_time(object, "last_error_at", health->last_error_ms);
    return object;
}

static json_t *refusals_json(const struct adapter *adapter)
{
    json_t *array = json_array();
    const struct refusal *at = adapter_refusals(adapter);
    for (; at != NULL; at = at->next) {
        json_t *object = json_object();
        if (at->tenant[0] != '\0')
            json_put_text(object, "tenant", at->tenant);
        json_put_text(object, "use", at->use);
        json_put_text(object, "reason", at->reason);
        put_time(object, "since", at->since_ms);
        put_time(object, "next_try", at->again_ms);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *show_json(struct adapter *adapter, const struct adapter_health *health)
{
    const struct manifest *manifest = adapter_manifest(adapter);
    json_t *show = json_object();
    json_put_text(show, "name", manifest->name);
    json_put_text(show, "version", manifest->version);
    json_put_int(show, "revision", manifest->revision);
    json_object_set_new(show, "aliases",
                        texts_json(manifest->aliases, manifest->aliases_count));
    json_object_set_new(
        show, "capabilities",
        texts_json(manifest->capabilities, manifest->capabilities_count));
    json_object_set_new(show, "endpoints", endpoints_json(adapter));
    json_put_text(show, "object_sha256", manifest->files[0].sha256);
    json_put_text(show, "manifest_sha256", manifest->digest);
    json_put_text(show, "signed_by", manifest->signers);
    json_put_text(show, "expires", manifest->expires);
    json_put_int(show, "in_flight", adapter_in_flight(adapter));
    json_object_set_new(show, "health", health_json(adapter, health));
    if (adapter_refusals(adapter) != NULL)
        json_object_set_new(show, "refusals", refusals_json(adapter));
    if (adapter_sessions(adapter) != NULL)
        json_object_set_new(show, "sessions",
                            json_deep_copy(adapter_sessions(adapter)));
    return show;
}

static void fill_entry(struct arena *arena, struct adapter *adapter,
                       struct adapter_entry *ret)
{
    const struct manifest *manifest = adapter_manifest(adapter);
    struct adapter_health health;
    adapter_read_health(adapter, &health);
    *ret = (struct adapter_entry){
        .name = copy_text(arena, manifest->name),
        .version = copy_text(arena, manifest->version),
        .manifest_digest = copy_text(arena, manifest->digest),
        .object_digest = copy_text(arena, manifest->files[0].sha256),
        .signers = copy_text(arena, manifest->signers),
        .revision = manifest->revision,
        .ready = health.ready,
        .healthy = health.healthy,
        .callback_auth = copy_text(arena, manifest->callback_auth),
        .callback_secret = copy_text(
            arena, adapter_conf_secret(adapter_conf_of(adapter), "callback")),
        .aliases = copy_texts(arena, manifest->aliases, manifest->aliases_count),
        .alias_count = manifest->aliases_count,
        .capabilities = copy_texts(arena, manifest->capabilities,
                                   manifest->capabilities_count),
        .capability_count = manifest->capabilities_count,
        .show = show_json(adapter, &health),
    };
}

static json_t *policy_json(const struct adapter_entry *entry)
{
    json_t *object = json_object();
    json_put_text(object, "name", entry->name);
    json_put_text(object, "version", entry->version);
    json_object_set_new(object, "aliases",
                        texts_json(entry->aliases, entry->alias_count));
    json_object_set_new(object, "healthy", json_boolean(entry->healthy));
    json_object_set_new(object, "capabilities",
                        texts_json(entry->capabilities, entry->capability_count));
    return object;
}

static const char *policy_text(struct arena *arena, const json_t *array)
{
    struct buf text;
    buf_init(&text, SNAPSHOT_LIMIT_BYTES / 4);
    json_write(array, &text);
    struct slice bytes = buf_slice(&text);
    const char *copy = arena_copy(arena, bytes.ptr, bytes.size);
    buf_finish(&text);
    memory_need(copy != NULL);
    return copy;
}

static json_t *failures_json(const struct adapter_failure *failures)
{
    json_t *array = json_array();
    for (; failures != NULL; failures = failures->next)
        json_array_append_new(array, json_pack("{ssss}", "name", failures->name,
                                               "reason", failures->reason));
    return array;
}

void directory_publish(struct directory *directory, struct adapter *const *adapters,
                       unsigned count, const struct adapter_failure *failures)
{
    struct counted *fresh = calloc(1, sizeof *fresh);
    memory_need(fresh != NULL);
    fresh->arena = arena_create(SNAPSHOT_LIMIT_BYTES);
    memory_need(fresh->arena != NULL);
    struct adapter_entry *entries = arena_alloc(fresh->arena,
                                                (count + 1) * sizeof *entries);
    memory_need(entries != NULL);
    json_t *for_policy = json_array();
    for (unsigned i = 0; i < count; i++) {
        fill_entry(fresh->arena, adapters[i], &entries[i]);
        health_metrics_show(adapters[i]);
        json_array_append_new(for_policy, policy_json(&entries[i]));
    }
    fresh->snapshot = (struct adapter_snapshot){
        .entries = entries,
        .count = count,
        .failures = failures_json(failures),
        .for_policy = for_policy,
        .for_policy_text = policy_text(fresh->arena, for_policy),
    };
    atomic_store(&fresh->references, 1);
    pthread_mutex_lock(&directory->lock);
    struct counted *old = directory->current;
    directory->current = fresh;
    pthread_mutex_unlock(&directory->lock);
    if (old != NULL)
        directory_release(&old->snapshot);
}
