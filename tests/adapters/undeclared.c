/* Can do more than its descriptor says. */
#include "faulty.h"

static void step(const struct esim_step *given, struct esim_answer *answer)
{
    (void)given;
    answer_done(answer, "{}");
}

static const struct esim_flow more[] = {
    { sizeof more[0], ESIM_PROFILE_STATUS, step },
    { sizeof more[0], ESIM_PROFILE_ORDER, step },
};

FAULTY_FLOWS("undeclared", more, ESIM_ABI, start);
