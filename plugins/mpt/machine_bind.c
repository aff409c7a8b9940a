#include <string.h>

#include "esim/exchange.h"
#include "machine.h"

/* ---- binding ---- */

/* The secrets' names in the manifest. */
static const char system_id_name[] = "smpp.system_id";
static const char password_name[] = "smpp.password";

void machine_opened(struct machine *machine)
{
    const struct mpt_settings *settings = &machine->settings;
    const char *system_id = esim_json_text(machine->secrets, system_id_name);
    const char *password = esim_json_text(machine->secrets, password_name);
    pace_start(machine);
    machine->heard_ms = machine->word_ms = machine->step->now_ms;
    if (system_id == NULL || password == NULL) {
        machine_close(machine, -1,
                      "put system_id and password into the secrets smpp.system_id and "
                      "smpp.password");
        return;
    }
    if (strlen(system_id) > 15 || strlen(password) > 8) {
        machine_close(machine, -1,
                      "SMPP 3.4 has 15 characters for system_id and 8 for password: "
                      "correct the secrets");
        return;
    }
    struct smpp_pdu bind = {
        .command = SMPP_BIND_TRANSCEIVER,
        .sequence = machine_sequence(machine),
        .system_id = esim_text(system_id),
        .password = esim_text(password),
        .system_type = esim_text(settings->system_type),
        .interface_version = settings->interface_version,
        .source = { (uint8_t)settings->range_ton, (uint8_t)settings->range_npi,
                    esim_text(settings->address_range) },
    };
    machine_pdu(machine, &bind);
    machine->phase = PHASE_BINDING;
    machine->word = bind.sequence;
}

static void refuse_bind(struct machine *machine, uint32_t number)
{
    const struct smpp_status *status = smpp_status_of(number);
    bool passes = status->meaning == SMPP_LATER || status->meaning == SMPP_SLOWER;
    machine_close(
        machine, passes ? 0 : -1,
        esim_string(esim_format("%s: %s (%s, 0x%08x)", passes ? "bind" : "unauthorised",
                                status->message, status->name, number)));
}

void machine_on_bind(struct machine *machine, const struct smpp_pdu *pdu)
{
    if (machine->phase != PHASE_BINDING || pdu->sequence != machine->word)
        return;
    machine->word = 0;
    if (pdu->status != SMPP_ROK) {
        refuse_bind(machine, pdu->status);
        return;
    }
    machine->phase = PHASE_BOUND;
}

/* ---- enquire_link ---- */

void machine_on_link(struct machine *machine, const struct smpp_pdu *pdu)
{
    machine_answer(machine, pdu, SMPP_ROK);
}

void machine_on_link_answer(struct machine *machine, const struct smpp_pdu *pdu)
{
    if (machine_is_bound(machine) && pdu->sequence == machine->word)
        machine->word = 0;
}

static void enquire(struct machine *machine)
{
    struct smpp_pdu enquire = { .command = SMPP_ENQUIRE_LINK,
                                .sequence = machine_sequence(machine) };
    machine_pdu(machine, &enquire);
    machine->word = enquire.sequence;
    machine->word_ms = machine->step->now_ms;
}

/* ---- unbind ---- */

static void unbind(struct machine *machine)
{
    struct smpp_pdu unbind = { .command = SMPP_UNBIND,
                               .sequence = machine_sequence(machine) };
    machine_pdu(machine, &unbind);
    machine->phase = PHASE_UNBINDING;
    machine->word = unbind.sequence;
    machine->word_ms = machine->step->now_ms;
}

/* What is out is waited for: a lost response would need a person. */
void machine_drain(struct machine *machine)
{
    if (machine->phase != PHASE_BOUND) {
        machine_close(machine, 0, "draining before the bind was answered");
        return;
    }
    machine->phase = PHASE_DRAINING;
    machine->drain_ms = machine->step->now_ms + machine->settings.drain_ms;
}

void machine_on_unbind(struct machine *machine, const struct smpp_pdu *pdu)
{
    machine_answer(machine, pdu, SMPP_ROK);
    machine_close(machine, 0, "the carrier sent unbind");
}

void machine_on_unbind_answer(struct machine *machine, const struct smpp_pdu *pdu)
{
    if (machine->phase == PHASE_UNBINDING && pdu->sequence == machine->word)
        machine_close(machine, 0, "unbound");
}

/* ---- generic_nack ---- */

void machine_on_nack(struct machine *machine, const struct smpp_pdu *pdu)
{
    uint32_t status = pdu->status == SMPP_ROK ? SMPP_RUNKNOWNERR : pdu->status;
    bool is_ours = pdu->sequence != 0 && pdu->sequence == machine->word;
    if (is_ours && machine->phase == PHASE_BINDING)
        machine_close(
            machine, -1,
            "the carrier does not know bind_transceiver: is this its SMPP 3.4 "
            "port?");
    else if (is_ours)
        machine->word = 0; /* An answer all the same: the link is alive. */
    else if (!machine_on_refused(machine, pdu->sequence, status))
        machine_log(machine, ESIM_LOG_WARN,
                    esim_format("generic_nack %s for a PDU that nobody waits for",
                                smpp_status_of(status)->name));
}

/* ---- time ---- */

static int64_t word_limit_ms(const struct machine *machine)
{
    return machine->phase == PHASE_BINDING ? machine->settings.bind_ms
                                           : machine->settings.response_ms;
}

static const char *word_is_late(const struct machine *machine)
{
    static const char *const words[] = {
        [PHASE_NEW] = NULL,
        [PHASE_BINDING] = "no answer to bind_transceiver",
        [PHASE_BOUND] = "no answer to enquire_link",
        [PHASE_DRAINING] = "no answer to enquire_link",
        [PHASE_UNBINDING] = "no answer to unbind",
    };
    bool is_late = machine->word != 0 &&
                   machine->step->now_ms >= machine->word_ms + word_limit_ms(machine);
    return is_late ? words[machine->phase] : NULL;
}

static void drain_on(struct machine *machine)
{
    if (machine->phase == PHASE_DRAINING &&
        (machine_outstanding(machine) == 0 ||
         machine->step->now_ms >= machine->drain_ms))
        unbind(machine);
}

void machine_on_time(struct machine *machine)
{
    int64_t now_ms = machine->step->now_ms;
    const char *late = word_is_late(machine);
    if (late != NULL) {
        machine_close(machine, 0, late);
        return;
    }
    if (now_ms >= machine->heard_ms + machine->settings.inactivity_ms) {
        machine_close(machine, 0, "nothing came from the carrier for too long");
        return;
    }
    if (machine_is_bound(machine) && machine->word == 0 &&
        now_ms >= machine->heard_ms + machine->settings.enquire_ms)
        enquire(machine);
    drain_on(machine);
}

int64_t machine_next_word_ms(const struct machine *machine)
{
    int64_t next_ms = machine->heard_ms + machine->settings.inactivity_ms;
    int64_t others[] = {
        machine->word != 0 ? machine->word_ms + word_limit_ms(machine) : next_ms,
        machine_is_bound(machine) && machine->word == 0
            ? machine->heard_ms + machine->settings.enquire_ms
            : next_ms,
        machine->phase == PHASE_DRAINING ? machine->drain_ms : next_ms,
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i] < next_ms)
            next_ms = others[i];
    return next_ms;
}
