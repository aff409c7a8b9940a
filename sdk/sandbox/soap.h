/* soap.h - the SOAP side of the sandbox, from the inside.
 *
 * soap.c serves and records; soap_message reads; soap_security admits; soap_operations
 * carries out, on profiles of smdp_stock and on what soap_store keeps. */
#ifndef SANDBOX_SOAP_H
#define SANDBOX_SOAP_H

#include "sandbox.h"
#include "smdp_stock.h"
#include "soap_message.h"
#include "soap_store.h"

struct soap {
    struct sandbox *sandbox;
    struct smdp_stock *stock;
    struct soap_store *store;
};

/* What an operation answers. */
struct soap_result {
    const char *code;    /* Of the contract: "0". */
    const char *content; /* XML after the result, with prefix c; NULL: none. */
};

/* Carries a message out. Texts are constant or in `arena`. */
struct soap_result soap_execute(struct soap *soap, const struct soap_message *message,
                                struct arena *arena);

/* Whether the message's token is of the user that the options name; any message when
 * they name none. A nonce is taken once. */
bool soap_admits(struct soap *soap, const struct soap_message *message);

#endif
