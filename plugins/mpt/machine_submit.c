/* A submit of the host is a job; its parts are PDUs, each with its own response. Parts
 * wait for the pace, are sent, are answered. When all are, the operation gets one answer.
 *
 * A part that the carrier throttled was not processed. If no part of its job may have
 * been, the whole job goes back to the host; else the part waits here and is sent again,
 * because its sisters are at the carrier already. */
#include <string.h>

#include "esim/exchange.h"
#include "machine.h"

enum { LATE_FACTOR = 10 }; /* A late response is known again for so many times. */

static const struct esim_bytes nothing = { NULL, 0 };

static size_t count_of(const struct job *job, enum part_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < job->count; i++)
        count += job->parts[i].state == state ? 1 : 0;
    return count;
}

static bool is_answered(const struct job *job, bool well)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].state == PART_ANSWERED &&
            (job->parts[i].status == SMPP_ROK) == well)
            return true;
    return false;
}

size_t machine_outstanding(const struct machine *machine)
{
    size_t count = 0;
    for (size_t i = 0; i < machine->job_count; i++)
        if (!machine->jobs[i].is_over && !machine->jobs[i].is_lost)
            count += count_of(&machine->jobs[i], PART_SENT) +
                     count_of(&machine->jobs[i], PART_WAITING);
    return count;
}

static size_t sent_count(const struct machine *machine)
{
    size_t count = 0;
    for (size_t i = 0; i < machine->job_count; i++)
        if (!machine->jobs[i].is_over && !machine->jobs[i].is_lost)
            count += count_of(&machine->jobs[i], PART_SENT);
    return count;
}

static struct esim_bytes key_of(struct machine *machine, const struct job *job)
{
    return machine_copy(machine, esim_text(job->key));
}

static void skip_waiting(struct job *job)
{
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].state == PART_WAITING)
            job->parts[i].state = PART_SKIPPED;
}

/* ---- new ones ---- */

static size_t held_bytes(const struct machine *machine)
{
    size_t bytes = 0;
    for (size_t i = 0; i < machine->job_count; i++)
        for (size_t part = 0; part < machine->jobs[i].count; part++)
            bytes += machine->jobs[i].parts[part].body.size;
    return bytes;
}

/* The oldest that was lost makes room: its late response is what matters least. */
static void make_room(struct machine *machine)
{
    for (size_t i = 0; i < machine->job_count; i++)
        if (machine->jobs[i].is_lost) {
            machine->job_count--;
            memmove(&machine->jobs[i], &machine->jobs[i + 1],
                    (machine->job_count - i) * sizeof machine->jobs[0]);
            return;
        }
}

static void add_job(struct machine *machine, const struct mpt_submit *submit)
{
    struct job *job = &machine->jobs[machine->job_count++];
    *job = (struct job){ .command = submit->command,
                         .attempt = submit->attempt,
                         .reference = submit->reference,
                         .expects_reply = submit->expects_reply,
                         .expects_receipt = submit->expects_receipt,
                         .count = submit->count };
    memcpy(job->key, machine->step->key.ptr, machine->step->key.size);
    for (size_t i = 0; i < submit->count; i++)
        job->parts[i].body = submit->bodies[i];
}

void machine_submit(struct machine *machine)
{
    struct mpt_submit submit;
    struct esim_bytes key = machine->step->key;
    if (machine->phase != PHASE_BOUND) {
        machine_act(machine, ESIM_ACT_BACK, machine->settings.pause_ms, key, nothing);
        return;
    }
    bool is_fine = mpt_submit_read(machine->step->bytes, &submit) && key.size > 0 &&
                   key.size < KEY_SIZE && memchr(key.ptr, 0, key.size) == NULL;
    if (!is_fine) {
        machine_deliver(machine, key, mpt_fault_write(), 0);
        return;
    }
    if (machine->job_count == JOBS_MOST)
        make_room(machine);
    if (machine->job_count == JOBS_MOST || held_bytes(machine) > HELD_BYTES_MOST)
        machine_act(machine, ESIM_ACT_BACK, machine->settings.pause_ms, key, nothing);
    else
        add_job(machine, &submit);
}

/* ---- sending ---- */

static void send_part(struct machine *machine, struct job *job, struct part *part)
{
    size_t room = part->body.size + SMPP_HEADER_SIZE;
    struct smpp_out out = smpp_out_to(machine_alloc(machine, room), room);
    part->sequence = machine_sequence(machine);
    smpp_write_header(&out, job->command, SMPP_ROK, part->sequence, part->body.size);
    smpp_put_run(&out, part->body);
    machine_act(machine, ESIM_ACT_WRITE, 0, key_of(machine, job), smpp_written(&out));
    part->state = PART_SENT;
    part->at_ms = machine->step->now_ms;
    if (job->count == 1) /* The host has it, should it be needed again. */
        part->body = nothing;
    join_sent(machine, job);
    pace_note_sent(machine);
}

static struct part *next_part(const struct machine *machine, struct job *job)
{
    for (size_t i = 0; !job->is_over && !job->is_lost && i < job->count; i++)
        if (job->parts[i].state == PART_WAITING &&
            job->parts[i].at_ms <= machine->step->now_ms)
            return &job->parts[i];
    return NULL;
}

void machine_pump(struct machine *machine)
{
    size_t sent = sent_count(machine), writes = 0;
    size_t window = (size_t)pace_window(machine);
    if (!machine_is_bound(machine))
        return;
    for (size_t i = 0; i < machine->job_count; i++) {
        struct job *job = &machine->jobs[i];
        struct part *part;
        while (sent < window && writes < WRITES_MOST &&
               pace_next_ms(machine) <= machine->step->now_ms &&
               (part = next_part(machine, job)) != NULL) {
            send_part(machine, job, part);
            sent++;
            writes++;
        }
    }
}

/* ---- responses ---- */

static struct job *job_of(struct machine *machine, uint32_t sequence,
                          struct part **ret_part)
{
    for (size_t i = 0; i < machine->job_count; i++) {
        struct job *job = &machine->jobs[i];
        for (size_t part = 0; !job->is_over && part < job->count; part++)
            if (job->parts[part].state == PART_SENT &&
                job->parts[part].sequence == sequence) {
                *ret_part = &job->parts[part];
                return job;
            }
    }
    return NULL;
}

static void finish(struct machine *machine, struct job *job)
{
    struct mpt_answer answers[SMPP_PARTS_MOST];
    size_t count = 0;
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].state == PART_ANSWERED)
            answers[count++] = (struct mpt_answer){ job->parts[i].status,
                                                    job->parts[i].id };
    if (!job->is_replied)
        machine_deliver(machine, key_of(machine, job),
                        mpt_response_write(job->attempt, answers, count), 0);
    job->is_over = true;
}

static void give_back(struct machine *machine, struct job *job)
{
    machine_act(machine, ESIM_ACT_BACK, pace_back_ms(machine), key_of(machine, job),
                nothing);
    job->is_over = true;
}

/* True when the part will be sent again, by us or by the host. */
static bool throttle(struct machine *machine, struct job *job, struct part *part)
{
    pace_note_throttled(machine);
    if (job->is_lost || is_answered(job, false))
        return false;
    part->state = PART_WAITING;
    part->at_ms = machine->pause_until_ms;
    if (!is_answered(job, true) && count_of(job, PART_SENT) == 0)
        give_back(machine, job);
    return true;
}

static void answer_part(struct machine *machine, struct job *job, struct part *part,
                        uint32_t status)
{
    enum smpp_meaning meaning = smpp_status_of(status)->meaning;
    if (meaning == SMPP_SLOWER && throttle(machine, job, part))
        return;
    part->state = PART_ANSWERED;
    part->status = status;
    part->body = nothing;
    if (meaning == SMPP_FINE)
        pace_note_accepted(machine);
    else
        skip_waiting(job);
    bool is_open = count_of(job, PART_SENT) + count_of(job, PART_WAITING) > 0;
    if (!is_open)
        finish(machine, job);
    if (meaning == SMPP_FINE)
        join_answered(machine, job, part);
}

static void answer_query(struct machine *machine, struct job *job,
                         const struct smpp_pdu *pdu, uint32_t status)
{
    if (smpp_status_of(status)->meaning == SMPP_SLOWER) {
        pace_note_throttled(machine);
        if (!job->is_lost) {
            give_back(machine, job);
            return;
        }
    }
    bool told = status == SMPP_ROK && pdu != NULL && pdu->has_body;
    machine_deliver(machine, key_of(machine, job),
                    mpt_state_write(job->attempt, status,
                                    told ? pdu->message_state : SMPP_STATE_NONE,
                                    told ? pdu->error_code : 0),
                    0);
    job->is_over = true;
}

void machine_on_response(struct machine *machine, const struct smpp_pdu *pdu)
{
    struct part *part = NULL;
    struct job *job = job_of(machine, pdu->sequence, &part);
    if (job == NULL || (job->command | SMPP_RESPONSE) != pdu->command) {
        machine_log(machine, ESIM_LOG_WARN,
                    esim_format("%s for a PDU that nobody waits for",
                                smpp_command_name(pdu->command)));
        return;
    }
    if (job->command == SMPP_QUERY_SM) {
        answer_query(machine, job, pdu, pdu->status);
        return;
    }
    smpp_id_name(pdu->message_id, SMPP_ID_TEXT, part->id);
    answer_part(machine, job, part, pdu->status);
}

bool machine_on_refused(struct machine *machine, uint32_t sequence, uint32_t status)
{
    struct part *part = NULL;
    struct job *job = job_of(machine, sequence, &part);
    if (job == NULL)
        return false;
    if (job->command == SMPP_QUERY_SM)
        answer_query(machine, job, NULL, status);
    else
        answer_part(machine, job, part, status);
    return true;
}

/* ---- lost ones ---- */

static int64_t first_sent_ms(const struct job *job)
{
    int64_t first_ms = INT64_MAX;
    for (size_t i = 0; i < job->count; i++)
        if (job->parts[i].state == PART_SENT && job->parts[i].at_ms < first_ms)
            first_ms = job->parts[i].at_ms;
    return first_ms;
}

static void lose(struct machine *machine, struct job *job)
{
    skip_waiting(job);
    job->is_lost = true;
    machine_act(machine, ESIM_ACT_LOST, 0, key_of(machine, job), nothing);
}

void machine_on_late(struct machine *machine)
{
    int64_t now_ms = machine->step->now_ms;
    int64_t limit_ms = machine->settings.response_ms;
    for (size_t i = 0; i < machine->job_count; i++) {
        struct job *job = &machine->jobs[i];
        int64_t sent_ms = first_sent_ms(job);
        if (job->is_over || sent_ms == INT64_MAX)
            continue;
        if (!job->is_lost && now_ms >= sent_ms + limit_ms)
            lose(machine, job);
        if (job->is_lost && now_ms >= sent_ms + limit_ms * LATE_FACTOR)
            job->is_over = true;
    }
}

/* When the next part is due to be sent, or its response to be there. */
int64_t machine_next_part_ms(const struct machine *machine)
{
    int64_t next_ms = INT64_MAX;
    bool room = sent_count(machine) < (size_t)pace_window(machine);
    for (size_t i = 0; i < machine->job_count; i++) {
        const struct job *job = &machine->jobs[i];
        if (job->is_over)
            continue;
        int64_t sent_ms = first_sent_ms(job);
        int64_t limit_ms = machine->settings.response_ms *
                           (job->is_lost ? LATE_FACTOR : 1);
        if (sent_ms != INT64_MAX && sent_ms + limit_ms < next_ms)
            next_ms = sent_ms + limit_ms;
        if (room && count_of(job, PART_WAITING) > 0 && pace_next_ms(machine) < next_ms)
            next_ms = pace_next_ms(machine);
    }
    return next_ms;
}
