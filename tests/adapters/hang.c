/* Computes for ever when asked to. */
#include "faulty.h"

static void hang(const struct esim_step *step, struct esim_answer *answer)
{
    for (volatile unsigned long turns = 0; asked_for(step, "hang"); turns++)
        ;
    answer_done(answer, "{}");
}

FAULTY("hang", hang);
