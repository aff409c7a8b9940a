/* Was built against an ABI that does not exist yet. */
#include "faulty.h"

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    (void)given;
    answer_done(answer, "{}");
}

FAULTY_ENTRY("abi", step, ESIM_ABI + 1, start);
