/* policy.h - asks the operator's signed Lua what may be done and who serves it.
 *
 * A policy is one signed revision of the files rbac.lua and routing.lua, running in
 * policy cells of its own per loop: one decides, and a spare takes over what waits
 * behind a decision that takes long. Functions (policies/README.md): authorize(request)
 * and route(order, adapters), each returning a decision and a reason. Fail closed: a
 * cell that crashes, hangs or answers nonsense is a refusal with ERR_UNAVAILABLE, never
 * an allow.
 *
 * Threads  The loop's. policy_image is immutable and shared. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "cell/cell.h"
#include "loop/loop.h"
#include "manifest/manifest.h"

/* A verified revision: the manifest (kind policy) with its sealed files. It lives as
 * long as anyone keeps a reference; create gives the first. [any thread] */
struct policy_image;
struct policy_image *policy_image_create(struct manifest *manifest); /* Given. */
struct policy_image *policy_image_keep(struct policy_image *image);
void policy_image_drop(struct policy_image **image);
const struct manifest *policy_image_manifest(const struct policy_image *image);
int64_t policy_image_revision(const struct policy_image *image);
const char *policy_image_digest(const struct policy_image *image);

/* `limits`: memory_bytes is the script's memory, cpu_ms and wall_ms those of one
 * decision. A loop in a script ends earlier, with an error that names its line
 * (POLICY_INSTRUCTIONS_PER_MS); the deadlines end what that cannot. */
enum { POLICY_INSTRUCTIONS_PER_MS = 20000 };
struct policy;
struct policy *policy_create(struct loop *loop, struct policy_image *image,
                             const char *cell_program, const struct cell_limits *limits,
                             struct err *err);
void policy_destroy(struct policy **policy); /* Open questions end failed, first. */

/* A cell is up, and its files define the functions named above. */
bool policy_is_ready(const struct policy *policy);

/* Why it is not: the last death, or what the files lack. "" when nothing went wrong. */
const char *policy_trouble(const struct policy *policy);

/* No question is open. */
bool policy_is_idle(const struct policy *policy);

/* What was decided. Borrowed during the callback. */
struct policy_decision {
    bool allow;          /* authorize: may. route: an adapter was chosen. */
    const char *reason;  /* The script's sentence, or ours when it failed. */
    const char *adapter; /* route only: the chosen adapter's name; NULL otherwise. */
    int64_t revision;
    char id[ID_SIZE];      /* A new id for the record. */
    char input_digest[65]; /* SHA-256 of the arguments' sorted JSON. */
    struct slice input;    /* The arguments as JSON, for the decision's record. */
    struct slice result;   /* The script's whole answer as JSON (a route's candidates
                              are in it); empty when it failed. */
    bool failed;           /* The script or its cell failed: refuse with 503. */
};

/* A part of the arguments that comes with many questions, such as the adapters: its text
 * is written once. Takes the place of the one kept before; it must not change. */
void policy_keep(struct policy *policy, const json_t *part);

typedef void (*policy_done)(void *arg, const struct policy_decision *decision);

/* `function` "authorize" or "route"; `args` a JSON array, kept by reference until `done`:
 * it must not be changed before. `done` later, never from inside. */
void policy_ask(struct policy *policy, const char *function, const json_t *args,
                policy_done done, void *arg);

#endif
