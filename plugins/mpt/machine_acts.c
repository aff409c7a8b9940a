#include <string.h>

#include "esim/exchange.h"
#include "machine.h"
#include "runtime.h"

enum { ACTS_MOST = 256, ACTS_FIRST = 16, SMALL_PDU = 1024 };

void *machine_alloc(struct machine *machine, size_t size)
{
    void *memory = mpt_alloc(size);
    if (memory == NULL)
        machine->is_short = true;
    return memory;
}

struct esim_bytes machine_copy(struct machine *machine, struct esim_bytes bytes)
{
    char *copy = machine_alloc(machine, bytes.size + 1);
    if (copy == NULL)
        return (struct esim_bytes){ NULL, 0 };
    if (bytes.size > 0)
        memcpy(copy, bytes.ptr, bytes.size);
    return (struct esim_bytes){ copy, bytes.size };
}

static bool grow(struct machine *machine)
{
    size_t room = machine->act_room == 0 ? ACTS_FIRST : machine->act_room * 2;
    if (room > ACTS_MOST)
        return false;
    struct esim_act *acts = machine_alloc(machine, room * sizeof *acts);
    if (acts == NULL)
        return false;
    if (machine->act_count > 0)
        memcpy(acts, machine->acts, machine->act_count * sizeof *acts);
    machine->acts = acts;
    machine->act_room = room;
    return true;
}

void machine_act(struct machine *machine, esim_act_kind kind, int64_t number,
                 struct esim_bytes key, struct esim_bytes bytes)
{
    if (machine->act_count == machine->act_room && !grow(machine)) {
        machine->is_short = true;
        return;
    }
    machine->acts[machine->act_count++] =
        (struct esim_act){ .kind = kind, .number = number, .key = key, .bytes = bytes };
}

static const struct esim_bytes nothing = { NULL, 0 };

void machine_pdu(struct machine *machine, const struct smpp_pdu *pdu)
{
    struct smpp_out out = smpp_out_to(machine_alloc(machine, SMALL_PDU), SMALL_PDU);
    smpp_write(&out, pdu);
    if (out.full)
        machine->is_short = true;
    machine_act(machine, ESIM_ACT_WRITE, 0, nothing, smpp_written(&out));
}

void machine_answer(struct machine *machine, const struct smpp_pdu *request,
                    uint32_t status)
{
    struct smpp_pdu answer = { .command = request->command | SMPP_RESPONSE,
                               .status = status,
                               .sequence = request->sequence };
    machine_pdu(machine, &answer);
}

void machine_nack(struct machine *machine, uint32_t sequence, uint32_t status)
{
    struct smpp_pdu nack = { .command = SMPP_NACK | SMPP_RESPONSE,
                             .status = status,
                             .sequence = sequence };
    machine_pdu(machine, &nack);
}

void machine_deliver(struct machine *machine, struct esim_bytes key,
                     struct esim_bytes message, int64_t keep_ms)
{
    machine_act(machine, ESIM_ACT_DELIVER, keep_ms, key, message);
}

void machine_close(struct machine *machine, int64_t retry_ms, const char *why)
{
    machine_act(machine, ESIM_ACT_CLOSE, retry_ms, nothing, esim_text(why));
}

void machine_log(struct machine *machine, esim_level level, struct esim_bytes text)
{
    (void)machine;
    mpt_log(level, text);
}

uint32_t machine_sequence(struct machine *machine)
{
    machine->sequence = machine->sequence >= SMPP_SEQUENCE_MOST ? 1
                                                                : machine->sequence + 1;
    return machine->sequence;
}

bool machine_is_bound(const struct machine *machine)
{
    return machine->phase == PHASE_BOUND || machine->phase == PHASE_DRAINING;
}
