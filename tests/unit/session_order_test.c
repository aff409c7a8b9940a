/* Orders through a kept session, from HTTP to the carrier's bytes and back: the whole
 * host with the parrot in its cell, the carrier played by the test. */
#include "api_client.h"
#include "carrier.h"

#include <signal.h>

enum { PATIENCE_US = 20000000 };

static struct api_rig *rig;
static struct carrier carrier;

/* ---- the world ---- */

static void put_place(const struct api_rig *at, uint16_t port)
{
    char text[200];
    CHECK(snprintf(text, sizeof text,
                   "endpoints:\n  - name: line\n    url: tcp://127.0.0.1:%u\n",
                   port) > 0);
    rig_put(at, "adapters.d/parrot.yaml", slice_of(text));
}

static void put_parrot(const struct api_rig *at, int revision)
{
    rig_put_manifest(
        at, "parrot",
        "capabilities: [sms.send, usage.read, line.activate, line.suspend]\n"
        "sessions:\n"
        "  - { name: line, hosts: [127.0.0.1], ports: { least: 1, most: 65535 },\n"
        "      tls: none, answer_ms: 15000, frame_bytes: 4000, allow_private: true }\n"
        "retry: { base_ms: 1, most_ms: 20, attempts: 20 }\n"
        "limits: { in_flight: 64 }\n",
        revision);
}

static void further(const struct api_rig *at, void *arg)
{
    (void)arg;
    put_parrot(at, 1);
    put_place(at, carrier.port);
}

static bool patient(int64_t from_us)
{
    carrier_turn(&carrier);
    poll(NULL, 0, 1);
    return clock_mono_us() - from_us < PATIENCE_US;
}

static void hear(char ret[CARRIER_LINE_SIZE])
{
    int64_t from_us = clock_mono_us();
    bool heard = false;
    ret[0] = '\0';
    while (!(heard = carrier_next(&carrier, ret)) && patient(from_us))
        ;
    CHECK_FATAL(heard);
}

static void hears(const char *line)
{
    char got[CARRIER_LINE_SIZE];
    hear(got);
    CHECK_TEXT(got, line);
}

static void be_bound(void)
{
    hears("LOGIN nobody");
    carrier_say(&carrier, "OK 4");
}

static void start(void)
{
    static const char *const sets[] = { "cell.deaths", "100", "cell.backoff_ms", "1",
                                        NULL };
    struct api_rig_plan plan = { .further = further, .sets = sets };
    carrier_start(&carrier, NULL);
    rig = rig_start(&plan);
    be_bound();
}

static void stop(void)
{
    rig_stop(&rig);
    carrier_stop(&carrier);
}

/* ---- orders ---- */

static void place(const char *type, const char *text, char ret[ID_SIZE])
{
    static int number;
    char body[300], headers[100], member[200];
    struct reply reply;
    bool is_message = strcmp(type, "sms.send") == 0;
    CHECK(snprintf(member, sizeof member,
                   is_message ? "\"text\":\"%s\""
                              : "\"extra\":{\"text\":\"%s\",\"from\":\"2026-01-01T00:"
                                "00:00Z\",\"to\":\"2026-01-02T00:00:00Z\"}",
                   text) > 0);
    CHECK(snprintf(body, sizeof body,
                   "{\"type\":\"%s\",\"carrier\":\"parrot\",\"msisdn\":\"+9592500%05d\""
                   ",%s}",
                   type, ++number, member) > 0);
    CHECK(snprintf(headers, sizeof headers,
                   "Content-Type: application/json\r\nIdempotency-Key: k%d\r\n",
                   number) > 0);
    struct ask ask = { "POST", "/v1/orders", rig->admin, body, headers };
    rig_ask(rig, &ask, &reply);
    if (reply.status != 202)
        fprintf(stderr, "%.*s\n", (int)reply.body.size, reply.body.ptr);
    CHECK_FATAL(reply.status == 202);
    CHECK(slice_copy(slice_of(json_text(reply.json, "id")), ret, ID_SIZE));
    rig_finish(&reply);
}

static bool order_is(const char *id, const char *state, char *ret_text, size_t size)
{
    char path[80];
    struct reply reply;
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s", id) > 0);
    struct ask ask = { "GET", path, rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    const char *now = json_text(reply.json, "state");
    bool is = now != NULL && strcmp(now, state) == 0;
    CHECK(snprintf(ret_text, size, "%.*s", (int)reply.body.size, reply.body.ptr) >= 0);
    rig_finish(&reply);
    return is;
}

static void becomes(const char *id, const char *state)
{
    int64_t from_us = clock_mono_us();
    char text[4096];
    bool is = false;
    while (!(is = order_is(id, state, text, sizeof text)) && patient(from_us))
        ;
    if (!is)
        fprintf(stderr, "expected %s: %s\n", state, text);
    CHECK(is);
}

/* "SAY key text": the key is the operation's. */
static void hears_say(const char *text, char ret_key[64])
{
    char line[CARRIER_LINE_SIZE];
    hear(line);
    struct slice rest = slice_of(line);
    CHECK(slice_is(slice_cut(&rest, ' '), "SAY"));
    CHECK(slice_copy(slice_cut(&rest, ' '), ret_key, 64));
    CHECK(slice_is(rest, text));
}

static void say(const char *verb, const char *key, const char *text)
{
    char line[200];
    CHECK(snprintf(line, sizeof line, "%s %s %s", verb, key, text) > 0);
    carrier_say(&carrier, line);
}

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

static void sight(char *ret, size_t size)
{
    struct reply reply;
    struct ask ask = { "GET", "/v1/adapters/parrot", rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK(snprintf(ret, size, "%.*s", (int)reply.body.size, reply.body.ptr) > 0);
    rig_finish(&reply);
}

static void shows(const char *text)
{
    char seen[4096];
    int64_t from_us = clock_mono_us();
    bool is = false;
    while (!is && patient(from_us)) {
        sight(seen, sizeof seen);
        is = strstr(seen, text) != NULL;
    }
    if (!is)
        fprintf(stderr, "expected %s: %s\n", text, seen);
    CHECK(is);
}

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

static void reload(int revision)
{
    put_parrot(rig, revision);
    struct ask ask = { "POST", "/v1/adapters/parrot/reload", rig->super, NULL, NULL };
    CHECK_INT(rig_status(rig, &ask), 200);
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

static void a_refused_login_is_seen_and_told(void)
{
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
    struct reply reply;
    struct ask ask = { "GET", "/v1/events?limit=50", rig->super, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK(strstr(reply.bytes.ptr, "adapter.unauthorised") != NULL);
    rig_finish(&reply);
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
      CASE(another_place_gets_a_connection_of_its_own),
      CASE(a_refused_login_is_seen_and_told), CASE(a_stop_says_goodbye))
