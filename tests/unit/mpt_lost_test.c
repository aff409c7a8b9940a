/* Operations of the MPT adapter whose answers are lost, late or in another order. */
#include "check.h"

#include "mpt_flow_play.h"

/* ---- lost answers ---- */

/* Nothing is sent again before reply, receipt and query_sm had their say. */
static void an_unanswered_command_is_asked_about_before_a_person(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    nothing_comes();
    awaits("id-77", 500);
    nothing_comes();
    sends(text(esim_format("q%s", reference())), ESIM_SAFE);
    struct smpp_pdu query = sent_part(0, SMPP_QUERY_SM);
    CHECK_TEXT(text(query.message_id), "77");
    CHECK_TEXT(text(query.source.text), "8888");
    queried(0, SMPP_ENROUTE);
    awaits(reference(), 300000);
    nothing_comes();
    ends(ESIM_UNKNOWN, "no_reply");
    CHECK_TEXT(text(op.answer.problem.carrier_code), "ENROUTE");
    CHECK(strstr(text(op.answer.problem.message), reference()) != NULL);
}

static void a_query_that_says_expired_lets_it_be_sent_again(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    nothing_comes();
    nothing_comes();
    queried(0, SMPP_EXPIRED);
    ends(ESIM_NOT_YET, "not_delivered");
}

static void a_query_that_fails_decides_nothing(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    nothing_comes();
    nothing_comes();
    queried(0x67, SMPP_STATE_NONE);
    awaits(reference(), 1000);
    replies("OK REF"); /* It came while we asked. */
    ends(ESIM_DONE, "");
}

static void a_kept_receipt_is_found_by_its_id(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    responds(0, "77");
    nothing_comes();
    awaits("id-77", 500);
    tells("77", SMPP_REJECTED);
    ends(ESIM_REFUSED, "not_delivered");
}

static void a_lost_response_is_settled_by_what_comes(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    step(ESIM_QUERY, NULL);
    awaits(reference(), 300000);
    replies("OK REF");
    ends(ESIM_DONE, "");

    begin(ESIM_LINE_ACTIVATE, MSISDN);
    step(ESIM_QUERY, NULL);
    responds(0x58, ""); /* Late: it was not taken, so it may be sent again. */
    ends(ESIM_NOT_YET, "throttled");

    begin(ESIM_LINE_ACTIVATE, MSISDN);
    step(ESIM_QUERY, NULL);
    tells("99", SMPP_UNDELIVERABLE);
    ends(ESIM_NOT_YET, "not_delivered");

    begin(ESIM_LINE_ACTIVATE, MSISDN);
    step(ESIM_QUERY, NULL);
    tells("99", SMPP_DELIVERED); /* It arrived: now the reply decides. */
    awaits(reference(), 300000);
    nothing_comes();
    awaits(reference(), 1000);
    nothing_comes();
    ends(ESIM_UNKNOWN, "no_reply");

    begin(ESIM_LINE_ACTIVATE, MSISDN);
    step(ESIM_QUERY, NULL);
    nothing_comes();
    ends(ESIM_UNKNOWN, "answer_lost");
}

/* The host may tell a lost submit as silence. */
static void silence_after_the_command_is_a_lost_response(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    nothing_comes();
    awaits(reference(), 300000);
    nothing_comes();
    ends(ESIM_UNKNOWN, "answer_lost");
}

/* After a retry, a late response of the first try must not pass for the second's. */
static void the_response_to_an_earlier_try_is_no_answer(void)
{
    begin(ESIM_LINE_ACTIVATE, MSISDN);
    op.attempt = 2;
    op.state_size = 0;
    step(ESIM_START, NULL);
    struct mpt_answer part = { 0x0B, "" };
    step(ESIM_MESSAGE, text(mpt_response_write(1, &part, 1)));
    awaits(reference(), 300000);
    responds(0, "78");
    awaits(reference(), 300000);
}

/* In no order of losses does a flow answer a second ONCE exchange. */
static void no_command_is_ever_sent_twice_by_its_flow(void)
{
    for (unsigned walk = 0; walk < 4096; walk++) {
        begin(ESIM_LINE_ACTIVATE, MSISDN);
        unsigned left = walk, once = 0;
        for (int i = 0; i < 12 && op.answer.action != ESIM_END; i++, left /= 4) {
            once += op.answer.action == ESIM_SEND && op.answer.send.repeat == ESIM_ONCE;
            bool is_once = op.answer.action == ESIM_SEND &&
                           op.answer.send.repeat == ESIM_ONCE;
            if (left % 4 == 0)
                nothing_comes();
            else if (left % 4 == 1 && is_once)
                step(ESIM_QUERY, NULL);
            else if (left % 4 == 2)
                responds(0, "77");
            else
                queried(0, SMPP_ACCEPTED);
        }
        CHECK_INT(once, 1);
    }
}

/* ---- sms.send ---- */

#define HELLO "{\"to\":\"+959123456\",\"text\":\"Hello\"}"

static void a_message_is_done_when_its_receipt_says_so(void)
{
    begin(ESIM_SMS_SEND, HELLO);
    sends(reference(), ESIM_ONCE);
    struct smpp_pdu pdu = sent_part(0, SMPP_SUBMIT_SM);
    CHECK_TEXT(text(pdu.dest.text), "959123456");
    CHECK_INT(pdu.dest.ton, 1);
    responds(0, "77");
    awaits(reference(), 120000);
    tells("77", SMPP_DELIVERED);
    ends_done("{\"message_id\":\"77\",\"state\":\"DELIVERED\"}");
    begin(ESIM_SMS_SEND, HELLO);
    responds(0, "77");
    tells("77", SMPP_UNDELIVERABLE);
    ends(ESIM_REFUSED, "not_delivered");
}

static void without_receipts_the_response_is_enough(void)
{
    begin(ESIM_SMS_SEND, HELLO);
    op.settings = "{\"receipts\":\"none\"}";
    op.state_size = 0;
    step(ESIM_START, NULL);
    CHECK_INT(sent_part(0, SMPP_SUBMIT_SM).registered_delivery, 0);
    responds(0, "77");
    ends_done("{\"message_id\":\"77\",\"state\":\"ACCEPTED\"}");
}

static void a_receipt_that_does_not_come_is_asked_for(void)
{
    begin(ESIM_SMS_SEND, HELLO);
    responds(0, "77");
    nothing_comes();
    awaits("id-77", 500);
    nothing_comes();
    sends(text(esim_format("q%s", reference())), ESIM_SAFE);
    queried(0, SMPP_DELIVERED);
    ends_done("{\"message_id\":\"77\",\"state\":\"DELIVERED\"}");
    begin(ESIM_SMS_SEND, HELLO);
    responds(0, "77");
    nothing_comes();
    nothing_comes();
    queried(0x67, SMPP_STATE_NONE);
    ends_done("{\"message_id\":\"77\",\"state\":\"ACCEPTED\"}");
}

static void a_lost_message_is_settled_or_needs_a_person(void)
{
    begin(ESIM_SMS_SEND, HELLO);
    step(ESIM_QUERY, NULL);
    awaits(reference(), 120000);
    tells("88", SMPP_DELIVERED);
    ends_done("{\"message_id\":\"88\",\"state\":\"DELIVERED\"}");
    begin(ESIM_SMS_SEND, HELLO);
    step(ESIM_QUERY, NULL);
    nothing_comes();
    ends(ESIM_UNKNOWN, "answer_lost");
}

TESTS("mpt_lost", CASE(an_unanswered_command_is_asked_about_before_a_person),
      CASE(a_query_that_says_expired_lets_it_be_sent_again),
      CASE(a_query_that_fails_decides_nothing), CASE(a_kept_receipt_is_found_by_its_id),
      CASE(a_lost_response_is_settled_by_what_comes),
      CASE(silence_after_the_command_is_a_lost_response),
      CASE(the_response_to_an_earlier_try_is_no_answer),
      CASE(no_command_is_ever_sent_twice_by_its_flow),
      CASE(a_message_is_done_when_its_receipt_says_so),
      CASE(without_receipts_the_response_is_enough),
      CASE(a_receipt_that_does_not_come_is_asked_for),
      CASE(a_lost_message_is_settled_or_needs_a_person),
      CASE(memory_goes_back_to_the_host))
