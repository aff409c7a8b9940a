#include "audit/audit.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"

_Static_assert((int)AUDIT_HASH_SIZE == (int)DIGEST_SIZE,
               "a record's hash is a SHA-256");

/* The columns as the hash covers them: the order is part of the format. */
enum field {
    FIELD_TENANT,
    FIELD_SUBJECT,
    FIELD_ACTION,
    FIELD_RESOURCE,
    FIELD_OUTCOME,
    FIELD_REASON,
    FIELD_DECISION_ID,
    FIELD_REQUEST_ID,
    FIELD_TRACE,
    FIELD_DIFF,
    FIELD_COUNT
};

struct entry {
    int64_t seq;
    int64_t at_ms;
    int64_t policy_revision;
    const char *fields[FIELD_COUNT];
};

static const char head_sql[] = "SELECT seq, hash FROM audit WHERE tenant = $1 "
                               "ORDER BY seq DESC LIMIT 1";
static const char hash_sql[] = "SELECT seq, hash FROM audit WHERE tenant = $1 "
                               "AND seq = $2";
static const char insert_sql[] =
    "INSERT INTO audit (tenant, seq, at_ms, subject, action, resource, outcome, "
    "reason, "
    "decision_id, policy_revision, request_id, trace, diff, prev, hash) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
static const char walk_sql[] =
    "SELECT seq, at_ms, policy_revision, tenant, subject, action, resource, outcome, "
    "reason, decision_id, request_id, trace, diff, prev, hash FROM audit "
    "WHERE tenant = $1 AND seq >= $2 ORDER BY seq";

static void put_number(int64_t number, uint8_t ret[8])
{
    for (int i = 0; i < 8; i++)
        ret[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
}

/* SHA-256 over pieces, each with its length before it: the format's name, prev, seq,
 * at_ms, policy_revision (8 bytes each, high byte first), which fields are NULL (one
 * byte each, so that NULL and "" differ), then the fields. */
static void hash_entry(const struct entry *entry, const uint8_t prev[AUDIT_HASH_SIZE],
                       uint8_t ret[AUDIT_HASH_SIZE])
{
    uint8_t seq[8], at_ms[8], revision[8];
    char nulls[FIELD_COUNT];
    struct slice pieces[6 + FIELD_COUNT] = {
        SLICE_LITERAL("esimd audit 1"),         slice_bytes(prev, AUDIT_HASH_SIZE),
        slice_bytes(seq, sizeof seq),           slice_bytes(at_ms, sizeof at_ms),
        slice_bytes(revision, sizeof revision), slice_bytes(nulls, sizeof nulls)
    };
    put_number(entry->seq, seq);
    put_number(entry->at_ms, at_ms);
    put_number(entry->policy_revision, revision);
    for (int i = 0; i < FIELD_COUNT; i++) {
        nulls[i] = entry->fields[i] == NULL ? '0' : '1';
        pieces[6 + i] = slice_of(entry->fields[i]);
    }
    digest_pieces(pieces, sizeof pieces / sizeof pieces[0], ret);
}

static bool take_anchor(const struct db_row *row, void *arg, struct err *err)
{
    struct audit_anchor *anchor = arg;
    struct slice hash = row_bytes(row, 1);
    anchor->seq = row_int(row, 0);
    if (hash.size != AUDIT_HASH_SIZE)
        return err_set(err, ERR_CORRUPT,
                       "audit record %" PRId64 " has a hash of %zu bytes, expected %d",
                       anchor->seq, hash.size, AUDIT_HASH_SIZE);
    memcpy(anchor->hash, hash.ptr, AUDIT_HASH_SIZE);
    return true;
}

bool audit_head(struct db *db, const char *tenant, struct audit_anchor *ret,
                struct err *err)
{
    struct audit_anchor head = { 0 };
    if (!db_each(db, head_sql, DB_ARGS(db_text(tenant)), take_anchor, &head, err))
        return err_wrap(err, "reading the head of the audit chain of %s", tenant);
    *ret = head;
    return true;
}

static bool insert(struct db *db, const struct entry *entry, const uint8_t *prev,
                   const uint8_t *hash, struct err *err)
{
    const char *const *f = entry->fields;
    return db_run(db, insert_sql,
                  DB_ARGS(db_text(f[FIELD_TENANT]), db_int(entry->seq),
                          db_int(entry->at_ms), db_text(f[FIELD_SUBJECT]),
                          db_text(f[FIELD_ACTION]), db_text(f[FIELD_RESOURCE]),
                          db_text(f[FIELD_OUTCOME]), db_text(f[FIELD_REASON]),
                          db_text(f[FIELD_DECISION_ID]), db_int(entry->policy_revision),
                          db_text(f[FIELD_REQUEST_ID]), db_text(f[FIELD_TRACE]),
                          db_text(f[FIELD_DIFF]),
                          db_bytes(slice_bytes(prev, AUDIT_HASH_SIZE)),
                          db_bytes(slice_bytes(hash, AUDIT_HASH_SIZE))),
                  NULL, err);
}

bool audit_write(struct db *db, const struct audit_record *record, struct err *err)
{
    struct audit_anchor head;
    uint8_t hash[AUDIT_HASH_SIZE];
    if (!audit_head(db, record->tenant, &head, err))
        return false;
    const struct entry entry = { .seq = head.seq + 1,
                                 .at_ms = clock_wall_ms(),
                                 .policy_revision = record->policy_revision,
                                 .fields = { [FIELD_TENANT] = record->tenant,
                                             [FIELD_SUBJECT] = record->subject,
                                             [FIELD_ACTION] = record->action,
                                             [FIELD_RESOURCE] = record->resource,
                                             [FIELD_OUTCOME] = record->outcome,
                                             [FIELD_REASON] = record->reason,
                                             [FIELD_DECISION_ID] = record->decision_id,
                                             [FIELD_REQUEST_ID] = record->request_id,
                                             [FIELD_TRACE] = record->trace,
                                             [FIELD_DIFF] = record->diff } };
    hash_entry(&entry, head.hash, hash);
    if (!insert(db, &entry, head.hash, hash, err))
        return err_wrap(err, "writing the audit record of %s", record->action);
    return true;
}

struct walk {
    struct audit_anchor last;
    bool known; /* Whether `last` is there to be followed. */
    int64_t checked;
};

static bool bad(struct err *err, int64_t seq, const char *why)
{
    return err_set(err, ERR_CORRUPT, "audit record %" PRId64 ": %s", seq, why);
}

/* A text with a NUL inside would be cut short by the hash: refuse it. */
static bool read_entry(const struct db_row *row, struct entry *ret, struct err *err)
{
    ret->seq = row_int(row, 0);
    ret->at_ms = row_int(row, 1);
    ret->policy_revision = row_int(row, 2);
    for (int i = 0; i < FIELD_COUNT; i++) {
        ret->fields[i] = row_text(row, 3 + i);
        if (slice_of(ret->fields[i]).size != row_bytes(row, 3 + i).size)
            return bad(err, ret->seq, "a text holds a zero byte");
    }
    return true;
}

static bool check_row(const struct db_row *row, void *arg, struct err *err)
{
    struct walk *walk = arg;
    struct entry entry;
    uint8_t hash[AUDIT_HASH_SIZE];
    if (!read_entry(row, &entry, err))
        return false;
    struct slice prev = row_bytes(row, 3 + FIELD_COUNT);
    struct slice stored = row_bytes(row, 4 + FIELD_COUNT);
    if (entry.seq != walk->last.seq + 1)
        return err_set(err, ERR_CORRUPT,
                       "audit record %" PRId64 " is missing: the next one is %" PRId64,
                       walk->last.seq + 1, entry.seq);
    if (prev.size != AUDIT_HASH_SIZE || stored.size != AUDIT_HASH_SIZE)
        return bad(err, entry.seq, "a hash has not 32 bytes");
    if (walk->known && memcmp(prev.ptr, walk->last.hash, AUDIT_HASH_SIZE) != 0)
        return bad(err, entry.seq, "it does not follow the record before it");
    hash_entry(&entry, (const uint8_t *)prev.ptr, hash);
    if (memcmp(stored.ptr, hash, AUDIT_HASH_SIZE) != 0)
        return bad(err, entry.seq, "its fields are not those it was written with");
    walk->last.seq = entry.seq;
    memcpy(walk->last.hash, hash, AUDIT_HASH_SIZE);
    walk->known = true;
    walk->checked++;
    return true;
}

/* The anchor's record as it is now; seq 0 when it is not there. */
static bool read_at(struct db *db, const char *tenant, int64_t seq,
                    struct audit_anchor *ret, struct err *err)
{
    *ret = (struct audit_anchor){ 0 };
    return db_each(db, hash_sql, DB_ARGS(db_text(tenant), db_int(seq)), take_anchor,
                   ret, err);
}

bool audit_verify(struct db *db, const char *tenant, int64_t from_seq,
                  int64_t *ret_checked, struct err *err)
{
    struct walk walk = { .known = true };
    if (from_seq < 1)
        from_seq = 1;
    if (from_seq > 1 && !read_at(db, tenant, from_seq - 1, &walk.last, err))
        return false;
    walk.known = from_seq == 1 || walk.last.seq != 0;
    walk.last.seq = from_seq - 1;
    if (!db_each(db, walk_sql, DB_ARGS(db_text(tenant), db_int(from_seq)), check_row,
                 &walk, err))
        return err_wrap(err, "verifying the audit chain of %s", tenant);
    *ret_checked = walk.checked;
    return true;
}

bool audit_check_anchor(struct db *db, const char *tenant,
                        const struct audit_anchor *anchor, struct err *err)
{
    struct audit_anchor now;
    if (anchor->seq == 0)
        return true;
    if (!read_at(db, tenant, anchor->seq, &now, err))
        return false;
    if (now.seq == 0)
        return err_set(err, ERR_CORRUPT,
                       "audit record %" PRId64 " of %s is gone: the chain was cut",
                       anchor->seq, tenant);
    if (memcmp(now.hash, anchor->hash, AUDIT_HASH_SIZE) != 0)
        return err_set(err, ERR_CORRUPT,
                       "audit record %" PRId64
                       " of %s is another one: the chain was made anew",
                       anchor->seq, tenant);
    return true;
}
