/* Takes four more megabytes in each step and never gives them back. */
#include <stdlib.h>

#include "faulty.h"

static void *volatile kept;

static void leak(const struct esim_step *step, struct esim_answer *answer)
{
    (void)step;
    size_t size = 4 << 20;
    void **more = malloc(size);
    if (more == NULL)
        abort();
    memset(more, 1, size);
    *more = kept;
    kept = more;
    answer_done(answer, "{}");
}

FAULTY("leak", leak);
