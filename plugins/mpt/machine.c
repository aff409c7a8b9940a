#include "machine.h"

#include <string.h>

#include "esim/exchange.h"

/* ---- PDUs ---- */

struct command_row {
    uint32_t command;
    void (*take)(struct machine *machine, const struct smpp_pdu *pdu);
};

static void ignore(struct machine *machine, const struct smpp_pdu *pdu)
{
    machine_log(machine, ESIM_LOG_INFO,
                esim_format("%s is not used here", smpp_command_name(pdu->command)));
}

/* clang-format off */
static const struct command_row rows[] = {
    { SMPP_NACK | SMPP_RESPONSE,             machine_on_nack },
    { SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, machine_on_bind },
    { SMPP_ENQUIRE_LINK,                     machine_on_link },
    { SMPP_ENQUIRE_LINK | SMPP_RESPONSE,     machine_on_link_answer },
    { SMPP_UNBIND,                           machine_on_unbind },
    { SMPP_UNBIND | SMPP_RESPONSE,           machine_on_unbind_answer },
    { SMPP_DELIVER_SM,                       machine_on_deliver },
    { SMPP_DATA_SM,                          machine_on_deliver },
    { SMPP_SUBMIT_SM | SMPP_RESPONSE,        machine_on_response },
    { SMPP_DATA_SM | SMPP_RESPONSE,          machine_on_response },
    { SMPP_QUERY_SM | SMPP_RESPONSE,         machine_on_response },
    { SMPP_OUTBIND,                          ignore }, /* We are bound already. */
    { SMPP_ALERT_NOTIFICATION,               ignore }, /* It has no response. */
};
/* clang-format on */

static const struct command_row *row_of(uint32_t command)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].command == command)
            return &rows[i];
    return NULL;
}

/* Of a response whose body is wrong the header counts: it says whether the message was
 * taken. */
static void take_header(struct machine *machine, const struct smpp_pdu *pdu,
                        uint32_t status)
{
    if (machine->phase == PHASE_BINDING && pdu->sequence == machine->word)
        machine_close(machine, 0, "the carrier's answer to the bind cannot be read");
    else if (status != SMPP_RINVCMDID)
        machine_on_refused(machine, pdu->sequence, pdu->status);
}

/* 4.3.1: command_length and command_id are what generic_nack is for; what is wrong inside
 * a request is said in its own response. A wrong response is not answered at all. */
static void refuse(struct machine *machine, const struct smpp_pdu *pdu, uint32_t status)
{
    bool is_response = (pdu->command & SMPP_RESPONSE) != 0;
    machine_log(machine, ESIM_LOG_WARN,
                esim_format("the carrier's %s cannot be read: %s",
                            smpp_command_name(pdu->command),
                            smpp_status_of(status)->name));
    if (is_response)
        take_header(machine, pdu, status);
    else if (status == SMPP_RINVCMDID || status == SMPP_RINVCMDLEN ||
             row_of(pdu->command) == NULL)
        machine_nack(machine, pdu->sequence, status);
    else
        machine_answer(machine, pdu, status);
}

static void on_frame(struct machine *machine)
{
    struct smpp_pdu pdu;
    struct esim_bytes bytes = machine->step->bytes;
    struct smpp_in in = smpp_in_of(bytes);
    machine->heard_ms = machine->step->now_ms;
    if (smpp_get_u32(&in) != bytes.size) { /* smpp_frame let the header through. */
        smpp_read(bytes, &pdu);
        machine_nack(machine, pdu.sequence, SMPP_RINVCMDLEN);
        machine_close(machine, 0, "the carrier sent a PDU of impossible length");
        return;
    }
    uint32_t status = smpp_read(bytes, &pdu);
    const struct command_row *row = row_of(pdu.command);
    if (status != SMPP_ROK)
        refuse(machine, &pdu, status);
    else if (row != NULL)
        row->take(machine, &pdu);
    else if ((pdu.command & SMPP_RESPONSE) == 0)
        machine_nack(machine, pdu.sequence, SMPP_RINVCMDID);
}

/* ---- events ---- */

static void on_tick(struct machine *machine)
{
    machine->timer_ms = 0;
}

/* The host tells the operations; the state ends here. */
static void on_closed(struct machine *machine)
{
    machine->phase = PHASE_NEW;
}

static void (*const events[])(struct machine *) = {
    [ESIM_OPENED] = machine_opened, [ESIM_FRAME] = on_frame,
    [ESIM_TICK] = on_tick,          [ESIM_SUBMIT] = machine_submit,
    [ESIM_CLOSED] = on_closed,      [ESIM_DRAIN] = machine_drain,
};
enum { EVENT_COUNT = sizeof events / sizeof events[0] };

/* A timer that is set is left alone while it is early enough: it costs one needless tick
 * where moving it would cost an act with every frame. */
static void set_timer(struct machine *machine)
{
    int64_t next_ms = machine_next_word_ms(machine);
    int64_t part_ms = machine_next_part_ms(machine);
    if (part_ms < next_ms)
        next_ms = part_ms;
    if (machine->pause_until_ms > machine->step->now_ms &&
        machine->pause_until_ms < next_ms)
        next_ms = machine->pause_until_ms;
    for (size_t i = 0; i < machine->assembly_count; i++)
        if (machine->assemblies[i].until_ms < next_ms)
            next_ms = machine->assemblies[i].until_ms;
    if (machine->timer_ms != 0 && machine->timer_ms <= next_ms)
        return;
    machine->timer_ms = next_ms;
    machine_act(machine, ESIM_ACT_TIMER, next_ms, (struct esim_bytes){ NULL, 0 },
                (struct esim_bytes){ NULL, 0 });
}

static bool has_closed(const struct machine *machine)
{
    for (size_t i = 0; i < machine->act_count; i++)
        if (machine->acts[i].kind == ESIM_ACT_CLOSE)
            return true;
    return false;
}

static bool load(struct machine *machine)
{
    machine->settings_json = esim_json_read(machine->step->settings);
    machine->secrets = esim_json_read(machine->step->secrets);
    mpt_settings_read(machine->settings_json, &machine->settings);
    machine->is_short = machine->settings_json == NULL || machine->secrets == NULL;
    bool is_new = machine->step->state.size == 0 || machine->step->event == ESIM_OPENED;
    return is_new || machine_load(machine);
}

static void work(struct machine *machine)
{
    events[machine->step->event](machine);
    if (machine->step->event != ESIM_CLOSED && !has_closed(machine)) {
        machine_on_late(machine);
        assembly_forget_late(machine);
        machine_pump(machine);
        machine_on_time(machine);
        pace_tell(machine);
    }
    if (machine->step->event != ESIM_CLOSED && !has_closed(machine))
        set_timer(machine);
}

/* Nothing of such a step can be trusted, and nothing of it has left: the connection ends,
 * and what was out is asked for by its operations. */
static void give_up(const struct machine *machine)
{
    static const char why[] = "the session's state cannot be read, or memory is short";
    static const struct esim_act close_act = { .kind = ESIM_ACT_CLOSE,
                                               .bytes = { why, sizeof why - 1 } };
    machine->answer->acts = &close_act;
    machine->answer->act_count = machine->step->event == ESIM_CLOSED ? 0 : 1;
    machine->answer->state = (struct esim_bytes){ NULL, 0 };
}

/* The helpers that make texts do not say when memory is short. */
static bool is_short(struct machine *machine)
{
    enum { LARGEST_TEXT = 4096 };
    return machine->is_short || machine_alloc(machine, LARGEST_TEXT) == NULL;
}

void machine_step(const struct esim_session_step *step,
                  struct esim_session_answer *answer)
{
    struct machine machine = { .step = step, .answer = answer };
    bool known = step->event > 0 && step->event < EVENT_COUNT && load(&machine);
    if (known && !machine.is_short)
        work(&machine);
    if (known && !machine.is_short)
        machine_save(&machine);
    if (!known || is_short(&machine)) {
        give_up(&machine);
        return;
    }
    answer->acts = machine.acts;
    answer->act_count = machine.act_count;
}
