/* PROTOCOL.md 8: profiles, lines and usage. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ledger.h"
#include "mytel.h"

enum { PAGE = 100, CODE_SIZE = 256, REF_SIZE = 32 };
static const uint64_t day_ms = 86400 * 1000;
static const uint64_t period_most_ms = UINT64_C(400) * 86400 * 1000;

struct call {
    struct mytel *mytel;
    struct slice params;
    const char *by; /* "ID:OPERATION", for the ledger. */
    struct buf *results;
};

static void note_state(struct mytel *mytel, const char *name, const char *subject,
                       const char *from, const char *to, const char *by)
{
    json_t *line = json_object();
    json_put_text(line, name, subject);
    json_put_text(line, "from", from);
    json_put_text(line, "to", to);
    json_put_text(line, "by", by);
    ledger_add(mytel->sandbox->ledger, "state", line);
}

/* Every name is a plan here: that it came is what a test wants to see. */
static void note_plan(const struct call *call, const char *name, struct slice subject)
{
    struct slice plan = values_text(call->params, TAG_PLAN);
    if (plan.size == 0)
        return;
    json_t *line = json_object();
    json_object_set_new(line, name, json_stringn(subject.ptr, subject.size));
    json_object_set_new(line, "plan", json_stringn(plan.ptr, plan.size));
    json_put_text(line, "by", call->by);
    ledger_add(call->mytel->sandbox->ledger, "plan", line);
}

/* ---- profiles ---- */

unsigned mytel_state_number(enum smdp_state state)
{
    return (unsigned)state + 1;
}

bool mytel_move(struct mytel *mytel, struct smdp_profile *profile,
                enum smdp_event event, const char *by)
{
    char iccid[ICCID_SIZE];
    enum smdp_state to;
    if (!smdp_next(profile->state, event, &to))
        return false;
    smdp_iccid(mytel->stock, profile, iccid);
    note_state(mytel, "iccid", iccid, smdp_state_name(profile->state),
               smdp_state_name(to), by);
    profile->state = to;
    return true;
}

static void put_profile(const struct call *call, const struct smdp_profile *profile)
{
    values_put_number(call->results, TAG_PROFILE_STATE,
                      mytel_state_number(profile->state));
    values_put_text(call->results, TAG_EID, profile->eid);
}

/* The profile that the request is about, if EID and MATCHING_ID are its own. */
static enum code find_profile(const struct call *call, struct smdp_profile **ret)
{
    struct slice eid = values_text(call->params, TAG_EID);
    struct slice match = values_text(call->params, TAG_MATCHING_ID);
    struct smdp_profile *profile = smdp_stock_find(
        call->mytel->stock, values_text(call->params, TAG_ICCID));
    if (profile == NULL)
        return CODE_ICCID_UNKNOWN;
    if (eid.size > 0 && profile->eid[0] != '\0' && !slice_is(eid, profile->eid))
        return CODE_EID_DIFFERS;
    if (match.size > 0 && profile->matching_id[0] != '\0' &&
        !slice_is(match, profile->matching_id))
        return CODE_MATCHING_ID_DIFFERS;
    *ret = profile;
    return CODE_OK;
}

/* By ICCID, or any of its type. */
static enum code choose(const struct call *call, struct smdp_profile **ret)
{
    struct slice iccid = values_text(call->params, TAG_ICCID);
    struct slice name = values_text(call->params, TAG_PROFILE_TYPE);
    struct smdp_type *type = smdp_type_of(call->mytel->stock, name);
    if (name.size > 0 && type == NULL)
        return CODE_PROFILE_TYPE_UNKNOWN;
    *ret = iccid.size > 0 ? smdp_stock_find(call->mytel->stock, iccid)
                          : smdp_stock_pick(type);
    if (*ret == NULL)
        return iccid.size > 0 ? CODE_ICCID_UNKNOWN : CODE_STOCK_EMPTY;
    if (type != NULL && (*ret)->type != type)
        return CODE_PROFILE_TYPE_MISMATCH;
    return (*ret)->state == SMDP_AVAILABLE ? CODE_OK : CODE_ICCID_IN_USE;
}

static enum code order(const struct call *call)
{
    struct slice eid = values_text(call->params, TAG_EID);
    struct smdp_profile *profile = NULL;
    char iccid[ICCID_SIZE];
    enum code code = choose(call, &profile);
    if (code != CODE_OK)
        return code;
    (void)mytel_move(call->mytel, profile,
                     eid.size > 0 ? SMDP_ORDER_FOR_EID : SMDP_ORDER,
                     call->by); /* It is Available. */
    (void)slice_copy(eid, profile->eid, sizeof profile->eid);
    smdp_iccid(call->mytel->stock, profile, iccid);
    values_put_text(call->results, TAG_ICCID, iccid);
    put_profile(call, profile);
    note_plan(call, "iccid", slice_of(iccid));
    return CODE_OK;
}

static void put_codes(const struct call *call, const struct smdp_profile *profile)
{
    const char *address = call->mytel->sandbox->options->smdp_address;
    bool asks = values_has(call->params, TAG_CONFIRMATION_CODE);
    char code[CODE_SIZE];
    int size = snprintf(code, sizeof code, "1$%s$%s%s", address, profile->matching_id,
                        asks ? "$$1" : ""); /* SGP.22 4.1: no OID, the flag. */
    values_put_text(call->results, TAG_MATCHING_ID, profile->matching_id);
    if (size > 0 && (size_t)size < sizeof code)
        values_put_text(call->results, TAG_ACTIVATION_CODE, code);
    values_put_text(call->results, TAG_SMDP_ADDRESS, address);
}

static enum code confirm(const struct call *call)
{
    struct slice eid = values_text(call->params, TAG_EID);
    struct slice match = values_text(call->params, TAG_MATCHING_ID);
    bool releases = values_number(call->params, TAG_RELEASE) == 1;
    enum smdp_event event = releases ? SMDP_CONFIRM_RELEASE : SMDP_CONFIRM;
    struct smdp_profile *profile;
    enum smdp_state to;
    enum code code = find_profile(call, &profile);
    if (code != CODE_OK)
        return code;
    if (!smdp_next(profile->state, event, &to))
        return CODE_WRONG_STATE;
    if (match.size == 0)
        smdp_match_make(profile->matching_id);
    else
        (void)slice_copy(match, profile->matching_id, sizeof profile->matching_id);
    if (!smdp_match_add(call->mytel->stock, profile)) {
        profile->matching_id[0] = '\0';
        return CODE_MATCHING_ID_IN_USE;
    }
    if (eid.size > 0)
        (void)slice_copy(eid, profile->eid, sizeof profile->eid);
    (void)mytel_move(call->mytel, profile, event, call->by);
    put_codes(call, profile);
    put_profile(call, profile);
    return CODE_OK;
}

static enum code release(const struct call *call)
{
    struct smdp_profile *profile;
    enum code code = find_profile(call, &profile);
    if (code != CODE_OK)
        return code;
    if (!mytel_move(call->mytel, profile, SMDP_RELEASE, call->by))
        return CODE_WRONG_STATE;
    values_put_number(call->results, TAG_PROFILE_STATE,
                      mytel_state_number(profile->state));
    return CODE_OK;
}

static enum code cancel(const struct call *call)
{
    bool withdraws = values_number(call->params, TAG_FINAL_STATE) ==
                     mytel_state_number(SMDP_UNAVAILABLE);
    struct smdp_profile *profile;
    enum code code = find_profile(call, &profile);
    if (code != CODE_OK)
        return code;
    if (profile->state == SMDP_DOWNLOADED || profile->state == SMDP_INSTALLED)
        return CODE_ALREADY_DOWNLOADED;
    if (!mytel_move(call->mytel, profile, withdraws ? SMDP_WITHDRAW : SMDP_CANCEL,
                    call->by))
        return CODE_WRONG_STATE;
    smdp_match_remove(call->mytel->stock, profile);
    profile->matching_id[0] = profile->eid[0] = '\0';
    if (!withdraws)
        smdp_stock_return(profile);
    values_put_number(call->results, TAG_PROFILE_STATE,
                      mytel_state_number(profile->state));
    return CODE_OK;
}

static enum code show_profile(const struct call *call)
{
    struct smdp_profile *profile;
    enum code code = find_profile(call, &profile);
    if (code == CODE_OK)
        put_profile(call, profile);
    return code;
}

/* ---- lines: every number is provisioned from the start ---- */

const char *mytel_line_name(enum phone_state state)
{
    return state == PHONE_UNKNOWN ? "PROVISIONED" : phone_state_name(state);
}

void mytel_turn(struct mytel *mytel, struct phone *phone, enum phone_state to,
                const char *by)
{
    note_state(mytel, "msisdn", phone->number, mytel_line_name(phone->state),
               mytel_line_name(to), by);
    phone->state = to;
}

unsigned mytel_line_number(enum phone_state state)
{
    return (unsigned)state + 1;
}

static enum code move_line(const struct call *call, unsigned from, enum phone_state to)
{
    struct phone *phone = phone_of(call->mytel->phones,
                                   values_text(call->params, TAG_MSISDN));
    if (phone == NULL)
        return CODE_INTERNAL;
    if (phone->state != to && (from & 1u << phone->state) == 0)
        return CODE_LINE_WRONG_STATE;
    if (phone->state != to)
        mytel_turn(call->mytel, phone, to, call->by);
    values_put_number(call->results, TAG_LINE_STATE, mytel_line_number(to));
    return CODE_OK;
}

static enum code activate(const struct call *call)
{
    struct slice msisdn = values_text(call->params, TAG_MSISDN);
    char reference[REF_SIZE];
    enum code code = move_line(call, 1 << PHONE_UNKNOWN, PHONE_ACTIVE);
    if (code == CODE_OK) {
        (void)snprintf(reference, sizeof reference, "REF-%.*s", (int)msisdn.size,
                       msisdn.ptr);
        values_put_text(call->results, TAG_CARRIER_REF, reference);
        note_plan(call, "msisdn", msisdn);
    }
    return code;
}

static enum code suspend(const struct call *call)
{
    return move_line(call, 1 << PHONE_ACTIVE, PHONE_SUSPENDED);
}

static enum code resume(const struct call *call)
{
    return move_line(call, 1 << PHONE_SUSPENDED, PHONE_ACTIVE);
}

static enum code terminate(const struct call *call)
{
    return move_line(call,
                     1 << PHONE_UNKNOWN | 1 << PHONE_ACTIVE | 1 << PHONE_SUSPENDED,
                     PHONE_DELETED);
}

/* ---- usage: a record a day; what it says follows from the number alone ---- */

static void put_record(const struct call *call, uint64_t from_ms, uint64_t to_ms)
{
    struct slice whose = values_text(call->params, TAG_MSISDN);
    if (whose.size == 0)
        whose = values_text(call->params, TAG_ICCID);
    uint64_t sum = from_ms / day_ms;
    for (size_t i = 0; i < whose.size; i++)
        sum = sum * 31 + (unsigned char)whose.ptr[i];
    size_t record = values_open(call->results, TAG_RECORD);
    values_put_number(call->results, TAG_FROM, from_ms);
    values_put_number(call->results, TAG_TO, to_ms);
    values_put_number(call->results, TAG_BYTES_DOWN, sum % 1000000007);
    values_put_number(call->results, TAG_BYTES_UP, sum % 1000003);
    values_put_number(call->results, TAG_SMS, sum % 50);
    values_put_number(call->results, TAG_SECONDS, sum % 3600);
    values_close(call->results, record);
}

/* Where a page begins: FROM, or what CURSOR says. False: that is no cursor of ours. */
static bool page_start(const struct call *call, uint64_t from_ms, uint64_t to_ms,
                       uint64_t *ret_ms)
{
    struct slice cursor = values_text(call->params, TAG_CURSOR);
    uint64_t at_ms = values_number(call->params, TAG_CURSOR);
    *ret_ms = cursor.size == 0 ? from_ms : at_ms;
    return cursor.size == 0 || (cursor.size == sizeof at_ms && at_ms > from_ms &&
                                at_ms < to_ms && (at_ms - from_ms) % day_ms == 0);
}

static void put_cursor(const struct call *call, uint64_t at_ms)
{
    char cursor[sizeof at_ms];
    for (size_t i = 0; i < sizeof cursor; i++)
        cursor[i] = (char)(at_ms >> 8 * (sizeof cursor - 1 - i));
    values_put(call->results, TAG_CURSOR, slice_bytes(cursor, sizeof cursor));
}

static bool has_line(const struct call *call)
{
    struct slice msisdn = values_text(call->params, TAG_MSISDN);
    struct phone *phone = phone_of(call->mytel->phones, msisdn);
    return phone != NULL && phone->state != PHONE_UNKNOWN;
}

static enum code read_usage(const struct call *call)
{
    uint64_t from_ms = values_number(call->params, TAG_FROM);
    uint64_t to_ms = values_number(call->params, TAG_TO);
    bool by_number = values_has(call->params, TAG_MSISDN);
    struct smdp_profile *profile;
    enum code code = by_number ? has_line(call) ? CODE_OK : CODE_MSISDN_UNKNOWN
                               : find_profile(call, &profile);
    if (code != CODE_OK)
        return code;
    uint64_t at_ms;
    if (from_ms >= to_ms || to_ms - from_ms > period_most_ms ||
        !page_start(call, from_ms, to_ms, &at_ms))
        return CODE_PERIOD_REFUSED;
    for (int i = 0; i < PAGE && at_ms < to_ms; i++) {
        uint64_t end_ms = to_ms - at_ms < day_ms ? to_ms : at_ms + day_ms;
        put_record(call, at_ms, end_ms);
        at_ms = end_ms;
    }
    if (at_ms < to_ms)
        put_cursor(call, at_ms);
    return CODE_OK;
}

/* ---- all of them ---- */

static const struct {
    enum operation number;
    enum code (*run)(const struct call *call);
} runs[] = {
    { OP_PROFILE_ORDER, order },         { OP_PROFILE_CONFIRM, confirm },
    { OP_PROFILE_RELEASE, release },     { OP_PROFILE_CANCEL, cancel },
    { OP_PROFILE_STATUS, show_profile }, { OP_LINE_ACTIVATE, activate },
    { OP_LINE_SUSPEND, suspend },        { OP_LINE_RESUME, resume },
    { OP_LINE_TERMINATE, terminate },    { OP_USAGE_READ, read_usage },
};

enum code mytel_execute(struct mytel *mytel, const struct mytel_operation *operation,
                        struct slice params, const char *by, struct buf *results)
{
    const struct call call = { mytel, params, by, results };
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
        if (runs[i].number == operation->number)
            return runs[i].run(&call);
    return CODE_UNKNOWN_OPERATION;
}
