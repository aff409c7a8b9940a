/* adapter_load.h - the adapter inside its cell: loaded, checked against its own words.
 *
 * Everything is looked up once, before the lock; afterwards the pointers are used as
 * they were found. Whatever does not fit ends the process with a reason that names both
 * sides (WIRE_FAILED). */
#ifndef CELL_INSIDE_ADAPTER_LOAD_H
#define CELL_INSIDE_ADAPTER_LOAD_H

#include "base/slice.h"
#include "cell/step_codec.h"

enum { ADAPTER_FLOWS_MAX = ESIM_CAPABILITY_MAX + 1, ADAPTER_SESSIONS_MAX = 8 };

struct adapter {
    struct esim_about about;
    struct esim_flow flows[ADAPTER_FLOWS_MAX]; /* The probe's flow is one of them. */
    uint32_t flow_count;
    struct esim_session sessions[ADAPTER_SESSIONS_MAX];
    uint32_t session_count;
    const struct esim_inbound *inbound; /* NULL: it has none. */
    const struct esim_check *check;     /* NULL: it has none. */
};

/* Loads the sealed object at descriptor `fd`, calls start(host), reads the abilities. */
void adapter_load(int fd, const struct esim_host *host, struct adapter *ret);

/* NULL when there is none of that name. */
const struct esim_flow *adapter_flow(const struct adapter *adapter,
                                     struct slice capability);
const struct esim_session *adapter_session(const struct adapter *adapter,
                                           struct slice name);

#endif
