/* The Mytel adapter's flows through its entry: what they ask, and what each answer of the
 * carrier, or none, leads to. */
#include "check.h"

#include "mytel_op.h"

/* ---- what is asked ---- */

static void an_order_is_the_documents_example(void)
{
    struct mytel_frame frame = { 0 };
    struct play play = ordered();
    struct esim_bytes given = example(5);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    check_sent(&play, "request", ESIM_IDEMPOTENT);
    CHECK_TEXT(text(play.answer.send.key), OP_KEY);
    CHECK(same(play.answer.send.payload,
               (struct esim_bytes){ (const char *)frame.body, frame.body_size }));
    step(&play, ESIM_SILENCE, NULL);
    given = example(7);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    check_sent(&play, "status", ESIM_SAFE);
    CHECK_TEXT(text(play.answer.send.key), "0707070707070707070707070707070a");
    CHECK(same(play.answer.send.payload,
               (struct esim_bytes){ (const char *)frame.body, frame.body_size }));
    struct play again = ordered();
    given = example(6);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    answer_with(&again,
                (struct esim_bytes){ (const char *)frame.body, frame.body_size });
    check_done(&again,
               "{\"iccid\":\"" ICCID "\",\"state\":\"Linked\",\"eid\":\"" EID "\"}");
}

/* Tag and value, as they follow each other: "0200=899... 0209=01" */
static const char *params_of(const struct play *play)
{
    struct tlv_list params = { NULL, 0 }, value;
    char *line = host_alloc(2048);
    uint16_t tag = 0;
    size_t at = 0;
    CHECK(mytel_tlv_find(list_of(play->answer.send.payload), TAG_PARAMS, &params));
    while (mytel_tlv_next(&params, &tag, &value)) {
        bool is_text = mytel_tag_row(tag)->kind == KIND_TEXT ||
                       mytel_tag_row(tag)->kind == KIND_DIGITS;
        uint64_t number = 0;
        for (size_t i = 0; !is_text && i < value.size; i++)
            number = number << 8 | value.ptr[i];
        const char *written =
            is_text ? text((struct esim_bytes){ (const char *)value.ptr, value.size })
                    : esim_string(esim_format("%llu", (unsigned long long)number));
        at += (size_t)snprintf(line + at, 2048 - at, "%s%04X=%s", at == 0 ? "" : " ",
                               tag, written);
    }
    return line;
}

struct golden {
    const char *capability;
    const char *input;
    const char *name;
    uint64_t operation;
    const char *params;
};

/* clang-format off */
static const struct golden goldens[] = {
    { ESIM_PROFILE_ORDER,
      "{\"iccid\":\"" ICCID "F\",\"msisdn\":\"+959790000001\",\"imei\":\"490154203237518\","
      "\"order_ref\":\"o1\",\"plan\":\"gold\",\"eid\":\"\"}",
      "request", 0x0101, "0200=" ICCID " 0203=959790000001 0202=490154203237518 "
      "0220=gold 0205=o1" },
    { ESIM_PROFILE_CONFIRM,
      "{\"iccid\":\"" ICCID "\",\"release\":true,\"eid\":\"" EID "\",\"matching_id\":\"M-1\","
      "\"confirmation_code\":\"9f3b\",\"smds_address\":\"ds.example\"}",
      "request", 0x0102,
      "0200=" ICCID " 0209=1 0201=" EID " 0206=M-1 0207=9f3b 0208=ds.example" },
    { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\"}",
      "request", 0x0102, "0200=" ICCID " 0209=0" },
    { ESIM_PROFILE_RELEASE, "{\"iccid\":\"" ICCID "\"}",
      "request", 0x0103, "0200=" ICCID },
    { ESIM_PROFILE_CANCEL,
      "{\"iccid\":\"" ICCID "\",\"final_state\":\"Unavailable\",\"matching_id\":\"M-1\"}",
      "request", 0x0104, "0200=" ICCID " 020A=9 0206=M-1" },
    { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\",\"final_state\":\"Available\"}",
      "request", 0x0104, "0200=" ICCID " 020A=1" },
    { ESIM_PROFILE_STATUS, "{\"iccid\":\"" ICCID "\"}",
      "read", 0x0105, "0200=" ICCID },
    { ESIM_LINE_ACTIVATE,
      "{\"msisdn\":\"959790000001\",\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\","
      "\"plan\":\"gold\",\"order_ref\":\"o1\"}",
      "request", 0x0201, "0203=959790000001 0200=" ICCID " 0201=" EID " 0220=gold 0205=o1" },
    { ESIM_LINE_SUSPEND, "{\"msisdn\":\"+959790000001\",\"reason\":\"lost\"}",
      "request", 0x0202, "0203=959790000001 0221=lost" },
    { ESIM_LINE_RESUME, "{\"msisdn\":\"+959790000001\"}",
      "request", 0x0203, "0203=959790000001" },
    { ESIM_LINE_TERMINATE, "{\"msisdn\":\"+959790000001\",\"reason\":\"left\"}",
      "request", 0x0204, "0203=959790000001 0221=left" },
    { ESIM_USAGE_READ,
      "{\"msisdn\":\"+959790000001\",\"from\":\"2026-01-01T00:00:00Z\","
      "\"to\":\"2026-01-02T00:00:00Z\"}",
      "read", 0x0301, "0203=959790000001 0240=1767225600000 0241=1767312000000" },
};
/* clang-format on */

static void each_capability_becomes_its_operation(void)
{
    for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
        uint64_t operation = 0, expires = 0;
        struct play play = begun(goldens[i].capability, goldens[i].input);
        bool reads = strcmp(goldens[i].name, "read") == 0;
        check_sent(&play, goldens[i].name, reads ? ESIM_SAFE : ESIM_IDEMPOTENT);
        struct tlv_list payload = list_of(play.answer.send.payload);
        CHECK(mytel_tlv_number(payload, TAG_OPERATION, &operation));
        CHECK_INT(operation, goldens[i].operation);
        CHECK(mytel_tlv_number(payload, TAG_EXPIRES, &expires) == !reads);
        CHECK_INT(expires, reads ? 0 : NOW_MS + 3600000);
        CHECK_TEXT(params_of(&play), goldens[i].params);
    }
}

static void a_profile_type_may_come_from_the_settings(void)
{
    struct play play = begun(ESIM_PROFILE_ORDER, "{}");
    check_end(&play, ESIM_REFUSED, "profile_type_missing");
    play.settings = "{\"client_id\":\"a\",\"profile_type\":\"P9\",\"ttl_s\":60}";
    step(&play, ESIM_START, NULL);
    CHECK_TEXT(params_of(&play), "0204=P9");
    play.input = "{\"iccid\":\"" ICCID "\"}";
    step(&play, ESIM_START, NULL);
    CHECK_TEXT(params_of(&play), "0200=" ICCID);
}

/* What cannot be right must not reach the carrier. */
static void wrong_input_is_refused_before_any_request(void)
{
    /* clang-format off */
    static const struct { const char *capability, *input, *code; } rows[] = {
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"eid\":\"8900\"}", "eid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"eid\":\"89001012012341234012345678901225\"}", "eid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"a\\u0001b\"}", "profile_type_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":7}", "profile_type_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"plan\":\"a\\u0001b\"}", "plan_wrong" },
        { ESIM_PROFILE_ORDER, "{\"iccid\":\"123\"}", "iccid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"iccid\":\"F\"}", "iccid_wrong" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P\",\"imei\":\"49-015420-323751\"}", "imei_wrong" },
        { ESIM_PROFILE_CONFIRM, "{}", "iccid_missing" },
        { ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\",\"release\":\"yes\"}", "release_wrong" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\"}", "final_state_missing" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\",\"final_state\":\"Error\"}", "final_state_wrong" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\",\"final_state\":\"gone\"}", "final_state_wrong" },
        { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"\"}", "msisdn_missing" },
        { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"++959790000001\"}", "msisdn_wrong" },
        { ESIM_LINE_SUSPEND, "{\"msisdn\":null}", "msisdn_missing" },
        { ESIM_USAGE_READ, "{\"msisdn\":\"959790000001\"}", "from_missing" },
        { ESIM_USAGE_READ, "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\"}", "iccid_missing" },
        { ESIM_USAGE_READ, "{\"msisdn\":\"959790000001\",\"from\":\"yesterday\",\"to\":\"2026-01-02T00:00:00Z\"}", "from_wrong" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct play play = begun(rows[i].capability, rows[i].input);
        check_end(&play, ESIM_REFUSED, rows[i].code);
    }
    struct play play = ordered();
    play.operation = "not-a-uuid";
    step(&play, ESIM_START, NULL);
    check_end(&play, ESIM_REFUSED, "operation_id_wrong");
}

/* ---- what is answered ---- */

struct code_row {
    uint16_t code;
    esim_outcome outcome;
    const char *name;
};

/* clang-format off */
static const struct code_row code_rows[] = {
    { CODE_BUSY, ESIM_NOT_YET, "busy" }, { CODE_EXPIRED, ESIM_NOT_YET, "expired" },
    { CODE_MAINTENANCE, ESIM_NOT_YET, "maintenance" },
    { CODE_MALFORMED, ESIM_REFUSED, "request_refused" },
    { CODE_UNKNOWN_OPERATION, ESIM_REFUSED, "operation_unknown" },
    { CODE_UNKNOWN_CRITICAL, ESIM_REFUSED, "request_refused" },
    { CODE_MISSING, ESIM_REFUSED, "input_missing" },
    { CODE_BAD_VALUE, ESIM_REFUSED, "input_refused" },
    { CODE_EXPIRES_TOO_FAR, ESIM_REFUSED, "clock_differs" },
    { CODE_ID_REUSED, ESIM_UNKNOWN, "request_changed" },
    { CODE_NOT_PERMITTED, ESIM_REFUSED, "not_permitted" },
    { CODE_ICCID_UNKNOWN, ESIM_REFUSED, "iccid_unknown" },
    { CODE_STOCK_EMPTY, ESIM_REFUSED, "stock_empty" },
    { CODE_EID_REFUSED, ESIM_REFUSED, "eid_refused" },
    { CODE_PERIOD_REFUSED, ESIM_REFUSED, "period_refused" },
    { CODE_FORGOTTEN, ESIM_UNKNOWN, "forgotten" },
    { 0x0002, ESIM_UNKNOWN, "code_unknown" }, { 0x01FE, ESIM_NOT_YET, "not_now" },
    { 0x02FE, ESIM_REFUSED, "request_refused" }, { 0x03FE, ESIM_REFUSED, "refused" },
    { 0x04FE, ESIM_UNKNOWN, "code_unknown" }, { 0x7777, ESIM_UNKNOWN, "code_unknown" },
};
/* clang-format on */

static void each_code_has_its_outcome(void)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++) {
        struct play play = ordered();
        answer_code(&play, code_rows[i].code);
        check_end(&play, code_rows[i].outcome, code_rows[i].name);
        CHECK(strncmp(text(play.answer.problem.carrier_code),
                      esim_string(esim_format("0x%04X ", code_rows[i].code)), 7) == 0);
    }
}

static void the_carriers_wish_to_wait_is_passed_on_in_whole_seconds(void)
{
    struct tlv_out out = coded(CODE_BUSY);
    struct play play = ordered();
    out = coded(CODE_BUSY);
    mytel_tlv_put_number(&out, TAG_RETRY_AFTER_MS, 1001);
    answer_with(&play, bytes_of(&out));
    CHECK_INT(play.answer.problem.retry_after_s, 2);
    play = ordered();
    answer_code(&play, CODE_BUSY);
    CHECK_INT(play.answer.problem.retry_after_s, -1);
}

static void each_capability_gives_the_result_that_all_carriers_give(void)
{
    /* clang-format off */
    static const struct { const char *capability, *input; uint8_t tags[8]; const char *result; } rows[] = {
        { ESIM_PROFILE_RELEASE, "{\"iccid\":\"" ICCID "\"}", "\x02\x0B\0\1\5", "{\"state\":\"Released\"}" },
        { ESIM_PROFILE_CANCEL, "{\"iccid\":\"" ICCID "\",\"final_state\":\"Available\"}", "\x02\x0B\0\1\1", "{\"state\":\"Available\"}" },
        { ESIM_PROFILE_STATUS, "{\"iccid\":\"" ICCID "\"}", "\x02\x0B\0\1\7", "{\"state\":\"Installed\"}" },
        { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"959790000001\"}", "\x02\x22\0\1\2", "{\"line_state\":\"ACTIVE\"}" },
        { ESIM_LINE_SUSPEND, "{\"msisdn\":\"959790000001\"}", "\x02\x22\0\1\3", "{\"line_state\":\"SUSPENDED\"}" },
        { ESIM_LINE_RESUME, "{\"msisdn\":\"959790000001\"}", "\x02\x22\0\1\2", "{\"line_state\":\"ACTIVE\"}" },
        { ESIM_LINE_TERMINATE, "{\"msisdn\":\"959790000001\"}", "\x02\x22\0\1\4", "{\"line_state\":\"DELETED\"}" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct play play = begun(rows[i].capability, rows[i].input);
        struct tlv_out results = { .bytes = (uint8_t *)(uintptr_t)rows[i].tags,
                                   .size = 5 };
        struct tlv_out out = with_results(CODE_OK, &results);
        answer_with(&play, bytes_of(&out));
        check_done(&play, rows[i].result);
    }
    struct play play = begun(ESIM_PROFILE_STATUS, "{\"iccid\":\"" ICCID "\"}");
    struct tlv_out results = values();
    mytel_tlv_put_number(&results, TAG_PROFILE_STATE, 6);
    mytel_tlv_put_number(&results, TAG_AT, NOW_MS);
    put_text(&results, TAG_EID, EID);
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(&play, bytes_of(&out));
    check_done(&play, "{\"state\":\"Downloaded\",\"eid\":\"" EID
                      "\",\"at\":\"2026-01-02T03:04:05Z\"}");
}

static void confirm_with(struct play *play, const char *code)
{
    struct tlv_out results = values();
    *play = begun(ESIM_PROFILE_CONFIRM, "{\"iccid\":\"" ICCID "\",\"release\":true}");
    put_text(&results, TAG_MATCHING_ID, "M-1");
    put_text(&results, TAG_ACTIVATION_CODE, code);
    put_text(&results, TAG_SMDP_ADDRESS, "smdp.example");
    mytel_tlv_put_number(&results, TAG_PROFILE_STATE, 5);
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(play, bytes_of(&out));
}

/* A code for somebody else's profile would be the worst of all answers. */
static void an_activation_code_must_hold_its_own_matching_id(void)
{
    static const char *const wrong[] = { "1$smdp.example$M-2",
                                         "1$smdp.example",
                                         "1$$M-1",
                                         "2$smdp.example$M-1",
                                         "M-1",
                                         "1$",
                                         "1$smdp.example$M-11",
                                         "LPA:1$smdp.example$M-1" };
    struct play play;
    confirm_with(&play, "1$smdp.example$M-1$$1");
    check_done(&play, "{\"matching_id\":\"M-1\",\"activation_code\":"
                      "\"1$smdp.example$M-1$$1\",\"state\":\"Released\","
                      "\"smdp_address\":\"smdp.example\"}");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        confirm_with(&play, wrong[i]);
        check_end(&play, ESIM_UNKNOWN, "activation_code_wrong");
        CHECK(strstr(text(play.answer.problem.message), "M-1") == NULL);
    }
}

static void another_iccid_than_the_one_ordered_is_left_to_a_person(void)
{
    struct play play = begun(ESIM_PROFILE_ORDER,
                             "{\"iccid\":\"8995090000000000025F\"}");
    struct tlv_out results = ordered_results();
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(&play, bytes_of(&out));
    check_end(&play, ESIM_UNKNOWN, "iccid_differs");
    play = begun(ESIM_PROFILE_ORDER, "{\"iccid\":\"" ICCID "F\"}");
    answer_with(&play, bytes_of(&out));
    CHECK_INT(play.answer.outcome, ESIM_DONE);
}

/* It was done: whatever is wrong with the answer, it must not be done again. */
static void a_reply_cut_at_any_byte_never_leads_to_a_second_order(void)
{
    struct tlv_out results, out;
    struct play play = ordered();
    struct esim_bytes state = play.state;
    results = ordered_results();
    out = with_results(CODE_OK, &results);
    for (size_t size = 0; size < out.size; size++) {
        play.state = state;
        answer_with(&play, (struct esim_bytes){ (const char *)out.bytes, size });
        CHECK_INT(play.answer.action, ESIM_END);
        CHECK_INT(play.answer.outcome, ESIM_UNKNOWN);
    }
    for (size_t size = 0; size < results.size; size++) {
        struct tlv_out fewer = { .bytes = results.bytes, .size = size };
        struct tlv_out whole = with_results(CODE_OK, &fewer);
        play.state = state;
        answer_with(&play, bytes_of(&whole));
        CHECK_INT(play.answer.action, ESIM_END);
        /* Without the EID, which is optional, the order is whole. */
        CHECK_INT(play.answer.outcome,
                  size == results.size - 36 ? ESIM_DONE : ESIM_UNKNOWN);
    }
}

TESTS("mytel_flow", CASE(an_order_is_the_documents_example),
      CASE(each_capability_becomes_its_operation),
      CASE(a_profile_type_may_come_from_the_settings),
      CASE(wrong_input_is_refused_before_any_request), CASE(each_code_has_its_outcome),
      CASE(the_carriers_wish_to_wait_is_passed_on_in_whole_seconds),
      CASE(each_capability_gives_the_result_that_all_carriers_give),
      CASE(an_activation_code_must_hold_its_own_matching_id),
      CASE(another_iccid_than_the_one_ordered_is_left_to_a_person),
      CASE(a_reply_cut_at_any_byte_never_leads_to_a_second_order),
      CASE(memory_goes_back_to_the_host))
