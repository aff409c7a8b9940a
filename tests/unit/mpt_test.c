/* The MPT adapter's flows through its entry, step by step: what is sent, what comes, how
 * it ends. */
#include "check.h"

#include "mpt_flow_play.h"

/* ---- the command ---- */

static void a_command_goes_to_the_short_code_once(void)
{
    begin(ESIM_LINE_ACTIVATE, "{\"msisdn\":\"+959123456\",\"plan\":\"GOLD\"}");
    sends(reference(), ESIM_ONCE);
    struct smpp_pdu pdu = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_TEXT(text(pdu.short_message),
               text(esim_format("ACT 959123456 GOLD %s", reference())));
    CHECK_TEXT(text(pdu.source.text), "8888");
    CHECK_TEXT(text(pdu.dest.text), "1332");
    CHECK_INT(pdu.registered_delivery, 1);
    CHECK_INT(pdu.data_coding, 0);
    CHECK_INT(pdu.tlv_count, 1);
    begin(ESIM_LINE_TERMINATE, MSISDN);
    CHECK_TEXT(text(sent_part(0, SMPP_SUBMIT_SM).dest.text), "1444");
}

static void each_line_capability_ends_in_its_state(void)
{
    static const struct {
        const char *capability, *state;
    } rows[] = { { ESIM_LINE_ACTIVATE, "ACTIVE" },
                 { ESIM_LINE_SUSPEND, "SUSPENDED" },
                 { ESIM_LINE_RESUME, "ACTIVE" },
                 { ESIM_LINE_TERMINATE, "DELETED" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].capability, MSISDN);
        responds(0, "77");
        awaits(reference(), 300000);
        tells("77", SMPP_DELIVERED);
        awaits(reference(), 300000);
        replies("DONE REF");
        ends_done(text(esim_format("{\"line_state\":\"%s\"}", rows[i].state)));
    }
}

static void a_reply_decides(void)
{
    /* clang-format off */
    static const struct { const char *reply; esim_outcome outcome; const char *code; } rows[] = {
        { "OK REF",            ESIM_DONE,    "" },
        { "ok  REF ",          ESIM_DONE,    "" },
        { "ERR REF 12",        ESIM_REFUSED, "line_unknown" },
        { "ERR REF 99",        ESIM_REFUSED, "refused_by_carrier" },
        { "BUSY REF",          ESIM_NOT_YET, "carrier_busy" },
        { "What is REF ?",     ESIM_UNKNOWN, "reply_unreadable" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(ESIM_LINE_ACTIVATE, MSISDN);
        responds(0, "77");
        replies(rows[i].reply);
        ends(rows[i].outcome, rows[i].code);
    }
    CHECK(strstr(text(op.answer.problem.message), "What is") == NULL);
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    replies("ERR REF 99");
    CHECK_TEXT(text(op.answer.problem.carrier_code), "99");
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    replies("OK REF C-17 suspended");
    ends_done("{\"line_state\":\"SUSPENDED\",\"carrier_ref\":\"C-17\"}");
}

static void an_interim_reply_is_waited_behind(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    op.now_ms += 1000;
    replies("WAIT REF");
    awaits(reference(), 299000);
    replies("OK REF");
    ends(ESIM_DONE, "");
}

/* The reference in a reply is another's: its pattern matches, it is not ours. */
static void anothers_reply_changes_nothing(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    struct reference other;
    reference_of(bytes("another"), REFERENCE_LETTERS, &other);
    step(ESIM_MESSAGE,
         text(mpt_reply_write(bytes("1332"), esim_format("OK %s", other.text))));
    awaits(reference(), 300000);
}

/* Whatever comes first: receipts and replies may be faster than the response. */
static void the_order_in_which_answers_come_does_not_matter(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    tells("77", SMPP_DELIVERED);
    awaits(reference(), 300000);
    responds(0, "77");
    awaits(reference(), 300000);
    replies("OK REF");
    ends(ESIM_DONE, "");
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    replies("OK REF");
    ends(ESIM_DONE, "");
}

/* ---- a profile ---- */

static void a_profile_order_reads_the_activation_code(void)
{
    begin(ESIM_PROFILE_ORDER, "{\"eid\":\"89001012012341234012345678901224\"}");
    CHECK_TEXT(
        text(sent_part(0, SMPP_SUBMIT_SM).short_message),
        text(esim_format("ESIM 89001012012341234012345678901224  %s", reference())));
    responds(0, "77");
    replies("ESIM REF " ICCID "F LPA:1$smdp.example.com$AB-12");
    ends_done("{\"iccid\":\"" ICCID "\",\"matching_id\":\"AB-12\","
              "\"smdp_address\":\"smdp.example.com\","
              "\"activation_code\":\"1$smdp.example.com$AB-12\","
              "\"eid\":\"89001012012341234012345678901224\",\"state\":\"Released\"}");
    begin(ESIM_PROFILE_ORDER, "{}");
    replies("PARTS REF " ICCID " smdp.example.com AB-12");
    ends_done("{\"iccid\":\"" ICCID "\",\"matching_id\":\"AB-12\","
              "\"smdp_address\":\"smdp.example.com\","
              "\"activation_code\":\"1$smdp.example.com$AB-12\","
              "\"state\":\"Released\"}");
}

/* The profile is taken: a reply that lacks something must not lead to a second order. */
static void a_profile_reply_without_its_parts_needs_a_person(void)
{
    begin(ESIM_PROFILE_ORDER, "{}");
    replies("TAKEN REF");
    ends(ESIM_UNKNOWN, "iccid_missing");
    begin(ESIM_PROFILE_ORDER, "{\"iccid\":\"" ICCID "\"}");
    replies("TAKEN REF");
    ends(ESIM_UNKNOWN, "code_missing");
    begin(ESIM_PROFILE_ORDER, "{}");
    replies("ESIM REF " ICCID " 2$smdp.example.com$SECRET-1");
    ends(ESIM_UNKNOWN, "code_missing");
    CHECK(strstr(text(op.answer.problem.message), "SECRET-1") == NULL);
}

/* ---- refusals ---- */

static void a_response_that_refuses_ends_by_its_status(void)
{
    static const struct {
        uint32_t status;
        esim_outcome outcome;
        const char *code, *carrier_code;
    } rows[] = {
        { 0x0B, ESIM_REFUSED, "number_wrong", "ESME_RINVDSTADR 0x0000000b" },
        { 0x58, ESIM_NOT_YET, "throttled", "ESME_RTHROTTLED 0x00000058" },
        { 0x08, ESIM_NOT_YET, "carrier_error", "ESME_RSYSERR 0x00000008" },
        { 0x0E, ESIM_REFUSED, "unauthorised", "ESME_RINVPASWD 0x0000000e" },
        { 0x410, ESIM_REFUSED, "submit_refused", "ESME_R_OTHER 0x00000410" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(ESIM_LINE_ACTIVATE, MSISDN);
        responds(rows[i].status, "");
        ends(rows[i].outcome, rows[i].code);
        CHECK_TEXT(text(op.answer.problem.carrier_code), rows[i].carrier_code);
    }
}

static void a_command_that_did_not_arrive_did_nothing(void)
{
    static const struct {
        enum smpp_state state;
        esim_outcome outcome;
    } rows[] = { { SMPP_EXPIRED, ESIM_NOT_YET },
                 { SMPP_UNDELIVERABLE, ESIM_NOT_YET },
                 { SMPP_DELETED, ESIM_REFUSED },
                 { SMPP_REJECTED, ESIM_REFUSED } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(ESIM_LINE_ACTIVATE, MSISDN);
        responds(0, "77");
        tells("77", rows[i].state);
        ends(rows[i].outcome, "not_delivered");
    }
}

/* Two operations may share a user_message_reference: the id tells them apart. */
static void anothers_receipt_changes_nothing(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    tells("78", SMPP_REJECTED);
    awaits(reference(), 300000);
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    tells("77", SMPP_ENROUTE);
    awaits(reference(), 300000);
}

static void wrong_input_is_refused_before_anything_is_sent(void)
{
    /* clang-format off */
    static const struct { const char *capability, *input, *settings, *code; } rows[] = {
        { ESIM_LINE_ACTIVATE, "{}", SETTINGS, "msisdn_missing" },
        { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"abc\"}", SETTINGS, "msisdn_missing" },
        { ESIM_LINE_ACTIVATE, "{\"msisdn\":\"959123\",\"plan\":\"A B\"}", SETTINGS,
          "plan_wrong" },
        { ESIM_LINE_ACTIVATE, MSISDN, "{}", "settings_incomplete" },
        { ESIM_LINE_ACTIVATE, MSISDN, "{\"commands\":{\"line.activate\":{\"text\":\"A\"}}}",
          "settings_incomplete" },
        { ESIM_PROFILE_ORDER, "{}", "{\"command_to\":\"1\",\"join\":\"number\","
          "\"commands\":{\"profile.order\":{\"text\":\"A\"}}}", "msisdn_missing" },
        { ESIM_PROFILE_ORDER, "{\"iccid\":\"8995010000000000001\"}", "{\"command_to\":\"1\","
          "\"commands\":{\"profile.order\":{\"text\":\"A\"}}}", "iccid_not_taken" },
        { ESIM_PROFILE_ORDER, "{\"profile_type\":\"P1\"}", "{\"command_to\":\"1\","
          "\"commands\":{\"profile.order\":{\"text\":\"A\"}}}", "profile_type_not_taken" },
        { ESIM_LINE_ACTIVATE, MSISDN, "{\"command_to\":\"1\",\"charset\":\"ascii\","
          "\"commands\":{\"line.activate\":{\"text\":\"\xC3\xA9\"}}}", "text_wrong" },
        { ESIM_SMS_SEND, "{\"text\":\"Hi\"}", SETTINGS, "to_wrong" },
        { ESIM_SMS_SEND, "{\"to\":\"959123\"}", SETTINGS, "text_missing" },
        { ESIM_SMS_SEND, "{\"to\":\"12\",\"text\":\"Hi\"}", SETTINGS, "to_wrong" },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(rows[i].capability, rows[i].input);
        op.settings = rows[i].settings;
        op.state_size = 0;
        step(ESIM_START, NULL);
        ends(ESIM_REFUSED, rows[i].code);
    }
}

/* ---- long and foreign texts ---- */

static void burmese_goes_in_parts_of_ucs2(void)
{
    char input[4096];
    size_t size = (size_t)snprintf(input, sizeof input,
                                   "{\"to\":\"959123\",\"text\":\"");
    for (int i = 0; i < 20; i++)
        size += (size_t)snprintf(input + size, sizeof input - size, "မြန်မာ");
    CHECK(snprintf(input + size, sizeof input - size, "\"}") == 2);
    begin(ESIM_SMS_SEND, input);
    struct smpp_pdu first = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_INT(first.data_coding, 8);
    CHECK_INT(first.esm_class, SMPP_CLASS_UDH);
    CHECK(first.short_message.size <= 140);
    struct smpp_pdu second = sent_part(1, SMPP_SUBMIT_SM);
    CHECK_INT(second.short_message.ptr[5], 2);
    CHECK_INT(first.short_message.ptr[3], second.short_message.ptr[3]);
}

static void long_texts_go_as_the_settings_say(void)
{
    static const char hundred[] =
        "1234567890123456789012345678901234567890123456789012345"
        "678901234567890123456789012345678901234567890";
    char input[1024];
    CHECK(snprintf(input, sizeof input, "{\"to\":\"959123\",\"text\":\"%s%s%s\"}",
                   hundred, hundred, hundred) > 0);
    begin(ESIM_SMS_SEND, input);
    op.settings = "{\"long_messages\":\"sar\"}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    struct smpp_pdu pdu = sent_part(1, SMPP_SUBMIT_SM);
    uint32_t value = 0;
    CHECK_INT(pdu.esm_class, 0); /* 5.3.2.22: no UDH beside sar_. */
    CHECK(smpp_tlv_number(&pdu, SMPP_TAG_SAR_NUMBER, 1, &value) && value == 2);
    CHECK(smpp_tlv_number(&pdu, SMPP_TAG_SAR_TOTAL, 1, &value) && value == 2);
    CHECK(smpp_tlv_number(&pdu, SMPP_TAG_SAR_REFERENCE, 2, &value));
    op.settings = "{\"long_messages\":\"payload\",\"user_reference\":false,"
                  "\"validity_s\":90061,\"service_type\":\"CMT\"}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    pdu = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_INT(pdu.short_message.size, 0);
    CHECK_INT(pdu.tlv_count, 1);
    CHECK_INT(smpp_text_of(&pdu).size, 300);
    CHECK_TEXT(text(pdu.validity), "000001010101000R");
    CHECK_TEXT(text(pdu.service_type), "CMT");
    op.settings = "{\"charset\":\"gsm7-packed\"}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    pdu = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_INT(pdu.short_message.size, 140);
    CHECK_INT(pdu.data_coding, 0);
}

/* ---- the default alphabet of a carrier that says Latin-1 ---- */

static void data_coding_zero_is_what_the_carrier_says(void)
{
    begin(ESIM_SMS_SEND, "{\"to\":\"959123\",\"text\":\"[\xC3\xA9]\"}");
    op.settings = "{\"default_alphabet\":\"latin1\"}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    struct smpp_pdu pdu = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_INT(pdu.data_coding, 0);
    CHECK_TEXT(hex(pdu.short_message), "5be95d");
    op.settings = "{}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    CHECK_TEXT(hex(sent_part(0, SMPP_SUBMIT_SM).short_message), "1b3c051b3e");
}

static struct smpp_pdu sent_with(const char *settings)
{
    begin(ESIM_SMS_SEND, "{\"to\":\"959123\",\"text\":\"[Hi]\"}");
    op.settings = settings;
    op.state_size = 0;
    op.now_ms = INT64_C(1767323045678); /* 2026-01-02T03:04:05.678Z */
    step(ESIM_START, NULL);
    return sent_part(0, SMPP_SUBMIT_SM);
}

/* IA5 where the carrier means it, GSM 7 bit where it says so. */
static void data_coding_one_is_what_the_carrier_says(void)
{
    struct smpp_pdu pdu = sent_with("{\"charset\":\"ascii\"}");
    CHECK_INT(pdu.data_coding, 1);
    CHECK_TEXT(hex(pdu.short_message), "5b48695d");
    pdu = sent_with("{\"charset\":\"gsm7\",\"default_alphabet\":\"latin1\","
                    "\"coding_1_alphabet\":\"gsm7\"}");
    CHECK_INT(pdu.data_coding, 1);
    CHECK_TEXT(hex(pdu.short_message), "1b3c48691b3e");
}

static void a_validity_is_relative_or_absolute(void)
{
    struct smpp_pdu pdu = sent_with("{\"validity_s\":90061}");
    CHECK_TEXT(text(pdu.validity), "000001010101000R");
    pdu = sent_with("{\"validity_s\":90061,\"validity_form\":\"absolute\"}");
    CHECK_TEXT(text(pdu.validity), "260103040506000+");
}

static void a_message_has_the_mode_and_priority_of_the_settings(void)
{
    struct smpp_pdu pdu = sent_with("{}");
    CHECK_INT(pdu.esm_class, 0);
    CHECK_INT(pdu.priority_flag, 0);
    pdu = sent_with("{\"message_mode\":\"store\",\"priority\":2,\"protocol_id\":65}");
    CHECK_INT(pdu.esm_class, 3);
    CHECK_INT(pdu.priority_flag, 2);
    CHECK_INT(pdu.protocol_id, 65);
}

static void the_descriptor_and_the_flows_agree(void)
{
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    CHECK_INT(flows->count, 6);
    for (uint32_t i = 0; i < flows->count; i++)
        CHECK_TEXT(esim_entry.about->capabilities[i], flows->flows[i].capability);
    CHECK(esim_entry.ability("esim.nothing/1") == NULL);
}

TESTS("mpt", CASE(a_command_goes_to_the_short_code_once),
      CASE(each_line_capability_ends_in_its_state), CASE(a_reply_decides),
      CASE(an_interim_reply_is_waited_behind), CASE(anothers_reply_changes_nothing),
      CASE(the_order_in_which_answers_come_does_not_matter),
      CASE(a_profile_order_reads_the_activation_code),
      CASE(a_profile_reply_without_its_parts_needs_a_person),
      CASE(a_response_that_refuses_ends_by_its_status),
      CASE(a_command_that_did_not_arrive_did_nothing),
      CASE(anothers_receipt_changes_nothing),
      CASE(wrong_input_is_refused_before_anything_is_sent),
      CASE(burmese_goes_in_parts_of_ucs2), CASE(long_texts_go_as_the_settings_say),
      CASE(data_coding_zero_is_what_the_carrier_says),
      CASE(data_coding_one_is_what_the_carrier_says),
      CASE(a_validity_is_relative_or_absolute),
      CASE(a_message_has_the_mode_and_priority_of_the_settings),
      CASE(the_descriptor_and_the_flows_agree), CASE(memory_goes_back_to_the_host))
