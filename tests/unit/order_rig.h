/* order_rig.h - a store in a scratch folder and short ways to play an order through it. */
#ifndef TESTS_ORDER_RIG_H
#define TESTS_ORDER_RIG_H

#include "check.h"
#include "scratch.h"

#include "base/clock.h"
#include "base/json.h"
#include "crypto/seal.h"
#include "esim/flow.h"
#include "order/order.h"
#include "order/order_advance.h"
#include "order/outbox_message.h"
#include "profile/profile_store.h"
#include "store/store.h"

#define RIG_START_MS INT64_C(1767225600000)

struct rig {
    struct scratch scratch;
    struct store *store;
    struct sealer *sealer;
    struct manifest manifest;
    char *capabilities[4];
};

/* A carrier that offers everything of profile.provision. */
static inline void rig_open(struct rig *rig)
{
    static const char key[33] = "0123456789abcdef0123456789abcdef";
    struct store_limits limits = { .batch = 64, .queue = 1024, .cache_kb = 1024 };
    struct err err = ERR_INIT;
    *rig = (struct rig){ .capabilities = { "profile.order", "profile.confirm",
                                           "profile.release", "profile.cancel" } };
    rig->manifest.name = "atom";
    rig->manifest.capabilities = rig->capabilities;
    rig->manifest.capabilities_count = 4;
    clock_set_for_test(RIG_START_MS);
    CHECK_FATAL(scratch_make(&rig->scratch));
    rig->store = store_open(rig->scratch.dir, &limits, &err);
    rig->sealer = sealer_create(slice_bytes(key, 32), &err);
    CHECK_FATAL(rig->store != NULL && rig->sealer != NULL);
}

static inline void rig_close(struct rig *rig)
{
    store_close(&rig->store);
    sealer_destroy(&rig->sealer);
    CHECK(scratch_remove(&rig->scratch));
    clock_set_for_test(0);
}

/* ---- one transaction each ---- */

struct rig_call {
    struct rig *rig;
    void *arg;
    bool (*run)(struct db *db, struct rig *rig, void *arg, struct err *err);
};

static inline bool rig_run(struct db *db, void *arg, struct err *err)
{
    struct rig_call *call = arg;
    return call->run(db, call->rig, call->arg, err);
}

static inline bool
rig_write(struct rig *rig, bool (*run)(struct db *, struct rig *, void *, struct err *),
          void *arg, struct err *err)
{
    struct rig_call call = { rig, arg, run };
    return store_write_now(rig->store, rig_run, &call, err);
}

static inline bool rig_run_accept(struct db *db, struct rig *rig, void *arg,
                                  struct err *err)
{
    (void)rig;
    return order_accept(db, arg, err);
}

struct rig_order {
    char id[ID_SIZE];
    bool again;
};

/* An order of tenant acme for an EID; `key` is the idempotency key. */
static inline bool rig_accept(struct rig *rig, const char *key, const char *digest,
                              const char *msisdn, struct rig_order *ret,
                              struct err *err)
{
    static const char *const none[] = { NULL };
    struct order_actor actor = { .tenant = "acme",
                                 .subject = "key:test",
                                 .decision_id = "d1",
                                 .reason = "allowed by test",
                                 .policy_revision = 3 };
    struct order_request request = { .type = "profile.provision",
                                     .plan = "gold",
                                     .adapter = "atom",
                                     .eid = "89049032123451234512345678901235",
                                     .msisdn = msisdn,
                                     .confirmation_code = "CANARY-CONFIRM-7319" };
    struct order_accept accept = { .actor = &actor,
                                   .request = &request,
                                   .skipped = none,
                                   .idempotency_key = key,
                                   .route = "POST /v1/orders",
                                   .digest = digest,
                                   .sealer = rig->sealer };
    id_new(accept.id);
    bool ok = rig_write(rig, rig_run_accept, &accept, err);
    memcpy(ret->id, accept.id, sizeof ret->id);
    ret->again = accept.again;
    return ok;
}

static inline bool rig_run_claim(struct db *db, struct rig *rig, void *arg,
                                 struct err *err)
{
    (void)rig;
    return outbox_claim(db, arg, err);
}

/* Up to `most` claims by `owner` with a lease of 30 s. The caller frees them. */
static inline struct claim *rig_claim(struct rig *rig, const char *owner, int most)
{
    struct err err = ERR_INIT;
    struct outbox_claim claim = { .owner = owner,
                                  .adapter = "atom",
                                  .version = "1.0.0",
                                  .digest = "ab",
                                  .now_ms = clock_wall_ms(),
                                  .lease_ms = 30000,
                                  .step_deadline_ms = 86400000,
                                  .most = most,
                                  .sealer = rig->sealer };
    CHECK(rig_write(rig, rig_run_claim, &claim, &err));
    return claim.claims;
}

struct rig_end {
    struct claim *claim;
    int64_t outcome;
    const char *result;
    const char *reason;
};

static inline bool rig_run_end(struct db *db, struct rig *rig, void *arg,
                               struct err *err)
{
    struct rig_end *from = arg;
    json_t *result = from->result == NULL ? NULL
                                          : json_read(slice_of(from->result), NULL);
    struct step_end end = { .claim = from->claim,
                            .outcome = from->outcome,
                            .result = result,
                            .problem = from->outcome == ESIM_DONE
                                           ? NULL
                                           : "{\"code\":\"test\",\"message\":\"test\"}",
                            .reason = from->reason,
                            .manifest = &rig->manifest,
                            .sealer = rig->sealer };
    bool ok = order_advance(db, &end, err);
    json_decref(result);
    return ok;
}

/* Ends the only claimable operation with this outcome. */
static inline bool rig_play(struct rig *rig, int64_t outcome, const char *result)
{
    struct err err = ERR_INIT;
    struct claim *claim = rig_claim(rig, "one", 1);
    struct rig_end end = { claim, outcome, result, "the test says so" };
    bool ok = claim != NULL && rig_write(rig, rig_run_end, &end, &err);
    if (!ok)
        fprintf(stderr, "rig_play: %s\n", claim == NULL ? "nothing is due" : err.text);
    claim_free(&claim);
    return ok;
}

struct rig_show {
    const char *id;
    json_t *order;
};

static inline bool rig_run_show(struct db *db, struct rig *rig, void *arg,
                                struct err *err)
{
    struct rig_show *show = arg;
    return order_show(db, rig->sealer, "acme", show->id, &show->order, err);
}

/* The order's state as a text that lives until the next call. */
static inline const char *rig_state(struct rig *rig, const char *id)
{
    static char state[32];
    struct err err = ERR_INIT;
    struct rig_show show = { id, NULL };
    if (!rig_write(rig, rig_run_show, &show, &err))
        return "(not found)";
    CHECK(slice_copy(slice_of(json_text(show.order, "state")), state, sizeof state));
    json_decref(show.order);
    return state;
}

#define RIG_ORDERED "{\"iccid\":\"8995060000000000018\",\"state\":\"Linked\"}"
#define RIG_CONFIRMED \
    "{\"matching_id\":\"CANARY-MATCH-5521\",\"smdp_address\":\"smdp.example.com\"}"

#endif
