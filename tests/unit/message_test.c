/* Messages of carriers: none is lost, they are told in their order, and they never take
 * more room than they have. */
#include "outbox_play.h"

#include "base/metric.h"
#include "order/sweep.h"

static const struct outbox_origin callback = { .adapter = "atom", .most = 4 };

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

/* Takes the next message and waits again under the same key. */
static void takes(struct rig *rig, const char *message)
{
    struct claim *claim = rig_claim(rig, "one", 1);
    CHECK_FATAL(claim != NULL);
    CHECK_INT(claim->event, ESIM_MESSAGE);
    CHECK(slice_is(slice_bytes(claim->message, claim->message_size), message));
    await(rig, claim);
    claim_free(&claim);
}

/* A receipt and a reply, or "wait" and "done": each says something. */
static void messages_are_told_in_their_order(void)
{
    static const char *const texts[] = { "first", "second", "third" };
    for (size_t before = 0; before <= 3; before++) {
        struct rig rig;
        begin(&rig);
        struct claim *claim = rig_claim(&rig, "one", 1);
        for (size_t i = 0; i < before; i++)
            deliver(&rig, &callback, texts[i]);
        await(&rig, claim);
        claim_free(&claim);
        for (size_t i = before; i < 3; i++)
            deliver(&rig, &callback, texts[i]);
        for (size_t i = 0; i < 3; i++)
            takes(&rig, texts[i]);
        CHECK(nobody_is_due(&rig));
        rig_close(&rig);
    }
}

/* The cell died with the first: it is told again, and does not change places. */
static void what_was_told_and_not_stored_stays_first(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    deliver(&rig, &callback, "first");
    deliver(&rig, &callback, "second");
    claim = rig_claim(&rig, "one", 1);
    CHECK(rig_write(&rig, run_put_off, claim, &err));
    claim_free(&claim);
    deliver(&rig, &callback, "third");
    clock_move_for_test(201);
    takes(&rig, "first");
    takes(&rig, "second");
    takes(&rig, "third");
    CHECK(nobody_is_due(&rig));
    rig_close(&rig);
}

static int64_t dropped(void)
{
    static const char name[] = "\nesimd_messages_dropped_total{adapter=\"atom\"} ";
    struct buf text;
    buf_init(&text, 1 << 20);
    metric_render(&text);
    buf_add_char(&text, 0);
    CHECK_FATAL(buf_ok(&text));
    const char *at = strstr(text.ptr, name);
    int64_t count = at == NULL ? 0 : strtoll(at + sizeof name - 1, NULL, 10);
    buf_finish(&text);
    return count;
}

/* A carrier that never stops must not fill the store. */
static void past_the_room_the_newest_is_dropped_and_counted(void)
{
    static const char *const texts[] = { "first", "second", "third", "fourth" };
    struct rig rig;
    begin(&rig);
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    int64_t before = dropped();
    for (size_t i = 0; i < 4; i++)
        deliver(&rig, &callback, texts[i]);
    CHECK_INT(dropped(), before);
    deliver(&rig, &callback, "too many");
    CHECK_INT(dropped(), before + 1);
    takes(&rig, "first");
    deliver(&rig, &callback, "fifth"); /* There is room again. */
    for (size_t i = 1; i < 4; i++)
        takes(&rig, texts[i]);
    takes(&rig, "fifth");
    CHECK(nobody_is_due(&rig));
    rig_close(&rig);
}

/* Two operations wait under one key, and both were told the same message. What the first
 * has forgotten, the second must not mistake for the next one. */
static void a_message_is_not_forgotten_for_another(void)
{
    struct rig rig;
    struct rig_order order;
    struct err err = ERR_INIT;
    rig_open(&rig);
    CHECK_FATAL(rig_accept(&rig, "k1", "d", "+959790000001", &order, &err));
    CHECK_FATAL(rig_accept(&rig, "k2", "d", "+959790000002", &order, &err));
    struct claim *claim = rig_claim(&rig, "one", 2);
    CHECK_FATAL(claim != NULL && claim->next != NULL);
    await(&rig, claim);
    await(&rig, claim->next);
    claim_free(&claim->next);
    claim_free(&claim);
    deliver(&rig, &callback, "first");
    claim = rig_claim(&rig, "one", 2);
    CHECK_FATAL(claim != NULL && claim->next != NULL);
    await(&rig, claim);
    clock_move_for_test(1);
    deliver(&rig, &callback, "second");
    await(&rig, claim->next);
    claim_free(&claim->next);
    claim_free(&claim);
    is_told(&rig, ESIM_MESSAGE, "second");
    rig_close(&rig);
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

static void of_a_queue_what_is_past_its_time_is_swept_away(void)
{
    struct rig rig;
    struct err err = ERR_INIT;
    begin(&rig);
    deliver(&rig, &callback, "old");
    clock_move_for_test(30000);
    deliver(&rig, &callback, "new");
    clock_move_for_test(30001);
    struct sweep it = { .now_ms = clock_wall_ms(), .most = 10 };
    CHECK(rig_write(&rig, run_sweep, &it, &err));
    struct claim *claim = rig_claim(&rig, "one", 1);
    await(&rig, claim);
    claim_free(&claim);
    takes(&rig, "new");
    CHECK(nobody_is_due(&rig));
    rig_close(&rig);
}

/* A carrier that floods bravo's line takes no room from acme's. */
static void each_tenant_has_its_own_room(void)
{
    static const struct outbox_origin acmes = { .adapter = "atom",
                                                .most = 1,
                                                .tenant = "acme" };
    static const struct outbox_origin bravos = { .adapter = "atom",
                                                 .most = 1,
                                                 .tenant = "bravo" };
    struct rig rig;
    begin(&rig);
    deliver(&rig, &bravos, "bravo's");
    deliver(&rig, &bravos, "bravo's second");
    deliver(&rig, &acmes, "acme's");
    submit(&rig, ESIM_ONCE, true);
    is_told(&rig, ESIM_MESSAGE, "acme's");
    rig_close(&rig);
}

TESTS("message", CASE(a_message_is_not_lost_whether_it_comes_before_or_after_the_wait),
      CASE(silence_is_told_at_the_deadline),
      CASE(a_message_is_told_again_when_its_holder_died),
      CASE(a_wait_that_was_asked_for_does_not_use_up_the_steps_time),
      CASE(a_message_is_told_again_after_the_backoff),
      CASE(what_came_of_a_message_takes_it_away_and_leaves_a_newer_one),
      CASE(messages_are_told_in_their_order),
      CASE(what_was_told_and_not_stored_stays_first),
      CASE(past_the_room_the_newest_is_dropped_and_counted),
      CASE(a_message_is_not_forgotten_for_another),
      CASE(a_message_that_somebody_waits_for_is_not_swept_away),
      CASE(of_a_queue_what_is_past_its_time_is_swept_away),
      CASE(each_tenant_has_its_own_room))
