#include "order/op.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "order/op_state.h"
#include "order/order_vars.h"

enum { INPUT_LIMIT_BYTES = 256 * 1024, REASON_SIZE = 320 };

static struct metric ended_total = { .kind = METRIC_COUNTER,
                                     .name = "esimd_steps_total",
                                     .help = "Flow steps by how the cell answered.",
                                     .label = "adapter",
                                     .label2 = "end" };

/* ---- life ---- */

static void link_op(struct op *op)
{
    struct engine *engine = op->engine;
    op->next = engine->ops;
    if (op->next != NULL)
        op->next->previous = op;
    engine->ops = op;
}

static void unlink_op(struct op *op)
{
    if (op->next != NULL)
        op->next->previous = op->previous;
    if (op->previous != NULL)
        op->previous->next = op->next;
    else
        op->engine->ops = op->next;
}

void op_forget_reply(struct op *op)
{
    arena_destroy(&op->reply_arena);
    op->read_again = false;
}

static void free_op(struct op *op)
{
    op_forget_reply(op);
    op_token_forget(op);
    buf_finish_secret(&op->action);
    claim_free(&op->claim);
    free(op);
}

static void leave(struct op *op)
{
    unlink_op(op);
    adapter_free_slot(op->adapter);
    atomic_fetch_sub(&op->engine->in_flight, 1);
}

/* The adapter has said that it heeds a dry run; it is not asked to be believed. */
const char *op_only_looks(const struct op *op)
{
    if (op->querying)
        return "a query";
    return json_bool(op->claim->vars, "dry_run", false) ? "a dry run" : NULL;
}

void op_finish(struct op *op)
{
    struct engine *engine = op->engine;
    struct adapter *adapter = op->adapter;
    leave(op);
    free_op(op);
    engine_publish_soon(engine);
    engine_adapter_idle(engine, adapter);
    engine_maybe_stopped(engine);
    if (!engine->stopping)
        engine_wake(engine); /* A slot is free. */
}

void op_drop_all(struct engine *engine)
{
    while (engine->ops != NULL) {
        struct op *op = engine->ops;
        if (op->call != NULL)
            http_cancel(&op->call);
        op_token_forget(op);
        session_withdraw(&op->submit);
        leave(op);
        if (op->busy)
            op->dropped = true; /* Freed when its step or transaction returns. */
        else
            free_op(op);
    }
}

char *op_problem(const char *code, const char *message, const char *carrier_code)
{
    json_t *problem = json_object();
    json_put_text(problem, "code", code);
    json_put_text(problem, "message", message);
    if (carrier_code != NULL && carrier_code[0] != '\0')
        json_put_text(problem, "carrier_code", carrier_code);
    char *text = json_dumps(problem, JSON_COMPACT);
    json_decref(problem);
    memory_need(text != NULL);
    return text;
}

/* ---- retry ---- */

/* In a row, with this one. A flow that waits and is put off each time has no other count:
 * waiting is no failure. */
static int64_t failures_of(const struct claim *claim)
{
    return claim->attempts > claim->rounds ? claim->attempts : claim->rounds + 1;
}

/* Full jitter (between nothing and the doubled base), so that a carrier that comes back
 * is not met by everybody at once. */
static int64_t back_off_ms(const struct op *op)
{
    const struct manifest *manifest = adapter_manifest(op->adapter);
    int64_t bound = manifest->retry_base_ms;
    for (int64_t i = 1; i < failures_of(op->claim) && bound < manifest->retry_most_ms;
         i++)
        bound *= 2;
    if (bound > manifest->retry_most_ms)
        bound = manifest->retry_most_ms;
    uint64_t random;
    id_random(&random, sizeof random);
    return (int64_t)(random % (uint64_t)(bound + 1));
}

void op_retry(struct op *op, const struct op_retry *retry)
{
    const struct claim *claim = op->claim;
    int64_t now_ms = clock_wall_ms();
    int64_t most = adapter_manifest(op->adapter)->retry_attempts;
    char reason[REASON_SIZE];
    /* What never left may be tried until the deadline: a carrier can be away for long. */
    bool begins_anew = retry->event == ESIM_START && !retry->never_left;
    bool used_up = failures_of(claim) >= most && !retry->never_left;
    if (used_up || now_ms >= claim->deadline_ms) {
        int length = snprintf(reason, sizeof reason,
                              "given up after %lld attempts: %.200s",
                              (long long)failures_of(claim), retry->reason);
        assert(length > 0);
        op_store_hold(op, retry->problem, reason);
        return;
    }
    int64_t after_ms = back_off_ms(op);
    if (after_ms < retry->after_ms)
        after_ms = retry->after_ms;
    struct outbox_wait wait = { .due_ms = now_ms + after_ms,
                                .event = retry->event,
                                .keep_action = retry->keep_action,
                                .count = begins_anew ? OUTBOX_ANEW : OUTBOX_COUNTED,
                                .problem = retry->problem };
    if (retry->event == ESIM_MESSAGE)
        wait.wait_key = claim->wait_key;
    op_store_wait(op, &wait, ORDER_EV_DEFERRED, retry->reason);
}

/* Nothing is lost while the reply is in hand: another process may read it. One that dies
 * over it too is no accident. */
static bool read_again(struct op *op)
{
    if (op->event != ESIM_REPLY || op->read_again)
        return false;
    op->read_again = true;
    op_step(op, ESIM_REPLY, &op->reply);
    return true;
}

/* The cell died or spoke nonsense in this step. An exchange whose answer nobody can read
 * counts as one whose answer was lost. */
static void on_fault(struct op *op, enum cell_end end, const char *reason)
{
    adapter_note_problem(op->adapter, cell_end_name(end));
    if (read_again(op))
        return;
    op_forget_reply(op);
    char *problem = op_problem(cell_end_name(end), reason, NULL);
    struct op_retry retry = { .event = op->event,
                              .keep_action = true,
                              .never_left = end == CELL_DOWN, /* It was not asked. */
                              .after_ms = -1,
                              .problem = problem,
                              .reason = reason };
    if (op->event == ESIM_REPLY)
        retry.event = op->repeat == ESIM_ONCE ? ESIM_QUERY : OUTBOX_RESEND;
    op_retry(op, &retry);
    free(problem);
}

/* ---- answers ---- */

static void refuse_violation(struct op *op, const struct err *err)
{
    char *problem = op_problem("adapter_violation", err->text, NULL);
    struct op_end end = { .outcome = op->querying || op->repeat == ESIM_ONCE
                                         ? ESIM_UNKNOWN
                                         : ESIM_REFUSED,
                          .problem = problem,
                          .reason = err->text,
                          .denied = true };
    adapter_note_problem(op->adapter, "adapter_violation");
    log_line(LOG_ERROR, "adapter.violation",
             LOG_TEXT("adapter", adapter_manifest(op->adapter)->name),
             LOG_TEXT("operation", op->claim->operation_id),
             LOG_TEXT("text", err->text));
    op_store_end(op, &end);
    free(problem);
}

static void take_ask(struct op *op, const struct esim_answer *answer)
{
    struct err err = ERR_INIT;
    if (!op_may_ask(op, answer, &err))
        refuse_violation(op, &err);
    else
        op_store_action(op, answer);
}

static void take_send(struct op *op, const struct esim_answer *answer)
{
    struct err err = ERR_INIT;
    if (!op_may_submit(op, answer, &err))
        refuse_violation(op, &err);
    else
        op_store_action(op, answer);
}

static void take_wait(struct op *op, const struct esim_answer *answer)
{
    bool awaits = answer->action == ESIM_AWAIT;
    char key[128] = "";
    struct err err = ERR_INIT;
    struct slice state = slice_bytes(answer->state.ptr, answer->state.size);
    if (awaits &&
        !slice_copy(slice_bytes(answer->key.ptr, answer->key.size), key, sizeof key)) {
        err_set(&err, ERR_LIMIT, "a key to await has at most %zu bytes",
                sizeof key - 1);
        refuse_violation(op, &err);
        return;
    }
    struct outbox_wait wait = { .due_ms = answer->until_ms,
                                .event = awaits ? ESIM_SILENCE : ESIM_TIMER,
                                .count = OUTBOX_FORWARD,
                                .wait_key = awaits ? key : NULL,
                                .state = &state,
                                .state_version = answer->state_version,
                                .sealer = op->engine->parts.sealer };
    op_store_wait(op, &wait, ORDER_EV_TAKEN, "a step waits");
}

static void take_not_yet(struct op *op, const char *problem, const char *reason,
                         int32_t retry_after_s)
{
    struct op_retry retry = { .event = ESIM_START,
                              .after_ms = retry_after_s < 0
                                              ? -1
                                              : (int64_t)retry_after_s * 1000,
                              .problem = problem,
                              .reason = reason };
    op_retry(op, &retry);
}

static void take_end(struct op *op, const struct esim_answer *answer)
{
    char code[64], message[320], carrier_code[128];
    const struct esim_problem *from = &answer->problem;
    if (!slice_copy(slice_bytes(from->code.ptr, from->code.size), code, sizeof code))
        code[0] = '\0';
    struct slice text = slice_bytes(from->message.ptr, from->message.size);
    if (text.size > sizeof message - 1)
        text.size = sizeof message - 1;
    if (!slice_copy(text, message, sizeof message))
        message[0] = '\0';
    if (!slice_copy(slice_bytes(from->carrier_code.ptr, from->carrier_code.size),
                    carrier_code, sizeof carrier_code))
        carrier_code[0] = '\0';
    char *problem = answer->outcome == ESIM_DONE
                        ? NULL
                        : op_problem(code, message, carrier_code);
    struct op_end end = { .outcome = answer->outcome,
                          .result = slice_bytes(answer->result.ptr,
                                                answer->result.size),
                          .problem = problem,
                          .reason = message[0] == '\0' ? code : message };
    if (answer->outcome == ESIM_DONE)
        op_note_accepted(op);
    else if (strcmp(code, "unauthorised") == 0)
        op_note_refused(op, end.reason);
    else
        adapter_note_problem(op->adapter, code);
    if (answer->outcome == ESIM_NOT_YET)
        take_not_yet(op, problem, end.reason, from->retry_after_s);
    else
        op_store_end(op, &end);
    free(problem);
}

static void on_answer(void *arg, const struct esim_answer *answer, enum cell_end end,
                      const char *reason)
{
    static void (*const takers[])(struct op *, const struct esim_answer *) = {
        [ESIM_ASK] = take_ask,    [ESIM_SEND] = take_send, [ESIM_WAIT] = take_wait,
        [ESIM_AWAIT] = take_wait, [ESIM_END] = take_end,
    };
    struct op *op = arg;
    op->busy = false;
    if (op->dropped) {
        free_op(op);
        return;
    }
    metric_count(&ended_total, adapter_manifest(op->adapter)->name, cell_end_name(end));
    if (answer == NULL) {
        on_fault(op, end, reason);
        return;
    }
    op_forget_reply(op);
    takers[answer->action](op, answer);
}

/* ---- a step ---- */

static struct esim_bytes bytes_of(const void *ptr, size_t size)
{
    return (struct esim_bytes){ ptr, size };
}

static struct esim_bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

void op_step(struct op *op, esim_event event, const struct esim_reply *reply)
{
    const struct claim *claim = op->claim;
    struct esim_message message = {
        .size = sizeof message,
        .key = text_of(claim->wait_key),
        .payload = bytes_of(claim->message, claim->message_size),
    };
    struct buf input;
    buf_init(&input, INPUT_LIMIT_BYTES);
    json_t *members = order_vars_input(claim->vars, claim->capability);
    json_write(members, &input);
    json_decref(members);
    struct esim_step step = {
        .size = sizeof step,
        .event = event,
        .now_ms = clock_wall_ms(),
        .state_version = claim->state_version,
        .attempt = (uint32_t)claim->tries,
        .operation = text_of(claim->operation_id),
        .capability = text_of(claim->capability),
        .state = bytes_of(claim->state, claim->state_size),
        .input = bytes_of(input.ptr, input.size),
        .settings = text_of(op->view->settings),
        .secrets = text_of(op->view->secrets),
        .reply = reply,
        .message = event == ESIM_MESSAGE ? &message : NULL,
    };
    id_random(step.random, sizeof step.random);
    op->event = event;
    op->querying = op->querying || event == ESIM_QUERY;
    op->busy = true;
    adapter_step(op->adapter, &step, on_answer, op);
    buf_finish_secret(&input);
}

static void refuse_undeclared(struct op *op)
{
    struct err err = ERR_INIT;
    err_set(&err, ERR_DENIED, "the manifest of %s does not declare the capability %s",
            adapter_manifest(op->adapter)->name, op->claim->capability);
    refuse_violation(op, &err);
}

void op_start(struct engine *engine, struct adapter *adapter, struct claim *claim)
{
    struct op *op = calloc(1, sizeof *op);
    memory_need(op != NULL);
    op->engine = engine;
    op->adapter = adapter;
    op->claim = claim;
    op->querying = claim->querying;
    op->view = adapter_conf_view(adapter_conf_of(adapter), claim->order.tenant);
    buf_init(&op->action, OP_ACTION_LIMIT_BYTES);
    adapter_take_slot(adapter);
    atomic_fetch_add(&engine->in_flight, 1);
    link_op(op);
    if (!manifest_has_capability(adapter_manifest(adapter), claim->capability)) {
        refuse_undeclared(op);
    } else if (claim->event == OUTBOX_RESEND && claim->action_size == 0) {
        op_step(op, ESIM_AGAIN, NULL);
    } else if (claim->event == OUTBOX_RESEND) {
        buf_add(&op->action, claim->action, claim->action_size);
        op_send(op);
    } else {
        op_step(op, (esim_event)claim->event, NULL);
    }
}
