/* smdp_request.h - an ES2+ request read strictly: SGP.22 v2.2 5.3 and 6.2 to 6.5.
 *
 * What is wrong with the HTTP message is an HTTP error; what is wrong with the
 * function's members is a failure in ES2+'s own codes. Members that the standard does
 * not name are listed for the ledger.
 *
 * Memory  Texts belong to `body`, which belongs to the request. */
#ifndef SANDBOX_SMDP_REQUEST_H
#define SANDBOX_SMDP_REQUEST_H

#include <jansson.h>
#include <stdbool.h>

#include "net/http_message.h"

enum smdp_function {
    SMDP_DOWNLOAD_ORDER,
    SMDP_CONFIRM_ORDER,
    SMDP_CANCEL_ORDER,
    SMDP_RELEASE_PROFILE,
    SMDP_FUNCTION_COUNT
};

struct smdp_request {
    enum smdp_function function;
    json_t *body;
    const char *requester;
    const char *call_id;
    /* NULL when absent. */
    const char *iccid, *eid, *profile_type, *matching_id, *confirmation_code, *smds,
        *final_state;
    bool release;
};

/* What a function answers. `subject` NULL: executed. */
struct smdp_result {
    const char *subject;
    const char *reason;
    const char *about;   /* The member or the matter; for message and ledger. */
    const char *members; /* ,"name":"value"... of the reply's body; NULL: none. */
};

const char *smdp_function_name(enum smdp_function function);

/* The function at that path; false when there is none. */
bool smdp_function_of(struct slice path, enum smdp_function *ret);

/* The HTTP status to refuse with, or 200: then `ret` is filled, to be finished, and
 * `ret_result` says whether its members are as they must be. `ret_why` says why not. */
int smdp_request_read(const struct http_request *http, enum smdp_function function,
                      struct smdp_request *ret, struct smdp_result *ret_result,
                      const char **ret_why);
void smdp_request_finish(struct smdp_request *request);

/* Names of members that the standard does not have, or NULL when there are none. The
 * caller owns it. */
json_t *smdp_request_unknown(const struct smdp_request *request);

#endif
