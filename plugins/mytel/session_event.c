/* What the carrier tells unasked (PROTOCOL.md 10). Stored first, acknowledged second: the
 * host holds the EVENT_ACK back until what stands before it is stored. */
#include <string.h>

#include "esim/exchange.h"
#include "memory.h"
#include "session_inner.h"
#include "verdict.h"
#include "wire_codes.h"

enum { ACK_ROOM = TLV_HEAD_BYTES + ID_BYTES };

static const struct esim_bytes nothing = { NULL, 0 };

struct news {
    struct tlv_list id;
    uint64_t kind;
    uint64_t at_ms;
    struct tlv_list details;
};

static json_t *text_of(struct tlv_list list, uint16_t tag)
{
    struct tlv_list value;
    return mytel_tlv_find(list, tag, &value)
               ? json_stringn((const char *)value.ptr, value.size)
               : NULL;
}

static void set(json_t *object, const char *key, json_t *value)
{
    if (value != NULL)
        json_object_set_new(object, key, value);
}

/* ---- PROFILE_CHANGED ---- */

/* SGP.22 5.3.5 */
static json_t *point_of(uint64_t number)
{
    static const char *const names[] = { NULL, "eligibility", "confirmation",
                                         "download", "installation" };
    if (number > 0 && number < sizeof names / sizeof names[0])
        return json_string(names[number]);
    return json_string(esim_string(esim_format("%u", (unsigned)number)));
}

static json_t *problem_of(uint16_t code)
{
    const struct verdict *verdict = mytel_verdict(code);
    json_t *problem = json_object();
    set(problem, "code", json_string(verdict->name));
    set(problem, "message", json_string(verdict->message));
    set(problem, "carrier_code",
        json_string(
            esim_string(esim_format("0x%04X %s", (unsigned)code, verdict->wire))));
    return problem;
}

static json_t *profile_data(const struct news *news)
{
    uint64_t number = 0;
    json_t *data = json_object();
    if (mytel_tlv_number(news->details, TAG_PROFILE_STATE, &number))
        set(data, "state", json_string(mytel_profile_state(number)));
    if (mytel_tlv_number(news->details, TAG_POINT, &number))
        set(data, "point", point_of(number));
    if (news->at_ms <= INT64_MAX)
        set(data, "at", json_string(esim_time_text((int64_t)news->at_ms)));
    set(data, "eid", text_of(news->details, TAG_EID));
    if (mytel_tlv_number(news->details, TAG_CODE, &number) && number != CODE_OK)
        set(data, "problem", problem_of((uint16_t)number));
    return data;
}

static void report(struct turn *turn, const char *kind, json_t *key,
                   const struct news *news, json_t *data)
{
    json_t *fact = json_object();
    set(fact, "kind", json_string(kind));
    set(fact, "key", key);
    set(fact, "id", json_string(mytel_hex(news->id.ptr, news->id.size)));
    set(fact, "data", data);
    turn_act(turn, ESIM_ACT_REPORT, 0, nothing, esim_json_write(fact));
}

static bool report_profile(struct turn *turn, const struct news *news)
{
    json_t *iccid = text_of(news->details, TAG_ICCID);
    if (iccid == NULL)
        return false;
    report(turn, "profile", iccid, news, profile_data(news));
    return true;
}

/* ---- the others ---- */

static bool report_line(struct turn *turn, const struct news *news)
{
    json_t *msisdn = text_of(news->details, TAG_MSISDN);
    uint64_t number = 0;
    if (msisdn == NULL || !mytel_tlv_number(news->details, TAG_LINE_STATE, &number))
        return false;
    json_t *data = json_object();
    set(data, "state", json_string(mytel_line_state(number)));
    if (news->at_ms <= INT64_MAX)
        set(data, "at", json_string(esim_time_text((int64_t)news->at_ms)));
    report(turn, "line", msisdn, news, data);
    return true;
}

static bool deliver_answer(struct turn *turn, const struct news *news)
{
    struct tlv_list id, answer;
    if (!mytel_tlv_find(news->details, TAG_TARGET_ID, &id) ||
        !mytel_tlv_find(news->details, TAG_ANSWER, &answer))
        return false;
    turn_act(turn, ESIM_ACT_DELIVER, 0, esim_text(mytel_hex(id.ptr, id.size)),
             (struct esim_bytes){ (const char *)answer.ptr, answer.size });
    return true;
}

static const struct {
    uint64_t kind;
    bool (*take)(struct turn *turn, const struct news *news);
} kinds[] = {
    { EVENT_PROFILE_CHANGED, report_profile },
    { EVENT_LINE_CHANGED, report_line },
    { EVENT_REQUEST_FINISHED, deliver_answer },
};

/* What cannot be used is acknowledged all the same, or it would come for ever. */
static void take(struct turn *turn, const struct news *news)
{
    bool taken = false;
    uint16_t tag = 0;
    bool sound = mytel_tlv_check(news->details, &tag) == TLV_SOUND;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (sound && kinds[i].kind == news->kind)
            taken = kinds[i].take(turn, news);
    if (!taken)
        mytel_log(ESIM_LOG_WARN, "event %s of kind 0x%04X cannot be used",
                  mytel_hex(news->id.ptr, news->id.size), (unsigned)news->kind);
}

static void acknowledge(struct turn *turn, const struct mytel_frame *event,
                        struct tlv_list id)
{
    struct tlv_out out = turn_values(ACK_ROOM);
    mytel_tlv_put(&out, TAG_EVENT_ID, id.ptr, id.size);
    struct mytel_frame ack = { .type = FRAME_EVENT_ACK,
                               .answers = event->sequence,
                               .body = out.bytes,
                               .body_size = out.size };
    turn_write(turn, &ack, nothing);
}

void event_on_event(struct turn *turn, const struct mytel_frame *frame)
{
    struct tlv_list body = turn_body(frame);
    struct news news = { 0 };
    if (!mytel_tlv_find(body, TAG_EVENT_ID, &news.id) ||
        !mytel_tlv_number(body, TAG_EVENT_KIND, &news.kind) ||
        !mytel_tlv_number(body, TAG_AT, &news.at_ms) ||
        !mytel_tlv_find(body, TAG_DETAILS, &news.details)) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence, "an EVENT lacks a value");
        return;
    }
    take(turn, &news);
    acknowledge(turn, frame, news.id);
}
