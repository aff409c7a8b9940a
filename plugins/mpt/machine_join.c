#include <string.h>

#include "esim/exchange.h"
#include "machine.h"
#include "number.h"
#include "template.h"

/* FNV-1a of an id as smpp_id_name spells it; never 0, which means "none yet". */
uint64_t join_hash(const char *id)
{
    uint64_t hash = 14695981039346656037u;
    for (; *id != '\0'; id++)
        hash = (hash ^ (uint8_t)*id) * 1099511628211u;
    return hash == 0 ? 1 : hash;
}

/* ---- the list of what was sent ---- */

static void remove_track(struct machine *machine, size_t at)
{
    machine->track_count--;
    memmove(&machine->tracks[at], &machine->tracks[at + 1],
            (machine->track_count - at) * sizeof machine->tracks[0]);
}

/* One for the whole text as it leaves: its reference and its reply. One a part when the
 * response told an id. */
static void add_track(struct machine *machine, const struct job *job, uint64_t id)
{
    if (machine->track_count == TRACKS_MOST)
        remove_track(machine, 0);
    struct track *track = &machine->tracks[machine->track_count++];
    *track = (struct track){ .id = id,
                             .reference = job->reference,
                             .expects_reply = job->expects_reply,
                             .is_replied = job->is_replied };
    memcpy(track->key, job->key, KEY_SIZE);
}

static bool is_tracked(const struct machine *machine, const char *key)
{
    for (size_t i = 0; i < machine->track_count; i++)
        if (strcmp(machine->tracks[i].key, key) == 0)
            return true;
    return false;
}

void join_sent(struct machine *machine, const struct job *job)
{
    bool matters = job->reference != 0 && (job->expects_reply || job->expects_receipt);
    if (matters && !is_tracked(machine, job->key))
        add_track(machine, job, 0);
}

static void deliver_early(struct machine *machine, const struct job *job,
                          const char *id, size_t at)
{
    struct early early = machine->early[at];
    machine->early_count--;
    memmove(&machine->early[at], &machine->early[at + 1],
            (machine->early_count - at) * sizeof machine->early[0]);
    if (join_tells(job->expects_reply, job->is_replied, early.state))
        machine_deliver(machine, machine_copy(machine, esim_text(job->key)),
                        mpt_receipt_write(id, early.state, early.error), 0);
}

static void forget_unanswered(struct machine *machine, const struct job *job)
{
    for (size_t i = 0; i < machine->track_count; i++)
        if (machine->tracks[i].id == 0 && !job->expects_reply &&
            strcmp(machine->tracks[i].key, job->key) == 0) {
            remove_track(machine, i);
            return;
        }
}

void join_answered(struct machine *machine, const struct job *job,
                   const struct part *part)
{
    if (part->id[0] == '\0' || !job->expects_receipt)
        return;
    char name[SMPP_ID_NAME];
    smpp_id_name(esim_text(part->id), machine->settings.response_ids, name);
    uint64_t id = join_hash(name);
    for (size_t i = 0; i < machine->early_count; i++)
        if (machine->early[i].id == id) {
            bool is_final = smpp_state_is_final(machine->early[i].state);
            deliver_early(machine, job, name, i);
            if (is_final)
                return;
            break;
        }
    forget_unanswered(machine, job);
    add_track(machine, job, id);
}

/* ---- receipts ---- */

/* The only one with this reference; NULL when there are several operations. */
static const struct track *by_reference(const struct machine *machine,
                                        uint32_t reference)
{
    const struct track *found = NULL;
    for (size_t i = 0; i < machine->track_count; i++) {
        const struct track *track = &machine->tracks[i];
        if (track->reference != reference || reference == 0)
            continue;
        if (found != NULL && strcmp(found->key, track->key) != 0)
            return NULL;
        found = track;
    }
    return found;
}

const struct track *join_receipt(struct machine *machine, const char *id,
                                 const struct smpp_receipt *receipt)
{
    uint64_t hash = join_hash(id);
    for (size_t i = 0; id[0] != '\0' && i < machine->track_count; i++)
        if (machine->tracks[i].id == hash)
            return &machine->tracks[i];
    return receipt->has_user_reference ? by_reference(machine, receipt->user_reference)
                                       : NULL;
}

void join_receipt_is_final(struct machine *machine, const struct track *track)
{
    if (!track->expects_reply)
        remove_track(machine, (size_t)(track - machine->tracks));
}

bool join_tells(bool expects_reply, bool is_replied, enum smpp_state state)
{
    bool failed = smpp_state_is_final(state) && state != SMPP_DELIVERED;
    return !expects_reply || (failed && !is_replied);
}

static bool is_key(const char *known, struct esim_bytes key)
{
    return key.size < KEY_SIZE && strlen(known) == key.size &&
           memcmp(known, key.ptr, key.size) == 0;
}

void join_replied(struct machine *machine, struct esim_bytes key)
{
    for (size_t i = 0; i < machine->track_count; i++)
        if (is_key(machine->tracks[i].key, key))
            machine->tracks[i].is_replied = true;
    for (size_t i = 0; i < machine->job_count; i++)
        if (is_key(machine->jobs[i].key, key))
            machine->jobs[i].is_replied = true;
}

void join_remember_early(struct machine *machine, const char *id,
                         const struct smpp_receipt *receipt)
{
    if (machine->early_count == EARLY_MOST) {
        machine->early_count--;
        memmove(&machine->early[0], &machine->early[1],
                machine->early_count * sizeof machine->early[0]);
    }
    struct early *early = &machine->early[machine->early_count++];
    *early = (struct early){ .id = join_hash(id), .state = receipt->state };
    memcpy(early->error, receipt->error, sizeof early->error);
}

/* ---- replies ---- */

static struct esim_bytes key_of_fields(const struct machine *machine,
                                       const struct template_fields *fields)
{
    char text[REFERENCE_SIZE];
    const struct mpt_settings *settings = &machine->settings;
    if (settings->join_by_number) {
        struct esim_bytes number = template_field(fields, "msisdn");
        return number.size == 0
                   ? number
                   : esim_text(mpt_number_key(settings, esim_string(number)));
    }
    if (!reference_read(template_field(fields, "ref"), settings->reference_form, text))
        return (struct esim_bytes){ NULL, 0 };
    return esim_format("%s", text);
}

static struct esim_bytes by_patterns(const struct machine *machine,
                                     const json_t *replies, struct esim_bytes text)
{
    struct template_fields fields;
    for (size_t i = 0; i < json_array_size(replies); i++) {
        const char *match = esim_json_text(json_array_get(replies, i), "match");
        if (match == NULL || !template_match(esim_text(match), text, &fields))
            continue;
        struct esim_bytes key = key_of_fields(machine, &fields);
        if (key.size > 0)
            return key;
    }
    return (struct esim_bytes){ NULL, 0 };
}

static struct esim_bytes by_any_pattern(const struct machine *machine,
                                        struct esim_bytes text)
{
    const char *name = NULL;
    json_t *command = NULL;
    json_object_foreach((json_t *)machine->settings.commands, name, command)
    {
        struct esim_bytes key = by_patterns(machine,
                                            json_object_get(command, "replies"), text);
        if (key.size > 0)
            return key;
    }
    return by_patterns(machine, machine->settings.replies, text);
}

struct esim_bytes join_reply(struct machine *machine, const struct smpp_pdu *pdu,
                             struct esim_bytes text)
{
    uint32_t reference = 0;
    char found[REFERENCE_SIZE];
    struct esim_bytes key = by_any_pattern(machine, text);
    if (key.size > 0)
        return key;
    if (!machine->settings.join_by_number &&
        reference_find(text, machine->settings.reference_form, found))
        return esim_format("%s", found);
    const struct track *track = NULL;
    if (smpp_tlv_number(pdu, SMPP_TAG_USER_REFERENCE, 2, &reference))
        track = by_reference(machine, reference);
    return track == NULL ? key : machine_copy(machine, esim_text(track->key));
}
