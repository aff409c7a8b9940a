/* line.h - kept TCP connections and their frames, for sides that are no HTTP.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_LINE_H
#define SANDBOX_LINE_H

#include "base/err.h"
#include "base/slice.h"
#include "loop/loop.h"
#include "net/tls.h"

struct line; /* One connection. */

/* What a side gives. */
struct line_rules {
    size_t frame_bytes; /* Largest frame; a longer one ends the connection. */

    /* How long the first frame in `bytes` is. 0: not told yet. -1: it is none, the
     * connection is ended. */
    int64_t (*frame)(struct slice bytes);

    /* What line_note gives from now on. */
    void *(*opened)(void *state, struct line *line);
    void (*came)(void *state, struct line *line, struct slice frame);
    /* The last word of a line: it and its delayed writes are gone after this. */
    void (*closed)(void *state, struct line *line);

    /* What line_write was given leaves now: it may be changed, and this line must not be
     * written to. NULL: it leaves as it is. */
    void (*leaves)(void *state, struct line *line, void *bytes, size_t size);
};

struct line_server;

/* Listens at "HOST:PORT"; ret_address tells the port when it was 0. `tls` NULL: plain. */
struct line_server *line_server_create(struct loop *loop,
                                       const struct line_rules *rules, void *state,
                                       const char *address, struct tls_server *tls,
                                       char ret_address[64], struct err *err);
/* Cuts all connections. */
void line_server_destroy(struct line_server **server);

void *line_note(const struct line *line);

/* Sends a copy after so many ms; 0: now, in the order of the calls. */
void line_write(struct line *line, struct slice bytes, int64_t after_ms);

/* Ends the connection when all that was written has left; or at once. Nothing comes
 * from it any more; `closed` is called later, never from in here. */
void line_end(struct line *line);
void line_cut(struct line *line);

#endif
