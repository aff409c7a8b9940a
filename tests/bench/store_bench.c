/* store_bench - durable transactions a second through store.h, by size of the batch.
 *
 * One transaction is what an accepted order writes: the order, its outbox row and its
 * audit record. A window of twice the batch is kept under way from one loop, so the
 * writer never waits for work. Prints one line of JSON for each batch size.
 *
 *   store_bench [FOLDER [SECONDS]]     (the folder's disk is what is measured) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/scratch.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/id.h"
#include "loop/loop.h"
#include "store/store.h"

static const int64_t batches[] = { 1, 8, 64, 256 };

struct bench {
    struct store *store;
    struct loop *loop;
    int64_t batch;
    int64_t until_us;
    int64_t done;
    int under_way;
};

struct order {
    struct txn txn;
    struct bench *bench;
    char id[ID_SIZE];
    char operation[ID_SIZE];
    char resource[64];
    int64_t now_ms;
};

static const char order_sql[] =
    "INSERT INTO orders (tenant, id, type, state, plan, carrier, adapter, subject, "
    "eid, "
    "msisdn, position, compensating, vars_sealed, decision_id, policy_revision, "
    "request_id, trace, version, created_ms, updated_ms) VALUES ('acme', $1, "
    "'profile.provision', 'acknowledged', 'profile.provision', 'atom', 'atom', "
    "'key:ops', "
    "'89049032123451234512345678901235', '959770000000', 0, 0, $2, $3, 7, $3, "
    "'00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 1, $4, $4)";

static const char outbox_sql[] = "INSERT INTO outbox (tenant, operation_id, order_id, "
                                 "position, kind, adapter, lane, "
                                 "due_ms, event, epoch, attempts) VALUES ('acme', $1, "
                                 "$2, 0, 'do', 'atom', $2, $3, 1, "
                                 "0, 0)";

static bool place(struct db *db, void *arg, struct err *err)
{
    static const char sealed[180] = "(as long as sealed variables are)";
    struct order *order = arg;
    const struct audit_record record = { .tenant = "acme",
                                         .subject = "key:ops",
                                         .action = "order.create",
                                         .resource = order->resource,
                                         .outcome = "allowed",
                                         .reason = "role operator may order.create",
                                         .decision_id = order->operation,
                                         .policy_revision = 7,
                                         .request_id = order->operation };
    return db_run(db, order_sql,
                  DB_ARGS(db_text(order->id),
                          db_bytes(slice_bytes(sealed, sizeof sealed)),
                          db_text(order->operation), db_int(order->now_ms)),
                  NULL, err) &&
           db_run(db, outbox_sql,
                  DB_ARGS(db_text(order->operation), db_text(order->id),
                          db_int(order->now_ms)),
                  NULL, err) &&
           audit_write(db, &record, err);
}

static void submit(struct order *order)
{
    id_new(order->id);
    id_new(order->operation);
    order->now_ms = clock_wall_ms();
    if (snprintf(order->resource, sizeof order->resource, "order/%s", order->id) < 0)
        abort();
    store_write(order->bench->store, &order->txn);
}

static void answered(void *arg, bool ok, const struct err *err)
{
    struct order *order = arg;
    struct bench *bench = order->bench;
    if (!ok) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
    bench->done++;
    if (clock_mono_us() < bench->until_us)
        submit(order);
    else if (--bench->under_way == 0)
        loop_stop(bench->loop);
}

static void measure(struct bench *bench, int64_t seconds)
{
    int window = (int)bench->batch * 2;
    struct order *orders = calloc((size_t)window, sizeof *orders);
    if (orders == NULL)
        abort();
    int64_t start_us = clock_mono_us();
    bench->until_us = start_us + seconds * 1000000;
    bench->under_way = window;
    for (int i = 0; i < window; i++) {
        orders[i].bench = bench;
        orders[i].txn = (struct txn){
            .run = place, .done = answered, .arg = &orders[i], .reply_to = bench->loop
        };
        submit(&orders[i]);
    }
    loop_run(bench->loop);
    int64_t took_us = clock_mono_us() - start_us;
    printf("{\"bench\":\"store\",\"rows\":\"order+outbox+audit\",\"batch\":%lld,"
           "\"transactions_per_s\":%lld}\n",
           (long long)bench->batch, (long long)(bench->done * 1000000 / took_us));
    free(orders);
}

static bool run_one(const char *folder, int64_t batch, int64_t seconds)
{
    char dir[256];
    struct err err = ERR_INIT;
    const struct store_limits limits = { batch, 4096, 16384 };
    struct bench bench = { .batch = batch, .loop = loop_create(&err) };
    if (snprintf(dir, sizeof dir, "%s/batch-%lld", folder, (long long)batch) < 0)
        abort();
    if (bench.loop != NULL)
        bench.store = store_open(dir, &limits, &err);
    if (bench.store == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    measure(&bench, seconds);
    store_close(&bench.store);
    loop_destroy(&bench.loop);
    return true;
}

static bool run_all(const char *folder, int64_t seconds)
{
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        if (!run_one(folder, batches[i], seconds))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct scratch scratch;
    int64_t seconds = argc > 2 ? strtol(argv[2], NULL, 10) : 2;
    if (argc > 1)
        return run_all(argv[1], seconds) ? 0 : 1;
    if (!scratch_make(&scratch))
        return 1;
    bool ok = run_all(scratch.dir, seconds);
    return scratch_remove(&scratch) && ok ? 0 : 1;
}
