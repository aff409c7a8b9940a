/* Order matters: the first row that fits is taken, so rows for a later try stand before
 * the row for any try. */
#include "verdict.h"

#include <string.h>

enum { ANY_FUNCTION = ES2_FUNCTION_COUNT };

struct verdict_rule {
    int function;
    const char *subject;
    const char *reason;
    enum verdict_try tried; /* The least that must be known. */
    struct verdict verdict;
};

#define ORDER   ES2_DOWNLOAD_ORDER
#define CONFIRM ES2_CONFIRM_ORDER
#define CANCEL  ES2_CANCEL_ORDER
#define RELEASE ES2_RELEASE_PROFILE
#define ANY     ANY_FUNCTION

/* clang-format off */
static const struct verdict_rule rules[] = {
/* A try after one that may have been done: "already so" is our own work, or may be. */
{ ORDER,   "8.2.1", "3.3",  TRY_AGAIN_OWN, { ESIM_DONE, "ordered_before",
  "An earlier try of this order took the ICCID." } },
{ ORDER,   "8.2.1", "3.3",  TRY_AGAIN, { ESIM_UNKNOWN, "iccid_maybe_ours",
  "The ICCID is in use, and an earlier try of this order may be what took it: ask the "
  "carrier who holds it, then accept the step or order another ICCID." } },
{ CONFIRM, "8.2.1", "3.5",  TRY_AGAIN, { ESIM_DONE, "confirmed_before",
  "An earlier try confirmed this order with the same matching id." } },
{ CONFIRM, "8.2.6", "3.3",  TRY_AGAIN, { ESIM_UNKNOWN, "matching_id_maybe_ours",
  "The matching id is in use, and an earlier try of this step may be what took it: ask "
  "the carrier for the profile's state, then accept or cancel the order." } },
{ RELEASE, "8.2.1", "3.5",  TRY_AGAIN, { ESIM_DONE, "released_before",
  "An earlier try released this profile." } },
{ CANCEL,  "8.2.1", "3.5",  TRY_AGAIN, { ESIM_DONE, "cancelled_before",
  "An earlier try cancelled this order." } },

/* SGP.22 5.3.1 */
{ ORDER,   "8.2.1", "3.9",  TRY_FIRST, { ESIM_REFUSED, "iccid_unknown",
  "The carrier does not know this ICCID: check its digits, or whose it is." } },
{ ORDER,   "8.2.1", "1.2",  TRY_FIRST, { ESIM_REFUSED, "iccid_not_allowed",
  "The carrier does not let this requester use this ICCID: have it allotted." } },
{ ORDER,   "8.2.1", "3.3",  TRY_FIRST, { ESIM_REFUSED, "iccid_in_use",
  "The ICCID is already taken: order another one." } },
{ ORDER,   "8.2.1", "3.5",  TRY_FIRST, { ESIM_REFUSED, "state_wrong",
  "The profile is in a state that does not allow an order: ask the carrier for it." } },
{ ORDER,   "8.2.5", "3.9",  TRY_FIRST, { ESIM_REFUSED, "profile_type_unknown",
  "The carrier does not know this profile type: check the plan's profile type." } },
{ ORDER,   "8.2.5", "1.2",  TRY_FIRST, { ESIM_REFUSED, "profile_type_not_allowed",
  "The carrier does not let this requester use this profile type: have it enabled." } },
{ ORDER,   "8.2.5", "3.7",  TRY_FIRST, { ESIM_REFUSED, "stock_empty",
  "The carrier has no profile of this type left: have the stock refilled, then order "
  "again." } },
{ ORDER,   "8.2.5", "3.8",  TRY_FIRST, { ESIM_REFUSED, "profile_type_mismatch",
  "The ICCID is not of this profile type: leave one of the two out, or correct it." } },

/* SGP.22 5.3.2 */
{ CONFIRM, "8.2.1", "3.9",  TRY_FIRST, { ESIM_REFUSED, "iccid_unknown",
  "The carrier does not know this ICCID: was it ordered there?" } },
{ CONFIRM, "8.2.1", "1.2",  TRY_FIRST, { ESIM_REFUSED, "iccid_not_allowed",
  "The carrier does not let this requester confirm this ICCID." } },
{ CONFIRM, "8.2.1", "3.5",  TRY_FIRST, { ESIM_REFUSED, "state_wrong",
  "The profile is not in a state that can be confirmed: it must have been ordered and "
  "not yet confirmed." } },
{ CONFIRM, "8.2.6", "3.3",  TRY_FIRST, { ESIM_REFUSED, "matching_id_in_use",
  "The matching id belongs to another order: leave it out, or choose another." } },
{ CONFIRM, "8.9",   "5.1",  TRY_FIRST, { ESIM_NOT_YET, "smds_unreachable",
  "The carrier could not reach the SM-DS; it is asked again." } },
{ CONFIRM, "8.9",   "4.2",  TRY_FIRST, { ESIM_REFUSED, "smds_refused",
  "The SM-DS did not register the event: check its address, or confirm without it." } },
{ CONFIRM, "8.1.1", "2.2",  TRY_FIRST, { ESIM_REFUSED, "eid_missing",
  "This order needs the device's EID: give it in the order or in its confirmation." } },
{ CONFIRM, "8.1.1", "3.10", TRY_FIRST, { ESIM_REFUSED, "eid_differs",
  "The order is bound to another EID: confirm with that one, or order again." } },

/* SGP.22 5.3.3 */
{ CANCEL,  "8.2.1", "3.9",  TRY_FIRST, { ESIM_REFUSED, "iccid_unknown",
  "The carrier does not know this ICCID: there is nothing to cancel." } },
{ CANCEL,  "8.2.1", "1.2",  TRY_FIRST, { ESIM_REFUSED, "iccid_not_allowed",
  "The carrier does not let this requester cancel this ICCID." } },
{ CANCEL,  "8.2.1", "3.3",  TRY_FIRST, { ESIM_REFUSED, "already_downloaded",
  "The profile is on a device already: delete it there, or end the line instead." } },
{ CANCEL,  "8.2.1", "3.5",  TRY_FIRST, { ESIM_REFUSED, "state_wrong",
  "The profile is not part of an order: there is nothing to cancel." } },
{ CANCEL,  "8.1.1", "3.10", TRY_FIRST, { ESIM_REFUSED, "eid_differs",
  "The order is bound to another EID: cancel with that one." } },
{ CANCEL,  "8.2.6", "3.10", TRY_FIRST, { ESIM_REFUSED, "matching_id_differs",
  "The order has another matching id: cancel with the one its confirmation gave." } },

/* SGP.22 5.3.4 */
{ RELEASE, "8.2.1", "3.9",  TRY_FIRST, { ESIM_REFUSED, "iccid_unknown",
  "The carrier does not know this ICCID: was it ordered there?" } },
{ RELEASE, "8.2.1", "1.2",  TRY_FIRST, { ESIM_REFUSED, "iccid_not_allowed",
  "The carrier does not let this requester release this ICCID." } },
{ RELEASE, "8.2.1", "3.5",  TRY_FIRST, { ESIM_REFUSED, "state_wrong",
  "The profile is not in state Confirmed, so it cannot be released: ask the carrier "
  "for its state." } },

/* 5.2.6.3: any function. */
{ ANY,     "1.1",   "1.1",  TRY_FIRST, { ESIM_REFUSED, "unauthorised",
  "The carrier does not know the requester: check the setting requester_id and the "
  "client certificate." } },
{ ANY,     "1.1",   "1.2",  TRY_FIRST, { ESIM_REFUSED, "requester_not_allowed",
  "The carrier knows the requester and does not allow this function: have it "
  "enabled." } },
{ ANY,     "1.2",   "4.2",  TRY_FIRST, { ESIM_REFUSED, "carrier_error",
  "The carrier's system failed while carrying this out: give it the request's id." } },
{ ANY,     "1.2",   "4.4",  TRY_FIRST, { ESIM_NOT_YET, "carrier_busy",
  "The carrier's system is busy; it is asked again." } },
{ ANY,     "1.6",   "2.1",  TRY_FIRST, { ESIM_REFUSED, "parameter_invalid",
  "The carrier found a value invalid: compare the settings with its document." } },
{ ANY,     "1.6",   "2.2",  TRY_FIRST, { ESIM_REFUSED, "parameter_missing",
  "The carrier wants a value that was not sent: compare the order with its "
  "document." } },
{ ANY,     "1.6",   "2.3",  TRY_FIRST, { ESIM_REFUSED, "parameter_missing",
  "The carrier wants a further value in this case: EID, ICCID or profile type." } },
{ ANY,     "1.6",   "5.3",  TRY_FIRST, { ESIM_REFUSED, "validity_expired",
  "The carrier took too long for its own validity period: order again." } },
};

struct mishap_rule {
    const char *subject;
    const char *reason;
    struct mishap mishap;
};

/* SGP.22 5.3.5, and the ES9+ codes that carriers pass on. Final: 3.1.6 to Error. */
static const struct mishap_rule mishap_rules[] = {
{ "8.8.5",  "3.8",  { "user_rejected",
  "The person at the device rejected the profile: cancel the order.", true } },
{ "8.8.5",  "6.4",  { "download_tries_used_up",
  "The device tried too often: cancel the order and place a new one.", true } },
{ "8.8.5",  "4.10", { "order_expired",
  "The carrier's order has expired: cancel it and place a new one.", true } },
{ "8.2.7",  "6.4",  { "confirmation_tries_used_up",
  "The confirmation code was wrong too often: cancel the order and place a new one.",
  true } },
{ "8.2.5",  "4.3",  { "not_eligible",
  "The carrier has no profile that this device can take: choose another plan.",
  true } },
{ "8.2.7",  "2.2",  { "confirmation_code_missing",
  "The device sent no confirmation code: give it to the person who installs.",
  false } },
{ "8.2.7",  "3.8",  { "confirmation_code_wrong",
  "The confirmation code was wrong: give the right one to the person who installs.",
  false } },
{ "8.2.6",  "3.8",  { "matching_id_refused",
  "The device sent another matching id: was the right activation code scanned?",
  false } },
{ "8.1.1",  "3.8",  { "wrong_device",
  "Another device than the ordered EID tried to download.", false } },
{ "8.2",    "1.2",  { "not_released",
  "The device came before the profile was released: release it, then try again.",
  false } },
{ "8.1",    "4.8",  { "device_memory_full",
  "The device's eUICC has no room: delete a profile there, then try again.", false } },
{ "8.2.8",  "1.2",  { "policy_rules_forbid",
  "A profile on the device forbids another one: its policy rules must be lifted.",
  false } },
{ "8.2.9",  "3.11", { "metadata_differs",
  "The profile's metadata changed during the download: try again.", false } },
{ "8.2.10", "4.2",  { "package_not_loaded",
  "The device could not load the profile package: try again, then tell the carrier.",
  false } },
{ "8",      "4.2",  { "device_error",
  "The device reported an error without a name: try again, then tell the carrier.",
  false } },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool fits(const struct verdict_rule *rule, enum es2_function function,
                 const char *subject, const char *reason, enum verdict_try tried)
{
    return (rule->function == (int)function || rule->function == ANY_FUNCTION) &&
           tried >= rule->tried && strcmp(rule->subject, subject) == 0 &&
           strcmp(rule->reason, reason) == 0;
}

const struct verdict *verdict_of(enum es2_function function, const char *subject,
                                 const char *reason, enum verdict_try tried)
{
    if (subject == NULL || reason == NULL)
        return NULL;
    for (size_t i = 0; i < COUNT(rules); i++)
        if (fits(&rules[i], function, subject, reason, tried))
            return &rules[i].verdict;
    return NULL;
}

const struct mishap *mishap_of(const char *subject, const char *reason)
{
    if (subject == NULL || reason == NULL)
        return NULL;
    for (size_t i = 0; i < COUNT(mishap_rules); i++)
        if (strcmp(mishap_rules[i].subject, subject) == 0 &&
            strcmp(mishap_rules[i].reason, reason) == 0)
            return &mishap_rules[i].mishap;
    return NULL;
}
