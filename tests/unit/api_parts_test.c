/* The API's small parts, without a host: shapes, formats, pages, traces, rates, Accept. */
#include <stdlib.h>

#include "check.h"

#include "api/accept.h"
#include "api/format.h"
#include "api/member.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "api/rate.h"
#include "api/route.h"
#include "api/trace.h"
#include "base/clock.h"
#include "base/json.h"
#include "profile/number_plan.h"

/* ---- routes ---- */

static const struct route *match(const char *method, const char *path, char allow[64])
{
    static struct route_params params;
    return route_match(slice_of(method), slice_of(path), ROUTE_SIDE_API, &params,
                       allow);
}

static void the_table_is_whole(void)
{
    struct err err = ERR_INIT;
    CHECK(routes_check(&err));
    CHECK_TEXT(err.text, "");
    CHECK(route_at(route_count()) == NULL);
}

static void a_path_finds_its_row_and_names(void)
{
    struct route_params params;
    char allow[64];
    const struct route *route = route_match(SLICE_LITERAL("POST"),
                                            SLICE_LITERAL("/v1/orders/abc-1/cancel"),
                                            ROUTE_SIDE_API, &params, allow);
    CHECK_FATAL(route != NULL);
    CHECK_TEXT(route->id, "order.cancel");
    CHECK_TEXT(params.value[0], "abc-1");
    CHECK(route_at(params.place) == route);
    route = route_match(SLICE_LITERAL("PATCH"), SLICE_LITERAL("/callbacks/atom/a/b/"),
                        ROUTE_SIDE_CALLBACK, &params, allow);
    CHECK_FATAL(route != NULL);
    CHECK(slice_is(params.tail, "a/b/"));
}

/* What is almost a path is none; encoded or odd names name nothing. */
static void a_path_must_fit_whole(void)
{
    static const char *const paths[] = {
        "",
        "/",
        "//v1/orders",
        "/v1/orders/",
        "/v1",
        "/v1/orders//cancel",
        "/v1/orders/a/cancel/",
        "/V1/orders",
        "/v1/orders/%61",
        "/v1/orders/a b",
        "/v1/orders/..;/x",
        "/callbacks/atom/x",
    };
    char allow[64];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        CHECK(match("GET", paths[i], allow) == NULL);
        CHECK_TEXT(allow, "");
    }
    CHECK(match("DELETE", "/v1/orders", allow) == NULL);
    CHECK_TEXT(allow, "POST, GET, HEAD");
    CHECK(match("HEAD", "/v1/orders", allow) != NULL);
}

static void a_name_that_is_too_long_names_nothing(void)
{
    char path[300] = "/v1/orders/", allow[64];
    memset(path + 11, 'a', 128);
    CHECK(match("GET", path, allow) == NULL);
    path[11 + 127] = '\0';
    CHECK(match("GET", path, allow) != NULL);
}

/* ---- shapes ---- */

static const struct member inner_members[] = {
    { "eid", MEMBER_TEXT, .format = "eid", .text = "." }, { NULL }
};
static const struct schema inner = { "Inner", ".", inner_members, false };
static const struct member outer_members[] = {
    { "name", MEMBER_TEXT, .required = true, .least = 2, .most = 5, .text = "." },
    { "count", MEMBER_INT, .least = 1, .most = 9, .text = "." },
    { "yes", MEMBER_BOOL, .text = "." },
    { "inner", MEMBER_OBJECT, .inside = &inner, .text = "." },
    { "words", MEMBER_TEXTS, .format = "a|b", .text = "." },
    { "list", MEMBER_OBJECTS, .inside = &inner, .most = 2, .text = "." },
    { "free", MEMBER_OBJECT, .text = "." },
    { "any", MEMBER_ANY, .text = "." },
    { NULL },
};
static const struct schema outer = { "Outer", ".", outer_members, false };

/* The pointers of all faults, joined by blanks. */
static void faults_of(const char *text, char ret[512])
{
    struct arena *arena = arena_create(1 << 20);
    struct faults faults;
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    CHECK_FATAL(arena != NULL && value != NULL);
    faults_init(&faults, arena, NULL);
    schema_check(&outer, value, &faults);
    ret[0] = '\0';
    for (const struct fault *at = faults.first; at != NULL; at = at->next) {
        size_t length = strlen(ret);
        CHECK(snprintf(ret + length, 512 - length, "%s%s", length == 0 ? "" : " ",
                       at->pointer) >= 0);
        CHECK(at->detail[0] != '\0');
    }
    json_decref(value);
    arena_destroy(&arena);
}

static void each_fault_is_found_where_it_is(void)
{
    static const struct {
        const char *text, *faults;
    } rows[] = {
        { "{\"name\":\"ab\"}", "" },
        { "{\"name\":\"ab\",\"count\":9,\"yes\":true,\"any\":[1],\"free\":{\"x\":1}}",
          "" },
        { "[]", "" },
        { "{}", "/name" },
        { "{\"name\":\"a\"}", "/name" },
        { "{\"name\":\"abcdef\"}", "/name" },
        { "{\"name\":null,\"count\":0,\"yes\":1}", "/name /count /yes" },
        { "{\"name\":\"ab\",\"count\":10}", "/count" },
        { "{\"name\":\"ab\",\"count\":1.5}", "/count" },
        { "{\"name\":\"ab\",\"a/b~c\":1}", "/a~1b~0c" },
        { "{\"name\":\"ab\",\"inner\":{\"eid\":\"1\"}}", "/inner/eid" },
        { "{\"name\":\"ab\",\"words\":[\"a\",\"c\",7]}", "/words/1 /words/2" },
        { "{\"name\":\"ab\",\"list\":[{},{\"x\":1}]}", "/list/1/x" },
        { "{\"name\":\"ab\",\"list\":[{},{},{}]}", "/list" },
        { "{\"name\":\"ab\",\"free\":7}", "/free" },
    };
    char found[512];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        faults_of(rows[i].text, found);
        CHECK_TEXT(found, rows[i].faults);
    }
}

/* A body of a million faults must not make a reply of a million lines. */
static void faults_are_counted_up_to_a_limit(void)
{
    struct arena *arena = arena_create(1 << 20);
    struct faults faults;
    json_t *value = json_object();
    char name[16];
    for (int i = 0; i < 1000; i++) {
        CHECK(snprintf(name, sizeof name, "m%d", i) > 0);
        json_put_int(value, name, i);
    }
    faults_init(&faults, arena, NULL);
    schema_check(&outer, value, &faults);
    CHECK_INT(faults.count, FAULTS_MAX);
    json_decref(value);
    arena_destroy(&arena);
}

static void formats_take_what_they_should(void)
{
    struct err reading = ERR_INIT;
    struct number_plan *numbers = number_plan_load("share/numberplan/mm.yaml",
                                                   &reading);
    CHECK_FATAL(numbers != NULL);
    static const struct {
        const char *format, *text;
        bool fits;
    } rows[] = {
        { NULL, "\x01", true },
        { "name", "acme-2", true },
        { "name", "2acme", false },
        { "name", "Acme", false },
        { "name", "", false },
        { "uuid", "01900000-0000-7000-8000-000000000000", true },
        { "uuid", "01900000-0000-7000-8000-00000000000", false },
        { "printable", "caf\xc3\xa9", true },
        { "printable", "a\x1b[2J", false },
        { "eid", "89049032123451234512345678901235", true },
        { "eid", "89049032123451234512345678901234", false },
        { "iccid", "8995010000000000001", true },
        { "iccid", "12345", false },
        { "imei", "490154203237518", true },
        { "msisdn", "09250000001", true },
        { "msisdn", "abc", false },
        { "plan", "profile.provision", true },
        { "plan", "profile.nonsense", false },
        { "state", "inProgress", true },
        { "state", "inprogress", false },
        { "x|y", "y", true },
        { "x|y", "x|y", false },
        { "nonsense", "a", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = ERR_INIT;
        CHECK_INT(format_check(rows[i].format, rows[i].text, numbers, &err),
                  rows[i].fits);
    }
    CHECK(!format_is_known("nonsense"));
    CHECK(!format_check("msisdn", "09250000001", NULL, &reading));
    number_plan_destroy(&numbers);
}

/* ---- problems ---- */

static void an_error_becomes_its_problem(void)
{
    static const struct {
        enum err_code code;
        int status;
    } rows[] = {
        { ERR_INVALID, 400 },     { ERR_DENIED, 403 },   { ERR_NOT_FOUND, 404 },
        { ERR_CONFLICT, 409 },    { ERR_STALE, 412 },    { ERR_LIMIT, 413 },
        { ERR_UNAVAILABLE, 503 }, { ERR_TIMEOUT, 504 },  { ERR_IO, 500 },
        { ERR_CORRUPT, 500 },     { ERR_INTERNAL, 500 }, { ERR_UNTRUSTED, 409 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = { .code = rows[i].code };
        CHECK_INT(problem_status(problem_of(&err)), rows[i].status);
    }
    struct err field = { .code = ERR_INVALID, .field = "/msisdn" };
    CHECK_INT(problem_status(problem_of(&field)), 422);
}

/* ---- traces ---- */

static void a_trace_is_continued_only_if_it_is_one(void)
{
    static const char good[] =
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    static const char *const bad[] = {
        "",
        "00",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    };
    char out[56];
    trace_child(slice_of(good), out);
    CHECK_INT(strlen(out), 55);
    CHECK(memcmp(out, good, 36) == 0);
    CHECK(memcmp(out + 36, good + 36, 16) != 0);
    CHECK_TEXT(out + 52, "-00");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        trace_child(slice_of(bad[i]), out);
        CHECK_INT(strlen(out), 55);
        CHECK(strstr(out, "0af7651916cd43dd8448eb211c80319c") == NULL);
    }
}

/* ---- rates ---- */

static void tokens_come_back_with_time(void)
{
    struct rate *rate = rate_create(10, 3);
    struct rate_verdict verdict;
    clock_set_for_test(1700000000000);
    for (int i = 0; i < 3; i++) {
        rate_take(rate, "key:a", "acme", &verdict);
        CHECK(verdict.allow);
    }
    rate_take(rate, "key:a", "acme", &verdict);
    CHECK(!verdict.allow);
    CHECK_INT(verdict.remaining, 0);
    CHECK_INT(verdict.retry_s, 1);
    rate_take(rate, "key:a", "bravo", &verdict); /* Another tenant's namesake. */
    CHECK(verdict.allow);
    clock_move_for_test(100);
    rate_take(rate, "key:a", "acme", &verdict);
    CHECK(verdict.allow);
    clock_move_for_test(3600000);
    rate_take(rate, "key:a", "acme", &verdict);
    CHECK_INT(verdict.remaining, 2); /* Never more than the burst. */
    rate_destroy(&rate);
    clock_set_for_test(0);
}

/* More identities than places: someone is forgiven, nobody is punished for another. */
static void a_crowd_of_identities_harms_nobody(void)
{
    struct rate *rate = rate_create(1, 1);
    char name[32];
    clock_set_for_test(1700000000000);
    for (int i = 0; i < 20000; i++) {
        struct rate_verdict verdict;
        CHECK(snprintf(name, sizeof name, "key:%d", i) > 0);
        rate_take(rate, name, "acme", &verdict);
        CHECK(verdict.allow);
    }
    rate_destroy(&rate);
    clock_set_for_test(0);
}

static void no_rate_is_no_limit(void)
{
    struct rate *rate = rate_create(0, 1);
    struct rate_verdict verdict;
    for (int i = 0; i < 100; i++) {
        rate_take(rate, "key:a", "acme", &verdict);
        CHECK(verdict.allow && !verdict.limited);
    }
    rate_destroy(&rate);
}

/* ---- Accept ---- */

static void the_best_accepted_type_is_chosen(void)
{
    static const char *const types[] = { "image/png", "image/svg+xml", "text/plain",
                                         NULL };
    static const struct {
        const char *accept;
        int chosen;
    } rows[] = {
        { NULL, 0 },
        { "", 0 },
        { "*/*", 0 },
        { "image/*", 0 },
        { "text/*", 2 },
        { "IMAGE/SVG+XML", 1 },
        { "image/png;q=0.1, text/plain;q=0.9", 2 },
        { "image/png;q=0, */*", 1 },
        { "image/*;q=0.5, text/plain;q=0.50", 0 },
        { "text/plain; charset=utf-8 ;q=0.3 , image/svg+xml ; q=0.25", 2 },
        { "application/json", -1 },
        { "*/*;q=0", -1 },
        { ";;,,", -1 },
        { "image/", -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(accept_choose(rows[i].accept, types), rows[i].chosen);
}

static void the_document_is_json_and_names_every_route(void)
{
    char *text = openapi_create();
    CHECK_FATAL(text != NULL);
    json_t *document = json_read(slice_of(text), NULL);
    CHECK_FATAL(document != NULL);
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++)
        CHECK(json_object_get(json_object_get(document, "paths"), route->path) != NULL);
    json_decref(document);
    free(text);
}

TESTS("api_parts", CASE(the_table_is_whole), CASE(a_path_finds_its_row_and_names),
      CASE(a_path_must_fit_whole), CASE(a_name_that_is_too_long_names_nothing),
      CASE(each_fault_is_found_where_it_is), CASE(faults_are_counted_up_to_a_limit),
      CASE(formats_take_what_they_should), CASE(an_error_becomes_its_problem),
      CASE(a_trace_is_continued_only_if_it_is_one), CASE(tokens_come_back_with_time),
      CASE(a_crowd_of_identities_harms_nobody), CASE(no_rate_is_no_limit),
      CASE(the_best_accepted_type_is_chosen),
      CASE(the_document_is_json_and_names_every_route))
