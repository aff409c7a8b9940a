/* One connection of a host: OPEN, then bound to transmit, to receive, or both. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ledger.h"
#include "smsc.h"

static const char noise[] = "\x00\x00\x00\x10\xff\xfe\xfd\xfc noise \x01\x02\x03";

/* ---- the ledger ---- */

static const char *name_of(uint32_t command)
{
    static const struct {
        uint32_t command;
        const char *name;
    } rows[] = { { CMD_BIND_RX, "bind_receiver" },
                 { CMD_BIND_TX, "bind_transmitter" },
                 { CMD_BIND_TRX, "bind_transceiver" },
                 { CMD_QUERY, "query_sm" },
                 { CMD_SUBMIT, "submit_sm" },
                 { CMD_UNBIND, "unbind" },
                 { CMD_ENQUIRE, "enquire_link" },
                 { CMD_DATA, "data_sm" },
                 { CMD_DELIVER | CMD_RESPONSE, "deliver_sm_resp" },
                 { CMD_NACK | CMD_RESPONSE, "generic_nack" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].command == command)
            return rows[i].name;
    return "unknown";
}

void link_note(struct link *link, const char *kind, const struct pdu_head *head,
               json_t *members)
{
    json_t *line = members != NULL ? members : json_object();
    json_put_text(line, "function", name_of(head->command));
    json_put_int(line, "sequence", head->sequence);
    ledger_add(link->smsc->sandbox->ledger, kind, line);
}

/* ---- answers ---- */

/* "0x0b" or "11" in a fault's subject; what is no number is RSUBMITFAIL. */
static uint32_t status_of(const char *subject)
{
    char *end = NULL;
    unsigned long number = strtoul(subject, &end, 0);
    return *subject != '\0' && *end == '\0' ? (uint32_t)number : STATUS_SUBMIT_FAIL;
}

uint32_t link_fault_status(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_REFUSE:
        return status_of(fault->subject);
    case FAULT_5XX:
        return STATUS_SYSTEM;
    case FAULT_THROTTLE:
        return STATUS_THROTTLED;
    default:
        return STATUS_OK;
    }
}

void link_answer(struct link *link, const struct fault *fault)
{
    struct slice whole = buf_slice(&link->smsc->out);
    int64_t after_ms = link->smsc->sandbox->options->latency_ms;
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
        line_write(link->line, whole,
                   after_ms + (fault->kind == FAULT_SLOW ? fault->ms : 0));
    }
}

void link_refuse(struct link *link, const struct pdu_head *head, uint32_t status,
                 const struct fault *fault)
{
    json_t *members = json_object();
    json_put_int(members, "status", status);
    link_note(link, "refused", head, members);
    pdu_bare(&link->smsc->out, head->command | CMD_RESPONSE, status, head->sequence);
    link_answer(link, fault);
}

static const struct fault fine = { .kind = FAULT_NONE, .has_effect = true };

/* ---- binds ---- */

static uint32_t admit(struct link *link, const struct pdu_bind *bind)
{
    const struct sandbox_options *options = link->smsc->sandbox->options;
    if (link->bound != 0)
        return STATUS_ALREADY_BOUND;
    if (options->user != NULL && !slice_is(bind->system_id, options->user))
        return STATUS_SYSTEM_ID;
    if (options->password != NULL && !slice_is(bind->password, options->password))
        return STATUS_PASSWORD;
    return slice_copy(bind->system_id, link->system_id, sizeof link->system_id)
               ? STATUS_OK
               : STATUS_SYSTEM_ID;
}

static void on_bind(struct link *link, const struct pdu_head *head, struct slice frame)
{
    static const uint8_t version = 0x34;
    struct pdu_bind bind;
    struct fault fault = faults_take(link->smsc->sandbox->faults,
                                     name_of(head->command));
    uint32_t status = pdu_read_bind(frame, &bind);
    link_note(link, "request", head, NULL);
    if (status == STATUS_OK && !fault.has_effect)
        status = link_fault_status(&fault);
    if (status == STATUS_OK)
        status = admit(link, &bind);
    if (status != STATUS_OK) {
        link_refuse(link, head, status, &fault);
        return;
    }
    link->bound = head->command;
    pdu_begin(&link->smsc->out, head->command | CMD_RESPONSE, STATUS_OK,
              head->sequence);
    pdu_text(&link->smsc->out, "sandbox");
    if (bind.version >= 0x34) /* 3.4 Appendix: older ones know no TLVs. */
        pdu_tlv(&link->smsc->out, 0x0210, &version, 1);
    pdu_end(&link->smsc->out);
    link_answer(link, &fault);
    smsc_pump(link->smsc);
}

static void on_unbind(struct link *link, const struct pdu_head *head,
                      struct slice frame)
{
    (void)frame;
    link_note(link, "request", head, NULL);
    link->bound = 0;
    pdu_bare(&link->smsc->out, head->command | CMD_RESPONSE, STATUS_OK, head->sequence);
    line_write(link->line, buf_slice(&link->smsc->out), 0);
}

static void on_enquire(struct link *link, const struct pdu_head *head,
                       struct slice frame)
{
    struct fault fault = faults_take(link->smsc->sandbox->faults, "enquire_link");
    (void)frame;
    pdu_bare(&link->smsc->out, head->command | CMD_RESPONSE, STATUS_OK, head->sequence);
    link_answer(link, &fault);
}

static void on_delivered(struct link *link, const struct pdu_head *head,
                         struct slice frame)
{
    (void)frame;
    smsc_on_deliver_answer(link, head);
}

static void on_nack(struct link *link, const struct pdu_head *head, struct slice frame)
{
    (void)frame;
    link_note(link, "not_taken", head, NULL);
}

/* ---- commands ---- */

enum { ANYONE = 1, BOUND = 2, TRANSMITTER = 4 };

/* clang-format off */
static const struct command {
    uint32_t command;
    unsigned who;
    size_t size; /* Exactly; 0: any. */
    void (*take)(struct link *link, const struct pdu_head *head, struct slice frame);
} commands[] = {
    { CMD_BIND_TRX,               ANYONE,      0,        on_bind },
    { CMD_BIND_TX,                ANYONE,      0,        on_bind },
    { CMD_BIND_RX,                ANYONE,      0,        on_bind },
    { CMD_ENQUIRE,                ANYONE,      PDU_HEAD, on_enquire },
    { CMD_UNBIND,                 BOUND,       PDU_HEAD, on_unbind },
    { CMD_SUBMIT,                 TRANSMITTER, 0,        smsc_on_submit },
    { CMD_DATA,                   TRANSMITTER, 0,        smsc_on_submit },
    { CMD_QUERY,                  TRANSMITTER, 0,        smsc_on_query },
    { CMD_DELIVER | CMD_RESPONSE, BOUND,       0,        on_delivered },
    { CMD_NACK | CMD_RESPONSE,    ANYONE,      PDU_HEAD, on_nack },
};
/* clang-format on */

static const struct command *command_of(uint32_t command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (commands[i].command == command)
            return &commands[i];
    return NULL;
}

static bool may(const struct link *link, const struct command *command)
{
    return command->who == ANYONE || (command->who == BOUND && link->bound != 0) ||
           (command->who == TRANSMITTER &&
            (link->bound == CMD_BIND_TRX || link->bound == CMD_BIND_TX));
}

static void nack(struct link *link, const struct pdu_head *head, uint32_t status)
{
    json_t *members = json_object();
    json_put_int(members, "status", status);
    link_note(link, "refused", head, members);
    pdu_bare(&link->smsc->out, CMD_NACK | CMD_RESPONSE, status, head->sequence);
    line_write(link->line, buf_slice(&link->smsc->out), 0);
}

static void came(void *state, struct line *line, struct slice frame)
{
    struct link *link = line_note(line);
    struct pdu_head head = pdu_head_of(frame);
    const struct command *command = command_of(head.command);
    (void)state;
    if (head.length != frame.size) { /* No PDU can be so long or so short. */
        nack(link, &head, STATUS_CMD_LEN);
        line_end(line);
    } else if (command == NULL) {
        nack(link, &head, STATUS_CMD_ID);
    } else if (command->size != 0 && command->size != frame.size) {
        nack(link, &head, STATUS_CMD_LEN);
    } else if (!may(link, command)) {
        link_refuse(link, &head, STATUS_BIND_STATE, &fine);
    } else {
        command->take(link, &head, frame);
    }
}

/* ---- the line ---- */

static int64_t frame_size(struct slice bytes)
{
    uint32_t size = 0;
    if (bytes.size < PDU_HEAD)
        return 0;
    for (int i = 0; i < 4; i++)
        size = size << 8 | (uint8_t)bytes.ptr[i];
    return size < PDU_HEAD || size > PDU_MOST ? PDU_HEAD : (int64_t)size;
}

static void *opened(void *state, struct line *line)
{
    struct smsc *smsc = state;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        abort();
    link->smsc = smsc;
    link->line = line;
    link->next = smsc->links;
    link->place = &smsc->links;
    if (link->next != NULL)
        link->next->place = &link->next;
    smsc->links = link;
    return link;
}

static void closed(void *state, struct line *line)
{
    struct link *link = line_note(line);
    smsc_take_back(link);
    *link->place = link->next;
    if (link->next != NULL)
        link->next->place = link->place;
    free(link);
    smsc_pump(state);
}

const struct line_rules smsc_rules = {
    .frame_bytes = PDU_MOST,
    .frame = frame_size,
    .opened = opened,
    .came = came,
    .closed = closed,
};
