/* step_codec.h - steps, answers and requests of the ABI as payloads of wire.h.
 *
 * Both directions are here, used by the host and by the adapter cell, so they cannot
 * drift apart. Decoding borrows from the payload; `alloc`ed arrays come from the arena.
 * Decoding an answer checks every enum, count, size and the rules of flow.h (one action,
 * a result only with DONE ...): the host treats a cell as hostile. */
#ifndef CELL_STEP_CODEC_H
#define CELL_STEP_CODEC_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "esim/adapter.h"
#include "esim/flow.h"
#include "esim/inbound.h"
#include "esim/session.h"

void step_encode(const struct esim_step *step, struct buf *ret);
bool step_decode(struct slice payload, struct arena *arena, struct esim_step *ret,
                 struct err *err);

void answer_encode(const struct esim_answer *answer, struct buf *ret);
bool answer_decode(struct slice payload, struct arena *arena, struct esim_answer *ret,
                   struct err *err);

/* A session's state is opaque to the host; inside, the cell puts the version that wrote
 * it in front (u32), so that a newer version of the adapter knows what it reads. */
enum { SESSION_STATE_HEAD_BYTES = 4 };

void session_step_encode(struct slice session, const struct esim_session_step *step,
                         struct buf *ret);
bool session_step_decode(struct slice payload, struct slice *ret_session,
                         struct esim_session_step *ret, struct err *err);

void session_answer_encode(const struct esim_session_answer *answer, struct buf *ret);
bool session_answer_decode(struct slice payload, struct arena *arena,
                           struct esim_session_answer *ret, struct err *err);

void request_encode(const struct esim_request *request, struct buf *ret);
bool request_decode(struct slice payload, struct arena *arena, struct esim_request *ret,
                    struct err *err);

void response_encode(const struct esim_response *response, struct buf *ret);
bool response_decode(struct slice payload, struct arena *arena,
                     struct esim_response *ret, struct err *err);

/* READY of an adapter cell: the descriptor, then the names and header sizes of its
 * sessions. `sessions` is filled with pairs (name, header_bytes) up to `most`. */
struct cell_session {
    char name[ESIM_NAME_SIZE];
    uint32_t header_bytes;
};
void about_encode(const struct esim_about *about, const struct cell_session *sessions,
                  uint32_t count, struct buf *ret);
bool about_decode(struct slice payload, struct esim_about *ret,
                  struct cell_session *ret_sessions, uint32_t most, uint32_t *ret_count,
                  struct err *err);

#endif
