#include "http_rig.h"

#include <sys/stat.h>
#include <sys/un.h>
#include <zlib.h>

enum { KEPT_MAX = 64 };

/* Keeps exchanges so that the test answers them when and in the order it likes; paths
 * that start with "/now" are answered at once with the path as the body. */
struct keeper {
    struct http_exchange *kept[KEPT_MAX];
    size_t count;
    int gone;
    struct http_reply reply;
};

static void answer_text(struct http_exchange *exchange, const char *text)
{
    struct http_reply reply = { .status = 200, .body = slice_of(text) };
    http_answer(exchange, &reply);
}

static void keep(struct http_exchange *exchange, void *arg)
{
    struct keeper *keeper = arg;
    const struct http_request *request = http_exchange_request(exchange);
    if (slice_starts(request->path, "/now")) {
        struct http_reply reply = { .status = 200, .body = request->path };
        http_answer(exchange, &reply);
    } else if (slice_is(request->path, "/reply")) {
        http_answer(exchange, &keeper->reply);
    } else {
        CHECK_FATAL(keeper->count < KEPT_MAX);
        keeper->kept[keeper->count++] = exchange;
    }
}

static void count_gone(void *arg)
{
    ++*(int *)arg;
}

static const char *path_of(const struct http_exchange *exchange)
{
    static char path[64];
    CHECK_FATAL(slice_copy(http_exchange_request(exchange)->path, path, sizeof path));
    return path;
}

static void send_text(struct rig *rig, struct client *client, const char *text)
{
    client_send(rig, client, slice_of(text));
}

#define REQUEST(method, path) method " " path " HTTP/1.1\r\nHost: a\r\n\r\n"

struct scene {
    struct rig rig;
    struct keeper keeper;
    struct client client;
};

static void scene_start_with(struct scene *scene, const struct http_limits *limits)
{
    scene->keeper = (struct keeper){ .count = 0 };
    rig_start(&scene->rig, limits, keep, &scene->keeper, NULL);
    client_open(&scene->client, &scene->rig);
}

static void scene_start(struct scene *scene)
{
    const struct http_limits limits = rig_limits();
    scene_start_with(scene, &limits);
}

static void scene_stop(struct scene *scene)
{
    client_close(&scene->client);
    rig_stop(&scene->rig);
}

#define scene_until(scene, condition) \
    rig_until(&(scene)->rig, &(scene)->client, condition)

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

/* ---- the client goes away ---- */

static void a_client_that_goes_away_is_told_of_once_and_its_answer_dropped(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1") REQUEST("GET", "/2"));
    scene_until(&s, s.keeper.count == 2);
    http_exchange_on_gone(s.keeper.kept[0], count_gone, &s.keeper.gone);
    http_exchange_on_gone(s.keeper.kept[1], count_gone, &s.keeper.gone);
    answer_text(s.keeper.kept[1], "waits behind the first");
    client_close(&s.client);
    rig_until(&s.rig, NULL, s.keeper.gone == 1);
    rig_turn(&s.rig);
    CHECK_INT(s.keeper.gone, 1);
    /* The request stays readable until the answer. */
    CHECK_TEXT(path_of(s.keeper.kept[0]), "/1");
    CHECK(strncmp(http_exchange_request(s.keeper.kept[0])->peer->address,
                  "127.0.0.1:", 10) == 0);
    answer_text(s.keeper.kept[0], "for nobody");
    scene_stop(&s);
}

static void answer_when_gone(void *arg)
{
    struct keeper *keeper = arg;
    keeper->gone++;
    answer_text(keeper->kept[0], "for nobody");
}

static void a_gone_exchange_may_be_answered_from_its_callback(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    http_exchange_on_gone(s.keeper.kept[0], answer_when_gone, &s.keeper);
    client_close(&s.client);
    rig_until(&s.rig, NULL, s.keeper.gone == 1);
    scene_stop(&s);
}

/* At a stop the engine may hold exchanges for longer than the server lives. */
static void an_exchange_outlives_its_server(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1") REQUEST("GET", "/2"));
    scene_until(&s, s.keeper.count == 2);
    http_exchange_on_gone(s.keeper.kept[0], count_gone, &s.keeper.gone);
    http_server_destroy(&s.rig.server);
    CHECK_INT(s.keeper.gone, 1);
    CHECK(arena_alloc(http_exchange_arena(s.keeper.kept[0]), 100) != NULL);
    CHECK_TEXT(path_of(s.keeper.kept[1]), "/2");
    answer_text(s.keeper.kept[0], "for nobody");
    answer_text(s.keeper.kept[1], "for nobody");
    scene_stop(&s);
}

/* ---- streams ---- */

static const struct http_reply event_head = { .status = 200 };

static void a_stream_is_sent_piece_by_piece_and_the_connection_kept(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    struct http_exchange *stream = s.keeper.kept[0];
    http_stream_start(stream, &event_head, 1000);
    scene_until(&s, client_has(&s.client, "Transfer-Encoding: chunked\r\n\r\n"));
    CHECK(http_stream_write(stream, SLICE_LITERAL("data: 1\n\n")));
    CHECK(http_stream_write(stream, SLICE_LITERAL("")));
    scene_until(&s, client_has(&s.client, "9\r\ndata: 1\n\n\r\n"));
    CHECK(http_stream_write(stream, SLICE_LITERAL("0123456789abcdef")));
    http_stream_end(stream);
    scene_until(&s, client_has(&s.client, "10\r\n0123456789abcdef\r\n0\r\n\r\n"));
    send_text(&s.rig, &s.client, REQUEST("GET", "/now"));
    scene_until(&s, client_has(&s.client, "\r\n\r\n/now"));
    scene_stop(&s);
}

static void a_stream_behind_another_reply_waits_for_its_turn(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1") REQUEST("GET", "/2"));
    scene_until(&s, s.keeper.count == 2);
    http_stream_start(s.keeper.kept[1], &event_head, 1000);
    CHECK(http_stream_write(s.keeper.kept[1], SLICE_LITERAL("early")));
    answer_text(s.keeper.kept[0], "first");
    CHECK(http_stream_write(s.keeper.kept[1], SLICE_LITERAL("later")));
    http_stream_end(s.keeper.kept[1]);
    scene_until(&s, client_has(&s.client, "5\r\nearly\r\n5\r\nlater\r\n0\r\n\r\n"));
    CHECK(strstr(s.client.got.ptr, "first") < strstr(s.client.got.ptr, "early"));
    scene_stop(&s);
}

/* A consumer that stands still must not hold the host's memory. */
static void a_stream_whose_client_is_too_slow_is_cut(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    http_exchange_on_gone(s.keeper.kept[0], count_gone, &s.keeper.gone);
    http_stream_start(s.keeper.kept[0], &event_head, 100000);
    char piece[50000] = { 0 };
    bool more = true;
    int written = 0;
    for (; more && written < 10000; written++)
        more = http_stream_write(s.keeper.kept[0], slice_bytes(piece, sizeof piece));
    CHECK(!more && written > 2);
    CHECK_INT(s.keeper.gone, 1);
    CHECK(!http_stream_write(s.keeper.kept[0], SLICE_LITERAL("x")));
    http_stream_end(s.keeper.kept[0]);
    scene_until(&s, s.client.ended);
    scene_stop(&s);
}

static void a_stream_to_http_1_0_ends_with_the_connection(void)
{
    struct scene s;
    scene_start(&s);
    send_text(
        &s.rig, &s.client,
        "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" REQUEST("GET", "/now"));
    scene_until(&s, s.keeper.count == 1);
    http_stream_start(s.keeper.kept[0], &event_head, 1000);
    CHECK(http_stream_write(s.keeper.kept[0], SLICE_LITERAL("plain")));
    http_stream_end(s.keeper.kept[0]);
    scene_until(&s, s.client.ended);
    CHECK(client_has(&s.client, "Connection: close\r\n\r\nplain"));
    CHECK(!client_has(&s.client, "chunked") && !client_has(&s.client, "/now"));
    scene_stop(&s);
}

static void a_stream_ends_when_its_client_goes(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    http_exchange_on_gone(s.keeper.kept[0], count_gone, &s.keeper.gone);
    http_stream_start(s.keeper.kept[0], &event_head, 1000);
    client_close(&s.client);
    rig_until(&s.rig, NULL, s.keeper.gone == 1);
    CHECK(!http_stream_write(s.keeper.kept[0], SLICE_LITERAL("x")));
    http_stream_end(s.keeper.kept[0]);
    scene_stop(&s);
}

/* ---- stopping ---- */

static void a_drain_answers_what_is_open_and_closes_the_rest(void)
{
    struct scene s;
    scene_start(&s);
    struct client idle;
    client_open(&idle, &s.rig);
    send_text(&s.rig, &idle, REQUEST("GET", "/now"));
    rig_until(&s.rig, &idle, client_has(&idle, "/now"));
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    int drained = 0;
    http_server_drain(s.rig.server, 60000, count_gone, &drained);
    rig_until(&s.rig, &idle, idle.ended);
    CHECK(!idle.reset);
    client_close(&idle);
    rig_step(&s.rig, &s.client);
    CHECK_INT(drained, 0);
    answer_text(s.keeper.kept[0], "last");
    scene_until(&s, s.client.ended);
    CHECK(client_has(&s.client, "\r\nConnection: close\r\n"));
    CHECK(client_has(&s.client, "last"));
    client_close(&s.client);
    rig_until(&s.rig, NULL, drained == 1);
    rig_stop(&s.rig);
}

static void a_drain_lets_a_request_that_has_begun_arrive(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, "GET /now HTTP/1.1\r\nHo");
    rig_step(&s.rig, &s.client);
    rig_step(&s.rig, &s.client);
    int drained = 0;
    http_server_drain(s.rig.server, 60000, count_gone, &drained);
    send_text(&s.rig, &s.client, "st: a\r\n\r\n");
    scene_until(&s, s.client.ended);
    CHECK(client_has(&s.client, "\r\nConnection: close\r\n"));
    CHECK(client_has(&s.client, "/now"));
    scene_stop(&s);
}

static void a_drain_cuts_what_is_left_when_its_time_is_over(void)
{
    struct scene s;
    scene_start(&s);
    send_text(&s.rig, &s.client, REQUEST("GET", "/1"));
    scene_until(&s, s.keeper.count == 1);
    http_exchange_on_gone(s.keeper.kept[0], count_gone, &s.keeper.gone);
    int drained = 0;
    http_server_drain(s.rig.server, 20, count_gone, &drained);
    scene_until(&s, drained == 1);
    CHECK_INT(s.keeper.gone, 1);
    answer_text(s.keeper.kept[0], "for nobody");
    scene_stop(&s);
}

static void a_drain_of_nobody_is_over_at_the_next_turn(void)
{
    struct rig rig;
    const struct http_limits limits = rig_limits();
    rig_start(&rig, &limits, keep, NULL, NULL);
    int drained = 0;
    http_server_drain(rig.server, 60000, count_gone, &drained);
    CHECK_INT(drained, 0);
    rig_until(&rig, NULL, drained == 1);
    rig_stop(&rig);
}

/* ---- listening ---- */

static void two_loops_listen_on_one_address(void)
{
    struct scene s;
    scene_start(&s);
    char address[64];
    struct err err = ERR_INIT;
    const struct http_limits limits = rig_limits();
    struct http_server *second = http_server_create(s.rig.loop, &limits, keep,
                                                    &s.keeper, &err);
    CHECK(http_server_listen(second, s.rig.address, NULL, address, &err));
    CHECK_TEXT(address, s.rig.address);
    http_server_destroy(&second);
    scene_stop(&s);
}

static void an_address_that_is_none_is_refused_with_words(void)
{
    static const char *const bad[] = { "",          "8080",     "localhost:80",
                                       "127.0.0.1", "::1:80",   "127.0.0.1:65536",
                                       "[::1]",     "1.2.3:80", "127.0.0.1:8 " };
    struct scene s;
    scene_start(&s);
    char address[64];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        CHECK(!http_server_listen(s.rig.server, bad[i], NULL, address, &err));
        CHECK_INT(err.code, ERR_INVALID);
    }
    struct err err = ERR_INIT;
    CHECK(!http_server_listen(s.rig.server, "192.0.2.1:0", NULL, address, &err));
    CHECK_INT(err.code, ERR_IO);
    scene_stop(&s);
}

static void open_unix(struct client *client, const char *path)
{
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    CHECK_FATAL(slice_copy(slice_of(path), where.sun_path, sizeof where.sun_path));
    client_open_to(client, (struct sockaddr *)&where, sizeof where);
}

static void the_unix_socket_tells_who_calls(void)
{
    char folder[] = "/tmp/esimd-test-XXXXXX", path[64];
    CHECK_FATAL(mkdtemp(folder) != NULL);
    CHECK(snprintf(path, sizeof path, "%s/api.sock", folder) > 0);
    struct scene s;
    struct err err = ERR_INIT;
    scene_start(&s);
    CHECK_FATAL(http_server_listen_unix(s.rig.server, path, &err));
    struct stat made;
    CHECK(stat(path, &made) == 0 && (made.st_mode & 0777) == 0660);
    struct client client;
    open_unix(&client, path);
    client_send(&s.rig, &client, SLICE_LITERAL(REQUEST("GET", "/1")));
    rig_until(&s.rig, &client, s.keeper.count == 1);
    const struct http_peer *peer = http_exchange_request(s.keeper.kept[0])->peer;
    CHECK(peer->is_unix && !peer->is_tls);
    CHECK_INT(peer->uid, getuid());
    CHECK_INT(peer->gid, getgid());
    CHECK_INT(peer->pid, getpid());
    answer_text(s.keeper.kept[0], "you");
    rig_until(&s.rig, &client, client_has(&client, "you"));
    client_close(&client);
    scene_stop(&s);
    CHECK(access(path, F_OK) != 0); /* Removed with the server. */
    CHECK(rmdir(folder) == 0);
}

/* Two hosts on one socket would each see half of the requests. */
static void a_stale_socket_is_replaced_and_a_live_one_is_not(void)
{
    char folder[] = "/tmp/esimd-test-XXXXXX", path[64];
    CHECK_FATAL(mkdtemp(folder) != NULL);
    CHECK(snprintf(path, sizeof path, "%s/api.sock", folder) > 0);
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    CHECK_FATAL(slice_copy(slice_of(path), where.sun_path, sizeof where.sun_path));
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_FATAL(bind(stale, (struct sockaddr *)&where, sizeof where) == 0);
    close(stale);
    struct scene s;
    struct err err = ERR_INIT;
    scene_start(&s);
    CHECK(http_server_listen_unix(s.rig.server, path, &err));
    CHECK(!http_server_listen_unix(s.rig.server, path, &err));
    CHECK_INT(err.code, ERR_CONFLICT);
    scene_stop(&s);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK_FATAL(file >= 0);
    close(file);
    scene_start(&s);
    CHECK(!http_server_listen_unix(s.rig.server, path, &err));
    CHECK_INT(err.code, ERR_INVALID);
    scene_stop(&s);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
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
      CASE(a_connection_past_the_cap_is_told_503),
      CASE(a_client_that_goes_away_is_told_of_once_and_its_answer_dropped),
      CASE(a_gone_exchange_may_be_answered_from_its_callback),
      CASE(an_exchange_outlives_its_server),
      CASE(a_stream_is_sent_piece_by_piece_and_the_connection_kept),
      CASE(a_stream_behind_another_reply_waits_for_its_turn),
      CASE(a_stream_whose_client_is_too_slow_is_cut),
      CASE(a_stream_to_http_1_0_ends_with_the_connection),
      CASE(a_stream_ends_when_its_client_goes),
      CASE(a_drain_answers_what_is_open_and_closes_the_rest),
      CASE(a_drain_lets_a_request_that_has_begun_arrive),
      CASE(a_drain_cuts_what_is_left_when_its_time_is_over),
      CASE(a_drain_of_nobody_is_over_at_the_next_turn),
      CASE(two_loops_listen_on_one_address),
      CASE(an_address_that_is_none_is_refused_with_words),
      CASE(the_unix_socket_tells_who_calls),
      CASE(a_stale_socket_is_replaced_and_a_live_one_is_not))
