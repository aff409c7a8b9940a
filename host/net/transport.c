#include "net/transport.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool transport_open(struct transport *transport, int fd, struct tls_server *tls)
{
    *transport = (struct transport){ .fd = fd };
    if (tls == NULL)
        return true;
    SSL *ssl = SSL_new(tls_server_context(tls));
    transport->tls = ssl;
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        transport_close(transport);
        return false;
    }
    SSL_set_accept_state(ssl);
    return true;
}

void transport_close(struct transport *transport)
{
    SSL_free(transport->tls);
    transport->tls = NULL;
    if (transport->fd >= 0)
        close(transport->fd);
    transport->fd = -1;
}

static enum transport_end plain_end(ssize_t size, enum transport_end wants,
                                    size_t *ret_size)
{
    if (size > 0) {
        *ret_size = (size_t)size;
        return TRANSPORT_DONE;
    }
    if (size == 0)
        return TRANSPORT_EOF;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return wants;
    return TRANSPORT_FAILED;
}

static enum transport_end tls_end(struct transport *transport, int done, size_t size,
                                  size_t *ret_size)
{
    if (done == 1) {
        *ret_size = size;
        return TRANSPORT_DONE;
    }
    switch (SSL_get_error(transport->tls, done)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TRANSPORT_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TRANSPORT_EOF;
    default:
        transport->refused = tls_alert_is_about_us(ERR_peek_last_error());
        ERR_clear_error();
        return TRANSPORT_FAILED;
    }
}

enum transport_end transport_read(struct transport *transport, void *ret, size_t room,
                                  size_t *ret_size)
{
    if (transport->tls == NULL || transport->ended)
        return plain_end(recv(transport->fd, ret, room, 0), TRANSPORT_WANTS_READ,
                         ret_size);
    size_t size = 0;
    ERR_clear_error();
    int done = SSL_read_ex(transport->tls, ret, room, &size);
    return tls_end(transport, done, size, ret_size);
}

enum transport_end transport_write(struct transport *transport, const void *bytes,
                                   size_t size, size_t *ret_size)
{
    assert(!transport->ended && size > 0);
    if (transport->tls == NULL)
        return plain_end(send(transport->fd, bytes, size, MSG_NOSIGNAL),
                         TRANSPORT_WANTS_WRITE, ret_size);
    size_t written = 0;
    ERR_clear_error();
    int done = SSL_write_ex(transport->tls, bytes, size, &written);
    return tls_end(transport, done, written, ret_size);
}

void transport_end(struct transport *transport)
{
    transport->ended = true;
    if (transport->tls != NULL && transport_is_open(transport)) {
        SSL_shutdown(transport->tls); /* Best effort: the FIN below says it too. */
        ERR_clear_error();
    }
    shutdown(transport->fd, SHUT_WR);
}

bool transport_is_open(const struct transport *transport)
{
    return transport->tls == NULL || SSL_is_init_finished(transport->tls);
}

static void unix_peer(int fd, struct http_peer *ret)
{
    struct ucred who;
    socklen_t size = sizeof who;
    ret->is_unix = true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        who = (struct ucred){ .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
    ret->uid = who.uid;
    ret->gid = who.gid;
    ret->pid = who.pid;
    int length = snprintf(ret->address, sizeof ret->address, "unix:%ld", (long)who.pid);
    assert(length > 0);
}

static void inet_peer(const struct sockaddr *address, struct http_peer *ret)
{
    bool is_v6 = address->sa_family == AF_INET6;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    const void *from = is_v6 ? (const void *)&v6->sin6_addr : &v4->sin_addr;
    char text[INET6_ADDRSTRLEN] = "?";
    if (inet_ntop(address->sa_family, from, text, sizeof text) == NULL)
        text[0] = '?';
    int length = snprintf(ret->address, sizeof ret->address,
                          is_v6 ? "[%s]:%u" : "%s:%u", text,
                          (unsigned)ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
    assert(length > 0);
}

void transport_peer(int fd, const struct sockaddr *address, struct http_peer *ret)
{
    if (address->sa_family == AF_UNIX) {
        unix_peer(fd, ret);
        return;
    }
    int on = 1; /* A reply is one write; waiting to fill a segment only delays it. */
    int failed = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)failed;
    inet_peer(address, ret);
}

static void write_subject(X509 *certificate, struct http_peer *ret)
{
    BIO *out = BIO_new(BIO_s_mem());
    if (out == NULL)
        return;
    char *text = NULL;
    long size = 0;
    if (X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0,
                           XN_FLAG_RFC2253) >= 0)
        size = BIO_get_mem_data(out, &text);
    if (size <= 0 ||
        !slice_copy(slice_bytes(text, (size_t)size), ret->subject, sizeof ret->subject))
        ret->subject[0] = '\0';
    BIO_free(out);
}

static void write_fingerprint(X509 *certificate, struct http_peer *ret)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1)
        return;
    for (unsigned i = 0; i < size && i < 32; i++) {
        ret->fingerprint[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        ret->fingerprint[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
}

void transport_peer_certificate(const struct transport *transport,
                                struct http_peer *ret)
{
    if (transport->tls == NULL)
        return;
    ret->is_tls = true;
    X509 *certificate = SSL_get1_peer_certificate(transport->tls);
    if (certificate == NULL)
        return;
    if (SSL_get_verify_result(transport->tls) == X509_V_OK) {
        ret->has_certificate = true;
        write_subject(certificate, ret);
        write_fingerprint(certificate, ret);
    }
    X509_free(certificate);
}
