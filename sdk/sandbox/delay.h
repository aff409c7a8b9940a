/* delay.h - answers that leave later, thousands at once, and answers that are cut.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_DELAY_H
#define SANDBOX_DELAY_H

#include "loop/loop.h"
#include "net/http_server.h"

enum answer_cut {
    ANSWER_WHOLE,
    ANSWER_HALF, /* Head and half of the body, then the connection is closed. */
    ANSWER_NONE  /* The connection is closed. */
};

/* Memory: the exchange's arena, or longer. */
struct answer {
    struct http_reply reply;
    enum answer_cut cut;
};

struct delays;

struct delays *delays_create(struct loop *loop); /* NULL when memory is short. */

/* Answers all that still waits, at once. */
void delays_flush(struct delays *delays);

void delays_destroy(struct delays **delays); /* Flushes first. */

/* Answers after so many ms; 0 is now. */
void delays_answer(struct delays *delays, struct http_exchange *exchange,
                   const struct answer *answer, int64_t after_ms);

#endif
