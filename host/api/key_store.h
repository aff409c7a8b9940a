/* key_store.h - API keys and tenants in the store. Keys are kept as hashes only.
 *
 * Threads  Inside transactions and reads (store.h); keys_bootstrap says. */
#ifndef API_KEY_STORE_H
#define API_KEY_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/identity.h"
#include "api/key_text.h"
#include "base/err.h"
#include "base/id.h"
#include "store/db.h"
#include "store/store.h"

struct api_key_new {
    const char *tenant;
    const char *subject;      /* Shown in the audit as "key:<subject>". */
    const json_t *roles;      /* Array of names. */
    char id[ID_SIZE];         /* Out. */
    char text[KEY_TEXT_SIZE]; /* Out: shown once, never again. Wipe it. */
};

/* ERR_NOT_FOUND: no such tenant. The caller writes the audit record beside it. */
bool api_key_create(struct db *db, struct api_key_new *key, struct err *err);

/* A key that may be used, by its prefix. Revoked and unknown are the same answer. */
struct api_key {
    char id[ID_SIZE];
    char prefix[KEY_PREFIX_SIZE];
    uint8_t hash[DIGEST_SIZE];
    char subject[WHO_SUBJECT_SIZE];
    char tenant[WHO_TENANT_SIZE];
    json_t *roles; /* The holder's reference. */
};
bool api_key_by_prefix(struct db *db, const char *prefix, struct api_key *ret,
                       struct err *err);

/* Keys of a tenant as the API shows them: a new array. */
bool api_key_list(struct db *db, const char *tenant, json_t **ret, struct err *err);

/* ERR_NOT_FOUND also for another tenant's; revoking twice is fine. */
bool api_key_revoke(struct db *db, const char *tenant, const char *id, struct err *err);

bool api_key_used(struct db *db, const char *tenant, const char *id, int64_t at_ms,
                  struct err *err);

/* ERR_CONFLICT: there is one of this name. */
bool tenant_create(struct db *db, const char *name, const char *text, struct err *err);
bool tenant_exists(struct db *db, const char *name, bool *ret, struct err *err);
bool tenant_list(struct db *db, json_t **ret, struct err *err);

/* For `esimd --create-key TENANT ROLE SUBJECT` on a host that is down: makes the tenant
 * where it is missing, a key, and an audit record by "host"; the key goes to ret. */
bool keys_bootstrap(struct store *store, const char *tenant, const char *role,
                    const char *subject, char ret[KEY_TEXT_SIZE], struct err *err);

#endif
