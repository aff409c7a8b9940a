/* Writes onto the cell's socket itself, and answers what no answer may be. */
#include <stdio.h>
#include <unistd.h>

#include "faulty.h"

static void say(const void *bytes, size_t size)
{
    if (write(3, bytes, size) < 0)
        _exit(9);
}

/* Waits for ever, with more state than an operation may have. */
static void answer_state(struct esim_answer *answer)
{
    static const char much[(64 << 10) + 1];
    *answer = (struct esim_answer){ .size = sizeof *answer,
                                    .action = ESIM_WAIT,
                                    .state = { much, sizeof much },
                                    .until_ms = 1 };
}

static void garbage(const struct esim_step *step, struct esim_answer *answer)
{
    /* A frame's head, as host/cell/wire.h writes it: size, kind, call. */
    static const uint32_t foreign[] = { 0, 5, 0xffff, 0 }, huge[] = { -1u, 5, 1, 0 },
                          unknown[] = { 0, 99, 1, 0 }, ready[] = { 0, 1, 0, 0 };
    answer_done(answer, "{}");
    if (asked_for(step, "letters"))
        say("GET / HTTP/1.1\r\n\r\n", 18);
    else if (asked_for(step, "foreign"))
        say(foreign, sizeof foreign);
    else if (asked_for(step, "huge"))
        say(huge, sizeof huge);
    else if (asked_for(step, "unknown"))
        say(unknown, sizeof unknown);
    else if (asked_for(step, "ready"))
        say(ready, sizeof ready);
    else if (asked_for(step, "empty"))
        memset(answer, 0, sizeof *answer);
    else if (asked_for(step, "both"))
        answer->key = answer->result;
    else if (asked_for(step, "much"))
        answer_state(answer);
    while (asked_for(step, "chatter"))
        host->log(ESIM_LOG_INFO, answer->result);
}

FAULTY("garbage", garbage);
