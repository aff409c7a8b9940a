/* esimctl device ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/lists.h"
#include "ctl/order_follow.h"

static const struct column columns[] = {
    { "DEVICE", "device_id", false },
    { "NAME", "name", false },
    { "USER", "user", false },
    { "SERIAL", "serial", false },
    { "EID", "eid", true },
    { "OS", "os", false },
    { "COMPLIANCE", "compliance", false },
    { "ICCID", "iccid", true },
    { "CARRIER", "carrier", true },
    { "LAST SYNC", "last_sync", false },
    { "SEEN", "seen", true },
    { NULL },
};

static int list(struct ctl *ctl)
{
    static const char *const filters[] = { "q", "carrier", NULL };
    return list_show(ctl, "/v1/devices", filters, columns);
}

static int get(struct ctl *ctl)
{
    char *path = client_path("/v1/devices/", ctl->words[0], "");
    int code = one_show(ctl, path == NULL ? "" : path, columns);
    free(path);
    return code;
}

/* ---- sync: orders of device.list until the MDM has told all ---- */

/* The input of the first order: where the last list ended, or broke off. */
static int first_extra(struct ctl *ctl, const char *carrier, json_t **ret)
{
    json_t *page = NULL;
    struct ask ask = { .method = "GET", .path = "/v1/devices?limit=1" };
    *ret = json_object();
    if (ctl_flag(ctl, "whole") != NULL)
        return EXIT_DONE;
    int code = client_json(ctl->client, &ask, &page);
    const json_t *lists = json_object_get(page, "lists"), *pass;
    size_t i;
    json_array_foreach(lists, i, pass)
    {
        const char *whose = json_text(pass, "carrier");
        const char *cursor = json_text(pass, "cursor");
        if (whose == NULL || strcmp(whose, carrier) != 0)
            continue;
        json_put_text(*ret, cursor != NULL ? "cursor" : "since",
                      cursor != NULL ? cursor : json_text(pass, "since"));
    }
    json_decref(page);
    return code;
}

static int place(struct ctl *ctl, const char *carrier, json_t *extra, json_t **ret)
{
    char key[ID_SIZE], key_line[80];
    id_new(key);
    int length = snprintf(key_line, sizeof key_line, "Idempotency-Key: %s", key);
    if (length < 0)
        return EXIT_TROUBLE;
    json_t *body = json_pack("{s:s,s:s,s:O}", "type", "device.list", "carrier", carrier,
                             "extra", extra);
    struct ask ask = { .method = "POST",
                       .path = "/v1/orders",
                       .headers = { key_line, "Prefer: wait=30" },
                       .body = body };
    int code = client_json(ctl->client, &ask, ret);
    json_decref(body);
    return code;
}

/* Replaces the order as it was placed by the order at its end. */
static int finish(struct ctl *ctl, json_t **order)
{
    char id[ID_SIZE];
    const char *given = json_text(*order, "id");
    if (given == NULL || !slice_copy(slice_of(given), id, sizeof id))
        return EXIT_TROUBLE;
    json_decref(*order);
    *order = NULL;
    int code = order_wait(ctl, id);
    if (code != EXIT_DONE)
        return code;
    char *path = client_path("/v1/orders/", id, "");
    struct ask ask = { .method = "GET", .path = path == NULL ? "" : path };
    code = client_json(ctl->client, &ask, order);
    free(path);
    return code;
}

/* One order; `extra` becomes the next one's input, NULL when all has been told. */
static int sync_part(struct ctl *ctl, const char *carrier, json_t **extra, size_t *told)
{
    json_t *order = NULL;
    int code = place(ctl, carrier, *extra, &order);
    if (code == EXIT_DONE)
        code = finish(ctl, &order);
    json_decref(*extra);
    *extra = NULL;
    const json_t *result = json_object_get(order, "result");
    const char *cursor = json_text(result, "cursor");
    *told += json_array_size(json_object_get(result, "devices"));
    if (code == EXIT_DONE && cursor != NULL)
        *extra = json_pack("{s:s}", "cursor", cursor);
    json_decref(order);
    return code;
}

static int sync_devices(struct ctl *ctl)
{
    struct err err = ERR_INIT;
    const char *carrier = ctl_flag(ctl, "carrier");
    json_t *extra = NULL;
    size_t told = 0;
    if (carrier == NULL) {
        err_set(&err, ERR_INVALID, "say --carrier: the adapter of your MDM");
        return ctl_fail(EXIT_USAGE, &err);
    }
    int code = first_extra(ctl, carrier, &extra);
    while (code == EXIT_DONE && extra != NULL)
        code = sync_part(ctl, carrier, &extra, &told);
    json_decref(extra);
    fprintf(stderr, "%zu devices told%s\n", told,
            code == EXIT_DONE ? "" : "; the next sync goes on from there");
    return code;
}

/* clang-format off */
static const struct flag list_flags[] = {
    { "q", 'q', "WORDS", "only with this in name, user, serial, EID, IMEI, ICCID or number" },
    { "carrier", 0, "NAME", "only this adapter's" },
    LIST_FLAGS,
    { NULL },
};
static const struct flag sync_flags[] = {
    { "carrier", 0, "NAME", "the adapter of your MDM" },
    { "whole", 0, NULL, "all devices, and forget those that are gone; else what changed" },
    { "timeout", 0, "TIME", "for each part at most so long; 60s if not said" },
    { NULL },
};

const struct command device_commands[] = {
    { "device", "list", NULL, 0, 0, list_flags, list, "List managed devices as they were told last.", "esimctl device list -q ana@example.com" },
    { "device", "get", "DEVICE", 1, 1, NULL, get, "Show a managed device.", NULL },
    { "device", "sync", NULL, 0, 0, sync_flags, sync_devices, "Ask the MDM for its devices, by orders of device.list.", "esimctl device sync --carrier intune" },
    { NULL },
};
/* clang-format on */
