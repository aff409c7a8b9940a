/* A member a time, each in its fixed width: the order below is the stored form, for both
 * directions. */
#include "session_state.h"

#include <string.h>

#include "wire_bytes.h"

/* One walk over the members serves reading and writing. */
struct walk {
    uint8_t *to;         /* Writing; NULL when reading. */
    const uint8_t *from; /* Reading. */
    size_t at, size;
    bool ok;
};

static void walk_number(struct walk *walk, uint64_t *number, size_t size)
{
    if (walk->size - walk->at < size) {
        walk->ok = false;
        return;
    }
    if (walk->to != NULL)
        be_put(walk->to + walk->at, *number, size);
    else
        *number = be_get(walk->from + walk->at, size);
    walk->at += size;
}

static void walk_bytes(struct walk *walk, uint8_t *bytes, size_t size)
{
    if (walk->size - walk->at < size) {
        walk->ok = false;
        return;
    }
    if (walk->to != NULL)
        memcpy(walk->to + walk->at, bytes, size);
    else
        memcpy(bytes, walk->from + walk->at, size);
    walk->at += size;
}

#define WALK(walk, member, type)                    \
    do {                                            \
        uint64_t number = (uint64_t)(member);       \
        walk_number((walk), &number, sizeof(type)); \
        (member) = (type)number;                    \
    } while (0)

static void walk_waiting(struct walk *walk, struct waiting *waiting)
{
    WALK(walk, waiting->sequence, uint32_t);
    WALK(walk, waiting->sent_ms, int64_t);
    walk_bytes(walk, waiting->id, sizeof waiting->id);
}

static void walk_all(struct walk *walk, struct session_state *state)
{
    WALK(walk, state->phase, uint8_t);
    WALK(walk, state->sent, uint32_t);
    WALK(walk, state->received, uint32_t);
    WALK(walk, state->sent_ms, int64_t);
    WALK(walk, state->received_ms, int64_t);
    WALK(walk, state->until_ms, int64_t);
    WALK(walk, state->timer_ms, int64_t);
    WALK(walk, state->frame_most, uint32_t);
    WALK(walk, state->window, uint16_t);
    WALK(walk, state->heartbeat_s, uint16_t);
    WALK(walk, state->answer_s, uint16_t);
    walk_bytes(walk, state->client_nonce, sizeof state->client_nonce);
    walk_bytes(walk, state->server_proof, sizeof state->server_proof);
    WALK(walk, state->count, uint16_t);
    walk->ok = walk->ok && state->count <= WINDOW_MOST;
    for (size_t i = 0; walk->ok && i < state->count; i++)
        walk_waiting(walk, &state->waiting[i]);
}

size_t mytel_state_write(const struct session_state *state,
                         uint8_t ret[SESSION_BYTES_MOST])
{
    struct session_state copy = *state; /* The walk may write to what it walks over. */
    struct walk walk = { .to = ret, .size = SESSION_BYTES_MOST, .ok = true };
    walk_all(&walk, &copy);
    return walk.ok ? walk.at : 0;
}

bool mytel_state_read(const void *bytes, size_t size, struct session_state *ret)
{
    struct walk walk = { .from = bytes, .size = size, .ok = true };
    memset(ret, 0, sizeof *ret);
    walk_all(&walk, ret);
    return walk.ok && walk.at == size && ret->phase >= PHASE_HELLO &&
           ret->phase <= PHASE_OVER;
}

struct waiting *mytel_state_find(struct session_state *state, uint32_t sequence)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->waiting[i].sequence == sequence)
            return &state->waiting[i];
    return NULL;
}

void mytel_state_forget(struct session_state *state, struct waiting *waiting)
{
    *waiting = state->waiting[--state->count];
}
