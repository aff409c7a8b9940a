/* device.notify: a message in the Company Portal app (beta).
 *
 * Graph does not show afterwards which messages were sent: a lost answer is UNKNOWN. */
#include "call.h"
#include "flows.h"

static void notify_ask(struct esim_talk *talk)
{
    const char *id = graph_input_id(talk, "device_id");
    const char *title = esim_json_text(talk->input, "title");
    const char *text = esim_json_text(talk->input, "text");
    if (id == NULL)
        return;
    if (title == NULL || text == NULL || title[0] == '\0' || text[0] == '\0') {
        esim_refused(talk, "input_wrong", NULL, "A message needs a title and a text.");
        return;
    }
    json_t *body = json_object();
    esim_json_put(body, "notificationTitle", title);
    esim_json_put(body, "notificationBody", text);
    graph_ask(talk, "POST",
              graph_path(talk, GRAPH_BETA,
                         "/deviceManagement/managedDevices/%s/"
                         "sendCustomNotificationToCompanyPortal",
                         id),
              body);
}

static void notify_tell(struct esim_talk *talk)
{
    static const struct expect expect = {
        .row = "notify",
        .once = true,
        .may_be_empty = true,
        .missing = "device_unknown",
        .missing_message = "Intune has no device of this id: list the devices.",
    };
    if (!graph_told(talk, &expect, NULL))
        return;
    json_t *result = json_object();
    esim_json_put(result, "state", "sent");
    esim_done(talk, result);
}

static const struct esim_exchange table[] = {
    { "notify", ESIM_ONCE, notify_ask, notify_tell, NULL },
    PAUSE_ROW,
};

void notify_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
