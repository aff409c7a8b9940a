/* request_rules.h - what a request head must also obey once its syntax is right.
 *
 * Threads  Any; pure functions. */
#ifndef NET_REQUEST_RULES_H
#define NET_REQUEST_RULES_H

#include "net/request_reader.h"

/* Fills in path, query and the facts about the body. `line` is the request line without
 * its CR LF, `target` what llhttp took from it. */
enum refusal request_rules_check(struct request_parts *parts, struct slice line,
                                 struct slice target);

#endif
