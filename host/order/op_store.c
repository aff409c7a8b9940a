/* The transactions of an operation. What they need is copied into one struct op_store,
 * because the answer that caused them is gone when the writer's thread runs them. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "cell/step_codec.h"
#include "order/op_state.h"

struct op_store {
    struct op *op;
    /* action */
    char action_id[ID_SIZE];
    char *exchange;
    char *only_later_key;
    char *state;
    size_t state_size;
    uint32_t state_version;
    int64_t lease_until_ms;
    /* wait, hold, end */
    struct outbox_wait wait;
    struct slice wait_state;
    enum order_event event;
    char *wait_key;
    char *problem;
    char *reason;
    json_t *result;
    int64_t outcome;
    bool denied;
    /* out */
    struct claim *next_claim;
};

static char *copy_of(const char *text)
{
    char *copy = text == NULL ? NULL : strdup(text);
    memory_need(text == NULL || copy != NULL);
    return copy;
}

static char *copy_bytes(struct slice bytes)
{
    char *copy = malloc(bytes.size + 1);
    memory_need(copy != NULL);
    if (bytes.size > 0)
        memcpy(copy, bytes.ptr, bytes.size);
    copy[bytes.size] = '\0';
    return copy;
}

static struct op_store *store_create(struct op *op)
{
    struct op_store *store = calloc(1, sizeof *store);
    memory_need(store != NULL);
    store->op = op;
    return store;
}

static void store_free(struct op_store *store)
{
    if (store->state != NULL)
        explicit_bzero(store->state, store->state_size);
    free(store->state);
    free(store->exchange);
    free(store->only_later_key);
    free(store->wait_key);
    free(store->problem);
    free(store->reason);
    json_decref(store->result);
    claim_free(&store->next_claim);
    free(store);
}

/* Common to every completion: true when the operation goes on as if stored. */
static bool landed(struct op *op, bool ok, const struct err *err)
{
    op->busy = false;
    if (op->dropped) {
        buf_finish_secret(&op->action);
        store_free(op->store);
        claim_free(&op->claim);
        free(op);
        return false;
    }
    if (ok)
        return true;
    /* ERR_STALE: somebody else owns it now. Anything else: nothing was stored, the lease
     * ends by itself, and recovery goes by the stored class. */
    log_line(err->code == ERR_STALE ? LOG_INFO : LOG_ERROR, "operation.not_stored",
             LOG_TEXT("operation", op->claim->operation_id),
             LOG_TEXT("code", err_code_name(err->code)), LOG_TEXT("text", err->text));
    store_free(op->store);
    op->store = NULL;
    op_finish(op);
    return false;
}

static void post(struct op *op, struct op_store *store,
                 bool (*run)(struct db *, void *, struct err *),
                 void (*done)(void *, bool, const struct err *))
{
    op->store = store;
    op->busy = true;
    op->txn = (struct txn){
        .run = run, .done = done, .arg = op, .reply_to = op->engine->loop
    };
    store_write(op->engine->parts.store, &op->txn);
}

/* ---- an action is about to leave ---- */

static bool run_action(struct db *db, void *arg, struct err *err)
{
    struct op *op = arg;
    struct op_store *store = op->store;
    struct outbox_action action = {
        .action_id = store->action_id,
        .exchange = store->exchange,
        .repeat = op->repeat,
        .action = op->rewrite ? (struct slice){ NULL, 0 } : buf_slice(&op->action),
        .state = slice_bytes(store->state, store->state_size),
        .state_version = store->state_version,
        .querying = op->querying,
        .only_later_key = store->only_later_key,
        .own_lines = op->view->tenant[0] != '\0',
        .lease_until_ms = store->lease_until_ms,
        .sealer = op->engine->parts.sealer,
    };
    return outbox_store_action(db, op->claim, &action, err);
}

static void action_done(void *arg, bool ok, const struct err *err)
{
    struct op *op = arg;
    if (!landed(op, ok, err))
        return;
    /* The new state is what the next step is told. */
    struct claim *claim = op->claim;
    if (claim->state != NULL)
        explicit_bzero(claim->state, claim->state_size);
    free(claim->state);
    claim->state = op->store->state;
    claim->state_size = op->store->state_size;
    claim->state_version = op->store->state_version;
    op->store->state = NULL;
    store_free(op->store);
    op->store = NULL;
    op_send(op);
}

void op_store_action(struct op *op, const struct esim_answer *answer)
{
    const struct manifest *manifest = adapter_manifest(op->adapter);
    struct op_store *store = store_create(op);
    id_new(store->action_id);
    bool sends = answer->action == ESIM_SEND;
    struct esim_bytes name = sends ? answer->send.name : answer->ask.name;
    uint32_t flags = sends ? answer->send.flags : answer->ask.flags;
    store->exchange = copy_bytes(slice_bytes(name.ptr, name.size));
    store->state = copy_bytes(slice_bytes(answer->state.ptr, answer->state.size));
    store->state_size = answer->state.size;
    store->state_version = answer->state_version != 0 ? answer->state_version
                                                      : manifest->state_newest;
    /* The exchange, and once more when a token had to be renewed. */
    store->lease_until_ms = clock_wall_ms() + 2 * manifest->timeout_ms +
                            settings_int(op->engine->parts.settings,
                                         SET_ENGINE_LEASE_MS);
    op->repeat = sends ? answer->send.repeat : answer->ask.repeat;
    /* A command that is to be carried out once is not answered by an earlier one's reply
     * under the same key, such as a number. A question may be. */
    if (sends && op->repeat == ESIM_ONCE)
        store->only_later_key = copy_bytes(
            slice_bytes(answer->send.key.ptr, answer->send.key.size));
    op->rewrite = (flags & ESIM_REWRITE) != 0;
    buf_clear(&op->action);
    answer_encode(answer, &op->action);
    post(op, store, run_action, action_done);
}

/* ---- it waits ---- */

static bool run_wait(struct db *db, void *arg, struct err *err)
{
    struct op *op = arg;
    struct op_store *store = op->store;
    struct order_row *order = &op->claim->order;
    struct order_news news = { .subject = "host",
                               .reason = store->reason,
                               .problem = store->problem };
    return outbox_wait(db, op->claim, &store->wait, err) &&
           (store->event == ORDER_EV_TAKEN ||
            (order_row_load(db, order->tenant, order->id, order, err) &&
             order_move(db, order, store->event, &news, err)));
}

static void end_done(void *arg, bool ok, const struct err *err)
{
    struct op *op = arg;
    if (!landed(op, ok, err))
        return;
    struct claim *next = op->store->next_claim;
    struct engine *engine = op->engine;
    struct adapter *adapter = op->adapter;
    op->store->next_claim = NULL;
    store_free(op->store);
    op->store = NULL;
    if (next != NULL && !engine->stopping)
        op_start(engine, adapter,
                 next); /* Before the finish, which may free adapter. */
    else
        claim_free(&next);
    op_finish(op);
}

void op_store_wait(struct op *op, const struct outbox_wait *wait,
                   enum order_event order_event, const char *reason)
{
    struct op_store *store = store_create(op);
    store->wait = *wait;
    store->wait.querying = op->querying && wait->event != ESIM_START;
    store->wait.own_lines = op->view->tenant[0] != '\0';
    store->event = order_event;
    store->reason = copy_of(reason);
    store->wait.wait_key = store->wait_key = copy_of(wait->wait_key);
    store->wait.problem = store->problem = copy_of(wait->problem);
    if (wait->state != NULL) {
        store->state = copy_bytes(*wait->state);
        store->state_size = wait->state->size;
        store->wait_state = slice_bytes(store->state, store->state_size);
        store->wait.state = &store->wait_state;
        if (store->wait.state_version == 0)
            store->wait.state_version = adapter_manifest(op->adapter)->state_newest;
    }
    post(op, store, run_wait, end_done);
}

/* ---- it is held ---- */

static bool run_hold(struct db *db, void *arg, struct err *err)
{
    struct op *op = arg;
    return order_hold(db, op->claim, op->store->problem, op->store->reason, err);
}

void op_store_hold(struct op *op, const char *problem, const char *reason)
{
    struct op_store *store = store_create(op);
    store->problem = copy_of(problem);
    store->reason = copy_of(reason);
    post(op, store, run_hold, end_done);
}

/* ---- it ended ---- */

static bool write_denial(struct db *db, const struct op *op, struct err *err)
{
    char resource[64], subject[64];
    int a = snprintf(resource, sizeof resource, "order/%s", op->claim->order.id);
    int b = snprintf(subject, sizeof subject, "adapter:%.50s",
                     op->claim->order.adapter);
    assert(a > 0 && b > 0);
    struct audit_record record = { .tenant = op->claim->order.tenant,
                                   .subject = subject,
                                   .action = "adapter.exchange",
                                   .resource = resource,
                                   .outcome = "denied",
                                   .reason = op->store->reason,
                                   .trace = op->claim->order.trace };
    return audit_write(db, &record, err);
}

/* What follows is claimed in the same transaction: nobody else can take it between. */
static bool claim_next(struct db *db, struct op *op, const char *operation_id,
                       struct err *err)
{
    const struct settings *settings = op->engine->parts.settings;
    const struct manifest *manifest = adapter_manifest(op->adapter);
    if (operation_id[0] == '\0')
        return true;
    struct outbox_claim claim = {
        .owner = op->engine->owner,
        .adapter = manifest->name,
        .version = manifest->version,
        .digest = manifest->digest,
        .only_tenant = op->claim->order.tenant,
        .only = operation_id,
        .now_ms = clock_wall_ms(),
        .lease_ms = settings_int(settings, SET_ENGINE_LEASE_MS),
        .step_deadline_ms = settings_int(settings, SET_ENGINE_STEP_DEADLINE_MS),
        .most = 1,
        .sealer = op->engine->parts.sealer,
    };
    bool ok = outbox_claim(db, &claim, err);
    op->store->next_claim = claim.claims;
    return ok;
}

static bool run_end(struct db *db, void *arg, struct err *err)
{
    struct op *op = arg;
    struct op_store *store = op->store;
    struct step_end end = {
        .claim = op->claim,
        .outcome = store->outcome,
        .result = store->result,
        .problem = store->problem,
        .reason = store->reason,
        .manifest = adapter_manifest(op->adapter),
        .sealer = op->engine->parts.sealer,
    };
    return (!store->denied || write_denial(db, op, err)) &&
           order_advance(db, &end, err) &&
           claim_next(db, op, end.next_operation_id, err);
}

void op_store_end(struct op *op, const struct op_end *end)
{
    struct op_store *store = store_create(op);
    store->outcome = end->outcome;
    store->problem = copy_of(end->problem);
    store->reason = copy_of(end->reason);
    store->denied = end->denied;
    if (end->outcome == ESIM_DONE)
        store->result = json_read(end->result, NULL); /* NULL is found unsound later. */
    post(op, store, run_end, end_done);
}
