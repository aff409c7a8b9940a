/* session_state.h - what a session remembers from step to step, and how that is stored.
 *
 * It is bounded by the window: WINDOW_MOST requests at most. */
#ifndef MYTEL_SESSION_STATE_H
#define MYTEL_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings.h"
#include "wire_sha256.h"

enum phase {
    PHASE_HELLO = 1, /* HELLO was sent. */
    PHASE_LOGIN = 2, /* LOGIN was sent. */
    PHASE_OPEN = 3,
    PHASE_OVER = 4 /* Closing: nothing is read or written any more. */
};

enum { ID_BYTES = 16, NONCE_BYTES = 32 };

/* A request without a reply. */
struct waiting {
    uint32_t sequence; /* Of its frame. */
    int64_t sent_ms;
    uint8_t id[ID_BYTES];
};

struct session_state {
    uint8_t phase;
    uint32_t sent;     /* Sequence of the last frame we wrote. */
    uint32_t received; /* And of the last one we read. */
    int64_t sent_ms, received_ms;
    int64_t until_ms; /* Of the login. */
    int64_t timer_ms; /* When we asked to be called; 0: never. */
    uint32_t frame_most;
    uint16_t window, heartbeat_s, answer_s;
    uint8_t client_nonce[NONCE_BYTES];
    uint8_t server_proof[SHA256_BYTES]; /* What WELCOME must say. */
    size_t count;
    struct waiting waiting[WINDOW_MOST];
};

/* The most bytes that a state takes. */
enum {
    SESSION_FIXED_BYTES = 1 + 2 * 4 + 4 * 8 + 4 + 3 * 2 + NONCE_BYTES + SHA256_BYTES +
                          2,
    SESSION_WAITING_BYTES = 4 + 8 + ID_BYTES,
    SESSION_BYTES_MOST = SESSION_FIXED_BYTES + WINDOW_MOST * SESSION_WAITING_BYTES
};

/* Its size in bytes. */
size_t mytel_state_write(const struct session_state *state,
                         uint8_t ret[SESSION_BYTES_MOST]);

/* False when the bytes are none that mytel_state_write gave. */
bool mytel_state_read(const void *bytes, size_t size, struct session_state *ret);

/* The request that a frame with this sequence was; NULL: none that waits. */
struct waiting *mytel_state_find(struct session_state *state, uint32_t sequence);
void mytel_state_forget(struct session_state *state, struct waiting *waiting);

#endif
