/* result.h - from a carrier's words to the members of capability.h.
 *
 * What a carrier did not say, or said in a way that cannot be read, is left out. */
#ifndef OOREDOO_RESULT_H
#define OOREDOO_RESULT_H

#include <jansson.h>
#include <stdbool.h>

#include "settings.h"

/* 18 to 20 digits, without the F that pads some; NULL: it is no ICCID. */
const char *result_iccid(const char *text);

/* SGP.22's name of a profile's state, or the line's state; by the settings `states` and
 * `line_states`. NULL when the word is unknown. */
const char *result_state(const json_t *settings, const char *word);
const char *result_line_state(const json_t *settings, const char *word);

/* eid, state, matching_id, smdp_address, activation_code, at: those that were said. */
void result_put_profile(json_t *result, const json_t *fields, const json_t *settings,
                        const struct soap_settings *read);

/* One record of usage.read; NULL when a member cannot be read. */
json_t *result_record(const json_t *fields);

#endif
