#include "net/http_message.h"

struct slice http_field_of(const struct http_field *fields, size_t count,
                           const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(fields[i].name, name))
            return fields[i].value;
    return (struct slice){ NULL, 0 };
}
