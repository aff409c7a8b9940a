/* /v1/profiles */
#include <string.h>

#include "api/call.h"
#include "api/page.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/reveal.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "profile/profile_store.h"

/* ---- list ---- */

struct listing {
    struct profile_query query;
    json_t *items;
    bool more;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    return profile_list(db, &listing->query, &listing->items, &listing->more, err);
}

static void list_profiles(struct call *call)
{
    struct page page;
    if (!page_read(call, &page))
        return;
    struct listing listing = { .query = { .tenant = call->tenant,
                                          .state = call_query(call, "state"),
                                          .carrier = call_query(call, "carrier"),
                                          .after_iccid = page.text,
                                          .limit = page.limit } };
    if (!call_read(call, list, &listing))
        return;
    const json_t *last = json_array_get(listing.items,
                                        json_array_size(listing.items) - 1);
    page_reply(call, json_object(), listing.items, listing.more, 0,
               last == NULL ? "" : json_text(last, "iccid"));
}

/* ---- one ---- */

struct show {
    const struct call *call;
    json_t *profile;
};

static bool show(struct db *db, void *arg, struct err *err)
{
    struct show *show = arg;
    return profile_show(db, show->call->tenant, show->call->params.value[0],
                        &show->profile, err);
}

static void show_profile(struct call *call)
{
    struct err err = ERR_INIT;
    struct show look = { .call = call };
    if (store_read(call->worker->reader, show, &look, &err))
        call_json(call, 200, look.profile);
    else if (err.code == ERR_NOT_FOUND)
        refuse_failed(call, &err);
    else
        call_error(call, &err);
}

/* ---- rows ---- */

/* clang-format off */
static const struct member list_query[] = {
    { "state", MEMBER_TEXT, .format = "printable", .most = 32, .text = "Only profiles in this state of SGP.22." },
    { "carrier", MEMBER_TEXT, .format = "printable", .most = 64, .text = "Only this carrier's." },
    PAGE_PARAMETERS,
    { NULL },
};
static const struct member qr_query[] = {
    { "scale", MEMBER_INT, .least = 1, .most = 32, .text = "Pixels a module of the PNG; 8 if not said." },
    { "ink", MEMBER_TEXT, .format = "light|dark|explicit", .text = "Which of the two a terminal's letters are, for text/plain; explicit (escape codes) if not said." },
    { NULL },
};

static const struct route_reply page_replies[] = {
    { 200, &shape_profile_page, NULL, "A page by ICCID; Link leads to the next." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_profile, NULL, "The profile, without its activation code." },
    { 0 },
};
static const struct route_reply qr_replies[] = {
    { 200, NULL, "image/png", "The QR code, in the form that Accept asks for." },
    { 406, &shape_problem, NULL, "image/png, image/svg+xml and text/plain are served." },
    { 409, &shape_problem, NULL, "The profile has no activation code, not yet or no more." },
    { 0 },
};
static const struct route_reply code_replies[] = {
    { 200, &shape_activation_code, NULL, "The activation code in the clear." },
    { 406, &shape_problem, NULL, "application/json and text/plain are served." },
    { 409, &shape_problem, NULL, "The profile has no activation code, not yet or no more." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/profiles", .permission = "profile.list",
      .id = "profile.list", .query = list_query, .replies = page_replies,
      .handle = list_profiles, .text = "Profiles by ICCID." },
    { .method = "GET", .path = "/v1/profiles/{iccid}", .permission = "profile.read",
      .id = "profile.show", .replies = show_replies, .flags = ROUTE_OBJECT,
      .handle = show_profile, .text = "One profile." },
    { .method = "GET", .path = "/v1/profiles/{iccid}/qr", .permission = "profile.reveal",
      .id = "profile.qr", .query = qr_query, .replies = qr_replies,
      .flags = ROUTE_OBJECT | ROUTE_SECRET, .handle = reveal_qr,
      .text = "The activation code as a QR code. Every look is audited." },
    { .method = "GET", .path = "/v1/profiles/{iccid}/activation-code",
      .permission = "profile.reveal", .id = "profile.code", .replies = code_replies,
      .flags = ROUTE_OBJECT | ROUTE_SECRET, .handle = reveal_code,
      .text = "The activation code. Every look is audited." },
};
/* clang-format on */

ROUTES(profile_routes, rows);
