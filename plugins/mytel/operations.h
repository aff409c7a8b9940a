/* operations.h - each capability as an operation of the protocol: which members of the
 * input become which values, and which values become members of the result.
 *
 * One row a capability, one row a member; the flows read nothing but these. */
#ifndef MYTEL_OPERATIONS_H
#define MYTEL_OPERATIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/abi.h"
#include "wire_codes.h"
#include "wire_tlv.h"

/* How a member stands in JSON. */
enum form {
    FORM_TEXT,
    FORM_ICCID,      /* A pad F is taken off. */
    FORM_EID,        /* With its check digits. */
    FORM_MSISDN,     /* A "+" is taken off. */
    FORM_FLAG,       /* true or false; absent is false. */
    FORM_TIME,       /* RFC 3339 */
    FORM_STATE,      /* The name of a profile state. */
    FORM_LINE_STATE, /* Results only. */
    FORM_COUNT
};

struct field {
    const char *key; /* NULL ends a list. */
    uint16_t tag;
    uint8_t form; /* enum form */
    bool required;
};

struct operation {
    const char *capability;
    uint16_t number;
    bool changes;          /* The carrier keeps a record: asking again is safe. */
    const char *either[2]; /* One of these members at least; NULL: no such rule. */
    const struct field *params;
    const struct field *results;
};

/* NULL when this adapter does not offer it. */
const struct operation *mytel_operation(struct esim_bytes capability);

/* Why an input cannot be asked for. */
struct input_fault {
    const char *code;    /* "eid_wrong", "iccid_missing" */
    const char *message; /* A sentence. */
};

/* Writes the values of the input into an opened PARAMS. False with `ret_fault`. */
bool mytel_params_write(const struct operation *operation, const json_t *input,
                        struct tlv_out *out, struct input_fault *ret_fault);

/* The result as capability.h wants it; NULL when a mandatory value is absent: its name
 * is in ret_missing then. */
json_t *mytel_results_read(const struct field *fields, struct tlv_list results,
                           const char **ret_missing);

/* Members of one usage record. */
json_t *mytel_record_read(struct tlv_list record);

#endif
