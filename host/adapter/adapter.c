/* An adapter is ready when its cell has described itself, the description fits the
 * manifest, and its own check has accepted the settings of every view. */
#include "adapter/adapter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cell/step_codec.h"
#include "esim/adapter.h"

enum { PATH_SIZE = 512, STEP_BYTES_MAX = 10 << 20, SESSIONS_MAX = 8 };

struct place_breaker {
    struct place_breaker *next;
    struct breaker breaker;
    const char *tenant; /* The view's own text. */
    const char *place;
};

struct adapter {
    struct manifest *manifest;
    struct adapter_conf *conf;
    struct cell *cell;
    struct cell_file file;
    char program[PATH_SIZE];
    char title[96];
    struct adapter_health health;
    struct place_breaker *breakers;
    struct oauth2_tokens *tokens;
    int64_t in_flight;
    bool described;         /* The running cell's description fits. */
    unsigned views_checked; /* Settings checks answered since the cell came up. */
    struct cell_session offered[SESSIONS_MAX]; /* As the object describes itself. */
    char trouble[160];                         /* Of its kept sessions. */
    json_t *sessions;
    void (*changed)(void *arg);
    void *arg;
};

static const char refused_credentials[] =
    "unauthorised: the carrier refused our credentials";

static void set_health(struct adapter *adapter, bool ready, bool healthy,
                       const char *reason)
{
    struct adapter_health *health = &adapter->health;
    bool news = health->ready != ready || health->healthy != healthy ||
                strncmp(health->reason, reason, sizeof health->reason - 1) != 0;
    health->ready = ready;
    health->healthy = healthy;
    size_t length = strnlen(reason, sizeof health->reason - 1);
    memmove(health->reason, reason, length);
    health->reason[length] = '\0';
    if (!news)
        return;
    log_line(healthy ? LOG_INFO : LOG_WARN, "adapter.health",
             LOG_TEXT("name", adapter->manifest->name),
             LOG_TEXT("version", adapter->manifest->version), LOG_INT("ready", ready),
             LOG_INT("healthy", healthy), LOG_TEXT("reason", health->reason));
    adapter->changed(adapter->arg);
}

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
    for (unsigned i = 0; i < SESSIONS_MAX; i++)
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

/* Its cell is fine; is it let in, and are its sessions up? */
static void views_done(struct adapter *adapter)
{
    const char *reason = adapter->health.unauthorised ? refused_credentials
                                                      : adapter->trouble;
    set_health(adapter, true, reason[0] == '\0', reason);
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
        set_health(adapter, false, false, reason);
        return;
    }
    if (field.size > 0 || message.size > 0) {
        int length = snprintf(reason, sizeof reason, "setting %.*s: %.*s",
                              (int)(field.size > 60 ? 60 : field.size),
                              field.size == 0 ? "" : field.ptr,
                              (int)(message.size > 110 ? 110 : message.size),
                              message.size == 0 ? "" : message.ptr);
        assert(length > 0);
        set_health(adapter, false, false, reason);
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
        views_done(adapter);
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
                                      SESSIONS_MAX, &count, &err) &&
                         fits_manifest(adapter->manifest, &about, &err) &&
                         sessions_match(adapter->manifest, adapter->offered, &err);
    if (adapter->described)
        check_views(adapter);
    else
        set_health(adapter, false, false, err.text);
}

static void on_cell_health(void *arg, bool healthy, const char *reason)
{
    struct adapter *adapter = arg;
    if (healthy)
        check_views(adapter);
    else
        set_health(adapter, false, false, reason);
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
    assert(adapter != NULL);
    adapter->manifest = manifest;
    adapter->conf = conf;
    adapter->changed = changed;
    adapter->tokens = oauth2_tokens_create();
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

void adapter_read_health(const struct adapter *adapter, struct adapter_health *ret)
{
    *ret = adapter->health;
}

void adapter_note_success(struct adapter *adapter)
{
    adapter->health.last_success_ms = clock_wall_ms();
    if (!adapter->health.unauthorised)
        return;
    adapter->health.unauthorised = false;
    if (adapter->health.ready)
        views_done(adapter);
}

void adapter_note_problem(struct adapter *adapter, const char *code, bool unauthorised)
{
    struct adapter_health *health = &adapter->health;
    size_t length = strnlen(code, sizeof health->last_error - 1);
    memcpy(health->last_error, code, length);
    health->last_error[length] = '\0';
    if (!unauthorised || health->unauthorised)
        return;
    health->unauthorised = true;
    set_health(adapter, health->ready, false, refused_credentials);
}

/* ---- sessions ---- */

uint32_t adapter_session_header(const struct adapter *adapter, const char *name)
{
    return adapter->described ? header_of(adapter->offered, name) : 0;
}

void adapter_note_sessions(struct adapter *adapter, const char *trouble, json_t *show)
{
    struct cell_state cell;
    json_decref(adapter->sessions);
    adapter->sessions = show;
    int length = snprintf(adapter->trouble, sizeof adapter->trouble, "%.150s", trouble);
    assert(length >= 0);
    cell_read_state(adapter->cell, &cell);
    if (adapter->health.ready && cell.healthy)
        views_done(adapter);
}

json_t *adapter_sessions(const struct adapter *adapter)
{
    return adapter->sessions;
}

/* ---- breakers and slots ---- */

struct breaker *adapter_breaker(struct adapter *adapter, const char *tenant,
                                const char *place)
{
    const struct adapter_view *view = adapter_conf_view(adapter->conf, tenant);
    struct place_breaker *at = adapter->breakers;
    for (; at != NULL; at = at->next)
        if (at->tenant == view->tenant && strcmp(at->place, place) == 0)
            return &at->breaker;
    at = calloc(1, sizeof *at);
    assert(at != NULL);
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
