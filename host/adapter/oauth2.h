/* oauth2.h - an access token by client credentials: what is asked, what is answered.
 *
 * RFC 6749 4.4 with the client's proof either a secret in the form (2.3.1) or an
 * assertion signed with a certificate's key (RFC 7523 2.2, as Microsoft Entra wants it:
 * PS256 and x5t#S256). The adapter sees neither proof nor token.
 *
 * Pure but for the clock and randomness that the assertion's claims need.
 *
 * Threads  Any. */
#ifndef ADAPTER_OAUTH2_H
#define ADAPTER_OAUTH2_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct adapter_place;

/* What one view of an endpoint needs for its tokens. Texts live as long as the conf. */
struct oauth2_conf {
    const struct adapter_place *at; /* The token endpoint. */
    const char *url;                /* Of a token request. */
    const char *client_id;
    const char *scope;    /* "": none is sent. */
    const char *audience; /* Of an assertion. */
    const char *secret;   /* NULL: proof by certificate. Never log. */
    const char *cert_pem, *key_pem;
};

/* The body of a token request. ERR_INVALID when certificate or key cannot sign. */
bool oauth2_form(const struct oauth2_conf *conf, int64_t now_ms, struct buf *ret,
                 struct err *err);

enum oauth2_verdict {
    OAUTH2_GIVEN,   /* A token. */
    OAUTH2_REFUSED, /* Asking again with the same credentials will not help. */
    OAUTH2_LATER    /* Nothing was decided; asking again may help. */
};

enum { OAUTH2_TOKEN_MAX = 16 * 1024 };

struct oauth2_reply {
    enum oauth2_verdict verdict;
    int64_t expires_s;     /* GIVEN: how long it holds. */
    int64_t retry_after_s; /* LATER: what the server asked for; -1: nothing. */
    char code[64];         /* "invalid_client/7000222": the server's own; may be "". */
    const char *message;   /* REFUSED, LATER: a sentence that says what to do. */
};

/* Reads a reply; `token` gets the text of a GIVEN one. `retry_after`: that header's
 * value, or empty. */
void oauth2_read(int status, struct slice retry_after, struct slice body,
                 struct oauth2_reply *ret, struct buf *token);

#endif
