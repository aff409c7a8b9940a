/* smdp.h - the SM-DP+ side of the sandbox, from the inside.
 *
 * smdp.c serves and records; smdp_functions.c carries the functions out; smdp_device.c
 * plays the devices. */
#ifndef SANDBOX_SMDP_H
#define SANDBOX_SMDP_H

#include "base/arena.h"
#include "sandbox.h"
#include "smdp_request.h"
#include "smdp_stock.h"

struct smdp_devices;

struct smdp {
    struct sandbox *sandbox;
    struct smdp_stock *stock;
    struct smdp_devices *devices;
};

/* Carries a well-formed request out. Texts of the result are constant or in `arena`. */
struct smdp_result smdp_execute(struct smdp *smdp, const struct smdp_request *request,
                                struct arena *arena);

/* Moves a profile and records it; false when 3.1.6 does not allow it. */
bool smdp_move(struct smdp *smdp, struct smdp_profile *profile, enum smdp_event event,
               const char *by);

/* ---- devices ---- */

struct smdp_devices *smdp_devices_create(struct smdp *smdp);
void smdp_devices_destroy(struct smdp_devices **devices);

/* A device scans an activation code: the checks of ES9+, then download and
 * installation, each told to the callback URL. Returns the HTTP status, and in
 * `ret_body` the JSON to answer with, a constant. `body`: {"activation_code",
 * "confirmation_code"?, "outcome"?: "installed", "failed" or "rejected", "step_ms"?,
 * "repeat"?}. */
int smdp_device_install(struct smdp_devices *devices, struct slice eid,
                        struct slice body, const char **ret_body);

#endif
