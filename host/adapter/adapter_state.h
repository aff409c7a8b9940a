/* adapter_state.h - the inside of struct adapter, for the files that are the adapter.
 *
 * adapter.c         its life, the handshake with its cell
 * adapter_health.c  how it is, and what it learns of its carrier */
#ifndef ADAPTER_ADAPTER_STATE_H
#define ADAPTER_ADAPTER_STATE_H

#include "adapter/adapter.h"
#include "adapter/credentials.h"
#include "cell/step_codec.h"

enum { ADAPTER_PATH_SIZE = 512, ADAPTER_SESSIONS_MAX = 8 };

struct place_breaker {
    struct place_breaker *next;
    struct breaker breaker;
    const char *tenant; /* The view's own text. */
    const char *place;
};

struct adapter {
    struct manifest *manifest;
    struct adapter_conf *conf;
    struct cell *cell;
    struct cell_file file;
    char program[ADAPTER_PATH_SIZE];
    char title[96];
    struct adapter_health health;
    struct credentials credentials;
    struct place_breaker *breakers;
    struct oauth2_tokens *tokens;
    int64_t in_flight;
    bool described;         /* The running cell's description fits. */
    unsigned views_checked; /* Settings checks answered since the cell came up. */
    struct cell_session
        offered[ADAPTER_SESSIONS_MAX]; /* As the object describes itself. */
    char trouble[160];                 /* Of its kept sessions. */
    json_t *sessions;
    void (*changed)(void *arg);
    void *arg;
};

/* ---- adapter_health.c ---- */

/* Tells others when something is another. */
void adapter_set_health(struct adapter *adapter, bool ready, bool healthy,
                        const char *reason);
/* Its cell is fine; is it let in, and are its sessions up? */
void adapter_judge_health(struct adapter *adapter);

#endif
