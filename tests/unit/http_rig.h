/* http_rig.h - a server and raw clients in one thread, for tests of host/net/.
 *
 * The test turns the loop itself, so there are no races: rig_until turns it until a
 * condition holds, at most RIG_SECONDS. */
#ifndef TESTS_HTTP_RIG_H
#define TESTS_HTTP_RIG_H

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#include "base/buf.h"
#include "net/http_server.h"

enum { RIG_SECONDS = 10, RIG_BYTES_MAX = 64 << 20 };

struct rig {
    struct loop *loop;
    struct http_server *server;
    char address[64];
};

/* A client's socket and what it has received. */
struct client {
    int fd;
    struct buf got;
    bool ended; /* The server has closed. */
    bool reset;
};

static inline struct http_limits rig_limits(void)
{
    return (struct http_limits){
        .head_bytes = 2048,
        .body_bytes = 4096,
        .headers = 16,
        .pipeline = 4,
        .connections = 32,
        .gzip_bytes = 256,
        .head_ms = 5000,
        .request_ms = 5000,
        .idle_ms = 5000,
        .write_ms = 5000,
    };
}

static inline void rig_start(struct rig *rig, const struct http_limits *limits,
                             http_handler handler, void *arg, struct tls_server *tls)
{
    struct err err = ERR_INIT;
    rig->loop = loop_create(&err);
    CHECK_FATAL(rig->loop != NULL);
    rig->server = http_server_create(rig->loop, limits, handler, arg, &err);
    CHECK_FATAL(rig->server != NULL);
    CHECK_FATAL(
        http_server_listen(rig->server, "127.0.0.1:0", tls, rig->address, &err));
}

static inline void rig_stop(struct rig *rig)
{
    http_server_destroy(&rig->server);
    loop_destroy(&rig->loop);
}

static inline int64_t rig_now_ms(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK_FATAL(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void rig_turn(struct rig *rig)
{
    int failed = event_base_loop(loop_base(rig->loop), EVLOOP_NONBLOCK);
    CHECK_FATAL(failed >= 0);
}

static inline int rig_port(const struct rig *rig)
{
    uint64_t port = 0;
    CHECK_FATAL(slice_u64(slice_of(strrchr(rig->address, ':') + 1), &port));
    return (int)port;
}

static inline void client_open_to(struct client *client, const struct sockaddr *where,
                                  socklen_t size)
{
    *client = (struct client){ .fd = socket(where->sa_family, SOCK_STREAM, 0) };
    buf_init(&client->got, RIG_BYTES_MAX);
    CHECK_FATAL(client->fd >= 0);
    CHECK_FATAL(connect(client->fd, where, size) == 0);
    CHECK_FATAL(fcntl(client->fd, F_SETFL, O_NONBLOCK) == 0);
}

static inline void client_open(struct client *client, struct rig *rig)
{
    struct sockaddr_in where = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)rig_port(rig)) };
    client_open_to(client, (struct sockaddr *)&where, sizeof where);
}

static inline void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
    buf_finish(&client->got);
}

/* Takes what has come. */
static inline void client_read(struct client *client)
{
    char bytes[16384];
    ssize_t size;
    while (!client->ended && (size = recv(client->fd, bytes, sizeof bytes, 0)) >= 0) {
        buf_add(&client->got, bytes, (size_t)size);
        client->ended = size == 0;
    }
    if (!client->ended && errno != EAGAIN && errno != EINTR) {
        client->ended = true;
        client->reset = true;
    }
}

/* One turn of the loop, then one look at the client's socket. */
static inline void rig_step(struct rig *rig, struct client *client)
{
    rig_turn(rig);
    if (client != NULL) {
        struct pollfd look = { .fd = client->ended ? -1 : client->fd,
                               .events = POLLIN };
        int ready = poll(&look, 1, 1);
        CHECK_FATAL(ready >= 0 || errno == EINTR);
        client_read(client);
    }
}

#define rig_until(rig, client, condition)                    \
    do {                                                     \
        int64_t rig_end = rig_now_ms() + RIG_SECONDS * 1000; \
        while (!(condition) && rig_now_ms() < rig_end)       \
            rig_step((rig), (client));                       \
        CHECK(condition);                                    \
    } while (0)

/* Sends all of it, turning the loop while the socket is full. */
static inline void client_send(struct rig *rig, struct client *client,
                               struct slice bytes)
{
    int64_t end = rig_now_ms() + RIG_SECONDS * 1000;
    while (bytes.size > 0 && rig_now_ms() < end) {
        ssize_t sent = send(client->fd, bytes.ptr, bytes.size, MSG_NOSIGNAL);
        if (sent > 0)
            bytes = slice_bytes(bytes.ptr + sent, bytes.size - (size_t)sent);
        else if (errno != EAGAIN)
            return; /* The server has closed; the test sees that. */
        else
            rig_step(rig, client);
    }
}

static inline bool client_has(const struct client *client, const char *text)
{
    return client->got.size > 0 &&
           memmem(client->got.ptr, client->got.size, text, strlen(text)) != NULL;
}

/* How often the text came. */
static inline size_t client_count(const struct client *client, const char *text)
{
    size_t count = 0, size = strlen(text);
    const char *at = client->got.ptr;
    const char *end = at + client->got.size;
    while (at != NULL && at < end &&
           (at = memmem(at, (size_t)(end - at), text, size)) != NULL) {
        count++;
        at += size;
    }
    return count;
}

/* The status of the first reply; 0 without one. */
static inline int client_status(const struct client *client)
{
    uint64_t status = 0;
    struct slice got = buf_slice(&client->got);
    if (got.size >= 12 && slice_starts(got, "HTTP/1.1 "))
        (void)slice_u64(slice_bytes(got.ptr + 9, 3), &status);
    return (int)status;
}

#endif
