/* store_bench - durable transactions a second through store.h, by size of the batch.
 *
 * One transaction is what an accepted order writes, by the same function: the order, its
 * first step, its outbox row, key, two decisions, audit record and event. A window of
 * twice the batch is kept under way from one loop, so the writer never waits for work.
 * Prints one line of JSON for each batch size.
 *
 *   store_bench [FOLDER [SECONDS]]     (the folder's disk is what is measured) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/scratch.h"
#include "base/clock.h"
#include "base/id.h"
#include "loop/loop.h"
#include "order/order.h"
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
    struct order_decision decisions[2];
    struct order_accept accept;
    char key[ID_SIZE];
};

static const struct order_actor actor = {
    .tenant = "acme",
    .subject = "key:ops",
    .request_id = "01a1fd46-489f-7611-ae3c-b46688bc4845",
    .trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    .decision_id = "01a1fd46-48a1-7af4-9991-5288b32499b6",
    .reason = "the role operator may order.create",
    .policy_revision = 7
};
static const struct order_request request = { .type = "profile.provision",
                                              .plan = "gold",
                                              .adapter = "atom",
                                              .eid = "89049032123451234512345678901235",
                                              .profile_type = "P1" };
#define DIGEST "61cafeb0ce0f07949b5900a844eb72d0fbf0ac26fe46a9aef4bd2d55f3aa6aa5"
#define QUESTION                                                                    \
    "[{\"carrier\":\"atom\",\"eid\":\"89049032123451234512345678901235\","          \
    "\"needs\":[\"profile.order\"],\"plan\":\"gold\",\"profile_type\":\"P1\","      \
    "\"tenant\":\"acme\",\"type\":\"profile.provision\"},[{\"aliases\":[],"         \
    "\"capabilities\":[\"profile.order\",\"profile.confirm\",\"profile.release\"]," \
    "\"healthy\":true,\"name\":\"atom\",\"version\":\"1.0.0\"}]]"

static bool place(struct db *db, void *arg, struct err *err)
{
    struct order *order = arg;
    return order_accept(db, &order->accept, err);
}

static void submit(struct order *order)
{
    static const char *const none[] = { NULL };
    static const char sealed[160]; /* As long as sealed variables are. */
    static const struct order_decision decision = { .function = "route",
                                                    .input_digest = DIGEST,
                                                    .input = { QUESTION,
                                                               sizeof QUESTION - 1 },
                                                    .reason = "the order names atom",
                                                    .result = "{\"adapter\":\"atom\"}",
                                                    .revision = 7,
                                                    .allow = true };
    for (int i = 0; i < 2; i++) {
        order->decisions[i] = decision;
        id_new(order->decisions[i].id);
    }
    id_new(order->key);
    order->accept = (struct order_accept){ .actor = &actor,
                                           .request = &request,
                                           .skipped = none,
                                           .idempotency_key = order->key,
                                           .route = "POST /v1/orders",
                                           .digest = DIGEST,
                                           .decisions = order->decisions,
                                           .decision_count = 2,
                                           .vars_sealed = { sealed, sizeof sealed } };
    id_new(order->accept.id);
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
    printf("{\"bench\":\"store\",\"rows\":\"those of an order\",\"batch\":%lld,"
           "\"transactions_per_s\":%lld}\n",
           (long long)bench->batch, (long long)(bench->done * 1000000 / took_us));
    free(orders);
}

static bool run_one(const char *folder, int64_t batch, int64_t seconds)
{
    char dir[256];
    struct err err = ERR_INIT;
    const struct store_limits limits = { .batch = batch,
                                         .queue = 4096,
                                         .cache_kb = 16384 };
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
