/* identity.h - who asks, kept apart from how they proved it.
 *
 * Each provider looks at one kind of proof (an API key, the peer of the Unix socket) and
 * says: this is who, this is not mine, or this is wrong. What follows (tenant, rate,
 * policy, audit) sees `struct who` only.
 *
 * Threads  The loop's. */
#ifndef API_IDENTITY_H
#define API_IDENTITY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "net/http_message.h"

struct key_cache;
struct unix_roles;

enum { WHO_TENANT_SIZE = 64, WHO_SUBJECT_SIZE = 128 };

struct who {
    const char *kind;               /* "api_key", "unix" */
    char subject[WHO_SUBJECT_SIZE]; /* "key:ops", "uid:0" */
    char tenant[WHO_TENANT_SIZE];   /* The tenant it belongs to. */
    json_t *card; /* {"id","kind","tenant","roles"}: how the policy sees it. A reference
                     of the holder's; not to be changed. */
    bool is_superadmin; /* May name another tenant. */
};

enum who_found { WHO_KNOWN, WHO_NOT_MINE, WHO_WRONG };

struct identity_parts {
    struct key_cache *keys;
    const struct unix_roles *unix_roles;
};

/* Asks every provider. WHO_NOT_MINE: no proof was offered at all; WHO_WRONG: err says
 * why in words that help nobody guess. The caller drops ret->card. */
enum who_found identity_of(const struct identity_parts *parts,
                           const struct http_request *request, struct who *ret,
                           struct err *err);

/* Fills card and is_superadmin from the rest and the roles. */
void who_make_card(struct who *who, json_t *roles);

/* The setting http.socket_roles: "1000=operator@acme,1001=viewer". */
struct unix_roles *unix_roles_read(const char *text, struct err *err);
void unix_roles_destroy(struct unix_roles **roles);

#endif
