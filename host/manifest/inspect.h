/* inspect.h - the rules of a manifest that its shape cannot say. Private to manifest/.
 *
 * Fills in defaults, then checks one rule after the other; the first that is broken is
 * the error: file, line, field, expected, found. */
#ifndef MANIFEST_INSPECT_H
#define MANIFEST_INSPECT_H

#include "conf/yaml_tree.h"
#include "manifest/manifest.h"

/* What the rules look at. */
struct inspection {
    const struct yaml_tree *tree; /* For lines, and to tell "absent" from zero. */
    struct manifest *manifest;
    struct err *err;
};

typedef bool (*inspection_rule)(struct inspection *inspection);

bool inspect_manifest(struct inspection *inspection);

/* The rules of inspect_places.c: endpoints, sessions, secrets. */
bool inspect_endpoints(struct inspection *inspection);
bool inspect_sessions(struct inspection *inspection);
bool inspect_place_names(struct inspection *inspection);
bool inspect_secrets(struct inspection *inspection);
bool inspect_callback(struct inspection *inspection);
/* Of inspect_settings.c. */
bool inspect_settings(struct inspection *inspection);

/* --- what rules are made of (inspect_words.c) --- */

/* Fills the error for the node at the pointer, or its nearest ancestor that stands in
 * the file. Returns false. */
bool inspect_fail(struct inspection *inspection, const char *pointer,
                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* "/endpoints/3/name" */
struct inspect_pointer {
    char text[128];
};
struct inspect_pointer inspect_at(const char *list, unsigned index, const char *member);

bool inspect_is_given(const struct inspection *inspection, const char *pointer);

/* A form that a text must have. */
struct inspect_form {
    bool (*fits)(const char *text);
    const char *words; /* "expected ..." */
};
extern const struct inspect_form form_name, form_dotted, form_version, form_digest,
    form_host;
bool inspect_form(struct inspection *inspection, const struct inspect_form *form,
                  const char *text, const char *pointer);

/* One of the words; `words` ends in NULL. The error suggests the nearest. */
bool inspect_word(struct inspection *inspection, const char *const *words,
                  const char *text, const char *pointer);

/* A list whose elements' first member is a char *name: each once, each of the form. */
bool inspect_names(struct inspection *inspection, const void *list, size_t stride,
                   unsigned count, const struct inspect_form *form, const char *pointer,
                   const char *member);

/* An absent text becomes a copy of `otherwise`. */
bool inspect_default(struct inspection *inspection, char **text, const char *otherwise);

/* Numbers: range and default by table. */
struct inspect_number {
    const char *pointer; /* Below `base`: "/limits/cpu_ms" or "frame_bytes". */
    size_t offset;
    int64_t least, most, otherwise;
};
bool inspect_number(struct inspection *inspection, const struct inspect_number *row,
                    void *base, const char *pointer);

/* RFC 3339 in UTC ("2026-01-02T03:04:05Z") as wall milliseconds. */
bool inspect_time(const char *text, int64_t *ret_ms);

#endif
