/* audit.h - who did what to what, and by which decision; written with the change itself.
 *
 * Records of a tenant form a chain: sequence numbers without gaps from 1, and each
 * record's hash covers every field of its own and the hash of the one before.
 * audit_write runs inside the transaction of the change: no record, no change. Diffs
 * carry names of secret fields, never values.
 *
 * What the chain shows: a changed field, a record that is missing, added or moved
 * anywhere before the end. What it cannot show alone: that its newest records were cut
 * off, or that somebody who may write the database made the whole chain anew from some
 * record on (a fork). For that keep anchors elsewhere, on paper, in another system or
 * with an auditor: audit_head now, audit_check_anchor later.
 *
 * Threads  Inside a transaction function only (store.h). */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct audit_record {
    const char *tenant;
    const char *subject;     /* Who: "key:ops", "uid:0", "adapter:atom", "host". */
    const char *action;      /* A permission or host action: "order.create". */
    const char *resource;    /* "order/0190..." */
    const char *outcome;     /* "allowed", "denied", "failed", "done". */
    const char *reason;      /* A sentence; may be NULL. */
    const char *decision_id; /* The policy decision behind it; may be NULL. */
    int64_t policy_revision; /* 0 when no policy was asked. */
    const char *request_id;  /* May be NULL. */
    const char *trace;       /* traceparent; may be NULL. */
    const char *diff;        /* JSON {"field":[before,after]}; may be NULL. */
};

bool audit_write(struct db *db, const struct audit_record *record, struct err *err);

/* Walks a tenant's chain from `from_seq` (1: all of it); ERR_CORRUPT names the first
 * record that does not fit. From a later seq on, the records before are taken on trust,
 * but the first one walked must follow its predecessor where that is still there.
 * [also in store_read] */
bool audit_verify(struct db *db, const char *tenant, int64_t from_seq,
                  int64_t *ret_checked, struct err *err);

/* A place in a tenant's chain. seq 0 with a hash of zeros: before the first record. */
enum { AUDIT_HASH_SIZE = 32 };
struct audit_anchor {
    int64_t seq;
    uint8_t hash[AUDIT_HASH_SIZE];
};

/* The newest record's. [also in store_read] */
bool audit_head(struct db *db, const char *tenant, struct audit_anchor *ret,
                struct err *err);

/* ERR_CORRUPT when the chain no longer holds the record of an anchor taken earlier: it
 * was cut off, or made anew. Verify the chain as well. [also in store_read] */
bool audit_check_anchor(struct db *db, const char *tenant,
                        const struct audit_anchor *anchor, struct err *err);

#endif
