/* esimctl order ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/json.h"
#include "conf/file.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/lists.h"
#include "ctl/order_body.h"
#include "ctl/order_follow.h"
#include "ctl/yaml_text.h"

enum { RESULT_BYTES = 1 << 20 };

static const struct column columns[] = {
    { "ID", "id", false },
    { "TYPE", "type", false },
    { "STATE", "state", false },
    { "CARRIER", "carrier", false },
    { "ICCID", "iccid", false },
    { "MSISDN", "msisdn", true },
    { "EXTERNAL", "external_id", true },
    { "SUBJECT", "subject", true },
    { "REVISION", "policy_revision", true },
    { "CREATED", "created", false },
    { "UPDATED", "updated", true },
    { NULL },
};

static const struct column step_columns[] = {
    { "STEP", "position", false },
    { "CAPABILITY", "capability", false },
    { "KIND", "kind", false },
    { "STATE", "state", false },
    { "ATTEMPTS", "attempts", false },
    { "EXCHANGE", "exchange", false },
    { "MS", "took_ms", false },
    { "ADAPTER", "adapter_version", true },
    { "NEXT TRY", "next_try", true },
    { "PROBLEM", "problem.message", false },
    { NULL },
};

/* A few of a list tell what is in it; -o yaml has all. */
static json_t *shortened(const json_t *result)
{
    enum { SHOWN_MOST = 5 };
    json_t *ret = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)result, key, value)
    {
        size_t count = json_array_size(value);
        json_t *copy = json_copy(value);
        while (json_array_size(copy) > SHOWN_MOST)
            json_array_remove(copy, json_array_size(copy) - 1);
        if (count > SHOWN_MOST)
            json_array_append_new(copy, json_sprintf("and %zu more: -o yaml shows all",
                                                     count - SHOWN_MOST));
        json_object_set_new(ret, key, copy);
    }
    return ret;
}

static void show_result(const json_t *order)
{
    json_t *result = shortened(json_object_get(order, "result"));
    struct buf text;
    buf_init(&text, RESULT_BYTES);
    yaml_write(result, &text);
    if (json_object_size(result) > 0 && buf_ok(&text))
        printf("\n%.*s", (int)text.size, text.ptr);
    buf_finish(&text);
    json_decref(result);
}

/* For people an order is its own line, its steps and its result below. */
static void show_order(const struct ctl *ctl, const json_t *order)
{
    output_show(ctl->form, columns, order);
    const json_t *steps = json_object_get(order, "steps");
    if (ctl->form <= OUTPUT_WIDE && json_array_size(steps) > 0) {
        printf("\n");
        fflush(stdout);
        output_show(ctl->form, step_columns, steps);
    }
    if (ctl->form <= OUTPUT_WIDE)
        show_result(order);
    const char *held = json_text(order, "held_for");
    if (ctl->form <= OUTPUT_WIDE && held != NULL)
        fprintf(stderr, "\nheld: %s\n", held);
}

/* ---- create ---- */

static int place_order(struct ctl *ctl, json_t *body, const char *key, json_t **ret)
{
    char key_line[320], prefer_line[64] = "";
    char fresh[ID_SIZE];
    int64_t wait_ms = ctl_flag_ms(ctl, "wait", 0);
    if (wait_ms < 0)
        return EXIT_USAGE;
    if (key == NULL) {
        id_new(fresh);
        key = fresh;
    }
    int length = snprintf(key_line, sizeof key_line, "Idempotency-Key: %s", key);
    if (length < 0 || (size_t)length >= sizeof key_line)
        return EXIT_USAGE;
    if (wait_ms > 0)
        length = snprintf(prefer_line, sizeof prefer_line, "Prefer: wait=%lld",
                          (long long)((wait_ms + 999) / 1000));
    struct ask ask = { .method = "POST",
                       .path = "/v1/orders",
                       .headers = { key_line, prefer_line },
                       .body = body };
    int code = client_json(ctl->client, &ask, ret);
    if (code == EXIT_AWAY || code == EXIT_TIMEOUT)
        fprintf(stderr, "  the order may be there: repeat with --idempotency-key %s\n",
                key);
    return length < 0 ? EXIT_TROUBLE : code;
}

static int create_one(struct ctl *ctl, json_t *body)
{
    json_t *order = NULL;
    int code = place_order(ctl, body, ctl_flag(ctl, "idempotency-key"), &order);
    if (code == EXIT_DONE)
        show_order(ctl, order);
    json_decref(order);
    return code;
}

/* Every line is an order; each result is a line, in the same order, so that a hundred
 * thousand can be checked. The line's number makes the key: a run that is repeated with
 * the same --idempotency-key continues. */
static int create_many(struct ctl *ctl, const json_t *bodies)
{
    char fresh[ID_SIZE], key[320];
    const char *base = ctl_flag(ctl, "idempotency-key");
    int worst = EXIT_DONE;
    size_t done = 0, count = json_array_size(bodies);
    if (base == NULL) {
        id_new(fresh);
        base = fresh;
        fprintf(stderr, "repeat with --idempotency-key %s to go on after a break\n",
                base);
    }
    for (size_t i = 0; i < count; i++) {
        json_t *order = NULL;
        int length = snprintf(key, sizeof key, "%.250s-%zu", base, i + 1);
        int code = length < 0
                       ? EXIT_TROUBLE
                       : place_order(ctl, json_array_get(bodies, i), key, &order);
        json_t *row = json_pack("{s:I,s:i}", "line", (json_int_t)(i + 1), "exit", code);
        json_put_text(row, "id", json_text(order, "id"));
        json_put_text(row, "state", json_text(order, "state"));
        json_dumpf(row, stdout, JSON_COMPACT);
        putchar('\n');
        done += code == EXIT_DONE;
        worst = code > worst ? code : worst;
        json_decref(row);
        json_decref(order);
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r%zu of %zu", i + 1, count);
    }
    fprintf(stderr, "%s%zu of %zu accepted\n", isatty(STDERR_FILENO) ? "\n" : "", done,
            count);
    return worst;
}

static int create(struct ctl *ctl)
{
    struct err err = ERR_INIT;
    json_t *body = order_body_read(ctl, &err);
    if (body == NULL)
        return ctl_fail(EXIT_USAGE, &err);
    int code = json_is_array(body) ? create_many(ctl, body) : create_one(ctl, body);
    json_decref(body);
    return code;
}

/* ---- the rest ---- */

static int get(struct ctl *ctl)
{
    json_t *order = NULL;
    if (ctl_flag(ctl, "watch") != NULL)
        return order_watch(ctl, ctl->words[0]);
    char *path = client_path("/v1/orders/", ctl->words[0], "");
    struct ask ask = { .method = "GET", .path = path == NULL ? "" : path };
    int code = client_json(ctl->client, &ask, &order);
    free(path);
    if (code == EXIT_DONE)
        show_order(ctl, order);
    json_decref(order);
    return code;
}

static int list(struct ctl *ctl)
{
    static const char *const filters[] = { "state", "carrier", "external-id", "iccid",
                                           NULL };
    return list_show(ctl, "/v1/orders", filters, columns);
}

static int watch(struct ctl *ctl)
{
    return order_watch(ctl, ctl->words[0]);
}

static int wait_for(struct ctl *ctl)
{
    return order_wait(ctl, ctl->words[0]);
}

static int change(struct ctl *ctl, const char *verb, json_t *body)
{
    json_t *order = NULL;
    char match[80] = "";
    const char *version = ctl_flag(ctl, "if-version");
    int length = version == NULL
                     ? 0
                     : snprintf(match, sizeof match, "If-Match: \"v%.40s\"", version);
    char *path = client_path("/v1/orders/", ctl->words[0], verb);
    struct ask ask = { .method = "POST",
                       .path = path == NULL ? "" : path,
                       .headers = { match },
                       .body = body };
    int code = length < 0 ? EXIT_TROUBLE : client_json(ctl->client, &ask, &order);
    free(path);
    if (code == EXIT_DONE)
        show_order(ctl, order);
    json_decref(order);
    return code;
}

static int cancel(struct ctl *ctl)
{
    return change(ctl, "/cancel", NULL);
}

static int resolve(struct ctl *ctl)
{
    struct err err = ERR_INIT;
    const char *as = ctl_flag(ctl, "as");
    if (as == NULL) {
        err_set(&err, ERR_INVALID, "say --as done, not_done or give_up");
        return ctl_fail(EXIT_USAGE, &err);
    }
    json_t *body = json_pack("{s:s}", "resolution", as);
    const char *path = ctl_flag(ctl, "result");
    json_t *result = path == NULL ? NULL : order_json_read(path, &err);
    if (path != NULL && result == NULL) {
        json_decref(body);
        return ctl_fail(EXIT_USAGE, &err);
    }
    if (result != NULL)
        json_object_set_new(body, "result", result);
    int code = change(ctl, "/resolve", body);
    json_decref(body);
    return code;
}

/* clang-format off */
static const struct flag create_flags[] = {
    { "file", 'f', "PATH", "the order as JSON, or many as JSON lines; - is standard input" },
    { "type", 0, "TYPE", "what to do; profile.provision if not said" },
    { "plan", 0, "PLAN", "the carrier's service plan" },
    { "carrier", 0, "NAME", "this carrier and no other" },
    { "eid", 0, "EID", "the device's eUICC" },
    { "imei", 0, "IMEI", "the device" },
    { "msisdn", 0, "NUMBER", "the number" },
    { "iccid", 0, "ICCID", "the profile" },
    { "profile-type", 0, "TYPE", "the carrier's kind of profile" },
    { "external-id", 0, "ID", "your own name for the order" },
    { "confirmation-code-file", 0, "PATH", "a secret that the user must enter; - is standard input" },
    { "text", 0, "TEXT", "of a message (--type sms.send)" },
    { "text-file", 0, "PATH", "the same, unseen by other users of this machine; - is standard input" },
    { "extra", 0, "JSON", "more input, as an object; for secrets use --file" },
    { "idempotency-key", 0, "KEY", "the same again when you repeat" },
    { "wait", 0, "TIME", "wait so long for the end" },
    { NULL },
};
static const struct flag list_flags[] = {
    { "state", 0, "STATE", "only in this state" },
    { "carrier", 0, "NAME", "only this carrier's" },
    { "external-id", 0, "ID", "only those of your id" },
    { "iccid", 0, "ICCID", "only of this profile" },
    LIST_FLAGS,
    { NULL },
};
static const struct flag get_flags[] = {
    { "watch", 'w', NULL, "show each change until it ends" },
    { NULL },
};
static const struct flag wait_flags[] = {
    { "for", 0, "state=STATE", "what to wait for; state=completed if not said" },
    { "timeout", 0, "TIME", "at most so long; 60s if not said" },
    { NULL },
};
static const struct flag change_flags[] = {
    { "if-version", 0, "N", "only if this is its version" },
    { NULL },
};
static const struct flag resolve_flags[] = {
    { "as", 0, "WORD", "done, not_done or give_up" },
    { "result", 0, "PATH", "what the step gave, as a JSON object; - is standard input" },
    { "if-version", 0, "N", "only if this is its version" },
    { NULL },
};

const struct command order_commands[] = {
    { "order", "create", NULL, 0, 0, create_flags, create, "Place an order, or many.",
      "esimctl order create --plan basic --eid 89049032... --wait 30s\nesimctl order create --type device.compliance --carrier intune --extra '{\"device_id\":\"...\"}'\nesimctl order create -f orders.jsonl > results.jsonl" },
    { "order", "get", "ID", 1, 1, get_flags, get, "Show an order and its steps.", "esimctl order get ID -o yaml" },
    { "order", "list", NULL, 0, 0, list_flags, list, "List orders, newest first.", "esimctl order list --state held -o wide" },
    { "order", "watch", "ID", 1, 1, NULL, watch, "Show each change until it ends.", NULL },
    { "order", "wait", "ID", 1, 1, wait_flags, wait_for, "Wait for a state.", "esimctl order wait ID --for=state=completed --timeout=2m" },
    { "order", "cancel", "ID", 1, 1, change_flags, cancel, "Ask for it to be taken back.", NULL },
    { "order", "resolve", "ID", 1, 1, resolve_flags, resolve, "Say what became of a step that is held.", "esimctl order resolve ID --as not_done" },
    { NULL },
};
/* clang-format on */
