/* The state as bytes: a version, the numbers, four lists. Nothing in it is trusted blindly:
 * counts and lengths are held against what this version makes. */
#include <string.h>

#include "machine.h"

enum { STATE_FORMAT = 1, STATE_MOST = 250 << 10, EMPTY_STATE = 256 };
enum {
    JOB_GROWTH = 1,
    TRACK_GROWTH = WRITES_MOST + 1,
    EARLY_GROWTH = 1,
    PART_GROWTH = 1
};

/* clang-format off */
/* Kept numbers, in the order of the bytes. */
static const size_t wide[] = {
#define AT(member) offsetof(struct machine, member)
    AT(word_ms), AT(heard_ms), AT(drain_ms), AT(timer_ms), AT(told_window),
    AT(window_milli), AT(rate_milli), AT(due_us), AT(pause_ms), AT(pause_until_ms),
#undef AT
};
/* clang-format on */
enum { WIDE_COUNT = sizeof wide / sizeof wide[0] };

static struct esim_bytes text_of(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

/* ---- writing ---- */

static void put_part(struct smpp_out *out, const struct part *part)
{
    smpp_put_u8(out, (uint8_t)part->state);
    smpp_put_u32(out, part->sequence);
    smpp_put_u64(out, (uint64_t)part->at_ms);
    smpp_put_u32(out, part->status);
    smpp_put_text(out, text_of(part->id), SMPP_ID_NAME);
    smpp_put_u16(out, (uint16_t)part->body.size);
    smpp_put_run(out, part->body);
}

static void put_job(struct smpp_out *out, const struct job *job)
{
    smpp_put_text(out, text_of(job->key), KEY_SIZE);
    smpp_put_u32(out, job->command);
    smpp_put_u32(out, job->attempt);
    smpp_put_u16(out, job->reference);
    smpp_put_u8(out, job->expects_reply);
    smpp_put_u8(out, job->expects_receipt);
    smpp_put_u8(out, job->is_lost);
    smpp_put_u8(out, job->is_replied);
    smpp_put_u8(out, (uint8_t)job->count);
    for (size_t i = 0; i < job->count; i++)
        put_part(out, &job->parts[i]);
}

static void put_jobs(struct smpp_out *out, const struct machine *machine)
{
    size_t count = 0;
    for (size_t i = 0; i < machine->job_count; i++)
        count += machine->jobs[i].is_over ? 0 : 1;
    smpp_put_u16(out, (uint16_t)count);
    for (size_t i = 0; i < machine->job_count; i++)
        if (!machine->jobs[i].is_over)
            put_job(out, &machine->jobs[i]);
}

static void put_tracks(struct smpp_out *out, const struct machine *machine)
{
    smpp_put_u16(out, (uint16_t)machine->track_count);
    for (size_t i = 0; i < machine->track_count; i++) {
        const struct track *track = &machine->tracks[i];
        smpp_put_u64(out, track->id);
        smpp_put_u16(out, track->reference);
        smpp_put_u8(out, track->expects_reply);
        smpp_put_u8(out, track->is_replied);
        smpp_put_text(out, text_of(track->key), KEY_SIZE);
    }
}

static void put_early(struct smpp_out *out, const struct machine *machine)
{
    smpp_put_u16(out, (uint16_t)machine->early_count);
    for (size_t i = 0; i < machine->early_count; i++) {
        smpp_put_u64(out, machine->early[i].id);
        smpp_put_u8(out, (uint8_t)machine->early[i].state);
        smpp_put_text(out, text_of(machine->early[i].error), SMPP_RECEIPT_WORD);
    }
}

static void put_assemblies(struct smpp_out *out, const struct machine *machine)
{
    smpp_put_u16(out, (uint16_t)machine->assembly_count);
    for (size_t i = 0; i < machine->assembly_count; i++) {
        const struct assembly *assembly = &machine->assemblies[i];
        smpp_put_u64(out, (uint64_t)assembly->until_ms);
        smpp_put_text(out, assembly->source, KEY_SIZE * 3);
        smpp_put_text(out, assembly->dest, KEY_SIZE * 3);
        smpp_put_u32(out, assembly->reference);
        smpp_put_u8(out, assembly->total);
        smpp_put_u8(out, assembly->data_coding);
        for (size_t part = 0; part < assembly->total; part++) {
            smpp_put_u8(out, assembly->parts[part].is_there);
            smpp_put_u16(out, (uint16_t)assembly->parts[part].text.size);
            smpp_put_run(out, assembly->parts[part].text);
        }
    }
}

static size_t room_for(const struct machine *machine)
{
    size_t room = EMPTY_STATE;
    for (size_t i = 0; i < machine->job_count; i++) {
        room += sizeof(struct job);
        for (size_t part = 0; part < machine->jobs[i].count; part++)
            room += machine->jobs[i].parts[part].body.size;
    }
    for (size_t i = 0; i < machine->assembly_count; i++) {
        room += sizeof(struct assembly) + (size_t)KEY_SIZE * 6;
        for (size_t part = 0; part < ASSEMBLY_PARTS_MOST; part++)
            room += machine->assemblies[i].parts[part].text.size;
    }
    room += machine->track_count * sizeof(struct track);
    room += machine->early_count * sizeof(struct early);
    return room < STATE_MOST ? room : STATE_MOST;
}

void machine_save(struct machine *machine)
{
    size_t room = room_for(machine);
    struct smpp_out out = smpp_out_to(machine_alloc(machine, room), room);
    smpp_put_u8(&out, STATE_FORMAT);
    smpp_put_u8(&out, (uint8_t)machine->phase);
    smpp_put_u32(&out, machine->sequence);
    smpp_put_u32(&out, machine->word);
    for (size_t i = 0; i < WIDE_COUNT; i++)
        smpp_put_u64(&out, *(uint64_t *)((char *)machine + wide[i]));
    put_jobs(&out, machine);
    put_tracks(&out, machine);
    put_early(&out, machine);
    put_assemblies(&out, machine);
    if (out.full)
        machine->is_short = true;
    machine->answer->state = smpp_written(&out);
}

/* ---- reading ---- */

static void get_text(struct smpp_in *in, char *ret, size_t room)
{
    struct esim_bytes text = smpp_get_text(in, room);
    if (text.size > 0)
        memcpy(ret, text.ptr, text.size);
    ret[text.size] = '\0';
}

static void get_part(struct smpp_in *in, struct part *ret)
{
    ret->state = smpp_get_u8(in);
    ret->sequence = smpp_get_u32(in);
    ret->at_ms = (int64_t)smpp_get_u64(in);
    ret->status = smpp_get_u32(in);
    get_text(in, ret->id, SMPP_ID_NAME);
    ret->body = smpp_get_run(in, smpp_get_u16(in));
    in->bad = in->bad || (int)ret->state > PART_SKIPPED;
}

static void get_job(struct smpp_in *in, struct job *ret)
{
    get_text(in, ret->key, KEY_SIZE);
    ret->command = smpp_get_u32(in);
    ret->attempt = smpp_get_u32(in);
    ret->reference = smpp_get_u16(in);
    ret->expects_reply = smpp_get_u8(in) != 0;
    ret->expects_receipt = smpp_get_u8(in) != 0;
    ret->is_lost = smpp_get_u8(in) != 0;
    ret->is_replied = smpp_get_u8(in) != 0;
    ret->count = smpp_get_u8(in);
    if (ret->count == 0 || ret->count > SMPP_PARTS_MOST) {
        in->bad = true;
        ret->count = 0;
    }
    for (size_t i = 0; i < ret->count; i++)
        get_part(in, &ret->parts[i]);
}

static void get_track(struct smpp_in *in, struct track *ret)
{
    ret->id = smpp_get_u64(in);
    ret->reference = smpp_get_u16(in);
    ret->expects_reply = smpp_get_u8(in) != 0;
    ret->is_replied = smpp_get_u8(in) != 0;
    get_text(in, ret->key, KEY_SIZE);
}

static void get_early(struct smpp_in *in, struct early *ret)
{
    ret->id = smpp_get_u64(in);
    ret->state = smpp_get_u8(in);
    get_text(in, ret->error, SMPP_RECEIPT_WORD);
}

static void get_assembly(struct smpp_in *in, struct assembly *ret)
{
    ret->until_ms = (int64_t)smpp_get_u64(in);
    ret->source = smpp_get_text(in, (size_t)KEY_SIZE * 3);
    ret->dest = smpp_get_text(in, (size_t)KEY_SIZE * 3);
    ret->reference = smpp_get_u32(in);
    ret->total = smpp_get_u8(in);
    ret->data_coding = smpp_get_u8(in);
    if (ret->total > ASSEMBLY_PARTS_MOST) {
        in->bad = true;
        ret->total = 0;
    }
    for (size_t i = 0; i < ret->total; i++) {
        ret->parts[i].is_there = smpp_get_u8(in) != 0;
        ret->parts[i].text = smpp_get_run(in, smpp_get_u16(in));
    }
}

/* A count, and room for what one step can add. */
static void *get_list(struct machine *machine, struct smpp_in *in, size_t most,
                      size_t growth, size_t size, size_t *ret_count)
{
    size_t count = smpp_get_u16(in);
    if (in->bad || count > most) {
        in->bad = true;
        count = 0;
    }
    *ret_count = count;
    return machine_alloc(machine, (count + growth) * size);
}

static bool get_lists(struct machine *machine, struct smpp_in *in)
{
    machine->jobs = get_list(machine, in, JOBS_MOST, JOB_GROWTH, sizeof(struct job),
                             &machine->job_count);
    for (size_t i = 0; !machine->is_short && i < machine->job_count; i++)
        get_job(in, &machine->jobs[i]);
    machine->tracks = get_list(machine, in, TRACKS_MOST, TRACK_GROWTH,
                               sizeof(struct track), &machine->track_count);
    for (size_t i = 0; !machine->is_short && i < machine->track_count; i++)
        get_track(in, &machine->tracks[i]);
    machine->early = get_list(machine, in, EARLY_MOST, EARLY_GROWTH,
                              sizeof(struct early), &machine->early_count);
    for (size_t i = 0; !machine->is_short && i < machine->early_count; i++)
        get_early(in, &machine->early[i]);
    machine->assemblies = get_list(machine, in, ASSEMBLIES_MOST, PART_GROWTH,
                                   sizeof(struct assembly), &machine->assembly_count);
    for (size_t i = 0; !machine->is_short && i < machine->assembly_count; i++)
        get_assembly(in, &machine->assemblies[i]);
    return !in->bad && smpp_in_left(in) == 0;
}

bool machine_load(struct machine *machine)
{
    struct smpp_in in = smpp_in_of(machine->step->state);
    if (smpp_get_u8(&in) != STATE_FORMAT)
        return false;
    machine->phase = smpp_get_u8(&in);
    machine->sequence = smpp_get_u32(&in);
    machine->word = smpp_get_u32(&in);
    for (size_t i = 0; i < WIDE_COUNT; i++)
        *(uint64_t *)((char *)machine + wide[i]) = smpp_get_u64(&in);
    return (int)machine->phase <= PHASE_UNBINDING && get_lists(machine, &in);
}
