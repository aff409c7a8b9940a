#include "api/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/key_cache.h"

static bool holds(const json_t *roles, const char *name)
{
    size_t i;
    json_t *role;
    json_array_foreach(roles, i, role)
    {
        if (json_is_string(role) && strcmp(json_string_value(role), name) == 0)
            return true;
    }
    return false;
}

void who_make_card(struct who *who, json_t *roles)
{
    who->is_superadmin = holds(roles, "superadmin");
    who->card = json_pack("{s:s,s:s,s:s,s:O}", "id", who->subject, "kind", who->kind,
                          "tenant", who->tenant, "roles", roles);
}

/* ---- API keys: Authorization: Bearer esk_... ---- */

/* RFC 6750 2.1; the scheme's name knows no case (RFC 9110 11.1). */
static bool bearer_of(const struct http_request *request, struct slice *ret)
{
    struct slice rest = http_field_of(request->fields, request->field_count,
                                      "Authorization");
    struct slice scheme = slice_cut(&rest, ' ');
    *ret = rest;
    return slice_is_nocase(scheme, "Bearer") && rest.size > 0;
}

static enum who_found key_identity(const struct identity_parts *parts,
                                   const struct http_request *request, struct who *ret,
                                   struct err *err)
{
    struct slice key;
    if (http_field_of(request->fields, request->field_count, "Authorization").ptr ==
        NULL)
        return WHO_NOT_MINE;
    if (!bearer_of(request, &key)) {
        err_set(err, ERR_DENIED, "Authorization is Bearer and an API key");
        return WHO_WRONG;
    }
    return key_cache_who(parts->keys, key, ret, err) ? WHO_KNOWN : WHO_WRONG;
}

/* ---- the Unix socket: SO_PEERCRED ---- */

enum { UNIX_ROLES_MAX = 64, ROLE_SIZE = 32 };

struct unix_role {
    uid_t uid;
    char role[ROLE_SIZE];
    char tenant[WHO_TENANT_SIZE];
};

struct unix_roles {
    struct unix_role rows[UNIX_ROLES_MAX];
    unsigned count;
};

/* "1000=operator@acme" */
static bool read_role(struct slice piece, struct unix_role *ret, struct err *err)
{
    uint64_t uid;
    struct slice rest = piece;
    struct slice number = slice_cut(&rest, '=');
    struct slice role = slice_cut(&rest, '@');
    struct slice tenant = rest.size > 0 ? rest : slice_of("default");
    if (!slice_u64(number, &uid) || uid > UINT32_MAX || role.size == 0 ||
        !slice_copy(role, ret->role, sizeof ret->role) ||
        !slice_copy(tenant, ret->tenant, sizeof ret->tenant))
        return err_field(err, "http.socket_roles",
                         "UID=ROLE@TENANT is expected, not \"%.*s\"", (int)piece.size,
                         piece.ptr == NULL ? "" : piece.ptr);
    ret->uid = (uid_t)uid;
    return true;
}

struct unix_roles *unix_roles_read(const char *text, struct err *err)
{
    struct unix_roles *roles = calloc(1, sizeof *roles);
    if (roles == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for http.socket_roles");
        return NULL;
    }
    struct slice rest = slice_of(text);
    while (rest.size > 0) {
        struct slice piece = slice_cut(&rest, ',');
        if (roles->count == UNIX_ROLES_MAX ||
            !read_role(piece, &roles->rows[roles->count], err)) {
            if (roles->count == UNIX_ROLES_MAX)
                err_field(err, "http.socket_roles", "at most %d are taken",
                          UNIX_ROLES_MAX);
            unix_roles_destroy(&roles);
            return NULL;
        }
        roles->count++;
    }
    return roles;
}

void unix_roles_destroy(struct unix_roles **roles)
{
    free(*roles);
    *roles = NULL;
}

/* Rows first; then root and the host's own user, who could read the store anyway. */
static bool role_of(const struct unix_roles *roles, uid_t uid, const char **ret_role,
                    const char **ret_tenant)
{
    for (unsigned i = 0; i < roles->count; i++) {
        if (roles->rows[i].uid != uid)
            continue;
        *ret_role = roles->rows[i].role;
        *ret_tenant = roles->rows[i].tenant;
        return true;
    }
    *ret_role = "superadmin";
    *ret_tenant = "default";
    return uid == 0 || uid == geteuid();
}

static enum who_found unix_identity(const struct identity_parts *parts,
                                    const struct http_request *request, struct who *ret,
                                    struct err *err)
{
    const char *role, *tenant;
    if (!request->peer->is_unix)
        return WHO_NOT_MINE;
    if (!role_of(parts->unix_roles, request->peer->uid, &role, &tenant)) {
        err_set(err, ERR_DENIED, "user %u has no role here",
                (unsigned)request->peer->uid);
        return WHO_WRONG;
    }
    *ret = (struct who){ .kind = "unix" };
    int length = snprintf(ret->subject, sizeof ret->subject, "uid:%u",
                          (unsigned)request->peer->uid);
    bool fits = slice_copy(slice_of(tenant), ret->tenant, sizeof ret->tenant);
    json_t *roles = json_pack("[s]", role);
    who_make_card(ret, roles);
    json_decref(roles);
    return length > 0 && fits ? WHO_KNOWN : WHO_WRONG;
}

/* A key that is offered counts, also over the Unix socket. */
static enum who_found (*const providers[])(const struct identity_parts *,
                                           const struct http_request *, struct who *,
                                           struct err *) = {
    key_identity,
    unix_identity,
};

enum who_found identity_of(const struct identity_parts *parts,
                           const struct http_request *request, struct who *ret,
                           struct err *err)
{
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        enum who_found found = providers[i](parts, request, ret, err);
        if (found != WHO_NOT_MINE)
            return found;
    }
    return WHO_NOT_MINE;
}
