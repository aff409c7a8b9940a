/* What the host and npm's soap said to each other, played again through the Ooredoo
 * adapter's flows: nonces and times too, but for the digests made with the password. */
#include <libxml/parser.h>

#include "recorded_http.h"

#define FOLDER RECORDED "ooredoo/"

static bool play_file(struct play *play, const char *file)
{
    play->secrets = "{\"wss.password\":\"was not recorded\"}";
    return read_recording(play, file) != NULL && play_exchanges(play);
}

/* A change of what is written to the carrier is seen, however small. */
static void every_recording_is_written_and_ends_as_it_did(void)
{
    play_all(FOLDER, 10, play_file);
}

/* What is masked is one element, and not its neighbours. */
static void another_nonce_than_the_recorded_one_fails(void)
{
    struct play play = { 0 };
    start();
    CHECK_FATAL(read_recording(&play, FOLDER "an_empty_stock_is_refused.json") != NULL);
    json_t *exchange = json_array_get(
        json_object_get(json_array_get(json_object_get(play.story, "orders"), 0),
                        "exchanges"),
        0);
    json_object_set_new(json_object_get(exchange, "step"), "random",
                        json_string("00112233445566778899aabbccddeeff"));
    play.secrets = "{\"wss.password\":\"was not recorded\"}";
    CHECK(!play_exchanges(&play));
    CHECK(strstr(play.why, "exchange 1: the body differs at byte") != NULL);
    CHECK(strstr(play.why, "\"ABEiM0RVZneImaq7zN3u/w==</wsse:Nonce>") != NULL);
}

static void nothing_is_left_behind(void)
{
    memory_goes_back_to_the_host();
    xmlCleanupParser();
}

TESTS("ooredoo_recorded", CASE(every_recording_is_written_and_ends_as_it_did),
      CASE(another_nonce_than_the_recorded_one_fails), CASE(nothing_is_left_behind))
