/* schema.h - the tables, and the way from an old database to the present one.
 *
 * Rules. The tenant comes first in every primary key, so that no lookup can forget it and
 * a tenant's rows lie together; the one table without a tenant is `activated`. Times are
 * INTEGER milliseconds since 1970 UTC, named _ms. Columns named _sealed hold ciphertext
 * (crypto/seal.h). Tables are STRICT: a value of the wrong type is refused. There are no
 * foreign keys between them: what belongs together is written by one transaction
 * function, and retention removes rows of different ages; the engine's check is on
 * nevertheless, for tables to come.
 *
 * WITHOUT ROWID keeps a row inside its primary key's tree: one tree to write instead of
 * two, best for small rows found by their key. `orders` and `outbox` are apart: they have
 * further indexes, which then hold an 8-byte rowid instead of the key again (measured: a
 * fifth more orders a second), and long rows. So are `profiles`, `decisions` and
 * `messages`, for their long columns. Partial indexes leave out the rows that nobody
 * looks for: operations that wait for no message, orders without an external id.
 *
 *   tenants      Who the rows belong to.
 *   api_keys     Bearer keys: the shown prefix, the hash of the rest, never the key.
 *   orders       What a client asked for, with the state of the whole. `position` is the
 *                present step; `vars_sealed` the variables that steps hand on; `version`
 *                counts changes, for ETag.
 *   steps        One adapter operation of an order, or its undoing. `flow_state_sealed`
 *                is what the adapter's last answer asked to be told again.
 *   outbox       Operations that wait or are under way: the engine's queue. A row is
 *                claimed by raising `epoch` and setting `claimed_by` and `lease_ms`; each
 *                later change names the epoch, so a claim that was lost changes nothing.
 *                `event` is what the flow is told next. `action_sealed` is the action to
 *                be carried out, stored before it is. `lane` keeps operations in order.
 *                `wait_key` finds the operation that a message is for.
 *   idempotency  Idempotency-Key of a tenant: the digest of the request and its order.
 *   profiles     A carrier's profile: its state there, and the device's copy.
 *   lines        A number in service at a carrier; one that has ended stays.
 *   decisions    What the policy was asked and answered, for replay.
 *   audit        Who did what; a chain of hashes (audit/audit.h).
 *   events       What watchers and webhooks are told, gap-free (store/event_log.h).
 *   inbox        Facts from carriers already taken: the second delivery changes nothing.
 *   messages     Not yet told to the operation they are for, in order; kept until
 *                `until_ms`.
 *   activated    The highest revision ever activated of each manifest and policy.
 *
 * A migration is a row in schema.c. It is never changed once released: the next change
 * is a new row. Each runs in its own transaction, together with the new version number,
 * so a crash leaves the old version or the new one. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/driver.h"

/* The version this program needs. */
int64_t schema_newest(void);

/* Brings the database up to schema_newest(). ERR_CONFLICT when it is newer than the
 * program; a failed migration changes nothing. */
bool schema_migrate(struct db *db, struct err *err);

#endif
