/* inbound.h - a carrier's call to us: a pure function (request) -> (response, facts).
 *
 * The host receives it on /callbacks/{adapter}/..., checks the caller's identity as the
 * manifest says (client certificate or shared secret), calls this function, stores the
 * facts, and only then sends the response. Carriers repeat themselves: facts carry an
 * id of the carrier's or a digest of the request, and a fact seen before changes
 * nothing. */
#ifndef ESIM_INBOUND_H
#define ESIM_INBOUND_H

#include "esim/abi.h"
#include "esim/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

struct esim_request {
    uint32_t size;
    uint32_t reserved;
    int64_t now_ms;
    struct esim_bytes method;
    struct esim_bytes path; /* What follows /callbacks/{adapter}, with the query. */
    const struct esim_header *headers;
    uint64_t header_count;
    struct esim_bytes body;
    struct esim_bytes settings; /* The adapter's own; no tenant is known yet. */
    struct esim_bytes secrets;  /* As in struct esim_step: to check a signed body. */
};

/* Something learned. Three kinds now:
 *   "profile"  key = ICCID, data = {"state": SGP.22 state name or absent, "point": text,
 *              "at": RFC 3339, "eid"?, "problem"?: {code, message, carrier_code}}
 *   "line"     key = MSISDN in E.164, with or without its "+", data = {"state": a line
 *              state of capability.h, "iccid"?, "at"?: RFC 3339}
 *   "message"  key = what an operation awaits with ESIM_AWAIT, data = its payload. */
struct esim_fact {
    struct esim_bytes kind;
    struct esim_bytes key;
    struct esim_bytes id; /* Same id, same fact: taken once. */
    struct esim_bytes data;
};

struct esim_response {
    uint32_t size;
    int32_t status;
    const struct esim_header *headers;
    uint64_t header_count;
    struct esim_bytes body;
    const struct esim_fact *facts;
    uint64_t fact_count; /* At most 1024. */
};

/* ESIM_ABILITY_INBOUND. Fills `response` (zeroed, size set). [cell, locked] */
struct esim_inbound {
    uint32_t size;
    void (*receive)(const struct esim_request *request, struct esim_response *response);
};

#ifdef __cplusplus
}
#endif
#endif
