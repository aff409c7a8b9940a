/* A number plan is a file that somebody edits. A plan that is taken must read numbers
 * without harm, each into one form that stays; the input's last line is the number. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profile/identifier.h"
#include "profile/number_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_number(const struct number_plan *plan, struct slice text)
{
    char number[MSISDN_SIZE], again[MSISDN_SIZE];
    struct err err = ERR_INIT;
    if (!msisdn_read(text, plan, "", number, &err))
        return;
    assert(number[0] == '+' && strlen(number) < MSISDN_SIZE);
    assert(msisdn_read(slice_of(number), plan, "", again, &err));
    assert(strcmp(number, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct slice text = slice_bytes(data, size);
    const char *line = size > 1 ? memrchr(text.ptr, '\n', size - 1) : NULL;
    struct slice last = text;
    if (line != NULL)
        last = slice_bytes(line + 1, (size_t)(text.ptr + size - line - 1));
    if (last.size > 0 && last.ptr[0] == '#')
        last = slice_bytes(last.ptr + 1, last.size - 1); /* YAML's comment. */
    struct number_plan *plan = number_plan_read(text, "fuzz.yaml", &err);
    assert(plan != NULL || err.code != ERR_NONE);
    if (plan != NULL)
        read_number(plan, last);
    number_plan_destroy(&plan);
    return 0;
}
