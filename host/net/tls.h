/* tls.h - TLS contexts (OpenSSL): TLS 1.2 or later, modern ciphers, no compression, no
 * renegotiation.
 *
 * Threads  A context is read-only after creation and may serve several loops. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include "base/err.h"

struct tls_server;

/* PEM files. `client_ca` NULL or "": client certificates are not asked for;
 * `client_required`: a connection without one is refused. */
struct tls_server *tls_server_create(const char *cert, const char *key,
                                     const char *client_ca, bool client_required,
                                     struct err *err);
void tls_server_destroy(struct tls_server **server);

/* The OpenSSL context (SSL_CTX *), for net/ and the sandbox only. */
void *tls_server_context(struct tls_server *server);

struct tls_client;

/* PEM files. `ca` NULL: the system's authorities; `cert` and `key` NULL: no client
 * certificate. */
struct tls_client *tls_client_create(const char *ca, const char *cert, const char *key,
                                     struct err *err);
void tls_client_destroy(struct tls_client **client);

/* The client's end (SSL *, free it with tls_close) on a connected socket, for net/ only.
 * The server's certificate must be for `host`: a name (sent as SNI) or an address. */
void *tls_client_open(struct tls_client *client, const char *host, int fd,
                      struct err *err);
void tls_close(void *tls);

enum tls_progress { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_FAILED };

/* One step of the handshake. ERR_UNTRUSTED: the other side's certificate;
 * ERR_UNAUTHORISED: ours. */
enum tls_progress tls_shake_hands(void *tls, struct err *err);

/* Is this error of OpenSSL's queue an alert by which the other side refuses our
 * certificate, or misses one? With TLS 1.3 it comes only after the client's handshake. */
bool tls_alert_is_about_us(unsigned long code);

#endif
