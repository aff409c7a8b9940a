/* Does not want to start. */
#include "faulty.h"

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    (void)given;
    answer_done(answer, "{}");
}

static int32_t refuse(const struct esim_host *given)
{
    host = given;
    return 7;
}

FAULTY_ENTRY("refuses", step, ESIM_ABI, refuse);
