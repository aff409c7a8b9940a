/* adapter_secret.h - where an adapter's secrets come from, and in which form they go on.
 *
 * A secret NAME of adapter A for tenant T is the file A.T.NAME in the systemd credentials
 * folder, else secret.dir/A/T/NAME. T is "default" for the common view. Certificates and
 * keys stay files (the TLS library reads them); other secrets are read now.
 *
 * Threads  Any; at loading time. */
#ifndef ADAPTER_ADAPTER_SECRET_H
#define ADAPTER_ADAPTER_SECRET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "manifest/manifest.h"
#include "net/http_client.h"

struct secret_scope {
    const char *dir;
    const char *adapter;
    const char *tenant;
};

/* Fills trust and credentials for an endpoint by its `tls` and `auth`. An absent secret
 * that the endpoint needs is an error naming the secret and the two places looked in. */
bool adapter_secret_identity(const struct secret_scope *scope,
                             const struct manifest *manifest,
                             const struct manifest_endpoint *endpoint,
                             struct arena *arena, struct http_identity *ret,
                             struct err *err);

/* JSON object of the secrets with use "frame"; NULL on failure. */
const char *adapter_secret_frames(const struct secret_scope *scope,
                                  const struct manifest *manifest, struct arena *arena,
                                  struct err *err);

/* The content of the secret with this use; *ret NULL when the manifest has none. */
bool adapter_secret_by_use(const struct secret_scope *scope,
                           const struct manifest *manifest, const char *use,
                           struct arena *arena, const char **ret, struct err *err);

#endif
