/* The SMPP session as a table: what happens, what the machine does. Binding, submits,
 * pace, the end. */
#include "check.h"

#include "mpt_session_play.h"

/* clang-format off */
static void a_bind_makes_the_session_ready(void)
{
    static const struct row rows[] = { BOUND, { "link 77", "write enquire_link_resp#77" } };
    RUN("{}", rows);
}

/* 4.1.5: interface_version 0x34, and the fields that the settings give. */
static void the_bind_says_version_3_4(void)
{
    begin_line("{\"system_type\":\"VMA\",\"address_range\":\"13\",\"range_ton\":3,"
               "\"range_npi\":9}");
    happens("open");
    CHECK_TEXT(hex(line.written),
               "0000002700000009000000000000000165" "73696d6400" "73656372657400"
               "564d4100" "34" "03" "09" "313300");
    end_line();
}

/* Some SMSCs let nobody in who does not say their own version. */
static void the_bind_says_the_version_that_the_carrier_wants(void)
{
    static const struct { const char *settings, *version; } rows[] = {
        { "{\"interface_version\":\"3.3\"}", "33" },
        { "{\"interface_version\":\"3.4\"}", "34" },
        { "{\"interface_version\":\"5.0\"}", "50" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_line(rows[i].settings);
        happens("open");
        CHECK(strncmp(hex(line.written) + 2 * 30, rows[i].version, 2) == 0);
        end_line();
    }
}

/* Retrying a wrong password every second locks accounts: slow, and the operator told. */
static void refused_credentials_are_tried_again_slowly(void)
{
    static const struct { const char *status; const char *begins; } rows[] = {
        { "bound 1 e",  "close -1 unauthorised: " },
        { "bound 1 f",  "close -1 unauthorised: " },
        { "bound 1 d",  "close -1 unauthorised: " },
        { "bound 1 5",  "close -1 unauthorised: " },
        { "bound 1 53", "close -1 unauthorised: " },
        { "bound 1 8",  "close 0 bind: " },
        { "bound 1 58", "close 0 bind: " },
        { "nack 1 3",   "close -1 the carrier does not know bind_transceiver" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_line("{}");
        happens("open");
        const char *acts = happens(rows[i].status);
        CHECK(strncmp(acts, rows[i].begins, strlen(rows[i].begins)) == 0);
        CHECK(strstr(acts, "secret") == NULL || strstr(acts, "into the secret") != NULL);
        end_line();
    }
}

static void without_credentials_nothing_is_sent(void)
{
    static const char *const secrets[] = {
        "{}", "{\"smpp.system_id\":\"a\"}",
        "{\"smpp.system_id\":\"a\",\"smpp.password\":\"123456789\"}",
        "{\"smpp.system_id\":\"1234567890123456\",\"smpp.password\":\"1\"}",
    };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        begin_line("{}");
        line.secrets = secrets[i];
        CHECK(strncmp(happens("open"), "close -1 ", 9) == 0);
        end_line();
    }
}

static void a_bind_without_an_answer_is_given_up(void)
{
    static const struct row rows[] = {
        { "open", "write bind_transceiver#1" },
        { "wait 29999", "" },
        { "wait 1", "close 0 no answer to bind_transceiver" },
    };
    RUN("{}", rows);
}

/* A carrier that talks needs no enquiry; one that is silent is asked, then left. */
static void a_silent_carrier_is_asked_and_then_left(void)
{
    static const struct row rows[] = {
        BOUND,
        { "wait 20000", "" },
        { "link 5", "write enquire_link_resp#5" },
        { "wait 29999", "" },
        { "wait 1", "write enquire_link#2" },
        { "linked 2", "" },
        { "wait 30000", "write enquire_link#3" },
        { "wait 10000", "close 0 no answer to enquire_link" },
    };
    RUN("{}", rows);
}

/* Some carriers answer with generic_nack: the link is alive all the same. */
static void any_answer_to_an_enquiry_will_do(void)
{
    static const struct row rows[] = {
        BOUND,
        { "wait 30000", "write enquire_link#2" },
        { "nack 2 3", "" },
        { "wait 29000", "" },
    };
    RUN("{}", rows);
}

static void a_submit_is_answered_under_its_key(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "submit B 1", "write submit_sm#3(B)" },
        { "resp 3 0 idB", "deliver B response 0/idB" },
        { "resp 2 b -", "deliver A response b/" },
        { "resp 2 0 again", "" },
    };
    RUN("{}", rows);
}

static void a_query_is_answered_under_its_key(void)
{
    static const struct row rows[] = {
        BOUND,
        { "query A 7", "write query_sm#2(A)" },
        { "state 2 0 2", "deliver A state 0 2" },
        { "query A 7", "write query_sm#3(A)" },
        { "state 3 67 0", "deliver A state 67 0" },
        { "query A 7", "write query_sm#4(A)" },
        { "nack 4 3", "deliver A state 3 0" },
    };
    RUN("{}", rows);
}

/* All parts are answered before the operation hears. */
static void parts_are_answered_together_in_any_order(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 3", "write submit_sm#2(A); write submit_sm#3(A); write submit_sm#4(A)" },
        { "resp 4 0 c", "" },
        { "resp 2 0 a", "" },
        { "resp 3 0 b", "deliver A response 0/a,0/b,0/c" },
    };
    RUN("{}", rows);
}

/* One part refused: the others that wait are useless, and are not sent. */
static void a_refused_part_stops_the_rest(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 3", "write submit_sm#2(A); write submit_sm#3(A)" },
        { "resp 2 b -", "" },
        { "resp 3 0 b", "deliver A response b/,0/b" },
        { "wait 20000", "" },
    };
    begin_line("{\"window\":2}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *acts = happens(rows[i].happens);
        if (i != 1) /* The window here is 2. */
            CHECK_TEXT(acts, rows[i].acts);
    }
    end_line();
}

static void the_window_holds_back_what_is_above_it(void)
{
    static const struct row rows[] = {
        { "open", "write bind_transceiver#1" },
        { "bound 1 0", "ready 2" },
        { "submit A 1", "write submit_sm#2(A)" },
        { "submit B 2", "write submit_sm#3(B)" },
        { "resp 2 0 a", "deliver A response 0/a; write submit_sm#4(B)" },
        { "resp 3 0 b", "" },
        { "resp 4 0 c", "deliver B response 0/b,0/c" },
    };
    RUN("{\"window\":2}", rows);
}

/* Throttled: not processed. Handed back, and everything is slower for a while. */
static void a_throttled_submit_goes_back_and_the_window_shrinks(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "submit B 1", "write submit_sm#3(B)" },
        { "resp 2 58 -", "back A 1000; ready 0" },
        { "resp 3 58 -", "back B 1000" },
        { "wait 999", "" },
        { "wait 1", "ready 5" },
        { "submit A 1", "write submit_sm#4(A)" },
        { "resp 4 14 -", "back A 2000; ready 0" },
        { "wait 2000", "ready 2" },
        { "submit A 1", "write submit_sm#5(A)" },
        { "resp 5 0 a", "deliver A response 0/a" },
        { "submit B 1", "write submit_sm#6(B)" },
        { "resp 6 0 b", "deliver B response 0/b; ready 3" },
        { "submit C 1", "write submit_sm#7(C)" },
        { "resp 7 58 -", "back C 1000; ready 0" }, /* Well again: from the start. */
    };
    RUN("{}", rows);
}

/* Its sister is at the carrier already: the host must not send both again. */
static void a_throttled_part_is_sent_again_here(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 2", "write submit_sm#2(A); write submit_sm#3(A)" },
        { "resp 2 0 a", "" },
        { "resp 3 58 -", "ready 0" },
        { "wait 999", "" },
        { "wait 1", "write submit_sm#4(A); ready 5" },
        { "resp 4 0 b", "deliver A response 0/a,0/b" },
    };
    RUN("{}", rows);
}

static void parts_that_are_all_throttled_go_back_once(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 2", "write submit_sm#2(A); write submit_sm#3(A)" },
        { "resp 2 58 -", "ready 0" },
        { "resp 3 58 -", "back A 1000" },
        { "wait 5000", "ready 5" },
    };
    RUN("{}", rows);
}

static void the_rate_spreads_what_is_sent(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "submit B 1", "" },
        { "submit C 1", "" },
        { "wait 49", "" },
        { "wait 1", "write submit_sm#3(B)" },
        { "wait 100", "write submit_sm#4(C)" },
    };
    RUN("{\"rate_per_s\":10}", rows);
}

/* 4.2: no response in time: unknown, and said so. A late one still helps the query. */
static void a_response_that_does_not_come_is_lost_and_a_late_one_told(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "wait 9999", "" },
        { "wait 1", "lost A" },
        { "resp 2 0 late", "deliver A response 0/late" },
        { "submit B 1", "write submit_sm#3(B)" },
        { "wait 10000", "lost B" },
        { "resp 3 58 -", "deliver B response 58/; ready 0" },
    };
    RUN("{\"enquire_ms\":600000,\"inactivity_ms\":3600000}", rows);
}

static void a_response_later_than_late_is_forgotten(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "wait 10000", "lost A" },
        { "wait 90000", "" },
        { "resp 2 0 late", "" },
    };
    RUN("{\"enquire_ms\":600000,\"inactivity_ms\":3600000}", rows);
}

static void a_nack_of_a_submit_is_its_response(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "nack 2 3", "deliver A response 3/" },
        { "nack 99 3", "" },
    };
    RUN("{}", rows);
}

/* What cannot be read of a response is no reason to send the message again. */
static void the_header_of_an_unreadable_response_counts(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "raw 00000012 80000004 00000000 00000002 4142", "deliver A response 0/" },
        { "raw 00000010 80000099 00000000 00000003", "" },
        { "raw 00000010 80000004 00000000 00000003", "" },
    };
    RUN("{}", rows);
}

/* ---- the end ---- */

static void the_carriers_unbind_is_answered(void)
{
    static const struct row rows[] = {
        BOUND,
        { "unbind 9", "write unbind_resp#9; close 0 the carrier sent unbind" },
    };
    RUN("{}", rows);
}

/* A response that is on its way would else need a person. */
static void draining_waits_for_what_is_out_and_then_unbinds(void)
{
    static const struct row rows[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "drain", "ready 0" },
        { "resp 2 0 a", "deliver A response 0/a; write unbind#3" },
        { "unbound 3", "close 0 unbound" },
    };
    RUN("{}", rows);
    static const struct row late[] = {
        BOUND,
        { "submit A 1", "write submit_sm#2(A)" },
        { "drain", "ready 0" },
        { "wait 3000", "write unbind#3" },
        { "wait 10000", "lost A; close 0 no answer to unbind" },
    };
    RUN("{}", late);
    static const struct row idle[] = { BOUND, { "drain", "write unbind#2; ready 0" } };
    RUN("{}", idle);
    static const struct row early[] = {
        { "open", "write bind_transceiver#1" },
        { "drain", "close 0 draining before the bind was answered" },
    };
    RUN("{}", early);
}

/* clang-format on */

TESTS("mpt_session", CASE(a_bind_makes_the_session_ready),
      CASE(the_bind_says_version_3_4),
      CASE(the_bind_says_the_version_that_the_carrier_wants),
      CASE(refused_credentials_are_tried_again_slowly),
      CASE(without_credentials_nothing_is_sent),
      CASE(a_bind_without_an_answer_is_given_up),
      CASE(a_silent_carrier_is_asked_and_then_left),
      CASE(any_answer_to_an_enquiry_will_do), CASE(a_submit_is_answered_under_its_key),
      CASE(a_query_is_answered_under_its_key),
      CASE(parts_are_answered_together_in_any_order),
      CASE(a_refused_part_stops_the_rest), CASE(the_window_holds_back_what_is_above_it),
      CASE(a_throttled_submit_goes_back_and_the_window_shrinks),
      CASE(a_throttled_part_is_sent_again_here),
      CASE(parts_that_are_all_throttled_go_back_once),
      CASE(the_rate_spreads_what_is_sent),
      CASE(a_response_that_does_not_come_is_lost_and_a_late_one_told),
      CASE(a_response_later_than_late_is_forgotten),
      CASE(a_nack_of_a_submit_is_its_response),
      CASE(the_header_of_an_unreadable_response_counts),
      CASE(the_carriers_unbind_is_answered),
      CASE(draining_waits_for_what_is_out_and_then_unbinds),
      CASE(memory_goes_back_to_the_host))
