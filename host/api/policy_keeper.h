/* policy_keeper.h - which revision of the policy decides, and how a newer one follows.
 *
 * A change is one transaction, on a thread of its own: the files of policy.dir are
 * verified, start beside on every API thread, are recorded, then take every seat.
 * Whatever fails before that leaves the older one deciding. When the change is answered,
 * no thread asks the older one any more.
 *
 * Threads  As each function says. */
#ifndef API_POLICY_KEEPER_H
#define API_POLICY_KEEPER_H

#include <stdbool.h>

#include "api/api.h"
#include "base/err.h"
#include "loop/loop.h"
#include "policy/policy.h"

struct policy_keeper;
struct policy_seat;

/* Keeps parts->policy, borrows the rest. NULL: no memory. [main] */
struct policy_keeper *policy_keeper_create(const struct api_parts *parts);
void policy_keeper_destroy(struct policy_keeper **keeper); /* After end. [main] */

/* A thread's seat takes part in changes. Before the threads run. [main] */
bool policy_keeper_add(struct policy_keeper *keeper, struct loop *loop,
                       struct policy_seat *seat, struct err *err);

/* The revision that decides: a reference for the caller. [any thread] */
struct policy_image *policy_keeper_now(struct policy_keeper *keeper);

/* Takes what stands in policy.dir now. `done` later, on reply_to's thread; `err` says
 * why the older revision stays. ERR_CONFLICT: another change is under way, or the files
 * differ but their revision is not higher. The same files again are well. [any thread] */
void policy_keeper_load(struct policy_keeper *keeper, struct loop *reply_to,
                        void (*done)(void *arg, bool ok, const struct err *err),
                        void *arg);

/* Waits for a change under way and refuses the next ones. The loops must still run.
 * [main] */
void policy_keeper_end(struct policy_keeper *keeper);

#endif
