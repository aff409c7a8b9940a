/* err.h - how a function of the host says what went wrong.
 *
 * A function that can fail returns bool and takes a `struct err *` last. On false the
 * error is filled: a code to act on, a sentence to read, and, for bad input, the field
 * it is about. Each level may add what *it* was doing; only the top logs.
 *
 * Threads  A struct err belongs to its caller's stack. No function here keeps it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err_code {
    ERR_NONE = 0,
    ERR_INVALID, /* The input is wrong; `field` says where. Asking again is useless. */
    ERR_DENIED,  /* The caller may not do this. */
    ERR_NOT_FOUND,    /* No such thing, or not one this tenant may see. */
    ERR_CONFLICT,     /* The thing is not in a state that allows this. */
    ERR_STALE,        /* A claim, lease or revision no longer stands. */
    ERR_LIMIT,        /* A stated limit was reached. */
    ERR_UNAVAILABLE,  /* Nothing was done; asking again later may help. */
    ERR_TIMEOUT,      /* A deadline passed. */
    ERR_UNTRUSTED,    /* A signature, digest or key did not check. */
    ERR_IO,           /* The system refused; the sentence carries its words. */
    ERR_CORRUPT,      /* Stored or received bytes break their own rules. */
    ERR_UNAUTHORISED, /* The other side does not accept our credentials. */
    ERR_INTERNAL,     /* A bug of ours. */
    ERR_CODE_COUNT
};

struct err {
    enum err_code code;
    char field[128]; /* JSON pointer or setting name; empty when none. */
    char text[512];  /* One sentence without a final stop; never a secret. */
};

/* Starts an error value. Call it where the struct is defined, or use ERR_INIT. */
#define ERR_INIT         \
    {                    \
        .code = ERR_NONE \
    }

/* Sets code and sentence, clears the field. Always returns false, so that a caller can
 * write `return err_set(err, ...)`. `err` may be NULL: then the words are lost. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_INVALID, for input: `field` is a JSON pointer ("/device/eid") or
 * a dotted setting name; the sentence says what was expected and what was found. */
bool err_field(struct err *err, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_IO, and adds ": " and the text of errno. */
bool err_errno(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "what we were doing: " in front of the sentence, keeps code and field. Returns
 * false. */
bool err_wrap(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The code's name in lower case with underscores ("not_found"): stable, for APIs. */
const char *err_code_name(enum err_code code);

#endif
