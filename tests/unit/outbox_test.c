/* What becomes of actions that a kept session has, and whose answers they are. */
#include "outbox_play.h"

static const struct outbox_origin callback = { .adapter = "atom", .most = 4 };

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

static bool read_count(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(int64_t *)arg = row_int(row, 0);
    return true;
}

static bool run_count(struct db *db, struct rig *rig, void *arg, struct err *err)
{
    (void)rig;
    return db_one(db, "SELECT count(*) FROM messages", DB_NO_ARGS, read_count, arg,
                  err);
}

/* ---- submitted actions ---- */

static const struct outbox_origin common = { .adapter = "atom",
                                             .most = 4,
                                             .others = "" };

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
    struct submitted it = { rig_claim(&rig, "one", 1), ESIM_SAFE, false, true, NULL };
    CHECK(rig_write(&rig, run_submit, &it, &err));
    claim_free(&it.claim);
    deliver(&rig, &common, "answer");
    struct claim *claim = rig_claim(&rig, "one", 1);
    CHECK(claim != NULL && claim->event == ESIM_MESSAGE && claim->querying);
    claim_free(&claim);
    rig_close(&rig);
}

/* The last order's reply came twice, and names the line alone. */
static void what_came_before_a_command_is_no_answer_to_it(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    deliver(&rig, &common, "old");
    deliver(&rig, &callback, "old");
    struct submitted it = { rig_claim(&rig, "one", 1), ESIM_ONCE, false, false,
                            "key-1" };
    CHECK(rig_write(&rig, run_submit, &it, &err));
    claim_free(&it.claim);
    CHECK(nobody_is_due(&rig));
    deliver(&rig, &common, "answer");
    is_told(&rig, ESIM_MESSAGE, "answer");
    rig_close(&rig);
}

/* Not what another operation waits for, nor what came on another's line. */
static void a_command_takes_only_its_own_older_messages_away(void)
{
    static const struct outbox_origin bravos = { .adapter = "atom",
                                                 .most = 4,
                                                 .tenant = "bravo" };
    for (int waits = 0; waits < 2; waits++) {
        struct rig rig;
        struct rig_order order;
        struct err err = ERR_INIT;
        int64_t left = 0;
        rig_open(&rig);
        CHECK_FATAL(rig_accept(&rig, "k1", "d", "+959790000001", &order, &err));
        CHECK_FATAL(rig_accept(&rig, "k2", "d", "+959790000002", &order, &err));
        struct claim *claim = rig_claim(&rig, "one", 2);
        CHECK_FATAL(claim != NULL && claim->next != NULL);
        if (waits)
            await(&rig, claim->next);
        deliver(&rig, &bravos, "bravo's");
        deliver(&rig, &common, "for whoever waits");
        struct submitted it = { claim, ESIM_ONCE, false, false, "key-1" };
        CHECK(rig_write(&rig, run_submit, &it, &err));
        CHECK(rig_write(&rig, run_count, &left, &err));
        CHECK_INT(left, waits ? 2 : 1);
        claim_free(&claim->next);
        claim_free(&claim);
        rig_close(&rig);
    }
}

/* ---- whose line it is ---- */

/* Two carriers' numbers may be the same: tenant acme's line and the common one never
 * answer for each other. */
static void a_key_means_something_on_its_own_line_only(void)
{
    static const struct outbox_origin own = { .adapter = "atom",
                                              .most = 4,
                                              .tenant = "acme" };
    static const struct outbox_origin bravos = { .adapter = "atom",
                                                 .most = 4,
                                                 .tenant = "bravo" };
    static const struct outbox_origin not_acme = { .adapter = "atom",
                                                   .most = 4,
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

TESTS("outbox", CASE(a_lost_answer_goes_by_the_class),
      CASE(an_answered_action_is_never_sent_again),
      CASE(an_answer_may_come_before_the_wait_is_stored),
      CASE(a_late_answer_is_taken_while_the_loss_waits_its_turn),
      CASE(rounds_outlive_a_wait_and_each_try_has_its_number),
      CASE(what_was_not_processed_is_sent_again_whatever_its_class),
      CASE(a_query_stays_a_query_while_it_waits),
      CASE(what_came_before_a_command_is_no_answer_to_it),
      CASE(a_command_takes_only_its_own_older_messages_away),
      CASE(a_key_means_something_on_its_own_line_only))
