#include "order_rig.h"

/* ---- people ---- */

struct cancelling {
    const char *id;
    int64_t version;
};

static bool run_cancel(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    struct cancelling *it = arg;
    struct order_actor actor = { .tenant = "acme", .subject = "key:test" };
    (void)rig;
    return order_cancel(db, &actor, it->id, it->version, err);
}

static void an_order_not_begun_is_cancelled_at_once(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    struct cancelling stale = { order.id, 99 }, fresh = { order.id, 1 };
    CHECK(!rig_write(&rig, run_cancel, &stale, &err));
    CHECK_INT(err.code, ERR_STALE);
    CHECK(rig_write(&rig, run_cancel, &fresh, &err));
    CHECK_TEXT(rig_state(&rig, order.id), "cancelled");
    CHECK(rig_claim(&rig, "one", 10) == NULL);
    struct cancelling again = { order.id, -1 };
    CHECK(!rig_write(&rig, run_cancel, &again, &err));
    CHECK_INT(err.code, ERR_CONFLICT);
    rig_close(&rig);
}

static void a_running_step_ends_before_the_order_is_taken_back(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    struct claim *running = rig_claim(&rig, "one", 1);
    struct cancelling it = { order.id, -1 };
    CHECK(rig_write(&rig, run_cancel, &it, &err));
    CHECK_TEXT(rig_state(&rig, order.id), "assessingCancellation");
    struct rig_end end = { running, ESIM_DONE, RIG_ORDERED, "" };
    CHECK(rig_write(&rig, rig_run_end, &end, &err));
    CHECK_TEXT(rig_state(&rig, order.id), "pendingCancellation");
    CHECK(rig_play(&rig, ESIM_DONE, "{}"));
    CHECK_TEXT(rig_state(&rig, order.id), "cancelled");
    claim_free(&running);
    rig_close(&rig);
}

static void a_completed_order_the_carrier_keeps_stays_completed(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_CONFIRMED));
    CHECK(rig_play(&rig, ESIM_DONE, "{}"));
    struct cancelling it = { order.id, -1 };
    CHECK(rig_write(&rig, run_cancel, &it, &err));
    CHECK_TEXT(rig_state(&rig, order.id), "pendingCancellation");
    CHECK(rig_play(&rig, ESIM_REFUSED, NULL));
    CHECK_TEXT(rig_state(&rig, order.id), "completed");
    rig_close(&rig);
}

struct resolving {
    const char *id;
    enum order_resolution resolution;
    const char *result;
};

static bool run_resolve(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    struct resolving *it = arg;
    struct order_actor actor = { .tenant = "acme", .subject = "key:person" };
    json_t *result = it->result == NULL ? NULL : json_read(slice_of(it->result), NULL);
    bool ok = order_resolve(db, &actor, rig->sealer, it->id, -1, it->resolution, result,
                            err);
    json_decref(result);
    return ok;
}

static void a_person_decides_what_became_of_an_unknown_step(void)
{
    static const struct {
        enum order_resolution resolution;
        const char *result;
        const char *state;
        const char *next;
    } rows[] = {
        { ORDER_STEP_DONE, RIG_ORDERED, "inProgress", "profile.confirm" },
        { ORDER_STEP_NOT_DONE, NULL, "inProgress", "profile.order" },
        { ORDER_GIVE_UP, NULL, "failed", NULL },
    };
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        struct rig_order order;
        struct err err = ERR_INIT;
        rig_open(&rig);
        CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
        struct resolving it = { order.id, rows[i].resolution, rows[i].result };
        CHECK(!rig_write(&rig, run_resolve, &it, &err));
        CHECK_INT(err.code, ERR_CONFLICT);
        CHECK(rig_play(&rig, ESIM_UNKNOWN, NULL));
        CHECK_TEXT(rig_state(&rig, order.id), "held");
        CHECK(rig_claim(&rig, "one", 1) == NULL);
        CHECK(rig_write(&rig, run_resolve, &it, &err));
        CHECK_TEXT(rig_state(&rig, order.id), rows[i].state);
        struct claim *next = rig_claim(&rig, "one", 1);
        CHECK((next != NULL) == (rows[i].next != NULL));
        if (next != NULL)
            CHECK_TEXT(next->capability, rows[i].next);
        claim_free(&next);
        rig_close(&rig);
    }
}

TESTS("order_people", CASE(an_order_not_begun_is_cancelled_at_once),
      CASE(a_running_step_ends_before_the_order_is_taken_back),
      CASE(a_completed_order_the_carrier_keeps_stays_completed),
      CASE(a_person_decides_what_became_of_an_unknown_step))
