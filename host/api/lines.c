/* /v1/lines */
#include <string.h>

#include "api/call.h"
#include "api/page.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/api.h"
#include "api/worker.h"
#include "base/json.h"
#include "profile/line_store.h"

/* As it is written at home, or without its "+", which a path cannot escape (route.c);
 * what is no number is taken as it is. */
static const char *number_of(const struct call *call, const char *text,
                             char ret[MSISDN_SIZE])
{
    const struct number_plan *numbers = call->worker->shared->parts.numbers;
    if (text == NULL)
        return NULL;
    return msisdn_read(slice_of(text), numbers, "", ret, NULL) ||
                   line_number_read(text, ret, NULL)
               ? ret
               : text;
}

/* ---- list ---- */

struct listing {
    struct line_query query;
    json_t *items;
    bool more;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    return line_list(db, &listing->query, &listing->items, &listing->more, err);
}

static void list_lines(struct call *call)
{
    struct page page;
    char number[MSISDN_SIZE];
    struct iccid iccid;
    const char *profile = call_query(call, "iccid");
    if (!page_read(call, &page))
        return;
    if (profile != NULL && iccid_read(slice_of(profile), "", &iccid, NULL))
        profile = iccid.digits;
    struct listing listing = { .query = { .tenant = call->tenant,
                                          .state = call_query(call, "state"),
                                          .carrier = call_query(call, "carrier"),
                                          .msisdn = number_of(
                                              call, call_query(call, "msisdn"), number),
                                          .iccid = profile,
                                          .after_id = page.text,
                                          .limit = page.limit } };
    if (!call_read(call, list, &listing))
        return;
    const json_t *last = json_array_get(listing.items,
                                        json_array_size(listing.items) - 1);
    page_reply(call, json_object(), listing.items, listing.more, 0,
               last == NULL ? "" : json_text(last, "id"));
}

/* ---- one ---- */

struct look {
    const struct call *call;
    const char *name;
    json_t *line;
};

static bool show(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    return line_show(db, look->call->tenant, look->name, &look->line, err);
}

static void show_line(struct call *call)
{
    struct err err = ERR_INIT;
    char number[MSISDN_SIZE];
    struct look look = { .call = call,
                         .name = number_of(call, call->params.value[0], number) };
    if (store_read(call->worker->reader, show, &look, &err))
        call_json(call, 200, look.line);
    else if (err.code == ERR_NOT_FOUND)
        refuse_failed(call, &err);
    else
        call_error(call, &err);
}

/* ---- rows ---- */

/* clang-format off */
static const struct member list_query[] = {
    { "state", MEMBER_TEXT, .format = "PROVISIONED|ACTIVE|SUSPENDED|DELETED", .text = "Only lines in this state." },
    { "carrier", MEMBER_TEXT, .format = "printable", .most = 64, .text = "Only this carrier's." },
    { "msisdn", MEMBER_TEXT, .format = "msisdn", .text = "Only this number's: at most one that has not ended." },
    { "iccid", MEMBER_TEXT, .format = "iccid", .text = "Only this profile's." },
    PAGE_PARAMETERS,
    { NULL },
};
static const struct route_reply page_replies[] = {
    { 200, &shape_line_page, NULL, "A page, oldest first; Link leads to the next." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_line, NULL, "The line." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/lines", .permission = "line.list",
      .id = "line.list", .query = list_query, .replies = page_replies,
      .handle = list_lines, .text = "Lines, as orders and carriers told of them." },
    { .method = "GET", .path = "/v1/lines/{id}", .permission = "line.read",
      .id = "line.show", .replies = show_replies, .flags = ROUTE_OBJECT,
      .handle = show_line, .text = "One line, by its id or by its number in E.164 without the +." },
};
/* clang-format on */

ROUTES(line_routes, rows);
