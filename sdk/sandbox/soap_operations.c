/* The operations of the contract: plugins/ooredoo/contract/README.md, a rule each. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "ledger.h"
#include "soap.h"

static struct soap_result code(const char *code)
{
    return (struct soap_result){ .code = code };
}

/* ---- profiles ---- */

static bool move(struct soap *soap, struct smdp_profile *profile, enum smdp_event event,
                 const char *by)
{
    char iccid[ICCID_SIZE];
    enum smdp_state to;
    if (!smdp_next(profile->state, event, &to))
        return false;
    smdp_iccid(soap->stock, profile, iccid);
    json_t *line = json_object();
    json_put_text(line, "iccid", iccid);
    json_put_text(line, "from", smdp_state_name(profile->state));
    json_put_text(line, "to", smdp_state_name(to));
    json_put_text(line, "by", by);
    ledger_add(soap->sandbox->ledger, "state", line);
    profile->state = to;
    return true;
}

/* Values were checked when they were read, or are the sandbox's own: none needs an
 * escape. */
static struct soap_result done_profile(const struct soap *soap,
                                       const struct smdp_profile *profile,
                                       struct arena *arena)
{
    char iccid[ICCID_SIZE];
    smdp_iccid(soap->stock, profile, iccid);
    const char *eid = profile->eid[0] == '\0'
                          ? ""
                          : arena_format(arena, "<c:eid>%s</c:eid>", profile->eid);
    const char *match = profile->matching_id[0] == '\0'
                            ? ""
                            : arena_format(arena,
                                           "<c:matchingId>%s</c:matchingId>"
                                           "<c:smdpAddress>%s</c:smdpAddress>",
                                           profile->matching_id,
                                           soap->sandbox->options->smdp_address);
    return (struct soap_result){
        .code = "0",
        .content = arena_format(arena,
                                "<c:profile><c:iccid>%s</c:iccid>%s<c:state>%s"
                                "</c:state>%s</c:profile>",
                                iccid, eid, smdp_state_name(profile->state), match),
    };
}

/* NULL: the carrier has none of this ICCID. One that is in stock may be asked about, and
 * is in the wrong state for all else. */
static struct smdp_profile *find(struct soap *soap, const char *iccid)
{
    return smdp_stock_find(soap->stock, slice_of(iccid));
}

static struct soap_result choose(struct soap *soap, const struct soap_message *message,
                                 struct smdp_profile **ret)
{
    const char *iccid = message->values[SOAP_ICCID];
    const char *name = message->values[SOAP_PROFILE_TYPE];
    struct smdp_type *type = name == NULL ? NULL
                                          : smdp_type_of(soap->stock, slice_of(name));
    if (name != NULL && type == NULL)
        return code("411");
    if (iccid == NULL && type == NULL)
        return code("400");
    *ret = iccid != NULL ? smdp_stock_find(soap->stock, slice_of(iccid))
                         : smdp_stock_pick(type);
    if (*ret == NULL)
        return code(iccid != NULL ? "404" : "410");
    return code((*ret)->state == SMDP_AVAILABLE ? "0" : "413");
}

static struct soap_result order_profile(struct soap *soap,
                                        const struct soap_message *message,
                                        struct arena *arena)
{
    const char *reference = message->values[SOAP_REFERENCE];
    const char *eid = message->values[SOAP_EID];
    struct smdp_profile *profile = NULL;
    char iccid[ICCID_SIZE];
    if (soap_get(soap->store, SOAP_REFERENCES, reference) != NULL)
        return code("409");
    struct soap_result chosen = choose(soap, message, &profile);
    if (strcmp(chosen.code, "0") != 0)
        return chosen;
    smdp_iccid(soap->stock, profile, iccid);
    if (!soap_put(soap->store, SOAP_REFERENCES, reference, iccid))
        return code("503");
    bool moved = move(soap, profile, eid != NULL ? SMDP_ORDER_FOR_EID : SMDP_ORDER,
                      reference);
    assert(moved); /* It was Available. */
    snprintf(profile->requester, sizeof profile->requester, "%s", reference);
    snprintf(profile->eid, sizeof profile->eid, "%s", eid != NULL ? eid : "");
    return done_profile(soap, profile, arena);
}

static bool is_true(const char *text)
{
    return text != NULL && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static struct soap_result confirm_profile(struct soap *soap,
                                          const struct soap_message *message,
                                          struct arena *arena)
{
    struct smdp_profile *profile = find(soap, message->values[SOAP_ICCID]);
    const char *eid = message->values[SOAP_EID];
    const char *matching_id = message->values[SOAP_MATCHING_ID];
    if (profile == NULL)
        return code("404");
    if (eid != NULL && profile->eid[0] != '\0' && strcmp(profile->eid, eid) != 0)
        return code("414");
    bool releases = is_true(message->values[SOAP_RELEASE]);
    if (!move(soap, profile, releases ? SMDP_CONFIRM_RELEASE : SMDP_CONFIRM,
              message->values[SOAP_REQUEST_ID]))
        return code("412");
    if (eid != NULL)
        snprintf(profile->eid, sizeof profile->eid, "%s", eid);
    if (matching_id != NULL)
        snprintf(profile->matching_id, sizeof profile->matching_id, "%s", matching_id);
    else
        smdp_match_make(profile->matching_id);
    return done_profile(soap, profile, arena);
}

static struct soap_result cancel_profile(struct soap *soap,
                                         const struct soap_message *message,
                                         struct arena *arena)
{
    struct smdp_profile *profile = find(soap, message->values[SOAP_ICCID]);
    const char *state = message->values[SOAP_FINAL_STATE];
    const char *matching_id = message->values[SOAP_MATCHING_ID];
    if (profile == NULL)
        return code("404");
    if (matching_id != NULL && strcmp(profile->matching_id, matching_id) != 0)
        return code("412");
    bool withdraws = state != NULL && strcmp(state, "Unavailable") == 0;
    if (!move(soap, profile, withdraws ? SMDP_WITHDRAW : SMDP_CANCEL,
              message->values[SOAP_REQUEST_ID]))
        return code("412");
    profile->matching_id[0] = '\0';
    if (!withdraws) {
        (void)soap_put(soap->store, SOAP_REFERENCES, profile->requester, "");
        smdp_stock_return(profile);
    }
    return done_profile(soap, profile, arena);
}

static struct soap_result query_profile(struct soap *soap,
                                        const struct soap_message *message,
                                        struct arena *arena)
{
    const char *iccid = message->values[SOAP_ICCID];
    if (iccid == NULL)
        iccid = soap_get(soap->store, SOAP_REFERENCES, message->values[SOAP_REFERENCE]);
    struct smdp_profile *profile = iccid == NULL ? NULL : find(soap, iccid);
    return profile == NULL ? code("404") : done_profile(soap, profile, arena);
}

/* ---- lines ---- */

#define NONE ""
static const struct {
    const char *to;
    const char *from[3]; /* NULL-ended; NONE: no such line. */
} line_moves[SOAP_OPERATION_COUNT] = {
    [SOAP_ACTIVATE_LINE] = { "ACTIVE", { NONE } },
    [SOAP_SUSPEND_LINE] = { "SUSPENDED", { "ACTIVE" } },
    [SOAP_RESUME_LINE] = { "ACTIVE", { "SUSPENDED" } },
    [SOAP_TERMINATE_LINE] = { "DELETED", { "ACTIVE", "SUSPENDED" } },
};

static bool may_move(enum soap_operation operation, const char *state)
{
    const char *const *from = line_moves[operation].from;
    while (*from != NULL && strcmp(*from, state) != 0)
        from++;
    return *from != NULL;
}

static void record_line(struct soap *soap, const struct soap_message *message,
                        const char *from)
{
    json_t *line = json_object();
    json_put_text(line, "msisdn", message->values[SOAP_MSISDN]);
    json_put_text(line, "from", from[0] == '\0' ? "UNKNOWN" : from);
    json_put_text(line, "to", line_moves[message->operation].to);
    json_put_text(line, "by", message->values[SOAP_REQUEST_ID]);
    ledger_add(soap->sandbox->ledger, "state", line);
}

static struct soap_result
change_line(struct soap *soap, const struct soap_message *message, struct arena *arena)
{
    const char *msisdn = message->values[SOAP_MSISDN];
    const char *to = line_moves[message->operation].to;
    const char *had = soap_get(soap->store, SOAP_LINES, msisdn);
    const char *from = had != NULL ? had : NONE;
    struct soap_result done = {
        .code = "0",
        .content = arena_format(arena,
                                "<c:line><c:msisdn>%s</c:msisdn><c:lineState>%s"
                                "</c:lineState></c:line>",
                                msisdn, to),
    };
    if (strcmp(from, to) == 0) {
        done.code = "200";
        return done;
    }
    if (!may_move(message->operation, from))
        return code(had == NULL ? "404" : "412");
    record_line(soap, message, from);
    if (!soap_put(soap->store, SOAP_LINES, msisdn, to))
        return code("500");
    return done;
}

/* One record over the whole time: what it says follows from the number alone. */
static struct soap_result
read_usage(struct soap *soap, const struct soap_message *message, struct arena *arena)
{
    const char *msisdn = message->values[SOAP_MSISDN];
    if (msisdn == NULL || soap_get(soap->store, SOAP_LINES, msisdn) == NULL)
        return code("404");
    unsigned sum = 0;
    for (const char *at = msisdn; *at != '\0'; at++)
        sum = sum * 31 + (unsigned char)*at;
    return (struct soap_result){
        .code = "0",
        .content = arena_format(arena,
                                "<c:record><c:from>%s</c:from><c:to>%s</c:to>"
                                "<c:bytesDown>%u</c:bytesDown><c:bytesUp>%u</c:bytesUp>"
                                "<c:sms>%u</c:sms><c:seconds>%u</c:seconds></c:record>",
                                message->values[SOAP_FROM], message->values[SOAP_TO],
                                sum, sum / 7, sum % 50, sum % 3600),
    };
}

/* ---- all of them ---- */

static const struct {
    bool is_repeatable; /* By its requestId: rule 4 of the contract. */
    struct soap_result (*run)(struct soap *soap, const struct soap_message *message,
                              struct arena *arena);
} runs[SOAP_OPERATION_COUNT] = {
    [SOAP_ORDER_PROFILE] = { false, order_profile },
    [SOAP_CONFIRM_PROFILE] = { true, confirm_profile },
    [SOAP_CANCEL_PROFILE] = { true, cancel_profile },
    [SOAP_QUERY_PROFILE] = { false, query_profile },
    [SOAP_ACTIVATE_LINE] = { true, change_line },
    [SOAP_SUSPEND_LINE] = { true, change_line },
    [SOAP_RESUME_LINE] = { true, change_line },
    [SOAP_TERMINATE_LINE] = { true, change_line },
    [SOAP_READ_USAGE] = { false, read_usage },
};

static struct soap_result answered(const char *kept, struct arena *arena)
{
    struct slice rest = slice_of(kept);
    struct slice number = slice_cut(&rest, ' ');
    return (struct soap_result){
        .code = arena_copy(arena, number.ptr, number.size),
        .content = arena_copy(arena, rest.ptr, rest.size),
    };
}

struct soap_result soap_execute(struct soap *soap, const struct soap_message *message,
                                struct arena *arena)
{
    const char *key = arena_format(arena, "%s %s",
                                   soap_operation_name(message->operation),
                                   message->values[SOAP_REQUEST_ID]);
    const char *kept = runs[message->operation].is_repeatable
                           ? soap_get(soap->store, SOAP_ANSWERS, key)
                           : NULL;
    if (kept != NULL)
        return answered(kept, arena);
    struct soap_result result = runs[message->operation].run(soap, message, arena);
    bool is_done = strcmp(result.code, "0") == 0 || strcmp(result.code, "200") == 0;
    if (runs[message->operation].is_repeatable && is_done)
        (void)soap_put(soap->store, SOAP_ANSWERS, key,
                       arena_format(arena, "%s %s", result.code,
                                    result.content != NULL ? result.content : ""));
    return result;
}
