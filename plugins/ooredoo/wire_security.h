/* wire_security.h - the WS-Security header: a UsernameToken, and a Timestamp on wish.
 *
 * OASIS UsernameToken Profile 1.0 (2004). PasswordDigest is Base64(SHA-1(nonce + created
 * + password)) over the nonce's bytes, not over their base64. Nonce and created are new
 * in each message, so these bytes are good for one sending. */
#ifndef OOREDOO_WIRE_SECURITY_H
#define OOREDOO_WIRE_SECURITY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire_text.h"

#define WSS_SECEXT                            \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define WSS_UTILITY                           \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-utility-1.0.xsd"

enum wss_kind { WSS_NONE, WSS_TEXT, WSS_DIGEST };
enum { WSS_NONCE_SIZE = 16 };

struct wss_token {
    enum wss_kind kind;
    const char *username;
    const char *password;
    bool has_nonce; /* Of PasswordText; a digest always has one. */
    uint8_t nonce[WSS_NONCE_SIZE];
    const char *created; /* "2026-01-02T03:04:05Z" */
    const char *expires; /* Of the Timestamp; NULL: no Timestamp. */
    bool must_understand;
};

/* Appends the Security header; `envelope` is the prefix of the SOAP namespace. Nothing
 * for WSS_NONE without a Timestamp. */
void wss_write(const struct wss_token *token, const char *envelope, struct text *text);

/* The password digest alone, for its test vector. */
struct esim_bytes wss_digest(const uint8_t *nonce, size_t nonce_size,
                             const char *created, const char *password);

#endif
