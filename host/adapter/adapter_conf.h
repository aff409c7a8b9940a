/* adapter_conf.h - what an operator says about an adapter, default and per tenant.
 *
 * adapters.d/NAME.yaml, not signed, checked against the signed manifest:
 *   settings:            # names and types as in the manifest's settings schema
 *     requester_id: "1.3.6.1.4.1.1"
 *   endpoints:           # where each endpoint or session of the manifest is
 *     - name: smdp
 *       url: https://smdp.example:443
 *   tenants:
 *     - tenant: acme     # overrides; what is absent is taken from above
 *       settings: { requester_id: "1.3.6.1.4.1.2" }
 *       endpoints:
 *         - name: smdp
 *           url: https://acme.example:443
 *
 * A tenant with an endpoint of its own gets the secrets of secret.dir/NAME/TENANT only,
 * never the default's: one tenant's credentials are not sent to another's host. Tokens
 * are of the tenant's own too when either their endpoint or the one they are for is.
 *
 * Threads  Read-only after loading. */
#ifndef ADAPTER_ADAPTER_CONF_H
#define ADAPTER_ADAPTER_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/manifest.h"
#include "net/http_client.h"

struct adapter_conf;

struct oauth2_conf;

/* An endpoint or session as one tenant sees it. */
struct adapter_place {
    const char *name;
    char scheme[8];
    char host[256];
    uint16_t port;
    char base[300]; /* "https://host:port" */
    struct http_identity identity;
    const struct oauth2_conf *oauth2; /* Where its tokens come from; NULL: none. */
};

/* One tenant's view: borrowed from the conf, lives as long as it. */
struct adapter_view {
    const char *tenant;   /* "" for the default view. */
    const char *settings; /* JSON object with the manifest's defaults filled in. */
    const char *secrets;  /* JSON object: those with use "frame". Never log. */
    struct adapter_place *places;
    unsigned place_count;
};

/* Checks every name, type, range, host and port against the manifest; a missing file is
 * an empty conf. Secrets are read now. Errors name file, field, expected, found. */
struct adapter_conf *adapter_conf_load(const char *path, const char *secret_dir,
                                       const struct manifest *manifest,
                                       struct err *err);
void adapter_conf_destroy(struct adapter_conf **conf);

/* The view for a tenant: its own, else the default one. Never NULL. */
const struct adapter_view *adapter_conf_view(const struct adapter_conf *conf,
                                             const char *tenant);

/* Each view in turn, [0] the default; NULL past the last. */
const struct adapter_view *adapter_conf_view_at(const struct adapter_conf *conf,
                                                unsigned index);

const struct adapter_place *adapter_view_place(const struct adapter_view *view,
                                               const char *name);

/* A secret by the use the manifest gives it ("callback"), or NULL. */
const char *adapter_conf_secret(const struct adapter_conf *conf, const char *use);

#endif
