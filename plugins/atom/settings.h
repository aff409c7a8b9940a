/* settings.h - what differs from one ES2+ peer to the next (README.md lists them).
 *
 * Read anew in each step from the tenant's view of the settings. Texts are borrowed
 * from that JSON or constant. */
#ifndef ATOM_SETTINGS_H
#define ATOM_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

struct es2_settings {
    const char *requester_id; /* functionRequesterIdentifier; NULL when not set. */
    const char *base_path;
    const char *protocol;   /* X-Admin-Protocol that we send. */
    const char *accept;     /* What theirs must begin with. */
    bool protocol_optional; /* A reply without X-Admin-Protocol is taken. */
    const char *user_agent; /* NULL: none is sent. */
    enum es2_iccid_form iccid_form;
    bool tolerate_numbers;    /* Identifiers may come as JSON integers. */
    uint32_t timeout_ms;      /* 0: the manifest's. */
    int notification_answer;  /* 204 or 200. */
    bool matching_id_upper;   /* Lower case in a matching id is an error. */
    const char *smdp_address; /* When the reply names none; NULL: not known. */
    const char *smdp_oid;     /* For the activation code; NULL: none. */
    const char *profile_type; /* When the order names none; NULL: none. */
    bool own_iccids;          /* Nobody else orders the ICCIDs that we name. */
    bool gateway_is_safe;     /* 502 and 504 mean that nothing was done. */
};

/* Takes what fits and the default for the rest: what does not fit was refused by
 * es2_settings_check when the settings were written. */
void es2_settings_read(const json_t *json, struct es2_settings *ret);

/* The function's path: setting `paths.<function>`, else base path and name. */
const char *es2_settings_path(const json_t *json, const struct es2_settings *settings,
                              enum es2_function function);

/* NULL when all is well; else the dotted name of the first wrong setting, and in
 * ret_message what was expected. */
const char *es2_settings_check(const json_t *json, const char **ret_message);

#endif
