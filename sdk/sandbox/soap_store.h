/* soap_store.h - what the SOAP carrier remembers: references, lines, answers, nonces.
 *
 * Each is a tree of texts by key. The trees of answers and nonces are emptied when they
 * have SOAP_KEPT_MOST entries: a sandbox forgets rather than grows.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_SOAP_STORE_H
#define SANDBOX_SOAP_STORE_H

#include <stdbool.h>

enum { SOAP_KEPT_MOST = 200000 };

enum soap_shelf {
    SOAP_REFERENCES, /* clientReference: the ICCID, "" when the order was cancelled. */
    SOAP_LINES,      /* msisdn: line state. */
    SOAP_ANSWERS,    /* Operation and requestId: the answer, "CODE content". */
    SOAP_NONCES,     /* Nonce: "". */
    SOAP_SHELF_COUNT
};

struct soap_store;

struct soap_store *soap_store_create(void); /* NULL when memory is short. */
void soap_store_destroy(struct soap_store **store);

/* The value, until the key is put again; NULL: there is none. */
const char *soap_get(const struct soap_store *store, enum soap_shelf shelf,
                     const char *key);

/* False when memory is short. */
bool soap_put(struct soap_store *store, enum soap_shelf shelf, const char *key,
              const char *value);

#endif
