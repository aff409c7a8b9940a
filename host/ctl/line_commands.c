/* esimctl line ... */
#include <stdlib.h>

#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/lists.h"

static const struct column columns[] = {
    { "MSISDN", "msisdn", false },
    { "STATE", "state", false },
    { "CARRIER", "carrier", false },
    { "ICCID", "iccid", false },
    { "PLAN", "plan", false },
    { "UPDATED", "updated", false },
    { "ID", "id", true },
    { "ORDER", "order_id", true },
    { NULL },
};

static int list(struct ctl *ctl)
{
    static const char *const filters[] = { "state", "carrier", "msisdn", "iccid",
                                           NULL };
    return list_show(ctl, "/v1/lines", filters, columns);
}

static int get(struct ctl *ctl)
{
    const char *name = ctl->words[0];
    char *path = client_path("/v1/lines/", name[0] == '+' ? name + 1 : name, "");
    int code = one_show(ctl, path == NULL ? "" : path, columns);
    free(path);
    return code;
}

/* clang-format off */
static const struct flag list_flags[] = {
    { "state", 0, "STATE", "PROVISIONED, ACTIVE, SUSPENDED or DELETED" },
    { "carrier", 0, "NAME", "only this carrier's" },
    { "msisdn", 0, "NUMBER", "only this number's, also lines that have ended" },
    { "iccid", 0, "ICCID", "only this profile's" },
    LIST_FLAGS,
    { NULL },
};

const struct command line_commands[] = {
    { "line", "list", NULL, 0, 0, list_flags, list, "List lines, oldest first.", "esimctl line list --state SUSPENDED" },
    { "line", "get", "NUMBER|ID", 1, 1, NULL, get, "Show a line.", "esimctl line get +959790000101" },
    { NULL },
};
/* clang-format on */
