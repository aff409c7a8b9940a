/* mpt_session_play.h - a host for the session machine: it keeps state, clock and timer,
 * takes what happens as a line of words, and tells the acts as one line.
 *
 * Happens                          Acts
 *   open, drain, close               write NAME#SEQUENCE[(KEY)][!STATUS]
 *   wait MS (ticks when asked for)   ready N
 *   submit KEY PARTS [REFERENCE]     deliver KEY response S[/ID],...
 *   query KEY ID                     deliver KEY receipt ID STATE
 *   bound SEQ STATUS                 deliver KEY reply TEXT
 *   resp SEQ STATUS ID               deliver KEY state STATUS STATE
 *   state SEQ STATUS STATE           lost KEY, back KEY MS, close MS WHY
 *   nack SEQ STATUS, link SEQ, linked SEQ, unbind SEQ, unbound SEQ
 *   receipt ID STAT (as text), tlv ID STATE [REFERENCE] (as TLVs)
 *   reply FROM TEXT..., raw HEX */
#ifndef TESTS_MPT_SESSION_PLAY_H
#define TESTS_MPT_SESSION_PLAY_H

#include "mpt_play.h"

#include "../../plugins/mpt/message.h"

#define SECRETS "{\"smpp.system_id\":\"esimd\",\"smpp.password\":\"secret\"}"

static struct {
    const char *settings, *secrets;
    char *state;
    size_t state_size;
    int64_t now_ms, timer_ms;
    char acts[8192];
    struct esim_bytes written; /* The last WRITE's bytes, until the next step. */
} line;

static inline const struct esim_session *session(void)
{
    const struct esim_sessions *sessions = esim_entry.ability(ESIM_ABILITY_SESSION);
    return &sessions->sessions[0];
}

static inline void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void tell(const char *format, ...)
{
    size_t used = strlen(line.acts);
    va_list args;
    va_start(args, format);
    if (used > 0 && used < sizeof line.acts - 3) {
        memcpy(line.acts + used, "; ", 3);
        used += 2;
    }
    int size = vsnprintf(line.acts + used, sizeof line.acts - used, format, args);
    CHECK(size >= 0 && (size_t)size < sizeof line.acts - used);
    va_end(args);
}

static inline void tell_write(const struct esim_act *act)
{
    struct smpp_pdu pdu;
    char status[16] = "";
    CHECK_INT(smpp_read(act->bytes, &pdu), SMPP_ROK);
    if (pdu.status != 0)
        CHECK(snprintf(status, sizeof status, "!%x", pdu.status) > 0);
    line.written = act->bytes;
    tell("write %s#%u%s%s%s%s", smpp_command_name(pdu.command), pdu.sequence,
         act->key.size > 0 ? "(" : "", text(act->key), act->key.size > 0 ? ")" : "",
         status);
}

static inline const char *word_of(const json_t *message, const char *key)
{
    const char *found = esim_json_text(message, key);
    return found == NULL ? "" : found;
}

static inline int number_of(const json_t *message, const char *key)
{
    return (int)json_integer_value(json_object_get(message, key));
}

static inline const char *parts_of(const json_t *message)
{
    const json_t *parts = json_object_get(message, "parts");
    const char *all = "";
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *part = json_array_get(parts, i);
        all = text(esim_format("%s%s%x/%s", all, i > 0 ? "," : "",
                               (unsigned)number_of(part, "status"),
                               word_of(part, "id")));
    }
    return all;
}

static inline void tell_deliver(const struct esim_act *act)
{
    const json_t *message = esim_json_read(act->bytes);
    const char *kind = word_of(message, "kind"), *key = text(act->key);
    if (strcmp(kind, "response") == 0)
        tell("deliver %s response %s", key, parts_of(message));
    else if (strcmp(kind, "receipt") == 0)
        tell("deliver %s receipt %s %d", key, word_of(message, "id"),
             number_of(message, "state"));
    else if (strcmp(kind, "reply") == 0)
        tell("deliver %s reply %s", key, word_of(message, "text"));
    else
        tell("deliver %s %s %x %d", key, kind, (unsigned)number_of(message, "status"),
             number_of(message, "state"));
}

static inline void tell_act(const struct esim_act *act)
{
    switch (act->kind) {
    case ESIM_ACT_WRITE:
        tell_write(act);
        break;
    case ESIM_ACT_DELIVER:
        tell_deliver(act);
        break;
    case ESIM_ACT_READY:
        tell("ready %d", (int)act->number);
        break;
    case ESIM_ACT_LOST:
        tell("lost %s", text(act->key));
        break;
    case ESIM_ACT_BACK:
        tell("back %s %d", text(act->key), (int)act->number);
        break;
    case ESIM_ACT_CLOSE:
        tell("close %d %s", (int)act->number, text(act->bytes));
        break;
    case ESIM_ACT_TIMER:
        line.timer_ms = act->number;
        break;
    default:
        CHECK(false);
    }
}

static inline void keep_state(struct esim_bytes state)
{
    free(line.state);
    line.state = malloc(state.size == 0 ? 1 : state.size);
    line.state_size = state.size;
    if (state.size > 0)
        memcpy(line.state, state.ptr, state.size);
}

/* One step, done twice: the same bytes must come out. */
static inline void step(esim_session_event event, struct esim_bytes key,
                        struct esim_bytes given)
{
    struct esim_session_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = line.now_ms,
        .state = { line.state, line.state_size },
        .settings = bytes(line.settings),
        .secrets = bytes(line.secrets),
        .key = key,
        .bytes = given,
    };
    struct esim_session_answer answer = { .size = sizeof answer };
    struct esim_session_answer again = { .size = sizeof again };
    session()->step(&step, &answer);
    session()->step(&step, &again);
    CHECK_INT(answer.act_count, again.act_count);
    CHECK(smpp_same(answer.state, again.state));
    for (uint64_t i = 0; i < answer.act_count; i++) {
        CHECK(smpp_same(answer.acts[i].bytes, again.acts[i].bytes));
        tell_act(&answer.acts[i]);
    }
    keep_state(answer.state);
}

/* ---- frames ---- */

static inline void frame(const struct smpp_pdu *pdu)
{
    struct smpp_out out = smpp_out_to(host_alloc(SMPP_PDU_MOST), SMPP_PDU_MOST);
    smpp_write(&out, pdu);
    CHECK(!out.full);
    step(ESIM_FRAME, bytes(""), smpp_written(&out));
}

static inline void answer_frame(uint32_t command, uint32_t sequence, uint32_t status,
                                const char *id)
{
    struct smpp_pdu pdu = { .command = command | SMPP_RESPONSE,
                            .status = status,
                            .sequence = sequence,
                            .system_id = bytes("SMSC"),
                            .message_id = bytes(id) };
    frame(&pdu);
}

static inline void deliver_frame(const char *from, uint8_t esm_class,
                                 const char *message, const char *id, uint8_t state,
                                 uint16_t reference)
{
    char octets[] = { (char)(reference >> 8), (char)reference };
    struct smpp_pdu pdu = { .command = SMPP_DELIVER_SM,
                            .sequence = 900,
                            .source = { 0, 1, bytes(from) },
                            .esm_class = esm_class,
                            .data_coding = 3,
                            .short_message = bytes(message) };
    if (id != NULL)
        smpp_tlv_add(&pdu, SMPP_TAG_RECEIPTED_ID,
                     (struct esim_bytes){ id, strlen(id) + 1 });
    if (state != 0)
        smpp_tlv_add(&pdu, SMPP_TAG_STATE, (struct esim_bytes){ (char *)&state, 1 });
    if (reference != 0)
        smpp_tlv_add(&pdu, SMPP_TAG_USER_REFERENCE, (struct esim_bytes){ octets, 2 });
    frame(&pdu);
}

/* ---- what happens ---- */

static inline struct esim_bytes body(uint32_t command, const char *id)
{
    struct smpp_pdu pdu = { .command = command,
                            .dest = { 0, 1, bytes("1332") },
                            .message_id = bytes(id),
                            .short_message = bytes("Hi") };
    struct smpp_out out = smpp_out_to(host_alloc(256), 256);
    smpp_write_body(&out, &pdu);
    return smpp_written(&out);
}

static inline void submit(const char *key, uint32_t command, unsigned parts,
                          const char *id, unsigned reference)
{
    struct mpt_submit given = { .command = command,
                                .attempt = 1,
                                .expects_receipt = true,
                                .expects_reply = reference >= 0x1000,
                                .reference = (uint16_t)reference,
                                .count = parts };
    for (unsigned i = 0; i < parts; i++)
        given.bodies[i] = body(command, id);
    struct smpp_out out = smpp_out_to(host_alloc(4096), 4096);
    mpt_submit_write(&out, &given);
    step(ESIM_SUBMIT, bytes(key), smpp_written(&out));
}

static inline void pass_time(int64_t ms)
{
    int64_t until_ms = line.now_ms + ms;
    for (int ticks = 0; ticks < 100 && line.timer_ms != 0 && line.timer_ms <= until_ms;
         ticks++) {
        if (line.timer_ms > line.now_ms)
            line.now_ms = line.timer_ms;
        line.timer_ms = 0;
        step(ESIM_TICK, bytes(""), bytes(""));
        CHECK(ticks < 99); /* Or it asks for ticks that change nothing. */
    }
    line.now_ms = until_ms;
}

struct words {
    char name[16], one[64], two[64], three[64];
    unsigned first, second, third; /* one, two and three as numbers; two is hex. */
    const char *rest;              /* Behind `one`. */
};

static inline void do_simple(const struct words *words)
{
    static const struct {
        const char *name;
        esim_session_event event;
    } rows[] = { { "open", ESIM_OPENED },
                 { "drain", ESIM_DRAIN },
                 { "close", ESIM_CLOSED } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, words->name) == 0)
            step(rows[i].event, bytes(""), bytes("gone"));
}

static inline void do_bare(const struct words *words)
{
    static const struct {
        const char *name;
        uint32_t command;
    } rows[] = { { "link", SMPP_ENQUIRE_LINK },
                 { "linked", SMPP_ENQUIRE_LINK | SMPP_RESPONSE },
                 { "unbind", SMPP_UNBIND },
                 { "unbound", SMPP_UNBIND | SMPP_RESPONSE },
                 { "nack", SMPP_NACK | SMPP_RESPONSE } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, words->name) == 0) {
            struct smpp_pdu pdu = { .command = rows[i].command,
                                    .sequence = words->first,
                                    .status = words->second };
            frame(&pdu);
        }
}

static inline void do_answer(const struct words *words)
{
    if (strcmp(words->name, "bound") == 0)
        answer_frame(SMPP_BIND_TRANSCEIVER, words->first, words->second, "");
    if (strcmp(words->name, "resp") == 0)
        answer_frame(SMPP_SUBMIT_SM, words->first, words->second, words->three);
    if (strcmp(words->name, "state") != 0)
        return;
    struct smpp_pdu pdu = { .command = SMPP_QUERY_SM | SMPP_RESPONSE,
                            .sequence = words->first,
                            .status = words->second,
                            .message_id = bytes("7"),
                            .message_state = (uint8_t)words->third };
    frame(&pdu);
}

static inline void do_message(const struct words *words)
{
    if (strcmp(words->name, "receipt") == 0)
        deliver_frame("1332", SMPP_CLASS_RECEIPT,
                      text(esim_format("id:%s stat:%s text:", words->one, words->two)),
                      NULL, 0, 0);
    if (strcmp(words->name, "tlv") == 0)
        deliver_frame("1332", SMPP_CLASS_RECEIPT, "", words->one,
                      (uint8_t)words->second, (uint16_t)words->third);
    if (strcmp(words->name, "reply") == 0)
        deliver_frame(words->one, 0, words->rest, NULL, 0, 0);
    if (strcmp(words->name, "raw") == 0)
        step(ESIM_FRAME, bytes(""), unhex(words->rest));
    if (strcmp(words->name, "submit") == 0)
        submit(words->one, SMPP_SUBMIT_SM, words->second, "", words->third);
    if (strcmp(words->name, "query") == 0)
        submit(words->one, SMPP_QUERY_SM, 1, words->two, 0);
    if (strcmp(words->name, "wait") == 0)
        pass_time(words->first);
}

/* One line happens; the acts are in line.acts. */
static inline const char *happens(const char *what)
{
    struct words words = { .rest = "" };
    line.acts[0] = '\0';
    int count = sscanf(what, "%15s %63s %63s %63s", words.name, words.one, words.two,
                       words.three);
    CHECK(count >= 1);
    words.first = (unsigned)strtoul(words.one, NULL, 10);
    words.second = (unsigned)strtoul(words.two, NULL, 16);
    words.third = (unsigned)strtoul(words.three, NULL, 16);
    if (strcmp(words.name, "raw") == 0)
        words.rest = what + strlen("raw ");
    else if (count > 2)
        words.rest = strstr(what + strlen(words.name) + 1, words.one) +
                     strlen(words.one) + 1;
    do_simple(&words);
    do_bare(&words);
    do_answer(&words);
    do_message(&words);
    return line.acts;
}

static inline void begin_line(const char *settings)
{
    start();
    free(line.state);
    memset(&line, 0, sizeof line);
    line.settings = settings;
    line.secrets = SECRETS;
    line.now_ms = NOW;
}

static inline void end_line(void)
{
    free(line.state);
    memset(&line, 0, sizeof line);
}

struct row {
    const char *happens, *acts;
};

static inline void run_rows(const char *settings, const struct row *rows, size_t count)
{
    begin_line(settings);
    for (size_t i = 0; i < count; i++) {
        const char *acts = happens(rows[i].happens);
        if (strcmp(acts, rows[i].acts) != 0)
            fprintf(stderr, "row %zu: %s\n", i, rows[i].happens);
        CHECK_TEXT(acts, rows[i].acts);
    }
    end_line();
}
#define RUN(settings, rows) run_rows(settings, rows, sizeof rows / sizeof rows[0])

#define BOUND                               \
    { "open", "write bind_transceiver#1" }, \
    {                                       \
        "bound 1 0", "ready 10"             \
    }

static inline void part_frame(uint8_t number, const char *piece)
{
    struct smpp_out out = smpp_out_to(host_alloc(256), 256);
    smpp_udh_write(&out, 0x21, 2, number);
    smpp_put_run(&out, bytes(piece));
    struct smpp_pdu pdu = { .command = SMPP_DELIVER_SM,
                            .sequence = 900u + number,
                            .source = { 0, 1, bytes("1332") },
                            .esm_class = SMPP_CLASS_UDH,
                            .data_coding = 3,
                            .short_message = smpp_written(&out) };
    line.acts[0] = '\0';
    frame(&pdu);
}

#endif
