/* settings.h - what differs from one carrier's service to the next (README.md lists it).
 *
 * Read anew in each step from the tenant's view of the settings. Texts are borrowed
 * from that JSON or constant. */
#ifndef OOREDOO_SETTINGS_H
#define OOREDOO_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "wire_security.h"
#include "wire_soap.h"

struct soap_settings {
    enum soap_version version;
    const char *path;
    uint32_t timeout_ms; /* 0: the manifest's. */
    enum wss_kind security;
    const char *username; /* NULL: not set. */
    bool security_nonce;
    bool security_timestamp;
    bool security_must_understand;
    int64_t security_ttl_s;
    const char *header;       /* Template of further header blocks; NULL: none. */
    const char *fault_code;   /* XPath from a fault's detail; NULL: none. */
    const char *smdp_address; /* When the reply names none; NULL: not known. */
    int64_t settle_ms;        /* From a lost order to the first question about it. */
    int64_t find_tries;       /* Questions until a person is asked. */
};

/* Takes what fits and the default for the rest: what does not fit was refused by
 * soap_settings_check when the settings were written. */
void soap_settings_read(const json_t *json, struct soap_settings *ret);

/* NULL when all is well; else the dotted name of the first wrong setting, and in
 * ret_message what was expected. */
const char *soap_settings_check(const json_t *json, const char **ret_message);

#endif
