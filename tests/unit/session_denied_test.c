/* A carrier that refuses our login: orders end or wait, and go on when it lets us in. */
#include "session_scene.h"

static void a_refused_login_is_seen_and_told(void)
{
    start();
    carrier_say(&carrier, "LATER 5 again");
    int64_t from_us = clock_mono_us();
    while (!carrier.ended && patient(from_us))
        ;
    carrier_hang_up(&carrier);
    hears("LOGIN nobody");
    carrier_say(&carrier, "NO");
    shows("\"state\":\"refused\"");
    shows("\"unauthorised\":true");
    shows("the login was refused");
    shows("\"connection\":\"refused\"");
    CHECK_INT(told("adapter.unauthorised", 1), 1);
}

/* Nothing was done for it: it ends, and says why, without another login. */
static void an_order_ends_while_the_login_is_refused(void)
{
    char id[ID_SIZE], text[4096];
    carrier_hang_up(&carrier);
    place("line.activate", "hello", id);
    becomes(id, "failed");
    CHECK(order_is(id, "failed", text, sizeof text));
    CHECK(strstr(text, "\"code\":\"unauthorised\"") != NULL);
    CHECK(strstr(text, "the login was refused") != NULL);
    carrier_turn(&carrier);
    CHECK(!carrier.connected);
}

static void a_reload_serves_at_once_what_was_put_right(void)
{
    char id[ID_SIZE], key[64];
    reload(2);
    place("sms.send", "hello", id);
    be_bound();
    hears_say("hello", key);
    say("ANS", key, "m");
    becomes(id, "completed");
    shows("\"unauthorised\":false");
    CHECK_INT(told("adapter.authorised", 1), 1);
    CHECK_INT(told("adapter.unauthorised", 1), 1);
}

/* It was accepted when the carrier was only away: it goes on when we are let in. */
static void an_order_that_waits_goes_on_when_we_are_let_in(void)
{
    char id[ID_SIZE], key[64];
    carrier_say(&carrier, "LATER 5 again");
    int64_t from_us = clock_mono_us();
    while (!carrier.ended && patient(from_us))
        ;
    place("usage.read", "hello", id);
    becomes(id, "inProgress");
    carrier_hang_up(&carrier);
    hears("LOGIN nobody");
    carrier_say(&carrier, "OK 4");
    hears_say("hello", key);
    carrier_hang_up(&carrier); /* Sent, and lost: it is to be sent again. */
    hears("LOGIN nobody");
    carrier_say(&carrier, "NO");
    shows("\"state\":\"refused\"");
    carrier_hang_up(&carrier);
    becomes(id, "pending");
    char text[4096];
    CHECK(order_is(id, "pending", text, sizeof text));
    CHECK(strstr(text, "\"code\":\"unauthorised\"") != NULL);
    CHECK(strstr(text, "next_try") != NULL);
    reload(3);
    be_bound();
    hears_say("hello", key);
    say("ANS", key, "m");
    becomes(id, "completed");
    stop();
}

TESTS("session_denied", CASE(a_refused_login_is_seen_and_told),
      CASE(an_order_ends_while_the_login_is_refused),
      CASE(a_reload_serves_at_once_what_was_put_right),
      CASE(an_order_that_waits_goes_on_when_we_are_let_in))
