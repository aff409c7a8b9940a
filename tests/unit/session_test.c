/* A kept session against a carrier that is played by the test, byte by byte. */
#include "session_rig.h"

#include <signal.h>

#include "base/clock.h"

/* ---- the way it should be ---- */

static void a_session_logs_in_and_carries_answers_back(void)
{
    struct rig *rig = rig_bound("OK 2");
    struct rig_submit a, b;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    rig_hears(rig, "SAY k1 one");
    rig_hears(rig, "SAY k2 two");
    RIG_UNTIL(rig, a.ended == 1 && b.ended == 1);
    CHECK_INT(rig_look(rig).outstanding, 2);
    carrier_say(&rig->carrier, "ANS k2 second"); /* Out of order. */
    carrier_say(&rig->carrier, "ANS k1 first");
    rig_noted(rig, "deliver k2 second");
    rig_noted(rig, "deliver k1 first");
    CHECK_INT(rig_look(rig).outstanding, 0);
    rig_end(rig);
}

static void the_window_holds_submits_back_and_moves(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct rig_submit a, b, c;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    CHECK(rig_submit(rig, &c, "k3", "three", 5000));
    rig_hears(rig, "SAY k1 one");
    carrier_say(&rig->carrier, "COUNT");
    rig_hears(rig, "COUNT 2"); /* And not the second submit. */
    CHECK_INT(b.ended, 0);
    carrier_say(&rig->carrier, "WIN 0");
    carrier_say(&rig->carrier, "ANS k1 first");
    carrier_say(&rig->carrier, "COUNT");
    rig_hears(rig, "COUNT 5");
    CHECK_INT(rig_look(rig).queued, 2);
    carrier_say(&rig->carrier, "WIN 2");
    rig_hears(rig, "SAY k2 two");
    rig_hears(rig, "SAY k3 three");
    rig_end(rig);
}

static void frames_may_come_in_pieces_or_many_at_once(void)
{
    struct rig *rig = rig_bound("OK 1");
    static const char two[] = "\0\0\0\x0dSKIP AAAA\0\0\0\x09"
                              "COUNT";
    for (size_t i = 0; i < sizeof two - 1; i++) {
        carrier_send(&rig->carrier, two + i, 1);
        CHECK(rig_turn(rig));
    }
    rig_hears(rig, "COUNT 3");
    carrier_send(&rig->carrier, two, sizeof two - 1);
    rig_hears(rig, "COUNT 5");
    rig_end(rig);
}

static void the_machine_is_called_when_it_asked_to_be(void)
{
    struct rig *rig = rig_start(NULL);
    rig->conf.server.settings = "{\"user\":\"ada\",\"tick_ms\":1}";
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "OK 1");
    rig_hears(rig, "PING 1");
    rig_hears(rig, "PING 1");
    rig_end(rig);
}

/* The carrier forgets a message once it is acknowledged: it must be on disk by then. */
static void an_acknowledgement_waits_until_the_message_is_stored(void)
{
    struct rig *rig = rig_bound("OK 1");
    rig->keep_tickets = true;
    carrier_say(&rig->carrier, "EVT 7 who hello");
    carrier_say(&rig->carrier, "FACT 8 {\"kind\": \"x\"}");
    carrier_say(&rig->carrier, "COUNT");
    rig_noted(rig, "deliver who hello");
    rig_noted(rig, "report {\"kind\": \"x\"}");
    RIG_UNTIL(rig, rig->ticket_count == 2);
    CHECK_INT(rig->carrier.in.size, 0);
    session_stored(rig->session, rig->tickets[1]); /* Not in order. */
    for (int i = 0; i < 5; i++)
        CHECK(rig_turn(rig));
    CHECK_INT(rig->carrier.in.size, 0);
    session_stored(rig->session, rig->tickets[0]);
    rig_hears(rig, "ACK 7");
    rig_hears(rig, "ACK 8");
    rig_hears(rig, "COUNT 4");
    rig_end(rig);
}

static void a_stopping_session_says_goodbye_and_stays_closed(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct rig_submit a, b;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    rig_hears(rig, "SAY k1 one");
    session_drain(rig->session);
    CHECK_INT(b.ended, 2);
    rig_hears(rig, "BYE");
    RIG_UNTIL(rig, rig->carrier.ended);
    carrier_hang_up(&rig->carrier);
    rig_noted(rig, "lost k1");
    RIG_UNTIL(rig, session_is_over(rig->session));
    CHECK(!rig_submit(rig, &b, "k3", "three", 5000));
    rig_end(rig);
}

/* 50 in a second: the fifth leaves 80 ms after the first, less the bunch. */
static void a_rate_spaces_what_is_sent(void)
{
    struct rig *rig = rig_start(NULL);
    rig->conf.rate_per_s = 50;
    rig->conf.queue = 10;
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "OK 10");
    rig_is(rig, SESSION_BOUND);
    struct rig_submit all[5];
    int64_t from_us = clock_mono_us();
    for (int i = 0; i < 5; i++) {
        char key[8];
        CHECK(snprintf(key, sizeof key, "k%d", i) > 0);
        CHECK(rig_submit(rig, &all[i], key, "x", 5000));
    }
    RIG_UNTIL(rig, all[4].ended == 1);
    CHECK(clock_mono_us() - from_us >= 65000);
    rig_end(rig);
}

/* ---- the carrier goes away ---- */

static void what_was_sent_and_not_answered_is_lost_with_the_connection(void)
{
    struct rig *rig = rig_bound("OK 2");
    struct rig_submit a, b, c;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    CHECK(rig_submit(rig, &c, "k3", "three", 5000));
    rig_hears(rig, "SAY k1 one");
    rig_hears(rig, "SAY k2 two");
    carrier_say(&rig->carrier, "ANS k2 second"); /* In the socket when it closes. */
    carrier_hang_up(&rig->carrier);
    rig_noted(rig, "deliver k2 second");
    rig_noted(rig, "lost k1");
    CHECK_INT(c.ended, 0); /* Never sent: it waits for the next connection. */
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "OK 2");
    rig_hears(rig, "SAY k3 three");
    CHECK_INT(rig->note_next, rig->note_count);
    rig_end(rig);
}

static void the_machine_may_lose_and_give_back(void)
{
    struct rig *rig = rig_bound("OK 2");
    struct rig_submit a, b;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    rig_hears(rig, "SAY k1 one");
    rig_hears(rig, "SAY k2 two");
    carrier_say(&rig->carrier, "GONE k1");
    carrier_say(&rig->carrier, "BUSY k2 1500");
    carrier_say(&rig->carrier, "GONE k9"); /* Nobody's. */
    rig_noted(rig, "lost k1");
    rig_noted(rig, "back k2 1500");
    carrier_say(&rig->carrier, "COUNT");
    rig_hears(rig, "COUNT 5");
    CHECK_INT(rig->note_next, rig->note_count);
    CHECK_INT(rig_look(rig).outstanding, 0);
    rig_end(rig);
}

static void a_closed_port_is_tried_again_with_backoff(void)
{
    struct rig *rig = rig_start(NULL);
    struct rig_submit late;
    int port = rig->carrier.port;
    close(rig->carrier.listener);
    rig_connect(rig);
    CHECK(rig_submit(rig, &late, "k1", "one", 30));
    RIG_UNTIL(rig, rig_look(rig).failures >= 3);
    CHECK(strstr(rig_look(rig).reason, "refused") != NULL);
    RIG_UNTIL(rig, late.ended == 2);
    CHECK_TEXT(late.why, "the session was not ready in time");
    carrier_start(&rig->carrier, NULL);
    CHECK(rig->carrier.port != port || port == rig->carrier.port);
    rig_end(rig);
}

static void the_machine_says_when_to_try_again(void)
{
    struct rig *rig = rig_bound("OK 1");
    carrier_say(&rig->carrier, "LATER 5 maintenance");
    rig_is(rig, SESSION_CLOSED);
    CHECK_TEXT(rig_look(rig).reason, "maintenance");
    carrier_hang_up(&rig->carrier);
    rig_hears(rig, "LOGIN ada");
    rig_end(rig);
}

/* ---- what a carrier may send ---- */

static void bytes_that_are_no_frame_close_the_connection(void)
{
    struct rig *rig = rig_bound("OK 1");
    carrier_send(&rig->carrier, "\xff\xff\xff\xff", 4);
    rig_is(rig, SESSION_CLOSED);
    CHECK_TEXT(rig_look(rig).reason, "what the carrier sent is no frame");
    carrier_hang_up(&rig->carrier);
    rig_hears(rig, "LOGIN ada");
    rig_end(rig);
}

static void a_frame_too_large_is_refused_by_its_head(void)
{
    struct rig *rig = rig_bound("OK 1");
    carrier_send(&rig->carrier, "\0\0\x03\xe9", 4); /* 1001. */
    rig_is(rig, SESSION_CLOSED);
    CHECK_TEXT(rig_look(rig).reason,
               "the carrier sent a frame of 1001 bytes, 1000 are allowed");
    rig_end(rig);
}

/* Many frames while the machine is busy: reading stops, nothing is lost. */
static void a_flood_waits_in_the_socket(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct buf flood;
    buf_init(&flood, 1 << 20);
    for (int i = 0; i < 3000; i++)
        buf_add(&flood, "\0\0\0\x0dSKIP AAAA", 13);
    buf_add(&flood,
            "\0\0\0\x09"
            "COUNT",
            9);
    carrier_send(&rig->carrier, flood.ptr, flood.size);
    rig_hears(rig, "COUNT 3002");
    buf_finish(&flood);
    rig_end(rig);
}

static void a_carrier_that_does_not_read_is_left(void)
{
    struct rig *rig = rig_start(NULL);
    rig->conf.server.place.queue_bytes = 20; /* Room for the login alone. */
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, "OK 1");
    rig_is(rig, SESSION_BOUND);
    struct rig_submit submit;
    CHECK(rig_submit(rig, &submit, "k1", "a text that is longer than that", 5000));
    RIG_UNTIL(rig, submit.ended == 2);
    CHECK_TEXT(rig_look(rig).reason, "the carrier does not take what is sent");
    rig_end(rig);
}

/* ---- the cell dies ---- */

static void a_crash_of_the_cell_costs_neither_connection_nor_state(void)
{
    struct rig *rig = rig_bound("OK 1");
    for (int i = 0; i < 3; i++) {
        struct cell_state state;
        char answer[16];
        cell_read_state(rig->cell, &state);
        CHECK_FATAL(state.pid > 0);
        kill(state.pid, SIGKILL);
        carrier_say(&rig->carrier, "COUNT");
        CHECK(snprintf(answer, sizeof answer, "COUNT %d", 2 + i) > 0);
        rig_hears(rig, answer);
        rig->cell_ready = false;
    }
    CHECK_INT(rig_look(rig).state, SESSION_BOUND);
    CHECK_INT(rig_look(rig).failures, 0);
    rig_end(rig);
}

static void a_frame_that_kills_each_cell_costs_the_connection(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct rig_submit a;
    CHECK(rig_submit(rig, &a, "k1", "one", 5000));
    rig_hears(rig, "SAY k1 one");
    carrier_say(&rig->carrier, "FAINT");
    rig_is(rig, SESSION_CLOSED);
    rig_noted(rig, "lost k1");
    CHECK(strstr(rig_look(rig).reason, "crashed") != NULL);
    carrier_hang_up(&rig->carrier);
    rig_hears(rig, "LOGIN ada");
    rig_end(rig);
}

/* The last word of a carrier that is gone already. */
static void a_last_frame_that_kills_each_cell_does_not_stop_the_end(void)
{
    struct rig *rig = rig_bound("OK 1");
    carrier_say(&rig->carrier, "FAINT");
    carrier_hang_up(&rig->carrier);
    rig_hears(rig, "LOGIN ada");
    rig_end(rig);
}

static void another_cell_takes_the_connection_over(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct err err = ERR_INIT;
    struct cell_limits limits = { .memory_bytes = 64 << 20,
                                  .cpu_ms = 500,
                                  .wall_ms = 2000,
                                  .spawn_ms = 10000,
                                  .queue = 100,
                                  .output_bytes = 4 << 20,
                                  .deaths = 50,
                                  .deaths_window_ms = 60000,
                                  .backoff_ms = 1,
                                  .backoff_most_ms = 10 };
    const struct cell_watch watch = { .arg = rig };
    struct cell *fresh = cell_create(rig->loop, &rig->program, &limits, &watch, &err);
    CHECK_FATAL(fresh != NULL);
    carrier_say(&rig->carrier, "COUNT");
    CHECK(rig_turn(rig)); /* A call may be out now. */
    struct session_server server = rig->conf.server;
    server.cell = fresh;
    server.settings = "{\"user\":\"bob\"}";
    session_serve(rig->session, &server);
    cell_destroy(&rig->cell);
    rig->cell = fresh;
    rig_hears(rig, "COUNT 2");
    carrier_say(&rig->carrier, "COUNT");
    rig_hears(rig, "COUNT 3");
    CHECK_INT(rig_look(rig).state, SESSION_BOUND);
    rig_end(rig);
}

/* ---- submits that end otherwise ---- */

static void a_submit_has_a_key_of_its_own_and_a_place_in_the_queue(void)
{
    struct rig *rig = rig_bound("OK 0");
    struct rig_submit all[6];
    CHECK(rig_submit(rig, &all[0], "k0", "x", 5000));
    CHECK(!rig_submit(rig, &all[5], "k0", "x", 5000));
    CHECK(rig_submit(rig, &all[1], "k1", "x", 5000));
    CHECK(rig_submit(rig, &all[2], "k2", "x", 5000));
    CHECK(rig_submit(rig, &all[3], "k3", "x", 5000));
    CHECK(!rig_submit(rig, &all[4], "k4", "x", 5000));
    session_withdraw(&all[1].submit);
    CHECK(rig_submit(rig, &all[4], "k4", "x", 5000));
    carrier_say(&rig->carrier, "WIN 9");
    rig_hears(rig, "SAY k0 x");
    rig_hears(rig, "SAY k2 x");
    rig_hears(rig, "SAY k3 x");
    rig_hears(rig, "SAY k4 x");
    CHECK_INT(all[1].ended, 0);
    rig_end(rig);
}

static void silence_gives_the_place_in_the_window_back(void)
{
    struct rig *rig = rig_bound("OK 1");
    struct rig_submit a, b;
    CHECK(rig_submit(rig, &a, "k1", "one", 25));
    rig_hears(rig, "SAY k1 one");
    CHECK(rig_submit(rig, &b, "k2", "two", 5000));
    rig_hears(rig, "SAY k2 two");
    carrier_say(&rig->carrier, "ANS k1 late"); /* Still delivered: somebody may wait. */
    rig_noted(rig, "deliver k1 late");
    rig_end(rig);
}

/* ---- TLS ---- */

static void a_session_over_tls_checks_the_carrier_and_shows_its_certificate(void)
{
    struct tls_files files;
    struct err err = ERR_INIT;
    tls_files_start(&files);
    struct tls_path cert = tls_file(&files, "server", "pem"),
                    key = tls_file(&files, "server", "key"),
                    ca = tls_file(&files, "ca", "pem"),
                    own = tls_file(&files, "client", "pem"),
                    own_key = tls_file(&files, "client", "key");
    struct tls_server *tls = tls_server_create(cert.text, key.text, ca.text, true,
                                               &err);
    CHECK_FATAL(tls != NULL);
    struct rig *rig = rig_start(tls);
    rig->conf.server.place.tls = true;
    rig->conf.server.place.ca_file = ca.text;
    rig->conf.server.place.cert_file = own.text;
    rig->conf.server.place.key_file = own_key.text;
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    struct http_peer peer = { .is_tls = false };
    transport_peer_certificate(&rig->carrier.transport, &peer);
    CHECK(peer.has_certificate && strstr(peer.subject, "CN=client") != NULL);
    carrier_say(&rig->carrier, "OK 1");
    rig_is(rig, SESSION_BOUND);
    carrier_say(&rig->carrier, "COUNT");
    rig_hears(rig, "COUNT 2");
    rig_end(rig);
    tls_server_destroy(&tls);
    tls_files_stop(&files);
}

TESTS("session", CASE(a_session_logs_in_and_carries_answers_back),
      CASE(the_window_holds_submits_back_and_moves),
      CASE(frames_may_come_in_pieces_or_many_at_once),
      CASE(the_machine_is_called_when_it_asked_to_be),
      CASE(an_acknowledgement_waits_until_the_message_is_stored),
      CASE(a_stopping_session_says_goodbye_and_stays_closed),
      CASE(a_rate_spaces_what_is_sent),
      CASE(what_was_sent_and_not_answered_is_lost_with_the_connection),
      CASE(the_machine_may_lose_and_give_back),
      CASE(a_closed_port_is_tried_again_with_backoff),
      CASE(the_machine_says_when_to_try_again),
      CASE(bytes_that_are_no_frame_close_the_connection),
      CASE(a_frame_too_large_is_refused_by_its_head), CASE(a_flood_waits_in_the_socket),
      CASE(a_carrier_that_does_not_read_is_left),
      CASE(a_crash_of_the_cell_costs_neither_connection_nor_state),
      CASE(a_frame_that_kills_each_cell_costs_the_connection),
      CASE(a_last_frame_that_kills_each_cell_does_not_stop_the_end),
      CASE(another_cell_takes_the_connection_over),
      CASE(a_submit_has_a_key_of_its_own_and_a_place_in_the_queue),
      CASE(silence_gives_the_place_in_the_window_back),
      CASE(a_session_over_tls_checks_the_carrier_and_shows_its_certificate))
