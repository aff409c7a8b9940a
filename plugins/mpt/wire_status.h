/* wire_status.h - command_status of SMPP 3.4 (5.1.3): names, and what each means for the
 * message that was sent. */
#ifndef MPT_WIRE_STATUS_H
#define MPT_WIRE_STATUS_H

#include <stdint.h>

enum {
    SMPP_ROK = 0x00,
    SMPP_RINVMSGLEN = 0x01,
    SMPP_RINVCMDLEN = 0x02,
    SMPP_RINVCMDID = 0x03,
    SMPP_RINVBNDSTS = 0x04,
    SMPP_RALYBND = 0x05,
    SMPP_RSYSERR = 0x08,
    SMPP_RBINDFAIL = 0x0D,
    SMPP_RINVPASWD = 0x0E,
    SMPP_RINVSYSID = 0x0F,
    SMPP_RMSGQFUL = 0x14,
    SMPP_RSUBMITFAIL = 0x45,
    SMPP_RTHROTTLED = 0x58,
    SMPP_RQUERYFAIL = 0x67,
    SMPP_RINVOPTPARSTREAM = 0xC0,
    SMPP_RINVPARLEN = 0xC2,
    SMPP_RUNKNOWNERR = 0xFF
};

enum smpp_meaning {
    SMPP_FINE,     /* Accepted. */
    SMPP_SLOWER,   /* Not accepted: window and rate shrink, then again. */
    SMPP_LATER,    /* Not accepted: again after a while. */
    SMPP_IDENTITY, /* The carrier does not let us in, or not with this bind. */
    SMPP_NEVER     /* Not accepted: the same message will not be. */
};

struct smpp_status {
    uint32_t number;
    const char *name; /* "ESME_RTHROTTLED" */
    enum smpp_meaning meaning;
    const char *code;    /* Stable name for a problem: "number_wrong". */
    const char *message; /* A sentence for a person. */
};

/* Never NULL: numbers without a row share one, with `number` 0xFFFFFFFF, that is NEVER. */
const struct smpp_status *smpp_status_of(uint32_t number);

#endif
