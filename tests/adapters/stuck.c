/* Never comes back from its start. */
#include "faulty.h"

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    (void)given;
    answer_done(answer, "{}");
}

static int32_t stay(const struct esim_host *given)
{
    host = given;
    for (volatile unsigned long turns = 0; host != NULL; turns++)
        ;
    return 0;
}

FAULTY_ENTRY("stuck", step, ESIM_ABI, stay);
