/* The sandbox's own parts: a carrier that is wrong makes every test beside it worthless. */
#include "check.h"

#include <getopt.h>
#include <stdlib.h>

#include "base/json.h"
#include "../../sdk/sandbox/fault.h"
#include "../../sdk/sandbox/ledger.h"
#include "../../sdk/sandbox/options.h"
#include "../../sdk/sandbox/smdp_request.h"
#include "../../sdk/sandbox/smdp_state.h"
#include "../../sdk/sandbox/smdp_stock.h"

/* ---- ledger ---- */

static void add_lines(struct ledger *ledger, int count, size_t size)
{
    char *filling = malloc(size + 1);
    memset(filling, 'x', size);
    filling[size] = '\0';
    for (int i = 0; i < count; i++) {
        json_t *line = json_object();
        json_put_text(line, "text", filling);
        ledger_add(ledger, "line", line);
    }
    free(filling);
}

static int count_lines(const struct buf *text)
{
    int lines = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += text->ptr[i] == '\n';
    return lines;
}

static void the_ledger_is_read_from_where_one_left_off(void)
{
    struct ledger *ledger = ledger_create(1 << 20);
    struct buf text;
    buf_init(&text, 1 << 20);
    ledger_read(ledger, 0, &text);
    CHECK_INT(text.size, 0);
    add_lines(ledger, 5, 10);
    ledger_add(ledger, "bare", json_object());
    ledger_read(ledger, 3, &text);
    CHECK_INT(count_lines(&text), 3);
    CHECK(strncmp(text.ptr, "{\"seq\":4,", 9) == 0);
    CHECK(strstr(text.ptr, "\"kind\":\"bare\"}\n") != NULL);
    CHECK_INT(ledger_last(ledger), 6);
    buf_clear(&text);
    ledger_read(ledger, 6, &text);
    CHECK_INT(text.size, 0);
    buf_finish(&text);
    ledger_destroy(&ledger);
}

/* A reader must learn that it missed something. */
static void a_full_ledger_drops_the_oldest_and_says_how_many(void)
{
    struct ledger *ledger = ledger_create(1 << 20);
    struct buf text;
    buf_init(&text, 16 << 20);
    add_lines(ledger, 500, 10000); /* 5 MB into 3 blocks of 1 MiB. */
    ledger_read(ledger, 0, &text);
    json_t *first = json_read(
        slice_bytes(text.ptr, (size_t)(strchr(text.ptr, '\n') - text.ptr)), NULL);
    CHECK_TEXT(json_text(first, "kind"), "dropped");
    CHECK_INT(json_int(first, "count", 0) + count_lines(&text) - 1, 500);
    CHECK(text.size <= 3 << 20);
    json_decref(first);
    buf_clear(&text);
    ledger_read(ledger, 499, &text);
    CHECK_INT(count_lines(&text), 1);
    buf_finish(&text);
    ledger_destroy(&ledger);
}

static void a_line_that_is_too_long_is_noted_without_its_members(void)
{
    struct ledger *ledger = ledger_create(1 << 20);
    struct buf text;
    buf_init(&text, 1 << 20);
    add_lines(ledger, 1, 100000);
    add_lines(ledger, 1, 10);
    ledger_read(ledger, 0, &text);
    CHECK_INT(count_lines(&text), 2);
    CHECK(text.size < 300);
    buf_finish(&text);
    ledger_destroy(&ledger);
}

/* ---- faults ---- */

static bool add_fault(struct faults *faults, const char *text)
{
    struct err err = ERR_INIT;
    json_t *json = json_read(slice_of(text), &err);
    bool ok = faults_add(faults, json, &err);
    json_decref(json);
    return ok;
}

static void faults_are_taken_in_order_and_run_out(void)
{
    struct faults *faults = faults_create();
    CHECK(add_fault(faults, "{\"function\":\"a\",\"fault\":\"slow\",\"after\":1}"));
    CHECK(add_fault(faults, "{\"fault\":\"5xx\",\"status\":503,\"count\":2}"));
    CHECK_INT(faults_take(faults, "a").kind, FAULT_5XX);
    CHECK_INT(faults_take(faults, "a").kind, FAULT_SLOW);
    CHECK_INT(faults_take(faults, "b").status, 503);
    CHECK_INT(faults_take(faults, "b").kind, FAULT_NONE);
    CHECK(faults_take(faults, "b").has_effect);
    faults_destroy(&faults);
}

static void there_is_an_end_to_how_many_faults_are_kept(void)
{
    struct faults *faults = faults_create();
    for (int i = 0; i < 256; i++)
        CHECK(add_fault(faults, "{\"fault\":\"garbage\",\"count\":0}"));
    CHECK(!add_fault(faults, "{\"fault\":\"garbage\"}"));
    for (int i = 0; i < 1000; i++)
        CHECK_INT(faults_take(faults, "x").kind, FAULT_GARBAGE);
    faults_clear(faults);
    CHECK_INT(faults_take(faults, "x").kind, FAULT_NONE);
    faults_destroy(&faults);
}

/* ---- stock ---- */

static struct smdp_stock *stock_of(const char *first, const char *second)
{
    struct option_list specs = { .items = { first, second },
                                 .count = second != NULL ? 2 : 1 };
    struct smdp_stock *stock = NULL;
    struct err err = ERR_INIT;
    bool ok = smdp_stock_create("8995", &specs, &stock, &err);
    CHECK(ok == (stock != NULL));
    return stock;
}

static void iccids_have_19_digits_and_a_luhn_digit(void)
{
    struct smdp_stock *stock = stock_of("P1=3", "P2=3");
    struct smdp_profile *profile = smdp_stock_pick(
        smdp_type_of(stock, SLICE_LITERAL("P2")));
    char iccid[ICCID_SIZE];
    smdp_iccid(stock, profile, iccid);
    CHECK_TEXT(iccid, "8995010000000000001");
    CHECK(smdp_stock_find(stock, slice_of(iccid)) == profile);
    CHECK(smdp_stock_find(stock, SLICE_LITERAL("8995010000000000001F")) == profile);
    static const char *const wrong[] = {
        "",
        "8995010000000000002",  /* Luhn */
        "89950100000000000010", /* 20 digits */
        "8995020000000000000",  /* no such type */
        "8995010000000000035",  /* beyond the stock */
        "8995x10000000000001",
        "0000000000000000000",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(smdp_stock_find(stock, slice_of(wrong[i])) == NULL);
    smdp_stock_destroy(&stock);
}

/* A profile handed out twice would be a double effect of the sandbox's own. */
static void a_profile_is_picked_once_until_it_is_returned(void)
{
    struct smdp_stock *stock = stock_of("P1=3", NULL);
    struct smdp_type *type = smdp_type_of(stock, SLICE_LITERAL("P1"));
    struct smdp_profile *taken[3];
    for (int i = 0; i < 3; i++) {
        taken[i] = smdp_stock_pick(type);
        CHECK_FATAL(taken[i] != NULL);
        taken[i]->state = SMDP_ALLOCATED;
    }
    CHECK(taken[0] != taken[1] && taken[1] != taken[2] && taken[0] != taken[2]);
    CHECK(smdp_stock_pick(type) == NULL);
    smdp_stock_return(taken[1]);
    taken[1]->state = SMDP_LINKED; /* Ordered by its ICCID meanwhile. */
    CHECK(smdp_stock_pick(type) == NULL);
    smdp_stock_return(taken[1]);
    smdp_stock_return(taken[2]);
    smdp_stock_return(taken[2]);
    struct smdp_profile *again = smdp_stock_pick(type);
    CHECK_FATAL(again != NULL);
    again->state = SMDP_ALLOCATED;
    struct smdp_profile *other = smdp_stock_pick(type);
    CHECK_FATAL(other != NULL);
    CHECK(again != other);
    other->state = SMDP_ALLOCATED;
    CHECK(smdp_stock_pick(type) == NULL);
    smdp_stock_destroy(&stock);
}

static void a_matching_id_names_one_profile(void)
{
    struct smdp_stock *stock = stock_of("P1=2", NULL);
    struct smdp_type *type = smdp_type_of(stock, SLICE_LITERAL("P1"));
    struct smdp_profile *one = smdp_stock_pick(type);
    struct smdp_profile *two = smdp_stock_pick(type);
    snprintf(one->matching_id, sizeof one->matching_id, "AB");
    snprintf(two->matching_id, sizeof two->matching_id, "AB");
    CHECK(smdp_match_add(stock, one));
    CHECK(!smdp_match_add(stock, two));
    CHECK(smdp_match_find(stock, "AB") == one);
    CHECK(smdp_match_find(stock, "AC") == NULL);
    smdp_match_remove(stock, one);
    CHECK(smdp_match_find(stock, "AB") == NULL);
    CHECK(smdp_match_add(stock, two));
    smdp_stock_destroy(&stock);
}

static void a_wrong_stock_is_refused(void)
{
    CHECK(stock_of("P1=0", NULL) == NULL);
    CHECK(stock_of("=5", NULL) == NULL);
    CHECK(stock_of("P1=", NULL) == NULL);
    CHECK(stock_of("P1=5", "P2=99999999999") == NULL);
}

/* ---- states ---- */

/* 3.1.6 has these arrows and no others. */
static void the_states_are_those_of_the_standard(void)
{
    int arrows = 0;
    for (int state = 0; state < SMDP_STATE_COUNT; state++) {
        for (int event = 0; event < SMDP_EVENT_COUNT; event++) {
            enum smdp_state to;
            arrows += smdp_next((enum smdp_state)state, (enum smdp_event)event, &to);
        }
    }
    CHECK_INT(arrows, 23);
    enum smdp_state to = SMDP_AVAILABLE;
    CHECK(smdp_next(SMDP_CONFIRMED, SMDP_RELEASE, &to) && to == SMDP_RELEASED);
    CHECK(!smdp_next(SMDP_DOWNLOADED, SMDP_CANCEL, &to));
    CHECK(!smdp_next(SMDP_INSTALLED, SMDP_CANCEL, &to));
    CHECK(!smdp_next(SMDP_UNAVAILABLE, SMDP_ORDER, &to));
}

/* ---- options ---- */

static bool read_options(int count, const char **words, struct sandbox_options *ret)
{
    struct err err = ERR_INIT;
    bool wants_help = false;
    optind = 0; /* getopt(3): start anew. */
    return options_read(count, (char **)words, ret, &wants_help, &err);
}

static void options_are_checked(void)
{
    struct sandbox_options options;
    const char *good[] = { "x", "smdp", "--plain", "--stock", "A=1", "--stock", "B=2" };
    CHECK(read_options(7, good, &options));
    CHECK_TEXT(options.side, "smdp");
    CHECK_INT(options.stock.count, 2);
    const char *no_side[] = { "x", "--plain" };
    CHECK(!read_options(2, no_side, &options));
    const char *no_tls[] = { "x", "smdp" };
    CHECK(!read_options(2, no_tls, &options));
    const char *unknown[] = { "x", "smdp", "--plain", "--fast" };
    CHECK(!read_options(4, unknown, &options));
    const char *prefix[] = { "x", "smdp", "--plain", "--iccid-prefix", "89x5" };
    CHECK(!read_options(5, prefix, &options));
    const char *latency[] = { "x", "smdp", "--plain", "--latency-ms", "-1" };
    CHECK(!read_options(5, latency, &options));
}

TESTS("sandbox", CASE(the_ledger_is_read_from_where_one_left_off),
      CASE(a_full_ledger_drops_the_oldest_and_says_how_many),
      CASE(a_line_that_is_too_long_is_noted_without_its_members),
      CASE(faults_are_taken_in_order_and_run_out),
      CASE(there_is_an_end_to_how_many_faults_are_kept),
      CASE(iccids_have_19_digits_and_a_luhn_digit),
      CASE(a_profile_is_picked_once_until_it_is_returned),
      CASE(a_matching_id_names_one_profile), CASE(a_wrong_stock_is_refused),
      CASE(the_states_are_those_of_the_standard), CASE(options_are_checked))
