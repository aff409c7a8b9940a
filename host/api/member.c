#include "api/member.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/format.h"
#include "base/json.h"

enum { TEXT_MOST = 256, LIST_MOST = 64, POINTER_BYTES = 256 };

/* Where in the document we are: "/device/eid", grown and cut back while walking. */
struct walk {
    struct faults *faults;
    char pointer[POINTER_BYTES];
    size_t length;
};

void faults_init(struct faults *faults, struct arena *arena,
                 const struct number_plan *numbers)
{
    *faults = (struct faults){ .arena = arena, .numbers = numbers };
    faults->last = &faults->first;
}

void faults_add(struct faults *faults, const char *pointer, const char *format, ...)
{
    if (faults->count == FAULTS_MAX)
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct fault *fault = arena_alloc(faults->arena, sizeof *fault);
    if (fault == NULL || length < 0)
        return;
    fault->pointer = arena_text(faults->arena, pointer);
    fault->detail = arena_text(faults->arena, text);
    if (fault->pointer == NULL || fault->detail == NULL)
        return;
    *faults->last = fault;
    faults->last = &fault->next;
    faults->count++;
}

static void check_object(const struct schema *schema, const json_t *value,
                         struct walk *walk);

/* Steps into a member; what does not fit is left out of the pointer, not refused.
 * RFC 6901 3: "~" is written "~0", "/" is written "~1". */
static size_t enter(struct walk *walk, const char *name)
{
    size_t before = walk->length;
    size_t at = before;
    if (at + 2 < sizeof walk->pointer)
        walk->pointer[at++] = '/';
    for (; *name != '\0' && at + 3 < sizeof walk->pointer; name++) {
        if (*name == '~' || *name == '/') {
            walk->pointer[at++] = '~';
            walk->pointer[at++] = *name == '~' ? '0' : '1';
        } else {
            walk->pointer[at++] = *name;
        }
    }
    walk->pointer[at] = '\0';
    walk->length = at;
    return before;
}

static void leave(struct walk *walk, size_t before)
{
    walk->length = before;
    walk->pointer[before] = '\0';
}

static long long text_most(const struct member *member)
{
    return member->most == 0 ? TEXT_MOST : member->most;
}

static void check_text(const struct member *member, const char *text, size_t size,
                       const char *pointer, struct faults *faults)
{
    struct err err = ERR_INIT;
    if ((long long)size > text_most(member))
        faults_add(faults, pointer, "at most %lld bytes, not %zu", text_most(member),
                   size);
    else if ((long long)size < member->least)
        faults_add(faults, pointer, "at least %lld characters, not %zu", member->least,
                   size);
    else if (strlen(text) != size)
        faults_add(faults, pointer, "no NUL characters");
    else if (!format_check(member->format, text, faults->numbers, &err))
        faults_add(faults, pointer, "%s", err.text);
}

static void check_number(const struct member *member, long long number,
                         const char *pointer, struct faults *faults)
{
    if (number < member->least)
        faults_add(faults, pointer, "at least %lld, not %lld", member->least, number);
    else if (member->most != 0 && number > member->most)
        faults_add(faults, pointer, "at most %lld, not %lld", member->most, number);
}

static void check_element(const struct member *member, const json_t *value,
                          struct walk *walk)
{
    if (member->kind == MEMBER_OBJECTS)
        check_object(member->inside, value, walk);
    else if (json_is_string(value))
        check_text(member, json_string_value(value), json_string_length(value),
                   walk->pointer, walk->faults);
    else
        faults_add(walk->faults, walk->pointer, "a text is expected");
}

static void check_list(const struct member *member, const json_t *value,
                       struct walk *walk)
{
    long long most = member->kind == MEMBER_TEXTS || member->most == 0 ? LIST_MOST
                                                                       : member->most;
    if ((long long)json_array_size(value) > most) {
        faults_add(walk->faults, walk->pointer, "at most %lld elements, not %zu", most,
                   json_array_size(value));
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        char index[24];
        int length = snprintf(index, sizeof index, "%zu", i);
        size_t before = enter(walk, length > 0 ? index : "");
        check_element(member, json_array_get(value, i), walk);
        leave(walk, before);
    }
}

static bool has_kind(enum member_kind kind, const json_t *value)
{
    switch (kind) {
    case MEMBER_TEXT:
        return json_is_string(value);
    case MEMBER_INT:
        return json_is_integer(value);
    case MEMBER_BOOL:
        return json_is_boolean(value);
    case MEMBER_OBJECT:
        return json_is_object(value);
    case MEMBER_TEXTS:
    case MEMBER_OBJECTS:
        return json_is_array(value);
    case MEMBER_ANY:
        return true;
    }
    return false;
}

static const char *const kind_names[] = {
    [MEMBER_TEXT] = "a text",        [MEMBER_INT] = "a whole number",
    [MEMBER_BOOL] = "true or false", [MEMBER_OBJECT] = "an object",
    [MEMBER_TEXTS] = "a list",       [MEMBER_OBJECTS] = "a list",
    [MEMBER_ANY] = "any value",
};

static void check_member(const struct member *member, const json_t *value,
                         struct walk *walk)
{
    if (!has_kind(member->kind, value))
        faults_add(walk->faults, walk->pointer, "%s is expected",
                   kind_names[member->kind]);
    else if (member->kind == MEMBER_TEXT)
        check_text(member, json_string_value(value), json_string_length(value),
                   walk->pointer, walk->faults);
    else if (member->kind == MEMBER_INT)
        check_number(member, json_integer_value(value), walk->pointer, walk->faults);
    else if (member->kind == MEMBER_OBJECT && member->inside != NULL)
        check_object(member->inside, value, walk);
    else if (json_is_array(value) && member->kind != MEMBER_ANY)
        check_list(member, value, walk);
}

static const struct member *member_of(const struct schema *schema, const char *name)
{
    for (const struct member *m = schema->members; m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

static void check_unknown(const struct schema *schema, const json_t *value,
                          struct walk *walk)
{
    const char *key;
    json_t *inside;
    json_object_foreach((json_t *)value, key, inside)
    {
        if (member_of(schema, key) != NULL)
            continue;
        size_t before = enter(walk, key);
        faults_add(walk->faults, walk->pointer, "there is no such member");
        leave(walk, before);
    }
}

static void check_object(const struct schema *schema, const json_t *value,
                         struct walk *walk)
{
    if (!json_is_object(value)) {
        faults_add(walk->faults, walk->pointer, "an object is expected");
        return;
    }
    size_t known = 0;
    for (const struct member *m = schema->members; m->name != NULL; m++) {
        const json_t *inside = json_object_get(value, m->name);
        if (inside == NULL && !m->required)
            continue;
        known += inside != NULL;
        size_t before = enter(walk, m->name);
        if (inside == NULL)
            faults_add(walk->faults, walk->pointer, "this member is needed");
        else
            check_member(m, inside, walk);
        leave(walk, before);
    }
    if (!schema->open && known < json_object_size(value))
        check_unknown(schema, value, walk);
}

void schema_check(const struct schema *schema, const json_t *value,
                  struct faults *faults)
{
    struct walk walk = { .faults = faults };
    check_object(schema, value, &walk);
}

void member_check_text(const struct member *member, const char *pointer,
                       const char *text, struct faults *faults)
{
    uint64_t number;
    if (member->kind != MEMBER_INT)
        check_text(member, text, strlen(text), pointer, faults);
    else if (!slice_u64(slice_of(text), &number) || number > INT64_MAX)
        faults_add(faults, pointer, "a whole number is expected");
    else
        check_number(member, (long long)number, pointer, faults);
}
