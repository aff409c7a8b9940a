/* Asks for what its manifest does not allow, and dies, as the message to be sent says:
 *   sms.send        text: "endpoint", "path", "dots", "host", "method"; anything else is
 *                   one decent exchange
 *   line.suspend    reason: "crash", "hang" or anything else, which is done at once
 *   device.sync     one decent exchange, also in a dry run */
#include <stdlib.h>
#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"

static const struct {
    const char *wish;
    const char *endpoint, *method, *path;
} rows[] = {
    { "endpoint", "elsewhere", "GET", "/allowed/x" },
    { "path", "api", "GET", "/forbidden" },
    { "dots", "api", "GET", "/allowed/../forbidden" },
    { "host", "api", "GET", "//127.0.0.2/allowed/x" },
    { "url", "api", "GET", "@127.0.0.2/allowed/x" },
    { "method", "api", "GET /forbidden", "/allowed/x" },
    { "", "api", "GET", "/allowed/x" },
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static void ask(struct esim_talk *talk)
{
    const char *wish = esim_json_text(talk->input, "text");
    size_t at = 0;
    while (at + 1 < ROW_COUNT && (wish == NULL || strcmp(rows[at].wish, wish) != 0))
        at++;
    esim_http(talk, rows[at].endpoint, rows[at].method, rows[at].path, NULL,
              esim_text(NULL));
}

static void tell(struct esim_talk *talk)
{
    json_t *result = json_object();
    esim_json_put(result, "state", "sent");
    esim_done(talk, result);
}

static void suspend(struct esim_talk *talk)
{
    const char *reason = esim_json_text(talk->input, "reason");
    json_t *result = json_object();
    if (reason != NULL && strcmp(reason, "crash") == 0)
        abort();
    for (volatile unsigned turns = 0; reason != NULL && strcmp(reason, "hang") == 0;
         turns++)
        ;
    esim_json_put(result, "line_state", "SUSPENDED");
    esim_done(talk, result);
}

static const struct esim_exchange sms_rows[] = { { "send", ESIM_ONCE, ask, tell,
                                                   NULL } };
static const struct esim_exchange suspend_rows[] = { { "suspend", ESIM_ONCE, suspend,
                                                       tell, NULL } };

static void sms_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(sms_rows, 1, step, answer);
}

static void suspend_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(suspend_rows, 1, step, answer);
}

ESIM_SECTION static const struct esim_about about = {
    .magic = ESIM_MAGIC,
    .size = sizeof about,
    .abi = ESIM_ABI,
    .name = "rogue",
    .version = "1.0.0",
    .summary = "Wants more than it may have.",
    .state_oldest = 1,
    .state_newest = 1,
    .capabilities = { ESIM_SMS_SEND, ESIM_LINE_SUSPEND, ESIM_DEVICE_SYNC },
    .abilities = { ESIM_ABILITY_FLOWS },
};

static const struct esim_flow flow_list[] = {
    { .size = sizeof flow_list[0], .capability = ESIM_SMS_SEND, .step = sms_step },
    { .size = sizeof flow_list[0],
      .capability = ESIM_LINE_SUSPEND,
      .step = suspend_step },
    { .size = sizeof flow_list[0], .capability = ESIM_DEVICE_SYNC, .step = sms_step },
};
static const struct esim_flows flows = { sizeof flows, 3, flow_list };

static const void *ability(const char *id)
{
    return strcmp(id, ESIM_ABILITY_FLOWS) == 0 ? &flows : NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = esim_helper_start,
    .ability = ability,
};
