#include "profile/device_store.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/db_page.h"
#include "store/event_log.h"

enum {
    ID_BYTES_MAX = 63, /* A page's cursor holds it (api/page.h). */
    DATA_BYTES_MAX = 8192,
    WORDS_BYTES_MAX = 1024
};

/* ---- reading ---- */

static json_t *device_json(const struct db_row *row)
{
    char text[CLOCK_TEXT_SIZE];
    json_t *device = json_read(slice_of(row_text(row, 2)), NULL);
    if (device == NULL)
        device = json_object();
    json_put_text(device, "device_id", row_text(row, 0));
    json_put_text(device, "carrier", row_text(row, 1));
    clock_text(row_int(row, 3), text);
    json_put_text(device, "updated", text);
    clock_text(row_int(row, 4), text);
    json_put_text(device, "seen", text);
    return device;
}

static bool read_device(const struct db_row *row, void *arg, struct err *err)
{
    (void)err;
    *(json_t **)arg = device_json(row);
    return true;
}

bool device_show(struct db *db, const char *tenant, const char *device_id, json_t **ret,
                 struct err *err)
{
    return db_one(db,
                  "SELECT device_id, adapter, data, updated_ms, seen_ms FROM devices "
                  "WHERE tenant = $1 AND device_id = $2",
                  DB_ARGS(db_text(tenant), db_text(device_id)), read_device, ret,
                  err) ||
           err_wrap(err, "device %.64s", device_id);
}

static void add_lower(struct buf *ret, const char *text)
{
    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        char lower = (char)tolower((unsigned char)*c);
        buf_add(ret, &lower, 1);
    }
}

/* The words as a LIKE pattern: anywhere, and nothing in them means anything. */
static bool pattern_of(const char *words, struct buf *ret, struct err *err)
{
    buf_add(ret, "%", 1);
    for (const char *c = words; *c != '\0'; c++) {
        char lower[2] = { *c, '\0' };
        if (strchr("%_\\", *c) != NULL)
            buf_add(ret, "\\", 1);
        add_lower(ret, lower);
    }
    buf_add(ret, "%", 1);
    return buf_ok(ret) || err_set(err, ERR_LIMIT, "these words are too long");
}

bool device_list(struct db *db, const struct device_query *query, json_t **ret_array,
                 bool *ret_more, struct err *err)
{
    const struct db_page page = { read_device, query->limit };
    struct buf pattern;
    buf_init(&pattern, WORDS_BYTES_MAX);
    bool ok = (query->words == NULL || pattern_of(query->words, &pattern, err)) &&
              db_page(
                  db, &page,
                  "SELECT device_id, adapter, data, updated_ms, seen_ms FROM devices "
                  "WHERE tenant = $1 AND device_id > $2 "
                  "AND ($3 IS NULL OR adapter = $3) "
                  "AND ($4 IS NULL OR words LIKE $4 ESCAPE '\\') "
                  "ORDER BY device_id LIMIT $5",
                  DB_ARGS(db_text(query->tenant), db_text(query->after),
                          db_text(query->carrier),
                          query->words == NULL ? db_null()
                                               : db_slice(buf_slice(&pattern)),
                          db_int(query->limit + 1)),
                  ret_array, ret_more, err);
    buf_finish(&pattern);
    return ok;
}

static bool read_pass(const struct db_row *row, void *arg, struct err *err)
{
    json_t *pass = json_object();
    (void)err;
    json_put_text(pass, "carrier", row_text(row, 0));
    json_put_text(pass, "since", row_text(row, 1));
    json_put_text(pass, "cursor", row_text(row, 2));
    json_array_append_new(arg, pass);
    return true;
}

bool device_passes(struct db *db, const char *tenant, json_t **ret_array,
                   struct err *err)
{
    json_t *passes = json_array();
    if (!db_each(db,
                 "SELECT adapter, since, cursor FROM device_passes WHERE tenant = $1 "
                 "ORDER BY adapter",
                 DB_ARGS(db_text(tenant)), read_pass, passes, err)) {
        json_decref(passes);
        return false;
    }
    *ret_array = passes;
    return true;
}

/* ---- learning: one device ---- */

static bool tell(struct db *db, const struct device_news *news, const char *type,
                 const char *device_id, struct err *err)
{
    char resource[96], data[96];
    int a = snprintf(resource, sizeof resource, "device/%s", device_id);
    int b = snprintf(data, sizeof data, "{\"carrier\":\"%.63s\"}", news->adapter);
    assert(a > 0 && b > 0 && (size_t)a < sizeof resource);
    return event_append(db, news->tenant, type, resource, data, news->trace, err);
}

/* Stands in paths, events and cursors. */
static bool is_id(const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text);
    if (size == 0 || size > ID_BYTES_MAX)
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL)
            return false;
    return true;
}

/* What a person looks a device up by. */
static void words_of(const json_t *device, struct buf *ret)
{
    static const char *const names[] = { "name", "user", "serial", "eid",
                                         "imei", "meid", "iccid",  "msisdn" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_lower(ret, json_text(device, names[i]));
        buf_add(ret, "\n", 1);
    }
}

struct known {
    bool exists;
    const struct buf *data;
    bool same;
};

static bool read_known(const struct db_row *row, void *arg, struct err *err)
{
    struct known *known = arg;
    (void)err;
    known->exists = true;
    known->same = slice_equal(row_bytes(row, 0), buf_slice(known->data));
    return true;
}

static bool write_device(struct db *db, const struct device_news *news, const char *id,
                         struct slice data, struct slice words, int64_t pass_ms,
                         struct err *err)
{
    return db_run(
        db,
        "INSERT INTO devices (tenant, device_id, adapter, words, data, pass_ms, "
        "updated_ms, seen_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $7) "
        "ON CONFLICT (tenant, device_id) DO UPDATE SET adapter = excluded.adapter, "
        "words = excluded.words, pass_ms = excluded.pass_ms, "
        "seen_ms = excluded.seen_ms, "
        "updated_ms = CASE WHEN devices.data = excluded.data THEN devices.updated_ms "
        "ELSE excluded.updated_ms END, data = excluded.data",
        DB_ARGS(db_text(news->tenant), db_text(id), db_text(news->adapter),
                db_slice(words), db_slice(data), db_int(pass_ms), db_int(news->at_ms)),
        NULL, err);
}

static bool learn_one(struct db *db, const struct device_news *news,
                      const json_t *device, int64_t pass_ms, struct err *err)
{
    const char *id = json_text(device, "device_id");
    struct buf data, words;
    bool ok = true;
    if (!is_id(id))
        return true;
    buf_init(&data, DATA_BYTES_MAX);
    buf_init(&words, WORDS_BYTES_MAX);
    json_write_sorted(device, &data);
    words_of(device, &words);
    struct known known = { .data = &data };
    if (!buf_ok(&data) || !buf_ok(&words))
        goto out; /* More than a device has to say. */
    ok =
        db_each(db, "SELECT data FROM devices WHERE tenant = $1 AND device_id = $2",
                DB_ARGS(db_text(news->tenant), db_text(id)), read_known, &known, err) &&
        write_device(db, news, id, buf_slice(&data), buf_slice(&words), pass_ms, err) &&
        (known.same ||
         tell(db, news, known.exists ? "device.changed" : "device.added", id, err));
out:
    buf_finish(&data);
    buf_finish(&words);
    return ok;
}

/* ---- learning: the pass ---- */

struct pass {
    bool is_whole;
    int64_t began_ms;
    char cursor[4096];
    char next_since[64]; /* Kept once the pass has ended. */
};

static bool read_last(const struct db_row *row, void *arg, struct err *err)
{
    struct pass *pass = arg;
    pass->is_whole = row_int(row, 0) != 0;
    pass->began_ms = row_int(row, 1);
    return row_copy(row, 2, pass->cursor, sizeof pass->cursor, err) &&
           row_copy(row, 3, pass->next_since, sizeof pass->next_since, err);
}

/* A cursor that is not the last one's leads into a pass nobody knows the beginning of:
 * it adds and changes, and says nothing about what is gone or where to begin. */
static bool find_pass(struct db *db, const struct device_news *news, struct pass *ret,
                      bool *ret_known, struct err *err)
{
    struct pass last = { .cursor = "" };
    if (!db_each(db,
                 "SELECT whole, began_ms, cursor, next_since FROM device_passes "
                 "WHERE tenant = $1 AND adapter = $2",
                 DB_ARGS(db_text(news->tenant), db_text(news->adapter)), read_last,
                 &last, err))
        return false;
    *ret_known = true;
    if (news->cursor == NULL) {
        *ret = (struct pass){ .is_whole = news->since == NULL };
        ret->began_ms = news->at_ms > last.began_ms ? news->at_ms : last.began_ms + 1;
        int length = snprintf(ret->next_since, sizeof ret->next_since, "%s",
                              news->at != NULL ? news->at : "");
        assert(length >= 0);
        return true;
    }
    *ret = last;
    *ret_known = strcmp(last.cursor, news->cursor) == 0;
    return true;
}

struct leaving {
    struct db *db;
    const struct device_news *news;
};

static bool tell_removed(const struct db_row *row, void *arg, struct err *err)
{
    const struct leaving *leaving = arg;
    return tell(leaving->db, leaving->news, "device.removed", row_text(row, 0), err);
}

static bool remove_untold(struct db *db, const struct device_news *news,
                          int64_t began_ms, struct err *err)
{
    struct leaving leaving = { db, news };
    return db_each(
               db,
               "SELECT device_id FROM devices WHERE tenant = $1 AND adapter = $2 "
               "AND pass_ms < $3 ORDER BY device_id",
               DB_ARGS(db_text(news->tenant), db_text(news->adapter), db_int(began_ms)),
               tell_removed, &leaving, err) &&
           db_run(
               db,
               "DELETE FROM devices WHERE tenant = $1 AND adapter = $2 "
               "AND pass_ms < $3",
               DB_ARGS(db_text(news->tenant), db_text(news->adapter), db_int(began_ms)),
               NULL, err);
}

static bool keep_pass(struct db *db, const struct device_news *news,
                      const struct pass *pass, struct err *err)
{
    bool ended = news->next == NULL;
    return db_run(
        db,
        "INSERT INTO device_passes (tenant, adapter, whole, began_ms, cursor, "
        "next_since, since) VALUES ($1, $2, $3, $4, $5, $6, $7) "
        "ON CONFLICT (tenant, adapter) DO UPDATE SET whole = excluded.whole, "
        "began_ms = excluded.began_ms, cursor = excluded.cursor, "
        "next_since = excluded.next_since, "
        "since = COALESCE(excluded.since, device_passes.since)",
        DB_ARGS(db_text(news->tenant), db_text(news->adapter), db_int(pass->is_whole),
                db_int(pass->began_ms), db_text(news->next), db_text(pass->next_since),
                ended && pass->next_since[0] != '\0' ? db_text(pass->next_since)
                                                     : db_null()),
        NULL, err);
}

bool device_learn(struct db *db, const struct device_news *news, struct err *err)
{
    struct pass pass;
    bool is_known = false;
    const json_t *device;
    size_t i;
    if (!find_pass(db, news, &pass, &is_known, err))
        return false;
    json_array_foreach(
        news->devices, i,
        device) if (!learn_one(db, news, device, pass.began_ms, err)) return false;
    if (!is_known)
        return true;
    return (news->next != NULL || !pass.is_whole ||
            remove_untold(db, news, pass.began_ms, err)) &&
           keep_pass(db, news, &pass, err);
}
