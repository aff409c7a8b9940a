/* A carrier's kept session in its simplest form, to test the host's side. A frame is a
 * length (u32, big-endian, itself included) and a line of words:
 *   to the carrier    LOGIN user | SAY key text | ACK id | PING n | COUNT n | BYE
 *   from the carrier  OK window | NO | LATER ms reason | ANS key text | BUSY key ms
 *                     GONE key | EVT id key text | FACT id json | WIN n | COUNT
 *                     FAINT (the cell dies of it) | PONG
 * Settings: user; tick_ms (a PING each time, 0: none). State: how many frames came.
 *   sms.send        its `text` is said under the operation's id; ONCE, without a query;
 *                   the text "brief" is answered within 200 ms or never; every other
 *                   cell dies of the answer "dizzy"
 *   usage.read      the same; SAFE
 *   line.activate   the same; ONCE; the query asks the carrier under "q" and the id
 *   line.suspend    the same; SAFE, written afresh each time (ESIM_REWRITE) */
#include <stdlib.h>
#include <string.h>

#include "esim/capability.h"
#include "esim/exchange.h"
#include "esim/session.h"

enum { HEAD_BYTES = 4, ACTS_MAX = 4 };

/* ---- flows ---- */

static void say(struct esim_talk *talk, const char *key)
{
    const char *text = esim_json_text(talk->input, "text");
    bool brief = text != NULL && strcmp(text, "brief") == 0;
    esim_send_to(talk, "line", key, esim_text(text == NULL ? "hello" : text),
                 brief ? 200 : 0);
}

static void ask_say(struct esim_talk *talk)
{
    say(talk, esim_string(talk->step->operation));
}

static void ask_afresh(struct esim_talk *talk)
{
    ask_say(talk);
    esim_rewrite(talk);
}

static void ask_query(struct esim_talk *talk)
{
    say(talk, esim_string(esim_format("q%s", esim_string(talk->step->operation))));
}

static void tell_answer(struct esim_talk *talk)
{
    json_t *result = json_object();
    if (talk->step->event != ESIM_MESSAGE) {
        esim_unknown(talk, "silence", NULL, "No answer came. Ask the carrier.");
        return;
    }
    const char *text = esim_string(talk->step->message->payload);
    if (strcmp(text, "dizzy") == 0 && talk->step->random[0] < 128)
        abort();
    if (strcmp(text, "not-done") == 0) {
        esim_not_yet(talk, 0, "not_done", NULL, "The carrier knows nothing of it.");
        return;
    }
    esim_json_put(result, "message_id", text);
    esim_json_put(result, "line_state", "ACTIVE");
    esim_done(talk, result);
}

static const struct esim_exchange sms_rows[] = {
    { "say", ESIM_ONCE, ask_say, tell_answer, NULL },
};
static const struct esim_exchange usage_rows[] = {
    { "say", ESIM_SAFE, ask_say, tell_answer, NULL },
};
static const struct esim_exchange activate_rows[] = {
    { "say", ESIM_ONCE, ask_say, tell_answer, "query" },
    { "query", ESIM_SAFE, ask_query, tell_answer, NULL },
};
static const struct esim_exchange suspend_rows[] = {
    { "say", ESIM_SAFE, ask_afresh, tell_answer, NULL },
};

#define STEP(name, rows)                                                       \
    static void name(const struct esim_step *step, struct esim_answer *answer) \
    {                                                                          \
        esim_exchange_step(rows, sizeof rows / sizeof rows[0], step, answer);  \
    }
STEP(sms_step, sms_rows)
STEP(usage_step, usage_rows)
STEP(activate_step, activate_rows)
STEP(suspend_step, suspend_rows)

/* ---- frames ---- */

static int64_t cut(struct esim_bytes bytes)
{
    uint32_t length = 0;
    if (bytes.size < HEAD_BYTES)
        return 0;
    for (size_t i = 0; i < HEAD_BYTES; i++)
        length = length << 8 | (uint8_t)bytes.ptr[i];
    return length < HEAD_BYTES || length > 1 << 24 ? -1 : (int64_t)length;
}

static struct esim_bytes framed(struct esim_bytes body)
{
    uint64_t size = body.size + HEAD_BYTES;
    struct esim_bytes text = esim_format("....%s", esim_string(body));
    char *bytes = (char *)(uintptr_t)text.ptr;
    for (size_t i = 0; bytes != NULL && i < HEAD_BYTES; i++)
        bytes[i] = (char)(size >> (24 - 8 * i));
    return text;
}

/* ---- the machine ---- */

struct talk {
    const struct esim_session_step *step;
    struct esim_session_answer *answer;
    struct esim_act *acts;
    char *words[4]; /* Of a frame: a verb, two words, and the rest. */
    long frames;
};

static void act(struct talk *talk, esim_act_kind kind, int64_t number, const char *key,
                struct esim_bytes bytes)
{
    talk->acts[talk->answer->act_count++] = (struct esim_act){
        .kind = kind, .number = number, .key = esim_text(key), .bytes = bytes
    };
}

static void write_line(struct talk *talk, const char *key, struct esim_bytes line)
{
    act(talk, ESIM_ACT_WRITE, 0, key, framed(line));
}

static const json_t *settings_of(const struct talk *talk)
{
    return esim_json_read(talk->step->settings);
}

static void set_tick(struct talk *talk)
{
    int64_t ms = json_integer_value(json_object_get(settings_of(talk), "tick_ms"));
    if (ms > 0)
        act(talk, ESIM_ACT_TIMER, talk->step->now_ms + ms, NULL, esim_text(NULL));
}

static void on_opened(struct talk *talk)
{
    const char *user = esim_json_text(settings_of(talk), "user");
    write_line(talk, NULL, esim_format("LOGIN %s", user == NULL ? "nobody" : user));
}

static void on_tick(struct talk *talk)
{
    write_line(talk, NULL, esim_format("PING %ld", talk->frames));
    set_tick(talk);
}

static void on_submit(struct talk *talk)
{
    const char *key = esim_string(talk->step->key);
    write_line(talk, key,
               esim_format("SAY %s %s", key, esim_string(talk->step->bytes)));
}

static void on_drain(struct talk *talk)
{
    write_line(talk, NULL, esim_text("BYE"));
    act(talk, ESIM_ACT_CLOSE, 0, NULL, esim_text("said goodbye"));
}

/* ---- what the carrier says ---- */

static void on_ok(struct talk *talk)
{
    act(talk, ESIM_ACT_READY, strtol(talk->words[1], NULL, 10), NULL, esim_text(NULL));
    set_tick(talk);
}

static void on_no(struct talk *talk)
{
    act(talk, ESIM_ACT_CLOSE, -1, NULL, esim_text("the login was refused"));
}

static void on_later(struct talk *talk)
{
    act(talk, ESIM_ACT_CLOSE, strtol(talk->words[1], NULL, 10), NULL,
        esim_text(talk->words[2]));
}

static void on_window(struct talk *talk)
{
    act(talk, ESIM_ACT_READY, strtol(talk->words[1], NULL, 10), NULL, esim_text(NULL));
}

static void on_answer(struct talk *talk)
{
    act(talk, ESIM_ACT_DELIVER, 0, talk->words[1], esim_text(talk->words[2]));
}

static void on_busy(struct talk *talk)
{
    act(talk, ESIM_ACT_BACK, strtol(talk->words[2], NULL, 10), talk->words[1],
        esim_text(NULL));
}

static void on_gone(struct talk *talk)
{
    act(talk, ESIM_ACT_LOST, 0, talk->words[1], esim_text(NULL));
}

static void on_event(struct talk *talk)
{
    act(talk, ESIM_ACT_DELIVER, 60000, talk->words[2], esim_text(talk->words[3]));
    write_line(talk, NULL, esim_format("ACK %s", talk->words[1]));
}

static void on_fact(struct talk *talk)
{
    act(talk, ESIM_ACT_REPORT, 0, NULL, esim_text(talk->words[2]));
    write_line(talk, NULL, esim_format("ACK %s", talk->words[1]));
}

static void on_count(struct talk *talk)
{
    write_line(talk, NULL, esim_format("COUNT %ld", talk->frames));
}

static void on_faint(struct talk *talk)
{
    (void)talk;
    abort();
}

static const struct {
    const char *verb;
    void (*run)(struct talk *talk);
} verbs[] = {
    { "OK", on_ok },       { "NO", on_no },       { "LATER", on_later },
    { "WIN", on_window },  { "ANS", on_answer },  { "BUSY", on_busy },
    { "GONE", on_gone },   { "EVT", on_event },   { "FACT", on_fact },
    { "COUNT", on_count }, { "FAINT", on_faint },
};

/* Cuts at single blanks; FACT's second word is the rest, since JSON may hold blanks. */
static void cut_words(struct talk *talk, char *line)
{
    static char nothing[1];
    size_t most = strncmp(line, "FACT ", 5) == 0 ? 3 : 4;
    for (size_t i = 0; i < 4; i++) {
        talk->words[i] = line == NULL ? nothing : line;
        char *blank = line == NULL || i + 1 >= most ? NULL : strchr(line, ' ');
        if (blank != NULL)
            *blank = '\0';
        line = blank == NULL ? NULL : blank + 1;
    }
}

static void on_frame(struct talk *talk)
{
    struct esim_bytes body = { talk->step->bytes.ptr + HEAD_BYTES,
                               talk->step->bytes.size - HEAD_BYTES };
    talk->frames++;
    cut_words(talk, (char *)(uintptr_t)esim_string(body));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].verb, talk->words[0]) == 0)
            verbs[i].run(talk);
}

/* CLOSED is left to the host: it knows what was sent and not answered. */
static void session_step(const struct esim_session_step *step,
                         struct esim_session_answer *answer)
{
    static void (*const events[])(struct talk *) = {
        [ESIM_OPENED] = on_opened, [ESIM_FRAME] = on_frame, [ESIM_TICK] = on_tick,
        [ESIM_SUBMIT] = on_submit, [ESIM_CLOSED] = NULL,    [ESIM_DRAIN] = on_drain,
    };
    static struct esim_act acts[ACTS_MAX];
    struct talk talk = { .step = step,
                         .answer = answer,
                         .acts = acts,
                         .frames = strtol(esim_string(step->state), NULL, 10) };
    answer->acts = acts;
    if (events[step->event] != NULL)
        events[step->event](&talk);
    answer->state = esim_format("%ld", talk.frames);
}

static const struct esim_session session_list[] = {
    { .size = sizeof session_list[0],
      .name = "line",
      .frame = cut,
      .header_bytes = HEAD_BYTES,
      .step = session_step },
};

/* ---- the entry ---- */

ESIM_SECTION static const struct esim_about about = {
    .magic = ESIM_MAGIC,
    .size = sizeof about,
    .abi = ESIM_ABI,
    .name = "parrot",
    .version = "1.0.0",
    .summary = "A kept session for tests.",
    .state_oldest = 1,
    .state_newest = 1,
    .capabilities = { ESIM_SMS_SEND, ESIM_USAGE_READ, ESIM_LINE_ACTIVATE,
                      ESIM_LINE_SUSPEND },
    .abilities = { ESIM_ABILITY_FLOWS, ESIM_ABILITY_SESSION },
};

#define FLOW(capability_name, function)                                    \
    {                                                                      \
        .size = sizeof(struct esim_flow), .capability = (capability_name), \
        .step = (function)                                                 \
    }
static const struct esim_flow flow_list[] = {
    FLOW(ESIM_SMS_SEND, sms_step),
    FLOW(ESIM_USAGE_READ, usage_step),
    FLOW(ESIM_LINE_ACTIVATE, activate_step),
    FLOW(ESIM_LINE_SUSPEND, suspend_step),
};
static const struct esim_flows flows = { sizeof flows,
                                         sizeof flow_list / sizeof flow_list[0],
                                         flow_list };
static const struct esim_sessions sessions = { sizeof sessions, 1, session_list };

static const void *ability(const char *id)
{
    if (strcmp(id, ESIM_ABILITY_FLOWS) == 0)
        return &flows;
    return strcmp(id, ESIM_ABILITY_SESSION) == 0 ? &sessions : NULL;
}

const struct esim_entry esim_entry = {
    .size = sizeof esim_entry,
    .abi = ESIM_ABI,
    .about = &about,
    .start = esim_helper_start,
    .ability = ability,
};
