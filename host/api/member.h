/* member.h - the shape of a JSON object as a table of members.
 *
 * The same table checks a body (every fault is collected, with its JSON pointer) and
 * writes its part of the OpenAPI document.
 *
 * Threads  Tables are constant; any thread. */
#ifndef API_MEMBER_H
#define API_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum member_kind {
    MEMBER_TEXT,
    MEMBER_INT,
    MEMBER_BOOL,
    MEMBER_OBJECT,  /* `inside` is its shape; NULL: any members. */
    MEMBER_TEXTS,   /* A list of texts; `format`, `most` hold for each. */
    MEMBER_OBJECTS, /* A list of `inside`. */
    MEMBER_ANY
};

struct number_plan;
struct schema;

struct member {
    const char *name; /* NULL ends a table. */
    enum member_kind kind;
    bool required;
    const char *format; /* A row of format.c, or "a|b|c": one of these. */
    long long least;    /* MEMBER_INT: the smallest; texts: the fewest characters. */
    long long most; /* MEMBER_INT: the largest; texts: bytes; lists: elements. 0: 256
                           for texts, 64 for lists, none for numbers. */
    const struct schema *inside;
    const char *text;
};

struct schema {
    const char *name; /* In the document: "OrderNew". */
    const char *text;
    const struct member *members;
    bool open; /* Unknown members are allowed. */
};

/* What is wrong with a document. */
struct fault {
    const char *pointer; /* RFC 6901: "/device/eid". */
    const char *detail;
    struct fault *next;
};
struct faults {
    struct arena *arena;
    const struct number_plan *numbers; /* How the format msisdn is read; may be NULL. */
    struct fault *first, **last;
    unsigned count;
};
enum { FAULTS_MAX = 32 };

void faults_init(struct faults *faults, struct arena *arena,
                 const struct number_plan *numbers);
void faults_add(struct faults *faults, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Collects all faults, at most FAULTS_MAX. */
void schema_check(const struct schema *schema, const json_t *value,
                  struct faults *faults);

/* One text against one member (a query parameter). `pointer` names it in the fault. */
void member_check_text(const struct member *member, const char *pointer,
                       const char *text, struct faults *faults);

/* JSON Schema 2020-12 of a member and of a shape; nested shapes by $ref. New
 * references. */
json_t *member_document(const struct member *member);
json_t *schema_document(const struct schema *schema);

#endif
