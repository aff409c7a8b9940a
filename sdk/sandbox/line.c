/* One bufferevent a connection. A line that has to go is put on a list and freed by a
 * timer: whoever asked for its end may still hold it. */
#include "line.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSENT_MOST = 64 << 20 };

struct line {
    struct line *next, **link; /* Among the server's. */
    struct line_server *server;
    struct bufferevent *stream;
    struct later *later; /* Writes that wait. */
    void *note;
    bool is_ending, is_gone;
};

struct later {
    struct later *next, **link;
    struct line *line;
    struct event *timer;
    size_t size;
    char bytes[];
};

struct line_server {
    struct loop *loop;
    const struct line_rules *rules;
    void *state;
    struct tls_server *tls;
    struct evconnlistener *listener;
    struct line *lines;
    struct loop_timer *sweep;
};

void *line_note(const struct line *line)
{
    return line->note;
}

/* ---- the end of a line ---- */

static void drop_later(struct later *later)
{
    *later->link = later->next;
    if (later->next != NULL)
        later->next->link = later->link;
    event_free(later->timer);
    free(later);
}

/* The other side is told that nothing more comes (RFC 8446 6.1). */
static void say_goodbye(const struct line *line)
{
    SSL *ssl = bufferevent_openssl_get_ssl(line->stream);
    if (ssl != NULL && line->is_ending && SSL_is_init_finished(ssl))
        (void)SSL_shutdown(ssl);
}

static void free_line(struct line *line)
{
    line->server->rules->closed(line->server->state, line);
    while (line->later != NULL)
        drop_later(line->later);
    *line->link = line->next;
    if (line->next != NULL)
        line->next->link = line->link;
    say_goodbye(line);
    bufferevent_free(line->stream);
    free(line);
}

static void sweep(void *arg)
{
    struct line_server *server = arg;
    for (struct line *line = server->lines, *next; line != NULL; line = next) {
        next = line->next;
        if (line->is_gone)
            free_line(line);
    }
}

void line_cut(struct line *line)
{
    line->is_gone = true;
    bufferevent_disable(line->stream, EV_READ | EV_WRITE);
    loop_timer_set(line->server->sweep, 0);
}

void line_end(struct line *line)
{
    line->is_ending = true;
    bufferevent_disable(line->stream, EV_READ);
    if (evbuffer_get_length(bufferevent_get_output(line->stream)) == 0)
        line_cut(line);
}

/* ---- writing ---- */

static void write_now(struct line *line, const void *bytes, size_t size)
{
    struct evbuffer *out = bufferevent_get_output(line->stream);
    struct evbuffer_iovec room;
    if (line->is_gone || line->is_ending)
        return;
    if (evbuffer_get_length(out) > UNSENT_MOST ||
        evbuffer_reserve_space(out, (ev_ssize_t)size, &room, 1) != 1) {
        line_cut(line); /* It does not read. */
        return;
    }
    memcpy(room.iov_base, bytes, size);
    if (line->server->rules->leaves != NULL)
        line->server->rules->leaves(line->server->state, line, room.iov_base, size);
    room.iov_len = size;
    evbuffer_commit_space(out, &room, 1);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct later *later = arg;
    (void)fd;
    (void)what;
    write_now(later->line, later->bytes, later->size);
    drop_later(later);
}

void line_write(struct line *line, struct slice bytes, int64_t after_ms)
{
    struct event_base *base = loop_base(line->server->loop);
    struct later *later = after_ms <= 0 ? NULL : calloc(1, sizeof *later + bytes.size);
    if (later == NULL) {
        write_now(line, bytes.ptr, bytes.size);
        return;
    }
    const struct timeval wait = { after_ms / 1000, after_ms % 1000 * 1000 };
    memcpy(later->bytes, bytes.ptr, bytes.size);
    later->size = bytes.size;
    later->line = line;
    later->timer = evtimer_new(base, on_later, later);
    later->next = line->later;
    later->link = &line->later;
    if (later->next != NULL)
        later->next->link = &later->next;
    line->later = later;
    if (later->timer == NULL || event_add(later->timer, &wait) != 0)
        abort(); /* No memory for a timer. */
}

/* ---- reading ---- */

/* False: no whole frame is there, or the line has to go. */
static bool take_frame(struct line *line, struct evbuffer *in)
{
    const struct line_rules *rules = line->server->rules;
    size_t there = evbuffer_get_length(in);
    size_t head = there < 64 ? there : 64;
    const char *bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)head);
    int64_t size = bytes == NULL ? 0 : rules->frame(slice_bytes(bytes, head));
    if (size < 0 || size > (int64_t)rules->frame_bytes) {
        line_cut(line);
        return false;
    }
    if (size == 0 || (size_t)size > there)
        return false;
    bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)size);
    rules->came(line->server->state, line, slice_bytes(bytes, (size_t)size));
    evbuffer_drain(in, (size_t)size);
    return true;
}

static void on_bytes(struct bufferevent *stream, void *arg)
{
    struct line *line = arg;
    struct evbuffer *in = bufferevent_get_input(stream);
    while (!line->is_gone && !line->is_ending && take_frame(line, in))
        continue;
}

static void on_written(struct bufferevent *stream, void *arg)
{
    struct line *line = arg;
    (void)stream;
    if (line->is_ending)
        line_cut(line);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        line_cut(arg);
}

/* ---- listening ---- */

static struct bufferevent *open_stream(struct line_server *server, evutil_socket_t fd)
{
    struct event_base *base = loop_base(server->loop);
    if (server->tls == NULL)
        return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    SSL *ssl = SSL_new(tls_server_context(server->tls));
    if (ssl == NULL)
        return NULL;
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL)
        SSL_free(ssl);
    return stream;
}

static void on_line(struct evconnlistener *listener, evutil_socket_t fd,
                    struct sockaddr *address, int size, void *arg)
{
    struct line_server *server = arg;
    struct line *line = calloc(1, sizeof *line);
    const int yes = 1;
    (void)listener;
    (void)address;
    (void)size;
    if (line == NULL) {
        evutil_closesocket(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    line->server = server;
    line->stream = open_stream(server, fd);
    if (line->stream == NULL) {
        evutil_closesocket(fd);
        free(line);
        return;
    }
    line->next = server->lines;
    line->link = &server->lines;
    if (line->next != NULL)
        line->next->link = &line->next;
    server->lines = line;
    line->note = server->rules->opened(server->state, line);
    bufferevent_setcb(line->stream, on_bytes, on_written, on_event, line);
    bufferevent_enable(line->stream, EV_READ | EV_WRITE);
}

static bool tell_address(const struct evconnlistener *listener, char ret[64],
                         struct err *err)
{
    struct sockaddr_in bound;
    socklen_t size = sizeof bound;
    char host[INET_ADDRSTRLEN];
    int fd = evconnlistener_get_fd((struct evconnlistener *)listener);
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
        inet_ntop(AF_INET, &bound.sin_addr, host, sizeof host) == NULL)
        return err_set(err, ERR_IO, "asking for the own address: %s", strerror(errno));
    int length = snprintf(ret, 64, "%s:%u", host, ntohs(bound.sin_port));
    return length > 0 && length < 64;
}

static bool read_address(const char *address, struct sockaddr_in *ret)
{
    struct slice port_text = slice_of(address);
    struct slice host_text = slice_cut(&port_text, ':');
    char host[INET_ADDRSTRLEN];
    uint64_t port = 0;
    *ret = (struct sockaddr_in){ .sin_family = AF_INET };
    if (!slice_copy(host_text, host, sizeof host) || !slice_u64(port_text, &port) ||
        port > UINT16_MAX || inet_pton(AF_INET, host, &ret->sin_addr) != 1)
        return false;
    ret->sin_port = htons((uint16_t)port);
    return true;
}

static bool listen_at(struct line_server *server, const char *address,
                      char ret_address[64], struct err *err)
{
    struct sockaddr_in place;
    if (!read_address(address, &place))
        return err_field(err, "listen", "expected IPv4:PORT, found \"%s\"", address);
    server->listener = evconnlistener_new_bind(
        loop_base(server->loop), on_line, server,
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
        (struct sockaddr *)&place, sizeof place);
    if (server->listener == NULL)
        return err_set(err, ERR_IO, "listening at %s: %s", address, strerror(errno));
    return tell_address(server->listener, ret_address, err);
}

struct line_server *line_server_create(struct loop *loop,
                                       const struct line_rules *rules, void *state,
                                       const char *address, struct tls_server *tls,
                                       char ret_address[64], struct err *err)
{
    struct line_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        err_set(err, ERR_LIMIT, "no memory to listen");
        return NULL;
    }
    server->loop = loop;
    server->rules = rules;
    server->state = state;
    server->tls = tls;
    server->sweep = loop_timer_create(loop, sweep, server);
    if (server->sweep == NULL)
        err_set(err, ERR_LIMIT, "no memory to listen");
    if (server->sweep == NULL || !listen_at(server, address, ret_address, err))
        line_server_destroy(&server);
    return server;
}

void line_server_destroy(struct line_server **server)
{
    struct line_server *gone = *server;
    if (gone == NULL)
        return;
    *server = NULL;
    while (gone->lines != NULL)
        free_line(gone->lines);
    if (gone->listener != NULL)
        evconnlistener_free(gone->listener);
    loop_timer_destroy(&gone->sweep);
    free(gone);
}
