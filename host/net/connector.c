#include "net/connector.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "net/address.h"
#include "net/lookup.h"
#include "net/tls.h"

enum {
    ADDRESSES_MAX = 8,
    UNANSWERED_MS = 60000 /* Sent bytes without an acknowledgement by TCP. */
};

struct connector {
    struct loop *loop;
    connector_done done; /* NULL once called. */
    void *arg;
    char *host;
    uint16_t port;
    bool allow_private;
    struct tls_client *tls; /* NULL: plain. */
    struct lookup *lookup;
    struct sockaddr_storage addresses[ADDRESSES_MAX];
    socklen_t sizes[ADDRESSES_MAX];
    unsigned count, next;
    struct transport transport;
    struct event *event; /* Of the socket, for the present wait. */
    struct loop_timer *deadline;
    struct err why; /* Of the last address. */
};

/* ---- the end ---- */

static void drop_event(struct connector *connector)
{
    if (connector->event != NULL)
        event_free(connector->event);
    connector->event = NULL;
}

/* The last thing that is done: the owner may destroy it in there. */
static void finish(struct connector *connector, const struct transport *transport)
{
    connector_done done = connector->done;
    drop_event(connector);
    lookup_cancel(&connector->lookup);
    loop_timer_stop(connector->deadline);
    connector->done = NULL;
    if (transport == NULL)
        transport_close(&connector->transport);
    else
        connector->transport = (struct transport){ .fd = -1 }; /* Given. */
    done(connector->arg, transport, &connector->why);
}

static void succeed(struct connector *connector)
{
    struct transport transport = connector->transport;
    finish(connector, &transport);
}

static void on_deadline(void *arg)
{
    struct connector *connector = arg;
    err_set(&connector->why, ERR_TIMEOUT, "connecting to %.200s port %u took too long",
            connector->host, connector->port);
    finish(connector, NULL);
}

/* ---- TLS ---- */

static void wait_for(struct connector *connector, short what,
                     void (*ready)(evutil_socket_t fd, short what, void *arg))
{
    drop_event(connector);
    connector->event = event_new(loop_base(connector->loop), connector->transport.fd,
                                 what, ready, connector);
    int failed = connector->event == NULL ? -1 : event_add(connector->event, NULL);
    memory_need(failed == 0);
}

static void shake_hands(evutil_socket_t fd, short what, void *arg)
{
    struct connector *connector = arg;
    (void)fd;
    (void)what;
    switch (tls_shake_hands(connector->transport.tls, &connector->why)) {
    case TLS_DONE:
        succeed(connector);
        break;
    case TLS_WANTS_READ:
        wait_for(connector, EV_READ, shake_hands);
        break;
    case TLS_WANTS_WRITE:
        wait_for(connector, EV_WRITE, shake_hands);
        break;
    default:
        finish(connector, NULL);
    }
}

/* ---- addresses in turn ---- */

static void try_next(struct connector *connector);

static void give_up_address(struct connector *connector, int error)
{
    err_set(&connector->why, ERR_UNAVAILABLE, "connecting to %.200s port %u: %s",
            connector->host, connector->port, strerror(error));
    drop_event(connector);
    transport_close(&connector->transport);
    try_next(connector);
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
    struct connector *connector = arg;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0) {
        give_up_address(connector, error);
        return;
    }
    if (connector->tls == NULL) {
        succeed(connector);
        return;
    }
    connector->transport.tls = tls_client_open(connector->tls, connector->host, fd,
                                               &connector->why);
    if (connector->transport.tls == NULL)
        finish(connector, NULL);
    else
        shake_hands(fd, what, connector);
}

static void set_options(int fd)
{
    int on = 1, unanswered_ms = UNANSWERED_MS;
    int a = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int b = setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    int c = setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms,
                       sizeof unanswered_ms);
    (void)(a + b + c); /* Niceties: the connection works without them. */
}

static void try_next(struct connector *connector)
{
    if (connector->next == connector->count) {
        finish(connector, NULL);
        return;
    }
    unsigned at = connector->next++;
    const struct sockaddr *address = (const void *)&connector->addresses[at];
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connector->transport = (struct transport){ .fd = fd };
    if (fd < 0) {
        give_up_address(connector, errno);
        return;
    }
    set_options(fd);
    if (connect(fd, address, connector->sizes[at]) != 0 && errno != EINPROGRESS)
        give_up_address(connector, errno);
    else
        wait_for(connector, EV_WRITE, on_connected);
}

static void on_addresses(void *arg, const struct addrinfo *addresses,
                         const struct err *err)
{
    struct connector *connector = arg;
    connector->lookup = NULL;
    if (addresses == NULL)
        connector->why = *err;
    else
        err_set(&connector->why, ERR_DENIED,
                "%.200s leads to no address that may be used", connector->host);
    for (; addresses != NULL && connector->count < ADDRESSES_MAX;
         addresses = addresses->ai_next) {
        if (!connector->allow_private && !address_is_public(addresses->ai_addr))
            continue;
        unsigned at = connector->count++;
        connector->sizes[at] = addresses->ai_addrlen;
        memcpy(&connector->addresses[at], addresses->ai_addr, addresses->ai_addrlen);
    }
    try_next(connector);
}

/* ---- life ---- */

static bool prepare(struct connector *connector, const struct stream_place *place,
                    struct err *err)
{
    if (place->tls) {
        connector->tls = tls_client_create(place->ca_file, place->cert_file,
                                           place->key_file, err);
        if (connector->tls == NULL)
            return false;
    }
    connector->lookup = lookup_start(connector->loop, place->host, place->port,
                                     on_addresses, connector, err);
    return connector->lookup != NULL;
}

struct connector *connector_start(struct loop *loop, const struct stream_place *place,
                                  connector_done done, void *arg, struct err *err)
{
    struct connector *connector = calloc(1, sizeof *connector);
    memory_need(connector != NULL);
    assert(place->connect_ms > 0);
    connector->loop = loop;
    connector->done = done;
    connector->arg = arg;
    connector->host = strdup(place->host);
    connector->port = place->port;
    connector->allow_private = place->allow_private;
    connector->transport.fd = -1;
    connector->deadline = loop_timer_create(loop, on_deadline, connector);
    memory_need(connector->host != NULL && connector->deadline != NULL);
    if (prepare(connector, place, err))
        loop_timer_set(connector->deadline, place->connect_ms);
    else
        connector_destroy(&connector);
    return connector;
}

void connector_destroy(struct connector **connector)
{
    struct connector *gone = *connector;
    if (gone == NULL)
        return;
    *connector = NULL;
    drop_event(gone);
    lookup_cancel(&gone->lookup);
    transport_close(&gone->transport);
    tls_client_destroy(&gone->tls);
    loop_timer_destroy(&gone->deadline);
    free(gone->host);
    free(gone);
}
