/* settings.h - what differs from one Graph and one enterprise to the next (README.md
 * lists them).
 *
 * Read anew in each step from the tenant's view of the settings. Texts are borrowed
 * from that JSON or constant. */
#ifndef INTUNE_SETTINGS_H
#define INTUNE_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct settings {
    const char *graph_root; /* As Graph writes itself in links: scheme and host. */
    const char *v1_path;    /* "/v1.0" */
    const char *beta_path;  /* "/beta" */
    const char *name_prefix;
    const char *activate_action; /* In deviceActionResults. */
    const json_t *permissions;   /* By capability; NULL: the usual ones. */
    bool list_eid;               /* Ask each listed device for its EID. */
    bool remove_on_failure;      /* The device leaves the group made for it. */
    int64_t page_size;
    int64_t poll_s, poll_most_s;
    int64_t follow_hours; /* 0: what comes after the assignment is not followed. */
    int64_t settle_s;     /* Until a lost request can be seen or is none. */
    int64_t throttle_s;   /* When Graph does not say how long. */
    int64_t tries;        /* Of one exchange, before the operation begins anew. */
    uint32_t timeout_ms;  /* 0: the manifest's. */
};

/* Takes what fits and the default for the rest: what does not fit was refused by
 * settings_check when the settings were written. */
void settings_read(const json_t *json, struct settings *ret);

/* NULL when all is well; else the name of the first wrong setting, and in ret_message
 * what was expected. */
const char *settings_check(const json_t *json, const char **ret_message);

#endif
