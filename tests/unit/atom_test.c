/* The ATOM adapter's flows through its entry, as a cell calls them. */
#include "check.h"

#include "atom_play.h"
#include "atom_replies.h"

/* One operation, begun and then answered. */
struct play {
    const char *capability;
    const char *input;
    const char *settings;
    uint32_t attempt;
    int status;
    const char *body;
    const char *protocol; /* Of the reply; NULL: no header. */
    const char *retry_after;
};

static struct esim_step step_of(const struct play *play)
{
    return (struct esim_step){
        .size = sizeof(struct esim_step),
        .event = ESIM_START,
        .now_ms = 1767323045000, /* 2026-01-02T03:04:05Z */
        .state_version = 1,
        .attempt = play->attempt == 0 ? 1 : play->attempt,
        .operation = bytes(OP),
        .capability = bytes(play->capability),
        .input = bytes(play->input),
        .settings = bytes(play->settings != NULL ? play->settings : SETTING),
        .secrets = bytes("{}"),
    };
}

static struct esim_answer begin(const struct play *play)
{
    struct esim_step step = step_of(play);
    struct esim_answer answer = { .size = sizeof answer };
    flow_of(play->capability)(&step, &answer);
    return answer;
}

static struct esim_answer run(const struct play *play)
{
    start();
    struct esim_answer asked = begin(play);
    if (asked.action != ESIM_ASK)
        return asked;
    struct esim_header headers[2];
    uint64_t count = 0;
    if (play->protocol != NULL)
        headers[count++] = (struct esim_header){ bytes("x-admin-protocol"),
                                                 bytes(play->protocol) };
    if (play->retry_after != NULL)
        headers[count++] = (struct esim_header){ bytes("Retry-After"),
                                                 bytes(play->retry_after) };
    struct esim_reply reply = { .size = sizeof reply,
                                .status = play->status,
                                .headers = headers,
                                .header_count = count,
                                .body = bytes(play->body) };
    struct esim_step step = step_of(play);
    step.event = ESIM_REPLY;
    step.state = asked.state;
    step.reply = &reply;
    struct esim_answer answer = { .size = sizeof answer };
    flow_of(play->capability)(&step, &answer);
    CHECK_INT(answer.action, ESIM_END);
    return answer;
}

/* A reply of the standard's form, with the protocol header. */
static struct esim_answer play(const char *capability, const char *input,
                               const char *body)
{
    struct play script = { .capability = capability,
                           .input = input,
                           .status = 200,
                           .body = body,
                           .protocol = "gsma/rsp/v2.2.0" };
    return run(&script);
}

/* ---- what is asked ---- */

struct golden {
    const char *capability;
    const char *input;
    const char *path;
    esim_repeat repeat;
    const char *body;
};

#define HEADER(function)                                      \
    "{\"header\":{\"functionRequesterIdentifier\":\"1.2.3\"," \
    "\"functionCallIdentifier\":\"" OP ":" function "\"}"

/* clang-format off */
static const struct golden goldens[] = {
    { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P1\",\"eid\":\"" EID "\"}",
      "/gsma/rsp2/es2plus/downloadOrder", ESIM_ONCE,
      HEADER("downloadOrder") ",\"eid\":\"" EID "\",\"profileType\":\"P1\"}" },
    { ESIM_PROFILE_ORDER, "{\"iccid\":\"" ICCID "F\",\"order_ref\":\"o1\"}",
      "/gsma/rsp2/es2plus/downloadOrder", ESIM_IDEMPOTENT,
      HEADER("downloadOrder") ",\"iccid\":\"" ICCID "\"}" },
    { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\",\"release\":false}",
      "/gsma/rsp2/es2plus/confirmOrder", ESIM_ONCE,
      HEADER("confirmOrder") ",\"iccid\":\"" ICCID "\",\"releaseFlag\":false}" },
    { ESIM_PROFILE_CONFIRM,
      "{\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"matching_id\":\"AB-12\","
      "\"confirmation_code\":\"9\xC3\xA9/\\\"\",\"release\":true}",
      "/gsma/rsp2/es2plus/confirmOrder", ESIM_IDEMPOTENT,
      HEADER("confirmOrder") ",\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\","
      "\"matchingId\":\"AB-12\",\"confirmationCode\":\"9\xC3\xA9/\\\"\","
      "\"releaseFlag\":true}" },
    { ESIM_PROFILE_CONFIRM,
      "{\"iccid\":\"" ICCID "\",\"matching_id\":\"A\",\"smds_address\":\"ds.example\"}",
      "/gsma/rsp2/es2plus/confirmOrder", ESIM_ONCE,
      HEADER("confirmOrder") ",\"iccid\":\"" ICCID "\",\"matchingId\":\"A\","
      "\"smdsAddress\":\"ds.example\",\"releaseFlag\":false}" },
    { ESIM_PROFILE_RELEASE, "{\"iccid\":\"" ICCID "\"}",
      "/gsma/rsp2/es2plus/releaseProfile", ESIM_IDEMPOTENT,
      HEADER("releaseProfile") ",\"iccid\":\"" ICCID "\"}" },
    { ESIM_PROFILE_CANCEL,
      "{\"iccid\":\"" ICCID "\",\"matching_id\":\"AB\",\"final_state\":\"Available\"}",
      "/gsma/rsp2/es2plus/cancelOrder", ESIM_ONCE,
      HEADER("cancelOrder") ",\"iccid\":\"" ICCID "\",\"matchingId\":\"AB\","
      "\"finalProfileStatusIndicator\":\"Available\"}" },
    { ESIM_PROFILE_CANCEL,
      "{\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"final_state\":\"Unavailable\"}",
      "/gsma/rsp2/es2plus/cancelOrder", ESIM_IDEMPOTENT,
      HEADER("cancelOrder") ",\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\","
      "\"finalProfileStatusIndicator\":\"Unavailable\"}" },
};
/* clang-format on */

static void each_request_is_byte_for_byte_what_the_standard_wants(void)
{
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        const struct golden *golden = &goldens[i];
        start();
        struct play script = { .capability = golden->capability,
                               .input = golden->input };
        struct esim_answer asked = begin(&script);
        CHECK_INT(asked.action, ESIM_ASK);
        CHECK_TEXT(text(asked.ask.method), "POST");
        CHECK_TEXT(text(asked.ask.endpoint), "es2plus");
        CHECK_TEXT(text(asked.ask.path), golden->path);
        CHECK_INT(asked.ask.repeat, golden->repeat);
        CHECK_TEXT(text(asked.ask.body), golden->body);
        CHECK_TEXT(esim_header_of(asked.ask.headers, asked.ask.header_count,
                                  "X-Admin-Protocol"),
                   "gsma/rsp/v2.2.0");
        CHECK_TEXT(
            esim_header_of(asked.ask.headers, asked.ask.header_count, "Content-Type"),
            "application/json");
    }
}

static void quirks_of_a_carrier_are_settings(void)
{
    start();
    struct play script = {
        .capability = ESIM_PROFILE_RELEASE,
        .input = "{\"iccid\":\"" ICCID "\"}",
        .settings =
            "{\"requester_id\":\"R\",\"base_path\":\"/x/\",\"paths\":"
            "{\"releaseProfile\":\"/y/rel\"},\"protocol\":\"gsma/rsp/v2.5.0\","
            "\"user_agent\":\"esimd\",\"iccid_form\":\"19F\",\"timeout_ms\":7000}",
    };
    struct esim_answer asked = begin(&script);
    CHECK_TEXT(text(asked.ask.path), "/y/rel");
    CHECK_INT(asked.ask.timeout_ms, 7000);
    CHECK(strstr(text(asked.ask.body), "\"iccid\":\"" ICCID "F\"") != NULL);
    CHECK_TEXT(esim_header_of(asked.ask.headers, asked.ask.header_count, "User-Agent"),
               "esimd");
    CHECK_TEXT(
        esim_header_of(asked.ask.headers, asked.ask.header_count, "X-Admin-Protocol"),
        "gsma/rsp/v2.5.0");
    script.capability = ESIM_PROFILE_CANCEL;
    script.input = "{\"iccid\":\"" ICCID "\",\"final_state\":\"Available\"}";
    CHECK_TEXT(text(begin(&script).ask.path), "/x/cancelOrder");
}

/* What cannot be right must not reach the carrier. */
static void wrong_input_is_refused_before_any_call(void)
{
    /* clang-format off */
    static const struct { const char *capability, *input, *settings, *code; } rows[] = {
        { ESIM_PROFILE_ORDER, "{}", NULL, "profile_type_missing" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"eid\":\"8900\"}", NULL, "eid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"iccid\":\"123\"}", NULL, "iccid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"iccid\":\"" ICCID "\"}",
          "{\"requester_id\":\"R\",\"iccid_form\":\"20\"}", "iccid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\"}", "{}", "settings_incomplete" },
        { ESIM_PROFILE_CONFIRM, "{}", NULL, "iccid_wrong" },
        { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\",\"matching_id\":\"A_B\"}", NULL, "matching_id_wrong" },
        { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\",\"matching_id\":\"\","
          "\"smds_address\":\"ds.example\"}", NULL, "matching_id_wrong" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\",\"final_state\":\"Error\"}", NULL, "final_state_wrong" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\"}", NULL, "final_state_wrong" },
        { ESIM_PROFILE_RELEASE, "{\"iccid\":\"" ICCID "FF\"}", NULL, "iccid_wrong" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        struct play script = { .capability = rows[i].capability,
                               .input = rows[i].input,
                               .settings = rows[i].settings };
        struct esim_answer answer = begin(&script);
        CHECK_INT(answer.action, ESIM_END);
        CHECK_INT(answer.outcome, ESIM_REFUSED);
        CHECK_TEXT(text(answer.problem.code), rows[i].code);
    }
}

/* ---- what comes back ---- */

static void check_reply(const struct reply_row *row)
{
    struct play script = { .capability = row->capability,
                           .input = row->input,
                           .attempt = row->attempt,
                           .status = row->status,
                           .body = row->body,
                           .protocol = "gsma/rsp/v2.2.0" };
    struct esim_answer answer = run(&script);
    CHECK_INT(answer.outcome, row->outcome);
    if (row->outcome != ESIM_DONE) {
        CHECK_TEXT(text(answer.problem.code), row->code);
        CHECK_TEXT(text(answer.problem.carrier_code),
                   row->carrier_code != NULL ? row->carrier_code : "");
        CHECK(answer.problem.message.size > 20);
    }
}

static void each_reply_ends_in_one_of_four_ways_with_a_name(void)
{
    for (size_t i = 0; i < sizeof reply_rows / sizeof reply_rows[0]; i++)
        check_reply(&reply_rows[i]);
}

/* Whatever a carrier puts into its free text, a problem is made of our own words. */
static void no_problem_repeats_the_carriers_text_or_a_secret(void)
{
    struct esim_answer answer = play(
        ESIM_PROFILE_CONFIRM,
        "{\"iccid\":\"" ICCID
        "\",\"matching_id\":\"XX7\",\"confirmation_code\":\"C0DE\"}",
        FAILED("8.2.6", "3.3"));
    CHECK_INT(answer.outcome, ESIM_REFUSED);
    CHECK(strstr(text(answer.problem.message), "SECRET") == NULL);
    CHECK(strstr(text(answer.problem.message), "C0DE") == NULL);
    CHECK(strstr(text(answer.problem.message), "XX7") == NULL);
}

static void a_wish_to_wait_is_handed_on(void)
{
    struct play script = { .capability = ESIM_PROFILE_ORDER,
                           .input = BY_TYPE,
                           .status = 503,
                           .body = "",
                           .retry_after = "17" };
    struct esim_answer answer = run(&script);
    CHECK_INT(answer.outcome, ESIM_NOT_YET);
    CHECK_INT(answer.problem.retry_after_s, 17);
}

static void a_reply_without_the_protocol_header_needs_a_setting(void)
{
    struct play script = { .capability = ESIM_PROFILE_ORDER,
                           .input = BY_TYPE,
                           .status = 200,
                           .body = "{\"header\":{" OK "},\"iccid\":\"" ICCID "\"}" };
    struct esim_answer answer = run(&script);
    CHECK_INT(answer.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(text(answer.problem.code), "protocol_differs");
    script.protocol = "gsma/rsp/v3.0.0";
    CHECK_INT(run(&script).outcome, ESIM_UNKNOWN);
    script.protocol = NULL;
    script.settings = "{\"requester_id\":\"R\",\"protocol_optional\":true}";
    CHECK_INT(run(&script).outcome, ESIM_DONE);
    script.settings = "{\"requester_id\":\"R\",\"accept_protocol\":\"gsma/rsp/v3.\"}";
    script.protocol = "gsma/rsp/v3.0.0";
    CHECK_INT(run(&script).outcome, ESIM_DONE);
}

static void gateway_errors_are_unsure_unless_the_operator_knows_better(void)
{
    struct play script = {
        .capability = ESIM_PROFILE_ORDER,
        .input = BY_TYPE,
        .settings = "{\"requester_id\":\"R\",\"gateway_is_safe\":true}",
        .status = 504,
        .body = "",
    };
    CHECK_INT(run(&script).outcome, ESIM_NOT_YET);
}

static void an_iccid_of_our_own_range_taken_by_a_lost_try_is_done(void)
{
    struct play script = { .capability = ESIM_PROFILE_ORDER,
                           .input = BY_ICCID,
                           .settings = "{\"requester_id\":\"R\",\"own_iccids\":true}",
                           .attempt = 2,
                           .status = 200,
                           .body = FAILED("8.2.1", "3.3"),
                           .protocol = "gsma/rsp/v2.2.0" };
    struct esim_answer answer = run(&script);
    CHECK_INT(answer.outcome, ESIM_DONE);
    CHECK_TEXT(text(answer.result),
               "{\"iccid\":\"" ICCID "\",\"state\":\"Allocated\"}");
    script.attempt = 1;
    CHECK_INT(run(&script).outcome, ESIM_REFUSED);
}

static void results_name_the_state_of_the_standard(void)
{
    CHECK_TEXT(
        text(play(ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"eid\":\"" EID "\"}",
                  "{\"header\":{" OK "},\"iccid\":\"" ICCID "F\"}")
                 .result),
        "{\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"state\":\"Linked\"}");
    CHECK_TEXT(text(play(ESIM_PROFILE_CONFIRM,
                         "{\"iccid\":\"" ICCID "\",\"release\":true,"
                         "\"confirmation_code\":\"1234\"}",
                         "{\"header\":{" OK "},\"matchingId\":\"AB-1\",\"eid\":\"" EID
                         "\",\"smdpAddress\":\"rsp.example.net\"}")
                        .result),
               "{\"matching_id\":\"AB-1\",\"smdp_address\":\"rsp.example.net\","
               "\"eid\":\"" EID "\",\"activation_code\":\"1$rsp.example.net$AB-1$$1\","
               "\"state\":\"Released\"}");
    CHECK_TEXT(
        text(play(ESIM_PROFILE_CONFIRM, BY_ICCID,
                  "{\"header\":{" OK "},\"matchingId\":\"AB\"}")
                 .result),
        "{\"matching_id\":\"AB\",\"smdp_address\":\"smdp.example.com\","
        "\"activation_code\":\"1$smdp.example.com$AB\",\"state\":\"Confirmed\"}");
    CHECK_TEXT(
        text(play(ESIM_PROFILE_RELEASE, BY_ICCID, "{\"header\":{" OK "}}").result),
        "{\"state\":\"Released\"}");
    CHECK_TEXT(
        text(play(ESIM_PROFILE_CANCEL, TO_WASTE, "{\"header\":{" OK "}}").result),
        "{\"state\":\"Unavailable\"}");
}

static void numbers_for_identifiers_are_taken_only_by_setting(void)
{
    struct play script = {
        .capability = ESIM_PROFILE_ORDER,
        .input = BY_TYPE,
        .settings = "{\"requester_id\":\"R\",\"tolerate_numbers\":true}",
        .status = 200,
        .body = "{\"header\":{" OK "},\"iccid\":" ICCID "}",
        .protocol = "gsma/rsp/v2.2.0",
    };
    CHECK_INT(run(&script).outcome, ESIM_DONE);
    script.settings = SETTING;
    CHECK_INT(run(&script).outcome, ESIM_UNKNOWN);
}

/* ES2+ has no question to ask, so an ONCE exchange that was lost needs a person. */
static void a_lost_once_exchange_is_unknown_and_never_asked_again(void)
{
    static const struct {
        const char *capability, *input;
    } rows[] = { { ESIM_PROFILE_ORDER, BY_TYPE },
                 { ESIM_PROFILE_CONFIRM, BY_ICCID },
                 { ESIM_PROFILE_CANCEL, TO_STOCK } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        struct play script = { .capability = rows[i].capability,
                               .input = rows[i].input };
        struct esim_answer asked = begin(&script);
        struct esim_step step = step_of(&script);
        step.event = ESIM_QUERY;
        step.state = asked.state;
        struct esim_answer answer = { .size = sizeof answer };
        flow_of(rows[i].capability)(&step, &answer);
        CHECK_INT(answer.action, ESIM_END);
        CHECK_INT(answer.outcome, ESIM_UNKNOWN);
        CHECK_TEXT(text(answer.problem.code), "answer_lost");
        CHECK(strstr(text(answer.problem.message), "call id " OP ":") != NULL);
    }
}

static void the_same_step_gives_the_same_bytes(void)
{
    struct play script = { .capability = ESIM_PROFILE_ORDER, .input = BY_TYPE };
    start();
    struct esim_answer one = begin(&script);
    struct esim_answer two = begin(&script);
    CHECK_TEXT(text(one.ask.body), text(two.ask.body));
    CHECK_TEXT(text(one.state), text(two.state));
}

/* ---- settings and the descriptor ---- */

static void settings_are_checked_by_name(void)
{
    /* clang-format off */
    static const struct { const char *settings, *wrong; } rows[] = {
        { SETTING, NULL },
        { "{\"requester_id\":\"R\",\"paths\":{\"cancelOrder\":\"/c\"},\"iccid_form\":\"20\","
          "\"notification_answer\":200,\"timeout_ms\":0,\"smdp_oid\":\"1.3.6\","
          "\"protocol\":\"gsma/rsp/v2.5.0\",\"own_iccids\":false}", NULL },
        { "{}", "requester_id" },
        { "{\"requester_id\":\"\"}", "requester_id" },
        { "{\"requester_id\":\"a\\nb\"}", "requester_id" },
        { "{\"requester_id\":\"R\",\"base_path\":\"gsma/\"}", "base_path" },
        { "{\"requester_id\":\"R\",\"base_path\":\"/gsma\"}", "base_path" },
        { "{\"requester_id\":\"R\",\"paths\":{\"order\":\"/c\"}}", "paths" },
        { "{\"requester_id\":\"R\",\"paths\":{\"cancelOrder\":\"c\"}}", "paths" },
        { "{\"requester_id\":\"R\",\"protocol\":\"2.2.0\"}", "protocol" },
        { "{\"requester_id\":\"R\",\"iccid_form\":\"18\"}", "iccid_form" },
        { "{\"requester_id\":\"R\",\"timeout_ms\":-1}", "timeout_ms" },
        { "{\"requester_id\":\"R\",\"notification_answer\":202}", "notification_answer" },
        { "{\"requester_id\":\"R\",\"smdp_address\":\"https://x.y\"}", "smdp_address" },
        { "{\"requester_id\":\"R\",\"smdp_oid\":\"1\"}", "smdp_oid" },
        { "{\"requester_id\":\"R\",\"own_iccids\":1}", "own_iccids" },
        { "[]", "" },
    };
    /* clang-format on */
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        const struct esim_problem *problem = check->settings(bytes(rows[i].settings));
        CHECK((problem == NULL) == (rows[i].wrong == NULL));
        if (problem != NULL && rows[i].wrong != NULL) {
            CHECK_TEXT(text(problem->code), rows[i].wrong);
            CHECK(strncmp(text(problem->message), "expected", 8) == 0);
        }
    }
}

static void the_descriptor_lists_what_has_a_flow(void)
{
    const struct esim_about *about = esim_entry.about;
    size_t count = 0;
    CHECK_TEXT(about->magic, ESIM_MAGIC);
    CHECK_TEXT(about->name, "atom");
    while (about->capabilities[count][0] != '\0')
        CHECK(flow_of(about->capabilities[count++]) != NULL);
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    CHECK_INT(flows->count, count);
    for (size_t i = 0; about->abilities[i][0] != '\0'; i++)
        CHECK(esim_entry.ability(about->abilities[i]) != NULL);
    CHECK(esim_entry.ability("esim.nothing/1") == NULL);
}

TESTS("atom", CASE(each_request_is_byte_for_byte_what_the_standard_wants),
      CASE(quirks_of_a_carrier_are_settings),
      CASE(wrong_input_is_refused_before_any_call),
      CASE(each_reply_ends_in_one_of_four_ways_with_a_name),
      CASE(no_problem_repeats_the_carriers_text_or_a_secret),
      CASE(a_wish_to_wait_is_handed_on),
      CASE(a_reply_without_the_protocol_header_needs_a_setting),
      CASE(gateway_errors_are_unsure_unless_the_operator_knows_better),
      CASE(an_iccid_of_our_own_range_taken_by_a_lost_try_is_done),
      CASE(results_name_the_state_of_the_standard),
      CASE(numbers_for_identifiers_are_taken_only_by_setting),
      CASE(a_lost_once_exchange_is_unknown_and_never_asked_again),
      CASE(the_same_step_gives_the_same_bytes), CASE(settings_are_checked_by_name),
      CASE(the_descriptor_lists_what_has_a_flow), CASE(memory_goes_back_to_the_host))
