/* What reads in the Mytel adapter: usage from page to page, silence, and the settings. */
#include "check.h"

#include "mytel_op.h"

#define PERIOD "\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-02T00:00:00Z\""

static struct play asked(void)
{
    return begun(ESIM_USAGE_READ, "{\"msisdn\":\"959790000001\"," PERIOD "}");
}

static void put_record(struct tlv_out *out, int64_t from_ms, uint64_t down)
{
    size_t mark = mytel_tlv_open(out, TAG_RECORD);
    mytel_tlv_put_number(out, TAG_FROM, (uint64_t)from_ms);
    mytel_tlv_put_number(out, TAG_TO, (uint64_t)from_ms + 60000);
    mytel_tlv_put_number(out, TAG_BYTES_DOWN, down);
    mytel_tlv_put_number(out, TAG_SMS, 2);
    mytel_tlv_close(out, mark);
}

static void answer_page(struct play *play, size_t records, const char *cursor)
{
    struct tlv_out results = values();
    for (size_t i = 0; i < records; i++)
        put_record(&results, NOW_MS + (int64_t)i * 60000, 1000 + i);
    if (cursor != NULL)
        put_text(&results, TAG_CURSOR, cursor);
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(play, bytes_of(&out));
}

static void usage_without_records_is_an_empty_list(void)
{
    struct play play = asked();
    answer_page(&play, 0, NULL);
    check_done(&play, "{\"records\":[]}");
}

static void records_come_as_the_carrier_counts_them(void)
{
    struct play play = asked();
    answer_page(&play, 1, NULL);
    check_done(&play, "{\"records\":[{\"from\":\"2026-01-02T03:04:05Z\",\"to\":"
                      "\"2026-01-02T03:05:05Z\",\"bytes_down\":1000,\"sms\":2}]}");
}

static void pages_are_asked_for_by_the_carriers_cursor(void)
{
    struct play play = asked();
    struct tlv_list params, cursor;
    answer_page(&play, 3, "next\1page");
    check_sent(&play, "read", ESIM_SAFE);
    CHECK(mytel_tlv_find(list_of(play.answer.send.payload), TAG_PARAMS, &params));
    CHECK_FATAL(mytel_tlv_find(params, TAG_CURSOR, &cursor));
    CHECK(cursor.size == 9 && memcmp(cursor.ptr, "next\1page", 9) == 0);
    answer_page(&play, 2, NULL);
    CHECK_INT(play.answer.outcome, ESIM_DONE);
    json_t *result = esim_json_read(play.answer.result);
    CHECK_INT(json_array_size(json_object_get(result, "records")), 5);
}

/* A carrier that never ends must not fill our store. */
static void more_records_than_fit_are_refused(void)
{
    struct play play = asked();
    for (int i = 0; i < 10 && play.answer.action == ESIM_SEND; i++) {
        CHECK(play.state.size < 65536);
        answer_page(&play, 100, "more");
    }
    check_end(&play, ESIM_REFUSED, "period_too_long");
    play = asked();
    for (int i = 0; i < 100 && play.answer.action == ESIM_SEND; i++)
        answer_page(&play, 0, "more");
    check_end(&play, ESIM_REFUSED, "period_too_long");
    play = asked();
    answer_page(&play, 101, NULL);
    check_end(&play, ESIM_REFUSED, "reply_unreadable");
}

static void what_cannot_be_read_is_refused_and_changes_nothing(void)
{
    struct play play = asked();
    struct tlv_out results = values();
    size_t mark = mytel_tlv_open(&results, TAG_RECORD);
    mytel_tlv_close(&results, mark); /* A record without its period. */
    struct tlv_out out = with_results(CODE_OK, &results);
    answer_with(&play, bytes_of(&out));
    check_end(&play, ESIM_REFUSED, "reply_unreadable");
    play = asked();
    answer_with(&play, bytes("junk"));
    check_end(&play, ESIM_REFUSED, "reply_unreadable");
    play = begun(ESIM_PROFILE_STATUS, "{\"iccid\":\"" ICCID "\"}");
    answer_code(&play, CODE_OK);
    check_end(&play, ESIM_REFUSED, "reply_unreadable");
}

static void a_read_without_an_answer_may_begin_anew(void)
{
    struct play play = asked();
    struct esim_bytes state = play.state;
    step(&play, ESIM_SILENCE, NULL);
    check_end(&play, ESIM_NOT_YET, "no_answer");
    play.state = state;
    answer_code(&play, CODE_INTERNAL);
    check_end(&play, ESIM_NOT_YET, "no_answer");
    play.state = state;
    answer_code(&play, CODE_MSISDN_UNKNOWN);
    check_end(&play, ESIM_REFUSED, "line_unknown");
    play.state = state;
    step(&play, ESIM_QUERY, NULL);
    check_sent(&play, "read", ESIM_SAFE);
}

/* ---- settings ---- */

static void wrong_settings_are_named(void)
{
    /* clang-format off */
    static const struct { const char *settings, *name; } rows[] = {
        { "{\"client_id\":\"acme-01\"}", NULL },
        { "{\"client_id\":\"a\",\"window_most\":200,\"ttl_s\":60,\"poll_s\":1,"
          "\"patience_s\":518400,\"profile_type\":\"P1\"}", NULL },
        { "{\"client_id\":\"a\",\"profile_type\":null}", NULL },
        { "[]", "" },
        { "", "" },
        { "{}", "client_id" },
        { "{\"client_id\":\"\"}", "client_id" },
        { "{\"client_id\":\"a\\nb\"}", "client_id" },
        { "{\"client_id\":\"0123456789012345678901234567890123456789012345678901234567890123x\"}", "client_id" },
        { "{\"client_id\":\"a\",\"profile_type\":7}", "profile_type" },
        { "{\"client_id\":\"a\",\"window_most\":0}", "window_most" },
        { "{\"client_id\":\"a\",\"window_most\":201}", "window_most" },
        { "{\"client_id\":\"a\",\"ttl_s\":\"60\"}", "ttl_s" },
        { "{\"client_id\":\"a\",\"ttl_s\":86001}", "ttl_s" },
        { "{\"client_id\":\"a\",\"poll_s\":0}", "poll_s" },
        { "{\"client_id\":\"a\",\"patience_s\":518401}", "patience_s" },
    };
    /* clang-format on */
    start();
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct esim_problem *problem = check->settings(bytes(rows[i].settings));
        CHECK((problem == NULL) == (rows[i].name == NULL));
        if (problem != NULL && rows[i].name != NULL)
            CHECK_TEXT(text(problem->code), rows[i].name);
    }
}

static void the_entry_offers_what_it_declares(void)
{
    start();
    const struct esim_flows *flows = esim_entry.ability(ESIM_ABILITY_FLOWS);
    for (uint32_t i = 0; i < flows->count; i++)
        CHECK_TEXT(esim_entry.about->capabilities[i], flows->flows[i].capability);
    CHECK_TEXT(esim_entry.about->capabilities[flows->count], "");
    for (size_t i = 0; esim_entry.about->abilities[i][0] != '\0'; i++)
        CHECK(esim_entry.ability(esim_entry.about->abilities[i]) != NULL);
    CHECK(esim_entry.ability(ESIM_ABILITY_INBOUND) == NULL);
}

TESTS("mytel_read", CASE(usage_without_records_is_an_empty_list),
      CASE(records_come_as_the_carrier_counts_them),
      CASE(pages_are_asked_for_by_the_carriers_cursor),
      CASE(more_records_than_fit_are_refused),
      CASE(what_cannot_be_read_is_refused_and_changes_nothing),
      CASE(a_read_without_an_answer_may_begin_anew), CASE(wrong_settings_are_named),
      CASE(the_entry_offers_what_it_declares), CASE(memory_goes_back_to_the_host))
