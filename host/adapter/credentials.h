/* credentials.h - what carriers refused of our credentials, and when it may be tried
 * again.
 *
 * A refusal is of a tenant's view ("" is the default one) and a use: "session:smsc",
 * "token:login", or "capability:line.suspend", because a carrier may let us in and deny
 * one function. A refused use is tried again after `again_ms`, once; in between nothing
 * is sent, so that a wrong password does not lock the account. An accepted use says
 * that the view's credentials are good again: all its refusals are forgotten.
 *
 * Pure: the clock comes in. */
#ifndef ADAPTER_CREDENTIALS_H
#define ADAPTER_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CREDENTIALS_REASON_SIZE = 200, CREDENTIALS_NAME_SIZE = 64 };

struct refusal {
    struct refusal *next;
    char tenant[CREDENTIALS_NAME_SIZE];
    char use[CREDENTIALS_NAME_SIZE + 16];
    char reason[CREDENTIALS_REASON_SIZE];
    int64_t since_ms; /* Wall. */
    int64_t again_ms; /* Wall: not sent before. */
};

struct credentials {
    int64_t wait_ms; /* Between two tries of what was refused. */
    struct refusal *refusals;
};

void credentials_init(struct credentials *credentials, int64_t wait_ms);
void credentials_finish(struct credentials *credentials);

/* True: it is news, none of the view's credentials was refused before. */
bool credentials_refuse(struct credentials *credentials, const char *tenant,
                        const char *use, const char *reason, int64_t now_ms);

/* True: it is news, the view's credentials had been refused. What was not refused proves
 * nothing about what was. */
bool credentials_accept(struct credentials *credentials, const char *tenant,
                        const char *use);

/* NULL: it may be sent now (of a refused use, one at a time). Else the refusal. */
const struct refusal *credentials_stop(struct credentials *credentials,
                                       const char *tenant, const char *use,
                                       int64_t now_ms);

/* The view's oldest refusal; NULL: none. */
const struct refusal *credentials_trouble(const struct credentials *credentials,
                                          const char *tenant);

/* A newer version of the adapter, perhaps with new credentials: what `old` knows stays
 * known, so that nobody is told twice, and everything may be tried now. */
void credentials_renew(struct credentials *credentials, const struct credentials *old);

#endif
