#include "server_scene.h"

#include <zlib.h>

/* ---- order ---- */

static void a_connection_is_kept_for_the_next_request(void)
{
    struct scene s;
    scene_start(&s);
    for (size_t i = 1; i <= 3; i++) {
        send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
        scene_until(&s, client_count(&s.client, "\r\n\r\n/now") == i);
    }
    CHECK(!s.client.ended);
    CHECK(client_has(&s.client, "\r\nDate: "));
    CHECK(client_has(&s.client, "\r\nContent-Length: 4\r\n"));
    CHECK(!client_has(&s.client, "\r\nConnection:"));
    scene_stop(&s);
}

/* Replies carry no name of their request: their order is all that a client has. */
static void pipelined_requests_are_answered_in_order_whatever_ends_first(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client,
              REQUEST("GET", "/1") REQUEST("GET", "/2") REQUEST("GET", "/3"));
    scene_until(&s, s.keeper.count == 3);
    answer_text(s.keeper.kept[2], "third");
    answer_text(s.keeper.kept[1], "second");
    rig_step(&s.rig, &s.client);
    CHECK_INT(s.client.got.size, 0);
    answer_text(s.keeper.kept[0], "first");
    scene_until(&s, client_count(&s.client, "HTTP/1.1 200 OK") == 3);
    char *first = strstr(s.client.got.ptr, "first");
    char *second = strstr(s.client.got.ptr, "second");
    char *third = strstr(s.client.got.ptr, "third");
    CHECK(first != NULL && first < second && second < third);
    scene_stop(&s);
}

/* RFC 9112 9.3.2: a GET behind a POST must see what the POST did. */
static void a_request_that_changes_things_runs_alone(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client,
              REQUEST("GET", "/1") REQUEST("POST", "/2") REQUEST("GET", "/3"));
    scene_until(&s, s.keeper.count == 1);
    rig_step(&s.rig, &s.client);
    CHECK_INT(s.keeper.count, 1);
    answer_text(s.keeper.kept[0], "1");
    CHECK_INT(s.keeper.count, 2);
    CHECK_TEXT(path_of(s.keeper.kept[1]), "/2");
    rig_step(&s.rig, &s.client);
    CHECK_INT(s.keeper.count, 2);
    answer_text(s.keeper.kept[1], "2");
    CHECK_INT(s.keeper.count, 3);
    answer_text(s.keeper.kept[2], "3");
    scene_until(&s, client_count(&s.client, "HTTP/1.1 200 OK") == 3);
    scene_stop(&s);
}

static void more_requests_than_the_pipeline_holds_wait_and_are_all_answered(void)
{
    struct scene s;
    scene_start(&s);
    struct buf many;
    buf_init(&many, 1 << 20);
    for (int i = 0; i < 40; i++)
        buf_add_format(&many, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
    client_send(&s.rig, &s.client, buf_slice(&many));
    scene_until(&s, s.keeper.count == 4);
    rig_step(&s.rig, &s.client);
    CHECK_INT(s.keeper.count, 4); /* limits.pipeline */
    for (size_t i = 0; i < 40; i++) {
        scene_until(&s, s.keeper.count > i);
        char expected[16];
        CHECK(snprintf(expected, sizeof expected, "/%zu", i) > 0);
        CHECK_TEXT(path_of(s.keeper.kept[i]), expected);
        answer_text(s.keeper.kept[i], "ok");
    }
    scene_until(&s, client_count(&s.client, "HTTP/1.1 200 OK") == 40);
    buf_finish(&many);
    scene_stop(&s);
}

static void the_reply_to_connection_close_says_so_and_is_the_last(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client,
              "GET /now/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" REQUEST(
                  "GET", "/now/2"));
    scene_until(&s, s.client.ended);
    CHECK(client_has(&s.client, "\r\nConnection: close\r\n"));
    CHECK_INT(client_count(&s.client, "HTTP/1.1 200 OK"), 1);
    scene_stop(&s);
}

static void http_1_0_is_kept_only_when_asked(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    scene_until(&s, client_has(&s.client, "\r\nConnection: keep-alive\r\n"));
    send_text(&s.rig, &s.client, "GET /now HTTP/1.0\r\n\r\n");
    scene_until(&s, s.client.ended);
    CHECK(client_has(&s.client, "\r\nConnection: close\r\n"));
    scene_stop(&s);
}

/* ---- bodies ---- */

static void head_is_answered_with_gets_head_and_no_body(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("HEAD", "/now") REQUEST("GET", "/now/2"));
    scene_until(&s, client_has(&s.client, "\r\n\r\n/now/2"));
    CHECK(client_has(&s.client, "Content-Length: 4\r\n\r\nHTTP/1.1 200"));
    scene_stop(&s);
}

static void a_204_has_no_body_and_no_length(void)
{
    struct scene s;
    scene_start(&s);
    s.keeper.reply = (struct http_reply){ .status = 204,
                                          .body = SLICE_LITERAL("not sent") };
    send_text(&s.rig, &s.client, REQUEST("GET", "/reply") REQUEST("GET", "/now"));
    scene_until(&s, client_has(&s.client, "\r\n\r\n/now"));
    CHECK(client_has(&s.client, "HTTP/1.1 204 No Content\r\n"));
    CHECK(!client_has(&s.client, "not sent"));
    CHECK_INT(client_count(&s.client, "Content-Length"), 1);
    scene_stop(&s);
}

static void a_client_that_waits_for_100_gets_it_before_its_body(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client,
              "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
              "Content-Length: 5\r\n\r\n");
    scene_until(&s, client_has(&s.client, "HTTP/1.1 100 Continue\r\n\r\n"));
    CHECK_INT(s.keeper.count, 0);
    send_text(&s.rig, &s.client, "hello");
    scene_until(&s, s.keeper.count == 1);
    CHECK(slice_is(http_exchange_request(s.keeper.kept[0])->body, "hello"));
    answer_text(s.keeper.kept[0], "ok");
    scene_until(&s, client_has(&s.client, "\r\n\r\nok"));
    CHECK_INT(client_count(&s.client, "100 Continue"), 1);
    scene_stop(&s);
}

/* A large reply meets a full socket; a large request comes in many pieces. */
static void large_bodies_pass_whole_both_ways(void)
{
    enum { LARGE = 3 << 20 };
    struct http_limits limits = rig_limits();
    limits.body_bytes = LARGE;
    struct scene s;
    scene_start_with(&s, &limits);
    char *body = malloc(LARGE);
    CHECK_FATAL(body != NULL);
    for (size_t i = 0; i < LARGE; i++)
        body[i] = (char)('a' + i * 7 % 26);
    send_text(&s.rig, &s.client,
              "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3145728\r\n\r\n");
    client_send(&s.rig, &s.client, slice_bytes(body, LARGE));
    scene_until(&s, s.keeper.count == 1);
    struct slice got = http_exchange_request(s.keeper.kept[0])->body;
    CHECK(slice_equal(got, slice_bytes(body, LARGE)));
    struct http_reply reply = { .status = 200, .body = got };
    http_answer(s.keeper.kept[0], &reply);
    scene_until(&s, s.client.got.size > LARGE);
    CHECK(memcmp(s.client.got.ptr + s.client.got.size - LARGE, body, LARGE) == 0);
    free(body);
    scene_stop(&s);
}

/* ---- gzip ---- */

static void fill_text(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        text[i] = "{\"a\":1},"[i % 8];
}

static void ask_for_reply(struct scene *s, const char *encoding)
{
    buf_clear(&s->client.got);
    char request[256];
    CHECK(snprintf(request, sizeof request,
                   "GET /reply HTTP/1.1\r\nHost: a\r\nAccept-Encoding: %s\r\n\r\n",
                   encoding) > 0);
    send_text(&s->rig, &s->client, request);
    send_text(&s->rig, &s->client, REQUEST("GET", "/now/end"));
    scene_until(s, client_has(&s->client, "\r\n\r\n/now/end"));
}

static bool unpacks_to(const struct client *client, const char *text, size_t size)
{
    char *body = memmem(client->got.ptr, client->got.size, "\r\n\r\n", 4);
    unsigned char *out = malloc(size + 1);
    CHECK_FATAL(body != NULL && out != NULL);
    z_stream stream = { .next_in = (unsigned char *)body + 4,
                        .avail_in = (uInt)(client->got.ptr + client->got.size - body -
                                           4),
                        .next_out = out,
                        .avail_out = (uInt)size + 1 };
    CHECK_FATAL(inflateInit2(&stream, 15 + 16) == Z_OK);
    int end = inflate(&stream, Z_FINISH);
    bool same = end == Z_STREAM_END && stream.total_out == size &&
                memcmp(out, text, size) == 0;
    inflateEnd(&stream);
    free(out);
    return same;
}

static void a_reply_is_packed_for_clients_that_ask_and_says_so(void)
{
    static const struct {
        const char *accept;
        bool packed;
    } asks[] = { { "gzip", true },
                 { "br, GZIP;q=0.5", true },
                 { "*", true },
                 { "gzip;q=0, *", false },
                 { "identity", false },
                 { "gzip; q=0.000", false },
                 { "br;q=1, *;q=0", false },
                 { "gzipped", false } };
    char text[4000];
    fill_text(text, sizeof text);
    const struct http_field type = { SLICE_LITERAL("Content-Type"),
                                     SLICE_LITERAL("application/json") };
    struct scene s;
    scene_start(&s);
    s.keeper.reply = (struct http_reply){ .status = 200,
                                          .fields = &type,
                                          .field_count = 1,
                                          .body = slice_bytes(text, sizeof text) };
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        ask_for_reply(&s, asks[i].accept);
        CHECK_INT(client_has(&s.client, "Content-Encoding: gzip"), asks[i].packed);
        CHECK(client_has(&s.client, "\r\nVary: Accept-Encoding\r\n"));
        CHECK(!asks[i].packed || unpacks_to(&s.client, text, sizeof text));
        CHECK(asks[i].packed || client_has(&s.client, "\r\nContent-Length: 4000\r\n"));
    }
    scene_stop(&s);
}

/* Secrets because packed lengths leak them; ETags because If-Match compares bytes. */
static void secrets_tagged_small_and_packed_bodies_are_not_packed(void)
{
    char text[4000];
    fill_text(text, sizeof text);
    const struct http_field json = { SLICE_LITERAL("Content-Type"),
                                     SLICE_LITERAL("application/json") };
    const struct http_field tagged[] = {
        json, { SLICE_LITERAL("ETag"), SLICE_LITERAL("\"1\"") }
    };
    const struct http_field png = { SLICE_LITERAL("Content-Type"),
                                    SLICE_LITERAL("image/png") };
    const struct http_field coded[] = {
        json, { SLICE_LITERAL("Content-Encoding"), SLICE_LITERAL("br") }
    };
    const struct slice body = slice_bytes(text, sizeof text);
    const struct http_reply replies[] = {
        { 200, &json, 1, body, true },
        { 200, tagged, 2, body, false },
        { 200, &png, 1, body, false },
        { 200, coded, 2, body, false },
        { 200, &json, 1, slice_bytes(text, 255), false },
    };
    struct scene s;
    scene_start(&s);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        s.keeper.reply = replies[i];
        ask_for_reply(&s, "gzip");
        CHECK(!client_has(&s.client, "Content-Encoding: gzip"));
        CHECK(!client_has(&s.client, "Vary:"));
    }
    scene_stop(&s);
}

/* What a carrier sent may end up in a reply's field: it must not become a second one. */
static void a_reply_field_that_would_split_the_reply_makes_it_a_500(void)
{
    static const struct http_field bad[] = {
        { SLICE_LITERAL("X"), SLICE_LITERAL("a\r\nSet-Cookie: b") },
        { SLICE_LITERAL("X"), SLICE_LITERAL("a\nb") },
        { SLICE_LITERAL("X"), SLICE_LITERAL("a\0b") },
        { SLICE_LITERAL("X: y"), SLICE_LITERAL("a") },
        { SLICE_LITERAL(""), SLICE_LITERAL("a") },
        { SLICE_LITERAL("content-length"), SLICE_LITERAL("0") },
        { SLICE_LITERAL("Transfer-Encoding"), SLICE_LITERAL("chunked") },
    };
    struct scene s;
    scene_start(&s);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        s.keeper.reply = (struct http_reply){ .status = 200,
                                              .fields = &bad[i],
                                              .field_count = 1,
                                              .body = SLICE_LITERAL("secret") };
        ask_for_reply(&s, "identity");
        CHECK_INT(client_status(&s.client), 500);
        CHECK(!client_has(&s.client, "Set-Cookie") && !client_has(&s.client, "secret"));
    }
    scene_stop(&s);
}

/* ---- time and room ---- */

static void a_connection_without_requests_is_closed_in_time(void)
{
    struct http_limits limits = rig_limits();
    limits.idle_ms = 30;
    limits.head_ms = 30;
    struct scene s;
    scene_start_with(&s, &limits);
    scene_until(&s, s.client.ended); /* Never a byte: no reply either. */
    CHECK_INT(s.client.got.size, 0);
    client_close(&s.client);
    client_open(&s.client, &s.rig);
    send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
    scene_until(&s, s.client.ended);
    CHECK_INT(client_count(&s.client, "HTTP/1.1 "), 1);
    scene_stop(&s);
}

/* The handler may take its time: a waiting client is not an idle one. */
static void an_open_request_is_not_idle(void)
{
    struct http_limits limits = rig_limits();
    limits.idle_ms = 20;
    limits.head_ms = 20;
    limits.request_ms = 20;
    struct scene s;
    scene_start_with(&s, &limits);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    int64_t began = rig_now_ms();
    while (rig_now_ms() - began < 100)
        rig_step(&s.rig, &s.client);
    CHECK(!s.client.ended);
    answer_text(s.keeper.kept[0], "late");
    scene_until(&s, client_has(&s.client, "late"));
    scene_stop(&s);
}

static void a_client_that_does_not_take_its_reply_is_cut(void)
{
    enum { LARGE = 16 << 20 };
    struct http_limits limits = rig_limits();
    limits.write_ms = 30;
    struct scene s;
    scene_start_with(&s, &limits);
    char *body = calloc(1, LARGE);
    CHECK_FATAL(body != NULL);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    struct http_reply reply = { .status = 200, .body = slice_bytes(body, LARGE) };
    http_answer(s.keeper.kept[0], &reply);
    int64_t began = rig_now_ms();
    while (rig_now_ms() - began < 200)
        rig_turn(&s.rig); /* The client reads nothing. */
    scene_until(&s, s.client.ended);
    CHECK(s.client.got.size < LARGE);
    free(body);
    scene_stop(&s);
}

static void a_connection_past_the_cap_is_told_503(void)
{
    struct http_limits limits = rig_limits();
    limits.connections = 1;
    struct scene s;
    scene_start_with(&s, &limits);
    send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
    scene_until(&s, client_has(&s.client, "/now"));
    struct client second;
    client_open(&second, &s.rig);
    rig_until(&s.rig, &second, second.ended);
    CHECK_INT(client_status(&second), 503);
    client_close(&second);
    client_close(&s.client);
    client_open(&s.client, &s.rig); /* Room again once the first has gone. */
    send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
    for (int i = 0; i < 50 && !client_has(&s.client, "/now"); i++) {
        rig_step(&s.rig, &s.client);
        if (s.client.ended) {
            client_close(&s.client);
            client_open(&s.client, &s.rig);
            send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
        }
    }
    CHECK(client_has(&s.client, "/now"));
    scene_stop(&s);
}

TESTS("http_server", CASE(a_connection_is_kept_for_the_next_request),
      CASE(pipelined_requests_are_answered_in_order_whatever_ends_first),
      CASE(a_request_that_changes_things_runs_alone),
      CASE(more_requests_than_the_pipeline_holds_wait_and_are_all_answered),
      CASE(the_reply_to_connection_close_says_so_and_is_the_last),
      CASE(http_1_0_is_kept_only_when_asked),
      CASE(head_is_answered_with_gets_head_and_no_body),
      CASE(a_204_has_no_body_and_no_length),
      CASE(a_client_that_waits_for_100_gets_it_before_its_body),
      CASE(large_bodies_pass_whole_both_ways),
      CASE(a_reply_is_packed_for_clients_that_ask_and_says_so),
      CASE(secrets_tagged_small_and_packed_bodies_are_not_packed),
      CASE(a_reply_field_that_would_split_the_reply_makes_it_a_500),
      CASE(a_connection_without_requests_is_closed_in_time),
      CASE(an_open_request_is_not_idle),
      CASE(a_client_that_does_not_take_its_reply_is_cut),
      CASE(a_connection_past_the_cap_is_told_503))
