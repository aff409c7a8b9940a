/* policy_seat.h - the policy that one thread asks, and the revision that may follow it.
 *
 * A new revision starts its cells beside the one that decides. When it has proved
 * itself it takes the seat; the older one ends with its last question.
 *
 * Threads  The loop's. */
#ifndef API_POLICY_SEAT_H
#define API_POLICY_SEAT_H

#include "base/err.h"
#include "conf/settings.h"
#include "loop/loop.h"
#include "policy/policy.h"

struct policy_seat;

struct policy_seat *policy_seat_create(struct loop *loop,
                                       const struct settings *settings,
                                       struct policy_image *image, struct err *err);
void policy_seat_destroy(struct policy_seat **seat); /* Open questions end failed. */

/* Whom to ask now. Borrowed until policy_seat_take or the end of the turn. */
struct policy *policy_seat_now(struct policy_seat *seat);

/* Starts the cells of `image` beside. `done` once and later, within cell.spawn_ms: they
 * are ready, or why not; then policy_seat_take or policy_seat_leave follows. One at a
 * time. */
void policy_seat_prepare(struct policy_seat *seat, struct policy_image *image,
                         void (*done)(void *arg, bool ok, const struct err *err),
                         void *arg);

/* What was prepared decides from now on, or is forgotten. */
void policy_seat_take(struct policy_seat *seat);
void policy_seat_leave(struct policy_seat *seat);

#endif
