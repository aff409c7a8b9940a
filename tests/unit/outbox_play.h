/* outbox_play.h - one operation that waits under a key, played against the outbox. */
#ifndef TESTS_OUTBOX_PLAY_H
#define TESTS_OUTBOX_PLAY_H

#include "order_rig.h"

/* ---- one transaction each ---- */

struct delivery {
    const struct outbox_origin *origin;
    const char *key, *text;
};

static inline bool run_deliver(struct db *db, struct rig *rig, void *arg,
                               struct err *err)
{
    const struct delivery *it = arg;
    return outbox_deliver(db, rig->sealer, it->origin, it->key, slice_of(it->text),
                          clock_wall_ms() + 60000, err);
}

static inline void deliver(struct rig *rig, const struct outbox_origin *origin,
                           const char *text)
{
    struct delivery it = { origin, "key-1", text };
    struct err err = ERR_INIT;
    CHECK(rig_write(rig, run_deliver, &it, &err));
}

static inline bool run_wait(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    static const struct slice state = { "{\"n\":2}", 7 };
    struct outbox_wait wait = { .due_ms = clock_wall_ms() + 60000,
                                .event = ESIM_SILENCE,
                                .count = OUTBOX_FORWARD,
                                .wait_key = "key-1",
                                .state = &state,
                                .state_version = 1,
                                .sealer = rig->sealer };
    return outbox_wait(db, arg, &wait, err);
}

static inline void await(struct rig *rig, struct claim *claim)
{
    struct err err = ERR_INIT;
    CHECK(rig_write(rig, run_wait, claim, &err));
}

struct submitted {
    struct claim *claim;
    int64_t repeat;
    bool own_lines, querying;
    const char *only_later_key;
};

/* As op_submit.c: stored, handed to a session, and then it waits. */
static inline bool run_submit(struct db *db, struct rig *rig, void *arg,
                              struct err *err)
{
    const struct submitted *it = arg;
    struct outbox_action action = { .action_id = "a1",
                                    .exchange = "submit",
                                    .repeat = it->repeat,
                                    .action = SLICE_LITERAL("payload"),
                                    .state = SLICE_LITERAL("{}"),
                                    .state_version = 1,
                                    .querying = it->querying,
                                    .only_later_key = it->only_later_key,
                                    .own_lines = it->own_lines,
                                    .lease_until_ms = clock_wall_ms() + 30000,
                                    .sealer = rig->sealer };
    struct outbox_wait wait = { .due_ms = clock_wall_ms() + 60000,
                                .event = ESIM_SILENCE,
                                .keep_action = true,
                                .wait_key = "key-1",
                                .own_lines = it->own_lines,
                                .querying = it->querying };
    return outbox_store_action(db, it->claim, &action, err) &&
           outbox_wait(db, it->claim, &wait, err);
}

static inline void submit(struct rig *rig, int64_t repeat, bool own_lines)
{
    struct err err = ERR_INIT;
    struct submitted it = { rig_claim(rig, "one", 1), repeat, own_lines, false, NULL };
    CHECK_FATAL(it.claim != NULL);
    CHECK(rig_write(rig, run_submit, &it, &err));
    claim_free(&it.claim);
}

/* ---- what is told ---- */

static inline void begin(struct rig *rig)
{
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(rig);
    CHECK_FATAL(rig_accept(rig, "k1", "d", NULL, &order, &err));
}

/* The only due operation is told this; `message` may be NULL. */
static inline void is_told(struct rig *rig, int64_t event, const char *message)
{
    struct claim *claim = rig_claim(rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->event, event);
    if (message != NULL)
        CHECK(slice_is(slice_bytes(claim->message, claim->message_size), message));
    CHECK_INT(claim->action_size, event == ESIM_MESSAGE ? 0 : strlen("payload"));
    claim_free(&claim);
}

static inline bool nobody_is_due(struct rig *rig)
{
    struct claim *claim = rig_claim(rig, "one", 1);
    bool none = claim == NULL;
    claim_free(&claim);
    return none;
}

#endif
