/* What a session brings, one transaction each: the writer joins them in one commit. A
 * full store is waited for, since the carrier would not say it again. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "order/fact.h"
#include "order/link_state.h"
#include "order/outbox_message.h"

enum { AGAIN_MS = 50, WRITE_BYTES_MAX = 2 << 20 };

struct link_write {
    struct link_write *next;
    struct session_link *link;
    bool (*run)(struct db *db, const struct link_write *write, struct err *err);
    uint64_t ticket; /* 0: the session does not wait for it. */
    char *key;
    char *others; /* Tenants that this line is not for (struct outbox_origin). */
    struct buf bytes;
    int64_t at_ms; /* Kept until, or due at. */
    struct txn txn;
};

/* ---- on the writer's thread ---- */

static struct outbox_origin origin_of(const struct link_write *write)
{
    const char *tenant = write->link->tenant;
    return (struct outbox_origin){
        .adapter = write->link->adapter_name,
        .most = settings_int(write->link->engine->parts.settings, SET_MESSAGE_QUEUE),
        .tenant = tenant[0] == '\0' ? NULL : tenant,
        .others = write->others
    };
}

static bool write_delivery(struct db *db, const struct link_write *write,
                           struct err *err)
{
    struct outbox_origin origin = origin_of(write);
    return outbox_deliver(db, write->link->engine->parts.sealer, &origin, write->key,
                          buf_slice(&write->bytes), write->at_ms, err);
}

static bool write_loss(struct db *db, const struct link_write *write, struct err *err)
{
    struct outbox_origin origin = origin_of(write);
    return outbox_lost(db, &origin, write->key, err);
}

static bool write_back(struct db *db, const struct link_write *write, struct err *err)
{
    struct outbox_origin origin = origin_of(write);
    return outbox_back(db, &origin, write->key, write->at_ms, err);
}

static struct esim_bytes bytes_of(const char *text)
{
    return (struct esim_bytes){ text, text == NULL ? 0 : strlen(text) };
}

/* {"kind":..,"key":..,"id":..,"data":..}; data is an object, or the text of a message. */
static bool write_fact(struct db *db, const struct link_write *write, struct err *err)
{
    struct outbox_origin origin = origin_of(write);
    json_t *value = json_read(buf_slice(&write->bytes), err);
    if (value == NULL)
        return err_wrap(err, "a reported fact");
    json_t *data = json_object_get(value, "data");
    struct buf text;
    buf_init(&text, WRITE_BYTES_MAX);
    if (json_is_string(data))
        buf_add(&text, json_string_value(data), json_string_length(data));
    else if (data != NULL)
        json_write(data, &text);
    struct esim_fact fact = { .kind = bytes_of(json_text(value, "kind")),
                              .key = bytes_of(json_text(value, "key")),
                              .id = bytes_of(json_text(value, "id")),
                              .data = { text.ptr, text.size } };
    bool ok = fact_store(db, write->link->engine->parts.sealer, &origin, &fact, err);
    buf_finish(&text);
    json_decref(value);
    return ok;
}

static bool run(struct db *db, void *arg, struct err *err)
{
    const struct link_write *write = arg;
    return write->run(db, write, err);
}

/* ---- on the loop ---- */

static void free_write(struct link_write *write)
{
    buf_finish_secret(&write->bytes);
    free(write->key);
    free(write->others);
    free(write);
}

/* In their order: messages of one key are told as they are stored. */
static void keep_for_later(struct session_link *link, struct link_write *write)
{
    struct link_write **end = &link->again;
    while (*end != NULL)
        end = &(*end)->next;
    write->next = NULL;
    *end = write;
    loop_timer_set(link->again_timer, AGAIN_MS);
}

static void done(void *arg, bool ok, const struct err *err)
{
    struct link_write *write = arg;
    struct session_link *link = write->link;
    if (!ok && err->code == ERR_UNAVAILABLE && link->session != NULL) {
        keep_for_later(link, write);
        return;
    }
    if (!ok)
        log_line(
            LOG_ERROR, "session.not_stored", LOG_TEXT("adapter", link->adapter_name),
            LOG_TEXT("session", link->name), LOG_TEXT("key", write->key),
            LOG_TEXT("code", err_code_name(err->code)), LOG_TEXT("text", err->text));
    link->pending--;
    if (link->session == NULL) {
        if (link->pending == 0)
            free(link);
    } else {
        if (write->ticket != 0)
            session_stored(link->session, write->ticket);
        engine_maybe_stopped(link->engine);
    }
    free_write(write);
}

static void post(struct link_write *write)
{
    struct engine *engine = write->link->engine;
    write->txn = (struct txn){
        .run = run, .done = done, .arg = write, .reply_to = engine->loop
    };
    store_write(engine->parts.store, &write->txn);
}

void link_write_again(void *arg)
{
    struct session_link *link = arg;
    struct link_write *all = link->again;
    link->again = NULL;
    while (all != NULL) {
        struct link_write *write = all;
        all = write->next;
        post(write);
    }
}

void link_free(struct session_link *link)
{
    session_destroy(&link->session);
    loop_timer_destroy(&link->again_timer);
    while (link->again != NULL) {
        struct link_write *write = link->again;
        link->again = write->next;
        link->pending--;
        free_write(write);
    }
    if (link->pending == 0)
        free(link);
}

/* ",acme,bravo,": not for those with views, and so lines, of their own. */
static char *others_of(const struct session_link *link)
{
    const struct adapter_conf *conf = adapter_conf_of(link->adapter);
    const struct adapter_view *view;
    struct buf list;
    buf_init(&list, WRITE_BYTES_MAX);
    for (unsigned i = 1;
         link->tenant[0] == '\0' && (view = adapter_conf_view_at(conf, i)) != NULL; i++)
        buf_add_format(&list, "%s%s,", i == 1 ? "," : "", view->tenant);
    char *text = buf_take(&list);
    memory_need(text != NULL);
    return text;
}

static struct link_write *write_create(struct session_link *link, struct slice key,
                                       struct slice bytes)
{
    struct link_write *write = calloc(1, sizeof *write);
    memory_need(write != NULL);
    write->link = link;
    write->key = malloc(key.size + 1);
    memory_need(write->key != NULL);
    if (key.size > 0)
        memcpy(write->key, key.ptr, key.size);
    write->key[key.size] = '\0';
    write->others = others_of(link);
    buf_init(&write->bytes, WRITE_BYTES_MAX);
    buf_add_slice(&write->bytes, bytes);
    memory_need(buf_ok(&write->bytes));
    link->pending++;
    return write;
}

/* ---- what the session says ---- */

static void on_deliver(void *arg, uint64_t ticket, struct slice key, struct slice bytes,
                       int64_t keep_ms)
{
    struct link_write *write = write_create(arg, key, bytes);
    write->run = write_delivery;
    write->ticket = ticket;
    write->at_ms = clock_wall_ms() + keep_ms;
    post(write);
}

static void on_report(void *arg, uint64_t ticket, struct slice fact)
{
    struct link_write *write = write_create(arg, slice_of(NULL), fact);
    write->run = write_fact;
    write->ticket = ticket;
    post(write);
}

static void on_lost(void *arg, struct slice key)
{
    struct link_write *write = write_create(arg, key, slice_of(NULL));
    write->run = write_loss;
    post(write);
}

static void on_back(void *arg, struct slice key, int64_t after_ms)
{
    struct link_write *write = write_create(arg, key, slice_of(NULL));
    write->run = write_back;
    int64_t least_ms = adapter_manifest(write->link->adapter)->retry_base_ms;
    write->at_ms = clock_wall_ms() + (after_ms < least_ms ? least_ms : after_ms);
    post(write);
}

const struct session_events link_events = {
    .deliver = on_deliver, .report = on_report, .lost = on_lost, .back = on_back
};
