#include "wire_bytes.h"

#include <string.h>

/* ---- reading ---- */

struct smpp_in smpp_in_of(struct esim_bytes bytes)
{
    const uint8_t *ptr = (const uint8_t *)bytes.ptr;
    return (struct smpp_in){ ptr, ptr == NULL ? NULL : ptr + bytes.size, false };
}

size_t smpp_in_left(const struct smpp_in *in)
{
    return in->at == NULL ? 0 : (size_t)(in->end - in->at);
}

static const uint8_t *take(struct smpp_in *in, size_t size)
{
    if (in->bad || smpp_in_left(in) < size) {
        in->bad = true;
        return NULL;
    }
    const uint8_t *taken = in->at;
    if (size > 0)
        in->at += size;
    return taken;
}

static uint64_t get_number(struct smpp_in *in, size_t size)
{
    const uint8_t *at = take(in, size);
    uint64_t value = 0;
    for (size_t i = 0; at != NULL && i < size; i++)
        value = value << 8 | at[i];
    return value;
}

uint8_t smpp_get_u8(struct smpp_in *in)
{
    return (uint8_t)get_number(in, 1);
}

uint16_t smpp_get_u16(struct smpp_in *in)
{
    return (uint16_t)get_number(in, 2);
}

uint32_t smpp_get_u32(struct smpp_in *in)
{
    return (uint32_t)get_number(in, 4);
}

uint64_t smpp_get_u64(struct smpp_in *in)
{
    return get_number(in, 8);
}

struct esim_bytes smpp_get_run(struct smpp_in *in, size_t size)
{
    const uint8_t *at = take(in, size);
    return (struct esim_bytes){ (const char *)at, at == NULL ? 0 : size };
}

struct esim_bytes smpp_get_text(struct smpp_in *in, size_t most)
{
    size_t left = smpp_in_left(in);
    size_t look = left < most ? left : most;
    const uint8_t *nul = in->bad || look == 0 ? NULL : memchr(in->at, 0, look);
    if (nul == NULL) {
        in->bad = true;
        return (struct esim_bytes){ NULL, 0 };
    }
    struct esim_bytes text = { (const char *)in->at, (uint64_t)(nul - in->at) };
    in->at = nul + 1;
    return text;
}

/* ---- writing ---- */

struct smpp_out smpp_out_to(void *memory, size_t room)
{
    return (struct smpp_out){ memory, 0, memory == NULL ? 0 : room, memory == NULL };
}

static uint8_t *give(struct smpp_out *out, size_t size)
{
    if (out->full || out->room - out->size < size) {
        out->full = true;
        return NULL;
    }
    uint8_t *given = out->ptr + out->size;
    out->size += size;
    return given;
}

static void put_number(struct smpp_out *out, uint64_t value, size_t size)
{
    uint8_t *at = give(out, size);
    for (size_t i = 0; at != NULL && i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

void smpp_put_u8(struct smpp_out *out, uint8_t value)
{
    put_number(out, value, 1);
}

void smpp_put_u16(struct smpp_out *out, uint16_t value)
{
    put_number(out, value, 2);
}

void smpp_put_u32(struct smpp_out *out, uint32_t value)
{
    put_number(out, value, 4);
}

void smpp_put_u64(struct smpp_out *out, uint64_t value)
{
    put_number(out, value, 8);
}

void smpp_put_run(struct smpp_out *out, struct esim_bytes run)
{
    uint8_t *at = give(out, run.size);
    if (at != NULL && run.size > 0)
        memcpy(at, run.ptr, run.size);
}

void smpp_put_text(struct smpp_out *out, struct esim_bytes text, size_t most)
{
    bool has_nul = text.size > 0 && memchr(text.ptr, 0, text.size) != NULL;
    if (has_nul || text.size >= most)
        out->full = true;
    smpp_put_run(out, text);
    smpp_put_u8(out, 0);
}

struct esim_bytes smpp_written(const struct smpp_out *out)
{
    return (struct esim_bytes){ (const char *)out->ptr, out->full ? 0 : out->size };
}

bool smpp_same(struct esim_bytes a, struct esim_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.ptr, b.ptr, a.size) == 0);
}
