/* The helper library that adapters are written with. */
#include "esim/exchange.h"

#include <stdlib.h>

#include "base/arena.h"
#include "check.h"
#include "esim/entry.h"

static struct arena *arena;

static void *from_arena(uint64_t size)
{
    return arena_alloc(arena, size);
}

static void no_log(esim_level level, struct esim_bytes text)
{
    (void)level;
    (void)text;
}

static void begin(size_t limit_bytes)
{
    static struct esim_host host = { .size = sizeof host, .abi = ESIM_ABI };
    host.alloc = from_arena;
    host.log = no_log;
    arena = arena_create(limit_bytes);
    CHECK_FATAL(arena != NULL && esim_helper_start(&host) == 0);
}

static void finish(void)
{
    arena_destroy(&arena);
}

/* ---- a flow of three rows, one to order, one to confirm, one to query ---- */

static void ask_order(struct esim_talk *talk)
{
    json_object_set_new(talk->vars, "ref", json_string("R1"));
    esim_http(talk, "es2", "POST", "/order", "application/json",
              esim_json_write(talk->input));
    esim_http_header(talk, "X-Ref", "R1");
    esim_rewrite(talk);
}

static void tell_order(struct esim_talk *talk)
{
    switch (talk->step->reply->status) {
    case 200:
        esim_go(talk, "confirm");
        break;
    case 429:
        esim_not_yet(talk, esim_retry_after(talk->step->reply, talk->step->now_ms),
                     "throttled", NULL, "Ask again later.");
        break;
    case 400:
        esim_refused(talk, "bad_eid", "8.1.1/2.1", "Check the EID %s.",
                     esim_json_text(talk->input, "eid"));
        break;
    default: /* Decides nothing: a slip that must not hang the operation. */
        break;
    }
}

static void ask_confirm(struct esim_talk *talk)
{
    esim_await(talk, esim_json_text(talk->vars, "ref"), talk->step->now_ms + 1000);
}

static void tell_confirm(struct esim_talk *talk)
{
    if (talk->step->event == ESIM_SILENCE) {
        esim_unknown(talk, "silence", NULL, "Nothing came.");
        return;
    }
    json_t *result = json_object();
    esim_json_put(result, "iccid", esim_string(talk->step->message->payload));
    esim_done(talk, result);
}

static void ask_look(struct esim_talk *talk)
{
    esim_http(talk, "es2", "GET", "/look", NULL, esim_text(NULL));
}

static void tell_look(struct esim_talk *talk)
{
    if (talk->step->reply->status == 404)
        esim_not_yet(talk, -1, "not_there", NULL, "It did not happen.");
    else
        esim_go(talk, "order"); /* Not SAFE: forbidden while querying. */
}

static void ask_round(struct esim_talk *talk)
{
    esim_go(talk, "round");
}

static const struct esim_exchange rows[] = {
    { "order", ESIM_ONCE, ask_order, tell_order, "look" },
    { "confirm", ESIM_ONCE, ask_confirm, tell_confirm, NULL },
    { "look", ESIM_SAFE, ask_look, tell_look, NULL },
    { "round", ESIM_SAFE, ask_round, tell_look, NULL },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static struct esim_answer answer_to(struct esim_step step)
{
    struct esim_answer answer = { .size = sizeof answer };
    step.size = sizeof step;
    step.now_ms = 1767323045000;
    if (step.input.ptr == NULL)
        step.input = esim_text("{\"eid\":\"890\"}");
    esim_exchange_step(rows, ROWS, &step, &answer);
    return answer;
}

static struct esim_reply reply_of(int32_t status)
{
    return (struct esim_reply){ .size = sizeof(struct esim_reply), .status = status };
}

static bool is(struct esim_bytes bytes, const char *text)
{
    return esim_is(bytes, text);
}

#define AT_ORDER "{\"at\":\"order\",\"vars\":{\"ref\":\"R1\"}}"

static void a_start_asks_the_first_row(void)
{
    begin(1 << 20);
    struct esim_answer answer = answer_to((struct esim_step){ .event = ESIM_START });
    CHECK_INT(answer.action, ESIM_ASK);
    CHECK_INT(answer.ask.repeat, ESIM_ONCE);
    CHECK_INT(answer.ask.flags, ESIM_REWRITE);
    CHECK(is(answer.ask.name, "order"));
    CHECK(is(answer.ask.body, "{\"eid\":\"890\"}"));
    CHECK_INT(answer.ask.header_count, 2);
    CHECK(is(answer.state, AT_ORDER));
    finish();
}

static void a_reply_leads_to_the_next_row_and_to_a_result(void)
{
    begin(1 << 20);
    struct esim_reply reply = reply_of(200);
    struct esim_answer answer = answer_to((struct esim_step){
        .event = ESIM_REPLY, .state = esim_text(AT_ORDER), .reply = &reply });
    CHECK_INT(answer.action, ESIM_AWAIT);
    CHECK(is(answer.key, "R1"));
    CHECK_INT(answer.until_ms, 1767323046000);
    struct esim_message message = { .size = sizeof message,
                                    .payload = esim_text("8995") };
    answer = answer_to((struct esim_step){
        .event = ESIM_MESSAGE, .state = answer.state, .message = &message });
    CHECK_INT(answer.action, ESIM_END);
    CHECK_INT(answer.outcome, ESIM_DONE);
    CHECK(is(answer.result, "{\"iccid\":\"8995\"}"));
    finish();
}

static void each_ending_carries_its_problem(void)
{
    begin(1 << 20);
    struct esim_reply reply = reply_of(400);
    struct esim_step step = { .event = ESIM_REPLY,
                              .state = esim_text(AT_ORDER),
                              .reply = &reply };
    struct esim_answer answer = answer_to(step);
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    CHECK(is(answer.problem.code, "bad_eid"));
    CHECK(is(answer.problem.carrier_code, "8.1.1/2.1"));
    CHECK(is(answer.problem.message, "Check the EID 890."));
    struct esim_header header = { esim_text("retry-after"), esim_text("7") };
    reply = reply_of(429);
    reply.headers = &header;
    reply.header_count = 1;
    answer = answer_to(step);
    CHECK_INT(answer.outcome, ESIM_NOT_YET);
    CHECK_INT(answer.problem.retry_after_s, 7);
    finish();
}

static void a_lost_exchange_is_queried_by_safe_rows_only(void)
{
    begin(1 << 20);
    struct esim_answer answer = answer_to(
        (struct esim_step){ .event = ESIM_QUERY, .state = esim_text(AT_ORDER) });
    CHECK_INT(answer.action, ESIM_ASK);
    CHECK_INT(answer.ask.repeat, ESIM_SAFE);
    CHECK(is(answer.ask.name, "look"));
    struct esim_reply reply = reply_of(404);
    struct esim_step told = { .event = ESIM_REPLY,
                              .state = answer.state,
                              .reply = &reply };
    CHECK_INT(answer_to(told).outcome, ESIM_NOT_YET);
    reply.status = 200;
    answer = answer_to(told);
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK(is(answer.problem.code, "adapter_bug"));
    finish();
}

static void a_row_without_a_query_ends_unknown(void)
{
    begin(1 << 20);
    struct esim_answer answer = answer_to((struct esim_step){
        .event = ESIM_QUERY, .state = esim_text("{\"at\":\"confirm\",\"vars\":{}}") });
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK(is(answer.problem.code, "no_query"));
    finish();
}

static void an_exchange_is_written_afresh_when_asked_again(void)
{
    begin(1 << 20);
    struct esim_answer answer = answer_to(
        (struct esim_step){ .event = ESIM_AGAIN, .state = esim_text(AT_ORDER) });
    CHECK_INT(answer.action, ESIM_ASK);
    CHECK(is(answer.ask.name, "order"));
    finish();
}

static void slips_end_the_operation_with_a_name(void)
{
    begin(1 << 20);
    static const char *const states[] = {
        "",     "{}",      "[]", "{\"at\":\"x\",\"vars\":{}}", "{\"at\":\"order\"}",
        "\xff", "{\"at\":"
    };
    struct esim_reply reply = reply_of(500); /* tell_order decides nothing. */
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct esim_answer answer = answer_to((struct esim_step){
            .event = ESIM_REPLY, .state = esim_text(states[i]), .reply = &reply });
        CHECK_INT(answer.outcome, ESIM_UNKNOWN);
        CHECK(is(answer.problem.code, "state_unknown"));
    }
    struct esim_answer answer = answer_to((struct esim_step){
        .event = ESIM_REPLY, .state = esim_text(AT_ORDER), .reply = &reply });
    CHECK(is(answer.problem.code, "adapter_bug"));
    answer = answer_to((struct esim_step){
        .event = ESIM_AGAIN, .state = esim_text("{\"at\":\"round\",\"vars\":{}}") });
    CHECK(is(answer.problem.code, "adapter_bug"));
    answer = answer_to(
        (struct esim_step){ .event = ESIM_START, .input = esim_text("[1]") });
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    CHECK(is(answer.problem.code, "bad_input"));
    finish();
}

/* A reply that was read when memory ran out may have been a yes. */
static void short_memory_is_not_yet_at_the_start_and_unknown_later(void)
{
    for (size_t limit = 16; limit < 4096; limit += 16) {
        begin(limit);
        struct esim_answer answer = answer_to(
            (struct esim_step){ .event = ESIM_START });
        if (answer.action == ESIM_END)
            CHECK_INT(answer.outcome, ESIM_NOT_YET);
        struct esim_reply reply = reply_of(200);
        arena_reset(arena);
        answer = answer_to((struct esim_step){
            .event = ESIM_REPLY, .state = esim_text(AT_ORDER), .reply = &reply });
        if (answer.action == ESIM_END)
            CHECK_INT(answer.outcome, ESIM_UNKNOWN);
        finish();
    }
}

static void json_is_read_strictly(void)
{
    begin(1 << 20);
    static const char *const wrong[] = {
        "", "{", "{} {}", "{\"a\":1,\"a\":2}", "\"\xff\"", "[\"\\u0000\"]", "nul"
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(esim_json_read(esim_text(wrong[i])) == NULL);
    CHECK(esim_json_read((struct esim_bytes){ "1\0", 2 }) == NULL);
    char deep[70] = { 0 };
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    CHECK(esim_json_read(esim_text(deep)) == NULL);
    CHECK(esim_json_read((struct esim_bytes){ deep + 1, 64 }) != NULL);
    CHECK(esim_json_read(esim_text("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"")) !=
          NULL);
    json_t *value = esim_json_read(
        esim_text("{\"a\":{\"b\":[1,{\"c\":\"/\xc3\xa9\"}]}}"));
    CHECK_TEXT(json_string_value(esim_json_at(value, "a.b.1.c")), "/\xc3\xa9");
    CHECK(esim_json_at(value, "a.x.c") == NULL);
    CHECK(esim_json_at(value, "a.b.9") == NULL);
    CHECK(esim_json_at(value, "a.b.") == NULL);
    CHECK(is(esim_json_write(value), "{\"a\":{\"b\":[1,{\"c\":\"/\xc3\xa9\"}]}}"));
    esim_json_put(value, "bad", "\xff");
    esim_json_put(value, "none", NULL);
    CHECK_INT(json_object_size(value), 1);
    finish();
}

static void urls_are_encoded_and_queries_found(void)
{
    begin(1 << 20);
    CHECK_TEXT(esim_url_encode("a b/\xc3\xa9~"), "a%20b%2F%C3%A9~");
    CHECK_TEXT(esim_url_query("/x?a=1&b=c%2Fd+e&c", "b"), "c/d e");
    CHECK_TEXT(esim_url_query("/x?a=1&c", "c"), "");
    CHECK(esim_url_query("/x?a=%zz", "a") == NULL);
    CHECK(esim_url_query("/x?a=%00", "a") == NULL);
    CHECK(esim_url_query("/x?a=%4", "a") == NULL);
    CHECK(esim_url_query("/x", "a") == NULL);
    CHECK(esim_url_query("/x?ab=1#a=2", "a") == NULL);
    finish();
}

static void base64_is_strict(void)
{
    begin(1 << 20);
    CHECK(is(esim_base64(esim_text("")), ""));
    CHECK(is(esim_base64(esim_text("f")), "Zg=="));
    CHECK(is(esim_base64(esim_text("fo")), "Zm8="));
    CHECK(is(esim_base64(esim_text("foobar")), "Zm9vYmFy"));
    CHECK(is(esim_base64_read("Zm9vYmFy"), "foobar"));
    CHECK(is(esim_base64_read("Zg=="), "f"));
    static const char *const wrong[] = { "Z",    "Zg=",  "Zh==", "Zm9=", "Zg==Zg==",
                                         "Z===", "====", "Zm 8", "Zm8\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(esim_base64_read(wrong[i]).ptr == NULL);
    finish();
}

static void times_go_there_and_back(void)
{
    begin(1 << 20);
    CHECK_TEXT(esim_time_text(1767323045678), "2026-01-02T03:04:05Z");
    CHECK_TEXT(esim_time_text(0), "1970-01-01T00:00:00Z");
    CHECK_TEXT(esim_time_text(-1), "1969-12-31T23:59:59Z");
    CHECK_INT(esim_time_read("2026-01-02T03:04:05Z"), 1767323045000);
    CHECK_INT(esim_time_read("2026-01-02T03:04:05.6789Z"), 1767323045678);
    CHECK_INT(esim_time_read("2026-01-02T09:34:05+06:30"), 1767323045000);
    CHECK_INT(esim_time_read("2000-02-29T00:00:00Z"), 951782400000);
    static const char *const wrong[] = { "",
                                         "2026",
                                         "2026-02-29T00:00:00Z",
                                         "2026-13-01T00:00:00Z",
                                         "2026-01-02T24:00:00Z",
                                         "2026-01-02T03:04:05",
                                         "2026-01-02T03:04:05.Z",
                                         "2026-01-02T03:04:05Zx",
                                         "2026-01-02T03:04:05+0630" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_INT(esim_time_read(wrong[i]), -1);
    for (int64_t day = -200000; day < 400000; day += 37)
        CHECK_INT(esim_time_read(esim_time_text(day * 86400000)) >= 0 || day < 0, 1);
    finish();
}

static int32_t retry_after(const char *value)
{
    struct esim_header header = { esim_text("Retry-After"), esim_text(value) };
    struct esim_reply reply = { .headers = &header, .header_count = 1 };
    return esim_retry_after(&reply, 784111777000); /* Sun, 06 Nov 1994 08:49:37 GMT */
}

static void retry_after_is_seconds_or_a_date(void)
{
    begin(1 << 20);
    CHECK_INT(retry_after("120"), 120);
    CHECK_INT(retry_after("99999999999999999999999"), INT32_MAX);
    CHECK_INT(retry_after("Sun, 06 Nov 1994 08:50:37 GMT"), 60);
    CHECK_INT(retry_after("Sunday, 06-Nov-94 08:50:37 GMT"), 60);
    CHECK_INT(retry_after("Sun Nov  6 08:50:37 1994"), 60);
    CHECK_INT(retry_after("Sun, 06 Nov 1994 08:00:00 GMT"), 0);
    CHECK_INT(retry_after("soon"), -1);
    CHECK_INT(retry_after(""), -1);
    CHECK_INT(retry_after("-1"), -1);
    finish();
}

/* ---- the entry ---- */

static const char *wrong_setting(const json_t *settings, const char **ret_expected)
{
    *ret_expected = "expected the port, a number";
    return json_is_integer(esim_json_at(settings, "smsc.port")) ? NULL : "smsc.port";
}

static void check_setting(const char *settings, const char *code, const char *message)
{
    const struct esim_problem *problem = esim_settings_problem(esim_text(settings),
                                                               wrong_setting);
    CHECK_FATAL(problem != NULL && problem->size == sizeof *problem);
    CHECK(esim_is(problem->code, code) && esim_is(problem->message, message));
    CHECK_INT(problem->retry_after_s, -1);
}

static void a_wrong_setting_is_named_with_what_was_expected(void)
{
    begin(1 << 20);
    CHECK(esim_settings_problem(esim_text("{\"smsc\":{\"port\":2775}}"),
                                wrong_setting) == NULL);
    check_setting("{\"smsc\":{\"port\":\"2775\"}}", "smsc.port",
                  "expected the port, a number");
    check_setting("[]", "", "expected a JSON object");
    check_setting("{", "", "expected a JSON object");
    finish();
}

static void settings_nobody_could_look_at_are_not_fine(void)
{
    begin(8);
    const struct esim_problem *problem = esim_settings_problem(
        esim_text("{\"smsc\":{\"port\":2775}}"), wrong_setting);
    CHECK_FATAL(problem != NULL);
    CHECK(problem->message.size > 0);
    finish();
}

static void a_part_is_found_by_its_id(void)
{
    static const int first = 1, second = 2;
    static const struct esim_part parts[] = {
        { ESIM_ABILITY_FLOWS, &first },
        { ESIM_ABILITY_CHECK, &second },
        { NULL, NULL },
    };
    CHECK(esim_part_of(parts, ESIM_ABILITY_FLOWS) == &first);
    CHECK(esim_part_of(parts, ESIM_ABILITY_CHECK) == &second);
    CHECK(esim_part_of(parts, ESIM_ABILITY_SESSION) == NULL);
}

TESTS("exchange", CASE(a_start_asks_the_first_row),
      CASE(a_reply_leads_to_the_next_row_and_to_a_result),
      CASE(each_ending_carries_its_problem),
      CASE(a_lost_exchange_is_queried_by_safe_rows_only),
      CASE(a_row_without_a_query_ends_unknown),
      CASE(an_exchange_is_written_afresh_when_asked_again),
      CASE(slips_end_the_operation_with_a_name),
      CASE(short_memory_is_not_yet_at_the_start_and_unknown_later),
      CASE(json_is_read_strictly), CASE(urls_are_encoded_and_queries_found),
      CASE(base64_is_strict), CASE(times_go_there_and_back),
      CASE(retry_after_is_seconds_or_a_date),
      CASE(a_wrong_setting_is_named_with_what_was_expected),
      CASE(settings_nobody_could_look_at_are_not_fine), CASE(a_part_is_found_by_its_id))
