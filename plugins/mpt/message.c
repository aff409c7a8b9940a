#include "message.h"

#include "esim/exchange.h"

enum { FORMAT = 1, FLAG_REPLY = 1, FLAG_RECEIPT = 2 };

void mpt_submit_write(struct smpp_out *out, const struct mpt_submit *submit)
{
    smpp_put_u8(out, FORMAT);
    smpp_put_u32(out, submit->command);
    smpp_put_u32(out, submit->attempt);
    smpp_put_u8(out, (uint8_t)((submit->expects_reply ? FLAG_REPLY : 0) |
                               (submit->expects_receipt ? FLAG_RECEIPT : 0)));
    smpp_put_u16(out, submit->reference);
    smpp_put_u8(out, (uint8_t)submit->count);
    for (size_t i = 0; i < submit->count; i++) {
        smpp_put_u16(out, (uint16_t)submit->bodies[i].size);
        smpp_put_run(out, submit->bodies[i]);
    }
}

bool mpt_submit_read(struct esim_bytes bytes, struct mpt_submit *ret)
{
    struct smpp_in in = smpp_in_of(bytes);
    bool known = smpp_get_u8(&in) == FORMAT;
    *ret = (struct mpt_submit){ .command = smpp_get_u32(&in) };
    ret->attempt = smpp_get_u32(&in);
    uint8_t flags = smpp_get_u8(&in);
    ret->expects_reply = (flags & FLAG_REPLY) != 0;
    ret->expects_receipt = (flags & FLAG_RECEIPT) != 0;
    ret->reference = smpp_get_u16(&in);
    ret->count = smpp_get_u8(&in);
    if (!known || ret->count == 0 || ret->count > SMPP_PARTS_MOST)
        return false;
    for (size_t i = 0; i < ret->count; i++)
        ret->bodies[i] = smpp_get_run(&in, smpp_get_u16(&in));
    return !in.bad && smpp_in_left(&in) == 0;
}

/* ---- back: JSON ---- */

static json_t *of_kind(const char *kind)
{
    json_t *message = json_object();
    esim_json_put(message, "kind", kind);
    return message;
}

static void put_number(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

static void put_word(json_t *object, const char *key, const char *word)
{
    if (word[0] != '\0')
        esim_json_put(object, key, word);
}

struct esim_bytes mpt_response_write(uint32_t attempt, const struct mpt_answer *parts,
                                     size_t count)
{
    json_t *message = of_kind("response");
    json_t *list = json_array();
    put_number(message, "try", attempt);
    for (size_t i = 0; i < count; i++) {
        json_t *part = json_object();
        put_number(part, "status", parts[i].status);
        put_word(part, "id", parts[i].id);
        json_array_append_new(list, part);
    }
    json_object_set_new(message, "parts", list);
    return esim_json_write(message);
}

struct esim_bytes mpt_receipt_write(const char *id, enum smpp_state state,
                                    const char *error)
{
    json_t *message = of_kind("receipt");
    put_word(message, "id", id);
    put_number(message, "state", state);
    put_word(message, "error", error);
    return esim_json_write(message);
}

struct esim_bytes mpt_reply_write(struct esim_bytes from, struct esim_bytes text)
{
    json_t *message = of_kind("reply");
    json_object_set_new(message, "from", json_stringn(from.ptr, from.size));
    json_object_set_new(message, "text",
                        json_stringn(text.ptr == NULL ? "" : text.ptr, text.size));
    return esim_json_write(message);
}

struct esim_bytes mpt_state_write(uint32_t attempt, uint32_t status,
                                  enum smpp_state state, unsigned error)
{
    json_t *message = of_kind("state");
    put_number(message, "try", attempt);
    put_number(message, "status", status);
    put_number(message, "state", state);
    put_number(message, "error", error);
    return esim_json_write(message);
}

struct esim_bytes mpt_fault_write(void)
{
    return esim_json_write(of_kind("fault"));
}

struct esim_bytes mpt_receipt_key(const char *id)
{
    return esim_format("id-%s", id);
}
