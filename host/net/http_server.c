#include "net/http_server.h"

#include <assert.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/listen.h"
#include "net/server.h"

enum { ACCEPT_REST_MS = 100 };

struct listener {
    struct listener *next;
    struct http_server *server;
    struct evconnlistener *events;
    struct tls_server *tls;
    char *unix_path; /* Removed at the end; NULL: TCP. */
};

static void set_listening(struct http_server *server, bool on)
{
    for (struct listener *l = server->listeners; l != NULL; l = l->next) {
        int failed = on ? evconnlistener_enable(l->events)
                        : evconnlistener_disable(l->events);
        memory_need(failed == 0);
    }
}

static void resume_accepting(void *arg)
{
    set_listening(arg, true);
}

static void on_drain_time(void *arg)
{
    struct http_server *server = arg;
    void (*drained)(void *) = server->drained;
    if (drained == NULL)
        return;
    server->drained = NULL;
    connection_each(server, connection_close);
    drained(server->drained_arg);
}

static bool start(struct http_server *server)
{
    struct timeval idle = { .tv_sec = (time_t)(server->limits.idle_ms / 1000),
                            .tv_usec = (suseconds_t)(server->limits.idle_ms % 1000 *
                                                     1000) };
    server->idle_time = event_base_init_common_timeout(loop_base(server->loop), &idle);
    server->writer = reply_writer_create(server->limits.gzip_bytes);
    server->accept_timer = loop_timer_create(server->loop, resume_accepting, server);
    server->drain_timer = loop_timer_create(server->loop, on_drain_time, server);
    return server->idle_time != NULL && server->writer != NULL &&
           server->accept_timer != NULL && server->drain_timer != NULL;
}

struct http_server *http_server_create(struct loop *loop,
                                       const struct http_limits *limits,
                                       http_handler handler, void *arg, struct err *err)
{
    assert(limits->headers > 0 && limits->pipeline > 0 && limits->connections > 0);
    struct http_server *server = calloc(1, sizeof *server);
    if (server != NULL) {
        server->loop = loop;
        server->limits = *limits;
        server->request_limits = (struct request_limits){ limits->head_bytes,
                                                          limits->body_bytes,
                                                          limits->headers };
        server->handler = handler;
        server->arg = arg;
        if (start(server))
            return server;
        http_server_destroy(&server);
    }
    err_set(err, ERR_UNAVAILABLE, "no memory for an HTTP server");
    return NULL;
}

static void listener_destroy(struct listener *listener)
{
    if (listener->events != NULL)
        evconnlistener_free(listener->events);
    if (listener->unix_path != NULL)
        unlink(listener->unix_path);
    free(listener->unix_path);
    free(listener);
}

static void stop_listening(struct http_server *server)
{
    loop_timer_stop(server->accept_timer);
    while (server->listeners != NULL) {
        struct listener *gone = server->listeners;
        server->listeners = gone->next;
        listener_destroy(gone);
    }
}

void http_server_destroy(struct http_server **server)
{
    struct http_server *gone = *server;
    if (gone == NULL)
        return;
    if (gone->accept_timer != NULL)
        stop_listening(gone);
    connection_each(gone, connection_close);
    while (gone->connections != NULL) /* What the handler still holds lives on. */
        connection_orphan(gone->connections);
    while (gone->spare != NULL) {
        struct http_exchange *exchange = gone->spare;
        gone->spare = exchange->next;
        exchange_free(exchange);
    }
    loop_timer_destroy(&gone->accept_timer);
    loop_timer_destroy(&gone->drain_timer);
    reply_writer_destroy(&gone->writer);
    free(gone);
    *server = NULL;
}

/* ---- accepting ---- */

static void refuse_connection(int fd, bool is_tls)
{
    static const char reply[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                "Content-Length: 0\r\nRetry-After: 1\r\n"
                                "Connection: close\r\n\r\n";
    refusal_count(REFUSAL_CONNECTIONS);
    if (!is_tls) {
        ssize_t sent = send(fd, reply, sizeof reply - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent; /* The close says it too. */
    }
    close(fd);
}

static void on_accept(struct evconnlistener *events, evutil_socket_t fd,
                      struct sockaddr *address, int size, void *arg)
{
    (void)events;
    (void)size;
    struct listener *listener = arg;
    struct http_server *server = listener->server;
    if (server->open >= server->limits.connections)
        refuse_connection(fd, listener->tls != NULL);
    else
        connection_open(server, fd, address, listener->tls);
}

/* Short of descriptors: the backlog keeps them while we rest, instead of spinning. */
static void on_accept_error(struct evconnlistener *events, void *arg)
{
    (void)events;
    struct listener *listener = arg;
    set_listening(listener->server, false);
    loop_timer_set(listener->server->accept_timer, ACCEPT_REST_MS);
}

static bool add_listener(struct http_server *server, int fd, struct tls_server *tls,
                         const char *unix_path, struct err *err)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener != NULL) {
        listener->server = server;
        listener->tls = tls;
        listener->unix_path = unix_path == NULL ? NULL : strdup(unix_path);
        listener->events = evconnlistener_new(
            loop_base(server->loop), on_accept, listener,
            LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    }
    if (listener == NULL || listener->events == NULL) {
        close(fd);
        free(listener == NULL ? NULL : listener->unix_path);
        free(listener);
        return err_set(err, ERR_UNAVAILABLE, "no memory for a listener");
    }
    evconnlistener_set_error_cb(listener->events, on_accept_error);
    listener->next = server->listeners;
    server->listeners = listener;
    return true;
}

bool http_server_listen(struct http_server *server, const char *address,
                        struct tls_server *tls, char ret_address[64], struct err *err)
{
    int fd = listen_tcp(address, ret_address, err);
    return fd >= 0 && add_listener(server, fd, tls, NULL, err);
}

bool http_server_listen_unix(struct http_server *server, const char *path,
                             struct err *err)
{
    int fd = listen_unix(path, err);
    if (fd < 0)
        return false;
    bool added = add_listener(server, fd, NULL, path, err);
    if (!added)
        unlink(path);
    return added;
}

/* ---- stopping ---- */

void server_connection_closed(struct http_server *server)
{
    server->open--;
    if (server->open == 0 && server->drained != NULL)
        loop_timer_set(server->drain_timer, 0);
}

void http_server_drain(struct http_server *server, int64_t after_ms,
                       void (*drained)(void *arg), void *arg)
{
    assert(server->drained == NULL && drained != NULL);
    stop_listening(server);
    server->drained = drained;
    server->drained_arg = arg;
    loop_timer_set(server->drain_timer, after_ms);
    connection_each(server, connection_drain);
    if (server->open == 0)
        loop_timer_set(server->drain_timer, 0);
}
