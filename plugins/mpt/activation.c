#include "activation.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_made_of(struct esim_bytes text, const char *more)
{
    for (uint64_t i = 0; i < text.size; i++)
        if (!is_alphanumeric(text.ptr[i]) &&
            (text.ptr[i] == '\0' || strchr(more, text.ptr[i]) == NULL))
            return false;
    return true;
}

/* Up to the next "$", which is taken too. Without one the rest is {NULL,0}. */
static struct esim_bytes next_part(struct esim_bytes *rest)
{
    struct esim_bytes whole = *rest;
    const char *end = whole.size == 0 ? NULL : memchr(whole.ptr, '$', whole.size);
    *rest = (struct esim_bytes){ NULL, 0 };
    if (end == NULL)
        return whole;
    uint64_t size = (uint64_t)(end - whole.ptr);
    *rest = (struct esim_bytes){ end + 1, whole.size - size - 1 };
    return (struct esim_bytes){ whole.ptr, size };
}

static bool print(char *ret, struct esim_bytes text)
{
    int size = snprintf(ret, ACTIVATION_SIZE, "%.*s", (int)text.size, text.ptr);
    return size >= 0 && size < ACTIVATION_SIZE;
}

static bool take_parts(struct esim_bytes address, struct esim_bytes matching_id,
                       struct activation *ret)
{
    return address.size > 0 && is_made_of(address, ".-") &&
           is_made_of(matching_id, "-") && print(ret->address, address) &&
           print(ret->matching_id, matching_id);
}

/* The OID and the confirmation flag stay in the code as they are. */
static bool rest_is_fine(struct esim_bytes rest)
{
    struct esim_bytes oid = next_part(&rest);
    struct esim_bytes flag = next_part(&rest);
    for (uint64_t i = 0; i < oid.size; i++)
        if (oid.ptr[i] != '.' && (oid.ptr[i] < '0' || oid.ptr[i] > '9'))
            return false;
    return (flag.size == 0 || (flag.size == 1 && flag.ptr[0] == '1'));
}

bool activation_read(struct esim_bytes text, struct activation *ret)
{
    if (text.size >= 4 && strncasecmp(text.ptr, "LPA:", 4) == 0)
        text = (struct esim_bytes){ text.ptr + 4, text.size - 4 };
    if (text.size >= ACTIVATION_SIZE || !is_made_of(text, "$.-:"))
        return false;
    struct esim_bytes rest = text;
    struct esim_bytes format = next_part(&rest);
    struct esim_bytes address = next_part(&rest);
    bool has_id = rest.ptr != NULL;
    struct esim_bytes matching_id = next_part(&rest);
    return format.size == 1 && format.ptr[0] == '1' && has_id &&
           take_parts(address, matching_id, ret) && rest_is_fine(rest) &&
           print(ret->code, text);
}

bool activation_make(struct esim_bytes address, struct esim_bytes matching_id,
                     struct activation *ret)
{
    if (!take_parts(address, matching_id, ret))
        return false;
    int size = snprintf(ret->code, ACTIVATION_SIZE, "1$%s$%s", ret->address,
                        ret->matching_id);
    return size > 0 && size < ACTIVATION_SIZE;
}

bool iccid_read(struct esim_bytes text, char ret[ICCID_SIZE])
{
    char last = text.size == 0 ? '\0' : text.ptr[text.size - 1];
    if (last == 'F' || last == 'f')
        text.size--;
    if (text.size != 19 && text.size != 20)
        return false;
    for (uint64_t i = 0; i < text.size; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    memcpy(ret, text.ptr, text.size);
    ret[text.size] = '\0';
    return true;
}
