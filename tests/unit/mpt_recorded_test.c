/* What the host and npm's smpp said to each other, played again through the MPT adapter's
 * flows and session machine: every octet of every PDU. */
#include "recorded_session.h"

#define FOLDER RECORDED "mpt/"
#define LOST   FOLDER "a_lost_response_is_settled_by_the_reply.json"

/* The word that the recording has instead of the password. */
#define SECRETS "{\"smpp.system_id\":\"esimd\",\"smpp.password\":\"masked\"}"

static bool play_file(struct play *play, const char *file)
{
    play->secrets = SECRETS;
    return read_recording(play, file) != NULL && play_line(play);
}

/* A change of what is written to the SMSC is seen, however small. */
static void every_recording_is_written_and_ends_as_it_did(void)
{
    play_all(FOLDER, 12, play_file);
}

static json_t *frames_of(struct play *play)
{
    start();
    play->secrets = SECRETS;
    CHECK_FATAL(read_recording(play, LOST) != NULL);
    return json_object_get(play->story, "frames");
}

static void fails_with(struct play *play, const char *words)
{
    CHECK(!play_line(play));
    if (strstr(play->why, words) == NULL)
        CHECK_TEXT(play->why, words);
    CHECK(strncmp(play->why, LOST, strlen(LOST)) == 0);
}

/* Changes the octet `at` of those that the host wrote, one frame after the other; false:
 * there are fewer. */
static bool change_octet(const json_t *frames, size_t at)
{
    size_t i;
    json_t *frame;
    json_array_foreach(frames, i, frame)
    {
        char *hex = (char *)(uintptr_t)text_or(frame, "hex", "");
        size_t size = is_from(frame, "host") ? strlen(hex) / 2 : 0;
        if (at < size) {
            hex[2 * at] = hex[2 * at] == '0' ? '1' : '0';
            return true;
        }
        at -= size;
    }
    return false;
}

/* Every octet that the host wrote counts, in every PDU. */
static void one_changed_octet_of_a_recorded_frame_fails(void)
{
    struct play play = { 0 };
    size_t at = 0;
    for (; change_octet(frames_of(&play), at); at += 3) {
        fails_with(&play, "differs at byte");
        play = (struct play){ 0 };
    }
    CHECK(at > 120);
    CHECK(play_line(&play)); /* The last one was not changed. */
}

static void a_frame_too_few_or_too_many_fails(void)
{
    struct play play = { 0 };
    json_t *frames = frames_of(&play);
    CHECK(is_from(json_array_get(frames, 3), "host")); /* submit_sm */
    json_array_remove(frames, 3);
    fails_with(&play, "differs at byte");
    play = (struct play){ 0 };
    frames = frames_of(&play);
    json_array_append(frames, json_array_get(frames, 3));
    fails_with(&play, "submit_sm is recorded, and nothing is written");
    play = (struct play){ 0 };
    frames = frames_of(&play);
    while (json_array_size(frames) > 4)
        json_array_remove(frames, 4);
    fails_with(&play, "the outcome is \"UNKNOWN\", recorded \"DONE\"");
}

TESTS("mpt_recorded", CASE(every_recording_is_written_and_ends_as_it_did),
      CASE(one_changed_octet_of_a_recorded_frame_fails),
      CASE(a_frame_too_few_or_too_many_fails), CASE(memory_goes_back_to_the_host))
