/* @NAME@ - an adapter for a carrier with a small JSON API.
 *
 * It is a step: (state, event) -> (state', action). There is no socket, clock or thread
 * here; the host does what the action says and comes back with what happened, perhaps
 * days later and in another process. All that is remembered is in talk->vars. */
#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/entry.h"
#include "esim/exchange.h"

/* ---- shared ---- */

static const char *line_path(struct esim_talk *talk, const char *end)
{
    const char *msisdn = esim_json_text(talk->input, "msisdn");
    return esim_string(esim_format("/v1/lines/%s%s",
                                   esim_url_encode(msisdn == NULL ? "" : msisdn), end));
}

/* Every status that does not mean yes. Where something may have been done it is UNKNOWN,
 * never a failure; a read may simply be asked again. */
static void not_done(struct esim_talk *talk, bool was_read)
{
    const struct esim_reply *reply = talk->step->reply;
    json_t *body = esim_json_read(reply->body);
    const char *carrier_code = esim_json_text(body, "code");
    int32_t after_s = esim_retry_after(reply, talk->step->now_ms);
    if (reply->status == 429 || reply->status == 503 ||
        (was_read && reply->status >= 500))
        esim_not_yet(talk, after_s, "busy", carrier_code,
                     "The carrier is busy. It is asked again by itself.");
    else if (reply->status >= 400 && reply->status < 500)
        esim_refused(
            talk, "refused", carrier_code,
            "The carrier refused with status %d. Check the number and account.",
            reply->status);
    else
        esim_unknown(talk, "unclear", carrier_code,
                     "The carrier answered with status %d. Ask it what was done.",
                     reply->status);
}

/* ---- line.activate ---- */

static void ask_activate(struct esim_talk *talk)
{
    const char *msisdn = esim_json_text(talk->input, "msisdn");
    json_t *body = json_object();
    if (msisdn == NULL || *msisdn == '\0') {
        esim_refused(talk, "msisdn", NULL, "The order needs an msisdn.");
        return;
    }
    esim_json_put(body, "msisdn", msisdn);
    esim_json_put(body, "plan", esim_json_text(talk->input, "plan"));
    esim_json_put(body, "account", esim_json_text(talk->settings, "account"));
    esim_json_put(body, "reference", esim_string(talk->step->operation));
    esim_http(talk, "api", "POST", "/v1/lines", "application/json",
              esim_json_write(body));
}

static void tell_activate(struct esim_talk *talk)
{
    json_t *body = esim_json_read(talk->step->reply->body);
    json_t *result = json_object();
    if (talk->step->reply->status != 201) {
        not_done(talk, false);
        return;
    }
    esim_json_put(result, "line_state", "ACTIVE");
    esim_json_put(result, "carrier_ref", esim_json_text(body, "id"));
    esim_done(talk, result);
}

/* The answer to the POST was lost: look whether the line is there. */
static void ask_look(struct esim_talk *talk)
{
    esim_http(talk, "api", "GET", line_path(talk, ""), NULL, esim_text(NULL));
}

static void tell_look(struct esim_talk *talk)
{
    json_t *result = json_object();
    switch (talk->step->reply->status) {
    case 200:
        esim_json_put(result, "line_state", "ACTIVE");
        esim_done(talk, result);
        break;
    case 404:
        esim_not_yet(talk, -1, "not_there", NULL, "The line was not activated.");
        break;
    default:
        esim_unknown(talk, "unclear", NULL,
                     "The carrier does not say whether the line is active. Ask it.");
    }
}

static const struct esim_exchange activate_rows[] = {
    { "activate", ESIM_ONCE, ask_activate, tell_activate, "look" },
    { "look", ESIM_SAFE, ask_look, tell_look, NULL },
};

/* ---- usage.read ---- */

static void ask_usage(struct esim_talk *talk)
{
    esim_http(talk, "api", "GET", line_path(talk, "/usage"), NULL, esim_text(NULL));
}

static void tell_usage(struct esim_talk *talk)
{
    json_t *body = esim_json_read(talk->step->reply->body);
    json_t *records = json_object_get(body, "records");
    json_t *result = json_object();
    if (talk->step->reply->status != 200 || !json_is_array(records)) {
        not_done(talk, true);
        return;
    }
    json_object_set(result, "records", records);
    esim_done(talk, result);
}

static const struct esim_exchange usage_rows[] = {
    { "usage", ESIM_SAFE, ask_usage, tell_usage, NULL },
};

/* ---- the look at settings ---- */

static const char *wrong_setting(const json_t *settings, const char **ret_expected)
{
    const char *account = esim_json_text(settings, "account");
    *ret_expected = "expected our account number at the carrier, a text";
    return account != NULL && *account != '\0' ? NULL : "account";
}

static const struct esim_problem *check_settings(struct esim_bytes settings_json)
{
    return esim_settings_problem(settings_json, wrong_setting);
}

/* ---- the descriptor and the entry ---- */

ESIM_SECTION static const struct esim_about about = {
    .magic = ESIM_MAGIC,
    .size = sizeof about,
    .abi = ESIM_ABI,
    .name = "@NAME@",
    .version = "0.1.0",
    .summary = "Lines and usage of the carrier @NAME@.",
    .state_oldest = 1,
    .state_newest = 1,
    .capabilities = { ESIM_LINE_ACTIVATE, ESIM_USAGE_READ },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_CHECK },
};

static void activate_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(activate_rows, sizeof activate_rows / sizeof activate_rows[0],
                       step, answer);
}

static void usage_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(usage_rows, sizeof usage_rows / sizeof usage_rows[0], step,
                       answer);
}

static const struct esim_flow flow_list[] = {
    ESIM_FLOW(ESIM_LINE_ACTIVATE, activate_step),
    ESIM_FLOW(ESIM_USAGE_READ, usage_step),
};
static const struct esim_flows flows = { sizeof flows, 2, flow_list };
static const struct esim_check settings_check = { sizeof settings_check,
                                                  check_settings };

static const struct esim_part parts[] = {
    { ESIM_ABILITY_FLOWS, &flows },
    { ESIM_ABILITY_CHECK, &settings_check },
    { NULL, NULL },
};

static const void *ability(const char *id)
{
    return esim_part_of(parts, id);
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = esim_helper_start,
    .ability = ability,
};
