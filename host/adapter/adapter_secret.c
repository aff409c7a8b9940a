#include "adapter/adapter_secret.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "conf/file.h"

enum { SECRET_BYTES_MAX = 16 * 1024 };

static const struct manifest_secret *secret_of(const struct manifest *manifest,
                                               const char *use)
{
    for (unsigned i = 0; i < manifest->secrets_count; i++)
        if (strcmp(manifest->secrets[i].use, use) == 0)
            return &manifest->secrets[i];
    return NULL;
}

/* The path where it is; NULL and an error when it is nowhere. */
static const char *find(const struct secret_scope *scope, const char *name,
                        struct arena *arena, struct err *err)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    const char *first = credentials == NULL
                            ? NULL
                            : arena_format(arena, "%s/%s.%s.%s", credentials,
                                           scope->adapter, scope->tenant, name);
    const char *second = arena_format(arena, "%s/%s/%s/%s", scope->dir, scope->adapter,
                                      scope->tenant, name);
    if (first != NULL && access(first, F_OK) == 0)
        return first;
    if (second != NULL && access(second, F_OK) == 0)
        return second;
    err_set(err, ERR_NOT_FOUND, "secret %s is absent: looked for %s%s%s", name,
            first == NULL ? "" : first, first == NULL ? "" : " and ",
            second == NULL ? "(path too long)" : second);
    return NULL;
}

/* The content without its last line end. */
static const char *content(const struct secret_scope *scope, const char *name,
                           struct arena *arena, struct err *err)
{
    const char *path = find(scope, name, arena, err);
    if (path == NULL)
        return NULL;
    struct buf bytes;
    buf_init(&bytes, SECRET_BYTES_MAX);
    const char *copy = NULL;
    if (file_read(path, &bytes, err)) {
        struct slice all = buf_slice(&bytes);
        while (all.size > 0 && strchr("\r\n", all.ptr[all.size - 1]) != NULL)
            all.size--;
        copy = arena_copy(arena, all.ptr, all.size);
        if (copy == NULL)
            err_set(err, ERR_LIMIT, "secret %s is too long", name);
    }
    buf_finish_secret(&bytes);
    return copy;
}

/* A PEM file for the TLS library. */
static bool pem_path(const struct secret_scope *scope, const struct manifest *manifest,
                     const char *use, struct arena *arena, bool needed,
                     const char **ret, struct err *err)
{
    const struct manifest_secret *secret = secret_of(manifest, use);
    if (secret == NULL && !needed)
        return true;
    if (secret == NULL)
        return err_set(err, ERR_INVALID,
                       "the manifest asks for mutual TLS and names no secret for %s",
                       use);
    *ret = find(scope, secret->name, arena, err);
    return *ret != NULL;
}

bool adapter_secret_identity(const struct secret_scope *scope,
                             const struct manifest *manifest,
                             const struct manifest_endpoint *endpoint,
                             struct arena *arena, struct http_identity *ret,
                             struct err *err)
{
    bool mutual = strcmp(endpoint->tls, "mutual") == 0;
    bool tls = mutual || strcmp(endpoint->tls, "server") == 0;
    if (tls && !pem_path(scope, manifest, "tls.ca", arena, false, &ret->ca_file, err))
        return false;
    if (mutual &&
        (!pem_path(scope, manifest, "tls.cert", arena, true, &ret->cert_file, err) ||
         !pem_path(scope, manifest, "tls.key", arena, true, &ret->key_file, err)))
        return false;
    if (strcmp(endpoint->auth, "none") == 0 || strcmp(endpoint->auth, "oauth2") == 0)
        return true;
    const char *value = NULL;
    if (!adapter_secret_by_use(scope, manifest, "auth", arena, &value, err))
        return false;
    if (value == NULL)
        return err_set(err, ERR_INVALID,
                       "the manifest asks for %s and names no secret for auth",
                       endpoint->auth);
    *(strcmp(endpoint->auth, "basic") == 0 ? &ret->basic : &ret->bearer) = value;
    return true;
}

const char *adapter_secret_frames(const struct secret_scope *scope,
                                  const struct manifest *manifest, struct arena *arena,
                                  struct err *err)
{
    json_t *object = json_object();
    const char *text = NULL;
    for (unsigned i = 0; i < manifest->secrets_count; i++) {
        if (strcmp(manifest->secrets[i].use, "frame") != 0)
            continue;
        const char *value = content(scope, manifest->secrets[i].name, arena, err);
        if (value == NULL)
            goto out;
        json_put_text(object, manifest->secrets[i].name, value);
    }
    struct buf bytes;
    buf_init(&bytes, SECRET_BYTES_MAX * 8);
    json_write(object, &bytes);
    text = buf_ok(&bytes) ? arena_copy(arena, bytes.ptr, bytes.size) : NULL;
    buf_finish_secret(&bytes);
    if (text == NULL)
        err_set(err, ERR_LIMIT, "the secrets of %s are too long", manifest->name);
out:
    json_decref(object);
    return text;
}

bool adapter_secret_by_use(const struct secret_scope *scope,
                           const struct manifest *manifest, const char *use,
                           struct arena *arena, const char **ret, struct err *err)
{
    const struct manifest_secret *secret = secret_of(manifest, use);
    if (secret == NULL)
        return true;
    *ret = content(scope, secret->name, arena, err);
    return *ret != NULL;
}
