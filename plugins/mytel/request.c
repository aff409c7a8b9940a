#include "request.h"

#include <string.h>

#include "memory.h"
#include "verdict.h"

enum { BODY_ROOM = 4096 - 64, UUID_CHARACTERS = 36, HEX_CHARACTERS = 32 };

static bool uuid_read(struct esim_bytes text, uint8_t ret[REQUEST_ID_BYTES])
{
    char digits[HEX_CHARACTERS];
    size_t count = 0;
    if (text.size != UUID_CHARACTERS)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (text.ptr[i] != '-' && count < sizeof digits)
            digits[count++] = text.ptr[i];
    return mytel_hex_read((struct esim_bytes){ digits, count }, ret, REQUEST_ID_BYTES);
}

bool request_id_of(struct esim_talk *talk, uint8_t ret[REQUEST_ID_BYTES])
{
    if (uuid_read(talk->step->operation, ret))
        return true;
    esim_refused(talk, "operation_id_wrong", NULL,
                 "The operation's id is no UUID, and the carrier could not recognise a "
                 "repetition: tell the host's maintainers.");
    return false;
}

bool request_begin(struct esim_talk *talk, struct request *request,
                   enum operation_number number, int64_t expires_ms)
{
    struct tlv_out *out = &request->out;
    *out = (struct tlv_out){ .bytes = mytel_alloc(BODY_ROOM), .room = BODY_ROOM };
    if (out->bytes == NULL) {
        esim_not_yet(talk, -1, "memory", NULL,
                     "The step used up its memory. Raise limits.memory_mb.");
        return false;
    }
    mytel_tlv_put(out, TAG_REQUEST_ID, request->id, sizeof request->id);
    mytel_tlv_put_number(out, TAG_OPERATION, number);
    if (expires_ms > 0)
        mytel_tlv_put_number(out, TAG_EXPIRES, (uint64_t)expires_ms);
    return true;
}

void request_send(struct esim_talk *talk, struct request *request)
{
    const struct tlv_out *out = &request->out;
    struct esim_bytes payload = { (const char *)out->bytes, out->size };
    if (out->full)
        esim_refused(talk, "input_too_long", NULL,
                     "The order's values do not fit into one request: shorten them.");
    else
        esim_send_to(talk, MYTEL_SESSION, mytel_hex(request->id, sizeof request->id),
                     payload, 0);
}

bool request_reply(const struct esim_talk *talk, struct mytel_reply *ret,
                   bool *ret_silent)
{
    const struct esim_message *message = talk->step->message;
    *ret_silent = talk->step->event != ESIM_MESSAGE || message == NULL;
    return !*ret_silent && mytel_reply_read(message->payload, ret);
}

/* Milliseconds to whole seconds, never sooner. */
static int32_t seconds_of(int64_t ms)
{
    enum { MOST_S = 86400 };
    if (ms < 0)
        return -1;
    int64_t seconds = (ms + 999) / 1000;
    return (int32_t)(seconds < MOST_S ? seconds : MOST_S);
}

void request_end(struct esim_talk *talk, const struct mytel_reply *reply)
{
    const struct verdict *verdict = mytel_verdict(reply->code);
    const char *wire = esim_string(
        esim_format("0x%04X %s", (unsigned)reply->code, verdict->wire));
    if (verdict->outcome == ESIM_NOT_YET)
        esim_not_yet(talk, seconds_of(reply->retry_after_ms), verdict->name, wire, "%s",
                     verdict->message);
    else if (verdict->outcome == ESIM_REFUSED)
        esim_refused(talk, verdict->name, wire, "%s", verdict->message);
    else
        esim_unknown(talk, verdict->name, wire, "%s", verdict->message);
}

json_t *request_input(const struct esim_talk *talk)
{
    struct mytel_settings settings;
    json_t *input = json_copy(talk->input);
    mytel_settings_read(talk->settings, &settings);
    if (json_object_get(input, "iccid") == NULL &&
        json_object_get(input, "profile_type") == NULL)
        esim_json_put(input, "profile_type", settings.profile_type);
    return input;
}
