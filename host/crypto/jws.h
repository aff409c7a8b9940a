/* jws.h - signs JSON Web Signatures (RFC 7515) with a certificate's key (OpenSSL).
 *
 * One algorithm: PS256, which is RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt
 * of 32 bytes (RFC 7518 3.5). The header names the certificate by its digest
 * (x5t#S256, RFC 7515 4.1.8), so that the other side knows which key to check with.
 *
 * Threads  Any. */
#ifndef CRYPTO_JWS_H
#define CRYPTO_JWS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* Appends the compact form of a JWS over `claims` (the JSON text of a JWT). Certificate
 * and key are PEM. ERR_INVALID: one of them is unreadable, the key is not an RSA key of
 * at least 2048 bits, or it is not the certificate's. */
bool jws_sign_ps256(struct slice cert_pem, struct slice key_pem, struct slice claims,
                    struct buf *ret, struct err *err);

/* base64url without padding (RFC 7515 2). */
void base64url_write(struct slice bytes, struct buf *ret);

#endif
