#include "wire_device.h"

#include <string.h>

#include "esim/exchange.h"
#include "wire.h"

enum { TEXT_MOST = 96, EID_SIZE = 32 };

const char device_select[] =
    "id,deviceName,userPrincipalName,operatingSystem,osVersion,complianceState,"
    "lastSyncDateTime,enrolledDateTime,model,manufacturer,serialNumber,imei,meid,iccid,"
    "phoneNumber,subscriberCarrier,azureADDeviceId,managedDeviceOwnerType";

/* clang-format off */
static const struct { const char *theirs, *ours; } members[] = {
    { "id",                     "device_id" },
    { "deviceName",             "name" },
    { "userPrincipalName",      "user" },
    { "operatingSystem",        "os" },
    { "osVersion",              "os_version" },
    { "complianceState",        "compliance" },
    { "lastSyncDateTime",       "last_sync" },
    { "enrolledDateTime",       "enrolled" },
    { "model",                  "model" },
    { "manufacturer",           "manufacturer" },
    { "serialNumber",           "serial" },
    { "imei",                   "imei" },
    { "meid",                   "meid" },
    { "iccid",                  "iccid" },
    { "phoneNumber",            "msisdn" },
    { "subscriberCarrier",      "carrier" },
    { "azureADDeviceId",        "directory_id" },
    { "managedDeviceOwnerType", "owner" },
};
/* clang-format on */

/* Cut to a length that a page of devices can afford, not inside a character. */
static const char *cut(const char *text)
{
    size_t size = strlen(text);
    if (size <= TEXT_MOST)
        return text;
    size = TEXT_MOST;
    while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    return esim_string(esim_format("%.*s", (int)size, text));
}

json_t *device_read(const json_t *item)
{
    if (!graph_is_id(esim_json_text(item, "id")))
        return NULL;
    json_t *device = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *text = esim_json_text(item, members[i].theirs);
        if (text != NULL && text[0] != '\0')
            esim_json_put(device, members[i].ours, cut(text));
    }
    return device;
}

const char *device_eid(const json_t *item)
{
    const char *eid = esim_json_text(json_object_get(item, "hardwareInformation"),
                                     "esimIdentifier");
    bool fits = eid != NULL && strspn(eid, "0123456789") == EID_SIZE &&
                eid[EID_SIZE] == '\0';
    return fits ? eid : NULL;
}

static const char *started(const json_t *action)
{
    const char *text = esim_json_text(action, "startDateTime");
    return text != NULL ? text : "";
}

const json_t *device_action(const json_t *item, const char *name)
{
    const json_t *actions = json_object_get(item, "deviceActionResults");
    const json_t *newest = NULL;
    for (size_t i = 0; i < json_array_size(actions); i++) {
        const json_t *action = json_array_get(actions, i);
        const char *own = esim_json_text(action, "actionName");
        if (own == NULL || strcmp(own, name) != 0)
            continue;
        if (newest == NULL ||
            esim_time_read(started(action)) >= esim_time_read(started(newest)))
            newest = action;
    }
    return newest;
}
