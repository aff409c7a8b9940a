/* What the host and a Graph that npm's openapi-backend judges said to each other, played
 * again through the Intune adapter's flows. */
#include "recorded_http.h"

#define FOLDER RECORDED "intune/"

static bool play_file(struct play *play, const char *file)
{
    play->secrets = "{}"; /* The token is the host's affair. */
    return read_recording(play, file) != NULL && play_exchanges(play);
}

/* A change of what is written to Graph is seen, however small. */
static void every_recording_is_written_and_ends_as_it_did(void)
{
    play_all(FOLDER, 8, play_file);
}

TESTS("intune_recorded", CASE(every_recording_is_written_and_ends_as_it_did),
      CASE(memory_goes_back_to_the_host))
