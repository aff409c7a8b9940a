/* The same step does not give the same answer: by the processor's clock, by an address,
 * or by what an earlier step left behind. */
#include <stdio.h>
#include <x86intrin.h>

#include "faulty.h"

static void dice(const struct esim_step *step, struct esim_answer *answer)
{
    static unsigned long steps;
    unsigned long number = asked_for(step, "address")  ? (unsigned long)&steps
                           : asked_for(step, "memory") ? ++steps
                                                       : __rdtsc();
    char *result = host->alloc(64);
    if (result == NULL || snprintf(result, 64, "{\"reason\":\"%lu\"}", number) < 0)
        return;
    answer_done(answer, result);
}

FAULTY("dice", dice);
