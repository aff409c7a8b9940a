/* soap_message.h - a SOAP request read strictly, by the contract of
 * plugins/ooredoo/contract: HTTP, envelope, header, payload.
 *
 * Memory  Texts are in the arena given. */
#ifndef SANDBOX_SOAP_MESSAGE_H
#define SANDBOX_SOAP_MESSAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "net/http_message.h"

#define SOAP_CONTRACT "urn:esimd:carrier:1"

enum soap_version { SOAP_11, SOAP_12, SOAP_VERSION_COUNT };

enum soap_operation {
    SOAP_ORDER_PROFILE,
    SOAP_CONFIRM_PROFILE,
    SOAP_CANCEL_PROFILE,
    SOAP_QUERY_PROFILE,
    SOAP_ACTIVATE_LINE,
    SOAP_SUSPEND_LINE,
    SOAP_RESUME_LINE,
    SOAP_TERMINATE_LINE,
    SOAP_READ_USAGE,
    SOAP_OPERATION_COUNT
};

enum soap_value {
    SOAP_REQUEST_ID,
    SOAP_REFERENCE,
    SOAP_PROFILE_TYPE,
    SOAP_ICCID,
    SOAP_EID,
    SOAP_IMEI,
    SOAP_MSISDN,
    SOAP_PLAN,
    SOAP_MATCHING_ID,
    SOAP_CONFIRMATION_CODE,
    SOAP_SMDS,
    SOAP_RELEASE,
    SOAP_FINAL_STATE,
    SOAP_REASON,
    SOAP_FROM,
    SOAP_TO,
    SOAP_VALUE_COUNT
};

/* As it was sent; NULL where absent. */
struct soap_token {
    const char *username;
    const char *password;
    bool is_digest;
    const char *nonce; /* Base64. */
    const char *created;
};

struct soap_message {
    enum soap_version version;
    enum soap_operation operation;
    const char *values[SOAP_VALUE_COUNT]; /* NULL where absent. */
    bool has_token;
    struct soap_token token;
};

/* Why a message is refused. `http` 0: by a fault of the version in the message. */
struct soap_refusal {
    int http;
    const char *code;    /* "Client": of SOAP 1.1; the writer translates. */
    const char *subcode; /* Of WS-Security; NULL: none. */
    const char *about;   /* The element or the matter. */
};

const char *soap_operation_name(enum soap_operation operation);

/* False: `ret_refusal` says why, and `ret->version` in which version to say it. */
bool soap_message_read(const struct http_request *http, struct arena *arena,
                       struct soap_message *ret, struct soap_refusal *ret_refusal);

#endif
