/* A target that must fail: each file of its corpus asks for one fault, and a replay that
 * lets one of them pass has lost a sanitizer. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *volatile kept;
static volatile int number;

static bool asks_for(const uint8_t *data, size_t size, const char *fault)
{
    return size == strlen(fault) && memcmp(data, fault, size) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (asks_for(data, size, "overread"))
        number = data[size];
    if (asks_for(data, size, "overflow")) {
        number = INT_MAX;
        number += 1;
    }
    if (asks_for(data, size, "leak")) {
        kept = malloc(100);
        kept = NULL;
    }
    return 0;
}
