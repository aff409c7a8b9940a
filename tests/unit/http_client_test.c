#include "http_rig.h"

#include "net/address.h"
#include "net/http_client.h"

/* How a call ended, copied. */
struct outcome {
    int calls;
    enum http_end end;
    int status;
    size_t field_count;
    char x[64]; /* The reply's field X. */
    struct buf body;
    struct err err;
};

/* The other side, played by the test: accepts connections one at a time. */
struct peer {
    int listener;
    int port;
    int fd; /* The newest connection; -1. */
    int accepted;
    struct buf got; /* Of all connections. */
};

struct scene {
    struct loop *loop;
    struct http_client *client;
    struct peer peer;
    struct outcome outcome;
    struct http_identity identity;
    char url[128];
    struct http_outgoing outgoing;
};

static void note(void *arg, enum http_end end, int status,
                 const struct http_field *fields, size_t field_count, struct slice body,
                 const struct err *err)
{
    struct outcome *outcome = arg;
    outcome->calls++;
    outcome->end = end;
    outcome->status = status;
    outcome->field_count = field_count;
    struct slice x = http_field_of(fields, field_count, "x");
    CHECK(slice_copy(x, outcome->x, sizeof outcome->x));
    buf_clear(&outcome->body);
    buf_add_slice(&outcome->body, body);
    CHECK((end == HTTP_REPLIED) == (err == NULL));
    if (err != NULL)
        outcome->err = *err;
}

static void peer_start(struct peer *peer)
{
    struct sockaddr_in where = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof where;
    *peer = (struct peer){ .fd = -1 };
    buf_init(&peer->got, 1 << 24);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK_FATAL(bind(peer->listener, (struct sockaddr *)&where, size) == 0);
    CHECK_FATAL(listen(peer->listener, 16) == 0);
    CHECK_FATAL(getsockname(peer->listener, (struct sockaddr *)&where, &size) == 0);
    peer->port = ntohs(where.sin_port);
}

static void peer_hang_up(struct peer *peer, bool reset)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    if (peer->fd < 0)
        return;
    if (reset)
        CHECK(setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) ==
              0);
    close(peer->fd);
    peer->fd = -1;
}

static void peer_step(struct peer *peer)
{
    int fd = accept4(peer->listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd >= 0) {
        peer_hang_up(peer, false);
        peer->fd = fd;
        peer->accepted++;
    }
    char bytes[4096];
    ssize_t size = 0;
    while (peer->fd >= 0 && (size = recv(peer->fd, bytes, sizeof bytes, 0)) > 0)
        buf_add(&peer->got, bytes, (size_t)size);
}

static void peer_say(struct peer *peer, const char *bytes, size_t size)
{
    CHECK_FATAL(peer->fd >= 0);
    CHECK(send(peer->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

static size_t peer_requests(const struct peer *peer)
{
    const struct client as_client = { .got = peer->got };
    return client_count(&as_client, "\r\n\r\n");
}

static bool peer_has(const struct peer *peer, const char *text)
{
    const struct client as_client = { .got = peer->got };
    return client_has(&as_client, text);
}

static void scene_start(struct scene *s)
{
    struct err err = ERR_INIT;
    const struct http_client_limits limits = { 8, 4 };
    *s = (struct scene){ .identity = { .allow_private = true } };
    s->loop = loop_create(&err);
    s->client = http_client_create(s->loop, &limits, &err);
    CHECK_FATAL(s->client != NULL);
    peer_start(&s->peer);
    buf_init(&s->outcome.body, 1 << 20);
    CHECK(snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/p?q", s->peer.port) > 0);
    s->outgoing = (struct http_outgoing){ .method = "GET",
                                          .url = s->url,
                                          .identity = &s->identity,
                                          .connect_ms = 5000,
                                          .timeout_ms = 8000,
                                          .reply_bytes = 1000 };
}

static void scene_stop(struct scene *s)
{
    http_client_destroy(&s->client);
    loop_destroy(&s->loop);
    peer_hang_up(&s->peer, false);
    close(s->peer.listener);
    buf_finish(&s->peer.got);
    buf_finish(&s->outcome.body);
}

static void scene_step(struct scene *s)
{
    int failed = event_base_loop(loop_base(s->loop), EVLOOP_NONBLOCK);
    CHECK_FATAL(failed >= 0);
    struct pollfd look[] = { { .fd = s->peer.listener, .events = POLLIN },
                             { .fd = s->peer.fd, .events = POLLIN } };
    int ready = poll(look, 2, 1);
    CHECK_FATAL(ready >= 0 || errno == EINTR);
    peer_step(&s->peer);
}

#define scene_until(s, condition)                              \
    do {                                                       \
        int64_t scene_end = rig_now_ms() + RIG_SECONDS * 1000; \
        while (!(condition) && rig_now_ms() < scene_end)       \
            scene_step(s);                                     \
        CHECK(condition);                                      \
    } while (0)

static struct http_call *start(struct scene *s)
{
    struct err err = ERR_INIT;
    struct http_call *call = http_send(s->client, &s->outgoing, note, &s->outcome,
                                       &err);
    CHECK_FATAL(call != NULL);
    return call;
}

/* One call; the peer says `reply` once the request is there, then hangs up if told. */
static void exchange(struct scene *s, const char *reply, size_t size, bool hang_up)
{
    int calls = s->outcome.calls;
    size_t requests = peer_requests(&s->peer);
    start(s);
    CHECK_INT(s->outcome.calls, calls); /* Never from inside http_send. */
    scene_until(s, peer_requests(&s->peer) == requests + 1);
    if (size > 0)
        peer_say(&s->peer, reply, size);
    if (hang_up)
        peer_hang_up(&s->peer, false);
    scene_until(s, s->outcome.calls == calls + 1);
}
#define EXCHANGE(s, reply, hang_up) exchange((s), (reply), sizeof(reply) - 1, (hang_up))

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

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

/* ---- nothing left ---- */

static void nobody_listening_means_not_sent(void)
{
    struct scene s;
    scene_start(&s);
    close(s.peer.listener);
    s.peer.listener = -1;
    start(&s);
    scene_until(&s, s.outcome.calls == 1);
    CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
    CHECK_INT(s.outcome.err.code, ERR_UNAVAILABLE);
    scene_stop(&s);
}

static void a_name_that_does_not_resolve_means_not_sent(void)
{
    struct scene s;
    scene_start(&s);
    s.outgoing.url = "http://no-such-host.invalid/";
    s.outgoing.timeout_ms = 4000; /* A resolver may be slow to say no. */
    start(&s);
    scene_until(&s, s.outcome.calls == 1);
    CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
    scene_stop(&s);
}

/* A name in a manifest is allowed; where DNS leads it is somebody else's choice. */
static void an_address_that_is_not_public_is_refused_before_connecting(void)
{
    static const char *const hosts[] = {
        "127.0.0.1",          "localhost",       "[::1]", "10.0.0.1",
        "[::ffff:127.0.0.1]", "169.254.169.254", "0",     "2130706433"
    };
    struct scene s;
    scene_start(&s);
    s.identity.allow_private = false;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        CHECK(snprintf(s.url, sizeof s.url, "http://%s:%d/", hosts[i], s.peer.port) >
              0);
        start(&s);
        scene_until(&s, s.outcome.calls == (int)i + 1);
        CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
        CHECK_INT(s.outcome.err.code, ERR_DENIED);
    }
    CHECK_INT(s.peer.accepted, 0);
    scene_stop(&s);
}

static void public_and_other_addresses_are_told_apart(void)
{
    static const struct {
        const char *text;
        bool is_public;
    } rows[] = {
        { "8.8.8.8", true },
        { "1.1.1.1", true },
        { "0.0.0.0", false },
        { "10.255.0.1", false },
        { "100.64.0.1", false },
        { "100.128.0.1", true },
        { "127.1.2.3", false },
        { "169.254.0.1", false },
        { "172.15.0.1", true },
        { "172.31.255.255", false },
        { "172.32.0.1", true },
        { "192.168.1.1", false },
        { "198.19.0.1", false },
        { "198.20.0.1", true },
        { "224.0.0.1", false },
        { "255.255.255.255", false },
        { "::", false },
        { "::1", false },
        { "fe80::1", false },
        { "fc00::1", false },
        { "fd12::1", false },
        { "ff02::1", false },
        { "2001:db8::1", false },
        { "2606:4700::1", true },
        { "::ffff:10.0.0.1", false },
        { "::ffff:8.8.8.8", true },
        { "64:ff9b::7f00:1", false },
        { "64:ff9b::808:808", true },
        { "2002:7f00:1::", false },
        { "2001::1", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool is_v6 = strchr(rows[i].text, ':') != NULL;
        CHECK(inet_pton(is_v6 ? AF_INET6 : AF_INET, rows[i].text,
                        is_v6 ? (void *)&v6.sin6_addr : &v4.sin_addr) == 1);
        bool is_public = address_is_public(is_v6 ? (struct sockaddr *)&v6
                                                 : (struct sockaddr *)&v4);
        if (is_public != rows[i].is_public)
            fprintf(stderr, "%s\n", rows[i].text);
        CHECK_INT(is_public, rows[i].is_public);
    }
    CHECK(!address_is_public(&(struct sockaddr){ .sa_family = AF_UNIX }));
}

static void a_handshake_that_never_ends_means_not_sent(void)
{
    struct scene s;
    scene_start(&s);
    CHECK(snprintf(s.url, sizeof s.url, "https://127.0.0.1:%d/", s.peer.port) > 0);
    s.outgoing.timeout_ms = 100;
    start(&s);
    scene_until(&s, s.outcome.calls == 1);
    CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
    CHECK_INT(s.outcome.err.code, ERR_TIMEOUT);
    CHECK_INT(s.peer.accepted, 1);
    scene_stop(&s);
}

static void a_plain_reply_to_a_tls_hello_means_not_sent(void)
{
    struct scene s;
    scene_start(&s);
    CHECK(snprintf(s.url, sizeof s.url, "https://127.0.0.1:%d/", s.peer.port) > 0);
    start(&s);
    scene_until(&s, s.peer.got.size > 0);
    peer_say(&s.peer, OK_REPLY, sizeof OK_REPLY - 1);
    scene_until(&s, s.outcome.calls == 1);
    CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
    scene_stop(&s);
}

static void a_call_that_never_got_a_connection_was_not_sent(void)
{
    struct scene s;
    scene_start(&s);
    s.outgoing.timeout_ms = 8000;
    struct outcome others = { .calls = 0 };
    buf_init(&others.body, 1000);
    struct err err = ERR_INIT;
    for (int i = 0; i < 8; i++) /* limits.connections */
        CHECK(http_send(s.client, &s.outgoing, note, &others, &err) != NULL);
    s.outgoing.timeout_ms = 60;
    start(&s);
    struct rig rig = { .loop = s.loop }; /* The peer stands still. */
    rig_until(&rig, NULL, s.outcome.calls == 1);
    CHECK_INT(s.outcome.end, HTTP_NOT_SENT);
    CHECK_INT(s.outcome.err.code, ERR_TIMEOUT);
    http_client_destroy(&s.client);
    CHECK_INT(others.calls, 8);
    buf_finish(&others.body);
    scene_stop(&s);
}

/* ---- something may have left ---- */

static void a_connection_lost_before_the_reply_means_maybe_sent(void)
{
    for (int reset = 0; reset <= 1; reset++) {
        struct scene s;
        scene_start(&s);
        start(&s);
        scene_until(&s, peer_requests(&s.peer) == 1);
        peer_hang_up(&s.peer, reset != 0);
        scene_until(&s, s.outcome.calls == 1);
        CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
        CHECK_INT(peer_requests(&s.peer), 1);
        CHECK_INT(s.peer.accepted, 1);
        scene_stop(&s);
    }
}

static void no_reply_in_time_means_maybe_sent(void)
{
    struct scene s;
    scene_start(&s);
    s.outgoing.timeout_ms = 100;
    EXCHANGE(&s, "HTTP/1.1 200 OK\r\nContent-Le", false);
    CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
    CHECK_INT(s.outcome.err.code, ERR_TIMEOUT);
    CHECK_INT(s.outcome.status, 0);
    scene_stop(&s);
}

static void a_reply_that_is_none_means_maybe_sent(void)
{
    static const struct {
        const char *reply;
        enum err_code code;
    } bad[] = {
        { "garbage\r\n\r\n", ERR_CORRUPT },
        { "\x15\x03\x01\x00\x02\x02\x28", ERR_NONE },
        { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ERR_CORRUPT },
        { "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", ERR_CORRUPT },
        { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", ERR_CORRUPT },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ERR_NONE },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", ERR_NONE },
        { "HTTP/1.1 101 Switching Protocols\r\n\r\n", ERR_NONE },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct scene s;
        scene_start(&s);
        exchange(&s, bad[i].reply, strlen(bad[i].reply), true);
        if (s.outcome.end != HTTP_MAYBE_SENT)
            fprintf(stderr, "%s\n", bad[i].reply);
        CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
        CHECK(bad[i].code == ERR_NONE || s.outcome.err.code == bad[i].code);
        CHECK_INT(s.peer.accepted, 1);
        scene_stop(&s);
    }
}

static void a_reply_over_its_cap_means_maybe_sent(void)
{
    char reply[2000];
    struct scene s;
    memset(reply, 'x', sizeof reply);
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
    memcpy(reply, head, sizeof head - 1);
    scene_start(&s);
    exchange(&s, reply, sizeof reply, false);
    CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
    CHECK_INT(s.outcome.err.code, ERR_LIMIT);
    struct buf many;
    buf_init(&many, 1 << 20);
    buf_add_text(&many, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 300; i++)
        buf_add_text(&many, "X: y\r\n");
    buf_add_text(&many, "Content-Length: 0\r\n\r\n");
    exchange(&s, many.ptr, many.size, false);
    CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
    CHECK_INT(s.outcome.err.code, ERR_LIMIT);
    buf_finish(&many);
    scene_stop(&s);
}

/* The promise that everything above rests on: wherever the reply breaks off, the request
 * was written once. */
static void a_reply_cut_at_any_byte_is_maybe_sent_and_never_sent_again(void)
{
    static const char reply[] =
        "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
    struct scene s;
    scene_start(&s);
    for (size_t cut = 0; cut < sizeof reply; cut++) {
        exchange(&s, reply, cut, true);
        bool whole = cut == sizeof reply - 1;
        CHECK_INT(s.outcome.end, whole ? HTTP_REPLIED : HTTP_MAYBE_SENT);
        CHECK_INT(peer_requests(&s.peer), cut + 1);
    }
    CHECK_INT(s.peer.accepted, sizeof reply);
    scene_stop(&s);
}

/* curl by itself writes a request again when a kept connection ends before any byte of a
 * reply, whatever the method: an order would be placed twice. */
static void a_kept_connection_that_dies_is_not_retried(void)
{
    static const char *const methods[] = { "GET", "POST", "DELETE" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct scene s;
        scene_start(&s);
        s.outgoing.method = methods[i];
        EXCHANGE(&s, OK_REPLY, false);
        CHECK_INT(s.outcome.end, HTTP_REPLIED);
        EXCHANGE(&s, "", true);
        CHECK(s.peer.accepted <= 2); /* It may connect again, but writes nothing. */
        CHECK_INT(s.outcome.end, HTTP_MAYBE_SENT);
        for (int turn = 0; turn < 5; turn++)
            scene_step(&s);
        CHECK_INT(peer_requests(&s.peer), 2);
        scene_stop(&s);
    }
}

static void a_fresh_connection_is_made_when_asked(void)
{
    struct scene s;
    scene_start(&s);
    EXCHANGE(&s, OK_REPLY, false);
    EXCHANGE(&s, OK_REPLY, false);
    CHECK_INT(s.peer.accepted, 1);
    s.outgoing.fresh_connection = true;
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
      CASE(nobody_listening_means_not_sent),
      CASE(a_name_that_does_not_resolve_means_not_sent),
      CASE(an_address_that_is_not_public_is_refused_before_connecting),
      CASE(public_and_other_addresses_are_told_apart),
      CASE(a_handshake_that_never_ends_means_not_sent),
      CASE(a_plain_reply_to_a_tls_hello_means_not_sent),
      CASE(a_call_that_never_got_a_connection_was_not_sent),
      CASE(a_connection_lost_before_the_reply_means_maybe_sent),
      CASE(no_reply_in_time_means_maybe_sent),
      CASE(a_reply_that_is_none_means_maybe_sent),
      CASE(a_reply_over_its_cap_means_maybe_sent),
      CASE(a_reply_cut_at_any_byte_is_maybe_sent_and_never_sent_again),
      CASE(a_kept_connection_that_dies_is_not_retried),
      CASE(a_fresh_connection_is_made_when_asked),
      CASE(calls_of_different_identities_never_share_a_connection),
      CASE(a_malformed_call_is_refused_at_once),
      CASE(a_cancelled_call_is_never_reported),
      CASE(every_call_is_reported_when_the_client_ends),
      CASE(more_calls_than_connections_wait_and_all_are_answered))
