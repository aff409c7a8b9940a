/* /v1/events: pages, or a stream that stays open. */
#include <string.h>

#include "api/accept.h"
#include "api/call.h"
#include "api/event_stream.h"
#include "api/event_text.h"
#include "api/page.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "store/event_log.h"

struct listing {
    const struct call *call;
    int64_t after, limit, newest;
    const char *resource; /* NULL: all. */
    json_t *items;
    int64_t seen; /* Rows of the log: the page is that long, with or without them. */
    bool more;
};

static bool event_row(const struct event_row *event, void *arg, struct err *err)
{
    struct listing *listing = arg;
    (void)err;
    if (listing->seen++ == listing->limit) {
        listing->more = true;
        return true;
    }
    listing->after = event->seq;
    if (listing->resource != NULL && strcmp(listing->resource, event->resource) != 0)
        return true;
    return json_array_append_new(listing->items, event_document(event)) == 0;
}

static bool newest_row(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    return db_one(db, "SELECT COALESCE(MAX(seq), 0) FROM events WHERE tenant = $1",
                  DB_ARGS(db_text(listing->call->tenant)), newest_row, &listing->newest,
                  err) &&
           event_page(db, listing->call->tenant, listing->after, listing->limit + 1,
                      event_row, listing, err);
}

static void list_events(struct call *call, int64_t after)
{
    struct page page;
    if (!page_read(call, &page))
        return;
    struct listing listing = { .call = call,
                               .limit = page.limit,
                               .resource = call_query(call, "resource") };
    listing.after = page.number != 0 ? page.number : after;
    listing.items = json_array();
    if (!call_read(call, list, &listing)) {
        json_decref(listing.items);
        return;
    }
    json_t *document = json_object();
    json_put_int(document, "newest", listing.newest);
    page_reply(call, document, listing.items, listing.more, listing.after, "");
}

/* A client that comes again says where it was: Last-Event-ID (HTML 9.2.4). */
static int64_t resume_at(const struct call *call)
{
    uint64_t seq;
    const char *last = call_header(call, "Last-Event-ID");
    if (last != NULL && slice_u64(slice_of(last), &seq) && seq <= INT64_MAX)
        return (int64_t)seq;
    return call_query_int(call, "after", 0);
}

static void show_events(struct call *call)
{
    static const char *const types[] = { "application/json", "text/event-stream",
                                         NULL };
    int media = accept_choose(call_header(call, "Accept"), types);
    if (media < 0)
        call_problem(call, PROBLEM_NOT_ACCEPTABLE, "%s and %s are served", types[0],
                     types[1]);
    else if (media == 1)
        event_stream_open(call, resume_at(call));
    else
        list_events(call, resume_at(call));
}

/* clang-format off */
static const struct member query[] = {
    { "after", MEMBER_INT, .least = 0, .text = "Only events after this one." },
    { "resource", MEMBER_TEXT, .format = "printable", .most = 128, .text = "Only what happened to this: order/ID." },
    PAGE_PARAMETERS,
    { NULL },
};
static const struct route_reply replies[] = {
    { 200, &shape_event_page, NULL, "A page, oldest first; or, for Accept: text/event-stream, every event from there on as it happens." },
    { 406, &shape_problem, NULL, "application/json and text/event-stream are served." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/events", .permission = "event.read",
      .id = "event.list", .query = query, .replies = replies, .flags = ROUTE_STREAM,
      .handle = show_events,
      .text = "What happened, in order; Last-Event-ID or ?after= resumes." },
};
/* clang-format on */

ROUTES(event_routes, rows);
