#include "cell/queue.h"

#include <stdlib.h>
#include <string.h>

void queue_init(struct queue *queue)
{
    *queue = (struct queue){ .tail = &queue->head };
}

struct call *queue_add(struct queue *queue, enum wire_kind kind, uint64_t number,
                       struct slice payload, cell_done done, void *arg)
{
    size_t size = WIRE_HEAD_BYTES + payload.size;
    struct call *call = payload.size > UINT32_MAX ? NULL : malloc(sizeof *call + size);
    if (call == NULL)
        return NULL;
    *call = (struct call){ .number = number, .done = done, .arg = arg, .size = size };
    wire_head_write(&(struct wire_head){ .size = (uint32_t)payload.size,
                                         .kind = kind,
                                         .call = number },
                    call->frame);
    if (payload.size > 0)
        memcpy(call->frame + WIRE_HEAD_BYTES, payload.ptr, payload.size);
    *queue->tail = call;
    queue->tail = &call->next;
    if (queue->unsent == NULL)
        queue->unsent = call;
    queue->count++;
    return call;
}

struct call *queue_take(struct queue *queue)
{
    struct call *call = queue->head;
    if (call == NULL)
        return NULL;
    queue->head = call->next;
    if (queue->head == NULL)
        queue->tail = &queue->head;
    if (queue->unsent == call) {
        queue->unsent = call->next;
        queue->unsent_at = 0;
    } else {
        queue->sent--;
        queue->sent_bytes -= call->size;
    }
    queue->count--;
    return call;
}

/* Removes *link, which is not sent at all. */
static void drop(struct queue *queue, struct call **link)
{
    struct call *call = *link;
    if (queue->unsent == call)
        queue->unsent = call->next;
    *link = call->next;
    if (queue->tail == &call->next)
        queue->tail = link;
    queue->count--;
    free(call);
}

void queue_forget(struct queue *queue, uint64_t number)
{
    bool sent = true;
    for (struct call **link = &queue->head; *link != NULL; link = &(*link)->next) {
        if (*link == queue->unsent)
            sent = queue->unsent_at > 0;
        else if (!sent || queue->unsent == NULL)
            sent = queue->unsent == NULL;
        if ((*link)->number != number)
            continue;
        if (sent)
            (*link)->done = NULL;
        else
            drop(queue, link);
        return;
    }
}

int queue_parts(const struct queue *queue, size_t window_bytes, size_t window_calls,
                struct iovec *ret, int most)
{
    size_t bytes = queue->sent_bytes, calls = queue->sent;
    size_t at = queue->unsent_at;
    int count = 0;
    for (struct call *call = queue->unsent; call != NULL && count < most;
         call = call->next) {
        bool started = at > 0; /* Half a frame must be finished in any case. */
        if (!started && calls > 0 &&
            (calls >= window_calls || bytes + call->size > window_bytes))
            break;
        ret[count++] = (struct iovec){ call->frame + at, call->size - at };
        bytes += call->size;
        calls++;
        at = 0;
    }
    return count;
}

void queue_wrote(struct queue *queue, size_t bytes)
{
    while (bytes > 0) {
        size_t left = queue->unsent->size - queue->unsent_at;
        if (bytes < left) {
            queue->unsent_at += bytes;
            return;
        }
        bytes -= left;
        queue->sent++;
        queue->sent_bytes += queue->unsent->size;
        queue->unsent = queue->unsent->next;
        queue->unsent_at = 0;
    }
}

bool queue_is_begun(const struct queue *queue)
{
    return queue->sent > 0 || queue->unsent_at > 0;
}

void queue_rewind(struct queue *queue)
{
    queue->sent = queue->sent_bytes = queue->unsent_at = 0;
    queue->unsent = queue->head;
    for (struct call **link = &queue->head; *link != NULL;)
        if ((*link)->done == NULL)
            drop(queue, link);
        else
            link = &(*link)->next;
}
