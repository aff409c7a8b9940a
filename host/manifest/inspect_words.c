#include "manifest/inspect.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "conf/nearest.h"
#include "crypto/digest.h"
#include "manifest/schema.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static const struct yaml_node *nearest_node(const struct inspection *inspection,
                                            const char *pointer)
{
    char path[128];
    int length = snprintf(path, sizeof path, "%s", pointer);
    assert(length >= 0 && (size_t)length < sizeof path);
    const struct yaml_node *node = yaml_tree_at(inspection->tree, path);
    while (node == NULL && path[0] != '\0') {
        char *slash = strrchr(path, '/');
        assert(slash != NULL);
        *slash = '\0';
        node = yaml_tree_at(inspection->tree, path);
    }
    return node;
}

bool inspect_fail(struct inspection *inspection, const char *pointer,
                  const char *format, ...)
{
    char text[360];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    assert(length >= 0);
    va_end(args);
    const struct yaml_node *node = nearest_node(inspection, pointer);
    return err_field(inspection->err, pointer, "%s:%u: %s: %s",
                     yaml_tree_name(inspection->tree), node != NULL ? node->line : 1,
                     pointer, text);
}

struct inspect_pointer inspect_at(const char *list, unsigned index, const char *member)
{
    struct inspect_pointer pointer;
    const char *slash = member[0] != '\0' ? "/" : "";
    int length = snprintf(pointer.text, sizeof pointer.text, "%s/%u%s%s", list, index,
                          slash, member);
    assert(length > 0 && (size_t)length < sizeof pointer.text);
    return pointer;
}

bool inspect_is_given(const struct inspection *inspection, const char *pointer)
{
    return yaml_tree_at(inspection->tree, pointer) != NULL;
}

/* --- forms --- */

bool manifest_is_name(const char *text)
{
    return strlen(text) <= MANIFEST_NAME_MAX && strspn(text, LOWER) > 0 &&
           strspn(text, LOWER DIGITS "-") == strlen(text);
}

/* Parts of names of which '_' may be a letter, joined by dots. */
static bool fits_dotted(const char *text)
{
    struct slice rest = slice_of(text);
    if (rest.size > 63 || text[rest.size - 1] == '.')
        return false;
    while (rest.size > 0) {
        struct slice part = slice_cut(&rest, '.');
        if (part.size == 0 || strchr(LOWER, part.ptr[0]) == NULL ||
            strspn(part.ptr, LOWER DIGITS "_-") < part.size)
            return false;
    }
    return true;
}

static bool is_plain_number(struct slice text)
{
    uint64_t number;
    return slice_u64(text, &number) && (text.size == 1 || text.ptr[0] != '0');
}

/* Semantic Versioning 2.0.0, 2 and 9 to 10; the dots inside a suffix are not looked at. */
static bool fits_version(const char *text)
{
    static const char suffix[] = LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-+";
    size_t numbers = strcspn(text, "-+");
    struct slice rest = slice_bytes(text, numbers);
    struct slice major = slice_cut(&rest, '.'), minor = slice_cut(&rest, '.');
    bool marked = text[numbers] != '\0';
    return strlen(text) <= MANIFEST_NAME_MAX && is_plain_number(major) &&
           is_plain_number(minor) && is_plain_number(rest) &&
           (!marked || text[numbers + 1] != '\0') &&
           strspn(text + numbers, suffix) == strlen(text + numbers);
}

static bool fits_digest(const char *text)
{
    return strlen(text) == 2 * DIGEST_SIZE && strspn(text, DIGITS "abcdef") == 64;
}

static bool is_label(struct slice label)
{
    return label.size > 0 && label.size <= 63 && label.ptr[0] != '-' &&
           label.ptr[label.size - 1] != '-' &&
           strspn(label.ptr, LOWER DIGITS "-_") >= label.size;
}

/* A last label of digits alone would be read as an address by some resolvers. */
static bool fits_host(const char *text)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, text, address) == 1 ||
        inet_pton(AF_INET6, text, address) == 1)
        return true;
    bool wild = strncmp(text, "*.", 2) == 0;
    struct slice rest = slice_of(wild ? text + 2 : text), label = { NULL, 0 };
    unsigned labels = 0;
    if (rest.size == 0 || rest.size > 253 || rest.ptr[rest.size - 1] == '.')
        return false;
    for (; rest.size > 0; labels++) {
        label = slice_cut(&rest, '.');
        if (!is_label(label))
            return false;
    }
    return strspn(label.ptr, DIGITS) < label.size && (!wild || labels >= 2);
}

/* clang-format off */
const struct inspect_form
    form_name    = { manifest_is_name,    "lower-case letters, digits and '-', a letter first, at most 31" },
    form_dotted  = { fits_dotted,  "lower-case letters, digits, '_', '-' and '.', each part with a letter first" },
    form_version = { fits_version, "a semantic version (1.2.3) of at most 31 characters" },
    form_digest  = { fits_digest,  "64 lower-case hex digits" },
    form_host    = { fits_host,    "a lower-case host name, \"*.\" and at least two labels, or an address" };
/* clang-format on */

bool inspect_form(struct inspection *inspection, const struct inspect_form *form,
                  const char *text, const char *pointer)
{
    return form->fits(text) ||
           inspect_fail(inspection, pointer, "expected %s, found \"%.64s\"",
                        form->words, text);
}

static void join_words(const char *const *words, char ret[160])
{
    size_t used = 0;
    for (size_t i = 0; words[i] != NULL && used < 150; i++) {
        int length = snprintf(ret + used, 160 - used, "%s%s", i > 0 ? ", " : "",
                              words[i]);
        assert(length > 0);
        used += (size_t)length;
    }
}

bool inspect_word(struct inspection *inspection, const char *const *words,
                  const char *text, const char *pointer)
{
    struct nearest nearest = { .wanted = text };
    char joined[160];
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0)
            return true;
        nearest_try(&nearest, words[i]);
    }
    join_words(words, joined);
    const char *near = nearest_name(&nearest);
    return inspect_fail(inspection, pointer,
                        "expected one of %s, found \"%.40s\"%s%s%s", joined, text,
                        near != NULL ? "; did you mean \"" : "",
                        near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static const char *name_in(const void *list, size_t stride, unsigned index)
{
    return *(char *const *)((const char *)list + index * stride);
}

bool inspect_names(struct inspection *inspection, const void *list, size_t stride,
                   unsigned count, const struct inspect_form *form, const char *pointer,
                   const char *member)
{
    for (unsigned i = 0; i < count; i++) {
        const char *name = name_in(list, stride, i);
        struct inspect_pointer at = inspect_at(pointer, i, member);
        if (form != NULL && !inspect_form(inspection, form, name, at.text))
            return false;
        for (unsigned before = 0; before < i; before++)
            if (strcmp(name_in(list, stride, before), name) == 0)
                return inspect_fail(inspection, at.text,
                                    "expected each once, found \"%.64s\" twice", name);
    }
    return true;
}

bool inspect_default(struct inspection *inspection, char **text, const char *otherwise)
{
    if (*text == NULL)
        *text = strdup(otherwise);
    return *text != NULL ||
           err_set(inspection->err, ERR_INTERNAL, "no memory for a manifest");
}

bool inspect_number(struct inspection *inspection, const struct inspect_number *row,
                    void *base, const char *pointer)
{
    int64_t *number = (int64_t *)((char *)base + row->offset);
    if (!inspect_is_given(inspection, pointer)) {
        *number = row->otherwise;
        return true;
    }
    return (*number >= row->least && *number <= row->most) ||
           inspect_fail(inspection, pointer, "expected from %lld to %lld, found %lld",
                        (long long)row->least, (long long)row->most,
                        (long long)*number);
}

/* strptime takes fewer digits and the 31st of February: so the time is written again and
 * must be the same text. */
bool inspect_time(const char *text, int64_t *ret_ms)
{
    struct tm parts = { .tm_isdst = 0 };
    char again[CLOCK_TEXT_SIZE];
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL || *end != '\0' || parts.tm_year < 70)
        return false;
    int64_t ms = (int64_t)timegm(&parts) * 1000;
    clock_text(ms, again);
    if (strlen(text) != 20 || strncmp(text, again, 19) != 0)
        return false;
    *ret_ms = ms;
    return true;
}
