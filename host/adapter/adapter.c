/* An adapter is ready when its cell has described itself, the description fits the
 * manifest, and its own check has accepted the settings of every view. */
#include "adapter/adapter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_state.h"
#include "base/log.h"
#include "base/memory.h"
#include "cell/step_codec.h"
#include "esim/adapter.h"

enum { STEP_BYTES_MAX = 10 << 20 };

/* ---- handshake ---- */

static bool names_match(const char *const *have, unsigned have_count,
                        const char (*said)[ESIM_CAPABILITY_SIZE], struct err *err)
{
    for (unsigned i = 0; i < have_count; i++) {
        bool found = false;
        for (unsigned j = 0; j < ESIM_CAPABILITY_MAX && said[j][0] != '\0'; j++)
            found = found || strcmp(have[i], said[j]) == 0;
        if (!found)
            return err_set(err, ERR_UNTRUSTED,
                           "the manifest declares %s and the object does not offer it",
                           have[i]);
    }
    return true;
}

static uint32_t header_of(const struct cell_session *offered, const char *name)
{
    for (unsigned i = 0; i < ADAPTER_SESSIONS_MAX; i++)
        if (strcmp(offered[i].name, name) == 0)
            return offered[i].header_bytes;
    return 0;
}

static bool sessions_match(const struct manifest *manifest,
                           const struct cell_session *offered, struct err *err)
{
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (header_of(offered, manifest->sessions[i].name) == 0)
            return err_set(err, ERR_UNTRUSTED,
                           "the manifest declares the session %s and the object does "
                           "not offer it",
                           manifest->sessions[i].name);
    return true;
}

static bool fits_manifest(const struct manifest *manifest,
                          const struct esim_about *about, struct err *err)
{
    if (strcmp(about->name, manifest->name) != 0 ||
        strcmp(about->version, manifest->version) != 0)
        return err_set(err, ERR_UNTRUSTED,
                       "the manifest says %s %s, the object says %s %s", manifest->name,
                       manifest->version, about->name, about->version);
    if (about->abi < manifest->abi_least || about->abi > manifest->abi_most)
        return err_set(err, ERR_UNTRUSTED,
                       "the manifest says ABI %u to %u, the object says %u",
                       manifest->abi_least, manifest->abi_most, about->abi);
    if (about->state_oldest != manifest->state_oldest ||
        about->state_newest != manifest->state_newest)
        return err_set(err, ERR_UNTRUSTED,
                       "the manifest says state versions %u to %u, the object %u to %u",
                       manifest->state_oldest, manifest->state_newest,
                       about->state_oldest, about->state_newest);
    return names_match((const char *const *)manifest->capabilities,
                       manifest->capabilities_count, about->capabilities, err);
}

static void check_next_view(struct adapter *adapter);

static void on_checked(void *arg, enum cell_end end, struct slice reply)
{
    struct adapter *adapter = arg;
    struct wire_reader reader = wire_reader_of(reply);
    struct slice field = wire_bytes(&reader);
    struct slice message = wire_bytes(&reader);
    char reason[200];
    if (end == CELL_DOWN)
        return; /* The cell has said why; it is asked again when it is well. */
    if (end != CELL_ANSWERED || !wire_done(&reader)) {
        int length = snprintf(reason, sizeof reason, "settings check: %s: %.*s",
                              cell_end_name(end),
                              (int)(reply.size > 120 ? 120 : reply.size),
                              reply.size == 0 ? "" : reply.ptr);
        assert(length > 0);
        adapter_set_health(adapter, false, false, reason);
        return;
    }
    if (field.size > 0 || message.size > 0) {
        int length = snprintf(reason, sizeof reason, "setting %.*s: %.*s",
                              (int)(field.size > 60 ? 60 : field.size),
                              field.size == 0 ? "" : field.ptr,
                              (int)(message.size > 110 ? 110 : message.size),
                              message.size == 0 ? "" : message.ptr);
        assert(length > 0);
        adapter_set_health(adapter, false, false, reason);
        return;
    }
    adapter->views_checked++;
    check_next_view(adapter);
}

static void check_next_view(struct adapter *adapter)
{
    const struct adapter_view *view = adapter_conf_view_at(adapter->conf,
                                                           adapter->views_checked);
    if (view == NULL) {
        adapter_judge_health(adapter);
        return;
    }
    struct buf payload;
    buf_init(&payload, STEP_BYTES_MAX);
    wire_put_bytes(&payload, slice_of(view->settings));
    cell_call(adapter->cell, WIRE_CHECK, buf_slice(&payload), on_checked, adapter);
    buf_finish(&payload);
}

/* A cell that is unhealthy takes no calls: its settings are checked when it is well. */
static void check_views(struct adapter *adapter)
{
    struct cell_state state;
    cell_read_state(adapter->cell, &state);
    adapter->views_checked = 0;
    if (state.ready && state.healthy && adapter->described)
        check_next_view(adapter);
}

static void on_ready(void *arg, struct slice description)
{
    struct adapter *adapter = arg;
    struct esim_about about;
    uint32_t count = 0;
    memset(adapter->offered, 0, sizeof adapter->offered);
    struct err err = ERR_INIT;
    adapter->described = about_decode(description, &about, adapter->offered,
                                      ADAPTER_SESSIONS_MAX, &count, &err) &&
                         fits_manifest(adapter->manifest, &about, &err) &&
                         sessions_match(adapter->manifest, adapter->offered, &err);
    if (adapter->described)
        check_views(adapter);
    else
        adapter_set_health(adapter, false, false, err.text);
}

static void on_cell_health(void *arg, bool healthy, const char *reason)
{
    struct adapter *adapter = arg;
    if (healthy)
        check_views(adapter);
    else
        adapter_set_health(adapter, false, false, reason);
}

static void on_died(void *arg, enum cell_end why, const char *reason)
{
    struct adapter *adapter = arg;
    log_line(LOG_WARN, "adapter.cell_died", LOG_TEXT("name", adapter->manifest->name),
             LOG_TEXT("why", cell_end_name(why)), LOG_TEXT("reason", reason));
}

static void on_log(void *arg, uint64_t call, uint32_t level, struct slice text)
{
    struct adapter *adapter = arg;
    char copy[513];
    size_t length = text.size < sizeof copy - 1 ? text.size : sizeof copy - 1;
    memcpy(copy, text.ptr == NULL ? "" : text.ptr, length);
    copy[length] = '\0';
    enum log_level at = level < LOG_LEVEL_COUNT ? (enum log_level)level : LOG_ERROR;
    log_line(at, "adapter.says", LOG_TEXT("name", adapter->manifest->name),
             LOG_INT("call", (int64_t)call), LOG_TEXT("text", copy));
}

/* ---- life ---- */

static int64_t least_of(int64_t wanted, int64_t most)
{
    return wanted > 0 && wanted < most ? wanted : most;
}

static struct cell_limits limits_of(const struct settings *settings,
                                    const struct manifest *manifest)
{
    return (struct cell_limits){
        .memory_bytes =
            least_of(manifest->memory_mb, settings_int(settings, SET_CELL_MEMORY_MB))
            << 20,
        .cpu_ms = least_of(manifest->cpu_ms, settings_int(settings, SET_CELL_CPU_MS)),
        .wall_ms = least_of(manifest->wall_ms,
                            settings_int(settings, SET_CELL_WALL_MS)),
        .spawn_ms = settings_int(settings, SET_CELL_SPAWN_MS),
        .output_bytes = (size_t)settings_int(settings, SET_CELL_OUTPUT_BYTES),
        .queue = (size_t)settings_int(settings, SET_CELL_QUEUE),
        .deaths = settings_int(settings, SET_CELL_DEATHS),
        .deaths_window_ms = settings_int(settings, SET_CELL_DEATHS_WINDOW_MS),
        .backoff_ms = settings_int(settings, SET_CELL_BACKOFF_MS),
        .backoff_most_ms = settings_int(settings, SET_CELL_BACKOFF_MOST_MS),
    };
}

/* What the manifest leaves open, the host's settings say. */
static void fill_open(struct manifest *manifest, const struct settings *settings)
{
    const struct {
        int64_t *open;
        enum setting_id id;
    } rows[] = {
        { &manifest->retry_base_ms, SET_ENGINE_RETRY_BASE_MS },
        { &manifest->retry_most_ms, SET_ENGINE_RETRY_MOST_MS },
        { &manifest->retry_attempts, SET_ENGINE_ATTEMPTS },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (*rows[i].open == 0)
            *rows[i].open = settings_int(settings, rows[i].id);
}

static bool spawn(struct adapter *adapter, struct loop *loop,
                  const struct settings *settings, struct err *err)
{
    const struct manifest *manifest = adapter->manifest;
    int program = snprintf(adapter->program, sizeof adapter->program, "%s/esim-cell",
                           settings_text(settings, SET_CELL_DIR));
    int title = snprintf(adapter->title, sizeof adapter->title, "%.40s %.40s",
                         manifest->name, manifest->version);
    if (program >= (int)sizeof adapter->program || title < 0)
        return err_set(err, ERR_INVALID, "cell.dir is too long a path");
    adapter->file = (struct cell_file){ manifest->files[0].name,
                                        manifest->file_fds[0] };
    struct cell_program cell_program = { .path = adapter->program,
                                         .name = adapter->title,
                                         .files = &adapter->file,
                                         .file_count = 1 };
    struct cell_limits limits = limits_of(settings, manifest);
    struct cell_watch watch = { on_ready, on_died, on_cell_health, on_log, adapter };
    adapter->cell = cell_create(loop, &cell_program, &limits, &watch, err);
    return adapter->cell != NULL;
}

struct adapter *adapter_create(struct loop *loop, const struct settings *settings,
                               struct manifest *manifest, struct adapter_conf *conf,
                               void (*changed)(void *arg), void *arg, struct err *err)
{
    struct adapter *adapter = calloc(1, sizeof *adapter);
    memory_need(adapter != NULL);
    adapter->manifest = manifest;
    adapter->conf = conf;
    adapter->changed = changed;
    int64_t refused_ms = settings_int(settings, SET_ENGINE_REFUSED_MS);
    adapter->tokens = oauth2_tokens_create(refused_ms);
    credentials_init(&adapter->credentials, refused_ms);
    fill_open(manifest, settings);
    adapter->arg = arg;
    if (!spawn(adapter, loop, settings, err)) {
        err_wrap(err, "adapter %s", manifest->name);
        adapter_destroy(&adapter);
    }
    return adapter;
}

void adapter_destroy(struct adapter **adapter)
{
    struct adapter *gone = *adapter;
    if (gone == NULL)
        return;
    if (gone->cell != NULL)
        cell_destroy(&gone->cell);
    while (gone->breakers != NULL) {
        struct place_breaker *next = gone->breakers->next;
        free(gone->breakers);
        gone->breakers = next;
    }
    oauth2_tokens_destroy(&gone->tokens);
    credentials_finish(&gone->credentials);
    json_decref(gone->sessions);
    adapter_conf_destroy(&gone->conf);
    manifest_destroy(&gone->manifest);
    free(gone);
    *adapter = NULL;
}

const struct manifest *adapter_manifest(const struct adapter *adapter)
{
    return adapter->manifest;
}

const struct adapter_conf *adapter_conf_of(const struct adapter *adapter)
{
    return adapter->conf;
}

struct cell *adapter_cell(struct adapter *adapter)
{
    return adapter->cell;
}

uint32_t adapter_session_header(const struct adapter *adapter, const char *name)
{
    return adapter->described ? header_of(adapter->offered, name) : 0;
}

struct oauth2_tokens *adapter_tokens(struct adapter *adapter)
{
    return adapter->tokens;
}

int64_t adapter_in_flight(const struct adapter *adapter)
{
    return adapter->in_flight;
}

void adapter_take_slot(struct adapter *adapter)
{
    adapter->in_flight++;
}

void adapter_free_slot(struct adapter *adapter)
{
    assert(adapter->in_flight > 0);
    adapter->in_flight--;
}
