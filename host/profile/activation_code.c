#include "profile/activation_code.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 253, LABEL_MOST = 63 }; /* RFC 1035 2.3.4 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
    }
    return text.size != 0;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* A label of RFC 1123 2.1: letters, digits, and hyphens that are not at an end. */
static bool label_is_valid(struct slice label)
{
    if (label.size == 0 || label.size > LABEL_MOST || label.ptr[0] == '-' ||
        label.ptr[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++) {
        char c = label.ptr[i];
        if (!is_digit(c) && !is_upper(c) && !is_lower(c) && c != '-')
            return false;
    }
    return true;
}

/* Each check gives NULL, or what the part should have been. */

static const char *check_address(struct slice address)
{
    if (address.size == 0)
        return "an SM-DP+ address, found none";
    for (size_t i = 0; i < address.size; i++) {
        if (address.ptr[i] == '/')
            return "an SM-DP+ host name alone, found a scheme or a path";
        if (address.ptr[i] == ':')
            return "an SM-DP+ host name alone, found a port or a scheme";
    }
    if (address.size > NAME_MOST)
        return "an SM-DP+ host name of at most 253 characters, found more";
    size_t labels = 0;
    struct slice label = address;
    for (struct slice rest = address; rest.ptr != NULL; labels++) {
        label = slice_cut(&rest, '.');
        if (!label_is_valid(label))
            return "an SM-DP+ host name of letters, digits, hyphens and dots, "
                   "found something else";
    }
    if (labels < 2 || is_number(label))
        return "an SM-DP+ host name with its domain, found a word or an address";
    return NULL;
}

static const char *check_matching_id(struct slice id, enum activation_code_case letters)
{
    for (size_t i = 0; i < id.size; i++) {
        char c = id.ptr[i];
        if (is_lower(c) && letters == ACTIVATION_CODE_UPPER_ONLY)
            return "a matchingId in upper case, found a lower-case letter";
        if (!is_digit(c) && !is_upper(c) && !is_lower(c) && c != '-')
            return "a matchingId of letters, digits and hyphens, found another "
                   "character";
    }
    return NULL;
}

/* Dotted decimal: two arcs or more without leading zeros, the first 0 to 2, and the
 * second below 40 when the first is not 2 (X.660 7.6). An arc may be longer than any
 * machine number. */
static const char *check_oid(struct slice oid)
{
    static const char *const wanted = "an object identifier in dotted decimal, found "
                                      "something else";
    size_t arcs = 0;
    for (struct slice rest = oid; rest.ptr != NULL && oid.size != 0; arcs++) {
        struct slice arc = slice_cut(&rest, '.');
        bool root_is_wide = oid.ptr[0] == '2';
        if (!is_number(arc) || (arc.size > 1 && arc.ptr[0] == '0'))
            return wanted;
        if (arcs == 0 && (arc.size > 1 || arc.ptr[0] > '2'))
            return wanted;
        if (arcs == 1 && !root_is_wide &&
            (arc.size > 2 || (arc.size == 2 && arc.ptr[0] > '3')))
            return wanted;
    }
    return arcs == 1 ? wanted : NULL;
}

/* ---- the parts ---- */

enum part { FORMAT, ADDRESS, MATCHING_ID, OID, FLAG, PART_COUNT };

/* Cuts at each '$'; what follows the flag is dropped. Returns how many parts there
 * are. */
static size_t cut_parts(struct slice text, struct slice ret[PART_COUNT])
{
    size_t count = 0;
    while (text.ptr != NULL && count < PART_COUNT)
        ret[count++] = slice_cut(&text, '$');
    return count;
}

/* Address, matchingId and OID: NULL, or what was expected and which part it is. */
static const char *check_parts(const struct slice parts[PART_COUNT],
                               enum activation_code_case letters, const char **ret_name)
{
    const char *wrong = check_address(parts[ADDRESS]);
    *ret_name = "smdp_address";
    if (wrong != NULL)
        return wrong;
    wrong = check_matching_id(parts[MATCHING_ID], letters);
    *ret_name = "matching_id";
    if (wrong != NULL)
        return wrong;
    *ret_name = "smdp_oid";
    return check_oid(parts[OID]);
}

static const char *check_whole(const struct slice parts[PART_COUNT], size_t count,
                               enum activation_code_case letters)
{
    const char *name = NULL;
    if (count == 0 || !slice_is(parts[FORMAT], "1"))
        return "format 1 ('1$...'), found another";
    if (count <= MATCHING_ID)
        return "'1$<SM-DP+ address>$<matchingId>', found a part missing";
    if (count > FLAG && !slice_is(parts[FLAG], "1"))
        return "the confirmation flag to be 1 or absent, found something else";
    return check_parts(parts, letters, &name);
}

bool activation_code_read(struct slice text, enum activation_code_case letters,
                          const char *field, struct activation_code *ret,
                          struct err *err)
{
    struct slice parts[PART_COUNT] = { 0 };
    if (slice_starts(text, "LPA:"))
        text = slice_bytes(text.ptr + 4, text.size - 4);
    if (text.size >= ACTIVATION_CODE_SIZE)
        return err_field(err, field, "expected at most 255 characters, found %zu",
                         text.size);
    size_t count = cut_parts(text, parts);
    const char *wrong = check_whole(parts, count, letters);
    if (wrong != NULL)
        return err_field(err, field, "expected %s", wrong);
    ret->confirmation_required = count > FLAG;
    return slice_copy(parts[ADDRESS], ret->smdp_address, sizeof ret->smdp_address) &&
           slice_copy(parts[MATCHING_ID], ret->matching_id, sizeof ret->matching_id) &&
           slice_copy(parts[OID], ret->smdp_oid, sizeof ret->smdp_oid);
}

/* snprintf's count of the whole, whether it fitted or not. */
static size_t join(const struct activation_code *code, char *ret, size_t size)
{
    bool third = code->smdp_oid[0] != '\0' || code->confirmation_required;
    int wrote = snprintf(ret, size, "1$%s$%s%s%s%s", code->smdp_address,
                         code->matching_id, third ? "$" : "", code->smdp_oid,
                         code->confirmation_required ? "$1" : "");
    return (size_t)wrote;
}

bool activation_code_write(const struct activation_code *code,
                           enum activation_code_case letters, const char *field,
                           char ret[ACTIVATION_CODE_SIZE], struct err *err)
{
    const struct slice parts[PART_COUNT] = {
        [ADDRESS] = slice_of(code->smdp_address),
        [MATCHING_ID] = slice_of(code->matching_id),
        [OID] = slice_of(code->smdp_oid),
    };
    const char *name = NULL, *wrong = check_parts(parts, letters, &name);
    if (wrong != NULL) {
        char at[sizeof err->field];
        snprintf(at, sizeof at, "%s/%s", field, name);
        return err_field(err, at, "expected %s", wrong);
    }
    size_t size = join(code, NULL, 0);
    if (size >= ACTIVATION_CODE_SIZE)
        return err_field(err, field,
                         "expected parts that make at most 255 characters, found %zu",
                         size);
    join(code, ret, ACTIVATION_CODE_SIZE);
    return true;
}
