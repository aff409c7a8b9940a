/* client_scene.h - an HTTP client and a peer that the test plays itself.
 *
 * The peer accepts one connection at a time and says what the test tells it to. */
#ifndef TESTS_CLIENT_SCENE_H
#define TESTS_CLIENT_SCENE_H

#include "http_rig.h"

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

static inline void note(void *arg, enum http_end end, int status,
                        const struct http_field *fields, size_t field_count,
                        struct slice body, const struct err *err)
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

static inline void peer_start(struct peer *peer)
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

static inline void peer_hang_up(struct peer *peer, bool reset)
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

static inline void peer_step(struct peer *peer)
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

static inline void peer_say(struct peer *peer, const char *bytes, size_t size)
{
    CHECK_FATAL(peer->fd >= 0);
    CHECK(send(peer->fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size);
}

static inline size_t peer_requests(const struct peer *peer)
{
    const struct client as_client = { .got = peer->got };
    return client_count(&as_client, "\r\n\r\n");
}

static inline bool peer_has(const struct peer *peer, const char *text)
{
    const struct client as_client = { .got = peer->got };
    return client_has(&as_client, text);
}

static inline void scene_start(struct scene *s)
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

static inline void scene_stop(struct scene *s)
{
    http_client_destroy(&s->client);
    loop_destroy(&s->loop);
    peer_hang_up(&s->peer, false);
    close(s->peer.listener);
    buf_finish(&s->peer.got);
    buf_finish(&s->outcome.body);
}

static inline void scene_step(struct scene *s)
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

static inline struct http_call *start(struct scene *s)
{
    struct err err = ERR_INIT;
    struct http_call *call = http_send(s->client, &s->outgoing, note, &s->outcome,
                                       &err);
    CHECK_FATAL(call != NULL);
    return call;
}

/* One call; the peer says `reply` once the request is there, then hangs up if told. */
static inline void exchange(struct scene *s, const char *reply, size_t size,
                            bool hang_up)
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

#endif
