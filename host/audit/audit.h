/* audit.h - who did what to what, and by which decision; written with the change itself.
 *
 * Records of a tenant form a chain: sequence numbers without gaps, and each record's
 * hash covers the one before. audit_write runs inside the transaction of the change: no
 * record, no change. Diffs carry names of secret fields, never values.
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

/* Walks a tenant's chain from `from_seq`; ERR_CORRUPT names the first record that does
 * not fit. */
bool audit_verify(struct db *db, const char *tenant, int64_t from_seq,
                  int64_t *ret_checked, struct err *err);

#endif
