#include "phones.h"

#include <stdint.h>
#include <stdlib.h>

enum { BUCKETS = 4096 };

struct phones {
    struct phone *buckets[BUCKETS];
};

static const char *const names[PHONE_STATE_COUNT] = {
    [PHONE_UNKNOWN] = "UNKNOWN",
    [PHONE_ACTIVE] = "ACTIVE",
    [PHONE_SUSPENDED] = "SUSPENDED",
    [PHONE_DELETED] = "DELETED",
};

const char *phone_state_name(enum phone_state state)
{
    return names[state];
}

struct phones *phones_create(void)
{
    return calloc(1, sizeof(struct phones));
}

void phones_destroy(struct phones **phones)
{
    struct phones *gone = *phones;
    *phones = NULL;
    for (size_t i = 0; gone != NULL && i < BUCKETS; i++) {
        while (gone->buckets[i] != NULL) {
            struct phone *phone = gone->buckets[i];
            gone->buckets[i] = phone->next;
            free(phone);
        }
    }
    free(gone);
}

/* FNV-1a. */
static struct phone **bucket_of(struct phones *phones, struct slice number)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < number.size; i++)
        hash = (hash ^ (uint8_t)number.ptr[i]) * 16777619u;
    return &phones->buckets[hash % BUCKETS];
}

struct phone *phone_of(struct phones *phones, struct slice number)
{
    struct phone **bucket = bucket_of(phones, number);
    for (struct phone *phone = *bucket; phone != NULL; phone = phone->next)
        if (slice_is(number, phone->number))
            return phone;
    struct phone *phone = calloc(1, sizeof *phone);
    if (phone == NULL || !slice_copy(number, phone->number, sizeof phone->number)) {
        free(phone);
        return NULL;
    }
    phone->next = *bucket;
    *bucket = phone;
    return phone;
}

void phones_each(const struct phones *phones,
                 bool (*visit)(void *arg, const struct phone *phone), void *arg)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct phone *phone = phones->buckets[i]; phone != NULL;
             phone = phone->next)
            if (!visit(arg, phone))
                return;
}
