/* api.h - the HTTP face of the host: listeners, threads, routes.
 *
 * N threads, each with its own loop, listening socket (SO_REUSEPORT), store reader and
 * policy cells; thread 0 also serves the Unix socket and the callback listener.
 *
 * Threads  Create, start, stop, destroy from main; the rest says. */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct api;
struct directory;
struct engine;
struct number_plan;
struct policy_image;
struct sealer;
struct settings;
struct store;
struct trust;

/* All borrowed until api_destroy. */
struct api_parts {
    const struct settings *settings;
    struct store *store;
    const struct sealer *sealer;
    struct directory *directory;
    struct engine *engine;
    const struct number_plan *numbers; /* NULL: only E.164 is read. */
    const struct trust *trust;
    struct policy_image *policy; /* That decides first. */
};

/* Checks the route table, reads the certificates, hangs itself on store_on_commit. */
struct api *api_create(const struct api_parts *parts, struct err *err);

/* After store_close: until then commits are told to it. */
void api_destroy(struct api **api);

/* Spawns policy cells, binds, starts the threads. */
bool api_start(struct api *api, struct err *err);

/* Graceful: accepts no more, lets open requests end within http.drain_ms, joins, closes
 * the readers. Before engine_stop and store_close. Also after a failed api_start. */
void api_stop(struct api *api);

/* The addresses bound, with real ports; "" when there is none. */
const char *api_address(const struct api *api);
const char *api_callback_address(const struct api *api);

/* Every thread's policy cell has been up. [any thread] */
bool api_is_ready(const struct api *api);

#endif
