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

/* The OpenSSL context (SSL_CTX *), for net/ only. */
void *tls_server_context(struct tls_server *server);

#endif
