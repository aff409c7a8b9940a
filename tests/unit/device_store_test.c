/* What an MDM's lists leave behind: adds, changes, removals, and where to go on. */
#include "check.h"
#include "scratch.h"

#include "base/json.h"
#include "profile/device_store.h"
#include "store/event_log.h"
#include "store/store.h"

static struct scratch scratch;
static struct store *store;
static struct store_reader *reader;
static int64_t now_ms = 1000;

static void the_store_opens(void)
{
    static const struct store_limits limits = { .batch = 64,
                                                .queue = 64,
                                                .cache_kb = 1000 };
    struct err err = ERR_INIT;
    json_start();
    CHECK_FATAL(scratch_make(&scratch));
    store = store_open(scratch.dir, &limits, &err);
    CHECK_FATAL(store != NULL);
    reader = store_reader_open(store, &err);
    CHECK_FATAL(reader != NULL);
}

static void the_store_closes(void)
{
    store_reader_close(&reader);
    store_close(&store);
    CHECK(scratch_remove(&scratch));
}

/* ---- what is done ---- */

static bool run_learn(struct db *db, void *arg, struct err *err)
{
    return device_learn(db, arg, err);
}

/* `ids` "a b:Paul": device_ids, with a name behind the colon. */
static json_t *devices_of(const char *ids)
{
    json_t *devices = json_array();
    struct slice rest = slice_of(ids);
    while (rest.size > 0) {
        char text[100], *name;
        struct slice word = slice_cut(&rest, ' ');
        CHECK(slice_copy(word, text, sizeof text));
        json_t *device = json_object();
        if ((name = strchr(text, ':')) != NULL)
            *name++ = '\0';
        json_put_text(device, "device_id", text);
        json_put_text(device, "name", name);
        json_array_append_new(devices, device);
    }
    return devices;
}

struct part {
    const char *tenant, *since, *cursor, *ids, *next;
};

static void learn(const struct part *part)
{
    struct err err = ERR_INIT;
    json_t *devices = devices_of(part->ids);
    now_ms += 1000;
    struct device_news news = { .tenant = part->tenant != NULL ? part->tenant : "acme",
                                .adapter = "intune",
                                .since = part->since,
                                .cursor = part->cursor,
                                .devices = devices,
                                .at = "2026-01-02T03:04:05Z",
                                .next = part->next,
                                .at_ms = now_ms };
    CHECK(store_write_now(store, run_learn, &news, &err));
    json_decref(devices);
}

#define LEARN(...) learn(&(const struct part){ __VA_ARGS__ })

/* ---- what is seen ---- */

struct seen {
    struct device_query query;
    json_t *devices, *passes, *one;
    bool more;
    const char *id;
};

static bool read_all(struct db *db, void *arg, struct err *err)
{
    struct seen *seen = arg;
    return device_list(db, &seen->query, &seen->devices, &seen->more, err) &&
           device_passes(db, seen->query.tenant, &seen->passes, err);
}

static const char *known_ids(const char *tenant, const char *words)
{
    static char text[400];
    struct err err = ERR_INIT;
    struct seen seen = { .query = { tenant, NULL, words, "", 100 } };
    const json_t *device;
    size_t i, size = 0;
    CHECK_FATAL(store_read(reader, read_all, &seen, &err));
    text[0] = '\0';
    json_array_foreach(seen.devices, i, device)
    {
        int length = snprintf(text + size, sizeof text - size, "%s%s",
                              i == 0 ? "" : " ", json_text(device, "device_id"));
        CHECK_FATAL(length > 0);
        size += (size_t)length;
    }
    json_decref(seen.devices);
    json_decref(seen.passes);
    return text;
}

/* "since cursor" of the only adapter, "-" for what is not there. */
static const char *where_to_go_on(const char *tenant)
{
    static char text[200];
    struct err err = ERR_INIT;
    struct seen seen = { .query = { tenant, NULL, NULL, "", 100 } };
    CHECK_FATAL(store_read(reader, read_all, &seen, &err));
    const json_t *pass = json_array_get(seen.passes, 0);
    const char *since = json_text(pass, "since"), *cursor = json_text(pass, "cursor");
    CHECK(snprintf(text, sizeof text, "%s %s", since != NULL ? since : "-",
                   cursor != NULL ? cursor : "-") > 0);
    json_decref(seen.devices);
    json_decref(seen.passes);
    return text;
}

struct tally {
    char text[800];
    int64_t after;
};

static bool add_event(const struct event_row *event, void *arg, struct err *err)
{
    struct tally *tally = arg;
    size_t size = strlen(tally->text);
    (void)err;
    tally->after = event->seq;
    CHECK(snprintf(tally->text + size, sizeof tally->text - size, "%s%s %s",
                   size == 0 ? "" : ", ", event->type + strlen("device."),
                   event->resource + strlen("device/")) > 0);
    return true;
}

static bool read_events(struct db *db, void *arg, struct err *err)
{
    struct tally *tally = arg;
    return event_page(db, "acme", tally->after, 100, add_event, tally, err);
}

/* Of tenant acme, since the last call. */
static const char *news(void)
{
    static struct tally tally;
    struct err err = ERR_INIT;
    tally.text[0] = '\0';
    CHECK(store_read(reader, read_events, &tally, &err));
    return tally.text;
}

/* ---- tests ---- */

static void a_whole_list_adds_changes_and_removes(void)
{
    LEARN(.ids = "a:one b:two c:three");
    CHECK_TEXT(known_ids("acme", NULL), "a b c");
    CHECK_TEXT(news(), "added a, added b, added c");
    LEARN(.ids = "a:one b:other d");
    CHECK_TEXT(known_ids("acme", NULL), "a b d");
    CHECK_TEXT(news(), "changed b, added d, removed c");
    CHECK_TEXT(where_to_go_on("acme"), "2026-01-02T03:04:05Z -");
}

/* Half a list says nothing about what is not in it. */
static void nothing_is_removed_before_the_end_of_a_list(void)
{
    LEARN(.ids = "a:one", .next = "page2");
    CHECK_TEXT(known_ids("acme", NULL), "a b d");
    CHECK_TEXT(where_to_go_on("acme"), "2026-01-02T03:04:05Z page2");
    LEARN(.cursor = "page2", .ids = "b:other", .next = "page3");
    CHECK_TEXT(known_ids("acme", NULL), "a b d");
    LEARN(.cursor = "page3", .ids = "e");
    CHECK_TEXT(known_ids("acme", NULL), "a b e");
    CHECK_TEXT(where_to_go_on("acme"), "2026-01-02T03:04:05Z -");
    CHECK_TEXT(news(), "added e, removed d");
}

static void a_list_since_a_time_removes_nothing(void)
{
    LEARN(.since = "2026-01-01T00:00:00Z", .ids = "f", .next = "more");
    LEARN(.cursor = "more", .ids = "b:third");
    CHECK_TEXT(known_ids("acme", NULL), "a b e f");
    CHECK_TEXT(news(), "added f, changed b");
}

/* Somebody kept an old cursor: what it tells is true, what it leaves out is not known. */
static void a_cursor_of_another_list_only_adds(void)
{
    LEARN(.ids = "a:one", .next = "good");
    LEARN(.cursor = "stale", .ids = "g");
    CHECK_TEXT(known_ids("acme", NULL), "a b e f g");
    CHECK_TEXT(where_to_go_on("acme"), "2026-01-02T03:04:05Z good");
    LEARN(.cursor = "good", .ids = "g");
    CHECK_TEXT(known_ids("acme", NULL), "a g");
}

static void the_same_list_twice_is_no_news(void)
{
    news();
    LEARN(.ids = "a:one g");
    CHECK_TEXT(news(), "");
}

static void a_device_is_found_by_a_part_of_a_word_in_any_case(void)
{
    LEARN(.ids = "a:Ana's_PC g:B%x");
    CHECK_TEXT(known_ids("acme", "ANA"), "a");
    CHECK_TEXT(known_ids("acme", "s_p"), "a");
    CHECK_TEXT(known_ids("acme", "%"), "g");
    CHECK_TEXT(known_ids("acme", "_"), "a");
    CHECK_TEXT(known_ids("acme", "\\"), "");
    CHECK_TEXT(known_ids("acme", "nobody"), "");
}

static bool read_one(struct db *db, void *arg, struct err *err)
{
    struct seen *seen = arg;
    return device_show(db, seen->query.tenant, seen->id, &seen->one, err);
}

static void another_tenants_devices_are_not_there(void)
{
    struct err err = ERR_INIT;
    LEARN(.tenant = "bravo", .ids = "z a:theirs");
    CHECK_TEXT(known_ids("bravo", NULL), "a z");
    CHECK_TEXT(known_ids("acme", NULL), "a g");
    struct seen own = { .query = { .tenant = "acme" }, .id = "a" };
    CHECK(store_read(reader, read_one, &own, &err));
    CHECK_TEXT(json_text(own.one, "name"), "Ana's_PC");
    CHECK_TEXT(json_text(own.one, "carrier"), "intune");
    json_decref(own.one);
    struct seen other = { .query = { .tenant = "acme" }, .id = "z" };
    CHECK(!store_read(reader, read_one, &other, &err));
    CHECK_INT(err.code, ERR_NOT_FOUND);
    CHECK_TEXT(where_to_go_on("nobody"), "- -");
}

/* An adapter's result is not to be believed: an id goes into paths and cursors. */
static void what_is_no_id_is_left_out(void)
{
    LEARN(.ids = "a/b ../x a?b "
                 "0123456789012345678901234567890123456789012345678901234567890123 ok");
    CHECK_TEXT(known_ids("acme", NULL), "ok");
}

static void pages_follow_the_id(void)
{
    struct err err = ERR_INIT;
    LEARN(.ids = "a b c");
    struct seen seen = { .query = { "acme", "intune", NULL, "a", 1 } };
    CHECK(store_read(reader, read_all, &seen, &err));
    CHECK_TEXT(json_text(json_array_get(seen.devices, 0), "device_id"), "b");
    CHECK(seen.more);
    json_decref(seen.devices);
    json_decref(seen.passes);
    struct seen none = { .query = { "acme", "other", NULL, "", 10 } };
    CHECK(store_read(reader, read_all, &none, &err));
    CHECK_INT(json_array_size(none.devices), 0);
    json_decref(none.devices);
    json_decref(none.passes);
}

TESTS("device_store", CASE(the_store_opens),
      CASE(a_whole_list_adds_changes_and_removes),
      CASE(nothing_is_removed_before_the_end_of_a_list),
      CASE(a_list_since_a_time_removes_nothing),
      CASE(a_cursor_of_another_list_only_adds), CASE(the_same_list_twice_is_no_news),
      CASE(a_device_is_found_by_a_part_of_a_word_in_any_case),
      CASE(another_tenants_devices_are_not_there), CASE(what_is_no_id_is_left_out),
      CASE(pages_follow_the_id), CASE(the_store_closes))
