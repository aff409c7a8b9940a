/* A session whose credentials are refused. */
#include "session_rig.h"

static void refused_credentials_are_not_tried_in_a_storm(void)
{
    struct rig *rig = rig_start(NULL);
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "NO");
    rig_is(rig, SESSION_REFUSED);
    CHECK_TEXT(rig_look(rig).reason, "the login was refused");
    carrier_hang_up(&rig->carrier);
    for (int i = 0; i < 20; i++)
        CHECK(rig_turn(rig));
    CHECK(!rig->carrier.connected);
    rig_end(rig);
}

/* An operator put the password right: five minutes are too long then. */
static void a_new_server_is_tried_at_once_after_a_refusal(void)
{
    struct rig *rig = rig_start(NULL);
    struct rig_submit submit;
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    CHECK(rig_submit(rig, &submit, "k1", "one", 5000));
    carrier_say(&rig->carrier, "NO");
    rig_is(rig, SESSION_REFUSED);
    CHECK_INT(submit.ended, 3);
    CHECK_TEXT(submit.why, "the login was refused");
    CHECK(!rig_submit(rig, &submit, "k2", "two", 5000));
    carrier_hang_up(&rig->carrier);
    struct session_server server = rig->conf.server;
    server.settings = "{\"user\":\"bob\"}";
    session_serve(rig->session, &server);
    CHECK(rig_submit(rig, &submit, "k3", "three", 5000));
    rig_hears(rig, "LOGIN bob");
    carrier_say(&rig->carrier, "OK 1");
    rig_hears(rig, "SAY k3 three");
    rig_end(rig);
}

/* The refusal was of the old password, even if it is seen after the new one came. */
static void a_refusal_of_the_old_server_is_not_held_against_the_new_one(void)
{
    struct rig *rig = rig_start(NULL);
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    session_serve(rig->session, &rig->conf.server);
    carrier_say(&rig->carrier, "NO");
    RIG_UNTIL(rig, rig->carrier.ended);
    carrier_hang_up(&rig->carrier);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "OK 1");
    rig_is(rig, SESSION_BOUND);
    rig_end(rig);
}

/* It says why and is gone at once, as most servers do: the why must not get lost. */
static void a_last_word_counts_after_the_carrier_hung_up(void)
{
    struct rig *rig = rig_start(NULL);
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "NO");
    carrier_hang_up(&rig->carrier);
    rig_is(rig, SESSION_REFUSED);
    CHECK_TEXT(rig_look(rig).reason, "the login was refused");
    rig_end(rig);
}

TESTS("session_refused", CASE(refused_credentials_are_not_tried_in_a_storm),
      CASE(a_new_server_is_tried_at_once_after_a_refusal),
      CASE(a_refusal_of_the_old_server_is_not_held_against_the_new_one),
      CASE(a_last_word_counts_after_the_carrier_hung_up))
