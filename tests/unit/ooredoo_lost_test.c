/* A lost order at Ooredoo: looked for by its reference, and sent again only when the
 * carrier says clearly that it has none. */
#include "check.h"

#include "ooredoo_play.h"

static const struct play order = {
    .capability = ESIM_PROFILE_ORDER,
    .input = "{\"profile_type\":\"P1\",\"order_ref\":\"o-1\"}",
};

/* The order was sent and its answer lost; now the question stands there to be asked. */
static struct esim_answer question(void)
{
    start();
    struct esim_answer asked = begin(&order);
    CHECK_INT(asked.ask.repeat, ESIM_ONCE);
    struct esim_answer waits = follow(&order, &asked, ESIM_QUERY);
    CHECK_INT(waits.action, ESIM_WAIT);
    CHECK_INT(waits.until_ms, 1767323045000 + 5000);
    struct esim_answer asks = follow(&order, &waits, ESIM_TIMER);
    CHECK_INT(asks.action, ESIM_ASK);
    CHECK_INT(asks.ask.repeat, ESIM_SAFE);
    CHECK_TEXT(text(asks.ask.name), "find");
    CHECK(strstr(text(asks.ask.body), "<c:clientReference>o-1</c:clientReference>") !=
          NULL);
    CHECK(strstr(text(asks.ask.body), "QueryProfile") != NULL);
    return asks;
}

static void a_lost_order_that_is_there_is_done(void)
{
    struct esim_answer asks = question();
    struct esim_answer answer = reply(
        &order, &asks, 200,
        bytes(REPLY("QueryProfile", "0", PROFILE("<r:state>Allocated</r:state>"))));
    CHECK_INT(answer.outcome, ESIM_DONE);
    CHECK_TEXT(text(answer.result),
               "{\"state\":\"Allocated\",\"iccid\":\"" ICCID "\"}");
}

static void only_a_clear_no_sends_the_order_again(void)
{
    struct esim_answer asks = question();
    struct esim_answer answer = reply(&order, &asks, 200,
                                      bytes(REPLY("QueryProfile", "404", "")));
    CHECK_INT(answer.outcome, ESIM_NOT_YET);
    CHECK_TEXT(text(answer.problem.code), "order_not_there");
}

struct question_case {
    int http;
    const char *body;
    esim_action action; /* ESIM_WAIT: the same question again. */
    esim_outcome outcome;
};

/* NOT_YET and REFUSED must not appear here: the first would send the order again, the
 * second would say that it was not done. */
/* clang-format off */
static const struct question_case question_cases[] = {
    { 503, "",                                 ESIM_WAIT, 0 },
    { 429, "",                                 ESIM_WAIT, 0 },
    { 500, FAULT_11("e:Server", ""),           ESIM_WAIT, 0 },
    { 200, "",                                 ESIM_WAIT, 0 },
    { 200, "<html/>",                          ESIM_WAIT, 0 },
    { 200, REPLY("QueryProfile", "100", ""),   ESIM_WAIT, 0 },
    { 200, REPLY("QueryProfile", "429", ""),   ESIM_WAIT, 0 },
    { 200, REPLY("QueryProfile", "500", ""),   ESIM_WAIT, 0 },
    { 200, REPLY("QueryProfile", "777", ""),   ESIM_WAIT, 0 },
    { 200, REPLY("QueryProfile", "301", ""),   ESIM_END,  ESIM_UNKNOWN },
    { 200, REPLY("QueryProfile", "302", ""),   ESIM_END,  ESIM_UNKNOWN },
    { 200, REPLY("QueryProfile", "409", ""),   ESIM_END,  ESIM_UNKNOWN },
    { 200, REPLY("QueryProfile", "0", ""),     ESIM_END,  ESIM_UNKNOWN },
    { 401, "",                                 ESIM_END,  ESIM_UNKNOWN },
    { 404, "",                                 ESIM_END,  ESIM_UNKNOWN },
    { 500, FAULT_11("e:Client", ""),           ESIM_END,  ESIM_UNKNOWN },
};
/* clang-format on */

static void a_question_that_failed_says_nothing_about_the_order(void)
{
    for (size_t i = 0; i < sizeof question_cases / sizeof question_cases[0]; i++) {
        const struct question_case *row = &question_cases[i];
        struct esim_answer asks = question();
        struct esim_answer answer = reply(&order, &asks, row->http, bytes(row->body));
        CHECK_INT(answer.action, row->action);
        CHECK_INT(answer.outcome, row->outcome);
    }
}

static void a_question_without_end_goes_to_a_person(void)
{
    struct esim_answer asks = question();
    int64_t last_ms = 5000;
    for (int i = 1; i < 8; i++) {
        struct esim_answer waits = reply(&order, &asks, 503, bytes(""));
        CHECK_INT(waits.action, ESIM_WAIT);
        CHECK_INT(waits.until_ms - 1767323045000,
                  last_ms * 2 < 300000 ? last_ms * 2 : 300000);
        last_ms = waits.until_ms - 1767323045000;
        asks = follow(&order, &waits, ESIM_TIMER);
        CHECK_INT(asks.action, ESIM_ASK);
    }
    struct esim_answer answer = reply(&order, &asks, 503, bytes(""));
    CHECK_INT(answer.action, ESIM_END);
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(text(answer.problem.code), "order_not_found_out");
}

/* Settings may change between the order and the question. */
static void a_question_that_cannot_be_asked_is_no_refusal(void)
{
    static const char *const later[] = {
        "{}",
        "{\"username\":\"u\\u0001\"}",
        "{\"username\":\"a\",\"codes\":{\"0\":\"done\"},\"operations\":"
        "{\"profile.order\":{\"template\":\"<x/>\",\"code\":\"x\"}}}",
        "{\"username\":\"a\",\"codes\":{\"0\":\"done\"},\"operations\":"
        "{\"profile.find\":{\"template\":\"{{absent}}\",\"code\":\"x\"}}}",
    };
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        start();
        struct esim_answer asked = begin(&order);
        struct play changed = order;
        struct esim_answer waits = follow(&order, &asked, ESIM_QUERY);
        changed.settings = later[i];
        struct esim_answer answer = follow(&changed, &waits, ESIM_TIMER);
        CHECK_INT(answer.action, ESIM_END);
        CHECK_INT(answer.outcome, ESIM_UNKNOWN);
        struct esim_answer late = reply(&changed, &asked, 200,
                                        bytes(REPLY("OrderProfile", "0", "")));
        CHECK(late.action == ESIM_WAIT || late.outcome == ESIM_UNKNOWN);
    }
}

#define OWN(repeat, find)                                                              \
    "{\"security\":\"none\",\"namespaces\":{\"o\":\"urn:own\"},\"codes\":{\"OK\":"     \
    "\"done\",\"DUP\":\"exists\"},\"operations\":{\"profile.order\":{\"template\":"    \
    "\"<x/>\",\"code\":\"o:r/o:c\",\"result\":{\"iccid\":\"o:r/o:i\"}" repeat "}" find \
    "}}"

static void a_contract_without_a_question_leaves_the_order_to_a_person(void)
{
    start();
    struct play own = order;
    own.settings = OWN("", "");
    struct esim_answer asked = begin(&own);
    CHECK_INT(asked.ask.repeat, ESIM_ONCE);
    struct esim_answer answer = follow(&own, &asked, ESIM_QUERY);
    CHECK_INT(answer.action, ESIM_END);
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(text(answer.problem.code), "no_query");
    answer = reply(&own, &asked, 200,
                   bytes(OPEN_11 "<r xmlns='urn:own'><c>DUP</c></r>" CLOSE_11));
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
}

static void a_carrier_that_knows_its_references_may_be_asked_twice(void)
{
    start();
    struct play own = order;
    own.settings = OWN(",\"repeat\":\"idempotent\"", "");
    struct esim_answer asked = begin(&own);
    CHECK_INT(asked.ask.repeat, ESIM_IDEMPOTENT);
    struct esim_answer answer = reply(&own, &asked, 502, bytes(""));
    CHECK_INT(answer.outcome, ESIM_NOT_YET);
}

/* ---- cut at every byte ---- */

static const char whole[] = "<?xml version='1.0'?>\n" //
    REPLY("OrderProfile", "0", PROFILE("<r:state>Linked</r:state>"));

/* Half a reply is no answer: the order is looked for, whatever was readable. */
static void a_reply_cut_at_any_byte_never_repeats_the_order(void)
{
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        start();
        struct esim_answer asked = begin(&order);
        struct esim_answer answer = reply(&order, &asked, 200,
                                          (struct esim_bytes){ whole, i });
        CHECK_INT(answer.action, ESIM_WAIT);
        answer = follow(&order, &answer, ESIM_TIMER);
        CHECK_INT(answer.action, ESIM_ASK);
        CHECK_TEXT(text(answer.ask.name), "find");
    }
    struct esim_answer asked = begin(&order);
    CHECK_INT(reply(&order, &asked, 200, bytes(whole)).outcome, ESIM_DONE);
}

static void a_question_cut_at_any_byte_never_repeats_the_order(void)
{
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        struct esim_answer asks = question();
        struct esim_answer answer = reply(&order, &asks, 200,
                                          (struct esim_bytes){ whole, i });
        CHECK_INT(answer.action, ESIM_WAIT);
    }
}

TESTS("ooredoo lost", CASE(a_lost_order_that_is_there_is_done),
      CASE(only_a_clear_no_sends_the_order_again),
      CASE(a_question_that_failed_says_nothing_about_the_order),
      CASE(a_question_without_end_goes_to_a_person),
      CASE(a_question_that_cannot_be_asked_is_no_refusal),
      CASE(a_contract_without_a_question_leaves_the_order_to_a_person),
      CASE(a_carrier_that_knows_its_references_may_be_asked_twice),
      CASE(a_reply_cut_at_any_byte_never_repeats_the_order),
      CASE(a_question_cut_at_any_byte_never_repeats_the_order),
      CASE(memory_goes_back_to_the_host))
