/* deployment.h - what an order makes in Intune for a group of devices: a script, a
 * configuration profile. First it is looked for, then made once, then assigned.
 *
 * Its description carries the order's id: what an earlier try made is found by it. A flow
 * has the rows "find", "create" and "assign", which call these. */
#ifndef INTUNE_DEPLOYMENT_H
#define INTUNE_DEPLOYMENT_H

#include <jansson.h>

#include "call.h"

struct deployment {
    enum graph_version version;
    const char *collection; /* "/deviceManagement/deviceManagementScripts" */
    const char *type;       /* "#microsoft.graph.deviceManagementScript" */
    const char *id_var;     /* Where its id is kept: "script_id". */
    const char *unreadable; /* Said when Graph's list of them is no list. */
    /* The action `assign`: its member and the type of an item. */
    const char *assignments, *assignment_type;
    /* What is wrong with the input; NULL: nothing. */
    const char *(*problem)(const struct esim_talk *talk);
    /* Adds to the body what no other kind has. */
    void (*fill)(const struct esim_talk *talk, json_t *body);
};

/* Row "find": goes to "assign" when it is there, else to "create". */
void deployment_find_ask(struct esim_talk *talk, const struct deployment *deployment);
void deployment_find_tell(struct esim_talk *talk, const struct deployment *deployment);

/* Row "create", once: a lost answer is looked for by "find". */
void deployment_create_ask(struct esim_talk *talk, const struct deployment *deployment);
void deployment_create_tell(struct esim_talk *talk,
                            const struct deployment *deployment);

/* Row "assign", to the input's group. The action replaces what was assigned. */
void deployment_assign_ask(struct esim_talk *talk, const struct deployment *deployment);

#endif
