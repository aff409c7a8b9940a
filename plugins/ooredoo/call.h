/* call.h - one operation called inside a flow: how it is asked, what came back.
 *
 * What is the same for all operations is here: template, security header, envelope, HTTP
 * and SOAP's faults, the result code. The flows say what an end means for them. */
#ifndef OOREDOO_CALL_H
#define OOREDOO_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "contract.h"
#include "esim/exchange.h"
#include "settings.h"
#include "verdict.h"

struct call {
    struct esim_talk *talk;
    struct operation operation;
    struct soap_settings settings;
    bool is_configured;
};

struct call_answer {
    struct verdict verdict;
    const char *carrier_code; /* NULL: none that can be shown. */
    int32_t retry_after_s;
    json_t *fields;  /* Members and texts, when the verdict is DONE or ALREADY. */
    json_t *records; /* The same, an array; NULL: the operation has none. */
};

struct call call_of(struct esim_talk *talk, const char *operation);

/* Writes the POST, or ends the operation with a sentence that says what is missing:
 * REFUSED, or UNKNOWN where an earlier exchange may have been done. */
void call_ask(const struct call *call);

/* Reads the reply. */
struct call_answer call_read(const struct call *call);

/* What may be repeated of this operation, from a step's settings: what a flow needs
 * before it has its table. */
esim_repeat call_repeat(const struct esim_step *step);

#endif
