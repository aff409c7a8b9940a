/* Waits without computing: by the clock's call, which is refused, and on a futex, which
 * is not. */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "faulty.h"

static void doze(const struct esim_step *step, struct esim_answer *answer)
{
    struct timespec hour = { .tv_sec = 3600 };
    uint32_t never = 0;
    long refused = 0;
    if (asked_for(step, "nanosleep"))
        refused = syscall(SYS_nanosleep, &hour, NULL);
    while (asked_for(step, "futex"))
        syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, NULL);
    answer_done(answer, refused == 0 ? "{}" : "{\"reason\":\"refused\"}");
}

FAULTY("sleep", doze);
