/* Many clients that send in pieces, pipeline, hang up and reset at any moment, against a
 * handler that answers at once, later, as a stream, or only when the client has gone. One
 * seed is one course of events; what must hold is that nothing is lost, leaked or touched
 * after its end (the sanitizers look). */
#include "http_rig.h"

enum { CLIENTS = 12, OPEN_MAX = 256, STEPS = 1500, SEEDS = 6 };

struct crowd {
    struct rig rig;
    uint32_t random;
    struct client clients[CLIENTS];
    struct held {
        struct http_exchange *exchange;
        bool streaming;
        bool gone;
    } open[OPEN_MAX];
    int handled;
    int answered;
    int gone;
};

static uint32_t draw(struct crowd *crowd, uint32_t below)
{
    crowd->random = crowd->random * 1664525u + 1013904223u;
    return (crowd->random >> 8) % below;
}

static void on_gone(void *arg)
{
    struct held *held = arg;
    CHECK(!held->gone);
    held->gone = true;
}

static void take(struct http_exchange *exchange, void *arg)
{
    struct crowd *crowd = arg;
    crowd->handled++;
    if (draw(crowd, 3) == 0) {
        struct http_reply reply = { .status = 200,
                                    .body = http_exchange_request(exchange)->body };
        http_answer(exchange, &reply);
        crowd->answered++;
        return;
    }
    for (size_t i = 0; i < OPEN_MAX; i++) {
        struct held *held = &crowd->open[i];
        if (held->exchange != NULL)
            continue;
        *held = (struct held){ .exchange = exchange };
        http_exchange_on_gone(exchange, on_gone, held);
        return;
    }
    CHECK_FATAL(false);
}

static void finish(struct crowd *crowd, struct held *held)
{
    static char body[20000];
    struct http_exchange *exchange = held->exchange;
    held->exchange = NULL;
    crowd->answered++;
    crowd->gone += held->gone;
    const struct http_reply reply = {
        .status = 200, .body = slice_bytes(body, draw(crowd, sizeof body))
    };
    if (held->streaming)
        http_stream_end(exchange);
    else
        http_answer(exchange, &reply);
}

static void go_on(struct crowd *crowd, struct held *held)
{
    static char piece[9000];
    const struct http_reply head = { .status = 200 };
    if (held->exchange == NULL)
        return;
    uint32_t what = draw(crowd, 4);
    if (what == 0 && !held->streaming) {
        held->streaming = true;
        http_stream_start(held->exchange, &head, 30000);
    } else if (what == 1 && held->streaming) {
        (void)http_stream_write(held->exchange, slice_bytes(piece, sizeof piece));
    } else if (what == 2) {
        finish(crowd, held);
    }
}

static void send_piece(struct crowd *crowd, struct client *client)
{
    static const char *const pieces[] = {
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
        "1\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n1\r\nx\r\n0\r\n",
        "\r\n",
        "GET / HT",
        "x",
    };
    const char *piece = pieces[draw(crowd, sizeof pieces / sizeof pieces[0])];
    ssize_t sent = send(client->fd, piece, strlen(piece), MSG_NOSIGNAL);
    (void)sent; /* A full or closed socket is part of the play. */
}

static void hang_up(struct crowd *crowd, struct client *client)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    if (draw(crowd, 2) == 0)
        CHECK(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) ==
              0);
    client_close(client);
}

static void end_sending(struct client *client)
{
    int failed = shutdown(client->fd, SHUT_WR);
    CHECK(failed == 0 || errno == ENOTCONN);
}

static void act(struct crowd *crowd)
{
    struct client *client = &crowd->clients[draw(crowd, CLIENTS)];
    uint32_t what = draw(crowd, 16);
    if (client->fd < 0)
        client_open(client, &crowd->rig);
    else if (what < 9)
        send_piece(crowd, client);
    else if (what < 13)
        client_read(client);
    else if (what < 14)
        end_sending(client);
    else
        hang_up(crowd, client);
}

static void play(struct crowd *crowd, uint32_t seed)
{
    struct http_limits limits = rig_limits();
    limits.connections = CLIENTS - 2; /* Some meet the cap. */
    limits.pipeline = 3;
    *crowd = (struct crowd){ .random = seed };
    rig_start(&crowd->rig, &limits, take, crowd, NULL);
    for (size_t i = 0; i < CLIENTS; i++)
        crowd->clients[i].fd = -1;
    for (int step = 0; step < STEPS; step++) {
        act(crowd);
        go_on(crowd, &crowd->open[draw(crowd, 32)]);
        rig_turn(&crowd->rig);
    }
}

static bool finish_any(struct crowd *crowd)
{
    bool any = false;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        if (crowd->open[i].exchange == NULL)
            continue;
        finish(crowd, &crowd->open[i]);
        any = true;
    }
    return any;
}

static void any_course_of_events_ends_well(void)
{
    static struct crowd crowd;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        play(&crowd, seed);
        for (size_t i = 0; i < CLIENTS; i++)
            client_close(&crowd.clients[i]);
        if (seed % 2 == 0) /* Answered after the server, or before. */
            http_server_destroy(&crowd.rig.server);
        while (finish_any(&crowd)) /* An answer may bring the next request. */
            continue;
        CHECK_INT(crowd.answered, crowd.handled);
        CHECK(crowd.handled > 50 && crowd.gone > 5);
        rig_stop(&crowd.rig);
    }
}

TESTS("http_crowd", CASE(any_course_of_events_ends_well))
