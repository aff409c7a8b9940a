#include "delay.h"

#include <stdlib.h>

enum {
    HEAD_BYTES = 4096, /* More than any head we write. */
    CUT_MS = 5
};

struct delays {
    struct loop *loop;
    struct waiting *first;
};

struct waiting {
    struct delays *delays;
    struct waiting *previous, *next;
    struct loop_timer *timer;
    struct http_exchange *exchange;
    struct answer answer;
};

struct delays *delays_create(struct loop *loop)
{
    struct delays *delays = calloc(1, sizeof *delays);
    if (delays != NULL)
        delays->loop = loop;
    return delays;
}

static void answer_now(struct delays *delays, struct http_exchange *exchange,
                       const struct answer *answer)
{
    static const struct answer nothing = { .cut = ANSWER_NONE };
    const struct http_reply *reply = &answer->reply;
    switch (answer->cut) {
    case ANSWER_WHOLE:
        http_answer(exchange, reply);
        return;
    case ANSWER_HALF: /* The server writes when the handler has returned: cut after. */
        http_stream_start(exchange, reply, reply->body.size + HEAD_BYTES);
        http_stream_write(exchange, slice_bytes(reply->body.ptr, reply->body.size / 2));
        delays_answer(delays, exchange, &nothing, CUT_MS);
        return;
    default:
        http_exchange_cut(exchange);
    }
}

/* Takes it out of the list and answers. */
static void finish(void *arg)
{
    struct waiting *waiting = arg;
    if (waiting->previous != NULL)
        waiting->previous->next = waiting->next;
    else
        waiting->delays->first = waiting->next;
    if (waiting->next != NULL)
        waiting->next->previous = waiting->previous;
    loop_timer_destroy(&waiting->timer);
    answer_now(waiting->delays, waiting->exchange, &waiting->answer);
    free(waiting);
}

void delays_flush(struct delays *delays)
{
    while (delays->first != NULL)
        finish(delays->first);
}

void delays_destroy(struct delays **delays)
{
    if (*delays == NULL)
        return;
    delays_flush(*delays);
    free(*delays);
    *delays = NULL;
}

void delays_answer(struct delays *delays, struct http_exchange *exchange,
                   const struct answer *answer, int64_t after_ms)
{
    struct waiting *waiting = after_ms > 0 ? calloc(1, sizeof *waiting) : NULL;
    if (waiting != NULL)
        waiting->timer = loop_timer_create(delays->loop, finish, waiting);
    if (waiting == NULL || waiting->timer == NULL) {
        free(waiting);
        answer_now(delays, exchange, answer);
        return;
    }
    waiting->delays = delays;
    waiting->exchange = exchange;
    waiting->answer = *answer;
    waiting->next = delays->first;
    if (delays->first != NULL)
        delays->first->previous = waiting;
    delays->first = waiting;
    loop_timer_set(waiting->timer, after_ms);
}
