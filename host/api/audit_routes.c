/* /v1/audit */
#include <string.h>

#include "api/audit_walk.h"
#include "api/call.h"
#include "api/page.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"

/* A filter that is not asked for is NULL. */
static const char sql_page[] =
    "SELECT seq, at_ms, subject, action, resource, outcome, reason, decision_id,"
    " policy_revision, request_id, trace, diff, hash FROM audit"
    " WHERE tenant = $1 AND seq < $2"
    " AND ($3 IS NULL OR subject = $3) AND ($4 IS NULL OR action = $4)"
    " AND ($5 IS NULL OR resource = $5) AND ($6 IS NULL OR outcome = $6)"
    " ORDER BY seq DESC LIMIT $7";

struct listing {
    const struct call *call;
    struct page page;
    json_t *items;
    bool more;
};

static void put_columns(json_t *item, const struct db_row *row)
{
    static const struct {
        const char *name;
        int column;
    } texts[] = { { "subject", 2 },    { "action", 3 }, { "resource", 4 },
                  { "outcome", 5 },    { "reason", 6 }, { "decision_id", 7 },
                  { "request_id", 9 }, { "trace", 10 } };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_put_text(item, texts[i].name, row_text(row, texts[i].column));
}

static bool audit_row(const struct db_row *row, void *arg, struct err *err)
{
    struct listing *listing = arg;
    char at[CLOCK_TEXT_SIZE], hash[DIGEST_TEXT_SIZE] = "";
    if ((int64_t)json_array_size(listing->items) == listing->page.limit) {
        listing->more = true;
        return true;
    }
    json_t *item = json_object();
    clock_text(row_int(row, 1), at);
    json_put_int(item, "seq", row_int(row, 0));
    json_put_text(item, "at", at);
    put_columns(item, row);
    json_put_int(item, "policy_revision", row_int(row, 8));
    if (row_text(row, 11) != NULL)
        json_object_set_new(item, "diff", json_read(slice_of(row_text(row, 11)), err));
    if (row_bytes(row, 12).size == DIGEST_SIZE)
        hex_text((const uint8_t *)row_bytes(row, 12).ptr, DIGEST_SIZE, hash);
    json_put_text(item, "hash", hash);
    return json_array_append_new(listing->items, item) == 0;
}

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    const struct call *call = listing->call;
    int64_t before = listing->page.number == 0 ? INT64_MAX : listing->page.number;
    return db_each(
        db, sql_page,
        DB_ARGS(
            db_text(call->tenant), db_int(before), db_text(call_query(call, "subject")),
            db_text(call_query(call, "action")), db_text(call_query(call, "resource")),
            db_text(call_query(call, "outcome")), db_int(listing->page.limit + 1)),
        audit_row, listing, err);
}

static void list_audit(struct call *call)
{
    struct listing listing = { .call = call };
    if (!page_read(call, &listing.page))
        return;
    listing.items = json_array();
    if (!call_read(call, list, &listing)) {
        json_decref(listing.items);
        return;
    }
    const json_t *last = json_array_get(listing.items,
                                        json_array_size(listing.items) - 1);
    page_reply(call, json_object(), listing.items, listing.more,
               json_int(last, "seq", 0), "");
}

/* ---- verify ---- */

static void on_walked(struct call *call, int64_t checked, const struct err *err)
{
    if (err->code != ERR_NONE && err->code != ERR_CORRUPT) {
        call_error(call, err);
        return;
    }
    json_t *verdict = json_object();
    json_object_set_new(verdict, "ok", json_boolean(err->code == ERR_NONE));
    json_put_int(verdict, "checked", checked);
    if (err->code != ERR_NONE)
        json_put_text(verdict, "problem", err->text);
    call_json(call, 200, verdict);
}

static void verify_audit(struct call *call)
{
    audit_walk(call, call_query_int(call, "from", 1), on_walked);
}

/* clang-format off */
static const struct member list_query[] = {
    { "subject", MEMBER_TEXT, .format = "printable", .most = 128, .text = "Only what this one did." },
    { "action", MEMBER_TEXT, .format = "printable", .most = 64, .text = "Only this action." },
    { "resource", MEMBER_TEXT, .format = "printable", .most = 128, .text = "Only what was done to this." },
    { "outcome", MEMBER_TEXT, .format = "allowed|denied|failed|done", .text = "Only what ended so." },
    PAGE_PARAMETERS,
    { NULL },
};
static const struct member verify_query[] = {
    { "from", MEMBER_INT, .least = 1, .text = "The first record to check." },
    { NULL },
};
static const struct route_reply list_replies[] = {
    { 200, &shape_audit_page, NULL, "A page, newest first; Link leads to the next." },
    { 0 },
};
static const struct route_reply verify_replies[] = {
    { 200, &shape_audit_verdict, NULL, "Whether each record fits the one before it." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/audit", .permission = "audit.read",
      .id = "audit.list", .query = list_query, .replies = list_replies,
      .handle = list_audit, .text = "Who did what to what, by which decision." },
    { .method = "GET", .path = "/v1/audit/verify", .permission = "audit.read",
      .id = "audit.verify", .query = verify_query, .replies = verify_replies,
      .handle = verify_audit, .text = "Walk the chain of records." },
};
/* clang-format on */

ROUTES(audit_routes, rows);
