/* Dies in every way a process can; a step that asks for none of them is answered. */
#include <stdlib.h>

#include "faulty.h"

static int deeper(volatile char *above, long levels)
{
    volatile char here[4096];
    here[0] = above[0];
    return levels == 0 ? 0 : deeper(here, levels - 1) + here[0];
}

static void crash(const struct esim_step *step, struct esim_answer *answer)
{
    char first = 0;
    volatile int *volatile nowhere = (volatile int *)16; /* Not NULL: UBSan looks. */
    if (asked_for(step, "segv"))
        *nowhere = 1;
    else if (asked_for(step, "abort"))
        abort();
    else if (asked_for(step, "exit"))
        _Exit(3);
    else if (asked_for(step, "stack"))
        first = (char)deeper(&first, 1L << 40);
    else if (asked_for(step, "jump"))
        ((void (*)(void))16)();
    answer_done(answer, first == 1 ? "{\"x\":1}" : "{}");
}

FAULTY("crash", crash);
