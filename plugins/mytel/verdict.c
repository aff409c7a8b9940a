#include "verdict.h"

#include <stddef.h>

#include "wire_codes.h"

/* clang-format off */
static const struct verdict rows[] = {
{ CODE_BUSY, ESIM_NOT_YET, "busy", "BUSY",
  "The carrier is busy; it is asked again." },
{ CODE_THROTTLED, ESIM_NOT_YET, "throttled", "THROTTLED",
  "The carrier limits our rate; it is asked again." },
{ CODE_WINDOW_EXCEEDED, ESIM_NOT_YET, "window_exceeded", "WINDOW_EXCEEDED",
  "The carrier has too many open requests of ours; it is asked again." },
{ CODE_MAINTENANCE, ESIM_NOT_YET, "maintenance", "MAINTENANCE",
  "The carrier's system is under maintenance; it is asked again." },
{ CODE_EXPIRED, ESIM_NOT_YET, "expired", "EXPIRED",
  "The request came too late and was not carried out; it is asked again." },

{ CODE_MALFORMED, ESIM_REFUSED, "request_refused", "MALFORMED",
  "The carrier cannot read our request: compare its version of the protocol with ours." },
{ CODE_UNKNOWN_OPERATION, ESIM_REFUSED, "operation_unknown", "UNKNOWN_OPERATION",
  "The carrier does not offer this operation: have it enabled, or use another carrier." },
{ CODE_UNKNOWN_CRITICAL, ESIM_REFUSED, "request_refused", "UNKNOWN_CRITICAL",
  "The carrier does not know a part of our request: compare versions of the protocol." },
{ CODE_MISSING, ESIM_REFUSED, "input_missing", "MISSING",
  "The carrier wants more than the order tells: compare it with the carrier's contract." },
{ CODE_BAD_VALUE, ESIM_REFUSED, "input_refused", "BAD_VALUE",
  "The carrier does not take a value of this order: check identifiers and plan." },
{ CODE_EXPIRES_TOO_FAR, ESIM_REFUSED, "clock_differs", "EXPIRES_TOO_FAR",
  "Our clock and the carrier's differ too much, or ttl_s is too long: correct it." },
{ CODE_ID_REUSED, ESIM_UNKNOWN, "request_changed", "ID_REUSED",
  "An earlier try of this step asked for something else and may have been done: ask the "
  "carrier about the request id, which is this operation's id." },
{ CODE_NOT_PERMITTED, ESIM_REFUSED, "not_permitted", "NOT_PERMITTED",
  "The carrier does not permit this to our client: have operation, ICCID or number "
  "enabled." },

{ CODE_ICCID_UNKNOWN, ESIM_REFUSED, "iccid_unknown", "ICCID_UNKNOWN",
  "The carrier does not know this ICCID: check its digits, or whose it is." },
{ CODE_ICCID_IN_USE, ESIM_REFUSED, "iccid_in_use", "ICCID_IN_USE",
  "The ICCID is already taken: order another one." },
{ CODE_PROFILE_TYPE_UNKNOWN, ESIM_REFUSED, "profile_type_unknown",
  "PROFILE_TYPE_UNKNOWN",
  "The carrier does not know this profile type: check the plan's profile type." },
{ CODE_STOCK_EMPTY, ESIM_REFUSED, "stock_empty", "STOCK_EMPTY",
  "The carrier has no profile of this type left: have the stock refilled, then order "
  "again." },
{ CODE_PROFILE_TYPE_MISMATCH, ESIM_REFUSED, "profile_type_mismatch",
  "PROFILE_TYPE_MISMATCH",
  "The ICCID is not of this profile type: leave one of the two out, or correct it." },
{ CODE_EID_DIFFERS, ESIM_REFUSED, "eid_differs", "EID_DIFFERS",
  "The profile is bound to another EID: check which device it was ordered for." },
{ CODE_MATCHING_ID_DIFFERS, ESIM_REFUSED, "matching_id_differs", "MATCHING_ID_DIFFERS",
  "The profile has another matching id: use the one it was confirmed with." },
{ CODE_MATCHING_ID_IN_USE, ESIM_REFUSED, "matching_id_in_use", "MATCHING_ID_IN_USE",
  "The matching id belongs to another profile: leave it out, or choose another." },
{ CODE_WRONG_STATE, ESIM_REFUSED, "state_wrong", "WRONG_STATE",
  "The profile is in a state that does not allow this: ask the carrier for its state." },
{ CODE_ALREADY_DOWNLOADED, ESIM_REFUSED, "already_downloaded", "ALREADY_DOWNLOADED",
  "The profile is on a device already and cannot be cancelled: have it deleted there." },
{ CODE_EID_REFUSED, ESIM_REFUSED, "eid_refused", "EID_REFUSED",
  "The carrier does not give profiles to this device: check its EID and model." },
{ CODE_MSISDN_UNKNOWN, ESIM_REFUSED, "line_unknown", "MSISDN_UNKNOWN",
  "The carrier does not know this number: check its digits, or whose it is." },
{ CODE_LINE_WRONG_STATE, ESIM_REFUSED, "state_wrong", "LINE_WRONG_STATE",
  "The line is in a state that does not allow this: ask the carrier for its state." },
{ CODE_PLAN_UNKNOWN, ESIM_REFUSED, "plan_unknown", "PLAN_UNKNOWN",
  "The carrier does not know this plan: check its name in the order." },
{ CODE_PERIOD_REFUSED, ESIM_REFUSED, "period_refused", "PERIOD_REFUSED",
  "The carrier has no usage of this period: ask for a later or a shorter one." },

{ CODE_INTERNAL, ESIM_UNKNOWN, "carrier_failed", "INTERNAL",
  "The carrier failed and may have done it: ask it about the request id, which is this "
  "operation's id." },
{ CODE_FORGOTTEN, ESIM_UNKNOWN, "forgotten", "FORGOTTEN",
  "The carrier has forgotten this request by now: look whether it was done, then decide." },
};

/* What later versions add. */
static const struct verdict classes[] = {
[CLASS_CARRIED_OUT] = { 0, ESIM_UNKNOWN, "code_unknown", "class 0",
  "The carrier answered with a code of success that this version does not know: check "
  "with the carrier." },
[CLASS_NOT_NOW] = { 0, ESIM_NOT_YET, "not_now", "class 1",
  "The carrier did not do it now; it is asked again." },
[CLASS_WRONG] = { 0, ESIM_REFUSED, "request_refused", "class 2",
  "The carrier finds the request wrong: look the code up in its document." },
[CLASS_REFUSED] = { 0, ESIM_REFUSED, "refused", "class 3",
  "The carrier refused: look the code up in its document." },
[CLASS_NOBODY_KNOWS] = { 0, ESIM_UNKNOWN, "code_unknown", "class 4",
  "Nobody knows whether it was done: ask the carrier about the request id, which is this "
  "operation's id." },
};
/* clang-format on */

enum { CLASS_COUNT = sizeof classes / sizeof classes[0] };

const struct verdict *mytel_verdict(uint16_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return &rows[i];
    size_t class = code >> 8;
    return &classes[class < CLASS_COUNT ? class : CLASS_NOBODY_KNOWS];
}
