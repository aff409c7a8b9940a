/* What the host and an SM-DP+ that npm's openapi-backend judges said to each other, played
 * again through the ATOM adapter's flows and callbacks. */
#include "recorded_inbound.h"

#define FOLDER RECORDED "atom/"
#define LOST   FOLDER "a_lost_release_is_asked_again.json"
#define TOLD   FOLDER "a_device_installs_the_profile_and_the_carrier_tells_it.json"

static bool play_file(struct play *play, const char *file)
{
    play->secrets = "{}";
    return read_recording(play, file) != NULL && play_exchanges(play);
}

/* A change of what is written to the carrier is seen, however small. */
static void every_recording_is_written_and_ends_as_it_did(void)
{
    play_all(FOLDER, 9, play_file);
}

static json_t *exchanges_of(struct play *play)
{
    start();
    CHECK_FATAL(read_recording(play, LOST) != NULL);
    play->secrets = "{}";
    return json_object_get(json_array_get(json_object_get(play->story, "orders"), 0),
                           "exchanges");
}

static void fails_with(struct play *play, const char *words)
{
    CHECK(!play_exchanges(play));
    if (strstr(play->why, words) == NULL)
        CHECK_TEXT(play->why, words);
    CHECK(strncmp(play->why, LOST, strlen(LOST)) == 0);
}

/* Each byte of a recorded body counts; so do path and headers. */
static void one_changed_byte_of_a_recorded_request_fails(void)
{
    struct play whole = { 0 };
    const json_t *first = json_array_get(exchanges_of(&whole), 1);
    size_t size = strlen(esim_json_text(json_object_get(first, "request"), "body"));
    CHECK(size > 100);
    for (size_t at = 0; at < size; at += 7) {
        struct play play = { 0 };
        json_t *second = json_array_get(exchanges_of(&play), 1);
        json_t *request = json_object_get(second, "request");
        char *body = (char *)(uintptr_t)esim_json_text(request, "body");
        body[at] = body[at] == '~' ? '-' : '~';
        fails_with(&play,
                   esim_string(esim_format(
                       "order 1, exchange 2: the body differs at byte %d:", (int)at)));
    }
}

static void a_changed_header_or_reply_fails(void)
{
    struct play play = { 0 };
    json_t *request = json_object_get(json_array_get(exchanges_of(&play), 0),
                                      "request");
    json_object_set_new(json_object_get(request, "headers"), "x-admin-protocol",
                        json_string("gsma/rsp/v2.1.0"));
    fails_with(&play, "order 1, exchange 1: the x-admin-protocol is");
    play = (struct play){ 0 };
    json_t *reply = json_object_get(json_array_get(exchanges_of(&play), 3), "reply");
    json_object_set_new(reply, "status", json_integer(404));
    fails_with(&play, "exchange 4: the outcome is \"REFUSED\", recorded \"DONE\"");
}

static void too_few_or_too_many_exchanges_fail(void)
{
    struct play play = { 0 };
    json_t *exchanges = exchanges_of(&play);
    json_array_remove(exchanges, json_array_size(exchanges) - 1);
    fails_with(&play, "exchange 4: POST /gsma/rsp2/es2plus/releaseProfile is asked and "
                      "not recorded");
    play = (struct play){ 0 };
    exchanges = exchanges_of(&play);
    json_array_append(exchanges, json_array_get(exchanges, 0));
    fails_with(&play, "exchange 4: the adapter is done; 1 more are recorded");
}

/* A notification's fact and the answer to it are compared, too. */
static void a_changed_notification_fails(void)
{
    struct play play = { 0 };
    start();
    CHECK_FATAL(play_file(&play, TOLD));
    json_t *calls = json_object_get(play.story, "calls");
    json_t *first = json_array_get(calls, 0);
    json_object_set_new(json_object_get(first, "reply"), "status", json_integer(200));
    CHECK(!play_calls(&play));
    CHECK(strstr(play.why, "exchange 1: the status is 204, recorded 200") != NULL);
    json_array_remove(calls, 0);
    play.why[0] = '\0';
    CHECK(!play_calls(&play));
    CHECK(strstr(play.why, "what is told unasked is [{") != NULL);
}

static void a_recording_that_cannot_be_read_fails(void)
{
    struct play play = { 0 };
    start();
    CHECK(!play_file(&play, "Makefile"));
    CHECK(strstr(play.why, "Makefile, order 1, exchange 0: cannot be read: line 1") !=
          NULL);
    play = (struct play){ 0 };
    CHECK(!play_file(&play, FOLDER "none.json"));
    CHECK(strstr(play.why, "none.json") != NULL);
}

TESTS("atom_recorded", CASE(every_recording_is_written_and_ends_as_it_did),
      CASE(one_changed_byte_of_a_recorded_request_fails),
      CASE(a_changed_header_or_reply_fails), CASE(too_few_or_too_many_exchanges_fail),
      CASE(a_changed_notification_fails), CASE(a_recording_that_cannot_be_read_fails),
      CASE(memory_goes_back_to_the_host))
