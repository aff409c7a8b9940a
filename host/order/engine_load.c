/* A manifest is loaded as one transaction: verify, read the configuration, spawn, hear
 * the cell's description, check the settings; only then does it serve. */
#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "order/engine_state.h"
#include "order/session_link.h"
#include "store/revision.h"

enum { PATH_SIZE = 512 };

/* ---- one adapter ---- */

static void on_changed(void *arg)
{
    struct engine *engine = arg;
    session_links_look(engine);
    engine_publish(engine);
    engine_reloads_look(engine);
    if (!engine->stopping)
        engine_wake(engine);
}

static bool path_of(char ret[PATH_SIZE], const char *dir, const char *name,
                    const char *ending, struct err *err)
{
    int length = snprintf(ret, PATH_SIZE, "%s/%s%s", dir, name, ending);
    return (length > 0 && length < PATH_SIZE) ||
           err_set(err, ERR_INVALID, "%s/%s is too long a path", dir, name);
}

struct adapter *engine_open_adapter(struct engine *engine, const char *name,
                                    struct err *err)
{
    const struct settings *settings = engine->parts.settings;
    char path[PATH_SIZE], conf_path[PATH_SIZE];
    struct manifest *manifest = NULL;
    if (!manifest_is_name(name)) {
        err_set(err, ERR_NOT_FOUND, "no adapter can be called %.64s", name);
        return NULL;
    }
    if (!path_of(path, settings_text(settings, SET_MANIFEST_DIR), name, ".yaml", err) ||
        !path_of(conf_path, settings_text(settings, SET_ADAPTER_CONF_DIR), name,
                 ".yaml", err) ||
        !manifest_load(path, settings_text(settings, SET_ADAPTER_DIR),
                       engine->parts.trust, revision_least, engine->parts.store,
                       &manifest, err))
        return NULL;
    if (strcmp(manifest->kind, "adapter") != 0 || strcmp(manifest->name, name) != 0) {
        err_set(err, ERR_INVALID, "%s: expected kind adapter and name %s, found %s %s",
                path, name, manifest->kind, manifest->name);
        manifest_destroy(&manifest);
        return NULL;
    }
    struct adapter_conf *conf = adapter_conf_load(
        conf_path, settings_text(settings, SET_SECRET_DIR), manifest, err);
    if (conf == NULL) {
        manifest_destroy(&manifest);
        return NULL;
    }
    return adapter_create(engine->loop, settings, manifest, conf, on_changed, engine,
                          err);
}

static void add_failure(struct engine *engine, const char *name, const struct err *err)
{
    struct adapter_failure *failure = calloc(1, sizeof *failure);
    memory_need(failure != NULL);
    int a = snprintf(failure->name, sizeof failure->name, "%.63s", name);
    int b = snprintf(failure->reason, sizeof failure->reason, "%s", err->text);
    assert(a >= 0 && b >= 0);
    failure->next = engine->failures;
    engine->failures = failure;
    log_line(LOG_ERROR, "adapter.refused", LOG_TEXT("name", name),
             LOG_TEXT("code", err_code_name(err->code)), LOG_TEXT("field", err->field),
             LOG_TEXT("reason", err->text));
}

void engine_forget_failure(struct engine *engine, const char *name)
{
    for (struct adapter_failure **at = &engine->failures; *at != NULL;) {
        struct adapter_failure *failure = *at;
        if (strcmp(failure->name, name) != 0) {
            at = &failure->next;
            continue;
        }
        *at = failure->next;
        free(failure);
    }
}

bool engine_activate(struct engine *engine, struct adapter *adapter, struct err *err)
{
    const struct manifest *manifest = adapter_manifest(adapter);
    if (!revision_record(engine->parts.store, manifest->kind, manifest->name,
                         manifest->revision, manifest->digest, err))
        return false;
    log_line(LOG_INFO, "adapter.loaded", LOG_TEXT("name", manifest->name),
             LOG_TEXT("version", manifest->version),
             LOG_INT("revision", manifest->revision),
             LOG_TEXT("object_sha256", manifest->files[0].sha256),
             LOG_TEXT("signed_by", manifest->signers));
    return true;
}

static void load_one(struct engine *engine, const char *name)
{
    struct err err = ERR_INIT;
    struct adapter *adapter = engine->adapter_count == ENGINE_ADAPTERS_MAX
                                  ? NULL
                                  : engine_open_adapter(engine, name, &err);
    if (engine->adapter_count == ENGINE_ADAPTERS_MAX)
        err_set(&err, ERR_LIMIT, "more than %d adapters", ENGINE_ADAPTERS_MAX);
    if (adapter != NULL && engine_activate(engine, adapter, &err)) {
        engine->adapters[engine->adapter_count++] = adapter;
        return;
    }
    adapter_destroy(&adapter);
    add_failure(engine, name, &err);
}

static int is_manifest(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

bool engine_load_all(struct engine *engine, struct err *err)
{
    const char *dir = settings_text(engine->parts.settings, SET_MANIFEST_DIR);
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_manifest, alphasort);
    if (count < 0)
        return err_errno(err, "reading manifest.dir %s", dir);
    for (int i = 0; i < count; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
        load_one(engine, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    engine_publish(engine);
    return true;
}

void engine_unload_all(struct engine *engine)
{
    engine_reloads_drop(engine);
    session_links_drop(engine);
    while (engine->adapter_count > 0)
        adapter_destroy(&engine->adapters[--engine->adapter_count]);
    while (engine->leaving_count > 0)
        adapter_destroy(&engine->leaving[--engine->leaving_count]);
    while (engine->failures != NULL) {
        struct adapter_failure *next = engine->failures->next;
        free(engine->failures);
        engine->failures = next;
    }
}

static bool all_answered(const struct engine *engine)
{
    for (unsigned i = 0; i < engine->adapter_count; i++) {
        struct adapter_health health;
        adapter_read_health(engine->adapters[i], &health);
        if (!health.ready && health.reason[0] == '\0')
            return false;
    }
    return true;
}

void engine_publish(struct engine *engine)
{
    directory_publish(engine->parts.directory, engine->adapters, engine->adapter_count,
                      engine->failures);
    if (all_answered(engine))
        atomic_store(&engine->ready, true);
}

struct adapter *engine_adapter(struct engine *engine, const char *name)
{
    for (unsigned i = 0; i < engine->adapter_count; i++)
        if (strcmp(adapter_manifest(engine->adapters[i])->name, name) == 0)
            return engine->adapters[i];
    return NULL;
}
