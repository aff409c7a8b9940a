/* Requests, replies, heartbeat and events on an open Mytel session. */
#include "check.h"

#include "mytel_line.h"

/* ---- requests ---- */

static void replies_in_any_order_find_their_operations(void)
{
    static const unsigned order[] = { 3, 1, 5, 2, 4 };
    struct line line = bound();
    for (unsigned n = 1; n <= 5; n++)
        submit(&line, n);
    for (size_t i = 0; i < 5; i++) {
        reply(&line, order[i], 2 + order[i], CODE_OK);
        const struct esim_act *act = act_of(&line, ESIM_ACT_DELIVER);
        CHECK_FATAL(act != NULL);
        CHECK_TEXT(text(act->key), key_number(order[i]));
        CHECK_INT(count_of(&line, ESIM_ACT_DELIVER), 1);
    }
}

/* Its operation has asked for the status by now; it must not end twice. */
static void a_second_reply_is_nothing(void)
{
    struct line line = bound();
    submit(&line, 1);
    reply(&line, 1, 3, CODE_OK);
    reply(&line, 1, 3, CODE_STOCK_EMPTY);
    CHECK_INT(line.answer.act_count, 0);
}

static void a_reply_to_what_was_never_asked_ends_the_connection(void)
{
    static const uint32_t answers[] = { 0, 4, 0xFFFFFFFF };
    for (size_t i = 0; i < 3; i++) {
        struct line line = bound();
        submit(&line, 1);
        reply(&line, 1, answers[i], CODE_OK);
        CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    }
    struct line line = bound();
    submit(&line, 1);
    reply(&line, 2, 3, CODE_OK); /* The right frame, another's id. */
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    CHECK(act_of(&line, ESIM_ACT_DELIVER) == NULL);
}

static void a_request_that_was_not_carried_out_is_handed_back(void)
{
    static const uint16_t codes[] = { CODE_BUSY, CODE_THROTTLED, CODE_WINDOW_EXCEEDED,
                                      CODE_MAINTENANCE, 0x01FF };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct line line = bound();
        submit(&line, 1);
        reply(&line, 1, 3, codes[i]);
        CHECK_FATAL(act_of(&line, ESIM_ACT_BACK) != NULL);
        CHECK_INT(act_of(&line, ESIM_ACT_BACK)->number, 1000);
    }
    struct line line = bound();
    struct tlv_out out = values();
    submit(&line, 1);
    mytel_tlv_put_number(&out, TAG_CODE, CODE_THROTTLED);
    mytel_tlv_put_number(&out, TAG_RETRY_AFTER_MS, 2500);
    hear(&line, FRAME_REPLY, 3, &out);
    CHECK_INT(act_of(&line, ESIM_ACT_BACK)->number, 2500);
    line = bound();
    submit(&line, 1);
    reply(&line, 1, 3, CODE_EXPIRED); /* These bytes are good no more. */
    CHECK(act_of(&line, ESIM_ACT_DELIVER) != NULL);
}

/* Results are the flow's to judge; one bad reply must not cost the others. */
static void a_reply_with_unreadable_results_is_delivered(void)
{
    struct line line = bound();
    struct tlv_out out = values();
    submit(&line, 1);
    mytel_tlv_put_number(&out, TAG_CODE, CODE_OK);
    mytel_tlv_put(&out, TAG_RESULTS, "\x02", 1);
    hear(&line, FRAME_REPLY, 3, &out);
    CHECK(act_of(&line, ESIM_ACT_DELIVER) != NULL);
    CHECK(act_of(&line, ESIM_ACT_CLOSE) == NULL);
}

static void the_window_is_the_smaller_of_both_sides(void)
{
    struct line line = bound();
    line.settings = "{\"client_id\":\"acme-01\",\"window_most\":5}";
    hear_example(&line, 15); /* Sequence 8: not the next one. */
    CHECK_INT(close_reason(&line), CLOSE_BAD_SEQUENCE);
    line = bound();
    line.settings = "{\"client_id\":\"acme-01\",\"window_most\":5}";
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_WINDOW, 8);
    hear(&line, FRAME_WINDOW, 0, &out);
    CHECK_INT(ready(&line), 5);
    out = values();
    mytel_tlv_put_number(&out, TAG_WINDOW, 0);
    hear(&line, FRAME_WINDOW, 0, &out);
    CHECK_INT(ready(&line), 0);
    submit(&line, 1);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    CHECK_TEXT(text(act_of(&line, ESIM_ACT_BACK)->key), key_number(1));
}

static void no_more_requests_are_open_than_the_window_allows(void)
{
    struct line line = bound();
    for (unsigned n = 1; n <= 16; n++) {
        submit(&line, n);
        CHECK_INT(written(&line).type, FRAME_REQUEST);
        CHECK_INT(written(&line).sequence, 2 + n);
    }
    submit(&line, 17);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    CHECK(act_of(&line, ESIM_ACT_BACK) != NULL);
    reply(&line, 7, 9, CODE_OK);
    submit(&line, 17);
    CHECK_INT(written(&line).sequence, 19);
}

/* The largest window that the settings allow, full: the host keeps at most 256 KiB. */
static void a_full_window_of_two_hundred_is_kept(void)
{
    struct line line = bound();
    line.settings = "{\"client_id\":\"acme-01\",\"window_most\":200}";
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_WINDOW, 65535);
    hear(&line, FRAME_WINDOW, 0, &out);
    CHECK_INT(ready(&line), 200);
    for (unsigned n = 1; n <= 200; n++) {
        submit(&line, n);
        CHECK_INT(written(&line).type, FRAME_REQUEST);
    }
    CHECK(line.state.size < 8192);
    line.now_ms += 25000;
    tell(&line, ESIM_TICK);
    CHECK_INT(count_of(&line, ESIM_ACT_LOST), 200);
    submit(&line, 1);
    CHECK_INT(written(&line).type, FRAME_REQUEST);
}

static void a_request_without_reply_is_lost_after_a_while(void)
{
    struct line line = bound();
    submit(&line, 1);
    line.now_ms += 10000;
    submit(&line, 2);
    line.now_ms = NOW_MS + 25000;
    tell(&line, ESIM_TICK);
    CHECK_INT(count_of(&line, ESIM_ACT_LOST), 1);
    CHECK_TEXT(text(act_of(&line, ESIM_ACT_LOST)->key), key_number(1));
    CHECK_INT(act_of(&line, ESIM_ACT_TIMER)->number, NOW_MS + 35000);
    reply(&line, 1, 3, CODE_OK);
    CHECK(act_of(&line, ESIM_ACT_DELIVER) == NULL);
    reply(&line, 2, 4, CODE_OK);
    CHECK(act_of(&line, ESIM_ACT_DELIVER) != NULL);
}

static void a_submit_that_is_none_of_ours_is_not_sent(void)
{
    struct line line = bound();
    static const char *const keys[] = { "", "key", "0190a0b011117222833344445555666",
                                        "0190a0b011117222833344445555666g" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        tell_bytes(&line, ESIM_SUBMIT, bytes(keys[i]), bytes("x"));
        CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
        CHECK(act_of(&line, ESIM_ACT_LOST) != NULL);
    }
    struct esim_bytes long_one = { host_alloc(FRAME_MOST), FRAME_MOST };
    tell_bytes(&line, ESIM_SUBMIT, bytes(key_number(1)), long_one);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    CHECK(act_of(&line, ESIM_ACT_LOST) != NULL);
}

/* ---- heartbeat ---- */

static void an_idle_line_is_pinged_and_a_ping_is_answered(void)
{
    struct line line = bound();
    line.now_ms += 29999;
    tell(&line, ESIM_TICK);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    CHECK_INT(act_of(&line, ESIM_ACT_TIMER)->number, NOW_MS + 30000);
    hear(&line, FRAME_PING, 0, NULL);
    CHECK_INT(written(&line).type, FRAME_PONG);
    CHECK_INT(written(&line).answers, 3);
    line.now_ms += 1;
    tell(&line, ESIM_TICK); /* The PONG was a sign of life. */
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    line.now_ms += 30000;
    tell(&line, ESIM_TICK);
    CHECK_INT(written(&line).type, FRAME_PING);
}

/* Half open: the carrier's machine is gone and TCP has not noticed. */
static void a_line_on_which_nothing_comes_is_closed(void)
{
    struct line line = bound();
    for (int i = 1; i < 60; i++) {
        line.now_ms = NOW_MS + i * 1000;
        tell(&line, ESIM_TICK);
        CHECK(act_of(&line, ESIM_ACT_CLOSE) == NULL);
        if (i % 10 == 0)
            submit(&line, (unsigned)i); /* Writing alone proves nothing. */
    }
    line.now_ms = NOW_MS + 60000;
    tell(&line, ESIM_TICK);
    CHECK_INT(close_reason(&line), CLOSE_SILENT);
    CHECK_INT(close_retry_ms(&line), 0);
}

/* ---- events ---- */

static struct tlv_out event(uint64_t kind, const struct tlv_out *details)
{
    static const uint8_t id[16] = { 0xAB };
    struct tlv_out out = values();
    mytel_tlv_put(&out, TAG_EVENT_ID, id, sizeof id);
    mytel_tlv_put_number(&out, TAG_EVENT_KIND, kind);
    mytel_tlv_put_number(&out, TAG_AT, NOW_MS);
    mytel_tlv_put(&out, TAG_DETAILS, details->bytes, details->size);
    return out;
}

static void a_change_of_a_profile_becomes_a_fact_and_is_acknowledged_behind_it(void)
{
    struct line line = bound();
    struct tlv_out details = values();
    put_text(&details, TAG_ICCID, ICCID);
    put_text(&details, TAG_EID, EID);
    mytel_tlv_put_number(&details, TAG_PROFILE_STATE, 8);
    mytel_tlv_put_number(&details, TAG_POINT, 3);
    mytel_tlv_put_number(&details, TAG_CODE, CODE_EID_REFUSED);
    struct tlv_out out = event(EVENT_PROFILE_CHANGED, &details);
    hear(&line, FRAME_EVENT, 0, &out);
    CHECK_INT(line.answer.act_count, 2);
    CHECK_INT(line.answer.acts[0].kind, ESIM_ACT_REPORT);
    CHECK_TEXT(
        text(line.answer.acts[0].bytes),
        "{\"kind\":\"profile\",\"key\":\"" ICCID
        "\",\"id\":\"ab000000000000000000000000000000\",\"data\":{\"state\":"
        "\"Error\",\"point\":\"download\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":"
        "\"" EID "\",\"problem\":{\"code\":\"eid_refused\",\"message\":\"The "
        "carrier does not give profiles to this device: check its EID and "
        "model.\",\"carrier_code\":\"0x030B EID_REFUSED\"}}}");
    CHECK_INT(line.answer.acts[1].kind, ESIM_ACT_WRITE);
    CHECK_INT(written(&line).type, FRAME_EVENT_ACK);
    CHECK_INT(written(&line).answers, 3);
    /* The carrier lost the ACK: the same fact id makes it harmless. */
    hear(&line, FRAME_EVENT, 0, &out);
    CHECK(strstr(text(act_of(&line, ESIM_ACT_REPORT)->bytes),
                 "\"id\":\"ab000000000000000000000000000000\"") != NULL);
    CHECK_INT(written(&line).answers, 4);
}

static void the_end_of_a_request_goes_to_its_operation(void)
{
    struct line line = bound();
    struct tlv_out details = values();
    uint8_t id[16] = { 0 };
    id[15] = 7;
    mytel_tlv_put(&details, TAG_TARGET_ID, id, sizeof id);
    size_t mark = mytel_tlv_open(&details, TAG_ANSWER);
    mytel_tlv_put_number(&details, TAG_CODE, CODE_STOCK_EMPTY);
    mytel_tlv_close(&details, mark);
    struct tlv_out out = event(EVENT_REQUEST_FINISHED, &details);
    hear(&line, FRAME_EVENT, 0, &out);
    const struct esim_act *act = act_of(&line, ESIM_ACT_DELIVER);
    CHECK_FATAL(act != NULL);
    CHECK_TEXT(text(act->key), key_number(7));
    CHECK(same(act->bytes, (struct esim_bytes){ "\x01\x04\x00\x02\x03\x04", 6 }));
    CHECK_INT(written(&line).type, FRAME_EVENT_ACK);
}

/* Else it would be sent for ever. */
static void an_event_that_cannot_be_used_is_acknowledged_all_the_same(void)
{
    static const uint64_t kinds[] = { 0, 1, 2, 3, 4, 0xFFFF };
    for (size_t i = 0; i < 2 * sizeof kinds / sizeof kinds[0]; i++) {
        struct line line = bound();
        struct tlv_out details = values();
        if (i % 2 == 1) /* An EID of one digit: no value of the catalogue. */
            put_text(&details, TAG_EID, "8");
        struct tlv_out out = event(kinds[i / 2], &details);
        hear(&line, FRAME_EVENT, 0, &out);
        CHECK_INT(line.answer.act_count, 1);
        CHECK_INT(written(&line).type, FRAME_EVENT_ACK);
    }
    struct line line = bound();
    struct tlv_out details = values();
    put_text(&details, TAG_MSISDN, "959790000001");
    mytel_tlv_put_number(&details, TAG_LINE_STATE, 3);
    struct tlv_out out = event(EVENT_LINE_CHANGED, &details);
    hear(&line, FRAME_EVENT, 0, &out);
    CHECK(strstr(text(act_of(&line, ESIM_ACT_REPORT)->bytes),
                 "{\"kind\":\"line\",\"key\":\"959790000001\",") != NULL);
    CHECK(strstr(text(act_of(&line, ESIM_ACT_REPORT)->bytes),
                 "\"data\":{\"state\":\"SUSPENDED\"") != NULL);
    CHECK_INT(written(&line).type, FRAME_EVENT_ACK);
}

TESTS("mytel_request", CASE(replies_in_any_order_find_their_operations),
      CASE(a_second_reply_is_nothing),
      CASE(a_reply_to_what_was_never_asked_ends_the_connection),
      CASE(a_request_that_was_not_carried_out_is_handed_back),
      CASE(a_reply_with_unreadable_results_is_delivered),
      CASE(the_window_is_the_smaller_of_both_sides),
      CASE(no_more_requests_are_open_than_the_window_allows),
      CASE(a_full_window_of_two_hundred_is_kept),
      CASE(a_request_without_reply_is_lost_after_a_while),
      CASE(a_submit_that_is_none_of_ours_is_not_sent),
      CASE(an_idle_line_is_pinged_and_a_ping_is_answered),
      CASE(a_line_on_which_nothing_comes_is_closed),
      CASE(a_change_of_a_profile_becomes_a_fact_and_is_acknowledged_behind_it),
      CASE(the_end_of_a_request_goes_to_its_operation),
      CASE(an_event_that_cannot_be_used_is_acknowledged_all_the_same),
      CASE(memory_goes_back_to_the_host))
