/* call.h - one ES2+ function called inside a flow: how it is asked, how it ended.
 *
 * The flows say what goes into the body and what comes out of it; everything that is
 * the same for all functions is here: header, paths, X-Admin-Protocol, HTTP statuses,
 * the table of verdicts, and what an answer means after an own earlier try. */
#ifndef ATOM_CALL_H
#define ATOM_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/exchange.h"
#include "settings.h"
#include "wire.h"

struct call {
    struct esim_talk *talk;
    enum es2_function function;
    esim_repeat repeat; /* Of the row that made the exchange. */
    struct es2_settings settings;
};

struct call call_of(struct esim_talk *talk, enum es2_function function,
                    esim_repeat repeat);

/* A body with its header. */
json_t *call_body(const struct call *call);

/* Writes the POST. Refuses the operation when the settings lack the requester. */
void call_ask(const struct call *call, const json_t *body);

/* True when the carrier executed the function, now or in an earlier own try; `ret_body`
 * is then the reply's body, or NULL after an earlier try. On false the operation has
 * been ended. */
bool call_executed(const struct call *call, json_t **ret_body);

/* Ends the operation when the function may have been carried out: UNKNOWN for ONCE,
 * with what a person can do; else NOT_YET. `message` says what happened. */
void call_lost(const struct call *call, const char *code, const char *carrier_code,
               const char *message);

/* The `ask` of the row that a lost ONCE exchange names as its query: ES2+ v2.2 has no
 * function that asks for a profile's state, so it ends UNKNOWN. */
void call_nobody_knows(struct esim_talk *talk, enum es2_function function);

/* ---- inputs that several functions share; false: the operation has been ended ---- */

/* `iccid` of the input: the digits alone in ret_iccid (NULL when absent and not
 * required), and as member `iccid` of `body` in the carrier's form. */
bool call_put_iccid(const struct call *call, json_t *body, bool required,
                    const char **ret_iccid);
bool call_put_eid(const struct call *call, json_t *body, const char **ret_eid);
bool call_put_matching_id(const struct call *call, json_t *body,
                          const char **ret_matching_id);

#endif
