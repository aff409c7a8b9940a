/* wire.h - ES2+ of SGP.22 v2.2 as bytes: what is asked, what is answered.
 *
 * Pure: JSON and text in, JSON and text out. Nothing here knows a flow, a setting or an
 * outcome. All memory is the step's (esim/exchange.h); texts end in NUL and live as
 * long as the step. Codes are dotted *strings*: "3.10" is not "3.1" (SGP.22 5.2.6). */
#ifndef ATOM_WIRE_H
#define ATOM_WIRE_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/abi.h"

enum es2_function {
    ES2_DOWNLOAD_ORDER,
    ES2_CONFIRM_ORDER,
    ES2_CANCEL_ORDER,
    ES2_RELEASE_PROFILE,
    ES2_PROGRESS, /* handleDownloadProgressInfo: the SM-DP+ calls us. */
    ES2_FUNCTION_COUNT
};

/* The function's name as it stands in its path: "downloadOrder". */
const char *es2_name(enum es2_function function);

/* functionExecutionStatus.status (SGP.22 6.5.1.4). */
enum es2_status { ES2_SUCCESS, ES2_WARNING, ES2_FAILED, ES2_EXPIRED, ES2_STATUS_COUNT };

/* A functionExecutionStatus. `subject` and `reason` are NULL when they are absent or
 * not dotted text: a number is refused, because 3.10 as a number has become 3.1. */
struct es2_result {
    enum es2_status status;
    const char *subject;
    const char *reason;
};

/* A request's body with its header filled in; the function's own members are its
 * siblings (6.5.1.1). `call_id` is the functionCallIdentifier. */
json_t *es2_request(const char *requester, const char *call_id);

/* Reads functionExecutionStatus or notificationPointStatus. False when `object` is not
 * one. */
bool es2_result_read(const json_t *object, struct es2_result *ret);

/* Reads a reply's body. False when it is not JSON or has no result; then `ret_body` is
 * untouched. */
bool es2_reply_read(struct esim_bytes text, struct es2_result *ret, json_t **ret_body);

/* "8.2.5/3.7", or NULL when either code is absent. */
const char *es2_codes(const struct es2_result *result);

/* What SGP.22 5.2.6 calls a subject or reason code; "unlisted" for any other. */
const char *es2_subject_name(const char *subject);
const char *es2_reason_name(const char *reason);

/* A text member; with `numbers`, an integer is taken too and written in decimal. NULL
 * when it is absent or of another type. */
const char *es2_text(const json_t *object, const char *key, bool numbers);

/* How a carrier wants to see an ICCID. 19 digits with and without the pad F name the
 * same profile (SGP.22 5.2.1). */
enum es2_iccid_form {
    ES2_ICCID_PLAIN,  /* "19": digits only; a 20-digit one stays as it is. */
    ES2_ICCID_PADDED, /* "19F": F after 19 digits; a 20-digit one stays as it is. */
    ES2_ICCID_FULL,   /* "20": 20 digits or nothing. */
    ES2_ICCID_FORM_COUNT
};

/* The form called `name` ("19", "19F", "20"); false when there is none. */
bool es2_iccid_form_of(const char *name, enum es2_iccid_form *ret);

/* The digits alone, without the pad. NULL when `text` is not 18 to 20 digits and at
 * most one F. No Luhn check: many real ICCIDs fail it. */
const char *es2_iccid_read(const char *text);

/* An ICCID (digits alone) as the carrier wants it; NULL when it cannot be so
 * written. */
const char *es2_iccid_write(const char *iccid, enum es2_iccid_form form);

/* 32 digits whose number mod 97 is 1 (SGP.02 2.2.2, SGP.29). */
bool es2_eid_is_valid(const char *text);

#endif
