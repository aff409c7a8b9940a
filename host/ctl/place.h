/* place.h - which host is meant, and as whom.
 *
 * First the flags, then ESIM_URL, ESIM_SOCKET, ESIM_TOKEN_FILE, ESIM_TENANT, then the
 * context of ~/.config/esim/context.yaml:
 *   current: prod
 *   contexts:
 *     - name: prod
 *       url: https://esim.example.net
 *       token_file: /etc/esim/prod.key
 *       tenant: acme
 * and at last the Unix socket of this machine. */
#ifndef CTL_PLACE_H
#define CTL_PLACE_H

#include <stdbool.h>

#include "base/err.h"

struct ctl;

enum { PLACE_TEXT_SIZE = 512 };

struct place {
    char url[PLACE_TEXT_SIZE];    /* "http://localhost" over a socket. */
    char socket[PLACE_TEXT_SIZE]; /* "" for none. */
    char token[128];              /* Secret; "" for none. */
    char tenant[64];              /* "" for one's own. */
    char ca_file[PLACE_TEXT_SIZE];
};

bool place_find(const struct ctl *ctl, struct place *ret, struct err *err);

#endif
