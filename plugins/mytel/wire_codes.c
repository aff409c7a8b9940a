#include "wire_codes.h"

#include <stddef.h>
#include <string.h>

/* SGP.22 3.1.6 */
static const char *const profile_states[] = {
    NULL,       "Available",  "Allocated", "Linked", "Confirmed",
    "Released", "Downloaded", "Installed", "Error",  "Unavailable",
};
static const char *const line_states[] = { NULL, "PROVISIONED", "ACTIVE", "SUSPENDED",
                                           "DELETED" };

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

const char *mytel_profile_state(uint64_t number)
{
    return number < COUNT(profile_states) ? profile_states[number] : NULL;
}

uint64_t mytel_profile_state_of(const char *name)
{
    for (size_t i = 1; name != NULL && i < COUNT(profile_states); i++)
        if (strcmp(profile_states[i], name) == 0)
            return i;
    return 0;
}

const char *mytel_line_state(uint64_t number)
{
    return number < COUNT(line_states) ? line_states[number] : NULL;
}
