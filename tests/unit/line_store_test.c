/* Lines as orders and carriers tell of them. */
#include "check.h"
#include "scratch.h"

#include "base/json.h"
#include "order/fact.h"
#include "profile/line_store.h"
#include "store/event_log.h"
#include "store/store.h"

#define NUMBER "+959790000101"
#define OTHER  "+959790000102"

static struct scratch scratch;
static struct store *store;
static struct store_reader *reader;
static int64_t now_ms = 1000, seen_seq;

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

/* ---- what is told ---- */

static bool run_learn(struct db *db, void *arg, struct err *err)
{
    return line_learn(db, arg, err);
}

static bool learn(const char *tenant, const char *msisdn, const char *state)
{
    struct err err = ERR_INIT;
    struct line_news news = { .tenant = tenant,
                              .msisdn = msisdn,
                              .adapter = "mytel",
                              .state = state,
                              .order_id = "01a1fc2b-416b-7427-a4dd-84e6c85a6106",
                              .origin = "order/01a1fc2b-416b-7427-a4dd-84e6c85a6106",
                              .at_ms = now_ms += 1000 };
    return store_write_now(store, run_learn, &news, &err);
}

struct told {
    struct outbox_origin origin;
    struct esim_fact fact;
};

static bool run_fact(struct db *db, void *arg, struct err *err)
{
    struct told *told = arg;
    return fact_store(db, NULL, &told->origin, &told->fact, err);
}

static struct esim_bytes bytes_of(const char *text)
{
    return (struct esim_bytes){ text, strlen(text) };
}

/* On a tenant's own session, or the common one when NULL. */
static bool carrier_says(const char *tenant, const char *id, const char *number,
                         const char *data)
{
    struct err err = ERR_INIT;
    struct told told = {
        .origin = { .adapter = "mytel", .tenant = tenant, .others = "" },
        .fact = { .kind = bytes_of("line"),
                  .key = bytes_of(number),
                  .id = bytes_of(id),
                  .data = bytes_of(data) }
    };
    return store_write_now(store, run_fact, &told, &err);
}

/* ---- what is seen ---- */

struct look {
    const char *tenant, *name;
    json_t *line;
};

static bool run_show(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    return line_show(db, look->tenant, look->name, &look->line, err);
}

static bool run_list(struct db *db, void *arg, struct err *err)
{
    struct look *look = arg;
    bool more = false;
    struct line_query query = {
        .tenant = look->tenant, .msisdn = look->name, .after_id = "", .limit = 10
    };
    return line_list(db, &query, &look->line, &more, err) && !more;
}

/* "ACTIVE v2", or "" when there is none. */
static const char *line(const char *tenant, const char *name)
{
    static char text[64];
    struct err err = ERR_INIT;
    struct look look = { tenant, name, NULL };
    if (!store_read(reader, run_show, &look, &err)) {
        CHECK_INT(err.code, ERR_NOT_FOUND);
        return "";
    }
    CHECK(snprintf(text, sizeof text, "%s v%lld", json_text(look.line, "state"),
                   (long long)json_int(look.line, "version", 0)) > 0);
    json_decref(look.line);
    return text;
}

static size_t count(const char *tenant, const char *number)
{
    struct err err = ERR_INIT;
    struct look look = { tenant, number, NULL };
    CHECK_FATAL(store_read(reader, run_list, &look, &err));
    size_t size = json_array_size(look.line);
    json_decref(look.line);
    return size;
}

struct tally {
    char text[400];
};

static bool add_event(const struct event_row *event, void *arg, struct err *err)
{
    struct tally *tally = arg;
    size_t size = strlen(tally->text);
    json_t *data = json_read(slice_of(event->data), err);
    const char *state = json_text(data, "state");
    CHECK(snprintf(tally->text + size, sizeof tally->text - size, "%s%s %s",
                   size == 0 ? "" : ", ", event->type,
                   state == NULL ? "-" : state) > 0);
    json_decref(data);
    seen_seq = event->seq;
    return true;
}

struct asked {
    const char *tenant;
    struct tally *tally;
    int64_t after;
};

static bool run_events(struct db *db, void *arg, struct err *err)
{
    struct asked *asked = arg;
    return event_page(db, asked->tenant, asked->after, 100, add_event, asked->tally,
                      err);
}

/* What the tenant's log has from there on. */
static const char *events(const char *tenant, int64_t after)
{
    static struct tally tally;
    struct err err = ERR_INIT;
    struct asked asked = { tenant, &tally, after };
    tally.text[0] = '\0';
    CHECK(store_read(reader, run_events, &asked, &err));
    return tally.text;
}

/* ---- tests ---- */

static void a_lines_life_is_told_step_by_step(void)
{
    CHECK(learn("acme", NUMBER, "ACTIVE"));
    CHECK_TEXT(line("acme", NUMBER), "ACTIVE v1");
    CHECK(learn("acme", NUMBER, "ACTIVE")); /* No news. */
    CHECK(learn("acme", NUMBER, "SUSPENDED"));
    CHECK(learn("acme", NUMBER, "DELETED"));
    CHECK_TEXT(line("acme", NUMBER), "DELETED v4");
    CHECK_TEXT(events("acme", 0), "line.changed ACTIVE, line.changed SUSPENDED, "
                                  "line.changed DELETED");
}

/* The number was given to somebody else: it is not the same line. */
static void a_number_that_begins_anew_is_another_line(void)
{
    CHECK(learn("acme", NUMBER, "DELETED"));
    CHECK_INT(count("acme", NUMBER), 1);
    CHECK(learn("acme", NUMBER, "ACTIVE"));
    CHECK_INT(count("acme", NUMBER), 2);
    CHECK_TEXT(line("acme", NUMBER), "ACTIVE v1");
}

static void what_is_no_line_state_is_not_stored(void)
{
    CHECK(!learn("acme", NUMBER, "asleep"));
    CHECK_TEXT(line("acme", NUMBER), "ACTIVE v1");
}

static void another_tenants_lines_are_not_there(void)
{
    CHECK(learn("bravo", OTHER, "ACTIVE"));
    CHECK_TEXT(line("acme", OTHER), "");
    CHECK_INT(count("acme", OTHER), 0);
    CHECK_TEXT(line("bravo", NUMBER), "");
    CHECK_TEXT(line("bravo", "nobody"), "");
}

static void a_carrier_turns_a_line(void)
{
    CHECK(events("acme", 0)[0] != '\0');
    int64_t from = seen_seq;
    CHECK(carrier_says(NULL, "f1", "959790000101", "{\"state\":\"SUSPENDED\"}"));
    CHECK_TEXT(line("acme", NUMBER), "SUSPENDED v2");
    CHECK(carrier_says(NULL, "f1", "959790000101", "{\"state\":\"SUSPENDED\"}"));
    CHECK_TEXT(line("acme", NUMBER), "SUSPENDED v2"); /* Said twice, taken once. */
    CHECK_TEXT(events("acme", from), "line.changed SUSPENDED");
}

/* What came on one tenant's own session says nothing of another's lines. */
static void a_tenants_own_session_speaks_of_its_own_lines(void)
{
    CHECK(carrier_says("bravo", "f2", NUMBER, "{\"state\":\"DELETED\"}"));
    CHECK_TEXT(line("acme", NUMBER), "SUSPENDED v2");
    CHECK(strstr(events("bravo", 0), "line.unknown DELETED") != NULL);
    CHECK(carrier_says("bravo", "f3", OTHER, "{\"state\":\"SUSPENDED\"}"));
    CHECK_TEXT(line("bravo", OTHER), "SUSPENDED v2");
}

static void a_number_that_nobody_has_is_told_to_the_operator(void)
{
    CHECK(carrier_says(NULL, "f4", "+959790000999", "{\"state\":\"ACTIVE\"}"));
    CHECK_TEXT(events("default", 0), "line.unknown ACTIVE");
}

static void a_fact_that_breaks_its_rules_is_refused(void)
{
    CHECK(!carrier_says(NULL, "f5", NUMBER, "{}"));
    CHECK(!carrier_says(NULL, "f6", NUMBER, "{\"state\":\"asleep\"}"));
    CHECK(!carrier_says(NULL, "f7", "12", "{\"state\":\"ACTIVE\"}"));
    CHECK(!carrier_says(NULL, "f8", "95979000010195979", "{\"state\":\"ACTIVE\"}"));
    CHECK(!carrier_says(NULL, "f9", NUMBER, "[]"));
    CHECK(carrier_says(NULL, "f5", NUMBER, "{\"state\":\"ACTIVE\"}"));
}

TESTS("line_store", CASE(the_store_opens), CASE(a_lines_life_is_told_step_by_step),
      CASE(a_number_that_begins_anew_is_another_line),
      CASE(what_is_no_line_state_is_not_stored),
      CASE(another_tenants_lines_are_not_there), CASE(a_carrier_turns_a_line),
      CASE(a_tenants_own_session_speaks_of_its_own_lines),
      CASE(a_number_that_nobody_has_is_told_to_the_operator),
      CASE(a_fact_that_breaks_its_rules_is_refused), CASE(the_store_closes))
