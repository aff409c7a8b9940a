#include <string.h>

#include "cell/fields.h"
#include "cell/step_codec.h"
#include "esim/capability.h"

enum { SESSIONS_MAX = 8, HEADER_BYTES_CAP = 64 };

/* A fixed-size text of the descriptor; without its NUL it counts in full. */
static void put_fixed(struct buf *ret, const char *text, size_t size)
{
    wire_put_bytes(ret, slice_bytes(text, strnlen(text, size)));
}

static uint32_t list_length(const char *list, size_t element, size_t most)
{
    uint32_t count = 0;
    while (count < most && list[count * element] != '\0')
        count++;
    return count;
}

static void put_list(struct buf *ret, const char *list, size_t element, size_t most)
{
    uint32_t count = list_length(list, element, most);
    wire_put_u32(ret, count);
    for (uint32_t i = 0; i < count; i++)
        put_fixed(ret, list + i * element, element);
}

void about_encode(const struct esim_about *about, const struct cell_session *sessions,
                  uint32_t count, struct buf *ret)
{
    put_fixed(ret, about->magic, sizeof about->magic);
    wire_put_u32(ret, about->abi);
    put_fixed(ret, about->name, sizeof about->name);
    put_fixed(ret, about->version, sizeof about->version);
    put_fixed(ret, about->summary, sizeof about->summary);
    wire_put_u32(ret, about->state_oldest);
    wire_put_u32(ret, about->state_newest);
    put_list(ret, about->capabilities[0], ESIM_CAPABILITY_SIZE, ESIM_CAPABILITY_MAX);
    put_list(ret, about->abilities[0], ESIM_ABILITY_SIZE, ESIM_ABILITY_MAX);
    wire_put_u32(ret, count);
    for (uint32_t i = 0; i < count; i++) {
        put_fixed(ret, sessions[i].name, sizeof sessions[i].name);
        wire_put_u32(ret, sessions[i].header_bytes);
    }
}

static void take_fixed(struct taker *taker, const char *name, enum text_rule rule,
                       size_t least, char *ret, size_t size)
{
    struct esim_bytes text = take_text(taker, name, rule, least, size - 1);
    if (text.size > 0)
        memcpy(ret, text.ptr, text.size);
}

static void take_list(struct taker *taker, const char *name, enum text_rule rule,
                      char *ret, size_t element, uint32_t most)
{
    uint32_t count = (uint32_t)take_number(taker, name, 0, (int32_t)most);
    for (uint32_t i = 0; i < count && !taker->broken; i++)
        take_fixed(taker, name, rule, 1, ret + i * element, element);
}

static void check_capabilities(struct taker *taker, const struct esim_about *about)
{
#define NAME(name) name,
    static const char *const known[] = { ESIM_CAPABILITIES(NAME) };
#undef NAME
    for (size_t i = 0; i < ESIM_CAPABILITY_MAX && about->capabilities[i][0]; i++) {
        size_t row = 0;
        while (row < sizeof known / sizeof known[0] &&
               strcmp(known[row], about->capabilities[i]) != 0)
            row++;
        if (row == sizeof known / sizeof known[0])
            taker_break(taker, "capability %s is not known here",
                        about->capabilities[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(about->capabilities[i], about->capabilities[j]) == 0)
                taker_break(taker, "capability %s is listed twice",
                            about->capabilities[i]);
    }
}

static void check_about(struct taker *taker, const struct esim_about *about)
{
    if (strcmp(about->magic, ESIM_MAGIC) != 0)
        taker_break(taker, "magic is \"%s\", not \"%s\"", about->magic, ESIM_MAGIC);
    if (about->abi != ESIM_ABI)
        taker_break(taker, "ABI is %u, this host's is %u", about->abi, ESIM_ABI);
    if (about->name[0] < 'a' || about->name[0] > 'z')
        taker_break(taker, "name %s does not begin with a letter", about->name);
    if (about->state_oldest > about->state_newest || about->state_newest == 0)
        taker_break(taker, "state versions are %u to %u", about->state_oldest,
                    about->state_newest);
    check_capabilities(taker, about);
}

static uint32_t take_sessions(struct taker *taker, struct cell_session *ret,
                              uint32_t most)
{
    uint32_t count = (uint32_t)take_number(taker, "session count", 0, SESSIONS_MAX);
    for (uint32_t i = 0; i < count && !taker->broken; i++) {
        struct cell_session session = { 0 };
        take_fixed(taker, "session name", TEXT_NAME, 1, session.name,
                   sizeof session.name);
        session.header_bytes = (uint32_t)take_number(taker, "session header bytes", 1,
                                                     HEADER_BYTES_CAP);
        if (i < most)
            ret[i] = session;
    }
    return count < most ? count : most;
}

bool about_decode(struct slice payload, struct esim_about *ret,
                  struct cell_session *ret_sessions, uint32_t most, uint32_t *ret_count,
                  struct err *err)
{
    struct taker taker = taker_of(payload, NULL, err);
    struct esim_about about = { .size = sizeof about };
    take_fixed(&taker, "magic", TEXT_NAME, 1, about.magic, sizeof about.magic);
    about.abi = wire_u32(&taker.reader);
    take_fixed(&taker, "name", TEXT_NAME, 1, about.name, sizeof about.name);
    take_fixed(&taker, "version", TEXT_WORDS, 1, about.version, sizeof about.version);
    take_fixed(&taker, "summary", TEXT_WORDS, 0, about.summary, sizeof about.summary);
    about.state_oldest = wire_u32(&taker.reader);
    about.state_newest = wire_u32(&taker.reader);
    take_list(&taker, "capability", TEXT_NAME, about.capabilities[0],
              ESIM_CAPABILITY_SIZE, ESIM_CAPABILITY_MAX);
    take_list(&taker, "ability", TEXT_WORDS, about.abilities[0], ESIM_ABILITY_SIZE,
              ESIM_ABILITY_MAX);
    *ret_count = take_sessions(&taker, ret_sessions, most);
    if (!taker.reader.failed)
        check_about(&taker, &about);
    if (!taker_done(&taker))
        return err_wrap(err, "description");
    *ret = about;
    return true;
}
