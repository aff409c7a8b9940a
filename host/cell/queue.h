/* queue.h - the calls of one cell, in order: sent ones first, then waiting ones.
 *
 * One allocation a call holds everything: the frame as it goes onto the socket stands
 * behind the record. Answers come in the order of the calls, so the head is always the
 * one being answered. */
#ifndef CELL_QUEUE_H
#define CELL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/slice.h"
#include "cell/cell.h"

struct call {
    struct call *next;
    uint64_t number;
    cell_done done; /* NULL: forgotten. */
    void *arg;
    size_t size; /* Of the frame. */
    uint8_t frame[];
};

struct queue {
    struct call *head, **tail;
    struct call *unsent; /* The first that is not wholly on the socket. */
    size_t unsent_at;    /* Bytes of it that are. */
    size_t count, sent;  /* All; those before `unsent`. */
    size_t sent_bytes;
};

void queue_init(struct queue *queue);

/* NULL when memory is short. */
struct call *queue_add(struct queue *queue, enum wire_kind kind, uint64_t number,
                       struct slice payload, cell_done done, void *arg);

/* Takes the head out; the caller frees it. NULL when empty. */
struct call *queue_take(struct queue *queue);

/* Waiting calls are removed, sent ones lose their `done`. */
void queue_forget(struct queue *queue, uint64_t number);

/* What to write next, at most `most` parts, so that no more than `window_bytes` and
 * `window_calls` are ahead; then how much of it was written. */
int queue_parts(const struct queue *queue, size_t window_bytes, size_t window_calls,
                struct iovec *ret, int most);
void queue_wrote(struct queue *queue, size_t bytes);

/* The process has at least the beginning of a call. */
bool queue_is_begun(const struct queue *queue);

/* The process is gone: everything is to be sent again, but what nobody waits for. */
void queue_rewind(struct queue *queue);

#endif
