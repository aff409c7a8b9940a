/* What the Mytel adapter's flows do without an answer, and while the carrier works. */
#include "check.h"

#include "mytel_op.h"

/* ---- no answer ---- */

static void silence_asks_for_the_status_and_takes_its_answer(void)
{
    struct play play = ordered();
    struct tlv_out results = ordered_results();
    struct tlv_out answer = with_results(CODE_OK, &results);
    step(&play, ESIM_SILENCE, NULL);
    check_sent(&play, "status", ESIM_SAFE);
    answer_status(&play, REQUEST_FINISHED, &answer);
    check_done(&play,
               "{\"iccid\":\"" ICCID "\",\"state\":\"Linked\",\"eid\":\"" EID "\"}");
    play = ordered();
    step(&play, ESIM_SILENCE, NULL);
    answer = coded(CODE_STOCK_EMPTY);
    answer_status(&play, REQUEST_FINISHED, &answer);
    check_end(&play, ESIM_REFUSED, "stock_empty");
    play = ordered();
    step(&play, ESIM_SILENCE, NULL);
    answer_status(&play, REQUEST_NOT_FOUND, NULL);
    check_end(&play, ESIM_NOT_YET, "not_carried_out");
    play = ordered();
    step(&play, ESIM_SILENCE, NULL);
    answer_status(&play, REQUEST_FORGOTTEN, NULL);
    check_end(&play, ESIM_UNKNOWN, "forgotten");
}

/* The host asks; only safe exchanges may follow, and what did not happen may begin anew
 * under the same id. */
static void a_query_of_the_host_is_the_status_too(void)
{
    struct play play = ordered();
    step(&play, ESIM_QUERY, NULL);
    check_sent(&play, "status", ESIM_SAFE);
    answer_status(&play, REQUEST_IN_PROGRESS, NULL);
    CHECK_INT(play.answer.action, ESIM_AWAIT);
    CHECK_TEXT(text(play.answer.key), OP_KEY);
    step(&play, ESIM_SILENCE, NULL);
    check_sent(&play, "status", ESIM_SAFE);
    answer_status(&play, REQUEST_NOT_FOUND, NULL);
    check_end(&play, ESIM_NOT_YET, "not_carried_out");
    step(&play, ESIM_START, NULL);
    CHECK_TEXT(text(play.answer.send.key), OP_KEY);
}

static void a_status_that_cannot_be_read_is_left_to_a_person(void)
{
    struct play play = ordered();
    struct tlv_out empty = values(), results = values();
    step(&play, ESIM_SILENCE, NULL);
    struct esim_bytes state = play.state;
    answer_status(&play, REQUEST_FINISHED, NULL);
    check_end(&play, ESIM_UNKNOWN, "reply_unreadable");
    play.state = state;
    answer_status(&play, REQUEST_FINISHED, &empty);
    check_end(&play, ESIM_UNKNOWN, "reply_unreadable");
    play.state = state;
    results = with_results(CODE_OK, &empty);
    answer_with(&play, bytes_of(&results));
    check_end(&play, ESIM_UNKNOWN, "reply_unreadable");
}

/* A carrier that says nothing at all: bounded, and never sent again. */
static void the_status_is_asked_for_ten_times_at_most(void)
{
    struct play play = ordered();
    int asks = 0;
    step(&play, ESIM_SILENCE, NULL);
    while (play.answer.action != ESIM_END && asks < 100) {
        check_sent(&play, "status", ESIM_SAFE);
        asks++;
        if (asks % 2 == 0)
            step(&play, ESIM_SILENCE, NULL);
        else
            answer_code(&play, CODE_INTERNAL);
        if (play.answer.action == ESIM_WAIT) {
            CHECK_INT(play.answer.until_ms, play.now_ms + 30000);
            step(&play, ESIM_TIMER, NULL);
        }
    }
    CHECK_INT(asks, 10);
    check_end(&play, ESIM_UNKNOWN, "answer_lost");
}

static void a_failure_inside_of_the_carrier_is_looked_into_once(void)
{
    struct play play = ordered();
    struct tlv_out answer = coded(CODE_INTERNAL);
    answer_code(&play, CODE_INTERNAL);
    CHECK_INT(play.answer.action, ESIM_WAIT);
    step(&play, ESIM_TIMER, NULL);
    check_sent(&play, "status", ESIM_SAFE);
    answer_status(&play, REQUEST_FINISHED, &answer);
    check_end(&play, ESIM_UNKNOWN, "carrier_failed");
}

/* ---- work that takes long ---- */

static void a_long_request_ends_by_its_event(void)
{
    struct tlv_out results, answer;
    struct play play = ordered();
    answer_code(&play, CODE_IN_PROGRESS);
    CHECK_INT(play.answer.action, ESIM_AWAIT);
    CHECK_TEXT(text(play.answer.key), OP_KEY);
    CHECK_INT(play.answer.until_ms, NOW_MS + 30000);
    results = ordered_results();
    answer = with_results(CODE_OK, &results);
    answer_with(&play, bytes_of(&answer));
    CHECK_INT(play.answer.outcome, ESIM_DONE);
}

static void a_request_that_never_ends_is_left_to_a_person(void)
{
    struct play play = ordered();
    int looks = 0;
    play.settings = "{\"client_id\":\"a\",\"poll_s\":600,\"patience_s\":3600}";
    answer_code(&play, CODE_IN_PROGRESS);
    while (play.answer.action == ESIM_AWAIT && looks < 100) {
        play.now_ms = play.answer.until_ms;
        step(&play, ESIM_SILENCE, NULL);
        check_sent(&play, "status", ESIM_SAFE);
        answer_status(&play, REQUEST_IN_PROGRESS, NULL);
        looks++;
    }
    CHECK_INT(looks, 6);
    check_end(&play, ESIM_UNKNOWN, "still_in_progress");
}

TESTS("mytel_lost", CASE(silence_asks_for_the_status_and_takes_its_answer),
      CASE(a_query_of_the_host_is_the_status_too),
      CASE(a_status_that_cannot_be_read_is_left_to_a_person),
      CASE(the_status_is_asked_for_ten_times_at_most),
      CASE(a_failure_inside_of_the_carrier_is_looked_into_once),
      CASE(a_long_request_ends_by_its_event),
      CASE(a_request_that_never_ends_is_left_to_a_person),
      CASE(memory_goes_back_to_the_host))
