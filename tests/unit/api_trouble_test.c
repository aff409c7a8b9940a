/* What happens when something is away, someone goes, or the host stops. */
#include "api_client.h"

#include "audit/audit.h"

static struct api_rig *rig;

#define LATER "{\"type\":\"profile.provision\",\"plan\":\"later\"}"
#define BASIC "{\"type\":\"profile.provision\",\"plan\":\"basic\"}"

static void the_host_starts(void)
{
    json_start();
    struct api_rig_plan plan = { .rbac = NULL };
    rig = rig_start(&plan);
}

/* ---- the Unix socket ---- */

static void ask_unix(const struct ask *ask, struct reply *ret)
{
    int fd = rig_connect_unix(rig);
    rig_send(fd, ask);
    rig_receive(fd, ret);
    close(fd);
}

/* Who runs the host could read its files anyway. */
static void the_hosts_own_user_needs_no_key_on_the_socket(void)
{
    struct ask ask = { "GET", "/v1/keys", NULL, NULL, "Esim-Tenant: acme\r\n" };
    struct reply reply;
    ask_unix(&ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK_INT(json_array_size(json_object_get(reply.json, "items")), 3);
    rig_finish(&reply);
}

/* The same JSON over the socket as over HTTP. */
static void a_key_that_is_offered_counts_on_the_socket_too(void)
{
    struct ask ask = { "GET", "/v1/tenants", rig->other, NULL, NULL };
    struct reply socket_reply, http_reply;
    ask_unix(&ask, &socket_reply);
    rig_ask(rig, &ask, &http_reply);
    CHECK_INT(socket_reply.status, 200);
    CHECK(slice_equal(socket_reply.body, http_reply.body));
    rig_finish(&socket_reply);
    rig_finish(&http_reply);
    ask.key = "esk_wrong";
    ask_unix(&ask, &socket_reply);
    CHECK_INT(socket_reply.status, 401);
    rig_finish(&socket_reply);
}

static void users_get_the_role_that_the_setting_says(void)
{
    struct err err = ERR_INIT;
    struct unix_roles *roles = unix_roles_read("1000=operator@acme,1001=viewer", &err);
    CHECK(roles != NULL);
    struct http_peer peer = { .is_unix = true, .uid = 1000 };
    struct http_request request = { .peer = &peer };
    struct identity_parts parts = { .unix_roles = roles };
    struct who who;
    CHECK_INT(identity_of(&parts, &request, &who, &err), WHO_KNOWN);
    CHECK_TEXT(who.subject, "uid:1000");
    CHECK_TEXT(who.tenant, "acme");
    CHECK(!who.is_superadmin);
    json_decref(who.card);
    peer.uid = 1001;
    CHECK_INT(identity_of(&parts, &request, &who, &err), WHO_KNOWN);
    CHECK_TEXT(who.tenant, "default");
    json_decref(who.card);
    peer.uid = 54321;
    CHECK_INT(identity_of(&parts, &request, &who, &err), WHO_WRONG);
    peer.is_unix = false;
    CHECK_INT(identity_of(&parts, &request, &who, &err), WHO_NOT_MINE);
    unix_roles_destroy(&roles);
    CHECK(unix_roles_read("root=operator", &err) == NULL);
    CHECK(unix_roles_read("1=", &err) == NULL);
    CHECK_TEXT(err.field, "http.socket_roles");
}

/* ---- keys ---- */

/* Each letter of a key matters, and a typo never reaches the store. */
static void a_key_with_one_letter_changed_is_refused(void)
{
    char prefix[KEY_PREFIX_SIZE], key[KEY_TEXT_SIZE];
    uint8_t hash[DIGEST_SIZE];
    CHECK(key_text_read(slice_of(rig->admin), prefix, hash));
    CHECK_INT(strlen(prefix), 12);
    for (size_t i = 0; i < strlen(rig->admin); i++) {
        memcpy(key, rig->admin, sizeof key);
        key[i] = key[i] == 'x' ? 'y' : 'x';
        CHECK(!key_text_read(slice_of(key), prefix, hash));
    }
    CHECK(!key_text_read(slice_of(""), prefix, hash));
    CHECK(
        !key_text_read(slice_bytes(rig->admin, strlen(rig->admin) - 1), prefix, hash));
}

/* A revoked key opens nothing, on every thread, at once. */
static void a_revoked_key_opens_nothing(void)
{
    struct reply reply;
    char key[KEY_TEXT_SIZE], path[80];
    struct ask make = { "POST", "/v1/keys", rig->admin,
                        "{\"subject\":\"short\",\"roles\":[\"viewer\"]}", NULL };
    rig_ask(rig, &make, &reply);
    CHECK_INT(reply.status, 201);
    CHECK_FATAL(slice_copy(slice_of(json_text(reply.json, "key")), key, sizeof key));
    CHECK(snprintf(path, sizeof path, "/v1/keys/%s", json_text(reply.json, "id")) > 0);
    rig_finish(&reply);
    struct ask use = { "GET", "/v1/orders", key, NULL, NULL };
    for (int i = 0; i < 8; i++) /* Both threads have it in their caches. */
        CHECK_INT(rig_status(rig, &use), 200);
    struct ask revoke = { "DELETE", path, rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &revoke), 204);
    for (int i = 0; i < 8; i++)
        CHECK_INT(rig_status(rig, &use), 401);
}

/* ---- audit ---- */

static int count_records(const char *query)
{
    char path[200];
    struct reply reply;
    CHECK(snprintf(path, sizeof path, "/v1/audit?%s", query) > 0);
    struct ask ask = { "GET", path, rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    int count = (int)json_array_size(json_object_get(reply.json, "items"));
    rig_finish(&reply);
    return count;
}

static void what_was_refused_is_in_the_audit(void)
{
    struct ask denied = { "POST", "/v1/orders", rig->viewer, BASIC,
                          "Idempotency-Key: r1\r\n" };
    CHECK_INT(rig_status(rig, &denied), 403);
    CHECK_INT(count_records("outcome=denied&action=order.create&subject=key:vic"), 1);
    struct ask reveal = { "GET", "/v1/profiles/8995010000000000001/qr", rig->viewer,
                          NULL, NULL };
    CHECK_INT(rig_status(rig, &reveal), 403);
    CHECK_INT(count_records("outcome=denied&action=profile.reveal"), 1);
    struct ask missing = { "POST",
                           "/v1/orders/01900000-0000-7000-8000-000000000000/cancel",
                           rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &missing), 404);
    CHECK_INT(count_records("outcome=failed&action=order.cancel"), 1);
}

static void every_look_at_a_code_is_in_the_audit(void)
{
    struct reply reply;
    struct ask ask = { "POST", "/v1/orders", rig->admin, BASIC,
                       "Idempotency-Key: r2\r\nPrefer: wait=15\r\n" };
    CHECK_INT(rig_status(rig, &ask), 200);
    struct ask reveal = { "GET", "/v1/profiles/8995010000000000001/activation-code",
                          rig->admin, NULL, "Accept-Encoding: gzip\r\n" };
    rig_ask(rig, &reveal, &reply);
    CHECK_INT(reply.status, 200);
    CHECK_TEXT(json_text(reply.json, "lpa"),
               "LPA:1$smdp.example.net$CANARY-MATCH-4711");
    CHECK_TEXT(rig_field(&reply, "Cache-Control"), "no-store");
    CHECK_TEXT(rig_field(&reply, "Content-Encoding"), "");
    rig_finish(&reply);
    CHECK_INT(count_records("outcome=done&action=profile.reveal"), 1);
}

/* The code is in no list, record, event or metric. */
static void a_code_is_shown_nowhere_else(void)
{
    static const char *const paths[] = {
        "/v1/orders",
        "/v1/profiles",
        "/v1/profiles/8995010000000000001",
        "/v1/audit?limit=500",
        "/v1/events?limit=500",
        "/v1/adapters",
        "/metrics",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct reply reply;
        struct ask ask = { "GET", paths[i], rig->admin, NULL, NULL };
        rig_ask(rig, &ask, &reply);
        CHECK_INT(reply.status, 200);
        CHECK(strstr(reply.body.ptr, "CANARY") == NULL);
        CHECK(strstr(reply.body.ptr, "carrier-secret") == NULL);
        rig_finish(&reply);
    }
}

static bool break_chain(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_run(db,
                  "UPDATE audit SET subject = 'nobody' WHERE tenant = $1 AND seq = 2",
                  DB_ARGS(db_text("bravo")), NULL, err);
}

static void an_edited_record_is_found(void)
{
    struct err err = ERR_INIT;
    struct reply reply;
    struct ask make = { "POST", "/v1/keys", rig->other,
                        "{\"subject\":\"x\",\"roles\":[\"viewer\"]}", NULL };
    CHECK_INT(rig_status(rig, &make), 201);
    CHECK_INT(rig_status(rig, &make), 201);
    struct ask ask = { "GET", "/v1/audit/verify", rig->other, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK(json_bool(reply.json, "ok", false));
    rig_finish(&reply);
    CHECK(store_write_now(rig->store, break_chain, NULL, &err));
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK(!json_bool(reply.json, "ok", true));
    CHECK(json_text(reply.json, "problem") != NULL);
    rig_finish(&reply);
}

/* ---- streams ---- */

/* Reads until `text` has come, or the time is over. */
static bool read_until(int fd, struct buf *got, const char *text)
{
    char piece[2048];
    while (got->ptr == NULL || strstr(got->ptr, text) == NULL) {
        ssize_t size = rig_recv(fd, piece, sizeof piece);
        if (size <= 0)
            return false;
        buf_add(got, piece, (size_t)size);
    }
    return true;
}

static int open_stream(const char *path, const char *headers)
{
    struct ask ask = { "GET", path, rig->admin, NULL, headers };
    int fd = rig_connect(rig);
    rig_send(fd, &ask);
    return fd;
}

static void place(const char *headers)
{
    struct ask ask = { "POST", "/v1/orders", rig->admin, LATER, headers };
    CHECK_INT(rig_status(rig, &ask), 202);
}

/* What was missed comes first, what happens comes as it happens. */
static void a_stream_tells_what_was_and_what_comes(void)
{
    struct buf got;
    buf_init(&got, 1 << 20);
    place("Idempotency-Key: w1\r\n");
    int fd = open_stream("/v1/events", "Accept: text/event-stream\r\n");
    CHECK(read_until(fd, &got, "event: order.state\n"));
    CHECK(strstr(got.ptr, "Content-Type: text/event-stream") != NULL);
    CHECK(strstr(got.ptr, "id: 1\n") != NULL);
    buf_clear(&got);
    struct ask make = { "POST", "/v1/orders", rig->admin, LATER,
                        "Idempotency-Key: w2\r\n" };
    struct reply reply;
    rig_ask(rig, &make, &reply);
    CHECK(read_until(fd, &got, json_text(reply.json, "id")));
    rig_finish(&reply);
    close(fd);
    buf_finish(&got);
}

static void a_stream_resumes_where_it_was_cut(void)
{
    struct buf got;
    buf_init(&got, 1 << 20);
    int fd = open_stream("/v1/events",
                         "Accept: text/event-stream\r\nLast-Event-ID: 3\r\n");
    CHECK(read_until(fd, &got, "id: 4\n"));
    CHECK(strstr(got.ptr, "id: 3\n") == NULL);
    close(fd);
    buf_finish(&got);
}

static void a_client_that_goes_while_waiting_harms_nobody(void)
{
    struct ask ask = { "POST", "/v1/orders", rig->admin, LATER,
                       "Idempotency-Key: x1\r\nPrefer: wait=30\r\n" };
    for (int i = 0; i < 5; i++) {
        int fd = rig_connect(rig);
        rig_send(fd, &ask);
        close(fd);
    }
    struct ask look = { "GET", "/v1/orders", rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &look), 200);
}

/* ---- cells in trouble ---- */

/* The carrier is told to come again: nothing was taken. */
static void a_crash_while_a_carrier_calls_is_told(void)
{
    struct ask ask = { "POST", "/callbacks/instant/crash", "carrier-secret", "{}",
                       NULL };
    CHECK_INT(rig_status(rig, &ask), 503);
    CHECK_INT(json_object_get(rig_seen, "callback.deliver 503") != NULL, true);
}

static void an_adapter_that_does_not_start_is_down_and_the_host_not_ready(void)
{
    struct api_rig_plan plan = { .with_refuses = true };
    struct api_rig *half = rig_start(&plan);
    struct ask ask = { "GET", "/health/adapters/refuses", half->viewer, NULL, NULL };
    struct reply reply;
    rig_ask(half, &ask, &reply);
    CHECK_INT(reply.status, 503);
    CHECK_TEXT(json_text(reply.json, "status"), "down");
    rig_finish(&reply);
    ask.path = "/readyz";
    ask.key = NULL;
    rig_ask(half, &ask, &reply);
    CHECK_INT(reply.status, 503);
    CHECK(!json_bool(json_object_get(reply.json, "checks"), "engine", true));
    CHECK(json_bool(json_object_get(reply.json, "checks"), "store", false));
    rig_finish(&reply);
    ask.path = "/livez";
    CHECK_INT(rig_status(half, &ask), 200);
    rig_stop(&half);
}

/* ---- the host stops ---- */

/* Open streams and waiting requests are answered, not left hanging. */
static void a_stop_answers_who_waits(void)
{
    struct ask ask = { "POST", "/v1/orders", rig->admin, LATER,
                       "Idempotency-Key: y1\r\nPrefer: wait=30\r\n" };
    struct reply reply;
    struct buf got;
    buf_init(&got, 1 << 20);
    int stream = open_stream("/v1/events?after=100000",
                             "Accept: text/event-stream\r\n");
    CHECK(read_until(stream, &got, "\r\n\r\n"));
    int waiting = rig_connect(rig);
    rig_send(waiting, &ask);
    struct ask look = { "GET", "/v1/orders?limit=1", rig->admin, NULL, NULL };
    CHECK_INT(rig_status(rig, &look), 200);
    api_stop(rig->api);
    rig_receive(waiting, &reply);
    CHECK(reply.status == 202 || reply.status == 503);
    rig_finish(&reply);
    close(waiting);
    char byte;
    while (rig_recv(stream, &byte, 1) > 0)
        continue;
    close(stream);
    buf_finish(&got);
}

static void the_host_stops(void)
{
    rig_stop(&rig);
    json_decref(rig_seen);
}

TESTS("api_trouble", CASE(the_host_starts),
      CASE(the_hosts_own_user_needs_no_key_on_the_socket),
      CASE(a_key_that_is_offered_counts_on_the_socket_too),
      CASE(users_get_the_role_that_the_setting_says),
      CASE(a_key_with_one_letter_changed_is_refused), CASE(a_revoked_key_opens_nothing),
      CASE(what_was_refused_is_in_the_audit),
      CASE(every_look_at_a_code_is_in_the_audit), CASE(a_code_is_shown_nowhere_else),
      CASE(an_edited_record_is_found), CASE(a_stream_tells_what_was_and_what_comes),
      CASE(a_stream_resumes_where_it_was_cut),
      CASE(a_client_that_goes_while_waiting_harms_nobody),
      CASE(a_crash_while_a_carrier_calls_is_told),
      CASE(an_adapter_that_does_not_start_is_down_and_the_host_not_ready),
      CASE(a_stop_answers_who_waits), CASE(the_host_stops))
