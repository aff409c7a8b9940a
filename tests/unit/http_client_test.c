#include "client_scene.h"

/* ---- replies ---- */

static void a_reply_of_any_status_is_a_reply(void)
{
    struct scene s;
    scene_start(&s);
    EXCHANGE(&s, "HTTP/1.1 503 Busy\r\nX:  y \r\nContent-Length: 4\r\n\r\nbusy", false);
    CHECK_INT(s.outcome.end, HTTP_REPLIED);
    CHECK_INT(s.outcome.status, 503);
    CHECK_TEXT(s.outcome.x, "y");
    CHECK_INT(s.outcome.field_count, 2);
    CHECK_TEXT(s.outcome.body.ptr, "busy");
    scene_stop(&s);
}

static void the_request_is_what_was_asked_for_and_nothing_more(void)
{
    static const struct http_field fields[] = {
        { SLICE_LITERAL("X-A"), SLICE_LITERAL("b") },
        { SLICE_LITERAL("X-Empty"), SLICE_LITERAL("") },
    };
    char expected[512];
    struct scene s;
    scene_start(&s);
    s.identity.bearer = "token";
    s.outgoing.method = "POST";
    s.outgoing.fields = fields;
    s.outgoing.field_count = 2;
    s.outgoing.body = SLICE_LITERAL("a\0b");
    EXCHANGE(&s, OK_REPLY, false);
    CHECK(snprintf(expected, sizeof expected,
                   "POST /p?q HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                   "Authorization: Bearer token\r\nUser-Agent: esimd\r\nAccept: */*\r\n"
                   "X-A: b\r\nX-Empty:\r\nContent-Length: 3\r\n\r\na",
                   s.peer.port) > 0);
    CHECK_TEXT(s.peer.got.ptr, expected);
    CHECK_INT(s.peer.got.size, strlen(expected) + 2);
    scene_stop(&s);
}

static void methods_and_basic_credentials_are_sent(void)
{
    static const struct {
        const char *method;
        const char *line;
        const char *reply;
    } methods[] = {
        { "GET", "GET /p?q HTTP/1.1", OK_REPLY },
        { "DELETE", "DELETE /p?q HTTP/1.1", OK_REPLY },
        { "PUT", "PUT /p?q HTTP/1.1", OK_REPLY },
        { "PATCH", "PATCH /p?q HTTP/1.1", OK_REPLY },
        { "HEAD", "HEAD /p?q HTTP/1.1",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" },
    };
    struct scene s;
    scene_start(&s);
    s.identity.basic = "user:pass";
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        s.outgoing.method = methods[i].method;
        exchange(&s, methods[i].reply, strlen(methods[i].reply), false);
        CHECK_INT(s.outcome.end, HTTP_REPLIED);
        CHECK(peer_has(&s.peer, methods[i].line));
    }
    CHECK(peer_has(&s.peer, "Authorization: Basic dXNlcjpwYXNz\r\n"));
    CHECK_INT(s.peer.accepted, 1);
    scene_stop(&s);
}

static void a_redirect_is_a_reply_and_is_not_followed(void)
{
    struct scene s;
    scene_start(&s);
    EXCHANGE(&s,
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n"
             "Content-Length: 0\r\n\r\n",
             false);
    CHECK_INT(s.outcome.status, 302);
    CHECK_INT(peer_requests(&s.peer), 1);
    scene_stop(&s);
}

static void an_interim_reply_is_passed_over(void)
{
    struct scene s;
    scene_start(&s);
    EXCHANGE(&s, "HTTP/1.1 103 Early Hints\r\nX: early\r\nY: z\r\n\r\n" OK_REPLY,
             false);
    CHECK_INT(s.outcome.status, 200);
    CHECK_INT(s.outcome.field_count, 1);
    CHECK_TEXT(s.outcome.x, "");
    scene_stop(&s);
}

/* curl would gladly inflate a kilobyte to a gigabyte. */
static void a_packed_body_stays_packed_and_trailers_are_no_fields(void)
{
    struct scene s;
    scene_start(&s);
    EXCHANGE(&s,
             "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\nX: trailer\r\n\r\n",
             false);
    CHECK_INT(s.outcome.end, HTTP_REPLIED);
    CHECK_INT(s.outcome.body.size, 3);
    CHECK_TEXT(s.outcome.x, "");
    CHECK(!peer_has(&s.peer, "Accept-Encoding"));
    scene_stop(&s);
}

static void let_time_pass(struct scene *s, int64_t ms)
{
    struct loop_timer *timer = loop_timer_create(s->loop, (void (*)(void *))loop_stop,
                                                 s->loop);
    loop_timer_set(timer, ms);
    loop_run(s->loop);
    loop_timer_destroy(&timer);
}

/* curl counts a connection's age by its own clock, in whole seconds: so real ones pass. */
static void a_connection_long_unused_is_not_taken_when_asked(void)
{
    struct scene s;
    scene_start(&s);
    s.outgoing.kept_within_s = 1;
    EXCHANGE(&s, OK_REPLY, false);
    EXCHANGE(&s, OK_REPLY, false);
    CHECK_INT(s.peer.accepted, 1);
    let_time_pass(&s, 2100);
    EXCHANGE(&s, OK_REPLY, false);
    CHECK_INT(s.peer.accepted, 2);
    scene_stop(&s);
}

/* A connection may carry what its first user proved: another must not ride on it. */
static void calls_of_different_identities_never_share_a_connection(void)
{
    struct scene s;
    scene_start(&s);
    const struct http_identity identities[] = {
        { .allow_private = true },
        { .allow_private = true, .bearer = "a" },
        { .allow_private = true, .bearer = "b" },
        { .allow_private = true, .basic = "a" },
        { .allow_private = true, .basic = "a:b" },
        { .allow_private = true, .ca_file = "/nonexistent" },
        { .allow_private = true, .key_file = "/nonexistent" },
        { .allow_private = true, .pin_sha256 = "sha256//YQ==" },
    };
    enum { COUNT = sizeof identities / sizeof identities[0] };
    for (int i = 0; i < COUNT; i++) {
        s.outgoing.identity = &identities[i];
        EXCHANGE(&s, OK_REPLY, false);
        EXCHANGE(&s, OK_REPLY, false);
        CHECK_INT(s.outcome.end, HTTP_REPLIED);
        CHECK_INT(s.peer.accepted, i + 1);
    }
    scene_stop(&s);
}

/* ---- misuse ---- */

static void a_malformed_call_is_refused_at_once(void)
{
    static const struct http_field good = { SLICE_LITERAL("A"), SLICE_LITERAL("b") };
    static const struct http_field bad[] = {
        { SLICE_LITERAL("A"), SLICE_LITERAL("b\r\nC: d") },
        { SLICE_LITERAL("A"), SLICE_LITERAL("b\0c") },
        { SLICE_LITERAL("A b"), SLICE_LITERAL("c") },
        { SLICE_LITERAL(""), SLICE_LITERAL("c") },
        { SLICE_LITERAL("Host"), SLICE_LITERAL("elsewhere") },
        { SLICE_LITERAL("content-length"), SLICE_LITERAL("3") },
        { SLICE_LITERAL("Transfer-Encoding"), SLICE_LITERAL("chunked") },
        { SLICE_LITERAL("authorization"), SLICE_LITERAL("Basic YTpi") },
    };
    static const char *const urls[] = {
        "",           "ftp://127.0.0.1/",          "file:///etc/passwd",
        "127.0.0.1/", "http://user:pw@127.0.0.1/", "http://127.0.0.1:99999/"
    };
    struct scene s;
    struct err err = ERR_INIT;
    scene_start(&s);
    s.identity.bearer = "token";
    s.outgoing.field_count = 1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        s.outgoing.fields = &bad[i];
        CHECK(http_send(s.client, &s.outgoing, note, &s.outcome, &err) == NULL);
        CHECK_INT(err.code, ERR_INVALID);
    }
    s.outgoing.fields = &good;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        s.outgoing.url = urls[i];
        CHECK(http_send(s.client, &s.outgoing, note, &s.outcome, &err) == NULL);
        CHECK_INT(err.code, ERR_INVALID);
    }
    s.outgoing.url = s.url;
    s.outgoing.method = "GET /x HTTP/1.1\r\nX: y";
    CHECK(http_send(s.client, &s.outgoing, note, &s.outcome, &err) == NULL);
    CHECK_INT(s.outcome.calls, 0);
    scene_stop(&s);
}

static void a_cancelled_call_is_never_reported(void)
{
    struct scene s;
    scene_start(&s);
    struct http_call *call = start(&s);
    scene_until(&s, peer_requests(&s.peer) == 1);
    http_cancel(&call);
    CHECK(call == NULL);
    http_cancel(&call);
    for (int turn = 0; turn < 5; turn++)
        scene_step(&s);
    CHECK_INT(s.outcome.calls, 0);
    scene_stop(&s);
}

static void every_call_is_reported_when_the_client_ends(void)
{
    struct scene s;
    scene_start(&s);
    start(&s);
    scene_until(&s, peer_requests(&s.peer) == 1);
    struct outcome unsent = { .calls = 0 };
    buf_init(&unsent.body, 1000);
    struct err err = ERR_INIT;
    CHECK(http_send(s.client, &s.outgoing, note, &unsent, &err) != NULL);
    http_client_destroy(&s.client);
    CHECK_INT(s.outcome.calls, 1);
    CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
    CHECK_INT(unsent.calls, 1);
    CHECK_INT(unsent.end, HTTP_NOT_SENT);
    buf_finish(&unsent.body);
    scene_stop(&s);
}

/* ---- many, against our own server ---- */

static void echo_body(struct http_exchange *exchange, void *arg)
{
    (void)arg;
    struct http_reply reply = { .status = 200,
                                .body = http_exchange_request(exchange)->body };
    http_answer(exchange, &reply);
}

static void more_calls_than_connections_wait_and_all_are_answered(void)
{
    enum { MANY = 200 };
    struct scene s;
    scene_start(&s);
    const struct http_limits limits = rig_limits();
    struct rig rig = { .loop = s.loop };
    struct err err = ERR_INIT;
    rig.server = http_server_create(s.loop, &limits, echo_body, NULL, &err);
    CHECK_FATAL(http_server_listen(rig.server, "127.0.0.1:0", NULL, rig.address, &err));
    CHECK(snprintf(s.url, sizeof s.url, "http://%s/", rig.address) > 0);
    s.outgoing.method = "POST";
    s.outgoing.body = SLICE_LITERAL("hello");
    for (int i = 0; i < MANY; i++)
        start(&s);
    scene_until(&s, s.outcome.calls == MANY);
    CHECK_INT(s.outcome.end, HTTP_REPLIED);
    CHECK_TEXT(s.outcome.body.ptr, "hello");
    http_server_destroy(&rig.server);
    scene_stop(&s);
}

TESTS("http_client", CASE(a_reply_of_any_status_is_a_reply),
      CASE(the_request_is_what_was_asked_for_and_nothing_more),
      CASE(methods_and_basic_credentials_are_sent),
      CASE(a_redirect_is_a_reply_and_is_not_followed),
      CASE(an_interim_reply_is_passed_over),
      CASE(a_packed_body_stays_packed_and_trailers_are_no_fields),
      CASE(a_connection_long_unused_is_not_taken_when_asked),
      CASE(calls_of_different_identities_never_share_a_connection),
      CASE(a_malformed_call_is_refused_at_once),
      CASE(a_cancelled_call_is_never_reported),
      CASE(every_call_is_reported_when_the_client_ends),
      CASE(more_calls_than_connections_wait_and_all_are_answered))
