/* sandbox.h - what every side of the sandbox shares, and the table of sides.
 *
 * A side is one kind of carrier (smdp, soap, smsc, mytel, graph): a file with a
 * row in sides.c. The shared part owns the loop, the control routes below
 * /sandbox/, the ledger of effects, the faults on demand and the delays.
 *
 * Threads  One loop, one thread. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/err.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/http_server.h"

#include "options.h"

struct delays;
struct faults;
struct ledger;
struct line_rules;

enum { SANDBOX_URL_SIZE = 1024 };

struct sandbox {
    const struct sandbox_options *options;
    struct loop *loop;
    struct ledger *ledger;
    struct faults *faults;
    struct delays *delays;
    struct http_client *client; /* For calls to the host. */
    const struct http_identity *identity;
    char callback[SANDBOX_URL_SIZE]; /* The host, without the side's path. "": none. */
};

/* What a side gives. `state` is what its open() made. */
struct sandbox_side {
    const char *name;
    const char *text;     /* One line of help. */
    bool takes_strangers; /* Callers show no client certificate. */

    bool (*open)(struct sandbox *sandbox, void **ret_state, struct err *err);
    void (*close)(void **state);

    /* Kept connections (line.h) instead of HTTP; NULL: HTTP. The routes below
     * /sandbox/ of such a side are at --control only. */
    const struct line_rules *line;

    /* A request that is not below /sandbox/. Answers now or later. NULL with `line`. */
    void (*serve)(void *state, struct http_exchange *exchange);

    /* A request below /sandbox/ that the shared part does not know. False: neither does
     * the side. */
    bool (*control)(void *state, struct http_exchange *exchange);
};

extern const struct sandbox_side graph_side;
extern const struct sandbox_side mytel_side;
extern const struct sandbox_side smdp_side;
extern const struct sandbox_side smsc_side;
extern const struct sandbox_side soap_side;

extern const struct sandbox_side *const sandbox_sides[];
extern const size_t sandbox_side_count;

#endif
