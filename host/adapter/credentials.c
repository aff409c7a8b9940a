#include "adapter/credentials.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/slice.h"

void credentials_init(struct credentials *credentials, int64_t wait_ms)
{
    assert(wait_ms > 0);
    *credentials = (struct credentials){ .wait_ms = wait_ms };
}

static void drop(struct refusal **at)
{
    struct refusal *gone = *at;
    *at = gone->next;
    free(gone);
}

void credentials_finish(struct credentials *credentials)
{
    while (credentials->refusals != NULL)
        drop(&credentials->refusals);
}

static struct refusal *find(const struct credentials *credentials, const char *tenant,
                            const char *use)
{
    struct refusal *at = credentials->refusals;
    while (at != NULL && (strcmp(at->tenant, tenant) != 0 || strcmp(at->use, use) != 0))
        at = at->next;
    return at;
}

/* At the end: the oldest comes first. */
static struct refusal *add(struct credentials *credentials, const char *tenant,
                           const char *use)
{
    struct refusal **last = &credentials->refusals;
    struct refusal *fresh = calloc(1, sizeof *fresh);
    memory_need(fresh != NULL);
    bool fits = slice_copy(slice_of(tenant), fresh->tenant, sizeof fresh->tenant) &&
                slice_copy(slice_of(use), fresh->use, sizeof fresh->use);
    assert(fits);
    while (*last != NULL)
        last = &(*last)->next;
    *last = fresh;
    return fresh;
}

static void set_reason(struct refusal *refusal, const char *reason)
{
    static const char prefix[] = "unauthorised: "; /* Sessions say it themselves. */
    if (strncmp(reason, prefix, sizeof prefix - 1) == 0)
        reason += sizeof prefix - 1;
    size_t length = strnlen(reason, sizeof refusal->reason - 1);
    memmove(refusal->reason, reason, length);
    refusal->reason[length] = '\0';
}

bool credentials_refuse(struct credentials *credentials, const char *tenant,
                        const char *use, const char *reason, int64_t now_ms)
{
    bool news = credentials_trouble(credentials, tenant) == NULL;
    struct refusal *refusal = find(credentials, tenant, use);
    if (refusal == NULL) {
        refusal = add(credentials, tenant, use);
        refusal->since_ms = now_ms;
    }
    set_reason(refusal, reason);
    refusal->again_ms = now_ms + credentials->wait_ms;
    return news;
}

bool credentials_accept(struct credentials *credentials, const char *tenant,
                        const char *use)
{
    if (find(credentials, tenant, use) == NULL)
        return false;
    for (struct refusal **at = &credentials->refusals; *at != NULL;) {
        if (strcmp((*at)->tenant, tenant) == 0)
            drop(at);
        else
            at = &(*at)->next;
    }
    return true;
}

const struct refusal *credentials_stop(struct credentials *credentials,
                                       const char *tenant, const char *use,
                                       int64_t now_ms)
{
    struct refusal *refusal = find(credentials, tenant, use);
    if (refusal == NULL)
        return NULL;
    if (now_ms < refusal->again_ms)
        return refusal;
    refusal->again_ms = now_ms + credentials->wait_ms; /* This one finds out. */
    return NULL;
}

const struct refusal *credentials_trouble(const struct credentials *credentials,
                                          const char *tenant)
{
    const struct refusal *at = credentials->refusals;
    while (at != NULL && strcmp(at->tenant, tenant) != 0)
        at = at->next;
    return at;
}

void credentials_renew(struct credentials *credentials, const struct credentials *old)
{
    for (const struct refusal *at = old->refusals; at != NULL; at = at->next) {
        struct refusal *copy = find(credentials, at->tenant, at->use);
        if (copy == NULL)
            copy = add(credentials, at->tenant, at->use);
        set_reason(copy, at->reason);
        copy->since_ms = at->since_ms;
        copy->again_ms = 0;
    }
}
