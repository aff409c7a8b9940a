#include "order/outbox_seal.h"

#include <assert.h>
#include <stdio.h>

enum { CONTEXT_SIZE = 256 };

/* Messages may come before anybody knows whose they are, so their key is the host's. */
#define MESSAGE_TENANT ""

static void context_of(char ret[CONTEXT_SIZE], const char *column, const char *a,
                       const char *b)
{
    int length = snprintf(ret, CONTEXT_SIZE, "%s/%.64s/%.150s", column, a, b);
    assert(length > 0 && length < CONTEXT_SIZE);
}

static void column_context(const struct claim *claim, enum outbox_column column,
                           char ret[CONTEXT_SIZE])
{
    static const char *const names[] = { "steps/state", "outbox/action" };
    context_of(ret, names[column], claim->operation_id, "");
}

static bool open_into(const struct sealer *sealer, const char *tenant,
                      const char *context, struct slice sealed, char **ret,
                      size_t *ret_size, struct err *err)
{
    if (sealed.size == 0)
        return true;
    struct buf plain;
    buf_init(&plain, OUTBOX_SEALED_LIMIT_BYTES);
    if (!seal_open(sealer, tenant, context, sealed, &plain, err)) {
        buf_finish_secret(&plain);
        return false;
    }
    *ret_size = plain.size;
    *ret = buf_take(&plain);
    return *ret != NULL ||
           err_set(err, ERR_UNAVAILABLE, "no memory for a sealed value");
}

bool outbox_seal(const struct sealer *sealer, const struct claim *claim,
                 enum outbox_column column, struct slice plain, struct buf *ret,
                 struct err *err)
{
    char context[CONTEXT_SIZE];
    column_context(claim, column, context);
    return seal(sealer, claim->order.tenant, context, plain, ret, err);
}

bool outbox_open(const struct sealer *sealer, const struct claim *claim,
                 enum outbox_column column, struct slice sealed, char **ret,
                 size_t *ret_size, struct err *err)
{
    char context[CONTEXT_SIZE];
    column_context(claim, column, context);
    return open_into(sealer, claim->order.tenant, context, sealed, ret, ret_size, err);
}

bool outbox_seal_message(const struct sealer *sealer, const char *adapter,
                         const char *key, struct slice plain, struct buf *ret,
                         struct err *err)
{
    char context[CONTEXT_SIZE];
    context_of(context, "messages", adapter, key);
    return seal(sealer, MESSAGE_TENANT, context, plain, ret, err);
}

bool outbox_open_message(const struct sealer *sealer, const char *adapter,
                         const char *key, struct slice sealed, char **ret,
                         size_t *ret_size, struct err *err)
{
    char context[CONTEXT_SIZE];
    context_of(context, "messages", adapter, key);
    return open_into(sealer, MESSAGE_TENANT, context, sealed, ret, ret_size, err);
}
