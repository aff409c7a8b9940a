#include "lib.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "esim/exchange.h"

/* Kept for the life of the process: abi.h says it is valid as long. */
static const struct esim_host *host;
static bool is_short;

void *lib_alloc(size_t size)
{
    void *memory = host == NULL ? NULL : host->alloc(size == 0 ? 1 : size);
    if (memory == NULL)
        is_short = true;
    return memory;
}

static void lib_free(void *memory)
{
    (void)memory; /* The host frees the whole step at once. */
}

int32_t esim_helper_start(const struct esim_host *given)
{
    host = given;
    /* A fixed seed: the order of a step's answer may not depend on chance. What a
     * carrier can do with chosen keys is bounded by the step's CPU limit. */
    json_object_seed(0x6573696d);
    json_set_alloc_funcs(lib_alloc, lib_free);
    return 0;
}

char *lib_copy(const void *bytes, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : lib_alloc(size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *lib_format(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : lib_alloc((size_t)length + 1);
    if (text != NULL && vsnprintf(text, (size_t)length + 1, format, again) < 0)
        text = NULL;
    va_end(again);
    return text;
}

bool lib_is_short(void)
{
    return is_short;
}

void lib_forget_shortage(void)
{
    is_short = false;
}

struct esim_bytes lib_bytes(const char *text)
{
    return (struct esim_bytes){ text, text == NULL ? 0 : strlen(text) };
}
