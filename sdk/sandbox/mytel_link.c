/* One connection: HELLO, LOGIN, open, over. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "ledger.h"
#include "mytel.h"

enum { LOGIN_MS = 10000, US = 1000 };

static const char noise[MYTEL_NOISE_SIZE] = "this is no frame: \x01\x02\xff\xfe";

/* ---- the ledger ---- */

void mytel_note(struct mytel_link *link, const char *kind, json_t *members)
{
    json_put_text(members, "client", link->client);
    ledger_add(link->mytel->sandbox->ledger, kind, members);
}

/* ---- sending ---- */

void mytel_send(struct mytel_link *link, const struct fault *fault, int64_t after_ms)
{
    struct slice whole = buf_slice(&link->mytel->out);
    switch (fault->kind) {
    case FAULT_DROP_BEFORE:
    case FAULT_DROP_AFTER:
        line_cut(link->line);
        break;
    case FAULT_GARBAGE:
        line_write(link->line, slice_bytes(noise, sizeof noise), after_ms);
        break;
    case FAULT_HALF_REPLY:
        line_write(link->line, slice_bytes(whole.ptr, whole.size / 2), 0);
        line_end(link->line);
        break;
    default:
        line_write(link->line, whole, after_ms);
    }
}

void mytel_say(struct mytel_link *link)
{
    static const struct fault fine = { .kind = FAULT_NONE, .has_effect = true };
    mytel_send(link, &fine, 0);
}

/* The number is given when a frame leaves, for answers may wait. Noise has no number. */
static void leaves(void *state, struct line *line, void *bytes, size_t size)
{
    struct mytel_link *link = line_note(line);
    const uint8_t *type = (const uint8_t *)bytes + 3;
    (void)state;
    link->sent_us = clock_mono_us();
    if (frame_length(slice_bytes(bytes, size)) != (int64_t)size)
        return;
    if (*type == FRAME_REPLY)
        link->unanswered--;
    frame_stamp(bytes, size, ++link->sent);
}

void mytel_close(struct mytel_link *link, enum reason reason, int64_t retry_ms)
{
    struct buf *out = &link->mytel->out;
    json_t *members = json_object();
    if (link->phase == PHASE_OVER)
        return;
    json_put_int(members, "reason", reason);
    mytel_note(link, "closed", members);
    frame_begin(out, FRAME_CLOSE, link->came);
    values_put_number(out, TAG_REASON, reason);
    if (retry_ms > 0)
        values_put_number(out, TAG_RETRY_AFTER_MS, (uint64_t)retry_ms);
    frame_end(out);
    mytel_say(link);
    line_end(link->line);
    link->phase = PHASE_OVER;
}

/* ---- the heartbeat ---- */

static void watch(struct mytel_link *link)
{
    int64_t beat_ms = link->mytel->sandbox->options->heartbeat_s * 1000;
    loop_timer_set(link->timer, link->phase == PHASE_OPEN ? beat_ms / 2 : LOGIN_MS);
}

void mytel_open(struct mytel_link *link)
{
    link->phase = PHASE_OPEN;
    watch(link);
    mytel_pump(link->mytel);
}

static void on_timer(void *arg)
{
    struct mytel_link *link = arg;
    int64_t beat_us = link->mytel->sandbox->options->heartbeat_s * 1000 * US;
    int64_t now_us = clock_mono_us();
    if (link->phase != PHASE_OPEN) {
        mytel_close(link, REASON_LOGIN_TIMEOUT, 0);
        return;
    }
    if (now_us - link->came_us >= 2 * beat_us) {
        mytel_close(link, REASON_SILENT, 0);
        return;
    }
    /* It looks twice in each beat: one earlier than the last moment. */
    if (now_us - link->sent_us >= beat_us / 2) {
        frame_begin(&link->mytel->out, FRAME_PING, 0);
        frame_end(&link->mytel->out);
        mytel_say(link);
    }
    watch(link);
}

static void on_ping(struct mytel_link *link, const struct frame *frame)
{
    struct fault fault = faults_take(link->mytel->sandbox->faults, "PING");
    frame_begin(&link->mytel->out, FRAME_PONG, frame->sequence);
    frame_end(&link->mytel->out);
    mytel_send(link, &fault, fault.kind == FAULT_SLOW ? fault.ms : 0);
}

/* It was heard, and that is all there is to it. */
static void on_pong(struct mytel_link *link, const struct frame *frame)
{
    (void)link;
    (void)frame;
}

static void on_close(struct mytel_link *link, const struct frame *frame)
{
    json_t *members = json_object();
    json_put_int(members, "reason", (int64_t)values_number(frame->body, TAG_REASON));
    mytel_note(link, "left", members);
    line_end(link->line);
    link->phase = PHASE_OVER;
}

static void on_event_ack(struct mytel_link *link, const struct frame *frame)
{
    if (!mytel_on_event_ack(link, frame))
        mytel_close(link, REASON_PROTOCOL, 0);
}

/* ---- frames ---- */

enum {
    IN_HELLO = 1 << PHASE_HELLO,
    IN_LOGIN = 1 << PHASE_LOGIN,
    IN_OPEN = 1 << PHASE_OPEN
};
enum { ANSWERS_NOTHING = 1, ANSWERS_SOMETHING = 2, ANSWERS_ANY = 3 };

/* clang-format off */
static const struct frame_row {
    enum frame_type type;
    unsigned phases, answers;
    uint16_t must[4]; /* Mandatory values, ended by 0. */
    void (*take)(struct mytel_link *link, const struct frame *frame);
} rows[] = {
    { FRAME_HELLO, IN_HELLO, ANSWERS_NOTHING,
      { TAG_PROTOCOL_LEAST, TAG_PROTOCOL_MOST, TAG_CLIENT_ID, TAG_NONCE }, mytel_on_hello },
    { FRAME_LOGIN,     IN_LOGIN, ANSWERS_SOMETHING, { TAG_PROOF },    mytel_on_login },
    { FRAME_CLOSE,     IN_HELLO | IN_LOGIN | IN_OPEN, ANSWERS_ANY, { TAG_REASON }, on_close },
    { FRAME_PING,      IN_OPEN,  ANSWERS_NOTHING,   { 0 },            on_ping },
    { FRAME_PONG,      IN_OPEN,  ANSWERS_SOMETHING, { 0 },            on_pong },
    { FRAME_EVENT_ACK, IN_OPEN,  ANSWERS_SOMETHING, { TAG_EVENT_ID }, on_event_ack },
};
/* clang-format on */

static const struct frame_row *row_of(const struct mytel_link *link, unsigned type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].type == type && (rows[i].phases & 1u << link->phase) != 0)
            return &rows[i];
    return NULL;
}

static bool has_all(const struct frame_row *row, struct slice body)
{
    for (size_t i = 0; i < sizeof row->must / sizeof row->must[0]; i++)
        if (row->must[i] != 0 && !values_has(body, row->must[i]))
            return false;
    return true;
}

static void take(struct mytel_link *link, const struct frame *frame)
{
    const struct frame_row *row = row_of(link, frame->type);
    if (frame->type == FRAME_REQUEST && link->phase == PHASE_OPEN &&
        frame->answers == 0)
        mytel_on_request(link, frame); /* What is wrong with its values, it answers. */
    else if (row == NULL && frame->type >= FRAME_LATER && link->phase == PHASE_OPEN)
        return;
    else if (row == NULL ||
             (row->answers &
              (frame->answers == 0 ? ANSWERS_NOTHING : ANSWERS_SOMETHING)) == 0 ||
             values_check(frame->body) != VALUES_FINE || !has_all(row, frame->body))
        mytel_close(link, REASON_PROTOCOL, 0);
    else
        row->take(link, frame);
}

/* PROTOCOL.md 2: in this order; length and magic were looked at before. */
static enum reason flaw_of(const struct mytel_link *link, const struct frame *frame)
{
    if (!frame->is_sound)
        return REASON_BAD_CHECKSUM;
    if (frame->version != 1)
        return REASON_PROTOCOL;
    return frame->sequence == link->came + 1 ? REASON_NONE : REASON_BAD_SEQUENCE;
}

static void came(void *state, struct line *line, struct slice bytes)
{
    struct mytel_link *link = line_note(line);
    (void)state;
    if (frame_length(bytes) != (int64_t)bytes.size) {
        mytel_close(link, REASON_BAD_LENGTH, 0);
        return;
    }
    struct frame frame = frame_read(bytes);
    enum reason flaw = flaw_of(link, &frame);
    if (flaw != REASON_NONE) {
        mytel_close(link, flaw, 0);
        return;
    }
    link->came = frame.sequence;
    link->came_us = clock_mono_us();
    take(link, &frame);
}

/* ---- the line ---- */

/* What is no frame is taken as it is, so that its reason can be said. */
static int64_t frame_size(struct slice bytes)
{
    int64_t length = frame_length(bytes);
    return length < 0 ? (int64_t)bytes.size : length;
}

static void *opened(void *state, struct line *line)
{
    struct mytel *mytel = state;
    struct mytel_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        abort(); /* A sandbox without memory for a connection. */
    link->mytel = mytel;
    link->line = line;
    link->timer = loop_timer_create(mytel->sandbox->loop, on_timer, link);
    if (link->timer == NULL)
        abort();
    link->next = mytel->links;
    link->place = &mytel->links;
    if (link->next != NULL)
        link->next->place = &link->next;
    mytel->links = link;
    watch(link);
    return link;
}

static void closed(void *state, struct line *line)
{
    struct mytel_link *link = line_note(line);
    (void)state;
    mytel_take_back(link);
    *link->place = link->next;
    if (link->next != NULL)
        link->next->place = link->place;
    loop_timer_destroy(&link->timer);
    struct mytel *mytel = link->mytel;
    free(link);
    mytel_pump(mytel);
}

const struct line_rules mytel_rules = {
    .frame_bytes = FRAME_MOST,
    .frame = frame_size,
    .opened = opened,
    .came = came,
    .closed = closed,
    .leaves = leaves,
};
