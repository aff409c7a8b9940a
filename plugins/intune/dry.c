#include "dry.h"

#include <string.h>

#include "call.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* What a flow changes, in the order in which it does. */
/* clang-format off */
static const struct { const char *capability, *path_end, *words; } changes[] = {
    { "device.assign",   "/groups",               "make a group for the device" },
    { "device.assign",   "/members/$ref",         "add the device to the group" },
    { "device.assign",   "/embeddedSIMActivationCodePools", "make a pool with the one code" },
    { "device.assign",   "/assign",               "assign the pool to the group" },
    { "device.activate", "/activateDeviceEsim",   "have the device fetch its profile" },
    { "device.notify",   "/sendCustomNotificationToCompanyPortal", "send the message" },
    { "device.sync",     "/syncDevice",           "have the device report" },
    { "device.retire",   "/retire",               "retire the device" },
    { "group.change",    "/groups",               "make the group" },
    { "group.change",    "/$ref",                 "add and remove the devices" },
    { "script.deploy",   "/deviceManagementScripts", "upload the script" },
    { "script.deploy",   "/assign",               "assign the script to the group" },
    { "config.deploy",   "/deviceConfigurations", "make the configuration profile" },
    { "config.deploy",   "/assign",               "assign the profile to the group" },
};
/* clang-format on */

static bool ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), most = strlen(end);
    return size >= most && strcmp(text + size - most, end) == 0;
}

/* The flow has come to its first change: it, and what would follow, is the result. */
static void end_dry(struct esim_talk *talk, const char *path)
{
    const char *capability = esim_string(talk->step->capability);
    json_t *result = json_object(), *would = json_array();
    for (size_t i = 0; i < COUNT(changes); i++) {
        bool is_own = strcmp(changes[i].capability, capability) == 0;
        if (is_own &&
            (json_array_size(would) > 0 || ends_in(path, changes[i].path_end)))
            json_array_append_new(would, json_string(changes[i].words));
    }
    esim_json_put(result, "state", "planned");
    esim_json_put(result, "targeting", var_text(talk, "targeting"));
    esim_json_put(result, "group_id", var_text(talk, "group_id"));
    json_object_set_new(result, "would", would);
    esim_done(talk, result);
}

static bool changes_something(const char *method, const char *path)
{
    return strcmp(method, "GET") != 0 &&
           !ends_in(path, "/$batch"); /* Ours only read. */
}

bool dry_ends(struct esim_talk *talk, const char *method, const char *path)
{
    if (!json_is_true(json_object_get(talk->input, "dry_run")) ||
        !changes_something(method, path))
        return false;
    end_dry(talk, path);
    return true;
}
