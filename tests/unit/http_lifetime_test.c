/* What ends before its time: clients, streams, servers; and where servers listen. */
#include "server_scene.h"

#include <sys/stat.h>
#include <sys/un.h>

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

TESTS("http_lifetime",
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
