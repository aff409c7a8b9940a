/* problem.h - RFC 9457 problem documents: what went wrong, for programs and people.
 *
 * Besides type, title, status, detail and instance every problem carries code,
 * request_id, errors[] (pointer, detail), and error and message, which older clients
 * read.
 *
 * Threads  Any. */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include <jansson.h>

#include "api/member.h"
#include "base/err.h"

/* X(id, status, code, title) */
/* clang-format off */
#define PROBLEMS(X) \
    X(PROBLEM_SYNTAX,          400, "syntax",            "The request cannot be read")               \
    X(PROBLEM_KEY_MISSING,     400, "idempotency_key_missing", "An Idempotency-Key is needed")       \
    X(PROBLEM_UNAUTHENTICATED, 401, "unauthenticated",   "Who are you?")                             \
    X(PROBLEM_DENIED,          403, "denied",            "You may not do this")                      \
    X(PROBLEM_NOT_FOUND,       404, "not_found",         "There is no such thing")                   \
    X(PROBLEM_METHOD,          405, "method_not_allowed", "This path has no such method")            \
    X(PROBLEM_NOT_ACCEPTABLE,  406, "not_acceptable",    "None of the accepted media types is served") \
    X(PROBLEM_CONFLICT,        409, "conflict",          "Its state does not allow this")            \
    X(PROBLEM_STALE,           412, "stale",             "It has changed since you read it")         \
    X(PROBLEM_TOO_LARGE,       413, "too_large",         "A limit was reached")                      \
    X(PROBLEM_MEDIA,           415, "media_type",        "Bodies are application/json")              \
    X(PROBLEM_INVALID,         422, "invalid",           "Some members are wrong")                   \
    X(PROBLEM_KEY_REUSED,      422, "idempotency_key_reused", "The Idempotency-Key was used for another request") \
    X(PROBLEM_NO_ROUTE,        422, "no_adapter",        "No adapter serves this order")             \
    X(PROBLEM_CAPABILITY,      422, "capability_missing", "The adapter lacks a capability")          \
    X(PROBLEM_RATE,            429, "rate_limited",      "Too many requests")                        \
    X(PROBLEM_INTERNAL,        500, "internal",          "The host failed")                          \
    X(PROBLEM_UNAVAILABLE,     503, "unavailable",       "Come back a little later")                 \
    X(PROBLEM_TIMEOUT,         504, "timeout",           "It took too long")
/* clang-format on */

enum problem_id {
#define X(id, status, code, title) id,
    PROBLEMS(X)
#undef X
        PROBLEM_COUNT
};

int problem_status(enum problem_id id);
const char *problem_code(enum problem_id id);
const char *problem_title(enum problem_id id);

/* What an error of the host means to a client. */
enum problem_id problem_of(const struct err *err);

/* The document: a new reference. `faults` may be NULL. */
json_t *problem_document(enum problem_id id, const char *detail, const char *instance,
                         const char *request_id, const struct faults *faults);

#endif
