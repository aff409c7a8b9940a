/* The Ooredoo adapter's flows through its entry, as a cell calls them. */
#include "check.h"

#include "ooredoo_play.h"

#define ORDER_INPUT                                                                \
    "{\"profile_type\":\"P1\",\"eid\":\"" EID "\",\"order_ref\":\"o-1\",\"plan\":" \
    "\"basic\"}"

static const struct play order = { .capability = ESIM_PROFILE_ORDER,
                                   .input = ORDER_INPUT };
static const struct play confirm = {
    .capability = ESIM_PROFILE_CONFIRM,
    .input = "{\"iccid\":\"" ICCID "\",\"release\":true}",
};
static const struct play suspend = { .capability = ESIM_LINE_SUSPEND,
                                     .input = "{\"msisdn\":\"+9591\"}" };
static const struct play status = { .capability = ESIM_PROFILE_STATUS,
                                    .input = "{\"iccid\":\"" ICCID "\"}" };
static const struct play usage = {
    .capability = ESIM_USAGE_READ,
    .input = "{\"msisdn\":\"+9591\",\"from\":\"2026-01-01T00:00:00Z\","
             "\"to\":\"2026-01-02T00:00:00Z\"}",
};

static struct esim_answer run(const struct play *play, int http, const char *body)
{
    start();
    struct esim_answer asked = begin(play);
    CHECK_INT(asked.action, ESIM_ASK);
    return reply(play, &asked, http, bytes(body));
}

static const char *code_of(const struct esim_answer *answer)
{
    return text(answer->problem.code);
}

/* ---- what is asked ---- */

/* The message's Body, between its marks. */
static const char *body_of(const struct esim_answer *answer)
{
    const char *all = text(answer->ask.body);
    const char *begin_at = strstr(all, "<soap:Body>");
    const char *end_at = strstr(all, "</soap:Body>");
    CHECK_FATAL(begin_at != NULL && end_at != NULL);
    begin_at += strlen("<soap:Body>");
    return text((struct esim_bytes){ begin_at, (uint64_t)(end_at - begin_at) });
}

struct golden {
    const char *capability;
    const char *input;
    const char *function; /* And the action's end. */
    esim_repeat repeat;
    const char *content; /* After requestId. */
};

/* clang-format off */
static const struct golden goldens[] = {
    { ESIM_PROFILE_ORDER, ORDER_INPUT, "OrderProfile", ESIM_ONCE,
      "<c:clientReference>o-1</c:clientReference><c:profileType>P1</c:profileType>"
      "<c:eid>" EID "</c:eid><c:plan>basic</c:plan>" },
    { ESIM_PROFILE_ORDER,
      "{\"iccid\":\"" ICCID "\",\"imei\":\"490154203237518\",\"msisdn\":\"+9591\","
      "\"order_ref\":\"o-2\"}", "OrderProfile", ESIM_ONCE,
      "<c:clientReference>o-2</c:clientReference><c:iccid>" ICCID "</c:iccid>"
      "<c:imei>490154203237518</c:imei><c:msisdn>+9591</c:msisdn>" },
    { ESIM_PROFILE_CONFIRM,
      "{\"iccid\":\"" ICCID "\",\"confirmation_code\":\"<&>\",\"release\":false}",
      "ConfirmProfile", ESIM_IDEMPOTENT,
      "<c:iccid>" ICCID "</c:iccid>"
      "<c:confirmationCode>&lt;&amp;&gt;</c:confirmationCode>"
      "<c:release>false</c:release>" },
    { ESIM_PROFILE_CANCEL,
      "{\"iccid\":\"" ICCID "\",\"matching_id\":\"AB\",\"final_state\":\"Available\"}",
      "CancelProfile", ESIM_IDEMPOTENT,
      "<c:iccid>" ICCID "</c:iccid><c:matchingId>AB</c:matchingId>"
      "<c:finalState>Available</c:finalState>" },
    { ESIM_PROFILE_STATUS, "{\"iccid\":\"" ICCID "\"}", "QueryProfile", ESIM_SAFE,
      "<c:iccid>" ICCID "</c:iccid>" },
    { ESIM_LINE_ACTIVATE,
      "{\"msisdn\":\"+9591\",\"iccid\":\"" ICCID "\",\"plan\":\"p\",\"order_ref\":\"o\"}",
      "ActivateLine", ESIM_IDEMPOTENT,
      "<c:clientReference>o</c:clientReference><c:msisdn>+9591</c:msisdn>"
      "<c:iccid>" ICCID "</c:iccid><c:plan>p</c:plan>" },
    { ESIM_LINE_SUSPEND, "{\"msisdn\":\"+9591\",\"reason\":\"lost & found\"}",
      "SuspendLine", ESIM_IDEMPOTENT,
      "<c:msisdn>+9591</c:msisdn><c:reason>lost &amp; found</c:reason>" },
    { ESIM_LINE_RESUME, "{\"msisdn\":\"+9591\"}", "ResumeLine", ESIM_IDEMPOTENT,
      "<c:msisdn>+9591</c:msisdn>" },
    { ESIM_LINE_TERMINATE, "{\"msisdn\":\"+9591\"}", "TerminateLine", ESIM_IDEMPOTENT,
      "<c:msisdn>+9591</c:msisdn>" },
    { ESIM_USAGE_READ,
      "{\"iccid\":\"" ICCID "\",\"from\":\"2026-01-01T00:00:00Z\","
      "\"to\":\"2026-01-02T00:00:00Z\"}", "ReadUsage", ESIM_SAFE,
      "<c:iccid>" ICCID "</c:iccid><c:from>2026-01-01T00:00:00Z</c:from>"
      "<c:to>2026-01-02T00:00:00Z</c:to>" },
};
/* clang-format on */

static void each_message_is_byte_for_byte_what_the_contract_wants(void)
{
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        const struct golden *row = &goldens[i];
        start();
        struct play play = { .capability = row->capability, .input = row->input };
        struct esim_answer asked = begin(&play);
        CHECK_INT(asked.action, ESIM_ASK);
        CHECK_INT(asked.ask.repeat, row->repeat);
        CHECK_INT(asked.ask.flags, ESIM_REWRITE);
        CHECK_TEXT(text(asked.ask.path), "/soap/esim");
        CHECK_TEXT(text(asked.ask.endpoint), "soap");
        CHECK_TEXT(
            esim_header_of(asked.ask.headers, asked.ask.header_count, "SOAPAction"),
            text(esim_format("\"urn:esimd:carrier:1:%s\"", row->function)));
        CHECK_TEXT(body_of(&asked),
                   text(esim_format("<c:%s xmlns:c=\"urn:esimd:carrier:1\">"
                                    "<c:requestId>" OP "</c:requestId>%s</c:%s>",
                                    row->function, row->content, row->function)));
        CHECK(strstr(text(asked.ask.body), ">sgHl4OuBA7cwaBXhb9lsEOYIOc0=<") != NULL);
    }
}

static void soap_1_2_has_its_action_in_the_content_type(void)
{
    start();
    struct play play = suspend;
    play.settings = "{\"soap_version\":\"1.2\",\"security\":\"none\"}";
    struct esim_answer asked = begin(&play);
    CHECK_TEXT(
        esim_header_of(asked.ask.headers, asked.ask.header_count, "Content-Type"),
        "application/soap+xml; charset=utf-8; "
        "action=\"urn:esimd:carrier:1:SuspendLine\"");
    CHECK(esim_header_of(asked.ask.headers, asked.ask.header_count, "SOAPAction") ==
          NULL);
    CHECK_INT(asked.ask.flags, 0);
    CHECK(strstr(text(asked.ask.body), "Header") == NULL);
}

/* The server would refuse a nonce that it has seen. */
static void a_message_sent_again_has_another_nonce(void)
{
    start();
    struct esim_answer asked = begin(&order);
    struct esim_step step = step_of(&order);
    step.event = ESIM_AGAIN;
    step.state = asked.state;
    step.now_ms += 1000;
    memcpy(step.random, "9999999999999999", 16);
    struct esim_answer again = take(&order, &step);
    CHECK_INT(again.action, ESIM_ASK);
    CHECK_TEXT(text(again.ask.name), "order");
    CHECK_TEXT(body_of(&again), body_of(&asked));
    CHECK(strstr(text(again.ask.body), "OTk5OTk5OTk5OTk5OTk5OQ==") != NULL);
    CHECK(strstr(text(again.ask.body), "2026-01-02T03:04:06Z") != NULL);
    CHECK(strstr(text(again.ask.body), "MTIzNDU2Nzg5MDEyMzQ1Ng==") == NULL);
}

struct unasked {
    const char *input;
    const char *settings;
    const char *code;
};

static const struct unasked unaskeds[] = {
    { "{\"msisdn\":\"1\"}", "{}", "settings_incomplete" },
    { "{\"msisdn\":\"1\"}", "{\"username\":\"a\\u0001\"}", "settings_wrong" },
    { "{}", SETTING, "msisdn_missing" },
    { "{\"msisdn\":\"\"}", SETTING, "msisdn_missing" },
    { "{\"msisdn\":\"1\\u0007\"}", SETTING, "msisdn_wrong" },
    { "{\"msisdn\":\"1\"}",
      "{\"username\":\"a\",\"codes\":{\"0\":\"done\"},"
      "\"operations\":{\"line.resume\":{\"template\":\"<x/>\",\"code\":\"x\"}}}",
      "not_configured" },
    { "{\"msisdn\":\"1\"}",
      "{\"username\":\"a\",\"codes\":{\"0\":\"done\"},"
      "\"operations\":{\"line.suspend\":{\"template\":\"{{#x}}\",\"code\":\"x\"}}}",
      "settings_wrong" },
};

static void what_cannot_be_written_is_refused_before_anything_is_sent(void)
{
    for (size_t i = 0; i < sizeof unaskeds / sizeof unaskeds[0]; i++) {
        start();
        struct play play = { .capability = ESIM_LINE_SUSPEND,
                             .input = unaskeds[i].input,
                             .settings = unaskeds[i].settings };
        struct esim_answer answer = begin(&play);
        CHECK_INT(answer.action, ESIM_END);
        CHECK_INT(answer.outcome, ESIM_REFUSED);
        CHECK_TEXT(code_of(&answer), unaskeds[i].code);
    }
}

/* ---- how each ends well ---- */

struct ending {
    const struct play *play;
    const char *body;
    const char *result;
};

/* clang-format off */
static const struct ending endings[] = {
    { &order, REPLY("OrderProfile", "0", PROFILE("<r:state>Linked</r:state>")),
      "{\"state\":\"Linked\",\"iccid\":\"" ICCID "\"}" },
    { &order, REPLY("OrderProfile", " 0\n", "<r:profile><r:iccid>" ICCID "F</r:iccid>"
      "<r:eid>" EID "</r:eid><r:matchingId>M-1</r:matchingId>"
      "<r:smdpAddress>smdp.example</r:smdpAddress></r:profile>"),
      "{\"eid\":\"" EID "\",\"matching_id\":\"M-1\",\"smdp_address\":\"smdp.example\","
      "\"iccid\":\"" ICCID "\"}" },
    { &confirm, REPLY("ConfirmProfile", "0", PROFILE("<r:state>Released</r:state>"
      "<r:matchingId>M-1</r:matchingId><r:activationCode>1$a$M-1</r:activationCode>")),
      "{\"state\":\"Released\",\"matching_id\":\"M-1\","
      "\"activation_code\":\"1$a$M-1\"}" },
    { &suspend, REPLY("SuspendLine", "0", ""), "{\"line_state\":\"SUSPENDED\"}" },
    { &suspend, REPLY("SuspendLine", "200", LINE("SUSPENDED")),
      "{\"line_state\":\"SUSPENDED\"}" },
    { &suspend, REPLY("SuspendLine", "0", LINE("Odd")),
      "{\"line_state\":\"SUSPENDED\"}" },
    { &status, REPLY("QueryProfile", "0", PROFILE("<r:state>Installed</r:state>"
      "<r:matchingId>SECRET</r:matchingId><r:changedAt>2026-01-02T03:04:05.6+06:30"
      "</r:changedAt>")),
      "{\"state\":\"Installed\",\"at\":\"2026-01-01T20:34:05Z\"}" },
    { &usage, REPLY("ReadUsage", "0", ""), "{\"records\":[]}" },
    { &usage, REPLY("ReadUsage", "0",
      "<r:record><r:from>2026-01-01T00:00:00Z</r:from><r:to>2026-01-01T01:00:00Z</r:to>"
      "<r:bytesDown>9007199254740993</r:bytesDown><r:sms>0</r:sms></r:record>"
      "<r:record><r:from>2026-01-01T01:00:00Z</r:from><r:to>2026-01-01T02:00:00Z</r:to>"
      "<r:bytesUp>7</r:bytesUp><r:seconds>60</r:seconds></r:record>"),
      "{\"records\":[{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-01T01:00:00Z\","
      "\"bytes_down\":9007199254740993,\"sms\":0},{\"from\":\"2026-01-01T01:00:00Z\","
      "\"to\":\"2026-01-01T02:00:00Z\",\"bytes_up\":7,\"seconds\":60}]}" },
};
/* clang-format on */

static void a_success_gives_the_normalised_result(void)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct esim_answer answer = run(endings[i].play, 200, endings[i].body);
        CHECK_INT(answer.outcome, ESIM_DONE);
        CHECK_TEXT(text(answer.result), endings[i].result);
    }
}

static void a_result_that_lacks_what_matters_is_no_success(void)
{
    struct esim_answer answer = run(&order, 200, REPLY("OrderProfile", "0", ""));
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(code_of(&answer), "iccid_missing");
    struct play own = { .capability = ESIM_PROFILE_ORDER,
                        .input = "{\"iccid\":\"8995060000000000026\",\"order_ref\":"
                                 "\"o\"}" };
    answer = run(&own, 200, REPLY("OrderProfile", "0", PROFILE("")));
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(code_of(&answer), "iccid_differs");
    answer = run(&order, 200,
                 REPLY("OrderProfile", "0", PROFILE("<r:state>Error</r:state>")));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    CHECK_TEXT(code_of(&answer), "order_failed");
    answer = run(&confirm, 200, REPLY("ConfirmProfile", "0", PROFILE("")));
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(code_of(&answer), "matching_id_missing");
    answer = run(&status, 200, REPLY("QueryProfile", "0", PROFILE("")));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    CHECK_TEXT(code_of(&answer), "result_wrong");
    answer = run(&usage, 200,
                 REPLY("ReadUsage", "0",
                       "<r:record><r:from>2026-01-01T00:00:00Z</r:from>"
                       "<r:to>2026-01-01T00:00:00Z</r:to><r:sms>-1</r:sms>"
                       "</r:record>"));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    answer = run(&usage, 200, REPLY("ReadUsage", "0", "<r:record/>"));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
}

/* ---- how each ends otherwise: once (an order), idempotent, safe ---- */

struct verdict_case {
    int http;
    const char *body;
    esim_action order_action; /* ESIM_WAIT: it goes and looks for the order. */
    esim_outcome order, change, read;
    const char *code;
    const char *carrier_code;
};

/* clang-format off */
#define ALL(outcome) ESIM_END, outcome, outcome, outcome
#define LOST         ESIM_WAIT, 0, ESIM_NOT_YET, ESIM_NOT_YET
static const struct verdict_case verdict_cases[] = {
    { 200, REPLY("X", "410", ""), ALL(ESIM_REFUSED), "stock_empty", "410" },
    { 200, REPLY("X", "301", ""), ALL(ESIM_REFUSED), "unauthorised", "301" },
    { 200, REPLY("X", "404", ""), ALL(ESIM_REFUSED), "line_unknown", "404" },
    { 200, REPLY("X", "429", ""), ALL(ESIM_NOT_YET), "throttled", "429" },
    { 200, REPLY("X", "409", ""),
      ESIM_WAIT, 0, ESIM_REFUSED, ESIM_REFUSED, "reference_used", "409" },
    { 200, REPLY("X", "100", ""), LOST, "in_progress", "100" },
    { 200, REPLY("X", "500", ""), LOST, "carrier_error", "500" },
    { 200, REPLY("X", "777", ""), LOST, "code_unlisted", "777" },
    { 200, REPLY("X", "No. Ask 'em", ""), LOST, "code_unlisted", "" },
    { 200, OPEN_11 CLOSE_11, LOST, "code_missing", "" },
    { 200, OPEN_12 RESPONSE("X", "0", "") CLOSE_12, LOST, "soap_version_differs", "" },
    { 500, REPLY("X", "0", ""), LOST, "status_differs", "" },
    { 202, "", LOST, "reply_unreadable", "HTTP 202" },
    { 200, "<html>", LOST, "reply_unreadable", "HTTP 200" },
    { 500, FAULT_11("e:Client", ""), ALL(ESIM_REFUSED), "request_refused", "Client" },
    { 200, FAULT_11("e:Client", ""), ALL(ESIM_REFUSED), "request_refused", "Client" },
    { 400, FAULT_12("env:Sender", "", ""),
      ALL(ESIM_REFUSED), "request_refused", "Sender" },
    { 500, FAULT_11("e:Server", ""), LOST, "server_error", "Server" },
    { 200, FAULT_12("env:Receiver", "", ""), LOST, "server_error", "Receiver" },
    { 500, FAULT_11("e:VersionMismatch", ""),
      ALL(ESIM_REFUSED), "soap_version_wrong", "VersionMismatch" },
    { 500, FAULT_11("e:MustUnderstand", ""),
      ALL(ESIM_REFUSED), "header_not_understood", "MustUnderstand" },
    { 500, FAULT_11("Odd", ""), LOST, "fault_unlisted", "Odd" },
    { 500, FAULT_11("", ""), LOST, "fault_unlisted", "" },
    { 500, FAULT_11("MessageExpired", ""),
      ALL(ESIM_NOT_YET), "message_expired", "MessageExpired" },
    { 401, FAULT_12("SOAP-ENV:Client", "<env:Subcode><env:Value>rpc:Authentication"
      "Failure</env:Value></env:Subcode>", ""),
      ALL(ESIM_REFUSED), "unauthorised", "Client/AuthenticationFailure" },
    { 500, FAULT_11("Client.Authentication", ""),
      ALL(ESIM_REFUSED), "unauthorised", "Client/Authentication" },
    { 401, FAULT_11("e:Server", ""), ALL(ESIM_REFUSED), "unauthorised", "Server" },
    { 500, FAULT_11("e:Server", "<detail>" CARRIER_FAULT("410") "</detail>"),
      ALL(ESIM_REFUSED), "stock_empty", "410" },
    { 500, FAULT_12("env:Receiver", "",
                    "<env:Detail>" CARRIER_FAULT("503") "</env:Detail>"),
      ALL(ESIM_NOT_YET), "carrier_busy", "503" },
    /* A fault is never a success. */
    { 500, FAULT_11("e:Server", "<detail>" CARRIER_FAULT("0") "</detail>"),
      LOST, "server_error", "Server" },
    { 503, FAULT_11("e:Server", ""), ALL(ESIM_NOT_YET), "unavailable", "Server" },
    { 503, FAULT_11("e:Client", ""), ALL(ESIM_REFUSED), "request_refused", "Client" },
    { 503, "busy", ALL(ESIM_NOT_YET), "unavailable", "HTTP 503" },
    { 429, "", ALL(ESIM_NOT_YET), "throttled", "HTTP 429" },
    { 401, "<html/>", ALL(ESIM_REFUSED), "unauthorised", "HTTP 401" },
    { 403, "", ALL(ESIM_REFUSED), "unauthorised", "HTTP 403" },
    { 404, "", ALL(ESIM_REFUSED), "path_wrong", "HTTP 404" },
    { 415, "", ALL(ESIM_REFUSED), "soap_version_wrong", "HTTP 415" },
    { 302, "", ALL(ESIM_REFUSED), "redirected", "HTTP 302" },
    { 500, "oops", LOST, "server_error", "HTTP 500" },
    { 502, "", LOST, "gateway", "HTTP 502" },
    { 504, "", LOST, "gateway", "HTTP 504" },
    { 200, "<!DOCTYPE a [<!ENTITY b 'c'>]>" REPLY("X", "0", ""),
      LOST, "reply_unreadable", "HTTP 200" },
};
/* clang-format on */

/* What a carrier does not know follows from what it was asked about. */
static const char *name_of(const struct verdict_case *row, const struct play *play)
{
    bool is_absent = strcmp(row->code, "line_unknown") == 0;
    return is_absent && play != &suspend ? "iccid_unknown" : row->code;
}

static void every_reply_ends_as_its_row_says(void)
{
    for (size_t i = 0; i < sizeof verdict_cases / sizeof verdict_cases[0]; i++) {
        const struct verdict_case *row = &verdict_cases[i];
        const struct {
            const struct play *play;
            esim_outcome outcome;
        } plays[] = { { &suspend, row->change },
                      { &status, row->read },
                      { &order, row->order } };
        for (size_t j = 0; j < sizeof plays / sizeof plays[0]; j++) {
            bool is_found = plays[j].play == &order && row->order_action == ESIM_WAIT;
            struct esim_answer answer = run(plays[j].play, row->http, row->body);
            CHECK_INT(answer.action, is_found ? ESIM_WAIT : ESIM_END);
            CHECK_INT(answer.outcome, plays[j].outcome);
            if (is_found)
                continue;
            CHECK_TEXT(code_of(&answer), name_of(row, plays[j].play));
            CHECK_TEXT(text(answer.problem.carrier_code), row->carrier_code);
            CHECK(answer.problem.message.size > 20);
            CHECK(strstr(text(answer.problem.message), "secret") == NULL);
        }
    }
}

static void a_carriers_wish_to_wait_is_handed_on(void)
{
    start();
    struct esim_answer asked = begin(&suspend);
    struct esim_header header = { bytes("Retry-After"), bytes("17") };
    struct esim_reply got = {
        .size = sizeof got, .status = 503, .headers = &header, .header_count = 1
    };
    struct esim_step step = step_of(&suspend);
    step.event = ESIM_REPLY;
    step.state = asked.state;
    step.reply = &got;
    struct esim_answer answer = take(&suspend, &step);
    CHECK_INT(answer.problem.retry_after_s, 17);
}

/* After a try that may have been done, "there is none" may be our own work. */
static void absent_after_a_lost_try_is_left_to_a_person(void)
{
    struct play again = { .capability = ESIM_LINE_TERMINATE,
                          .input = "{\"msisdn\":\"+9591\"}",
                          .attempt = 2 };
    struct esim_answer answer = run(&again, 200, REPLY("TerminateLine", "404", ""));
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    again.attempt = 1;
    answer = run(&again, 200, REPLY("TerminateLine", "404", ""));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
}

TESTS("ooredoo", CASE(each_message_is_byte_for_byte_what_the_contract_wants),
      CASE(soap_1_2_has_its_action_in_the_content_type),
      CASE(a_message_sent_again_has_another_nonce),
      CASE(what_cannot_be_written_is_refused_before_anything_is_sent),
      CASE(a_success_gives_the_normalised_result),
      CASE(a_result_that_lacks_what_matters_is_no_success),
      CASE(every_reply_ends_as_its_row_says),
      CASE(a_carriers_wish_to_wait_is_handed_on),
      CASE(absent_after_a_lost_try_is_left_to_a_person),
      CASE(memory_goes_back_to_the_host))
