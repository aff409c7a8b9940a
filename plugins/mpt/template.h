/* template.h - what a carrier's commands and replies look like, as an operator writes it
 * into the settings: "ACT {{msisdn}} {{iccid?}} REF {{ref}}".
 *
 * In a command, {{name}} is a value of the operation, {{name?}} one that may be absent.
 * In a reply, {{name}} reads what stands there, {{*}} skips anything. A reply matches as
 * a whole; case of ASCII letters and width of white space do not count.
 *
 * Pure; the texts are UTF-8. */
#ifndef MPT_TEMPLATE_H
#define MPT_TEMPLATE_H

#include "wire_bytes.h"

enum { TEMPLATE_FIELDS_MOST = 12, TEMPLATE_MOST = 1024 };

enum template_fault {
    TEMPLATE_FINE,
    TEMPLATE_ABSENT, /* A value is absent: ret_name. */
    TEMPLATE_UNSAFE, /* A value has white space or control characters, with which it
                        could become another command: ret_name. Only {{text}} may. */
    TEMPLATE_TOO_LONG
};
/* `value` gives the value of a name, {NULL,0} when there is none. */
enum template_fault
template_fill(struct esim_bytes command,
              struct esim_bytes (*value)(const void *arg, struct esim_bytes name),
              const void *arg, struct smpp_out *out, struct esim_bytes *ret_name);

struct template_fields {
    struct {
        struct esim_bytes name, value; /* Borrowed from pattern and text. */
    } rows[TEMPLATE_FIELDS_MOST];
    size_t count;
};
bool template_match(struct esim_bytes pattern, struct esim_bytes text,
                    struct template_fields *ret);
/* {NULL,0} when absent. */
struct esim_bytes template_field(const struct template_fields *fields,
                                 const char *name);

/* For the check of settings: NULL, or what is wrong, as "expected ...". */
const char *template_command_fault(const char *command);
const char *template_pattern_fault(const char *pattern);
bool template_has(const char *text, const char *name);

#endif
