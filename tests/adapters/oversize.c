/* Answers as many bytes as the input says. */
#include <stdlib.h>

#include "faulty.h"

static void oversize(const struct esim_step *step, struct esim_answer *answer)
{
    char number[16] = { 0 };
    memcpy(number, step->input.ptr,
           step->input.size < sizeof number ? step->input.size : sizeof number - 1);
    uint64_t size = strtoull(number, NULL, 10);
    char *result = host->alloc(size);
    answer_done(answer, "{}");
    if (result == NULL)
        return;
    memset(result, 'x', size);
    answer->result = (struct esim_bytes){ result, size };
}

FAULTY("oversize", oversize);
