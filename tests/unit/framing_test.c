/* Every way we know to make two readers of one connection disagree, and what must come of
 * it: a refusal, then the close (RFC 9112 11.2). */
#include "http_rig.h"

#include "base/metric.h"

/* Says what arrived, so that a misread is seen in the reply. */
static void echo(struct http_exchange *exchange, void *arg)
{
    const struct http_request *request = http_exchange_request(exchange);
    int *handled = arg;
    ++*handled;
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_add_slice(&body, request->method);
    buf_add_char(&body, ' ');
    buf_add_slice(&body, request->path);
    buf_add_char(&body, ' ');
    buf_add_slice(&body, request->query);
    buf_add_char(&body, '|');
    buf_add_slice(&body, request->body);
    buf_add_char(&body, '|');
    struct http_reply reply = { .status = 200, .body = buf_slice(&body) };
    http_answer(exchange, &reply);
    buf_finish(&body);
}

struct framing_case {
    const char *name;
    int status; /* Of the refusal; 200: it is fine and must stay so. */
    struct slice bytes;
};
#define BYTES(text) SLICE_LITERAL(text)
#define HOST        "Host: a\r\n"
#define GET         "GET / HTTP/1.1\r\n" HOST
#define POST        "POST /p HTTP/1.1\r\n" HOST
#define CHUNKED     POST "Transfer-Encoding: chunked\r\n\r\n"

/* clang-format off */
static const struct framing_case framings[] = {
    /* Two readers, two lengths. */
    { "two equal Content-Lengths",     400, BYTES(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello") },
    { "two other Content-Lengths",     400, BYTES(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!") },
    { "a list of Content-Lengths",     400, BYTES(POST "Content-Length: 5, 5\r\n\r\nhello") },
    { "Content-Length, then chunked",  400, BYTES(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
    { "chunked, then Content-Length",  400, BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n") },
    { "Content-Length with a plus",    400, BYTES(POST "Content-Length: +5\r\n\r\nhello") },
    { "Content-Length below zero",     400, BYTES(POST "Content-Length: -5\r\n\r\nhello") },
    { "Content-Length in hex",         400, BYTES(POST "Content-Length: 0x5\r\n\r\nhello") },
    { "Content-Length with a gap",     400, BYTES(POST "Content-Length: 5 5\r\n\r\nhello") },
    { "Content-Length that is empty",  400, BYTES(POST "Content-Length:\r\n\r\nhello") },
    { "Content-Length that overflows", 400, BYTES(POST "Content-Length: 18446744073709551621\r\n\r\nhello") },
    /* Transfer codings. */
    { "gzip, chunked",                 501, BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") },
    { "chunked, gzip",                 400, BYTES(POST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n") },
    { "chunked, chunked",              400, BYTES(POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n") },
    { "chunked in two fields",         400, BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
    { "chunked, then identity",        400, BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n") },
    { "identity",                      400, BYTES(POST "Transfer-Encoding: identity\r\n\r\n") },
    { "an unknown coding",             400, BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n") },
    { "a coding in quotes",            400, BYTES(POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n") },
    { "a coding with a parameter",     400, BYTES(POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n") },
    { "a coding after a tab of its own", 400, BYTES(POST "Transfer-Encoding: \x0b" "chunked\r\n\r\n0\r\n\r\n") },
    { "an empty coding",               400, BYTES(POST "Transfer-Encoding:\r\n\r\n") },
    { "HTTP/1.0 with chunked",         400, BYTES("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n") },
    /* Line ends and white space. */
    { "bare LF everywhere",            400, BYTES("GET / HTTP/1.1\nHost: a\n\n") },
    { "bare LF after a field",         400, BYTES("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n") },
    { "bare LF as the empty line",     400, BYTES(GET "\nGET /2 HTTP/1.1\r\n" HOST "\r\n") },
    { "bare CR in a field",            400, BYTES("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n") },
    { "bare CR as the line's end",     400, BYTES("GET / HTTP/1.1\rHost: a\r\n\r\n") },
    { "two CR before the LF",          400, BYTES("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n") },
    { "obs-fold",                      400, BYTES(GET "X: a\r\n b\r\n\r\n") },
    { "obs-fold with a tab",           400, BYTES(GET "X: a\r\n\tb\r\n\r\n") },
    { "a space before the first field", 400, BYTES("GET / HTTP/1.1\r\n Host: a\r\n\r\n") },
    { "a space before the colon",      400, BYTES("GET / HTTP/1.1\r\nHost : a\r\n\r\n") },
    { "a space in a field's name",     400, BYTES(GET "A b: c\r\n\r\n") },
    { "a field without a name",        400, BYTES(GET ": b\r\n\r\n") },
    { "a field without a colon",       400, BYTES(GET "Field\r\n\r\n") },
    { "NUL in a value",                400, BYTES(GET "X: a\0b\r\n\r\n") },
    { "NUL in a name",                 400, BYTES(GET "X\0: a\r\n\r\n") },
    { "a control character",           400, BYTES(GET "X: a\x01\r\n\r\n") },
    { "a name beyond ASCII",           400, BYTES(GET "X\x80: a\r\n\r\n") },
    { "two empty lines first",         400, BYTES("\r\n\r\n" GET "\r\n") },
    /* Host. */
    { "no Host",                       400, BYTES("GET / HTTP/1.1\r\n\r\n") },
    { "two Hosts",                     400, BYTES("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") },
    { "the same Host twice",           400, BYTES("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n") },
    { "an empty Host",                 400, BYTES("GET / HTTP/1.1\r\nHost: \r\n\r\n") },
    { "a list of Hosts",               400, BYTES("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n") },
    { "a Host with a path",            400, BYTES("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") },
    { "a Host with a user",            400, BYTES("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n") },
    { "two Hosts in HTTP/1.0",         400, BYTES("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") },
    { "absolute form, another Host",   400, BYTES("GET http://b/ HTTP/1.1\r\n" HOST "\r\n") },
    { "absolute form, no Host",        400, BYTES("GET http://a/ HTTP/1.1\r\n\r\n") },
    { "absolute form with a user",     400, BYTES("GET http://u@a/ HTTP/1.1\r\n" HOST "\r\n") },
    { "absolute form, another scheme", 400, BYTES("GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n") },
    /* The request line. */
    { "an unknown method",             400, BYTES("FOO / HTTP/1.1\r\n" HOST "\r\n") },
    { "a method in lower case",        400, BYTES("get / HTTP/1.1\r\n" HOST "\r\n") },
    { "a method that goes on",         400, BYTES("GETX / HTTP/1.1\r\n" HOST "\r\n") },
    { "a method of RTSP",              400, BYTES("DESCRIBE / HTTP/1.1\r\n" HOST "\r\n") },
    { "CONNECT",                       400, BYTES("CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n") },
    { "two spaces before the target",  400, BYTES("GET  / HTTP/1.1\r\n" HOST "\r\n") },
    { "two spaces after the target",   400, BYTES("GET /  HTTP/1.1\r\n" HOST "\r\n") },
    { "a space after the version",     400, BYTES("GET / HTTP/1.1 \r\n" HOST "\r\n") },
    { "a space in the target",         400, BYTES("GET /a b HTTP/1.1\r\n" HOST "\r\n") },
    { "a target without a slash",      400, BYTES("GET a HTTP/1.1\r\n" HOST "\r\n") },
    { "a target with a fragment",      400, BYTES("GET /#f HTTP/1.1\r\n" HOST "\r\n") },
    { "a query with a fragment",       400, BYTES("GET /?a#f HTTP/1.1\r\n" HOST "\r\n") },
    { "a target beyond ASCII",         400, BYTES("GET /\xff HTTP/1.1\r\n" HOST "\r\n") },
    { "half an escape in the target",  400, BYTES("GET /%4 HTTP/1.1\r\n" HOST "\r\n") },
    { "an asterisk without OPTIONS",   400, BYTES("GET * HTTP/1.1\r\n" HOST "\r\n") },
    { "HTTP/0.9",                      400, BYTES("GET /\r\n\r\n") },
    { "HTTP/1.2",                      400, BYTES("GET / HTTP/1.2\r\n" HOST "\r\n") },
    { "HTTP/2.0 in words",             400, BYTES("GET / HTTP/2.0\r\n" HOST "\r\n") },
    { "HTTP/1.10",                     400, BYTES("GET / HTTP/1.10\r\n" HOST "\r\n") },
    { "http in lower case",            400, BYTES("GET / http/1.1\r\n" HOST "\r\n") },
    { "RTSP/1.0",                      400, BYTES("GET / RTSP/1.0\r\n" HOST "\r\n") },
    { "ICE/1.0",                       400, BYTES("SOURCE / ICE/1.0\r\n" HOST "\r\n") },
    { "HTTP/2's preface",              400, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") },
    { "a TLS hello",                   400, BYTES("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") },
    /* Chunks. */
    { "a chunk extension",             400, BYTES(CHUNKED "5;a=b\r\nhello\r\n0\r\n\r\n") },
    { "an empty chunk extension",      400, BYTES(CHUNKED "5;\r\nhello\r\n0\r\n\r\n") },
    { "an extension of the last chunk", 400, BYTES(CHUNKED "0;a\r\n\r\n") },
    { "a chunk size in C's hex",       400, BYTES(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size below zero",       400, BYTES(CHUNKED "-5\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size that overflows",   400, BYTES(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n") },
    { "a chunk size of no digits",     400, BYTES(CHUNKED "\r\nhello\r\n0\r\n\r\n") },
    { "a space before a chunk size",   400, BYTES(CHUNKED " 5\r\nhello\r\n0\r\n\r\n") },
    { "a space after a chunk size",    400, BYTES(CHUNKED "5 \r\nhello\r\n0\r\n\r\n") },
    { "bare LF after a chunk size",    400, BYTES(CHUNKED "5\nhello\r\n0\r\n\r\n") },
    { "bare CR after a chunk size",    400, BYTES(CHUNKED "5\rhello\r\n0\r\n\r\n") },
    { "bare LF after a chunk",         400, BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n") },
    { "a chunk longer than it says",   400, BYTES(CHUNKED "5\r\nhello!\r\n0\r\n\r\n") },
    { "bare LF at the end",            400, BYTES(CHUNKED "0\r\n\n") },
    { "a trailer",                     400, BYTES(CHUNKED "0\r\nX: y\r\n\r\n") },
    { "a trailer that reframes",       400, BYTES(CHUNKED "0\r\nContent-Length: 5\r\n\r\n") },
    /* What else the server cannot do. */
    { "an unknown expectation",        417, BYTES(POST "Expect: a-pony\r\nContent-Length: 5\r\n\r\nhello") },
    { "a body over the limit",         413, BYTES(POST "Content-Length: 4097\r\n\r\n") },
    { "a chunk over the limit",        413, BYTES(CHUNKED "1001\r\n") },
    /* Odd, and right. */
    { "a plain request",               200, BYTES(GET "\r\n") },
    { "one empty line first",          200, BYTES("\r\n" GET "\r\n") },
    { "absolute form, the same Host",  200, BYTES("GET HTTP://A/x HTTP/1.1\r\n" HOST "\r\n") },
    { "absolute form without a path",  200, BYTES("GET http://a?q HTTP/1.1\r\n" HOST "\r\n") },
    { "an asterisk with OPTIONS",      200, BYTES("OPTIONS * HTTP/1.1\r\n" HOST "\r\n") },
    { "HTTP/1.0 without Host",         200, BYTES("GET / HTTP/1.0\r\n\r\n") },
    { "Content-Length with zeros",     200, BYTES(POST "Content-Length: 0005\r\n\r\nhello") },
    { "Chunked in capitals",           200, BYTES(POST "Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n") },
    { "an offer to upgrade",           200, BYTES(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n") },
};
/* clang-format on */

static bool refused_right(struct rig *rig, const struct framing_case *c)
{
    struct client client;
    client_open(&client, rig);
    client_send(rig, &client, c->bytes);
    bool fine = c->status == 200;
    rig_until(rig, &client, client.ended || (fine && client_has(&client, "|")));
    bool right = client_status(&client) == c->status && !client.reset &&
                 (fine ||
                  (client.ended && client_has(&client, "\r\nConnection: close")));
    if (!right)
        fprintf(stderr, "%s: status %d, expected %d\n%s\n", c->name,
                client_status(&client), c->status,
                client.got.ptr == NULL ? "" : client.got.ptr);
    client_close(&client);
    return right;
}

/* A request that two readers could cut differently must reach no handler at all. */
static void every_ambiguous_request_is_refused_and_closed(void)
{
    struct rig rig;
    int handled = 0, fine = 0;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, echo, &handled, NULL);
    for (size_t i = 0; i < sizeof framings / sizeof framings[0]; i++) {
        CHECK(refused_right(&rig, &framings[i]));
        fine += framings[i].status == 200;
    }
    CHECK_INT(handled, fine);
    rig_stop(&rig);
}

/* What follows a refused request may be the smuggled one. */
static void nothing_after_a_refused_request_is_read(void)
{
    struct rig rig;
    int handled = 0;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, echo, &handled, NULL);
    struct client client;
    client_open(&client, &rig);
    client_send(&rig, &client,
                BYTES(GET "\r\n" POST
                          "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "0\r\n\r\n" GET "\r\n"));
    rig_until(&rig, &client, client.ended);
    CHECK_INT(handled, 1);
    CHECK_INT(client_count(&client, "HTTP/1.1 200"), 1);
    CHECK_INT(client_count(&client, "HTTP/1.1 400"), 1);
    CHECK_INT(client_count(&client, "HTTP/1.1 "), 2);
    client_close(&client);
    rig_stop(&rig);
}

static void add_times(struct buf *buf, const char *text, int times)
{
    for (int i = 0; i < times; i++)
        buf_add_text(buf, text);
}

/* Without a bound on each, one client holds all memory. */
static void heads_and_fields_and_bodies_over_their_limits_are_refused(void)
{
    struct rig rig;
    int handled = 0;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, echo, &handled, NULL);
    struct buf line, value, many, chunks;
    struct buf *all[] = { &line, &value, &many, &chunks };
    for (size_t i = 0; i < 4; i++)
        buf_init(all[i], 1 << 20);
    buf_add_text(&line, "GET /");
    add_times(&line, "aaaaaaaaaa", 300); /* The line never ends. */
    buf_add_text(&value, GET "X: ");
    add_times(&value, "aaaaaaaaaa", 300);
    buf_add_text(&value, "\r\n\r\n");
    buf_add_text(&many, GET);
    add_times(&many, "X: a\r\n", 16);
    buf_add_text(&many, "\r\n");
    buf_add_text(&chunks, CHUNKED);
    add_times(&chunks, "10\r\n0123456789abcdef\r\n", 257);
    static const int statuses[] = { 431, 431, 431, 413 };
    for (size_t i = 0; i < 4; i++) {
        struct framing_case c = { "over a limit", statuses[i], buf_slice(all[i]) };
        CHECK(refused_right(&rig, &c));
        buf_finish(all[i]);
    }
    CHECK_INT(handled, 0);
    rig_stop(&rig);
}

/* A packet's edge is nobody's choice: every cut must read the same. */
static void a_request_cut_at_any_byte_reads_the_same(void)
{
    static const struct {
        const char *bytes;
        const char *expected;
    } good[] = {
        { "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX:  y \r\n\r\n", "GET /a b=c||" },
        { POST "Content-Length: 11\r\n\r\nhello world", "POST /p |hello world|" },
        { CHUNKED "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "POST /p |hello world|" },
    };
    struct rig rig;
    int handled = 0, sent = 0;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, echo, &handled, NULL);
    for (size_t g = 0; g < sizeof good / sizeof good[0]; g++) {
        struct client client;
        client_open(&client, &rig);
        size_t size = strlen(good[g].bytes);
        for (size_t cut = 0; cut <= size; cut++) {
            buf_clear(&client.got);
            client_send(&rig, &client, slice_bytes(good[g].bytes, cut));
            rig_turn(&rig);
            rig_turn(&rig);
            client_send(&rig, &client, slice_bytes(good[g].bytes + cut, size - cut));
            rig_until(&rig, &client, client_has(&client, good[g].expected));
            sent++;
        }
        client_close(&client);
    }
    CHECK_INT(handled, sent);
    rig_stop(&rig);
}

static void a_request_that_comes_byte_by_byte_reads_the_same(void)
{
    static const char bytes[] = CHUNKED "5\r\nhello\r\n0\r\n\r\n";
    struct rig rig;
    int handled = 0;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, echo, &handled, NULL);
    struct client client;
    client_open(&client, &rig);
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        client_send(&rig, &client, slice_bytes(bytes + i, 1));
        rig_step(&rig, &client);
    }
    rig_until(&rig, &client, client_has(&client, "POST /p |hello|"));
    CHECK_INT(handled, 1);
    client_close(&client);
    rig_stop(&rig);
}

/* Sends one byte each turn until the server has had enough. */
static void drip(struct rig *rig, const char *start, char byte, int64_t at_most_ms)
{
    struct client client;
    client_open(&client, rig);
    client_send(rig, &client, slice_of(start));
    int64_t began = rig_now_ms();
    while (!client.ended && rig_now_ms() - began < RIG_SECONDS * 1000) {
        client_send(rig, &client, slice_bytes(&byte, 1));
        rig_step(rig, &client);
    }
    CHECK(client.ended);
    CHECK_INT(client_status(&client), 408);
    CHECK(client_has(&client, "\r\nConnection: close\r\n"));
    CHECK(rig_now_ms() - began < at_most_ms);
    client_close(&client);
}

/* Activity is not progress: each byte resets an idle timer, none may reset these. */
static void a_slow_drip_is_cut_whatever_it_drips_into(void)
{
    struct rig rig;
    int handled = 0;
    struct http_limits limits = rig_limits();
    limits.head_bytes = 65536;
    limits.body_bytes = 65536;
    limits.head_ms = 60;
    limits.request_ms = 120;
    rig_start(&rig, &limits, echo, &handled, NULL);
    drip(&rig, "G", 'E', 2000);
    drip(&rig, GET "X: ", 'x', 2000);
    drip(&rig, POST "Content-Length: 60000\r\n\r\n", 'x', 2000);
    drip(&rig, CHUNKED "F000\r\n", 'x', 2000);
    CHECK_INT(handled, 0);
    rig_stop(&rig);
}

static void refusals_are_counted_by_reason(void)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    metric_render(&text);
    CHECK(strstr(text.ptr, "esimd_http_refused_total{reason=\"host\"}") != NULL);
    CHECK(strstr(text.ptr, "esimd_http_refused_total{reason=\"slow\"} 4\n") != NULL);
    CHECK(strstr(text.ptr, "esimd_http_connections 0\n") != NULL);
    buf_finish(&text);
}

TESTS("framing", CASE(every_ambiguous_request_is_refused_and_closed),
      CASE(nothing_after_a_refused_request_is_read),
      CASE(heads_and_fields_and_bodies_over_their_limits_are_refused),
      CASE(a_request_cut_at_any_byte_reads_the_same),
      CASE(a_request_that_comes_byte_by_byte_reads_the_same),
      CASE(a_slow_drip_is_cut_whatever_it_drips_into),
      CASE(refusals_are_counted_by_reason))
