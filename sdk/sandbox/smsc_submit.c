/* What the host sends: an id and a state for each message, parts put together, commands
 * handed to the application. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ledger.h"
#include "smsc.h"

enum {
    PARTS_TOTAL_MOST = 16,
    PARTS_KEPT = 256,
    TEXT_MOST = 16384,
    STATES_FIRST = 1024
};
enum { STATE_DELIVERED = 2 };

/* A text that is not whole yet; the oldest makes room. */
struct text_parts {
    char dest[ADDRESS_SIZE_MOST];
    unsigned reference, total;
    struct buf parts[PARTS_TOTAL_MOST];
};
struct parts {
    struct text_parts rows[PARTS_KEPT];
    size_t next;
};

static void clear_row(struct text_parts *row)
{
    for (size_t i = 0; i < PARTS_TOTAL_MOST; i++)
        buf_finish(&row->parts[i]);
    memset(row, 0, sizeof *row);
}

bool smsc_submits_open(struct smsc *smsc)
{
    smsc->parts = calloc(1, sizeof *smsc->parts);
    smsc->states = calloc(STATES_FIRST, 1);
    smsc->state_room = STATES_FIRST;
    return smsc->parts != NULL && smsc->states != NULL;
}

void smsc_submits_close(struct smsc *smsc)
{
    for (size_t i = 0; smsc->parts != NULL && i < PARTS_KEPT; i++)
        clear_row(&smsc->parts->rows[i]);
    free(smsc->parts);
    free(smsc->states);
}

/* ---- ids ---- */

static uint64_t new_id(struct smsc *smsc, uint8_t state)
{
    if (smsc->message_count + 1 >= smsc->state_room) {
        uint8_t *grown = realloc(smsc->states, smsc->state_room * 2);
        if (grown == NULL)
            abort();
        smsc->states = grown;
        smsc->state_room *= 2;
    }
    smsc->states[++smsc->message_count] = state;
    return smsc->message_count;
}

/* ---- parts ---- */

struct piece {
    unsigned reference, total, number; /* total 1: the whole. */
    struct slice octets;
};

static struct piece piece_of(const struct pdu_message *message)
{
    struct piece piece = { .total = 1, .number = 1, .octets = message->text };
    const uint8_t *at = (const uint8_t *)message->text.ptr;
    size_t header = message->text.size > 0 ? at[0] + 1u : 0;
    if (message->has_sar)
        return (struct piece){ message->sar_reference, message->sar_total,
                               message->sar_number, message->text };
    if ((message->esm_class & 0x40) == 0 || header > message->text.size)
        return piece;
    piece.octets = slice_bytes(at + header, message->text.size - header);
    if (header == 6 && at[1] == 0 && at[2] == 3 && at[5] > 0 && at[5] <= at[4]) {
        piece.reference = at[3];
        piece.total = at[4];
        piece.number = at[5];
    }
    return piece;
}

static struct text_parts *row_of(struct parts *parts, const struct piece *piece,
                                 const char *dest)
{
    for (size_t i = 0; i < PARTS_KEPT; i++) {
        struct text_parts *row = &parts->rows[i];
        if (row->total == piece->total && row->reference == piece->reference &&
            strcmp(row->dest, dest) == 0)
            return row;
    }
    struct text_parts *row = &parts->rows[parts->next++ % PARTS_KEPT];
    clear_row(row);
    row->reference = piece->reference;
    row->total = piece->total;
    (void)slice_copy(slice_of(dest), row->dest, sizeof row->dest);
    for (size_t i = 0; i < PARTS_TOTAL_MOST; i++)
        buf_init(&row->parts[i], TEXT_MOST);
    return row;
}

/* The whole text as UTF-8; false: parts are still missing. */
static bool whole_text(struct smsc *smsc, const struct pdu_message *message,
                       const char *dest, struct buf *ret)
{
    struct piece piece = piece_of(message);
    if (piece.total < 2 || piece.total > PARTS_TOTAL_MOST) {
        smsc_decode(message->coding, piece.octets, ret);
        return true;
    }
    struct text_parts *row = row_of(smsc->parts, &piece, dest);
    struct buf *part = &row->parts[piece.number - 1];
    buf_clear(part);
    smsc_decode(message->coding, piece.octets, part);
    for (unsigned i = 0; i < row->total; i++)
        if (row->parts[i].size == 0)
            return false;
    for (unsigned i = 0; i < row->total; i++)
        buf_add_slice(ret, buf_slice(&row->parts[i]));
    clear_row(row);
    return true;
}

/* ---- the short code ---- */

static void note_text(struct smsc *smsc, const char *dest, struct slice text)
{
    json_t *members = json_object();
    json_put_text(members, "to", dest);
    json_object_set_new(members, "text", json_stringn(text.ptr, text.size));
    ledger_add(smsc->sandbox->ledger, "message", members);
}

/* Faults of "reply": refuse and throttle put the command off, the drops and garbage take
 * the reply away after its effect, slow makes it late. */
static void run_command(struct smsc *smsc, const struct pdu_message *message,
                        struct slice command)
{
    struct fault fault = faults_take(smsc->sandbox->faults, "reply");
    char source[ADDRESS_SIZE_MOST], dest[ADDRESS_SIZE_MOST];
    struct buf reply;
    if (fault.kind == FAULT_DROP_BEFORE ||
        !slice_copy(message->dest, source, sizeof source) ||
        !slice_copy(message->source, dest, sizeof dest))
        return; /* It never reached the application. */
    buf_init(&reply, TEXT_MOST);
    if (fault.has_effect)
        carrier_app_do(smsc->app, command, &reply);
    else
        carrier_app_put_off(command, &reply);
    bool is_said = fault.kind != FAULT_DROP_AFTER && fault.kind != FAULT_HALF_REPLY;
    int64_t after_ms = smsc->sandbox->options->latency_ms;
    if (fault.kind == FAULT_GARBAGE) {
        buf_clear(&reply);
        buf_add_text(&reply, "Dear customer, please try again later.");
    }
    if (fault.kind == FAULT_SLOW)
        after_ms += fault.ms;
    if (is_said && buf_ok(&reply))
        smsc_send_text(smsc, source, dest, reply.ptr, NULL, "reply", after_ms);
    buf_finish(&reply);
}

static void take_text(struct smsc *smsc, const struct pdu_message *message)
{
    char dest[ADDRESS_SIZE_MOST];
    struct buf text;
    buf_init(&text, TEXT_MOST);
    if (slice_copy(message->dest, dest, sizeof dest) &&
        whole_text(smsc, message, dest, &text) && buf_ok(&text)) {
        note_text(smsc, dest, buf_slice(&text));
        if (slice_is(message->dest, smsc->sandbox->options->short_code))
            run_command(smsc, message, buf_slice(&text));
    }
    buf_finish(&text);
}

static void give_receipt(struct smsc *smsc, const struct pdu_message *message,
                         uint64_t id)
{
    if ((message->receipts & 3) != 1)
        return;
    struct fault fault = faults_take(smsc->sandbox->faults, "receipt");
    int64_t after_ms = fault.kind == FAULT_SLOW ? fault.ms : 0;
    if (fault.kind != FAULT_DROP_BEFORE && fault.kind != FAULT_DROP_AFTER)
        smsc_send_receipt(smsc, message, id, smsc->states[id], after_ms);
}

/* ---- requests ---- */

static json_t *members_of(const struct pdu_message *message)
{
    json_t *members = json_object();
    json_object_set_new(members, "source",
                        json_stringn(message->source.ptr, message->source.size));
    json_object_set_new(members, "dest",
                        json_stringn(message->dest.ptr, message->dest.size));
    json_put_int(members, "coding", message->coding);
    json_put_int(members, "octets", (int64_t)message->text.size);
    return members;
}

static void answer_submit(struct link *link, const struct pdu_head *head, uint64_t id,
                          const struct fault *fault)
{
    char text[MESSAGE_ID_SIZE];
    int size = snprintf(text, sizeof text, "%08llx", (unsigned long long)id);
    pdu_begin(&link->smsc->out, head->command | CMD_RESPONSE, STATUS_OK,
              head->sequence);
    pdu_text(&link->smsc->out, size > 0 ? text : "");
    pdu_end(&link->smsc->out);
    link_answer(link, fault);
}

void smsc_on_submit(struct link *link, const struct pdu_head *head, struct slice frame)
{
    struct smsc *smsc = link->smsc;
    struct pdu_message message;
    uint32_t status = pdu_read_message(frame, &message);
    struct fault fault = faults_take(smsc->sandbox->faults, "submit_sm");
    if (status == STATUS_OK)
        link_note(link, "request", head, members_of(&message));
    if (status == STATUS_OK && !fault.has_effect)
        status = link_fault_status(&fault);
    if (status != STATUS_OK) {
        link_refuse(link, head, status, &fault);
        return;
    }
    if (!fault.has_effect) { /* The connection goes before the message is taken. */
        line_cut(link->line);
        return;
    }
    uint64_t id = new_id(smsc, STATE_DELIVERED);
    answer_submit(link, head, id, &fault);
    give_receipt(smsc, &message, id);
    take_text(smsc, &message);
}

static uint64_t id_of(struct slice text)
{
    char copy[MESSAGE_ID_SIZE], *end = NULL;
    if (!slice_copy(text, copy, sizeof copy) || copy[0] == '\0')
        return 0;
    unsigned long long id = strtoull(copy, &end, 16);
    return *end == '\0' ? id : 0;
}

void smsc_on_query(struct link *link, const struct pdu_head *head, struct slice frame)
{
    struct smsc *smsc = link->smsc;
    struct slice text = slice_of("");
    uint32_t status = pdu_read_query(frame, &text);
    struct fault fault = faults_take(smsc->sandbox->faults, "query_sm");
    uint64_t id = id_of(text);
    link_note(link, "request", head, NULL);
    if (status == STATUS_OK && !fault.has_effect)
        status = link_fault_status(&fault);
    if (status == STATUS_OK && (id == 0 || id > smsc->message_count))
        status = STATUS_MSG_ID;
    if (status != STATUS_OK) {
        link_refuse(link, head, status, &fault);
        return;
    }
    pdu_begin(&smsc->out, head->command | CMD_RESPONSE, STATUS_OK, head->sequence);
    buf_add_slice(&smsc->out, text);
    pdu_u8(&smsc->out, 0);
    pdu_text(&smsc->out, "");
    pdu_u8(&smsc->out, smsc->states[id]);
    pdu_u8(&smsc->out, 0);
    pdu_end(&smsc->out);
    link_answer(link, &fault);
}
