#include "adapter/adapter_conf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/adapter_conf_raw.h"
#include "adapter/adapter_secret.h"
#include "adapter/oauth2_conf.h"
#include "base/arena.h"
#include "base/json.h"

enum { CONF_LIMIT_BYTES = 4 << 20 };

struct adapter_conf {
    struct arena *arena;
    const struct manifest *manifest; /* The adapter's own; lives as long. */
    struct adapter_view *views;      /* [0] is the default. */
    unsigned view_count;
    const char *callback_secret;
};

/* ---- settings ---- */

static bool int_setting(const struct manifest_setting *row, const char *text,
                        json_t **ret, struct err *err)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || number < row->least || number > row->most)
        return err_field(err, row->name,
                         "expected a number from %lld to %lld, found \"%s\"",
                         (long long)row->least, (long long)row->most, text);
    *ret = json_integer(number);
    return true;
}

static bool bool_setting(const struct manifest_setting *row, const char *text,
                         json_t **ret, struct err *err)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return err_field(err, row->name, "expected true or false, found \"%s\"", text);
    *ret = json_boolean(is_true);
    return true;
}

static bool json_setting(const struct manifest_setting *row, const char *text,
                         json_t **ret, struct err *err)
{
    bool list = strcmp(row->type, "list") == 0;
    struct err why = ERR_INIT;
    json_t *value = json_read(slice_of(text), &why);
    if (value == NULL || (list ? !json_is_array(value) : !json_is_object(value))) {
        json_decref(value);
        return err_field(err, row->name, "expected a JSON %s, found %s",
                         list ? "array" : "object",
                         why.code == ERR_NONE ? "another kind of value" : why.text);
    }
    *ret = value;
    return true;
}

static bool setting_value(const struct manifest_setting *row, const char *text,
                          json_t **ret, struct err *err)
{
    if (strcmp(row->type, "int") == 0)
        return int_setting(row, text, ret, err);
    if (strcmp(row->type, "bool") == 0)
        return bool_setting(row, text, ret, err);
    if (strcmp(row->type, "text") != 0)
        return json_setting(row, text, ret, err);
    *ret = json_string(text);
    return *ret != NULL || err_field(err, row->name, "expected UTF-8 text");
}

/* Puts "a.b.c" where a dotted path says. */
static void put_at(json_t *object, const char *path, json_t *value)
{
    struct slice rest = slice_of(path);
    for (;;) {
        char name[64];
        struct slice part = slice_cut(&rest, '.');
        bool fits = slice_copy(part, name, sizeof name);
        assert(fits);
        if (rest.ptr == NULL) {
            json_object_set_new(object, name, value);
            return;
        }
        json_t *inside = json_object_get(object, name);
        if (!json_is_object(inside)) {
            inside = json_object();
            json_object_set_new(object, name, inside);
        }
        object = inside;
    }
}

/* The tenant's word, else the operator's, else the manifest's default. */
static const char *setting_text(const struct manifest_setting *row, unsigned at,
                                char *const *own, char *const *common)
{
    if (own != NULL && own[at] != NULL)
        return own[at];
    if (common != NULL && common[at] != NULL)
        return common[at];
    return row->otherwise;
}

static bool settings_of(const struct manifest *manifest, char *const *own,
                        char *const *common, json_t **ret, struct err *err)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < manifest->settings_count; i++) {
        const struct manifest_setting *row = &manifest->settings[i];
        const char *text = setting_text(row, i, own, common);
        json_t *value = NULL;
        if (text == NULL && !row->required)
            continue;
        if (text == NULL) {
            json_decref(object);
            return err_field(err, row->name, "is required and absent: %s",
                             row->text == NULL ? "see the manifest" : row->text);
        }
        if (!setting_value(row, text, &value, err)) {
            json_decref(object);
            return false;
        }
        put_at(object, row->name, value);
    }
    *ret = object;
    return true;
}

/* ---- places ---- */

static uint16_t default_port(const char *scheme)
{
    return strcmp(scheme, "http") == 0 ? 80 : 443;
}

/* scheme://host[:port] and nothing behind it. */
static bool place_read(const struct raw_place *raw, struct adapter_place *ret,
                       struct err *err)
{
    char field[128];
    int length = snprintf(field, sizeof field, "endpoints.%.80s.url", raw->name);
    assert(length > 0);
    struct slice rest = slice_of(raw->url);
    const char *colon = strstr(raw->url, "://");
    if (colon == NULL || !slice_copy(slice_bytes(raw->url, (size_t)(colon - raw->url)),
                                     ret->scheme, sizeof ret->scheme))
        return err_field(err, field, "expected scheme://host:port, found \"%.200s\"",
                         raw->url);
    rest = slice_of(colon + 3);
    struct slice host = rest;
    uint64_t port = default_port(ret->scheme);
    const char *last = memrchr(rest.ptr, ':', rest.size);
    const char *bracket = memrchr(rest.ptr, ']', rest.size);
    if (last != NULL && (bracket == NULL || last > bracket)) {
        host.size = (size_t)(last - rest.ptr);
        if (!slice_u64(slice_bytes(last + 1, rest.size - host.size - 1), &port))
            port = 0;
    }
    if (host.size > 2 && host.ptr[0] == '[')
        host = slice_bytes(host.ptr + 1, host.size - 2);
    if (port == 0 || port > 65535 || host.size == 0 ||
        memchr(host.ptr, '/', host.size) != NULL ||
        memchr(host.ptr, '@', host.size) != NULL ||
        !slice_copy(host, ret->host, sizeof ret->host))
        return err_field(err, field, "expected scheme://host:port, found \"%.200s\"",
                         raw->url);
    ret->port = (uint16_t)port;
    bool v6 = strchr(ret->host, ':') != NULL;
    length = snprintf(ret->base, sizeof ret->base, "%s://%s%s%s:%u", ret->scheme,
                      v6 ? "[" : "", ret->host, v6 ? "]" : "", ret->port);
    return length > 0 && length < (int)sizeof ret->base;
}

/* What the manifest allows a name to be, endpoint or session, in one form. */
static bool allowed_place(const struct manifest *manifest, const char *name,
                          struct manifest_endpoint *ret)
{
    const struct manifest_endpoint *endpoint = manifest_endpoint_of(manifest, name);
    if (endpoint != NULL) {
        *ret = *endpoint;
        return true;
    }
    const struct manifest_session *session = manifest_session_of(manifest, name);
    if (session == NULL)
        return false;
    *ret = (struct manifest_endpoint){
        .name = session->name,
        .scheme = strcmp(session->tls, "none") == 0 ? "tcp" : "tls",
        .hosts = session->hosts,
        .hosts_count = session->hosts_count,
        .port_least = session->port_least,
        .port_most = session->port_most,
        .path_prefix = "/",
        .tls = session->tls,
        .auth = "none",
        .allow_private = session->allow_private,
    };
    return true;
}

static bool names_are_known(const struct manifest *manifest,
                            const struct raw_place *places, unsigned count,
                            struct err *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct manifest_endpoint allowed;
        if (!allowed_place(manifest, places[i].name, &allowed))
            return err_field(err, "endpoints",
                             "the manifest of %s has no endpoint or session \"%.60s\"",
                             manifest->name, places[i].name);
    }
    return true;
}

struct view_source {
    const struct raw_conf *raw;
    const struct raw_tenant *tenant; /* NULL for the default view. */
    const char *secret_dir;
};

/* Where the tenant itself says this place is; NULL: it does not. */
static const struct raw_place *own_place(const struct view_source *source,
                                         const char *name)
{
    const struct raw_tenant *tenant = source->tenant;
    return tenant == NULL
               ? NULL
               : raw_place_of(tenant->endpoints, tenant->endpoints_count, name);
}

static bool place_fill(struct adapter_conf *conf, const struct view_source *source,
                       const char *name, struct adapter_view *view, struct err *err)
{
    const struct raw_tenant *tenant = source->tenant;
    const struct raw_place *own = own_place(source, name);
    const struct raw_place *raw =
        own != NULL
            ? own
            : raw_place_of(source->raw->endpoints, source->raw->endpoints_count, name);
    struct manifest_endpoint allowed;
    bool known = allowed_place(conf->manifest, name, &allowed);
    assert(known);
    if (raw == NULL) /* An endpoint nobody placed is refused when it is asked for. */
        return true;
    struct adapter_place *place = &view->places[view->place_count];
    place->name = arena_text(conf->arena, name);
    if (!place_read(raw, place, err) ||
        !manifest_allows(&allowed, place->scheme, place->host, place->port,
                         allowed.path_prefix, err))
        return err_wrap(err, "endpoint %s", name);
    place->identity.allow_private = allowed.allow_private;
    struct secret_scope scope = { source->secret_dir, conf->manifest->name,
                                  own != NULL ? tenant->tenant : "default" };
    if (!adapter_secret_identity(&scope, conf->manifest, &allowed, conf->arena,
                                 &place->identity, err))
        return err_wrap(err, "endpoint %s", name);
    view->place_count++;
    return true;
}

static struct adapter_place *place_in(const struct adapter_view *view, const char *name)
{
    for (unsigned i = 0; i < view->place_count; i++)
        if (strcmp(view->places[i].name, name) == 0)
            return &view->places[i];
    return NULL;
}

/* An endpoint with oauth2 whose token endpoint nobody placed has no use. */
static bool token_fill(struct adapter_conf *conf, const struct view_source *source,
                       const struct manifest_endpoint *endpoint,
                       struct adapter_view *view, const json_t *settings,
                       struct err *err)
{
    struct adapter_place *place = place_in(view, endpoint->name);
    if (place == NULL || strcmp(endpoint->auth, "oauth2") != 0)
        return true;
    const char *giver = endpoint->token_endpoint;
    bool own = own_place(source, endpoint->name) != NULL ||
               own_place(source, giver) != NULL;
    struct secret_scope scope = { source->secret_dir, conf->manifest->name,
                                  own ? source->tenant->tenant : "default" };
    struct oauth2_source from = { .manifest = conf->manifest,
                                  .endpoint = endpoint,
                                  .at = place_in(view, giver),
                                  .settings = settings,
                                  .scope = &scope };
    if (from.at == NULL)
        return err_field(err, "endpoints",
                         "expected a place for %s, which gives the tokens of %s", giver,
                         endpoint->name);
    return oauth2_conf_read(&from, conf->arena, &place->oauth2, err);
}

static bool places_fill(struct adapter_conf *conf, const struct view_source *source,
                        struct adapter_view *view, const json_t *settings,
                        struct err *err)
{
    const struct manifest *manifest = conf->manifest;
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (!place_fill(conf, source, manifest->endpoints[i].name, view, err))
            return false;
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (!place_fill(conf, source, manifest->sessions[i].name, view, err))
            return false;
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (!token_fill(conf, source, &manifest->endpoints[i], view, settings, err))
            return false;
    return true;
}

static bool view_fill(struct adapter_conf *conf, const struct view_source *source,
                      struct adapter_view *view, struct err *err)
{
    const struct manifest *manifest = conf->manifest;
    const struct raw_tenant *tenant = source->tenant;
    bool own_places = tenant != NULL && tenant->endpoints_count > 0;
    json_t *settings = NULL;
    view->tenant = tenant == NULL ? "" : arena_text(conf->arena, tenant->tenant);
    unsigned places = manifest->endpoints_count + manifest->sessions_count;
    view->places = arena_alloc(conf->arena, (places + 1) * sizeof *view->places);
    if (view->places == NULL || view->tenant == NULL)
        return err_set(err, ERR_LIMIT, "the configuration is too large");
    if (!settings_of(manifest, tenant == NULL ? NULL : tenant->settings,
                     source->raw->settings, &settings, err))
        return false;
    struct buf text;
    buf_init(&text, CONF_LIMIT_BYTES);
    json_write(settings, &text);
    struct slice bytes = buf_slice(&text);
    view->settings = arena_copy(conf->arena, bytes.ptr, bytes.size);
    buf_finish(&text);
    bool placed = places_fill(conf, source, view, settings, err);
    json_decref(settings);
    if (!placed)
        return false;
    struct secret_scope scope = { source->secret_dir, manifest->name,
                                  own_places ? tenant->tenant : "default" };
    view->secrets = adapter_secret_frames(&scope, manifest, conf->arena, err);
    return view->settings != NULL && view->secrets != NULL;
}

static bool views_fill(struct adapter_conf *conf, const struct raw_conf *raw,
                       const char *secret_dir, struct err *err)
{
    conf->view_count = raw->tenants_count + 1;
    conf->views = arena_alloc(conf->arena, conf->view_count * sizeof *conf->views);
    if (conf->views == NULL)
        return err_set(err, ERR_LIMIT, "the configuration is too large");
    if (!names_are_known(conf->manifest, raw->endpoints, raw->endpoints_count, err))
        return false;
    for (unsigned i = 0; i < conf->view_count; i++) {
        const struct raw_tenant *tenant = i == 0 ? NULL : &raw->tenants[i - 1];
        struct view_source source = { raw, tenant, secret_dir };
        if (tenant != NULL && !names_are_known(conf->manifest, tenant->endpoints,
                                               tenant->endpoints_count, err))
            return err_wrap(err, "tenant %s", tenant->tenant);
        if (!view_fill(conf, &source, &conf->views[i], err))
            return tenant == NULL ? false : err_wrap(err, "tenant %s", tenant->tenant);
    }
    return true;
}

struct adapter_conf *adapter_conf_load(const char *path, const char *secret_dir,
                                       const struct manifest *manifest, struct err *err)
{
    static const struct raw_conf nothing;
    struct raw_schema schema;
    struct raw_conf *raw = NULL;
    bool ok = false;
    struct adapter_conf *conf = calloc(1, sizeof *conf);
    if (conf == NULL || (conf->arena = arena_create(CONF_LIMIT_BYTES)) == NULL ||
        !raw_schema_build(&schema, manifest, conf->arena)) {
        err_set(err, ERR_UNAVAILABLE, "no memory for the adapter's configuration");
        goto out;
    }
    conf->manifest = manifest;
    bool present = path != NULL && access(path, F_OK) == 0;
    if (present && !raw_conf_read(path, &schema, &raw, err))
        goto out;
    if (!views_fill(conf, raw == NULL ? &nothing : raw, secret_dir, err)) {
        err_wrap(err, "%s", present ? path : manifest->name);
        goto out;
    }
    struct secret_scope scope = { secret_dir, manifest->name, "default" };
    ok = adapter_secret_by_use(&scope, manifest, "callback", conf->arena,
                               &conf->callback_secret, err);
out:
    raw_conf_release(&schema, &raw);
    if (!ok)
        adapter_conf_destroy(&conf);
    return conf;
}

void adapter_conf_destroy(struct adapter_conf **conf)
{
    if (*conf == NULL)
        return;
    if ((*conf)->arena != NULL)
        arena_destroy(&(*conf)->arena);
    free(*conf);
    *conf = NULL;
}

const struct adapter_view *adapter_conf_view(const struct adapter_conf *conf,
                                             const char *tenant)
{
    for (unsigned i = 1; i < conf->view_count; i++)
        if (strcmp(conf->views[i].tenant, tenant) == 0)
            return &conf->views[i];
    return &conf->views[0];
}

const struct adapter_view *adapter_conf_view_at(const struct adapter_conf *conf,
                                                unsigned index)
{
    return index < conf->view_count ? &conf->views[index] : NULL;
}

const struct adapter_place *adapter_view_place(const struct adapter_view *view,
                                               const char *name)
{
    return place_in(view, name);
}

const char *adapter_conf_secret(const struct adapter_conf *conf, const char *use)
{
    return strcmp(use, "callback") == 0 ? conf->callback_secret : NULL;
}
