/* api_client.h - asks the host of api_rig.h one request after the other, from the test's
 * own thread, and waits for the answers.
 *
 * Every answer is noted as (operation, status), so that a test can tell which of the
 * documented ones were never seen. */
#ifndef TESTS_API_CLIENT_H
#define TESTS_API_CLIENT_H

#include <errno.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "api_rig.h"

#include "api/route.h"

/* ---- a client ---- */

struct reply {
    int status;
    struct buf bytes; /* Head and body. */
    struct slice head, body;
    json_t *json; /* NULL: the body is none. */
};

struct ask {
    const char *method, *path;
    const char *key;     /* NULL: none. */
    const char *body;    /* NULL: none. */
    const char *headers; /* Whole lines, each with CRLF; NULL: none. */
};

static inline int rig_connect(const struct api_rig *rig)
{
    char host[64];
    uint64_t port;
    struct slice rest = slice_of(api_address(rig->api));
    struct slice name = slice_cut(&rest, ':');
    CHECK_FATAL(slice_copy(name, host, sizeof host) && slice_u64(rest, &port));
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port) };
    CHECK_FATAL(inet_pton(AF_INET, host, &to.sin_addr) == 1);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = { .tv_sec = RIG_SECONDS };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    CHECK_FATAL(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static inline int rig_connect_unix(const struct api_rig *rig)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    CHECK_FATAL(
        snprintf(to.sun_path, sizeof to.sun_path, "%s/api.sock", rig->scratch.dir) > 0);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval wait = { .tv_sec = RIG_SECONDS };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    CHECK_FATAL(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static inline void rig_send(int fd, const struct ask *ask)
{
    struct buf text;
    buf_init(&text, 4 << 20);
    buf_add_format(&text, "%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n",
                   ask->method, ask->path);
    if (ask->key != NULL)
        buf_add_format(&text, "Authorization: Bearer %s\r\n", ask->key);
    if (ask->headers != NULL)
        buf_add_text(&text, ask->headers);
    if (ask->body != NULL)
        buf_add_format(&text, "Content-Length: %zu\r\n", strlen(ask->body));
    buf_add_text(&text, "\r\n");
    if (ask->body != NULL)
        buf_add_text(&text, ask->body);
    CHECK_FATAL(send(fd, text.ptr, text.size, MSG_NOSIGNAL) == (ssize_t)text.size);
    buf_finish(&text);
}

/* As recv. A socket with a time limit wakes for any signal: a cell's end is one. */
static inline ssize_t rig_recv(int fd, void *bytes, size_t size)
{
    ssize_t got;
    do
        got = recv(fd, bytes, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static inline void rig_receive(int fd, struct reply *ret)
{
    char piece[4096];
    ssize_t got;
    *ret = (struct reply){ .status = 0 };
    buf_init(&ret->bytes, 64 << 20);
    while ((got = rig_recv(fd, piece, sizeof piece)) > 0)
        buf_add(&ret->bytes, piece, (size_t)got);
    CHECK_FATAL(ret->bytes.ptr != NULL);
    char *end = strstr(ret->bytes.ptr, "\r\n\r\n");
    CHECK_FATAL(end != NULL);
    ret->head = slice_bytes(ret->bytes.ptr, (size_t)(end - ret->bytes.ptr) + 2);
    ret->body = slice_bytes(end + 4, ret->bytes.size - ret->head.size - 2);
    uint64_t status = 0;
    CHECK(slice_u64(slice_bytes(ret->bytes.ptr + 9, 3), &status));
    ret->status = (int)status;
    if (ret->body.size > 0 && (ret->body.ptr[0] == '{' || ret->body.ptr[0] == '['))
        ret->json = json_read(ret->body, NULL);
}

static inline void rig_finish(struct reply *reply)
{
    buf_finish(&reply->bytes);
    json_decref(reply->json);
    reply->json = NULL;
}

/* The value of a header field; "" when it is not there. Overwritten by the next call. */
static inline const char *rig_field(const struct reply *reply, const char *name)
{
    static char value[1024];
    struct slice rest = reply->head;
    while (rest.size > 0) {
        struct slice line = slice_cut(&rest, '\n');
        struct slice field = slice_cut(&line, ':');
        if (!slice_is_nocase(field, name) || line.size < 2)
            continue;
        CHECK(
            slice_copy(slice_bytes(line.ptr + 1, line.size - 2), value, sizeof value));
        return value;
    }
    return "";
}

/* ---- which documented answers were seen ---- */

static json_t *rig_seen; /* {"order.show 200": true} */

static inline void rig_note(const struct ask *ask, int status)
{
    char allow[64], name[128];
    struct route_params params = { .place = 0 };
    struct slice path = slice_of(ask->path);
    path = slice_cut(&path, '?');
    const struct route *route = route_match(slice_of(ask->method), path,
                                            ROUTE_SIDE_API | ROUTE_SIDE_CALLBACK,
                                            &params, allow);
    if (route == NULL)
        return;
    if (rig_seen == NULL)
        rig_seen = json_object();
    CHECK(snprintf(name, sizeof name, "%s %d", route->id, status) > 0);
    json_object_set_new(rig_seen, name, json_true());
}

static inline void rig_ask(const struct api_rig *rig, const struct ask *ask,
                           struct reply *ret)
{
    int fd = rig_connect(rig);
    rig_send(fd, ask);
    rig_receive(fd, ret);
    close(fd);
    rig_note(ask, ret->status);
}

/* The status alone. */
static inline int rig_status(const struct api_rig *rig, const struct ask *ask)
{
    struct reply reply;
    rig_ask(rig, ask, &reply);
    int status = reply.status;
    rig_finish(&reply);
    return status;
}

#endif
