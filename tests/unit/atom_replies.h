/* atom_replies.h - a carrier's replies, and how the adapter must end each. */
#ifndef TESTS_ATOM_REPLIES_H
#define TESTS_ATOM_REPLIES_H

#include "atom_play.h"

#define FAILED(subject, reason)                                                    \
    "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","             \
    "\"statusCodeData\":{\"subjectCode\":\"" subject "\",\"reasonCode\":\"" reason \
    "\",\"message\":\"SECRET\"}}}}"
#define BY_TYPE  "{\"profile_type\":\"P1\"}"
#define BY_ICCID "{\"iccid\":\"" ICCID "\"}"
#define WITH_ID  "{\"iccid\":\"" ICCID "\",\"matching_id\":\"AB\"}"
#define TO_STOCK "{\"iccid\":\"" ICCID "\",\"final_state\":\"Available\"}"
#define TO_WASTE "{\"iccid\":\"" ICCID "\",\"final_state\":\"Unavailable\"}"

struct reply_row {
    const char *capability;
    const char *input;
    uint32_t attempt;
    int status;
    const char *body;
    esim_outcome outcome;
    const char *code; /* NULL with DONE. */
    const char *carrier_code;
};

/* clang-format off */
static const struct reply_row reply_rows[] = {
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{" OK "},\"iccid\":\"" ICCID "F\"}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_ORDER, BY_ICCID, 1, 200, "{\"header\":{" OK "}}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 201, "{\"header\":{" OK "},\"iccid\":\"" ICCID "\"}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-WithWarning\"}},\"iccid\":\"" ICCID "\"}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{" OK "}}", ESIM_UNKNOWN, "iccid_missing", NULL },
    { ESIM_PROFILE_ORDER, BY_ICCID, 1, 200, "{\"header\":{" OK "},\"iccid\":\"8995010000000000019\"}", ESIM_UNKNOWN, "iccid_differs", NULL },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, FAILED("8.2.5", "3.7"), ESIM_REFUSED, "stock_empty", "8.2.5/3.7" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 2, 200, FAILED("8.2.1", "3.3"), ESIM_REFUSED, "iccid_in_use", "8.2.1/3.3" },
    { ESIM_PROFILE_ORDER, BY_ICCID, 1, 200, FAILED("8.2.1", "3.3"), ESIM_REFUSED, "iccid_in_use", "8.2.1/3.3" },
    { ESIM_PROFILE_ORDER, BY_ICCID, 2, 200, FAILED("8.2.1", "3.3"), ESIM_UNKNOWN, "iccid_maybe_ours", "8.2.1/3.3" },
    { ESIM_PROFILE_ORDER, BY_ICCID, 2, 200, FAILED("8.2.1", "6.1"), ESIM_UNKNOWN, "refused_after_lost_try", "8.2.1/6.1" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, FAILED("1.2", "4.4"), ESIM_NOT_YET, "carrier_busy", "1.2/4.4" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, FAILED("1.1", "1.1"), ESIM_REFUSED, "unauthorised", "1.1/1.1" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, FAILED("8.1", "4.8"), ESIM_REFUSED, "refused", "8.1/4.8" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"}}}", ESIM_REFUSED, "refused", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":8.2,\"reasonCode\":3.10}}}}", ESIM_REFUSED, "refused", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Expired\"}}}", ESIM_UNKNOWN, "validity_expired", "" },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Expired\"}}}", ESIM_NOT_YET, "validity_expired", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "", ESIM_UNKNOWN, "reply_unreadable", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "[]", ESIM_UNKNOWN, "reply_unreadable", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 200, "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Fine\"}}}", ESIM_UNKNOWN, "reply_unreadable", "" },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 1, 200, "<html>", ESIM_NOT_YET, "reply_unreadable", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 204, "", ESIM_UNKNOWN, "reply_unreadable", "" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 500, "", ESIM_UNKNOWN, "server_error", "HTTP 500" },
    { ESIM_PROFILE_ORDER, BY_ICCID, 1, 500, "", ESIM_NOT_YET, "server_error", "HTTP 500" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 500, FAILED("8.2.5", "3.7"), ESIM_REFUSED, "stock_empty", "8.2.5/3.7" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 500, "{\"header\":{" OK "},\"iccid\":\"" ICCID "\"}", ESIM_UNKNOWN, "server_error", "HTTP 500" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 501, "", ESIM_UNKNOWN, "server_error", "HTTP 501" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 502, "", ESIM_UNKNOWN, "gateway", "HTTP 502" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 504, "", ESIM_UNKNOWN, "gateway", "HTTP 504" },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 1, 502, "", ESIM_NOT_YET, "gateway", "HTTP 502" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 503, FAILED("8.2.5", "3.7"), ESIM_NOT_YET, "unavailable", "HTTP 503" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 429, "", ESIM_NOT_YET, "throttled", "HTTP 429" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 301, "", ESIM_REFUSED, "redirected", "HTTP 301" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 400, "", ESIM_REFUSED, "request_refused", "HTTP 400" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 400, FAILED("1.6", "2.2"), ESIM_REFUSED, "parameter_missing", "1.6/2.2" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 401, "", ESIM_REFUSED, "unauthorised", "HTTP 401" },
    { ESIM_PROFILE_ORDER, BY_TYPE, 1, 404, "", ESIM_REFUSED, "path_wrong", "HTTP 404" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 1, 200, "{\"header\":{" OK "}}", ESIM_UNKNOWN, "matching_id_missing", "" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 1, 200, "{\"header\":{" OK "},\"matchingId\":\"A_B\"}", ESIM_UNKNOWN, "activation_code_wrong", "" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 1, 200, "{\"header\":{" OK "},\"matchingId\":\"A\",\"smdpAddress\":\"no_host\"}", ESIM_UNKNOWN, "activation_code_wrong", "" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 1, 200, FAILED("8.1.1", "3.10"), ESIM_REFUSED, "eid_differs", "8.1.1/3.10" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 1, 200, FAILED("8.9", "5.1"), ESIM_NOT_YET, "smds_unreachable", "8.9/5.1" },
    { ESIM_PROFILE_CONFIRM, BY_ICCID, 2, 200, FAILED("8.2.1", "3.5"), ESIM_REFUSED, "state_wrong", "8.2.1/3.5" },
    { ESIM_PROFILE_CONFIRM, WITH_ID, 2, 200, FAILED("8.2.1", "3.5"), ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_CONFIRM, WITH_ID, 1, 200, FAILED("8.2.6", "3.3"), ESIM_REFUSED, "matching_id_in_use", "8.2.6/3.3" },
    { ESIM_PROFILE_CONFIRM, WITH_ID, 2, 200, FAILED("8.2.6", "3.3"), ESIM_UNKNOWN, "matching_id_maybe_ours", "8.2.6/3.3" },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 1, 200, "{\"header\":{" OK "}}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 1, 200, FAILED("8.2.1", "3.5"), ESIM_REFUSED, "state_wrong", "8.2.1/3.5" },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 2, 200, FAILED("8.2.1", "3.5"), ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_RELEASE, BY_ICCID, 2, 200, FAILED("8.2.1", "3.9"), ESIM_REFUSED, "iccid_unknown", "8.2.1/3.9" },
    { ESIM_PROFILE_CANCEL, TO_STOCK, 1, 200, "{\"header\":{" OK "}}", ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_CANCEL, TO_STOCK, 1, 200, FAILED("8.2.1", "3.3"), ESIM_REFUSED, "already_downloaded", "8.2.1/3.3" },
    { ESIM_PROFILE_CANCEL, TO_STOCK, 1, 200, FAILED("8.2.6", "3.10"), ESIM_REFUSED, "matching_id_differs", "8.2.6/3.10" },
    { ESIM_PROFILE_CANCEL, TO_STOCK, 2, 200, FAILED("8.2.1", "3.5"), ESIM_REFUSED, "state_wrong", "8.2.1/3.5" },
    { ESIM_PROFILE_CANCEL, TO_WASTE, 2, 200, FAILED("8.2.1", "3.5"), ESIM_DONE, NULL, NULL },
    { ESIM_PROFILE_CANCEL, TO_STOCK, 1, 500, "", ESIM_UNKNOWN, "server_error", "HTTP 500" },
    { ESIM_PROFILE_CANCEL, TO_WASTE, 1, 500, "", ESIM_NOT_YET, "server_error", "HTTP 500" },
};
/* clang-format on */

#endif
