/* contract.h - what a carrier's service looks like: one operation a row.
 *
 * The default contract is the one that we publish (contract/esim.wsdl). The setting
 * `operations` replaces it as a whole: an operation that is not in it does not exist
 * then, since a message of one contract means nothing in another. */
#ifndef OOREDOO_CONTRACT_H
#define OOREDOO_CONTRACT_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/flow.h"

#define CONTRACT_SPACE "urn:esimd:carrier:1"

/* Not a capability: profile.order's question whether an order came into being. */
#define PROFILE_FIND "profile.find"

enum { FIELDS_MOST = 16 };

/* A member of the result and the XPath to it, from the Body element (of usage.read's
 * records: from the record). */
struct field {
    const char *member;
    const char *path;
};

struct operation {
    const char *name;     /* A capability, or PROFILE_FIND. */
    const char *template; /* Content of the Body. */
    const char *action;   /* SOAPAction; "" is allowed. */
    const char *path;     /* Of the URL; NULL: the setting path. */
    const char *code;     /* XPath of the result code. */
    const char *each;     /* XPath of the records; NULL: the operation has none. */
    esim_repeat repeat;   /* Of those that change things: ESIM_ONCE or IDEMPOTENT. */
    struct field fields[FIELDS_MOST];
    unsigned field_count;
};

/* False when the contract in these settings has no such operation. */
bool operation_of(const json_t *settings, const char *name, struct operation *ret);

/* The prefixes of XPath expressions: setting `namespaces`, else "c". */
const json_t *contract_namespaces(const json_t *settings);

/* Whether an operation of this name may be in the settings, and reads only. */
bool operation_is_known(const char *name, bool *ret_is_safe);

#endif
