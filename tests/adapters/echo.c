/* A good adapter with every ability. It does nothing but say what it was given:
 *   profile.status  ends at once; the result is the input
 *   usage.read      one HTTP exchange; the result is the size of the reply
 *   line.activate   an ONCE exchange, its query, a wait
 *   sms.send        through the session "line": frames are a length (u32, big-endian,
 *                   itself included) and a body
 *   callbacks       one fact "message" with the body */
#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/inbound.h"
#include "esim/session.h"

enum { HEAD_BYTES = 4 };

/* ---- flows ---- */

static void ask_status(struct esim_talk *talk)
{
    esim_done(talk, talk->input);
}

static void ask_usage(struct esim_talk *talk)
{
    esim_http(talk, "api", "GET", "/usage", NULL, esim_text(NULL));
}

static void tell_usage(struct esim_talk *talk)
{
    json_t *result = json_object();
    json_object_set_new(result, "bytes",
                        json_integer((json_int_t)talk->step->reply->body.size));
    if (talk->step->reply->status == 200)
        esim_done(talk, result);
    else
        esim_refused(talk, "status", NULL, "The status was %d, not 200.",
                     talk->step->reply->status);
}

static void ask_activate(struct esim_talk *talk)
{
    esim_http(talk, "api", "POST", "/activate", "application/json",
              esim_json_write(talk->input));
    esim_rewrite(talk);
}

static void tell_activate(struct esim_talk *talk)
{
    switch (talk->step->reply->status) {
    case 200:
        esim_go(talk, "settle");
        break;
    case 429:
    case 503:
        esim_not_yet(talk, esim_retry_after(talk->step->reply, talk->step->now_ms),
                     "busy", NULL, "The carrier is busy; it is asked again later.");
        break;
    default:
        esim_refused(talk, "status", NULL, "The status was %d, not 200.",
                     talk->step->reply->status);
    }
}

static void ask_settle(struct esim_talk *talk)
{
    esim_wait(talk, talk->step->now_ms + 1000);
}

static void tell_settle(struct esim_talk *talk)
{
    json_t *result = json_object();
    esim_json_put(result, "line_state", "ACTIVE");
    esim_done(talk, result);
}

static void tell_query(struct esim_talk *talk)
{
    if (talk->step->reply->status == 404)
        esim_not_yet(talk, -1, "not_done", NULL, "It did not happen.");
    else
        tell_settle(talk);
}

static void ask_sms(struct esim_talk *talk)
{
    const char *text = esim_json_text(talk->input, "text");
    esim_send_to(talk, "line", esim_string(talk->step->operation),
                 esim_text(text == NULL ? "" : text), 0);
}

static void tell_sms(struct esim_talk *talk)
{
    json_t *result = json_object();
    if (talk->step->event != ESIM_MESSAGE) {
        esim_unknown(talk, "silence", NULL, "No answer came. Ask the carrier.");
        return;
    }
    esim_json_put(result, "message_id", esim_string(talk->step->message->payload));
    esim_done(talk, result);
}

static const struct esim_exchange status_rows[] = {
    { "status", ESIM_SAFE, ask_status, tell_settle, NULL },
};
static const struct esim_exchange usage_rows[] = {
    { "usage", ESIM_SAFE, ask_usage, tell_usage, NULL },
};
static const struct esim_exchange activate_rows[] = {
    { "activate", ESIM_ONCE, ask_activate, tell_activate, "query" },
    { "settle", ESIM_SAFE, ask_settle, tell_settle, NULL },
    { "query", ESIM_SAFE, ask_usage, tell_query, NULL },
};
static const struct esim_exchange sms_rows[] = {
    { "sms", ESIM_ONCE, ask_sms, tell_sms, NULL },
};

#define STEP(name, rows)                                                       \
    static void name(const struct esim_step *step, struct esim_answer *answer) \
    {                                                                          \
        esim_exchange_step(rows, sizeof rows / sizeof rows[0], step, answer);  \
    }
STEP(status_step, status_rows)
STEP(usage_step, usage_rows)
STEP(activate_step, activate_rows)
STEP(sms_step, sms_rows)

/* ---- the session ---- */

static uint32_t length_of(struct esim_bytes bytes)
{
    uint32_t length = 0;
    for (size_t i = 0; i < HEAD_BYTES; i++)
        length = length << 8 | (uint8_t)bytes.ptr[i];
    return length;
}

static int64_t cut(struct esim_bytes bytes)
{
    if (bytes.size < HEAD_BYTES)
        return 0;
    uint32_t length = length_of(bytes);
    return length < HEAD_BYTES || length > 1 << 16 ? -1 : (int64_t)length;
}

static struct esim_bytes framed(struct esim_bytes body)
{
    uint64_t size = body.size + HEAD_BYTES;
    struct esim_bytes text = esim_format("....%.*s", (int)body.size,
                                         body.size == 0 ? "" : body.ptr);
    char *bytes = (char *)(uintptr_t)text.ptr;
    for (size_t i = 0; bytes != NULL && i < HEAD_BYTES; i++)
        bytes[i] = (char)(size >> (24 - 8 * i));
    return text;
}

/* The session keeps the key of the last submit; one may be outstanding. */
static void session_step(const struct esim_session_step *step,
                         struct esim_session_answer *answer)
{
    static struct esim_act act;
    act = (struct esim_act){ 0 };
    answer->state = step->state;
    switch (step->event) {
    case ESIM_OPENED:
        act = (struct esim_act){ .kind = ESIM_ACT_READY, .number = 1 };
        break;
    case ESIM_SUBMIT:
        act = (struct esim_act){ .kind = ESIM_ACT_WRITE,
                                 .key = step->key,
                                 .bytes = framed(step->bytes) };
        answer->state = step->key;
        break;
    case ESIM_FRAME:
        if (step->bytes.size >= HEAD_BYTES)
            act = (struct esim_act){ .kind = ESIM_ACT_DELIVER,
                                     .key = step->state,
                                     .bytes = { step->bytes.ptr + HEAD_BYTES,
                                                step->bytes.size - HEAD_BYTES } };
        break;
    case ESIM_CLOSED:
        act = (struct esim_act){ .kind = ESIM_ACT_LOST, .key = step->state };
        break;
    default:
        break;
    }
    bool needs_key = act.kind == ESIM_ACT_DELIVER || act.kind == ESIM_ACT_LOST;
    answer->acts = &act;
    answer->act_count = act.kind == 0 || (needs_key && act.key.size == 0) ? 0 : 1;
}

static const struct esim_session session_list[] = {
    { .size = sizeof session_list[0],
      .name = "line",
      .frame = cut,
      .header_bytes = HEAD_BYTES,
      .step = session_step },
};

/* ---- callbacks and settings ---- */

static void receive(const struct esim_request *request, struct esim_response *response)
{
    static struct esim_fact fact;
    fact = (struct esim_fact){ .kind = esim_text("message"),
                               .key = esim_text("echo"),
                               .id = esim_text("1"),
                               .data = request->body };
    response->status = 200;
    response->body = request->path;
    response->facts = &fact;
    response->fact_count = 1;
}

static const struct esim_problem *check_settings(struct esim_bytes settings_json)
{
    static struct esim_problem problem;
    json_t *settings = esim_json_read(settings_json);
    problem = (struct esim_problem){
        .size = sizeof problem,
        .code = esim_text("colour"),
        .message = esim_text("expected \"blue\" or nothing"),
    };
    const char *colour = esim_json_text(settings, "colour");
    bool fine = json_is_object(settings) &&
                (colour == NULL || strcmp(colour, "blue") == 0);
    return fine ? NULL : &problem;
}

/* ---- the entry ---- */

ESIM_SECTION static const struct esim_about about = {
    .magic = ESIM_MAGIC,
    .size = sizeof about,
    .abi = ESIM_ABI,
    .name = "echo",
    .version = "1.0.0",
    .summary = "Says what it was given.",
    .state_oldest = 1,
    .state_newest = 1,
    .capabilities = { ESIM_PROFILE_STATUS, ESIM_USAGE_READ, ESIM_LINE_ACTIVATE,
                      ESIM_SMS_SEND },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_SESSION, ESIM_ABILITY_INBOUND,
                   ESIM_ABILITY_PROBE, ESIM_ABILITY_CHECK },
};

#define FLOW(capability_name, function)                                    \
    {                                                                      \
        .size = sizeof(struct esim_flow), .capability = (capability_name), \
        .step = (function)                                                 \
    }
static const struct esim_flow flow_list[] = { FLOW(ESIM_PROFILE_STATUS, status_step),
                                              FLOW(ESIM_USAGE_READ, usage_step),
                                              FLOW(ESIM_LINE_ACTIVATE, activate_step),
                                              FLOW(ESIM_SMS_SEND, sms_step) };
static const struct esim_flow probe_flow = FLOW("esim.probe", usage_step);
static const struct esim_flows flows = { sizeof flows,
                                         sizeof flow_list / sizeof flow_list[0],
                                         flow_list };
static const struct esim_sessions sessions = { sizeof sessions, 1, session_list };
static const struct esim_inbound inbound = { sizeof inbound, receive };
static const struct esim_check settings_check = { sizeof settings_check,
                                                  check_settings };

static const void *ability(const char *id)
{
    static const struct {
        const char *id;
        const void *ability;
    } rows[] = {
        { ESIM_ABILITY_FLOWS, &flows },          { ESIM_ABILITY_SESSION, &sessions },
        { ESIM_ABILITY_INBOUND, &inbound },      { ESIM_ABILITY_PROBE, &probe_flow },
        { ESIM_ABILITY_CHECK, &settings_check },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].id, id) == 0)
            return rows[i].ability;
    return NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = esim_helper_start,
    .ability = ability,
};
