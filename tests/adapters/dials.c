/* Wants to talk to the world while it is being loaded, before the cell is locked. */
#include <sys/socket.h>

#include "faulty.h"

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    (void)given;
    answer_done(answer, "{}");
}

/* Runs inside dlopen, before anything of the adapter is asked for. */
__attribute__((constructor)) static void dial(void)
{
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
        host = NULL;
}

FAULTY("dials", step);
