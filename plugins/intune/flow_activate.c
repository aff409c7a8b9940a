/* device.activate: activateDeviceEsim (beta), then deviceActionResults until it is done.
 *
 * Before it is asked, the newest result of this action is remembered: any other one
 * afterwards is ours. That also answers whether a lost request arrived. */
#include <string.h>

#include "call.h"
#include "flows.h"
#include "wire_device.h"

static const struct expect device_expect = {
    .row = "device",
    .missing = "device_unknown",
    .missing_message = "Intune has no device of this id: list the devices.",
};

static void device_ask(struct esim_talk *talk)
{
    const char *id = graph_input_id(talk, "device_id");
    if (id != NULL)
        graph_ask(
            talk, "GET",
            graph_path(talk, GRAPH_V1,
                       "/deviceManagement/managedDevices/%s?$select=id,deviceName,"
                       "deviceActionResults",
                       id),
            NULL);
}

static const char *started(const json_t *action)
{
    const char *text = esim_json_text(action, "startDateTime");
    return text != NULL ? text : "";
}

static const json_t *action_of(const struct esim_talk *talk, const json_t *device)
{
    struct settings settings = settings_of(talk);
    return device_action(device, settings.activate_action);
}

static void device_tell(struct esim_talk *talk)
{
    json_t *body = NULL;
    if (!graph_told(talk, &device_expect, &body))
        return;
    var_put(talk, "seen", started(action_of(talk, body)));
    esim_go(talk, "activate");
}

/* ---- the action ---- */

static bool is_url(const char *text)
{
    if (text == NULL || strncmp(text, "https://", 8) != 0 || strlen(text) > 1024)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return text[8] != '\0';
}

static void activate_ask(struct esim_talk *talk)
{
    const char *id = graph_input_id(talk, "device_id");
    const char *url = esim_json_text(talk->input, "carrier_url");
    if (id == NULL)
        return;
    json_t *body = json_object();
    esim_json_put(body, "carrierUrl", url);
    graph_ask(talk, "POST",
              graph_path(talk, GRAPH_BETA,
                         "/deviceManagement/managedDevices/%s/activateDeviceEsim", id),
              body);
}

static void finish(struct esim_talk *talk, const char *state)
{
    json_t *result = json_object();
    esim_json_put(result, "state", state);
    esim_done(talk, result);
}

static void activate_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "activate",
        .once = true,
        .look = "look",
        .may_be_empty = true,
        .missing = "device_unknown",
        .missing_message = "Intune has no device of this id: list the devices.",
    };
    struct settings settings = settings_of(talk);
    if (!graph_told(talk, &expect, NULL))
        return;
    if (settings.follow_hours == 0)
        finish(talk, "pending");
    else
        graph_pause(talk, "follow", settings.poll_s);
}

/* ---- what became of it ---- */

enum end { END_DONE, END_FAILED, END_WAIT };

/* clang-format off */
static const struct { const char *state; enum end end; const char *code, *message; } ends[] = {
    { "done",         END_DONE,   NULL, NULL },
    { "none",         END_WAIT,   NULL, NULL },
    { "pending",      END_WAIT,   NULL, NULL },
    { "active",       END_WAIT,   NULL, NULL },
    { "failed",       END_FAILED, "activation_failed",
      "The device could not activate its eSIM: look at it in Intune, then order again." },
    { "canceled",     END_FAILED, "activation_cancelled",
      "Somebody cancelled the activation in Intune." },
    { "notSupported", END_FAILED, "not_supported",
      "Intune cannot activate an eSIM on this kind of device." },
};
/* clang-format on */

static void wait_longer(struct esim_talk *talk)
{
    if (!graph_poll(talk, "follow"))
        esim_unknown(talk, "device_silent", NULL,
                     "The device has not said for days that its eSIM is active: find "
                     "out whether it is switched on, then decide.");
}

static void judge(struct esim_talk *talk, const json_t *action)
{
    const char *state = esim_json_text(action, "actionState");
    size_t count = sizeof ends / sizeof ends[0], i = 0;
    while (state != NULL && i < count && strcmp(ends[i].state, state) != 0)
        i++;
    if (state == NULL || i == count || ends[i].end == END_WAIT) {
        wait_longer(talk);
    } else if (ends[i].end == END_FAILED) {
        esim_refused(talk, ends[i].code, ends[i].state, "%s", ends[i].message);
    } else {
        finish(talk, "done");
    }
}

/* Is there an action that was not there before ours? */
static bool is_ours(const struct esim_talk *talk, const json_t *action)
{
    const char *seen = var_text(talk, "seen");
    return action != NULL && strcmp(started(action), seen != NULL ? seen : "") != 0;
}

static void follow_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "follow", .begun = true };
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    const json_t *action = action_of(talk, body);
    if (is_ours(talk, action))
        judge(talk, action);
    else
        wait_longer(talk);
}

/* The answer was lost: an action that is not seen after a while was not begun. */
static void look_tell(struct esim_talk *talk)
{
    static const struct expect expect = { .row = "look", .begun = true };
    enum { LOOKS = 3 };
    struct settings settings = settings_of(talk);
    json_t *body = NULL;
    if (!graph_told(talk, &expect, &body))
        return;
    int64_t looks = var_int(talk, "looks") + 1;
    var_put_int(talk, "looks", looks);
    if (is_ours(talk, action_of(talk, body)))
        judge(talk, action_of(talk, body));
    else if (looks < LOOKS)
        graph_pause(talk, "look", settings.settle_s);
    else
        esim_not_yet(talk, 0, "activation_not_seen", NULL,
                     "Graph's answer was lost and the device has no such action: it is "
                     "asked again.");
}

/* What cannot be right is refused before any call. */
static void start_ask(struct esim_talk *talk)
{
    if (is_url(esim_json_text(talk->input, "carrier_url")))
        device_ask(talk);
    else
        esim_refused(talk, "input_wrong", NULL,
                     "carrier_url must be the https URL of the carrier's server.");
}

static const struct esim_exchange table[] = {
    { "device", ESIM_SAFE, start_ask, device_tell, NULL },
    { "activate", ESIM_ONCE, activate_ask, activate_tell, "look" },
    { "look", ESIM_SAFE, device_ask, look_tell, NULL },
    { "follow", ESIM_SAFE, device_ask, follow_tell, NULL },
    PAUSE_ROW,
};

void activate_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
