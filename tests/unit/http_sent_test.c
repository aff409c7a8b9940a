/* Whether anything may have left: what decides between "again" and "unknown". */
#include "client_scene.h"

#include "net/address.h"

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

TESTS("http_sent", CASE(nobody_listening_means_not_sent),
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
      CASE(a_kept_connection_that_dies_is_not_retried))
