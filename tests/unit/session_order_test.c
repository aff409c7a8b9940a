/* Orders through a kept session, from HTTP to the carrier's bytes and back: the whole
 * host with the parrot in its cell, the carrier played by the test. */
#include "session_scene.h"

#include <signal.h>

/* ---- answers ---- */

static void an_order_is_answered_through_the_session(void)
{
    char id[ID_SIZE], key[64];
    place("sms.send", "hello", id);
    hears_say("hello", key);
    say("ANS", key, "m-77");
    becomes(id, "completed");
}

/* The window lets four out at once; the carrier answers the newest first. */
static void many_orders_share_the_session_in_any_order(void)
{
    char ids[8][ID_SIZE], keys[4][64];
    for (int i = 0; i < 8; i++)
        place("sms.send", "hello", ids[i]);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++)
            hears_say("hello", keys[i]);
        for (int i = 3; i >= 0; i--)
            say("ANS", keys[i], "m");
    }
    for (int i = 0; i < 8; i++)
        becomes(ids[i], "completed");
}

static void a_fact_may_be_the_answer(void)
{
    char id[ID_SIZE], key[64], fact[300];
    place("sms.send", "hello", id);
    hears_say("hello", key);
    CHECK(snprintf(fact, sizeof fact,
                   "FACT 5 {\"kind\": \"message\", \"key\": \"%s\", \"id\": \"f-%s\", "
                   "\"data\": \"m-1\"}",
                   key, key) > 0);
    carrier_say(&carrier, fact);
    hears("ACK 5");
    becomes(id, "completed");
    carrier_say(&carrier, "FACT 6 {\"kind\": \"nonsense\"}"); /* Costs nobody else. */
    hears("ACK 6");
}

static void silence_is_for_the_flow_to_judge(void)
{
    char id[ID_SIZE], key[64];
    place("sms.send", "brief", id);
    hears_say("brief", key);
    becomes(id, "held");
}

/* ---- losses ---- */

static void lose_connection(void)
{
    carrier_hang_up(&carrier);
    be_bound();
}

static void a_lost_once_without_a_query_is_a_persons(void)
{
    char id[ID_SIZE], key[64], other[ID_SIZE];
    place("sms.send", "hello", id);
    hears_say("hello", key);
    lose_connection();
    becomes(id, "held");
    place("sms.send", "other", other); /* And was not said again before. */
    hears_say("other", key);
    say("ANS", key, "m");
    becomes(other, "completed");
}

static void a_lost_once_is_asked_about_and_not_sent_again(void)
{
    char id[ID_SIZE], key[64], query[66], asked[64];
    place("line.activate", "hello", id);
    hears_say("hello", key);
    lose_connection();
    CHECK(snprintf(query, sizeof query, "q%s", key) > 0);
    hears_say("hello", asked);
    CHECK_TEXT(asked, query);
    say("ANS", asked, "m");
    becomes(id, "completed");
}

static void what_did_not_happen_is_sent_again(void)
{
    char id[ID_SIZE], key[64], asked[64], again[64];
    place("line.activate", "hello", id);
    hears_say("hello", key);
    say("GONE", key, "");
    hears_say("hello", asked);
    say("ANS", asked, "not-done");
    hears_say("hello", again);
    CHECK_TEXT(again, key);
    say("ANS", again, "m");
    becomes(id, "completed");
}

static void a_lost_safe_one_is_sent_again(void)
{
    static const char *const types[] = { "usage.read", "line.suspend" };
    for (int i = 0; i < 2; i++) {
        char id[ID_SIZE], key[64], again[64];
        place(types[i], "hello", id);
        hears_say("hello", key);
        lose_connection();
        hears_say("hello", again);
        CHECK_TEXT(again, key);
        say("ANS", again, "m");
        becomes(id, "completed");
    }
}

static void what_the_carrier_did_not_take_is_submitted_again(void)
{
    char id[ID_SIZE], key[64], again[64];
    place("sms.send", "hello", id);
    for (int i = 0; i < 3; i++) {
        hears_say("hello", key);
        say("BUSY", key, "5");
    }
    hears_say("hello", again);
    CHECK_TEXT(again, key);
    say("ANS", again, "m");
    becomes(id, "completed");
}

static void an_order_waits_for_the_session_to_come_back(void)
{
    char id[ID_SIZE], key[64];
    carrier_say(&carrier, "LATER 300 lunch");
    int64_t from_us = clock_mono_us();
    while (!carrier.ended && patient(from_us))
        ;
    carrier_hang_up(&carrier);
    place("sms.send", "hello", id);
    be_bound();
    hears_say("hello", key);
    say("ANS", key, "m");
    becomes(id, "completed");
}

/* ---- the cell ---- */

/* The carrier says it once; the cell that heard it may take it to the grave. */
static void an_answer_that_a_cell_died_of_is_told_again(void)
{
    for (int i = 0; i < 4; i++) {
        char id[ID_SIZE], key[64];
        place("sms.send", "hello", id);
        hears_say("hello", key);
        say("ANS", key, "dizzy");
        becomes(id, "completed");
    }
}

static void people_see_how_the_session_is(void)
{
    char id[ID_SIZE], key[64];
    shows("\"state\":\"bound\",\"window\":4,\"outstanding\":0,\"queued\":0");
    place("sms.send", "hello", id);
    hears_say("hello", key);
    shows("\"outstanding\":1");
    say("ANS", key, "m");
    becomes(id, "completed");
}

/* Promise 17: a reload drops no carrier session. */
static void a_reload_keeps_the_connection_and_what_is_out(void)
{
    char id[ID_SIZE], key[64], after[ID_SIZE];
    place("sms.send", "hello", id);
    hears_say("hello", key);
    for (int revision = 2; revision < 6; revision++)
        reload(revision);
    say("ANS", key, "m");
    becomes(id, "completed");
    place("sms.send", "after", after);
    hears_say("after", key);
    say("ANS", key, "m");
    becomes(after, "completed");
    CHECK(!carrier.ended);
}

static void another_place_gets_a_connection_of_its_own(void)
{
    char id[ID_SIZE], key[64];
    struct carrier old = carrier;
    carrier_start(&carrier, NULL);
    put_place(rig, carrier.port);
    place("line.activate", "hello", id);
    struct carrier fresh = carrier;
    carrier = old;
    hears_say("hello", key);
    carrier = fresh;
    reload(6);
    be_bound();
    old.connected = true;
    fresh = carrier;
    carrier = old;
    hears("BYE"); /* Said, and what was out is asked about at the new place. */
    carrier_stop(&carrier);
    carrier = fresh;
    hears_say("hello", key);
    CHECK(key[0] == 'q');
    say("ANS", key, "m");
    becomes(id, "completed");
}

static void first(void)
{
    start();
    shows("\"state\":\"bound\"");
}

/* A stop in the middle says goodbye; nothing that is out is forgotten. */
static void a_stop_says_goodbye(void)
{
    char id[ID_SIZE], key[64];
    stop();
    start();
    place("sms.send", "hello", id);
    hears_say("hello", key);
    rig_stop(&rig);
    hears("BYE");
    carrier_stop(&carrier);
}

TESTS("session_order", CASE(first), CASE(an_order_is_answered_through_the_session),
      CASE(many_orders_share_the_session_in_any_order), CASE(a_fact_may_be_the_answer),
      CASE(silence_is_for_the_flow_to_judge),
      CASE(a_lost_once_without_a_query_is_a_persons),
      CASE(a_lost_once_is_asked_about_and_not_sent_again),
      CASE(what_did_not_happen_is_sent_again), CASE(a_lost_safe_one_is_sent_again),
      CASE(what_the_carrier_did_not_take_is_submitted_again),
      CASE(an_order_waits_for_the_session_to_come_back),
      CASE(an_answer_that_a_cell_died_of_is_told_again),
      CASE(people_see_how_the_session_is),
      CASE(a_reload_keeps_the_connection_and_what_is_out),
      CASE(another_place_gets_a_connection_of_its_own), CASE(a_stop_says_goodbye))
