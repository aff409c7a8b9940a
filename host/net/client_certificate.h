/* client_certificate.h - a client's certificate chain and key, read once and kept.
 *
 * OpenSSL 3 takes about a millisecond to decode a key file; done for every connection it
 * was a third of the host's time under load. The files are looked at again at each new
 * connection, and read again when they have changed.
 *
 * Threads  The loop's. */
#ifndef NET_CLIENT_CERTIFICATE_H
#define NET_CLIENT_CERTIFICATE_H

#include <stdbool.h>

#include "base/err.h"

struct client_certificate;

/* PEM files; nothing is read yet. NULL when memory is short. */
struct client_certificate *client_certificate_create(const char *cert_file,
                                                     const char *key_file);
void client_certificate_destroy(struct client_certificate **certificate);

/* Gives chain and key to a context (SSL_CTX *). False: a file is absent or malformed, or
 * the key does not fit the certificate. */
bool client_certificate_use(struct client_certificate *certificate, void *context,
                            struct err *err);

#endif
