/* /v1/devices */
#include <string.h>

#include "api/call.h"
#include "api/page.h"
#include "api/refuse.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "profile/device_store.h"

/* ---- list ---- */

struct listing {
    struct device_query query;
    json_t *items;
    json_t *passes;
    bool more;
};

static bool list(struct db *db, void *arg, struct err *err)
{
    struct listing *listing = arg;
    if (!device_list(db, &listing->query, &listing->items, &listing->more, err))
        return false;
    if (device_passes(db, listing->query.tenant, &listing->passes, err))
        return true;
    json_decref(listing->items);
    return false;
}

static void list_devices(struct call *call)
{
    struct page page;
    if (!page_read(call, &page))
        return;
    struct listing listing = { .query = { .tenant = call->tenant,
                                          .carrier = call_query(call, "carrier"),
                                          .words = call_query(call, "q"),
                                          .after = page.text,
                                          .limit = page.limit } };
    if (!call_read(call, list, &listing))
        return;
    const json_t *last = json_array_get(listing.items,
                                        json_array_size(listing.items) - 1);
    page_reply(call, json_pack("{s:o}", "lists", listing.passes), listing.items,
               listing.more, 0, last == NULL ? "" : json_text(last, "device_id"));
}

/* ---- one ---- */

struct look {
    const struct call *call;
    json_t *device;
};

static bool show(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    return device_show(db, look->call->tenant, look->call->params.value[0],
                       &look->device, err);
}

static void show_device(struct call *call)
{
    struct err err = ERR_INIT;
    struct look look = { .call = call };
    if (store_read(call->worker->reader, show, &look, &err))
        call_json(call, 200, look.device);
    else if (err.code == ERR_NOT_FOUND)
        refuse_failed(call, &err);
    else
        call_error(call, &err);
}

/* ---- rows ---- */

/* clang-format off */
static const struct member list_query[] = {
    { "q", MEMBER_TEXT, .format = "printable", .least = 1, .most = 128, .text = "Only devices whose name, user, serial number, EID, IMEI, ICCID or number has this in it; letters compare without case." },
    { "carrier", MEMBER_TEXT, .format = "printable", .most = 64, .text = "Only this adapter's." },
    PAGE_PARAMETERS,
    { NULL },
};
static const struct route_reply page_replies[] = {
    { 200, &shape_device_page, NULL, "A page by device_id; Link leads to the next." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_managed_device, NULL, "The device as its MDM told it last." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/devices", .permission = "device.list",
      .id = "device.list", .query = list_query, .replies = page_replies,
      .handle = list_devices, .text = "Devices that an MDM manages, as orders of device.list told them." },
    { .method = "GET", .path = "/v1/devices/{device_id}", .permission = "device.read",
      .id = "device.show", .replies = show_replies, .flags = ROUTE_OBJECT,
      .handle = show_device, .text = "One managed device." },
};
/* clang-format on */

ROUTES(device_routes, rows);
