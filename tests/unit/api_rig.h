/* api_rig.h - a whole host in a scratch folder, for tests of host/api/: real store, real
 * policy, the engine with the adapter "instant" in its cell, the API on a free port. */
#ifndef TESTS_API_RIG_H
#define TESTS_API_RIG_H

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"
#include "signing.h"

#include "adapter/directory.h"
#include "api/api.h"
#include "api/key_store.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "conf/settings.h"
#include "crypto/seal.h"
#include "order/engine.h"
#include "policy/policy_load.h"
#include "profile/number_plan.h"

enum { RIG_PATH = 512, RIG_SECONDS = 20 };

struct api_rig {
    struct scratch scratch;
    struct settings *settings;
    struct sealer *sealer;
    struct number_plan *numbers;
    struct trust *trust;
    struct store *store;
    struct policy_image *policy;
    struct directory *directory;
    struct engine *engine;
    struct api *api;
    char key[64];              /* Public key of the signer. */
    char admin[KEY_TEXT_SIZE]; /* Of tenant acme. */
    char viewer[KEY_TEXT_SIZE];
    char nobody[KEY_TEXT_SIZE]; /* A role that no policy knows. */
    char other[KEY_TEXT_SIZE];  /* Admin of tenant bravo. */
    char super[KEY_TEXT_SIZE];
};

/* What a test wants to be different. */
struct api_rig_plan {
    const char *rbac;        /* The text of rbac.lua; NULL: the shipped one. */
    const char *const *sets; /* "name", "value", ... NULL. */
    bool with_refuses;       /* The adapter "refuses" too, which never gets ready. */
    void (*further)(const struct api_rig *rig,
                    void *arg); /* More files; may be NULL. */
    void *arg;
};

/* ---- files ---- */

static inline void rig_put(const struct api_rig *rig, const char *name,
                           struct slice text)
{
    char path[RIG_PATH];
    struct err err = ERR_INIT;
    CHECK_FATAL(snprintf(path, sizeof path, "%s/%s", rig->scratch.dir, name) > 0);
    if (!file_write(path, text, 0600, &err))
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(err.code == ERR_NONE);
}

static inline void rig_get(const char *path, struct buf *ret)
{
    struct err err = ERR_INIT;
    buf_init(ret, 64 << 20);
    if (!file_read(path, ret, &err))
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(err.code == ERR_NONE);
}

/* Programs and test adapters of this build: tests lie two folders below. */
static inline void rig_build_path(char ret[PATH_MAX], const char *name)
{
    char self[PATH_MAX - 64] = "";
    CHECK_FATAL(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    for (int up = 0; up < 3; up++)
        *strrchr(self, '/') = '\0';
    CHECK_FATAL(
        snprintf(ret, PATH_MAX, "%s%s%s", self, name[0] == '\0' ? "" : "/", name) > 0);
}

static inline void rig_sign(const struct api_rig *rig, const char *name)
{
    char message[RIG_PATH], signature[RIG_PATH];
    CHECK(snprintf(message, sizeof message, "%s/%s", rig->scratch.dir, name) > 0);
    CHECK(snprintf(signature, sizeof signature, "%s/%s.minisig", rig->scratch.dir,
                   name) > 0);
    signing_sign(rig->scratch.dir, "test", "-H", message, signature);
}

static inline void rig_add_file(struct buf *manifest, const char *name,
                                struct slice bytes)
{
    char digest[DIGEST_TEXT_SIZE];
    digest_sha256_text(bytes, digest);
    buf_add_format(manifest, "  - { name: %s, size: %zu, sha256: \"%s\" }\n", name,
                   bytes.size, digest);
}

#define RIG_DATES                            \
    "not_before: \"2026-01-01T00:00:00Z\"\n" \
    "expires: \"2096-01-01T00:00:00Z\"\nfiles:\n"

/* `rbac` NULL: the shipped one. */
static inline void rig_put_policy(const struct api_rig *rig, const char *rbac,
                                  int revision)
{
    struct buf own, routing, manifest;
    rig_get("policies/rbac.lua", &own);
    rig_get("policies/routing.lua", &routing);
    struct slice text = rbac == NULL ? buf_slice(&own) : slice_of(rbac);
    rig_put(rig, "policies/rbac.lua", text);
    rig_put(rig, "policies/routing.lua", buf_slice(&routing));
    buf_init(&manifest, 4096);
    buf_add_format(&manifest,
                   "kind: policy\nname: policy\nversion: 1.0.0\n"
                   "revision: %d\n" RIG_DATES,
                   revision);
    rig_add_file(&manifest, "rbac.lua", text);
    rig_add_file(&manifest, "routing.lua", buf_slice(&routing));
    rig_put(rig, "policies/policy.yaml", buf_slice(&manifest));
    rig_sign(rig, "policies/policy.yaml");
    buf_finish(&manifest);
    buf_finish(&routing);
    buf_finish(&own);
}

static inline void rig_put_manifest(const struct api_rig *rig, const char *adapter,
                                    const char *further, int revision)
{
    char path[PATH_MAX], name[64];
    struct buf object, manifest;
    CHECK(snprintf(name, sizeof name, "tests/adapters/%s.so", adapter) > 0);
    rig_build_path(path, name);
    rig_get(path, &object);
    rig_put(rig, name + strlen("tests/"), buf_slice(&object));
    buf_init(&manifest, 4096);
    buf_add_format(&manifest,
                   "kind: adapter\nname: %s\nversion: 1.0.0\nrevision: %d\n" RIG_DATES,
                   adapter, revision);
    rig_add_file(&manifest, strrchr(name, '/') + 1, buf_slice(&object));
    buf_add_text(&manifest,
                 "abi: { least: 1, most: 1 }\nstate: { oldest: 1, newest: 1 }\n");
    buf_add_text(&manifest, further);
    CHECK(snprintf(name, sizeof name, "manifests/%s.yaml", adapter) > 0);
    rig_put(rig, name, buf_slice(&manifest));
    rig_sign(rig, name);
    buf_finish(&manifest);
    buf_finish(&object);
}

static inline void rig_put_adapter(const struct api_rig *rig, int revision)
{
    rig_put_manifest(rig, "instant",
                     "aliases: [quick]\n"
                     "capabilities: [profile.order, profile.cancel, profile.status]\n"
                     "callback_auth: secret\n"
                     "secrets:\n  - { name: callback, use: callback }\n",
                     revision);
}

static inline void rig_put_trust(struct api_rig *rig)
{
    struct buf text;
    signing_key(rig->scratch.dir, "test", rig->key);
    buf_init(&text, 1024);
    buf_add_format(&text,
                   "keys:\n  - { name: test, key: \"%s\", kinds: [adapter, policy] }\n"
                   "thresholds: { adapter: 1, policy: 1 }\n",
                   rig->key);
    rig_put(rig, "trust.yaml", buf_slice(&text));
    buf_finish(&text);
}

static inline void rig_put_files(struct api_rig *rig, const struct api_rig_plan *plan)
{
    char path[RIG_PATH];
    static const char *const folders[] = {
        "data",       "adapters", "manifests",       "policies",
        "adapters.d", "secrets",  "secrets/instant", "secrets/instant/default"
    };
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        CHECK(snprintf(path, sizeof path, "%s/%s", rig->scratch.dir, folders[i]) > 0);
        CHECK_FATAL(mkdir(path, 0700) == 0);
    }
    rig_put_trust(rig);
    rig_put(rig, "seal.key", SLICE_LITERAL("0123456789abcdef0123456789abcdef"));
    rig_put(rig, "secrets/instant/default/callback", SLICE_LITERAL("carrier-secret"));
    rig_put_policy(rig, plan->rbac, 7);
    rig_put_adapter(rig, 1);
    if (plan->with_refuses)
        rig_put_manifest(rig, "refuses", "capabilities: [profile.status]\n", 1);
    if (plan->further != NULL)
        plan->further(rig, plan->arg);
}

/* ---- the host ---- */

static inline void rig_set(struct api_rig *rig, const char *name, const char *value)
{
    struct err err = ERR_INIT;
    if (!settings_set(rig->settings, name, value, &err))
        fprintf(stderr, "%s\n", err.text);
    CHECK_FATAL(err.code == ERR_NONE);
}

static inline void rig_set_paths(struct api_rig *rig)
{
    static const struct {
        const char *setting, *name;
    } rows[] = { { "data.dir", "data" },
                 { "adapter.dir", "adapters" },
                 { "manifest.dir", "manifests" },
                 { "policy.dir", "policies" },
                 { "adapter.conf_dir", "adapters.d" },
                 { "secret.dir", "secrets" },
                 { "trust.file", "trust.yaml" },
                 { "seal.key_file", "seal.key" },
                 { "http.socket", "api.sock" } };
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK(snprintf(path, sizeof path, "%s/%s", rig->scratch.dir, rows[i].name) > 0);
        rig_set(rig, rows[i].setting, path);
    }
    rig_build_path(path, "");
    rig_set(rig, "cell.dir", path);
    rig_set(rig, "http.listen", "127.0.0.1:0");
    rig_set(rig, "http.threads", "2");
    rig_set(rig, "policy.cpu_ms", "1000");
    rig_set(rig, "policy.wall_ms", "5000");
    rig_set(rig, "cell.cpu_ms", "5000");
    rig_set(rig, "cell.wall_ms", "10000");
    rig_set(rig, "cell.spawn_ms", "20000");
}

static inline void rig_check(bool ok, const struct err *err)
{
    if (!ok)
        fprintf(stderr, "%s %s\n", err->field, err->text);
    CHECK_FATAL(ok);
}

static inline void rig_open_parts(struct api_rig *rig)
{
    struct err err = ERR_INIT;
    struct store_limits limits = { .batch = 64, .queue = 1024, .cache_kb = 1024 };
    rig->store = store_open(settings_text(rig->settings, SET_DATA_DIR), &limits, &err);
    rig_check(rig->store != NULL, &err);
    rig->sealer = sealer_load(settings_text(rig->settings, SET_SEAL_KEY_FILE), &err);
    rig->trust = trust_load(settings_text(rig->settings, SET_TRUST_FILE), &err);
    rig_check(rig->sealer != NULL && rig->trust != NULL, &err);
    rig->policy = policy_load(settings_text(rig->settings, SET_POLICY_DIR), rig->trust,
                              rig->store, &err);
    rig_check(rig->policy != NULL, &err);
    rig->numbers = number_plan_load("share/numberplan/mm.yaml", &err);
    rig_check(rig->numbers != NULL, &err);
    rig->directory = directory_create();
    struct engine_parts parts = { .settings = rig->settings,
                                  .trust = rig->trust,
                                  .sealer = rig->sealer,
                                  .store = rig->store,
                                  .directory = rig->directory };
    rig->engine = engine_create(&parts, &err);
    rig_check(rig->engine != NULL && engine_start(rig->engine, &err), &err);
}

static inline void rig_make_keys(struct api_rig *rig)
{
    const struct {
        const char *tenant, *role, *subject;
        char *ret;
    } rows[] = { { "acme", "admin", "ada", rig->admin },
                 { "acme", "viewer", "vic", rig->viewer },
                 { "acme", "nobody", "ned", rig->nobody },
                 { "bravo", "admin", "bob", rig->other },
                 { "default", "superadmin", "sue", rig->super } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = ERR_INIT;
        rig_check(keys_bootstrap(rig->store, rows[i].tenant, rows[i].role,
                                 rows[i].subject, rows[i].ret, &err),
                  &err);
    }
}

static inline bool rig_poll(bool (*is_so)(const struct api_rig *rig),
                            const struct api_rig *rig)
{
    int64_t until_us = clock_mono_us() + RIG_SECONDS * INT64_C(1000000);
    while (!is_so(rig) && clock_mono_us() < until_us)
        poll(NULL, 0, 2);
    return is_so(rig);
}

static inline bool rig_is_up(const struct api_rig *rig)
{
    return api_is_ready(rig->api) && engine_is_ready(rig->engine);
}

static inline bool rig_is_half_up(const struct api_rig *rig)
{
    return api_is_ready(rig->api);
}

static inline struct api_rig *rig_start(const struct api_rig_plan *plan)
{
    struct err err = ERR_INIT;
    struct api_rig *rig = calloc(1, sizeof *rig);
    CHECK_FATAL(rig != NULL && scratch_make(&rig->scratch));
    log_set_level(LOG_LEVEL_COUNT);
    rig->settings = settings_load(NULL, &err);
    rig_check(rig->settings != NULL, &err);
    rig_set_paths(rig);
    for (const char *const *set = plan->sets; set != NULL && *set != NULL; set += 2)
        rig_set(rig, set[0], set[1]);
    rig_put_files(rig, plan);
    rig_open_parts(rig);
    rig_make_keys(rig);
    struct api_parts parts = { .settings = rig->settings,
                               .store = rig->store,
                               .sealer = rig->sealer,
                               .directory = rig->directory,
                               .engine = rig->engine,
                               .numbers = rig->numbers,
                               .trust = rig->trust,
                               .policy = rig->policy };
    rig->api = api_create(&parts, &err);
    rig_check(rig->api != NULL && api_start(rig->api, &err), &err);
    CHECK_FATAL(rig_poll(plan->with_refuses ? rig_is_half_up : rig_is_up, rig));
    return rig;
}

static inline void rig_stop(struct api_rig **rig)
{
    struct api_rig *gone = *rig;
    api_stop(gone->api);
    engine_stop(gone->engine, 5000);
    store_close(&gone->store);
    engine_destroy(&gone->engine);
    api_destroy(&gone->api);
    directory_destroy(&gone->directory);
    policy_image_drop(&gone->policy);
    trust_destroy(&gone->trust);
    number_plan_destroy(&gone->numbers);
    sealer_destroy(&gone->sealer);
    settings_destroy(&gone->settings);
    CHECK(scratch_remove(&gone->scratch));
    free(gone);
    *rig = NULL;
}

#endif
