/* inbound.h - handleDownloadProgressInfo (SGP.22 5.3.5): the SM-DP+ tells us how the
 * download goes.
 *
 * The standard contradicts itself (schema and example differ), and carriers differ from
 * both, so both spellings of the time and both types of the point are taken. */
#ifndef ATOM_INBOUND_H
#define ATOM_INBOUND_H

#include <stdbool.h>

#include "esim/inbound.h"

/* What to answer, and at most one fact. */
struct inbound {
    int status;
    const char *content_type; /* NULL: no body. */
    struct esim_bytes body;
    const char *allow; /* With 405. */
    bool has_fact;
    struct esim_fact fact;
    const char *protocol; /* X-Admin-Protocol of the answer. */
};

void inbound_read(const struct esim_request *request, struct inbound *ret);

#endif
