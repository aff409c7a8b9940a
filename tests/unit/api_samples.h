/* api_samples.h - one sample request of each operation, good enough to reach its handler,
 * and the things of tenant acme that it names. A new route needs a row here. */
#ifndef TESTS_API_SAMPLES_H
#define TESTS_API_SAMPLES_H

#include "api_client.h"

#define BODY_ORDER "{\"type\":\"profile.provision\",\"plan\":\"basic\"}"

/* {order}, {held}, {done} ... are made by the first test. */
static const struct sample {
    const char *id, *path, *body, *headers;
} samples[] = {
    { "order.create", "/v1/orders", BODY_ORDER, "Idempotency-Key: s1\r\n" },
    { "order.list", "/v1/orders", NULL, NULL },
    { "order.show", "/v1/orders/{done}", NULL, NULL },
    { "order.cancel", "/v1/orders/{order}/cancel", NULL, NULL },
    { "order.resolve", "/v1/orders/{held}/resolve", "{\"resolution\":\"give_up\"}",
      NULL },
    { "profile.list", "/v1/profiles", NULL, NULL },
    { "profile.show", "/v1/profiles/{iccid}", NULL, NULL },
    { "profile.qr", "/v1/profiles/{iccid}/qr", NULL, NULL },
    { "profile.code", "/v1/profiles/{iccid}/activation-code", NULL, NULL },
    { "line.list", "/v1/lines", NULL, NULL },
    { "line.show", "/v1/lines/{line}", NULL, NULL },
    { "device.list", "/v1/devices", NULL, NULL },
    { "device.show", "/v1/devices/{device}", NULL, NULL },
    { "adapter.list", "/v1/adapters", NULL, NULL },
    { "adapter.show", "/v1/adapters/instant", NULL, NULL },
    { "adapter.reload", "/v1/adapters/instant/reload", NULL, NULL },
    { "adapter.health", "/health/adapters/instant", NULL, NULL },
    { "policy.list", "/v1/policies", NULL, NULL },
    { "policy.show", "/v1/policies/policy", NULL, NULL },
    { "policy.reload", "/v1/policies/policy/reload", NULL, NULL },
    { "audit.list", "/v1/audit", NULL, NULL },
    { "audit.verify", "/v1/audit/verify", NULL, NULL },
    { "event.list", "/v1/events", NULL, NULL },
    { "key.list", "/v1/keys", NULL, NULL },
    { "key.create", "/v1/keys", "{\"subject\":\"new\",\"roles\":[\"viewer\"]}", NULL },
    { "key.revoke", "/v1/keys/{key}", NULL, NULL },
    { "tenant.list", "/v1/tenants", NULL, NULL },
    { "tenant.create", "/v1/tenants", "{\"tenant\":\"charly\"}", NULL },
    { "health.live", "/livez", NULL, NULL },
    { "health.ready", "/readyz", NULL, NULL },
    { "health.metrics", "/metrics", NULL, NULL },
    { "callback.deliver", "/callbacks/instant/x", "{}", NULL },
    { "document.openapi", "/openapi.json", NULL, NULL },
    { "document.problem", "/problems/conflict", NULL, NULL },
};
enum { SAMPLE_COUNT = sizeof samples / sizeof samples[0] };

/* ---- things of tenant acme ---- */

static struct {
    const char *name;
    char value[64];
} things[] = {
    { "{order}", "" }, { "{held}", "" },   { "{done}", "" },   { "{iccid}", "" },
    { "{key}", "" },   { "{failed}", "" }, { "{device}", "" }, { "{line}", "" },
};
enum { THING_COUNT = sizeof things / sizeof things[0] };

static inline void keep(const char *name, const char *value)
{
    for (int i = 0; i < THING_COUNT; i++)
        if (strcmp(things[i].name, name) == 0)
            CHECK_FATAL(value != NULL && slice_copy(slice_of(value), things[i].value,
                                                    sizeof things[i].value));
}

/* The path with its {names} filled in; `other` instead of them when not NULL. */
static inline const char *filled(const char *path, const char *other)
{
    static char text[200];
    const char *open = strchr(path, '{');
    if (open == NULL)
        return path;
    for (int i = 0; i < THING_COUNT; i++) {
        size_t length = strlen(things[i].name);
        if (strncmp(open, things[i].name, length) == 0)
            CHECK(snprintf(text, sizeof text, "%.*s%s%s", (int)(open - path), path,
                           other != NULL ? other : things[i].value, open + length) > 0);
    }
    return text;
}

static inline const struct sample *sample_of(const struct route *route)
{
    for (int i = 0; i < SAMPLE_COUNT; i++)
        if (strcmp(samples[i].id, route->id) == 0)
            return &samples[i];
    return NULL;
}

#endif
