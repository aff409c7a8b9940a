#include "check.h"
#include "scratch.h"

#include <stdlib.h>
#include <unistd.h>

#include "audit/audit.h"
#include "store/store.h"

enum { RECORDS = 6 };

static const struct store_limits limits = { .batch = 64,
                                            .queue = 256,
                                            .cache_kb = 512 };
static struct scratch scratch;
static struct store *store;

static bool write_chain(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    static const char *const tenants[] = { "acme", "other" };
    for (int i = 0; i < RECORDS * 2; i++) {
        bool rich = i >= RECORDS;
        const struct audit_record record = { .tenant = tenants[i % 2],
                                             .subject = "key:ops",
                                             .action = "order.create",
                                             .resource = "order/1",
                                             .outcome = "allowed",
                                             .reason = rich ? "may" : NULL,
                                             .decision_id = rich ? "d1" : NULL,
                                             .policy_revision = i,
                                             .request_id = rich ? "r1" : NULL,
                                             .trace = rich ? "00-1" : NULL,
                                             .diff = rich ? "{}" : NULL };
        if (!audit_write(db, &record, err))
            return false;
    }
    return true;
}

static void open_with_chain(void)
{
    struct err err = ERR_INIT;
    CHECK_FATAL(scratch_make(&scratch));
    store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
    CHECK(store_write_now(store, write_chain, NULL, &err));
}

static void close_scratch(void)
{
    store_close(&store);
    CHECK(scratch_remove(&scratch));
}

/* One attack on the table, judged and taken back in one transaction. */
struct attack {
    const char *sql;
    const char *sql2; /* May be NULL. */
    int64_t from_seq;
    bool found;
    struct err why;
    int64_t checked;
};

static bool attack_and_verify(struct db *db, void *arg, struct err *err)
{
    struct attack *attack = arg;
    if (!db_run(db, attack->sql, DB_NO_ARGS, NULL, err) ||
        (attack->sql2 != NULL && !db_run(db, attack->sql2, DB_NO_ARGS, NULL, err)))
        return false;
    attack->found = !audit_verify(db, "acme", attack->from_seq, &attack->checked,
                                  &attack->why);
    return err_set(err, ERR_STALE, "taken back");
}

static void expect_found(const char *sql, const char *sql2, const char *says)
{
    struct err err = ERR_INIT;
    struct attack attack = { .sql = sql, .sql2 = sql2, .from_seq = 1 };
    CHECK(!store_write_now(store, attack_and_verify, &attack, &err));
    CHECK_INT(err.code, ERR_STALE);
    CHECK_INT(attack.why.code, ERR_CORRUPT);
    if (!attack.found || strstr(attack.why.text, says) == NULL)
        fprintf(stderr, "%s: %s\n", sql, attack.why.text);
    CHECK(attack.found && strstr(attack.why.text, says) != NULL);
}

static bool verify(struct db *db, void *arg, struct err *err)
{
    return audit_verify(db, "acme", 1, arg, err);
}

static void an_untouched_chain_verifies_and_tenants_do_not_mix(void)
{
    open_with_chain();
    struct err err = ERR_INIT;
    int64_t checked = 0;
    CHECK(store_write_now(store, verify, &checked, &err));
    CHECK_INT(checked, RECORDS);
    close_scratch();
}

/* Every column of every kind of record; a column the hash forgot would pass here. */
static void a_change_of_any_field_of_any_record_is_found(void)
{
    static const char *const changes[] = {
        "at_ms = at_ms + 1",
        "subject = subject || 'x'",
        "action = 'order.Create'",
        "resource = 'order/2'",
        "outcome = 'denied'",
        "reason = iif(reason IS NULL, '', NULL)",
        "decision_id = iif(decision_id IS NULL, '', 'd2')",
        "policy_revision = policy_revision + 1",
        "request_id = iif(request_id IS NULL, '', NULL)",
        "trace = iif(trace IS NULL, '', '00-2')",
        "diff = iif(diff IS NULL, '', '{} ')",
        "prev = zeroblob(31)",
        "hash = x'00'",
        "prev = CAST(substr(hex(prev), 1, 32) AS BLOB)",
        "hash = CAST(substr(hex(hash), 1, 32) AS BLOB)",
        "subject = subject || char(0) || 'x'",
        /* A byte moved across the border of two fields. */
        "subject = 'key:op', action = 'sorder.create'",
    };
    enum { CHANGES = sizeof changes / sizeof changes[0] };
    /* Statements are kept by the address of their text: each needs its own. */
    static char texts[CHANGES * RECORDS][160];
    open_with_chain();
    for (int i = 0; i < CHANGES * RECORDS; i++) {
        char says[32];
        int seq = i % RECORDS + 1;
        CHECK(snprintf(texts[i], sizeof texts[i],
                       "UPDATE audit SET %s WHERE tenant = 'acme' AND seq = %d",
                       changes[i / RECORDS], seq) > 0);
        CHECK(snprintf(says, sizeof says, "audit record %d:", seq) > 0);
        expect_found(texts[i], NULL, says);
    }
    close_scratch();
}

static void a_dropped_a_swapped_and_an_added_record_are_found(void)
{
    open_with_chain();
    expect_found("DELETE FROM audit WHERE tenant = 'acme' AND seq = 1", NULL,
                 "audit record 1 is missing");
    expect_found("DELETE FROM audit WHERE tenant = 'acme' AND seq = 4", NULL,
                 "audit record 4 is missing");
    expect_found("DELETE FROM audit WHERE tenant = 'acme' AND seq = 3",
                 "UPDATE audit SET seq = seq - 1 WHERE tenant = 'acme' AND seq > 3",
                 "audit record 3:");
    expect_found("UPDATE audit SET seq = 5 - seq + 100 WHERE tenant = 'acme' AND seq "
                 "IN (2, 3)",
                 "UPDATE audit SET seq = seq - 100 WHERE tenant = 'acme' AND seq > 100",
                 "audit record 2:");
    expect_found("UPDATE audit SET tenant = 'acme', seq = 7 WHERE tenant = 'other' AND "
                 "seq = 1",
                 NULL, "audit record 7:");
    expect_found("UPDATE audit SET seq = 0 WHERE tenant = 'acme' AND seq = 1", NULL,
                 "audit record 1 is missing");
    close_scratch();
}

static bool head(struct db *db, void *arg, struct err *err)
{
    return audit_head(db, "acme", arg, err);
}

static bool cut_end(struct db *db, void *arg, struct err *err)
{
    (void)arg;
    return db_run(db, "DELETE FROM audit WHERE tenant = 'acme' AND seq > 4", DB_NO_ARGS,
                  NULL, err);
}

static bool check_anchor(struct db *db, void *arg, struct err *err)
{
    return audit_check_anchor(db, "acme", arg, err);
}

/* What a chain alone cannot show: that is why audit_head is there. */
static void a_cut_end_and_a_remade_chain_are_found_by_an_anchor_only(void)
{
    open_with_chain();
    struct err err = ERR_INIT;
    struct audit_anchor anchor, later;
    int64_t checked = 0;
    CHECK(store_write_now(store, head, &anchor, &err));
    CHECK_INT(anchor.seq, RECORDS);
    CHECK(store_write_now(store, check_anchor, &anchor, &err));

    CHECK(store_write_now(store, cut_end, NULL, &err));
    CHECK(store_write_now(store, verify, &checked, &err));
    CHECK_INT(checked, 4);
    CHECK(!store_write_now(store, check_anchor, &anchor, &err));
    CHECK(strstr(err.text, "the chain was cut") != NULL);

    CHECK(store_write_now(store, write_chain, NULL, &err));
    CHECK(store_write_now(store, verify, &checked, &err));
    CHECK(!store_write_now(store, check_anchor, &anchor, &err));
    CHECK_INT(err.code, ERR_CORRUPT);
    CHECK(strstr(err.text, "made anew") != NULL);
    CHECK(store_write_now(store, head, &later, &err));
    CHECK(later.seq > anchor.seq);
    close_scratch();
}

static bool head_of_nobody(struct db *db, void *arg, struct err *err)
{
    return audit_head(db, "nobody", arg, err) &&
           audit_check_anchor(db, "nobody", arg, err);
}

static void a_tenant_without_records_has_a_head_of_zeros(void)
{
    open_with_chain();
    struct err err = ERR_INIT;
    static const struct audit_anchor zeros;
    struct audit_anchor anchor = { .seq = 9 };
    CHECK(store_write_now(store, head_of_nobody, &anchor, &err));
    CHECK(memcmp(&anchor, &zeros, sizeof zeros) == 0);
    close_scratch();
}

/* Retention takes the oldest away; the rest must still be checkable. */
static void a_later_start_is_checked_against_its_predecessor_if_there(void)
{
    open_with_chain();
    struct err err = ERR_INIT;
    struct attack purge = {
        .sql = "DELETE FROM audit WHERE tenant = 'acme' AND seq < 3", .from_seq = 3
    };
    CHECK(!store_write_now(store, attack_and_verify, &purge, &err));
    CHECK(!purge.found);
    CHECK_INT(purge.checked, RECORDS - 2);
    struct attack forge = { .sql =
                                "UPDATE audit SET hash = zeroblob(32) WHERE tenant = "
                                "'acme' AND seq = 2",
                            .from_seq = 3 };
    CHECK(!store_write_now(store, attack_and_verify, &forge, &err));
    CHECK(forge.found && strstr(forge.why.text, "audit record 3:") != NULL);
    close_scratch();
}

static bool write_and_fail(struct db *db, void *arg, struct err *err)
{
    return write_chain(db, arg, err) && err_set(err, ERR_STALE, "undone");
}

/* No change, no record: and the next record takes the same place. */
static void an_undone_transaction_leaves_no_record_and_no_gap(void)
{
    open_with_chain();
    struct err err = ERR_INIT;
    int64_t checked = 0;
    CHECK(!store_write_now(store, write_and_fail, NULL, &err));
    CHECK(store_write_now(store, write_chain, NULL, &err));
    CHECK(store_write_now(store, verify, &checked, &err));
    CHECK_INT(checked, RECORDS * 2);
    close_scratch();
}

TESTS("audit", CASE(an_untouched_chain_verifies_and_tenants_do_not_mix),
      CASE(a_change_of_any_field_of_any_record_is_found),
      CASE(a_dropped_a_swapped_and_an_added_record_are_found),
      CASE(a_cut_end_and_a_remade_chain_are_found_by_an_anchor_only),
      CASE(a_tenant_without_records_has_a_head_of_zeros),
      CASE(a_later_start_is_checked_against_its_predecessor_if_there),
      CASE(an_undone_transaction_leaves_no_record_and_no_gap))
