/* The four functions of ES2+, SGP.22 v2.2 5.3.1 to 5.3.4. Order of checks: who asks,
 * does the profile exist, may they touch it, its state, EID, matching id. Where the
 * standard has no code for a wrong state (a second confirmOrder), it is 8.2.1/3.5. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "ledger.h"
#include "smdp.h"

enum { CONFIRMATION_TRIES = 3 };

static const struct smdp_result executed;

static struct smdp_result failed(const char *subject, const char *reason,
                                 const char *about)
{
    return (struct smdp_result){ .subject = subject, .reason = reason, .about = about };
}

bool smdp_move(struct smdp *smdp, struct smdp_profile *profile, enum smdp_event event,
               const char *by)
{
    char iccid[ICCID_SIZE];
    enum smdp_state to;
    if (!smdp_next(profile->state, event, &to))
        return false;
    smdp_iccid(smdp->stock, profile, iccid);
    json_t *line = json_object();
    json_put_text(line, "iccid", iccid);
    json_put_text(line, "from", smdp_state_name(profile->state));
    json_put_text(line, "to", smdp_state_name(to));
    json_put_text(line, "by", by);
    ledger_add(smdp->sandbox->ledger, "state", line);
    profile->state = to;
    return true;
}

static bool fits(enum smdp_state state, enum smdp_event event)
{
    enum smdp_state to;
    return smdp_next(state, event, &to);
}

static bool is_requester(const struct smdp *smdp, const char *requester)
{
    const struct option_list *known = &smdp->sandbox->options->requesters;
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->items[i], requester) == 0)
            return true;
    return known->count == 0;
}

/* The ordered profile that the request names, or why not. */
static struct smdp_result find(struct smdp *smdp, const struct smdp_request *request,
                               struct smdp_profile **ret)
{
    struct smdp_profile *profile = smdp_stock_find(smdp->stock,
                                                   slice_of(request->iccid));
    if (profile == NULL)
        return failed("8.2.1", "3.9", "iccid");
    if (profile->requester[0] != '\0' &&
        strcmp(profile->requester, request->requester) != 0)
        return failed("8.2.1", "1.2", "iccid");
    *ret = profile;
    return executed;
}

/* Lengths were checked when the request was read. */
static void keep(char *ret, size_t size, const char *text)
{
    if (text != NULL)
        snprintf(ret, size, "%s", text);
}

/* ---- downloadOrder ---- */

static struct smdp_result choose(struct smdp *smdp, const struct smdp_request *request,
                                 struct smdp_profile **ret)
{
    struct smdp_type *type = NULL;
    struct smdp_result result = executed;
    if (request->iccid != NULL)
        result = find(smdp, request, ret);
    if (result.subject != NULL)
        return result;
    if (request->profile_type != NULL) {
        type = smdp_type_of(smdp->stock, slice_of(request->profile_type));
        if (type == NULL)
            return failed("8.2.5", "3.9", "profileType");
    }
    if (request->iccid == NULL) {
        *ret = smdp_stock_pick(type);
        return *ret != NULL ? executed : failed("8.2.5", "3.7", "profileType");
    }
    if ((*ret)->state != SMDP_AVAILABLE)
        return failed("8.2.1", "3.3", "iccid");
    if (type != NULL && (*ret)->type != type)
        return failed("8.2.5", "3.8", "profileType");
    return executed;
}

static struct smdp_result download_order(struct smdp *smdp,
                                         const struct smdp_request *request,
                                         struct arena *arena)
{
    struct smdp_profile *profile = NULL;
    char iccid[ICCID_SIZE];
    struct smdp_result result = choose(smdp, request, &profile);
    if (result.subject != NULL)
        return result;
    enum smdp_event event = request->eid != NULL ? SMDP_ORDER_FOR_EID : SMDP_ORDER;
    if (!smdp_move(smdp, profile, event, request->call_id))
        return failed("8.2.1", "3.3", "iccid");
    keep(profile->eid, sizeof profile->eid, request->eid);
    keep(profile->requester, sizeof profile->requester, request->requester);
    profile->is_padded = request->iccid != NULL && strchr(request->iccid, 'F') != NULL;
    profile->tries_left = CONFIRMATION_TRIES;
    smdp_iccid(smdp->stock, profile, iccid);
    result.members = arena_format(arena, ",\"iccid\":\"%s%s\"", iccid,
                                  profile->is_padded ? "F" : "");
    return result;
}

/* ---- confirmOrder ---- */

static struct smdp_result confirm_check(const struct smdp_request *request,
                                        const struct smdp_profile *profile)
{
    bool is_empty = request->matching_id != NULL && request->matching_id[0] == '\0';
    bool has_eid = request->eid != NULL || profile->eid[0] != '\0';
    enum smdp_event event = request->release ? SMDP_CONFIRM_RELEASE : SMDP_CONFIRM;
    if (!fits(profile->state, event))
        return failed("8.2.1", "3.5", "iccid");
    if (request->eid != NULL && profile->eid[0] != '\0' &&
        strcmp(request->eid, profile->eid) != 0)
        return failed("8.1.1", "3.10", "eid");
    if (request->smds != NULL && is_empty)
        return failed("1.6", "2.1", "matchingId");
    if ((request->smds != NULL || is_empty) && !has_eid)
        return failed("8.1.1", "2.2", "eid");
    return executed;
}

/* Gives the profile its matching id; false when another one has it. */
static bool match(struct smdp *smdp, const struct smdp_request *request,
                  struct smdp_profile *profile)
{
    if (request->matching_id != NULL && request->matching_id[0] == '\0') {
        profile->is_default_smdp = true;
        return true;
    }
    if (request->matching_id == NULL)
        smdp_match_make(profile->matching_id);
    else
        keep(profile->matching_id, sizeof profile->matching_id, request->matching_id);
    if (smdp_match_add(smdp->stock, profile))
        return true;
    profile->matching_id[0] = '\0';
    return false;
}

static void keep_confirmation(struct smdp_profile *profile, const char *code)
{
    if (code != NULL)
        digest_sha256_text(slice_of(code), profile->confirmation);
}

static const char *confirm_members(const struct smdp *smdp,
                                   const struct smdp_profile *profile,
                                   struct arena *arena)
{
    const char *address = smdp->sandbox->options->smdp_address;
    const char *eid = profile->eid[0] != '\0'
                          ? arena_format(arena, ",\"eid\":\"%s\"", profile->eid)
                          : "";
    const char *smdp_address = address[0] != '\0'
                                   ? arena_format(arena, ",\"smdpAddress\":\"%s\"",
                                                  address)
                                   : "";
    return arena_format(arena, "%s,\"matchingId\":\"%s\"%s", eid, profile->matching_id,
                        smdp_address);
}

static struct smdp_result confirm_order(struct smdp *smdp,
                                        const struct smdp_request *request,
                                        struct arena *arena)
{
    struct smdp_profile *profile = NULL;
    struct smdp_result result = find(smdp, request, &profile);
    if (result.subject == NULL)
        result = confirm_check(request, profile);
    if (result.subject != NULL)
        return result;
    if (!match(smdp, request, profile))
        return failed("8.2.6", "3.3", "matchingId");
    keep(profile->eid, sizeof profile->eid, request->eid);
    keep_confirmation(profile, request->confirmation_code);
    smdp_move(smdp, profile, request->release ? SMDP_CONFIRM_RELEASE : SMDP_CONFIRM,
              request->call_id);
    result.members = confirm_members(smdp, profile, arena);
    return result;
}

/* ---- cancelOrder ---- */

/* What was bound must be named, and be the same. */
static struct smdp_result bound(const char *ours, const char *theirs,
                                const char *subject, const char *name)
{
    if (ours[0] != '\0' && theirs == NULL)
        return failed("1.6", "2.3", name);
    if (theirs != NULL && strcmp(ours, theirs) != 0)
        return failed(subject, "3.10", name);
    return executed;
}

static struct smdp_result cancel_check(const struct smdp_request *request,
                                       const struct smdp_profile *profile)
{
    if (profile->state == SMDP_DOWNLOADED || profile->state == SMDP_INSTALLED)
        return failed("8.2.1", "3.3", "iccid");
    if (!fits(profile->state, SMDP_CANCEL))
        return failed("8.2.1", "3.5", "iccid");
    struct smdp_result result = bound(profile->eid, request->eid, "8.1.1", "eid");
    if (result.subject == NULL)
        result = bound(profile->matching_id, request->matching_id, "8.2.6",
                       "matchingId");
    return result;
}

static struct smdp_result cancel_order(struct smdp *smdp,
                                       const struct smdp_request *request)
{
    struct smdp_profile *profile = NULL;
    struct smdp_result result = find(smdp, request, &profile);
    if (result.subject == NULL)
        result = cancel_check(request, profile);
    if (result.subject != NULL)
        return result;
    smdp_match_remove(smdp->stock, profile);
    if (strcmp(request->final_state, "Available") == 0) {
        smdp_move(smdp, profile, SMDP_CANCEL, request->call_id);
        smdp_stock_return(profile);
    } else {
        profile->matching_id[0] = '\0';
        smdp_move(smdp, profile, SMDP_WITHDRAW, request->call_id);
    }
    return result;
}

/* ---- releaseProfile ---- */

static struct smdp_result release_profile(struct smdp *smdp,
                                          const struct smdp_request *request)
{
    struct smdp_profile *profile = NULL;
    struct smdp_result result = find(smdp, request, &profile);
    if (result.subject != NULL)
        return result;
    /* The note under Table 32 wants success; the steps want 3.5. Both exist. */
    if (profile->state == SMDP_RELEASED &&
        !smdp->sandbox->options->release_again_refused)
        return executed;
    if (!smdp_move(smdp, profile, SMDP_RELEASE, request->call_id))
        return failed("8.2.1", "3.5", "iccid");
    return executed;
}

struct smdp_result smdp_execute(struct smdp *smdp, const struct smdp_request *request,
                                struct arena *arena)
{
    if (!is_requester(smdp, request->requester))
        return failed("1.1", "1.1", "functionRequesterIdentifier");
    switch (request->function) {
    case SMDP_DOWNLOAD_ORDER:
        return download_order(smdp, request, arena);
    case SMDP_CONFIRM_ORDER:
        return confirm_order(smdp, request, arena);
    case SMDP_CANCEL_ORDER:
        return cancel_order(smdp, request);
    default:
        return release_profile(smdp, request);
    }
}
