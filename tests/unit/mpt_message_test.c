/* What the carrier sends over the SMPP session: receipts, replies, long ones, and what is
 * wrong. */
#include "check.h"

#include "mpt_session_play.h"

#include "../../plugins/mpt/reference.h"

/* clang-format off */
/* ---- receipts ---- */

static void a_receipt_finds_its_operation_by_the_message_id(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "resp 2 0 77", "deliver A response 0/77" },
        { "receipt 77 ENROUTE", "deliver A receipt 77 1; write deliver_sm_resp#900" },
        { "receipt 77 DELIVRD", "deliver A receipt 77 2; write deliver_sm_resp#900" },
        { "receipt 77 DELIVRD", "deliver id-77 receipt 77 2; write deliver_sm_resp#900" },
    };
    RUN("{}", rows);
}

/* Kept by the host under its id, and told again when the response names the message. */
static void a_receipt_before_its_response_is_not_lost(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "tlv 77 2", "deliver id-77 receipt 77 2; write deliver_sm_resp#900" },
        { "resp 2 0 77", "deliver A response 0/77; deliver A receipt 77 2" },
    };
    RUN("{}", rows);
}

static void a_receipt_before_its_response_is_joined_by_the_reference(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1 12", "write submit_sm#2(A)" },
        { "submit B 1 13", "write submit_sm#3(B)" },
        { "tlv 78 2 13", "deliver B receipt 78 2; write deliver_sm_resp#900" },
        { "submit C 1 12", "write submit_sm#4(C)" },
        /* Two operations have this one: nobody is taken. */
        { "tlv 77 2 12", "deliver id-77 receipt 77 2; write deliver_sm_resp#900" },
    };
    RUN("{}", rows);
}

static void ids_may_be_hexadecimal_here_and_decimal_there(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "resp 2 0 4D", "deliver A response 0/4D" },
        { "receipt 0077 DELIVRD", "deliver A receipt 4d 2; write deliver_sm_resp#900" },
    };
    RUN("{\"response_ids\":\"hex\",\"receipt_ids\":\"decimal\"}", rows);
}

/* ---- replies ---- */

#define COMMANDS                                                             \
    "{\"command_to\":\"1332\",\"commands\":{\"line.resume\":{\"text\":"      \
    "\"R {{ref}}\",\"replies\":[{\"match\":\"OK {{ref}}{{*}}\",\"means\":"   \
    "\"done\"},{\"match\":\"{{msisdn}} is on\",\"means\":\"done\"}]}}"

static const char *reference(void)
{
    static struct reference made;
    reference_of(bytes(OP), REFERENCE_LETTERS, &made);
    return made.text;
}

static void a_reply_is_delivered_before_it_is_acknowledged(void)
{
    begin_line(COMMANDS "}");
    happens("open");
    happens("bound 1 0");
    const char *reply = text(esim_format("reply 1332 OK %s now", reference()));
    const char *acts = text(esim_format("deliver %s reply OK %s now; write "
                                        "deliver_sm_resp#900", reference(), reference()));
    CHECK_TEXT(happens(reply), acts);
    reply = text(esim_format("reply 1332 Thanks for %s, bye", reference()));
    acts = text(esim_format("deliver %s reply Thanks for %s, bye; write "
                            "deliver_sm_resp#900", reference(), reference()));
    CHECK_TEXT(happens(reply), acts);
    end_line();
}

/* Anyone can send us a message: only the short codes' word counts. */
static void a_reply_from_elsewhere_is_acknowledged_and_dropped(void)
{
    begin_line(COMMANDS "}");
    happens("open");
    happens("bound 1 0");
    const char *reply = text(esim_format("reply 959666 OK %s", reference()));
    CHECK_TEXT(happens(reply), "write deliver_sm_resp#900");
    CHECK(strstr(last_log, "reply_from") != NULL);
    CHECK_TEXT(happens("reply 1332 Happy new year"), "write deliver_sm_resp#900");
    CHECK(strstr(last_log, "names no operation") != NULL);
    CHECK(strstr(last_log, "Happy") == NULL);
    end_line();
}

static void a_reply_may_name_the_line_instead(void)
{
    static const struct row rows[] = {
        BOUND,
        { "reply 1332 09123 is on",
          "deliver n959123 reply 09123 is on; write deliver_sm_resp#900" },
    };
    RUN(COMMANDS ",\"join\":\"number\"}", rows);
}

static void a_reply_without_a_name_is_joined_by_the_user_message_reference(void)
{
    begin_line(COMMANDS "}");
    happens("open");
    happens("bound 1 0");
    happens("submit A 1 1234");
    happens("resp 2 0 5");
    CHECK_TEXT(happens("receipt 5 DELIVRD"),
               "deliver id-5 receipt 5 2; write deliver_sm_resp#900");
    line.acts[0] = '\0';
    deliver_frame("1332", 0, "Done.", NULL, 0, 0x1234);
    CHECK_TEXT(line.acts, "deliver A reply Done.; write deliver_sm_resp#900");
    end_line();
}

/* The host keeps the newest message of a key: what says less must not follow a reply. */
static void nothing_hides_a_reply(void)
{
    begin_line(COMMANDS "}");
    happens("open");
    happens("bound 1 0");
    const char *key = reference();
    happens(text(esim_format("submit %s 1 1234", key)));
    happens(text(esim_format("reply 1332 OK %s now", key)));
    CHECK_TEXT(happens("resp 2 0 5"), "");
    CHECK_TEXT(happens("receipt 5 DELIVRD"),
               "deliver id-5 receipt 5 2; write deliver_sm_resp#900");
    CHECK_TEXT(happens("receipt 5 EXPIRED"),
               "deliver id-5 receipt 5 3; write deliver_sm_resp#900");
    happens("submit A 1 1235");
    CHECK_TEXT(happens("receipt 6 ENROUTE"),
               "deliver id-6 receipt 6 1; write deliver_sm_resp#900");
    CHECK_TEXT(happens("resp 3 0 6"), "deliver A response 0/6");
    CHECK_TEXT(happens("receipt 6 EXPIRED"),
               "deliver A receipt 6 3; write deliver_sm_resp#900");
    end_line();
}

/* ---- long replies ---- */

static void sar_frame(uint8_t number, const char *piece)
{
    struct smpp_pdu pdu = { .command = SMPP_DATA_SM,
                            .sequence = 900u + number,
                            .source = { 0, 1, bytes("1332") },
                            .data_coding = 3 };
    smpp_tlv_add(&pdu, SMPP_TAG_SAR_REFERENCE, (struct esim_bytes){ "\0\7", 2 });
    smpp_tlv_add(&pdu, SMPP_TAG_SAR_TOTAL, (struct esim_bytes){ "\2", 1 });
    smpp_tlv_add(&pdu, SMPP_TAG_SAR_NUMBER, (struct esim_bytes){ (char *)&number, 1 });
    smpp_tlv_add(&pdu, SMPP_TAG_PAYLOAD, bytes(piece));
    line.acts[0] = '\0';
    frame(&pdu);
}

static void a_long_reply_is_put_together_in_any_order(void)
{
    begin_line(COMMANDS "}");
    happens("open");
    happens("bound 1 0");
    part_frame(2, " and all is well");
    CHECK_TEXT(line.acts, "write deliver_sm_resp#902");
    part_frame(2, " and all is well");
    CHECK_TEXT(line.acts, "write deliver_sm_resp#902");
    part_frame(1, text(esim_format("OK %s", reference())));
    CHECK_TEXT(line.acts, text(esim_format("deliver %s reply OK %s and all is well; "
                                           "write deliver_sm_resp#901", reference(),
                                           reference())));
    sar_frame(1, text(esim_format("OK %s", reference())));
    CHECK_TEXT(line.acts, "write data_sm_resp#901");
    sar_frame(2, "!");
    CHECK_TEXT(line.acts, text(esim_format("deliver %s reply OK %s!; write "
                                           "data_sm_resp#902", reference(), reference())));
    end_line();
}

static void a_reply_that_stays_incomplete_is_forgotten(void)
{
    begin_line(COMMANDS ",\"enquire_ms\":600000,\"inactivity_ms\":3600000}");
    happens("open");
    happens("bound 1 0");
    part_frame(1, "OK");
    happens("wait 300000");
    CHECK(strstr(last_log, "incomplete") != NULL);
    part_frame(2, "late");
    CHECK_TEXT(line.acts, "write deliver_sm_resp#902");
    end_line();
}

/* ---- what is wrong ---- */

static void what_cannot_be_understood_is_answered_as_the_standard_says(void)
{
    static const struct row rows[] = {
        BOUND,
        { "raw 00000010 00000004 00000000 00000021", "write generic_nack#33!2" },
        { "raw 00000010 00000099 00000000 00000022", "write generic_nack#34!3" },
        { "raw 00000011 00000015 00000000 00000023 00", "write generic_nack#35!2" },
        { "raw 00000021 00000005 00000000 00000024 00 0000 00 0000 00 00 00 00 00 00 00 00"
          " 00 00 ff", "write deliver_sm_resp#36!1" },
        { "raw 00000024 00000005 00000000 00000025 00 0000 00 0000 00 00 00 00 00 00 00 00"
          " 00 00 00 021000", "write deliver_sm_resp#37!c2" },
        { "raw 00000019 00000003 00000000 00000026 37000000 31333300 00",
          "write generic_nack#38!2" },
        { "raw 0000000f 00000015 00000000 00000027",
          "write generic_nack#39!2; close 0 the carrier sent a PDU of impossible length" },
    };
    RUN("{}", rows);
}

static void before_the_bind_nothing_is_taken(void)
{
    static const struct row rows[] = {
        { "open", "write bind_transceiver#1" },
        { "receipt 1 DELIVRD", "write deliver_sm_resp#900!4" },
        { "link 7", "write enquire_link_resp#7" },
        { "submit A 1", "back A 1000" },
        { "bound 8 0", "" }, /* Not our sequence number. */
        { "bound 1 0", "ready 10" },
    };
    RUN("{}", rows);
}

static void a_submit_that_cannot_be_read_is_said_to_be(void)
{
    begin_line("{}");
    happens("open");
    happens("bound 1 0");
    line.acts[0] = '\0';
    step(ESIM_SUBMIT, bytes("A"), bytes("nonsense"));
    CHECK_TEXT(line.acts, "deliver A fault 0 0");
    end_line();
}

/* 5.1.4: from 0x7FFFFFFF the numbers go back to 1. */
static void sequence_numbers_wrap_to_one(void)
{
    begin_line("{}");
    happens("open");
    happens("bound 1 0");
    memcpy(line.state + 2, "\x7f\xff\xff\xff", 4); /* The last one given. */
    CHECK_TEXT(happens("submit A 1"), "write submit_sm#1(A)");
    end_line();
}

/* ---- robustness ---- */

/* A state of another version, or a damaged one, ends the connection and nothing else. */
static void a_state_cut_at_any_byte_ends_the_connection(void)
{
    begin_line("{}");
    happens("open");
    happens("bound 1 0");
    happens("submit A 2 1234");
    happens("resp 2 0 a");
    happens("tlv 99 2");
    part_frame(1, "OK");
    size_t whole = line.state_size;
    char *copy = malloc(whole);
    memcpy(copy, line.state, whole);
    for (size_t size = 1; size < whole; size++) {
        arena_reset(memory);
        keep_state((struct esim_bytes){ copy, size });
        CHECK(strncmp(happens("link 5"), "close 0 ", 8) == 0);
    }
    free(copy);
    end_line();
}

/* Each byte of each PDU may be the last one: a stream cut anywhere costs the connection's
 * work, and no submit is ever written twice by the machine. */
static void a_response_cut_at_any_byte_never_repeats_a_submit(void)
{
    static const char whole[] = "00000014800000040000000000000002" "616263" "00";
    for (size_t bytes_kept = 16; bytes_kept < (sizeof whole - 1) / 2; bytes_kept++) {
        char digits[sizeof whole + 8];
        int size = snprintf(digits, sizeof digits, "raw %08x%.*s",
                            (unsigned)bytes_kept, (int)(bytes_kept * 2 - 8), whole + 8);
        CHECK(size > 0);
        begin_line("{}");
        happens("open");
        happens("bound 1 0");
        happens("submit A 1");
        const char *acts = happens(digits);
        CHECK(strstr(acts, "back") == NULL);
        CHECK(strstr(acts, "submit_sm") == NULL);
        CHECK_TEXT(acts, "deliver A response 0/");
        CHECK(strstr(happens("wait 60000"), "submit_sm") == NULL);
        end_line();
    }
}

/* A full house: the most that the state must hold stays below the ABI's 256 KiB. */
static void the_largest_state_fits(void)
{
    begin_line("{\"window\":64,\"enquire_ms\":600000,\"inactivity_ms\":3600000}");
    happens("open");
    happens("bound 1 0");
    for (int i = 0; i < 64; i++) {
        start();
        line.acts[0] = '\0';
        happens(text(esim_format("submit key-%d 8 %x", i, 0x1000 + i)));
        CHECK(strstr(line.acts, "close") == NULL);
    }
    for (int i = 0; i < 40; i++) {
        start();
        happens(text(esim_format("tlv early-%d 2", i)));
    }
    CHECK(line.state_size < 250 << 10);
    CHECK(line.state_size > 10 << 10);
    end_line();
}
/* clang-format on */

TESTS("mpt_message", CASE(a_receipt_finds_its_operation_by_the_message_id),
      CASE(a_receipt_before_its_response_is_not_lost),
      CASE(a_receipt_before_its_response_is_joined_by_the_reference),
      CASE(ids_may_be_hexadecimal_here_and_decimal_there),
      CASE(a_reply_is_delivered_before_it_is_acknowledged),
      CASE(a_reply_from_elsewhere_is_acknowledged_and_dropped),
      CASE(a_reply_may_name_the_line_instead),
      CASE(a_reply_without_a_name_is_joined_by_the_user_message_reference),
      CASE(nothing_hides_a_reply), CASE(a_long_reply_is_put_together_in_any_order),
      CASE(a_reply_that_stays_incomplete_is_forgotten),
      CASE(what_cannot_be_understood_is_answered_as_the_standard_says),
      CASE(before_the_bind_nothing_is_taken),
      CASE(a_submit_that_cannot_be_read_is_said_to_be),
      CASE(sequence_numbers_wrap_to_one),
      CASE(a_state_cut_at_any_byte_ends_the_connection),
      CASE(a_response_cut_at_any_byte_never_repeats_a_submit),
      CASE(the_largest_state_fits), CASE(memory_goes_back_to_the_host))
