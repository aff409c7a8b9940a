/* Every reply that the document promises is seen, and none that it does not. */
#include "api_samples.h"
#include "api_seen.h"

#include "profile/device_store.h"
#include "profile/line_store.h"

static struct api_rig *rig;

static int ask_sample(const struct api_rig *at, const struct route *route,
                      const char *key)
{
    const struct sample *sample = sample_of(route);
    CHECK_FATAL(sample != NULL);
    struct ask ask = { route->method, filled(sample->path, NULL), key, sample->body,
                       sample->headers };
    return rig_status(at, &ask);
}

static bool needs_identity(const struct route *route)
{
    return strcmp(route->permission, ROUTE_PUBLIC) != 0 &&
           (route->flags & ROUTE_CALLBACK) == 0;
}

static void order(const char *thing, const char *key, const char *plan)
{
    char body[200], headers[100];
    struct reply reply;
    CHECK(snprintf(body, sizeof body,
                   "{\"type\":\"profile.provision\",\"plan\":\"%s\"}", plan) > 0);
    CHECK(snprintf(headers, sizeof headers,
                   "Idempotency-Key: %s\r\nPrefer: wait=%d\r\n", key,
                   strcmp(plan, "later") == 0 ? 0 : 15) > 0);
    struct ask ask = { "POST", "/v1/orders", rig->admin, body, headers };
    rig_ask(rig, &ask, &reply);
    keep(thing, json_text(reply.json, "id"));
    if (json_text(reply.json, "iccid") != NULL)
        keep("{iccid}", json_text(reply.json, "iccid"));
    rig_finish(&reply);
}

static bool tell_device(struct db *db, void *arg, struct err *err)
{
    json_t *devices = json_pack("[{s:s}]", "device_id", (const char *)arg);
    struct device_news news = {
        .tenant = "acme", .adapter = "instant", .devices = devices, .at_ms = 1
    };
    bool ok = device_learn(db, &news, err);
    json_decref(devices);
    return ok;
}

static bool tell_line(struct db *db, void *arg, struct err *err)
{
    struct line_news news = { .tenant = "acme",
                              .msisdn = "+959250000001",
                              .adapter = "instant",
                              .state = "ACTIVE",
                              .origin = "carrier/instant",
                              .at_ms = 1 };
    json_t *line = NULL;
    bool ok = line_learn(db, &news, err) &&
              line_show(db, "acme", news.msisdn, &line, err) &&
              slice_copy(slice_of(json_text(line, "id")), arg, ID_SIZE);
    json_decref(line);
    return ok;
}

static void a_line_is_known(void)
{
    char id[ID_SIZE];
    struct err err = ERR_INIT;
    CHECK(store_write_now(rig->store, tell_line, id, &err));
    keep("{line}", id);
}

static void a_device_is_known(void)
{
    static char id[] = "device-1";
    struct err err = ERR_INIT;
    CHECK(store_write_now(rig->store, tell_device, id, &err));
    keep("{device}", id);
}

static void the_host_starts(void)
{
    json_start();
    struct api_rig_plan plan = { .rbac = NULL };
    rig = rig_start(&plan);
    order("{done}", "t1", "basic");
    order("{held}", "t2", "hold");
    order("{order}", "t3", "later");
    order("{failed}", "t4", "refuse");
    a_device_is_known();
    a_line_is_known();
    struct ask ask = { "GET", "/v1/keys", rig->admin, NULL, NULL };
    struct reply reply;
    rig_ask(rig, &ask, &reply);
    const json_t *items = json_object_get(reply.json, "items");
    for (size_t i = 0; i < json_array_size(items); i++)
        if (strcmp(json_text(json_array_get(items, i), "subject"), "vic") == 0)
            keep("{key}", json_text(json_array_get(items, i), "id"));
    rig_finish(&reply);
}

static void every_route_has_a_sample(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        if (sample_of(route) == NULL)
            fprintf(stderr, "no sample for %s\n", route->id);
        CHECK(sample_of(route) != NULL);
    }
}

/* ---- what the pipeline answers, for every route alike ---- */

static void without_identity_every_route_that_needs_one_says_401(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++)
        if (needs_identity(route)) {
            CHECK_INT(ask_sample(rig, route, NULL), 401);
            CHECK_INT(ask_sample(rig, route, "esk_short"), 401);
        }
}

static void who_has_no_role_gets_403_everywhere(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++)
        if (needs_identity(route))
            CHECK_INT(ask_sample(rig, route, rig->nobody), 403);
}

/* OWASP API1: another tenant's thing and a missing one are the same answer. */
static void another_tenants_thing_is_a_missing_thing(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        if ((route->flags & ROUTE_OBJECT) == 0)
            continue;
        const struct sample *sample = sample_of(route);
        struct ask ask = { route->method, filled(sample->path, NULL), rig->other,
                           sample->body, sample->headers };
        struct reply theirs, missing;
        rig_ask(rig, &ask, &theirs);
        bool is_profile = strstr(sample->path, "{iccid}") != NULL;
        ask.path = filled(sample->path, is_profile
                                            ? "8995010000000000777"
                                            : "01900000-0000-7000-8000-000000000000");
        rig_ask(rig, &ask, &missing);
        CHECK_INT(theirs.status, 404);
        CHECK_INT(missing.status, 404);
        CHECK_TEXT(json_text(theirs.json, "code"), json_text(missing.json, "code"));
        CHECK_INT(json_object_size(theirs.json), json_object_size(missing.json));
        rig_finish(&theirs);
        rig_finish(&missing);
    }
}

static void lists_show_no_other_tenants_things(void)
{
    static const char *const paths[] = { "/v1/orders", "/v1/profiles", "/v1/audit",
                                         "/v1/events", "/v1/keys",     "/v1/tenants" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct ask ask = { "GET", paths[i], rig->other, NULL, NULL };
        struct reply reply;
        rig_ask(rig, &ask, &reply);
        CHECK_INT(reply.status, 200);
        for (int t = 0; t < THING_COUNT; t++)
            CHECK(strstr(reply.body.ptr, things[t].value) == NULL);
        CHECK(strstr(reply.body.ptr, "acme") == NULL);
        rig_finish(&reply);
    }
}

static void a_tenant_that_is_not_yours_cannot_be_named(void)
{
    struct ask ask = { "GET", "/v1/orders", rig->other, NULL, "Esim-Tenant: acme\r\n" };
    struct reply reply, missing;
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 403);
    ask.headers = "Esim-Tenant: nowhere\r\n";
    rig_ask(rig, &ask, &missing);
    CHECK_INT(missing.status, 403);
    CHECK_TEXT(json_text(reply.json, "detail"), json_text(missing.json, "detail"));
    rig_finish(&reply);
    rig_finish(&missing);
    ask.headers = "Esim-Tenant: bravo\r\n";
    CHECK_INT(rig_status(rig, &ask), 200);
    ask.key = rig->super;
    ask.headers = "Esim-Tenant: acme\r\n";
    CHECK_INT(rig_status(rig, &ask), 200);
    ask.headers = "Esim-Tenant: nowhere\r\n";
    CHECK_INT(rig_status(rig, &ask), 403);
}

static void broken_input_is_told_apart_from_wrong_input(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        const struct sample *sample = sample_of(route);
        if (!needs_identity(route))
            continue;
        struct ask ask = { route->method, filled(sample->path, NULL), rig->super,
                           sample->body, sample->headers };
        char path[300], headers[200];
        if (route->query != NULL) {
            CHECK(snprintf(path, sizeof path, "%s?nonsense=1", ask.path) > 0);
            ask.path = path;
            CHECK_INT(rig_status(rig, &ask), 422);
        }
        if (route->body == NULL)
            continue;
        ask.path = filled(sample->path, NULL);
        ask.body = "{\"a\":";
        CHECK_INT(rig_status(rig, &ask), 400);
        ask.body = "{\"nonsense\":1}";
        CHECK_INT(rig_status(rig, &ask), 422);
        CHECK(snprintf(headers, sizeof headers, "%sContent-Type: text/plain\r\n",
                       sample->headers == NULL ? "" : sample->headers) > 0);
        ask.headers = headers;
        CHECK_INT(rig_status(rig, &ask), 415);
    }
}

/* ---- rate, and a policy that fails ---- */

static void too_many_requests_are_told_when_to_come_back(void)
{
    static const char *const sets[] = { "rate.per_s", "1", "rate.burst", "1", NULL };
    struct api_rig_plan plan = { .sets = sets };
    struct api_rig *slow = rig_start(&plan);
    struct ask ask = { "GET", "/v1/orders", slow->admin, NULL, NULL };
    struct reply reply;
    rig_ask(slow, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK(rig_field(&reply, "RateLimit-Policy")[0] == '"');
    rig_finish(&reply);
    rig_ask(slow, &ask, &reply);
    CHECK_INT(reply.status, 429);
    CHECK_TEXT(rig_field(&reply, "Retry-After"), "1");
    CHECK(strstr(rig_field(&reply, "RateLimit"), "r=0") != NULL);
    rig_finish(&reply);
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        bool seen = !needs_identity(route);
        for (int tries = 0; !seen && tries < 20; tries++)
            seen = ask_sample(slow, route, slow->admin) == 429;
        CHECK(seen);
    }
    rig_stop(&slow);
}

/* Fail closed: a policy that errs refuses, it never lets through. */
static void a_policy_that_fails_lets_nothing_through(void)
{
    struct api_rig_plan plan = { .rbac = "function authorize(request)\n"
                                         "  error(\"no idea\")\nend\n" };
    struct api_rig *broken = rig_start(&plan);
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++)
        if (needs_identity(route))
            CHECK_INT(ask_sample(broken, route, broken->super), 503);
    rig_stop(&broken);
}

/* ---- the replies that each handler gives ---- */

struct expectation {
    const char *method, *path, *headers, *body;
    int status;
};

static void check_all(const struct expectation *rows, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        struct ask ask = { rows[i].method, filled(rows[i].path, NULL), key,
                           rows[i].body, rows[i].headers };
        int status = rig_status(rig, &ask);
        if (status != rows[i].status)
            fprintf(stderr, "%s %s\n", rows[i].method, rows[i].path);
        CHECK_INT(status, rows[i].status);
    }
}

#define CHECK_ALL(rows, key) check_all(rows, sizeof(rows) / sizeof((rows)[0]), key)

static void lines_and_devices_answer_as_documented(void)
{
    static const struct expectation rows[] = {
        { "GET", "/v1/lines", NULL, NULL, 200 },
        { "GET", "/v1/lines?state=ACTIVE&msisdn=%2B959250000001&limit=2", NULL, NULL,
          200 },
        { "GET", "/v1/lines?state=asleep", NULL, NULL, 422 },
        { "GET", "/v1/lines?msisdn=12", NULL, NULL, 422 },
        { "GET", "/v1/lines/{line}", NULL, NULL, 200 },
        { "GET", "/v1/lines/959250000001", NULL, NULL, 200 },
        { "GET", "/v1/lines/959250000002", NULL, NULL, 404 },
        { "GET", "/v1/lines/09250000001", NULL, NULL, 200 },
        { "GET", "/v1/lines/nobody", NULL, NULL, 404 },
        { "GET", "/v1/devices", NULL, NULL, 200 },
        { "GET", "/v1/devices?q=a&carrier=instant&limit=2", NULL, NULL, 200 },
        { "GET", "/v1/devices?q=", NULL, NULL, 422 },
        { "GET", "/v1/devices/{device}", NULL, NULL, 200 },
        { "GET", "/v1/devices/nobody", NULL, NULL, 404 },
    };
    CHECK_ALL(rows, rig->admin);
}

static void handlers_answer_as_documented(void)
{
    static const struct expectation rows[] = {
        { "POST", "/v1/orders", "Idempotency-Key: u1\r\n", BODY_ORDER, 202 },
        { "GET", "/v1/orders", NULL, NULL, 200 },
        { "GET", "/v1/orders/{done}", NULL, NULL, 200 },
        { "HEAD", "/v1/orders/{done}", NULL, NULL, 200 },
        { "GET", "/v1/orders/{done}", "If-None-Match: *\r\n", NULL, 304 },
        { "POST", "/v1/orders/{order}/cancel", "If-Match: \"v0\"\r\n", NULL, 412 },
        { "POST", "/v1/orders/{failed}/cancel", NULL, NULL, 409 },
        { "POST", "/v1/orders/{order}/cancel", "If-Match: *\r\n", NULL, 202 },
        { "POST", "/v1/orders/{done}/resolve", NULL, "{\"resolution\":\"done\"}", 409 },
        { "POST", "/v1/orders/{held}/resolve", "If-Match: \"v0\"\r\n",
          "{\"resolution\":\"done\"}", 412 },
        { "POST", "/v1/orders/{held}/resolve", NULL, "{\"resolution\":\"give_up\"}",
          202 },
        { "GET", "/v1/profiles", NULL, NULL, 200 },
        { "GET", "/v1/profiles/{iccid}", NULL, NULL, 200 },
        { "GET", "/v1/profiles/{iccid}/qr", NULL, NULL, 200 },
        { "GET", "/v1/profiles/{iccid}/qr?scale=2", "Accept: image/svg+xml\r\n", NULL,
          200 },
        { "GET", "/v1/profiles/{iccid}/qr?ink=dark", "Accept: text/*\r\n", NULL, 200 },
        { "GET", "/v1/profiles/{iccid}/qr", "Accept: image/gif\r\n", NULL, 406 },
        { "GET", "/v1/profiles/{iccid}/activation-code", NULL, NULL, 200 },
        { "GET", "/v1/profiles/{iccid}/activation-code", "Accept: text/plain\r\n", NULL,
          200 },
        { "GET", "/v1/profiles/{iccid}/activation-code", "Accept: image/png\r\n", NULL,
          406 },
        { "GET", "/v1/adapters", NULL, NULL, 200 },
        { "GET", "/v1/adapters/quick", NULL, NULL, 200 },
        { "GET", "/v1/adapters/nemo", NULL, NULL, 404 },
        { "GET", "/health/adapters/instant", NULL, NULL, 200 },
        { "GET", "/health/adapters/nemo", NULL, NULL, 404 },
        { "POST", "/v1/adapters/nemo/reload", NULL, NULL, 404 },
        { "GET", "/v1/policies", NULL, NULL, 200 },
        { "GET", "/v1/policies/policy", NULL, NULL, 200 },
        { "GET", "/v1/policies/nemo", NULL, NULL, 404 },
        { "POST", "/v1/policies/nemo/reload", NULL, NULL, 404 },
        { "GET", "/v1/audit?outcome=done&limit=3", NULL, NULL, 200 },
        { "GET", "/v1/audit/verify?from=2", NULL, NULL, 200 },
        { "GET", "/v1/events?after=1&limit=2", NULL, NULL, 200 },
        { "GET", "/v1/events", "Accept: image/png\r\n", NULL, 406 },
        { "GET", "/v1/keys", NULL, NULL, 200 },
        { "GET", "/v1/tenants", NULL, NULL, 200 },
        { "GET", "/metrics", NULL, NULL, 200 },
        { "GET", "/livez", NULL, NULL, 200 },
        { "GET", "/readyz", NULL, NULL, 200 },
        { "GET", "/readyz?verbose", NULL, NULL, 200 },
        { "GET", "/openapi.json", NULL, NULL, 200 },
        { "GET", "/problems/conflict", NULL, NULL, 200 },
        { "GET", "/problems/nonsense", NULL, NULL, 404 },
        { "PUT", "/v1/orders", NULL, NULL, 405 },
        { "GET", "/v1/nothing", NULL, NULL, 404 },
        { "GET", "/v1/orders/", NULL, NULL, 404 },
        { "GET", "/v1/orders/%2e%2e", NULL, NULL, 404 },
    };
    CHECK_ALL(rows, rig->admin);
}

static void a_profile_without_a_code_cannot_be_revealed(void)
{
    char path[100];
    struct reply reply;
    static const char body[] =
        "{\"type\":\"profile.status\",\"iccid\":\"8995010000000000017\"}";
    struct ask ask = { "POST", "/v1/orders", rig->admin, body,
                       "Idempotency-Key: v1\r\nPrefer: wait=15\r\n" };
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    rig_finish(&reply);
    CHECK(snprintf(path, sizeof path, "/v1/profiles/8995010000000000017/qr") > 0);
    struct ask look = { "GET", path, rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &look), 409);
    look.path = "/v1/profiles/8995010000000000017/activation-code";
    CHECK_INT(rig_status(rig, &look), 409);
}

static void keys_and_tenants_are_made_once(void)
{
    static const struct expectation rows[] = {
        { "POST", "/v1/tenants", NULL, "{\"tenant\":\"delta\",\"name\":\"Delta\"}",
          201 },
        { "POST", "/v1/tenants", NULL, "{\"tenant\":\"delta\"}", 409 },
        { "GET", "/v1/tenants", NULL, NULL, 200 },
    };
    CHECK_ALL(rows, rig->super);
    static const struct expectation keys[] = {
        { "POST", "/v1/keys", NULL, "{\"subject\":\"n\",\"roles\":[\"viewer\"]}", 201 },
        { "POST", "/v1/keys", NULL, "{\"subject\":\"n\",\"roles\":[\"superadmin\"]}",
          403 },
        { "DELETE", "/v1/keys/{key}", NULL, NULL, 204 },
    };
    CHECK_ALL(keys, rig->admin);
}

static void check_refused(const struct ask *ask, const char *words)
{
    struct reply reply;
    rig_ask(rig, ask, &reply);
    CHECK_INT(reply.status, 409);
    CHECK(strstr(json_text(reply.json, "detail"), words) != NULL);
    rig_finish(&reply);
}

static void a_reload_says_its_verdict(void)
{
    struct ask ask = { "POST", "/v1/adapters/quick/reload", rig->admin, NULL, NULL };
    rig_put_adapter(rig, 2);
    CHECK_INT(rig_status(rig, &ask), 200);
    rig_put_adapter(rig, 1); /* Revisions only go up. */
    check_refused(&ask, "the old version stays");
}

static void a_policy_is_taken_as_a_whole_or_not_at_all(void)
{
    struct ask ask = { "POST", "/v1/policies/policy/reload", rig->admin, NULL, NULL };
    rig_put_policy(rig, NULL, 8);
    CHECK_INT(rig_status(rig, &ask), 200);
    rig_put_policy(rig, "function authorize( end", 9);
    check_refused(&ask, "the old revision stays: ");
    rig_put_policy(rig, NULL, 9);
    CHECK_INT(rig_status(rig, &ask), 200);
}

/* ---- callbacks ---- */

static void a_carrier_proves_itself_before_it_is_heard(void)
{
    static const struct expectation rows[] = {
        { "POST", "/callbacks/instant/a/b?c=d", NULL, "{}", 401 },
        { "POST", "/callbacks/nemo/a", NULL, "{}", 404 },
        { "POST", "/callbacks/instant", NULL, "{}", 404 },
    };
    CHECK_ALL(rows, NULL);
    struct ask ask = { "PUT", "/callbacks/instant/a/b?c=d", "carrier-secret", "{}",
                       NULL };
    struct reply reply;
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK_TEXT(rig_field(&reply, "Content-Type"), "text/x-carrier");
    CHECK_TEXT(rig_field(&reply, "Set-Cookie"), "");
    CHECK(slice_is(reply.body, "/a/b?c=d"));
    rig_finish(&reply);
    ask.key = "carrier-secret2";
    CHECK_INT(rig_status(rig, &ask), 401);
}

/* ---- what the tests above did not see ---- */

static void every_documented_reply_was_seen(void)
{
    check_documented_was_seen(rig);
}

static void every_reply_seen_is_documented(void)
{
    check_seen_is_documented();
}

static void the_host_stops(void)
{
    rig_stop(&rig);
    json_decref(rig_seen);
}

TESTS("api_routes", CASE(the_host_starts), CASE(every_route_has_a_sample),
      CASE(without_identity_every_route_that_needs_one_says_401),
      CASE(who_has_no_role_gets_403_everywhere),
      CASE(lists_show_no_other_tenants_things),
      CASE(another_tenants_thing_is_a_missing_thing),
      CASE(a_tenant_that_is_not_yours_cannot_be_named),
      CASE(broken_input_is_told_apart_from_wrong_input),
      CASE(lines_and_devices_answer_as_documented), CASE(handlers_answer_as_documented),
      CASE(a_profile_without_a_code_cannot_be_revealed),
      CASE(keys_and_tenants_are_made_once), CASE(a_reload_says_its_verdict),
      CASE(a_policy_is_taken_as_a_whole_or_not_at_all),
      CASE(a_carrier_proves_itself_before_it_is_heard),
      CASE(too_many_requests_are_told_when_to_come_back),
      CASE(a_policy_that_fails_lets_nothing_through),
      CASE(every_documented_reply_was_seen), CASE(every_reply_seen_is_documented),
      CASE(the_host_stops))
