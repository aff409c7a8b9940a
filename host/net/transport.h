/* transport.h - the bytes of one accepted connection, plain or TLS, never blocking.
 *
 * Sockets are read and written directly, not through bufferevents: a reply then costs
 * one send(2), and no change of the epoll set, in all but the rare full socket.
 *
 * Threads  The loop's. */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "net/http_message.h"
#include "net/tls.h"

struct transport {
    int fd;       /* -1 when closed. */
    void *tls;    /* SSL *; NULL: plain. */
    bool ended;   /* No more is read or written, except to throw it away. */
    bool refused; /* It failed since the other side refused our certificate. */
};

enum transport_end {
    TRANSPORT_DONE,       /* `*ret_size` bytes, at least one. */
    TRANSPORT_WANTS_READ, /* Again when readable. */
    TRANSPORT_WANTS_WRITE,
    TRANSPORT_EOF,
    TRANSPORT_FAILED
};

/* Takes the file descriptor, also on failure. `tls` may be NULL. */
bool transport_open(struct transport *transport, int fd, struct tls_server *tls);
void transport_close(struct transport *transport);

enum transport_end transport_read(struct transport *transport, void *ret, size_t room,
                                  size_t *ret_size);
enum transport_end transport_write(struct transport *transport, const void *bytes,
                                   size_t size, size_t *ret_size);

/* Says that nothing more will be written; the other side still may. From now on reads
 * are raw and their bytes mean nothing. */
void transport_end(struct transport *transport);

/* True when the TLS handshake, if any, is over. */
bool transport_is_open(const struct transport *transport);

/* Address and, for the Unix socket, credentials: right after accepting. */
void transport_peer(int fd, const struct sockaddr *address, struct http_peer *ret);

/* The certificate, once open. A subject that does not fit stays empty. */
void transport_peer_certificate(const struct transport *transport,
                                struct http_peer *ret);

#endif
