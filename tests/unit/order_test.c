#include "order_rig.h"

#include "audit/audit.h"
#include "conf/file.h"
#include "order/sweep.h"

/* ---- accepting ---- */

static void an_accepted_order_shows_its_steps_and_can_be_claimed_once(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    struct rig_show show = { order.id, NULL };
    CHECK_FATAL(rig_write(&rig, rig_run_show, &show, &err));
    CHECK_TEXT(json_text(show.order, "state"), "acknowledged");
    CHECK_TEXT(json_text(show.order, "carrier"), "atom");
    CHECK_INT(json_array_size(json_object_get(show.order, "steps")), 3);
    json_decref(show.order);
    struct claim *first = rig_claim(&rig, "one", 10);
    struct claim *second = rig_claim(&rig, "two", 10);
    CHECK(first != NULL && first->next == NULL);
    CHECK(second == NULL);
    CHECK_TEXT(first->capability, "profile.order");
    CHECK_TEXT(rig_state(&rig, order.id), "inProgress");
    claim_free(&first);
    rig_close(&rig);
}

static void a_key_used_again_gives_the_same_order_or_a_refusal(void)
{
    struct rig rig;
    struct rig_order first, second;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK(rig_accept(&rig, "k1", "same", NULL, &first, &err));
    CHECK(rig_accept(&rig, "k1", "same", NULL, &second, &err));
    CHECK(!first.again && second.again);
    CHECK_TEXT(second.id, first.id);
    CHECK(!rig_accept(&rig, "k1", "other", NULL, &second, &err));
    CHECK_INT(err.code, ERR_CONFLICT);
    CHECK_TEXT(err.field, "Idempotency-Key");
    struct claim *only = rig_claim(&rig, "one", 10);
    CHECK(only != NULL && only->next == NULL);
    claim_free(&only);
    rig_close(&rig);
}

/* ---- the way forward ---- */

static bool run_reveal(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    return profile_reveal(db, rig->sealer, "acme", "8995060000000000018", arg, err);
}

static void a_plan_played_to_its_end_gives_a_code_that_only_reveal_shows(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    struct buf code, file;
    rig_open(&rig);
    buf_init(&code, 512);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_CONFIRMED));
    CHECK(rig_play(&rig, ESIM_DONE, "{}"));
    CHECK_TEXT(rig_state(&rig, order.id), "completed");
    CHECK(rig_claim(&rig, "one", 10) == NULL);
    CHECK(rig_write(&rig, run_reveal, &code, &err));
    CHECK_TEXT(code.ptr, "1$smdp.example.com$CANARY-MATCH-5521$$1");
    buf_finish_secret(&code);

    /* Promise 12: secrets are nowhere but in ciphertext. */
    const char *const parts[] = { "esimd.db", "esimd.db-wal" };
    store_close(&rig.store);
    for (int i = 0; i < 2; i++) {
        char path[128];
        buf_init(&file, 64 << 20);
        CHECK(file_path(path, sizeof path, rig.scratch.dir, parts[i], &err));
        if (file_read(path, &file, &err)) {
            CHECK(memmem(file.ptr, file.size, "acknowledged", 12) != NULL || i == 1);
            CHECK(memmem(file.ptr, file.size, "CANARY", 6) == NULL);
        }
        buf_finish(&file);
    }
    sealer_destroy(&rig.sealer);
    CHECK(scratch_remove(&rig.scratch));
    clock_set_for_test(0);
}

static void a_result_that_breaks_its_own_rules_is_held_and_not_believed(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, "{\"iccid\":\"12\"}"));
    CHECK_TEXT(rig_state(&rig, order.id), "held");
    rig_close(&rig);
}

static void a_plan_that_ends_without_a_code_is_held(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_DONE, "{}"));
    CHECK(rig_play(&rig, ESIM_DONE, "{}"));
    CHECK_TEXT(rig_state(&rig, order.id), "held");
    rig_close(&rig);
}

/* ---- the way back ---- */

static void a_refused_step_takes_back_what_was_done(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_REFUSED, NULL));
    CHECK_TEXT(rig_state(&rig, order.id), "inProgress");
    struct claim *undo = rig_claim(&rig, "one", 1);
    CHECK_FATAL(undo != NULL);
    CHECK(undo->undo);
    CHECK_TEXT(undo->capability, "profile.cancel");
    struct rig_end end = { undo, ESIM_DONE, "{}", "" };
    CHECK(rig_write(&rig, rig_run_end, &end, &err));
    CHECK_TEXT(rig_state(&rig, order.id), "failed");
    claim_free(&undo);
    rig_close(&rig);
}

static void what_cannot_be_taken_back_leaves_the_order_partial(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_REFUSED, NULL));
    CHECK(rig_play(&rig, ESIM_REFUSED, NULL)); /* The undoing step. */
    CHECK_TEXT(rig_state(&rig, order.id), "partial");
    rig_close(&rig);
}

static void a_refusal_of_the_first_step_fails_at_once(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_REFUSED, NULL));
    CHECK_TEXT(rig_state(&rig, order.id), "failed");
    CHECK(rig_claim(&rig, "one", 10) == NULL);
    rig_close(&rig);
}

/* ---- claims ---- */

struct storing {
    struct claim *claim;
    int64_t repeat;
};

static bool run_store_action(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    struct storing *storing = arg;
    struct outbox_action action = { .action_id = "a1",
                                    .exchange = "downloadOrder",
                                    .repeat = storing->repeat,
                                    .action = SLICE_LITERAL("CANARY-ACTION"),
                                    .state = SLICE_LITERAL("{\"at\":1}"),
                                    .state_version = 1,
                                    .lease_until_ms = clock_wall_ms() + 30000,
                                    .sealer = rig->sealer };
    return outbox_store_action(db, storing->claim, &action, err);
}

/* The heart of "no carrier effect twice": an action that may have left is asked about,
 * or repeated where repeating is declared harmless; it is never a fresh start. */
static void an_action_whose_holder_died_is_queried_or_resent_by_its_class(void)
{
    static const struct {
        int64_t repeat, event;
    } rows[] = { { ESIM_ONCE, ESIM_QUERY },
                 { ESIM_SAFE, OUTBOX_RESEND },
                 { ESIM_IDEMPOTENT, OUTBOX_RESEND } };
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        struct rig_order order;
        struct err err = ERR_INIT;
        rig_open(&rig);
        CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
        struct claim *dead = rig_claim(&rig, "dead", 1);
        struct storing storing = { dead, rows[i].repeat };
        CHECK(rig_write(&rig, run_store_action, &storing, &err));
        CHECK(rig_claim(&rig, "one", 1) == NULL); /* Its lease still stands. */
        clock_move_for_test(31000);
        struct claim *alive = rig_claim(&rig, "one", 1);
        CHECK_FATAL(alive != NULL);
        CHECK_INT(alive->event, rows[i].event);
        CHECK_INT(alive->attempts, 2);
        CHECK(
            slice_is(slice_bytes(alive->action, alive->action_size), "CANARY-ACTION"));
        CHECK(slice_is(slice_bytes(alive->state, alive->state_size), "{\"at\":1}"));
        /* And the one thought dead can change nothing any more. */
        struct rig_end end = { dead, ESIM_DONE, RIG_ORDERED, "" };
        CHECK(!rig_write(&rig, rig_run_end, &end, &err));
        CHECK_INT(err.code, ERR_STALE);
        CHECK(!rig_write(&rig, run_store_action, &storing, &err));
        CHECK_INT(err.code, ERR_STALE);
        claim_free(&dead);
        claim_free(&alive);
        rig_close(&rig);
    }
}

static bool run_damage(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return db_run(db, arg, DB_NO_ARGS, NULL, err);
}

/* One damaged row must neither be tried for ever nor stop those beside it. */
static void a_row_that_cannot_be_opened_is_held_and_others_go_on(void)
{
    static const char *const damages[] = {
        "UPDATE orders SET vars_sealed = x'00' WHERE rowid = 1",
        "UPDATE outbox SET action_sealed = x'00', action_id = 'a', action_class = 1 "
        "WHERE rowid = 1",
    };
    for (int i = 0; i < 2; i++) {
        struct rig rig;
        struct rig_order bad, good;
        struct err err = ERR_INIT;
        rig_open(&rig);
        CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &bad, &err));
        CHECK_FATAL(rig_accept(&rig, "k2", "d", NULL, &good, &err));
        CHECK(rig_write(&rig, run_damage, (void *)damages[i], &err));
        struct claim *claim = rig_claim(&rig, "one", 10);
        CHECK_FATAL(claim != NULL);
        CHECK_TEXT(claim->order.id, good.id);
        CHECK(claim->next == NULL);
        CHECK_TEXT(rig_state(&rig, bad.id), "held");
        claim_free(&claim);
        rig_close(&rig);
    }
}

static void a_holder_that_died_before_any_action_starts_afresh(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    struct claim *dead = rig_claim(&rig, "dead", 1);
    clock_move_for_test(31000);
    struct claim *alive = rig_claim(&rig, "one", 1);
    CHECK(alive != NULL && alive->event == ESIM_START);
    claim_free(&dead);
    claim_free(&alive);
    rig_close(&rig);
}

static void operations_on_one_number_keep_the_order_of_their_orders(void)
{
    struct rig rig;
    struct rig_order first, second, other;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK(rig_accept(&rig, "k1", "d", "+959791234567", &first, &err));
    clock_move_for_test(1);
    CHECK(rig_accept(&rig, "k2", "d", "+959791234567", &second, &err));
    CHECK(rig_accept(&rig, "k3", "d", "+959791234568", &other, &err));
    struct claim *claims = rig_claim(&rig, "one", 10);
    int seen = 0;
    while (claims != NULL) {
        struct claim *next = claims->next;
        CHECK(strcmp(claims->order.id, second.id) != 0);
        seen++;
        claim_free(&claims);
        claims = next;
    }
    CHECK_INT(seen, 2);
    rig_close(&rig);
}

static bool run_deliver(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    const struct outbox_origin origin = { .adapter = "atom", .most = 4 };
    return outbox_deliver(db, rig->sealer, &origin, arg, SLICE_LITERAL("receipt"),
                          clock_wall_ms() + 60000, err);
}

static bool run_sweep(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return sweep(db, arg, err);
}

static void a_key_is_free_again_after_its_time_and_not_before(void)
{
    struct rig rig;
    struct rig_order first, second;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &first, &err));
    CHECK(rig_write(&rig, run_deliver, "nobody", &err));
    for (int hours = 71; hours <= 73; hours += 2) {
        struct sweep it = { .now_ms = RIG_START_MS + hours * INT64_C(3600000),
                            .keys_ms = 72 * INT64_C(3600000),
                            .facts_ms = 90 * INT64_C(86400000),
                            .most = 1 };
        CHECK(rig_write(&rig, run_sweep, &it, &err));
        CHECK(it.more); /* The message at 71 hours, the key at 73. */
        CHECK(rig_accept(&rig, "k1", "d", NULL, &second, &err));
        CHECK(second.again == (hours < 72));
    }
    rig_close(&rig);
}

static bool run_verify(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return audit_verify(db, "acme", 1, arg, err);
}

static void every_change_left_a_record_in_an_unbroken_chain(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    int64_t checked = 0;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", NULL, &order, &err));
    CHECK(rig_play(&rig, ESIM_DONE, RIG_ORDERED));
    CHECK(rig_play(&rig, ESIM_UNKNOWN, NULL));
    CHECK(rig_write(&rig, run_verify, &checked, &err));
    CHECK(checked >= 4); /* Created, taken, profile, held. */
    rig_close(&rig);
}

TESTS("order", CASE(an_accepted_order_shows_its_steps_and_can_be_claimed_once),
      CASE(a_key_used_again_gives_the_same_order_or_a_refusal),
      CASE(a_plan_played_to_its_end_gives_a_code_that_only_reveal_shows),
      CASE(a_result_that_breaks_its_own_rules_is_held_and_not_believed),
      CASE(a_plan_that_ends_without_a_code_is_held),
      CASE(a_refused_step_takes_back_what_was_done),
      CASE(what_cannot_be_taken_back_leaves_the_order_partial),
      CASE(a_refusal_of_the_first_step_fails_at_once),
      CASE(an_action_whose_holder_died_is_queried_or_resent_by_its_class),
      CASE(a_row_that_cannot_be_opened_is_held_and_others_go_on),
      CASE(a_holder_that_died_before_any_action_starts_afresh),
      CASE(operations_on_one_number_keep_the_order_of_their_orders),
      CASE(a_key_is_free_again_after_its_time_and_not_before),
      CASE(every_change_left_a_record_in_an_unbroken_chain))
