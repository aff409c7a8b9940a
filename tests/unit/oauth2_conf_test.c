/* Where tokens come from: settings and secrets by tenant, checked when they are loaded. */
#include "manifest_sample.h"
#include "scratch.h"

#include "adapter/adapter_conf.h"
#include "adapter/oauth2.h"
#include "base/json.h"
#include "conf/file.h"

static const char endpoints[] =
    "  - name: graph\n"
    "    scheme: http\n"
    "    hosts: [127.0.0.1]\n"
    "    ports: { least: 1, most: 65535 }\n"
    "    auth: oauth2\n"
    "    token_endpoint: login\n"
    "    allow_private: true\n"
    "  - name: login\n"
    "    scheme: http\n"
    "    hosts: [127.0.0.1]\n"
    "    ports: { least: 1, most: 65535 }\n"
    "    path_prefix: /t\n"
    "    allow_private: true\n"
    "secrets:\n"
    "  - { name: client_secret, use: oauth2.secret }\n"
    "  - { name: cert, use: oauth2.cert }\n"
    "  - { name: key, use: oauth2.key }\n"
    "settings:\n"
    "  - { name: oauth2.client_id, type: text, text: A. }\n"
    "  - { name: oauth2.token_path, type: text, text: B. }\n"
    "  - { name: oauth2.scope, type: text, text: C. }\n"
    "  - { name: oauth2.proof, type: text, text: D. }\n";

struct world {
    struct scratch scratch;
    struct manifest *manifest;
    struct adapter_conf *conf;
    struct err err;
};

static void put(struct world *world, const char *name, const char *text)
{
    char path[256];
    CHECK_FATAL(snprintf(path, sizeof path, "%s/%s", world->scratch.dir, name) > 0);
    CHECK_FATAL(file_write(path, slice_of(text), 0600, &world->err));
}

static void folder(struct world *world, const char *name)
{
    char path[256];
    CHECK_FATAL(snprintf(path, sizeof path, "%s/%s", world->scratch.dir, name) > 0);
    CHECK_FATAL(mkdir(path, 0700) == 0);
}

/* The sample's head with our own endpoints, secrets and settings. */
static void world_start(struct world *world)
{
    struct buf text;
    const char *from = strstr(sample_text, "  - name: smdp");
    *world = (struct world){ 0 };
    CHECK_FATAL(scratch_make(&world->scratch));
    folder(world, "atom");
    folder(world, "atom/default");
    folder(world, "atom/acme");
    buf_init(&text, 1 << 16);
    buf_add(&text, sample_text, (size_t)(from - sample_text));
    buf_add_text(&text, endpoints);
    if (!manifest_parse(buf_slice(&text), "atom.yaml", &world->manifest, &world->err))
        fprintf(stderr, "%s\n", world->err.text);
    CHECK_FATAL(world->manifest != NULL);
    buf_finish(&text);
}

static void world_stop(struct world *world)
{
    adapter_conf_destroy(&world->conf);
    manifest_destroy(&world->manifest);
    CHECK(scratch_remove(&world->scratch));
}

static bool load(struct world *world, const char *text)
{
    char path[256];
    put(world, "atom.yaml", text);
    CHECK(snprintf(path, sizeof path, "%s/atom.yaml", world->scratch.dir) > 0);
    adapter_conf_destroy(&world->conf);
    world->conf = adapter_conf_load(path, world->scratch.dir, world->manifest,
                                    &world->err);
    return world->conf != NULL;
}

#define SETTINGS(more)                                                              \
    "settings: { oauth2.client_id: me, oauth2.token_path: /t/token, oauth2.scope: " \
    "all" more " }\n"
#define PLACES                                              \
    "endpoints:\n"                                          \
    "  - { name: graph, url: \"http://127.0.0.1:7001\" }\n" \
    "  - { name: login, url: \"http://127.0.0.1:7002\" }\n"

static const struct oauth2_conf *oauth2_of(const struct world *world,
                                           const char *tenant)
{
    const struct adapter_view *view = adapter_conf_view(world->conf, tenant);
    const struct adapter_place *place = adapter_view_place(view, "graph");
    return place == NULL ? NULL : place->oauth2;
}

static void a_token_place_has_url_client_scope_and_secret(void)
{
    struct world world;
    world_start(&world);
    put(&world, "atom/default/client_secret", "hush\n");
    CHECK_FATAL(load(&world, SETTINGS("") PLACES));
    const struct oauth2_conf *oauth2 = oauth2_of(&world, "");
    CHECK_FATAL(oauth2 != NULL);
    CHECK_TEXT(oauth2->url, "http://127.0.0.1:7002/t/token");
    CHECK_TEXT(oauth2->audience, oauth2->url);
    CHECK_TEXT(oauth2->client_id, "me");
    CHECK_TEXT(oauth2->scope, "all");
    CHECK_TEXT(oauth2->secret, "hush");
    CHECK(adapter_view_place(adapter_conf_view(world.conf, ""), "login")->oauth2 ==
          NULL);
    /* Secrets of the host's are none of the adapter's. */
    CHECK_TEXT(adapter_conf_view(world.conf, "")->secrets, "{}");
    world_stop(&world);
}

/* An adapter that nobody has configured yet still loads. */
static void without_places_nothing_is_needed(void)
{
    struct world world;
    world_start(&world);
    CHECK(load(&world, "settings: { oauth2.scope: all }\n"));
    CHECK(oauth2_of(&world, "") == NULL);
    world_stop(&world);
}

static void refused(const char *text, const char *field, const char *words)
{
    struct world world;
    world_start(&world);
    put(&world, "atom/default/client_secret", "hush");
    put(&world, "atom/default/cert", "none");
    put(&world, "atom/default/key", "none");
    CHECK(!load(&world, text));
    CHECK_TEXT(world.err.field, field);
    if (strstr(world.err.text, words) == NULL)
        fprintf(stderr, "\"%s\" lacks \"%s\"\n", world.err.text, words);
    CHECK(strstr(world.err.text, words) != NULL);
    world_stop(&world);
}

static void what_is_missing_or_wrong_is_told_at_loading(void)
{
    refused("settings: { oauth2.token_path: /t/token }\n" PLACES, "oauth2.client_id",
            "is required");
    refused("settings: { oauth2.client_id: me }\n" PLACES, "oauth2.token_path",
            "is required");
    refused("settings: { oauth2.client_id: me, oauth2.token_path: /other }\n" PLACES,
            "", "expected a path below /t");
    refused(SETTINGS(", oauth2.proof: magic") PLACES, "oauth2.proof",
            "expected secret or certificate");
    refused(SETTINGS(", oauth2.proof: certificate") PLACES, "",
            "expected a certificate as PEM");
    refused(
        SETTINGS("") "endpoints:\n  - { name: graph, url: \"http://127.0.0.1:7001\" "
                     "}\n",
        "endpoints", "expected a place for login");
}

static void a_secret_that_is_absent_is_named(void)
{
    struct world world;
    world_start(&world);
    CHECK(!load(&world, SETTINGS("") PLACES));
    CHECK(strstr(world.err.text, "secret client_secret is absent") != NULL);
    world_stop(&world);
}

/* One tenant's credentials, and tokens made with them, never reach another's host. */
static void a_tenants_own_place_takes_the_tenants_own_secret(void)
{
    static const char own_graph[] = SETTINGS("") PLACES
        "tenants:\n"
        "  - tenant: acme\n"
        "    endpoints:\n"
        "      - { name: graph, url: \"http://127.0.0.1:7003\" }\n";
    struct world world;
    world_start(&world);
    put(&world, "atom/default/client_secret", "hush");
    CHECK(!load(&world, own_graph));
    CHECK(strstr(world.err.text, "secret client_secret is absent") != NULL);
    put(&world, "atom/acme/client_secret", "of acme");
    CHECK_FATAL(load(&world, own_graph));
    CHECK_TEXT(oauth2_of(&world, "acme")->secret, "of acme");
    CHECK_TEXT(oauth2_of(&world, "bravo")->secret, "hush");
    world_stop(&world);
}

TESTS("oauth2_conf", CASE(a_token_place_has_url_client_scope_and_secret),
      CASE(without_places_nothing_is_needed),
      CASE(what_is_missing_or_wrong_is_told_at_loading),
      CASE(a_secret_that_is_absent_is_named),
      CASE(a_tenants_own_place_takes_the_tenants_own_secret))
