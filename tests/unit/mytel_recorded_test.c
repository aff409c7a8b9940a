/* What the host and a carrier written from PROTOCOL.md said to each other, played again
 * through the Mytel adapter's flows and session machine: every byte of every frame,
 * nonces, proofs and request ids too. */
#include "recorded_session.h"

#define FOLDER RECORDED "mytel/"

/* The judge's, for the proofs of the login: it is in no recording. */
#define SECRETS "{\"login.secret\":\"a secret that both sides know\"}"

static bool play_file(struct play *play, const char *file)
{
    play->secrets = SECRETS;
    return read_recording(play, file) != NULL && play_line(play);
}

/* A change of what is written to the carrier is seen, however small. */
static void every_recording_is_written_and_ends_as_it_did(void)
{
    play_all(FOLDER, 10, play_file);
}

/* The proofs of both sides are compared and checked, not skipped. */
static void another_secret_than_the_judges_fails(void)
{
    struct play play = { .secrets =
                             "{\"login.secret\":\"a secret of the other side\"}" };
    start();
    CHECK(read_recording(&play, FOLDER "a_throttled_request_is_sent_again.json") !=
          NULL);
    CHECK(!play_line(&play));
    CHECK(strstr(play.why, "LOGIN of ") != NULL);
}

static void a_fact_that_was_not_told_fails(void)
{
    struct play play = { 0 };
    start();
    CHECK_FATAL(play_file(&play, FOLDER "a_profile_changes_unasked.json"));
    json_object_del(play.story, "facts");
    CHECK(!play_line(&play));
    CHECK(strstr(play.why, "what is told unasked is [{") != NULL);
}

TESTS("mytel_recorded", CASE(every_recording_is_written_and_ends_as_it_did),
      CASE(another_secret_than_the_judges_fails), CASE(a_fact_that_was_not_told_fails),
      CASE(memory_goes_back_to_the_host))
