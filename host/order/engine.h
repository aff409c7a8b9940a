/* engine.h - carries out what is due: claims, steps in cells, exchanges, results.
 *
 * One thread, one loop. Before an action leaves, its id and the operation's state are
 * stored; when a reply comes, result and next state are stored in one transaction that
 * checks the claim (epoch). A crash anywhere leaves a row from which the operation goes
 * on. Life of an operation: docs/order-life.md.
 *
 * Threads  engine_create, _start, _stop, _destroy from main; the rest says. */
#ifndef ORDER_ENGINE_H
#define ORDER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/directory.h"
#include "base/err.h"
#include "conf/settings.h"
#include "crypto/seal.h"
#include "loop/loop.h"
#include "manifest/trust.h"
#include "net/http_message.h"
#include "store/store.h"

struct engine;

struct engine_parts {
    const struct settings *settings;
    const struct trust *trust;
    const struct sealer *sealer;
    struct store *store;
    struct directory *directory; /* The engine publishes into it. */
};

struct engine *engine_create(const struct engine_parts *parts, struct err *err);

/* Loads every manifest of manifest.dir (one bad adapter is logged and shown as failed,
 * and never stops the others), recovers claims of an earlier life, starts the thread. */
bool engine_start(struct engine *engine, struct err *err);

/* Stops taking, waits for what is being stored (at most `within_ms`), joins. */
void engine_stop(struct engine *engine, int64_t within_ms);
void engine_destroy(struct engine **engine);

/* True when every loaded adapter's cell has been up once. [any thread] */
bool engine_is_ready(const struct engine *engine);

/* A carrier's call. The request is copied; `done` is posted to `reply_to` after the
 * facts are stored (or refused); `reply` is borrowed during it. The caller has already
 * checked the carrier's identity. [any thread] */
typedef void (*engine_inbound_done)(void *arg, const struct http_reply *reply,
                                    const struct err *err);
void engine_inbound(struct engine *engine, const char *adapter,
                    const struct http_request *request, const char *path,
                    struct loop *reply_to, engine_inbound_done done, void *arg);

/* Loads a newer (or the same) manifest of one adapter, or the first of a new one, as a
 * transaction: verify, spawn, handshake, settings check, swap, drain the old one. `done`
 * is posted to `reply_to` with the verdict: ok, or the old set kept and why;
 * ERR_NOT_FOUND: manifest.dir has none of that name. [any thread] */
typedef void (*engine_reload_done)(void *arg, bool ok, const char *version,
                                   const struct err *err);
void engine_reload(struct engine *engine, const char *adapter, struct loop *reply_to,
                   engine_reload_done done, void *arg);

/* Operations in memory now. [any thread] */
int64_t engine_in_flight(const struct engine *engine);

#endif
