/* adapter.h - one loaded version of an adapter: manifest, settings, cell, health.
 *
 * Everything here happens on the engine's loop. What other threads may know of adapters
 * is in directory.h.
 *
 * Threads  The engine's loop. */
#ifndef ADAPTER_ADAPTER_H
#define ADAPTER_ADAPTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "adapter/adapter_conf.h"
#include "adapter/breaker.h"
#include "adapter/credentials.h"
#include "adapter/oauth2_token.h"
#include "base/arena.h"
#include "base/err.h"
#include "cell/cell.h"
#include "conf/settings.h"
#include "esim/flow.h"
#include "esim/inbound.h"
#include "loop/loop.h"
#include "manifest/manifest.h"

struct adapter;

/* Takes both (given): also on failure. The first process is spawned at once; the adapter
 * is ready when its cell has said so and its description fits the manifest. */
struct adapter *adapter_create(struct loop *loop, const struct settings *settings,
                               struct manifest *manifest, struct adapter_conf *conf,
                               void (*changed)(void *arg), void *arg, struct err *err);
void adapter_destroy(struct adapter **adapter);

const struct manifest *adapter_manifest(const struct adapter *adapter);
const struct adapter_conf *adapter_conf_of(const struct adapter *adapter);
struct cell *adapter_cell(struct adapter *adapter);

enum adapter_connection {
    ADAPTER_UNKNOWN, /* Nothing was sent yet. */
    ADAPTER_UP,      /* Sessions are bound; the last exchange was answered. */
    ADAPTER_DOWN
};

/* How it is; of carriers, what the default view has met. `reason` is "" or a sentence. */
struct adapter_health {
    bool ready;   /* Described itself, settings checked: steps may be asked. */
    bool healthy; /* ready, its cell is not failing, and the carrier lets us in. */
    char reason[200];
    int64_t last_success_ms; /* Wall; 0 = none yet. */
    char last_error[64];     /* A problem's code; "" = none. */
    int64_t last_error_ms;   /* Wall; 0 = none yet. */
    bool unauthorised;       /* The carrier refused our credentials. */
    enum adapter_connection connection;
};
void adapter_read_health(const struct adapter *adapter, struct adapter_health *ret);

/* "up", "down", "unknown", or "refused" */
const char *adapter_connection_name(const struct adapter_health *health);

/* The engine tells how exchanges, operations and the default view's connection are. */
void adapter_note_success(struct adapter *adapter);
void adapter_note_problem(struct adapter *adapter, const char *code);
void adapter_note_connection(struct adapter *adapter, bool is_up);

/* Whose fault a problem's code is: "connection", "unauthorised", "adapter", "carrier";
 * "" for "". */
const char *adapter_problem_class(const char *code);

/* Credentials of a tenant's view in a use (credentials.h). True: it is news, to be told
 * once. */
bool adapter_note_refused(struct adapter *adapter, const char *tenant, const char *use,
                          const char *reason);
bool adapter_note_accepted(struct adapter *adapter, const char *tenant,
                           const char *use);

/* NULL: it may be tried now. */
const struct refusal *adapter_stop(struct adapter *adapter, const char *tenant,
                                   const char *use);
const struct refusal *adapter_refusals(const struct adapter *adapter); /* The first. */

/* `fresh` is about to serve instead of `old`: what is known of carriers stays known. */
void adapter_take_over(struct adapter *fresh, const struct adapter *old);

/* The header_bytes of the object's session of that name; 0: not described yet, or it has
 * none. */
uint32_t adapter_session_header(const struct adapter *adapter, const char *name);

/* The engine tells how the kept sessions are: `trouble` is "" or a sentence that makes
 * the adapter unhealthy, `show` (given) a JSON array for people. */
void adapter_note_sessions(struct adapter *adapter, const char *trouble, json_t *show);
json_t *adapter_sessions(const struct adapter *adapter); /* Borrowed; may be NULL. */

/* One flow step in the cell. `step` is borrowed during this call only. `done` is called
 * later; the answer is decoded, checked and borrowed during it; NULL answer: `end` and
 * `reason` say why (crash, hang, garbage ...). */
typedef void (*adapter_step_done)(void *arg, const struct esim_answer *answer,
                                  enum cell_end end, const char *reason);
void adapter_step(struct adapter *adapter, const struct esim_step *step,
                  adapter_step_done done, void *arg);

typedef void (*adapter_inbound_done)(void *arg, const struct esim_response *response,
                                     enum cell_end end, const char *reason);
void adapter_inbound(struct adapter *adapter, const struct esim_request *request,
                     adapter_inbound_done done, void *arg);

/* The breaker of one tenant's place (breaker.h); made on first use. */
struct breaker *adapter_breaker(struct adapter *adapter, const char *tenant,
                                const char *place);

/* The access tokens of its endpoints (oauth2_token.h). */
struct oauth2_tokens *adapter_tokens(struct adapter *adapter);

/* Operations being carried out now, against manifest->in_flight. */
int64_t adapter_in_flight(const struct adapter *adapter);
void adapter_take_slot(struct adapter *adapter);
void adapter_free_slot(struct adapter *adapter);

#endif
