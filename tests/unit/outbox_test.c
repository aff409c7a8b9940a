/* What comes for operations that wait under a key, and what becomes of actions that a
 * kept session has. */
#include "order_rig.h"

#include "order/sweep.h"

static const struct outbox_origin callback = { .adapter = "atom" };

/* ---- one transaction each ---- */

struct delivery {
    const struct outbox_origin *origin;
    const char *key, *text;
};

static bool run_deliver(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    const struct delivery *it = arg;
    return outbox_deliver(db, rig->sealer, it->origin, it->key, slice_of(it->text),
                          clock_wall_ms() + 60000, err);
}

static void deliver(struct rig *rig, const struct outbox_origin *origin,
                    const char *text)
{
    struct delivery it = { origin, "key-1", text };
    struct err err = ERR_INIT;
    CHECK(rig_write(rig, run_deliver, &it, &err));
}

static bool run_wait(struct db *db, struct rig *rig, void *arg, struct err *err)
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

static void await(struct rig *rig, struct claim *claim)
{
    struct err err = ERR_INIT;
    CHECK(rig_write(rig, run_wait, claim, &err));
}

struct submitted {
    struct claim *claim;
    int64_t repeat;
    bool own_lines, querying;
};

/* As op_submit.c: stored, handed to a session, and then it waits. */
static bool run_submit(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    const struct submitted *it = arg;
    struct outbox_action action = { .action_id = "a1",
                                    .exchange = "submit",
                                    .repeat = it->repeat,
                                    .action = SLICE_LITERAL("payload"),
                                    .state = SLICE_LITERAL("{}"),
                                    .state_version = 1,
                                    .querying = it->querying,
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

static void submit(struct rig *rig, int64_t repeat, bool own_lines)
{
    struct err err = ERR_INIT;
    struct submitted it = { rig_claim(rig, "one", 1), repeat, own_lines, false };
    CHECK_FATAL(it.claim != NULL);
    CHECK(rig_write(rig, run_submit, &it, &err));
    claim_free(&it.claim);
}

static bool run_lost(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return outbox_lost(db, arg, "key-1", err);
}

static bool run_back(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return outbox_back(db, arg, "key-1", clock_wall_ms() + 500, err);
}

static bool run_lose_all(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    (void)arg;
    return outbox_release_all(db, err) && outbox_lose_all(db, err);
}

static void begin(struct rig *rig)
{
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(rig);
    CHECK_FATAL(rig_accept(rig, "k1", "d", NULL, &order, &err));
}

/* The only due operation is told this; `message` may be NULL. */
static void is_told(struct rig *rig, int64_t event, const char *message)
{
    struct claim *claim = rig_claim(rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->event, event);
    if (message != NULL)
        CHECK(slice_is(slice_bytes(claim->message, claim->message_size), message));
    CHECK_INT(claim->action_size, event == ESIM_MESSAGE ? 0 : strlen("payload"));
    claim_free(&claim);
}

static bool nobody_is_due(struct rig *rig)
{
    struct claim *claim = rig_claim(rig, "one", 1);
    bool none = claim == NULL;
    claim_free(&claim);
    return none;
}

/* ---- messages ---- */

/* A receipt may come before its submit's response, and before anybody waits for it. */
static void a_message_is_not_lost_whether_it_comes_before_or_after_the_wait(void)
{
    for (int before = 0; before < 2; before++) {
        struct rig rig;
        begin(&rig);
        struct claim *claim = rig_claim(&rig, "one", 1);
        if (before)
            deliver(&rig, &callback, "receipt");
        await(&rig, claim);
        claim_free(&claim);
        if (!before) {
            CHECK(nobody_is_due(&rig));
            deliver(&rig, &callback, "receipt");
        }
        is_told(&rig, ESIM_MESSAGE, "receipt");
        rig_close(&rig);
    }
}

static void silence_is_told_at_the_deadline(void)
{
    struct rig rig;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    clock_move_for_test(60001);
    claim = rig_claim(&rig, "one", 1);
    CHECK(claim != NULL && claim->event == ESIM_SILENCE);
    claim_free(&claim);
    rig_close(&rig);
}

/* The carrier said it once: whoever was told and died has not taken it along. */
static void a_message_is_told_again_when_its_holder_died(void)
{
    struct rig rig;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    deliver(&rig, &callback, "receipt");
    is_told(&rig, ESIM_MESSAGE, "receipt"); /* By one that never comes back. */
    clock_move_for_test(31000);
    is_told(&rig, ESIM_MESSAGE, "receipt");
    rig_close(&rig);
}

/* The same when the cell died, and the operation is put off with its message. */
static bool run_put_off(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    struct claim *claim = arg;
    struct outbox_wait wait = { .due_ms = clock_wall_ms() + 200,
                                .event = ESIM_MESSAGE,
                                .keep_action = true,
                                .wait_key = claim->wait_key };
    (void)rig;
    return outbox_wait(db, claim, &wait, err);
}

static bool run_retry(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    struct outbox_wait wait = { .due_ms = clock_wall_ms() + 200, .event = ESIM_QUERY };
    (void)rig;
    return outbox_wait(db, arg, &wait, err);
}

/* A flow may follow a device for days; what may not last is one that does not get on. */
static void a_wait_that_was_asked_for_does_not_use_up_the_steps_time(void)
{
    struct rig rig;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    int64_t first_ms = claim->deadline_ms;
    await(&rig, claim);
    claim_free(&claim);
    clock_move_for_test(61000);
    claim = rig_claim(&rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->event, ESIM_SILENCE);
    CHECK_INT(claim->deadline_ms, first_ms + 61000);
    struct err err = ERR_INIT;
    CHECK(rig_write(&rig, run_retry, claim, &err)); /* Not a wait, but a failure. */
    claim_free(&claim);
    clock_move_for_test(1000);
    claim = rig_claim(&rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->deadline_ms, first_ms + 61000);
    claim_free(&claim);
    rig_close(&rig);
}

static void a_message_is_told_again_after_the_backoff(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    deliver(&rig, &callback, "receipt");
    claim = rig_claim(&rig, "one", 1);
    CHECK(rig_write(&rig, run_put_off, claim, &err));
    claim_free(&claim);
    CHECK(nobody_is_due(&rig));
    clock_move_for_test(201);
    is_told(&rig, ESIM_MESSAGE, "receipt");
    rig_close(&rig);
}

static void what_came_of_a_message_takes_it_away_and_leaves_a_newer_one(void)
{
    for (int newer = 0; newer < 2; newer++) {
        struct rig rig;
        begin(&rig);
        struct claim *claim = rig_claim(&rig, "one", 1);
        await(&rig, claim);
        claim_free(&claim);
        deliver(&rig, &callback, "first");
        claim = rig_claim(&rig, "one", 1);
        if (newer)
            deliver(&rig, &callback, "second");
        await(&rig, claim); /* Under the same key. */
        claim_free(&claim);
        if (newer)
            is_told(&rig, ESIM_MESSAGE, "second");
        else
            CHECK(nobody_is_due(&rig));
        rig_close(&rig);
    }
}

static bool run_sweep(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return sweep(db, arg, err);
}

/* Its adapter was away for longer than messages nobody waits for are kept. */
static void a_message_that_somebody_waits_for_is_not_swept_away(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    deliver(&rig, &callback, "receipt");
    clock_move_for_test(60001);
    struct sweep it = { .now_ms = clock_wall_ms(), .most = 10 };
    CHECK(rig_write(&rig, run_sweep, &it, &err));
    is_told(&rig, ESIM_MESSAGE, "receipt");
    rig_close(&rig);
}

/* ---- submitted actions ---- */

static const struct outbox_origin common = { .adapter = "atom", .others = "" };

static void a_lost_answer_goes_by_the_class(void)
{
    static const struct {
        int64_t repeat, event;
    } rows[] = { { ESIM_ONCE, ESIM_QUERY },
                 { ESIM_SAFE, OUTBOX_RESEND },
                 { ESIM_IDEMPOTENT, OUTBOX_RESEND } };
    for (int i = 0; i < 6; i++) {
        struct rig rig;
        struct err err = ERR_INIT;
        begin(&rig);
        submit(&rig, rows[i % 3].repeat, false);
        CHECK(nobody_is_due(&rig));
        /* Told by the session, or known because no session outlives the host. */
        CHECK(rig_write(&rig, i < 3 ? run_lost : run_lose_all, (void *)&common, &err));
        is_told(&rig, rows[i % 3].event, NULL);
        rig_close(&rig);
    }
}

static void an_answered_action_is_never_sent_again(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    submit(&rig, ESIM_SAFE, false);
    deliver(&rig, &common, "answer");
    CHECK(rig_write(&rig, run_lost, (void *)&common, &err)); /* Too late. */
    CHECK(rig_write(&rig, run_lose_all, NULL, &err));
    is_told(&rig, ESIM_MESSAGE, "answer");
    clock_move_for_test(31000); /* Its holder died. */
    is_told(&rig, ESIM_MESSAGE, "answer");
    rig_close(&rig);
}

/* The answer overtakes the transaction that says that it is awaited. */
static void an_answer_may_come_before_the_wait_is_stored(void)
{
    struct rig rig;
    begin(&rig);
    deliver(&rig, &common, "answer");
    submit(&rig, ESIM_ONCE, false);
    is_told(&rig, ESIM_MESSAGE, "answer");
    rig_close(&rig);
}

/* After a loss the answer may still come, in a receipt on the next connection: it is
 * better than asking. */
static void a_late_answer_is_taken_while_the_loss_waits_its_turn(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    submit(&rig, ESIM_ONCE, false);
    CHECK(rig_write(&rig, run_lost, (void *)&common, &err));
    deliver(&rig, &common, "answer");
    is_told(&rig, ESIM_MESSAGE, "answer");
    rig_close(&rig);
}

/* A carrier that takes each command and then says "not now" would be asked for ever if a
 * wait that went forward forgot how often that was so. */
static bool run_busy(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    struct outbox_wait wait = { .due_ms = clock_wall_ms(),
                                .event = ESIM_START,
                                .count = OUTBOX_ANEW };
    return outbox_wait(db, arg, &wait, err);
}

static void rounds_outlive_a_wait_and_each_try_has_its_number(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    int64_t tries = 0;
    for (int64_t round = 0; round < 3; round++) {
        struct claim *claim = rig_claim(&rig, "one", 1);
        CHECK_FATAL(claim != NULL);
        CHECK_INT(claim->rounds, round);
        CHECK(claim->tries > tries);
        tries = claim->tries;
        await(&rig, claim);
        claim_free(&claim);
        deliver(&rig, &callback, "busy");
        claim = rig_claim(&rig, "one", 1);
        CHECK_FATAL(claim != NULL);
        CHECK_INT(claim->event, ESIM_MESSAGE);
        CHECK_INT(claim->attempts, 1);
        CHECK_INT(claim->tries, tries); /* The same try goes on. */
        CHECK(rig_write(&rig, run_busy, claim, &err));
        claim_free(&claim);
    }
    rig_close(&rig);
}

static void what_was_not_processed_is_sent_again_whatever_its_class(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    submit(&rig, ESIM_ONCE, false);
    CHECK(rig_write(&rig, run_back, (void *)&common, &err));
    CHECK(nobody_is_due(&rig));
    clock_move_for_test(501);
    struct claim *claim = rig_claim(&rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->event, OUTBOX_RESEND);
    CHECK_INT(claim->attempts, 1); /* The try that was given back does not count. */
    claim_free(&claim);
    rig_close(&rig);
}

static void a_query_stays_a_query_while_it_waits(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    struct submitted it = { rig_claim(&rig, "one", 1), ESIM_SAFE, false, true };
    CHECK(rig_write(&rig, run_submit, &it, &err));
    claim_free(&it.claim);
    deliver(&rig, &common, "answer");
    struct claim *claim = rig_claim(&rig, "one", 1);
    CHECK(claim != NULL && claim->event == ESIM_MESSAGE && claim->querying);
    claim_free(&claim);
    rig_close(&rig);
}

/* ---- whose line it is ---- */

/* Two carriers' numbers may be the same: tenant acme's line and the common one never
 * answer for each other. */
static void a_key_means_something_on_its_own_line_only(void)
{
    static const struct outbox_origin own = { .adapter = "atom", .tenant = "acme" };
    static const struct outbox_origin bravos = { .adapter = "atom", .tenant = "bravo" };
    static const struct outbox_origin not_acme = { .adapter = "atom",
                                                   .others = ",acme," };
    static const struct {
        const struct outbox_origin *origin;
        bool own_lines, meant;
    } rows[] = { { &own, true, true },       { &bravos, true, false },
                 { &not_acme, true, false }, { &common, false, true },
                 { &bravos, false, false },  { &callback, true, true },
                 { &callback, false, true } };
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        struct err err = ERR_INIT;
        size_t row = i / 2;
        begin(&rig);
        if (i % 2 == 0)
            deliver(&rig, rows[row].origin, "answer"); /* Before it waits. */
        submit(&rig, ESIM_ONCE, rows[row].own_lines);
        if (i % 2 == 1)
            deliver(&rig, rows[row].origin, "answer");
        if (rows[row].meant) {
            is_told(&rig, ESIM_MESSAGE, "answer");
        } else {
            CHECK(rig_write(&rig, run_lost, (void *)rows[row].origin, &err));
            CHECK(rig_write(&rig, run_back, (void *)rows[row].origin, &err));
            CHECK(nobody_is_due(&rig));
        }
        rig_close(&rig);
    }
}

TESTS("outbox", CASE(a_message_is_not_lost_whether_it_comes_before_or_after_the_wait),
      CASE(silence_is_told_at_the_deadline),
      CASE(a_message_is_told_again_when_its_holder_died),
      CASE(a_wait_that_was_asked_for_does_not_use_up_the_steps_time),
      CASE(a_message_is_told_again_after_the_backoff),
      CASE(what_came_of_a_message_takes_it_away_and_leaves_a_newer_one),
      CASE(a_message_that_somebody_waits_for_is_not_swept_away),
      CASE(a_lost_answer_goes_by_the_class),
      CASE(an_answered_action_is_never_sent_again),
      CASE(an_answer_may_come_before_the_wait_is_stored),
      CASE(a_late_answer_is_taken_while_the_loss_waits_its_turn),
      CASE(rounds_outlive_a_wait_and_each_try_has_its_number),
      CASE(what_was_not_processed_is_sent_again_whatever_its_class),
      CASE(a_query_stays_a_query_while_it_waits),
      CASE(a_key_means_something_on_its_own_line_only))
