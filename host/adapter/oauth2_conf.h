/* oauth2_conf.h - where an endpoint's tokens come from, out of settings and secrets.
 *
 * The manifest names the token endpoint, the operator says the rest in settings with
 * reserved names, which the manifest lists like any other:
 *   oauth2.client_id   required
 *   oauth2.token_path  required: "/TENANT/oauth2/v2.0/token"
 *   oauth2.scope       "https://graph.microsoft.com/.default"
 *   oauth2.proof       "secret" (default) or "certificate"
 *   oauth2.audience    of the assertion; the token URL by default
 * and secrets with the uses oauth2.secret, or oauth2.cert and oauth2.key.
 *
 * Threads  Any; at loading time. */
#ifndef ADAPTER_OAUTH2_CONF_H
#define ADAPTER_OAUTH2_CONF_H

#include <jansson.h>
#include <stdbool.h>

#include "adapter/adapter_conf.h"
#include "adapter/adapter_secret.h"
#include "adapter/oauth2.h"

struct oauth2_source {
    const struct manifest *manifest;
    const struct manifest_endpoint *endpoint; /* With auth oauth2. */
    const struct adapter_place *at;           /* The token endpoint's. */
    const json_t *settings;                   /* Of the view. */
    const struct secret_scope *scope;
};

/* ERR_INVALID names the setting; a certificate that cannot sign is refused here, not at
 * the first order. */
bool oauth2_conf_read(const struct oauth2_source *source, struct arena *arena,
                      const struct oauth2_conf **ret, struct err *err);

#endif
