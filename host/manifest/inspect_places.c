#include "manifest/inspect.h"

#include <stddef.h>
#include <string.h>

#include "manifest/schema.h"

static const char *const schemes[] = { "https", "http", NULL };
static const char *const tls_words[] = { "none", "server", "mutual", NULL };
static const char *const auth_words[] = { "none", "basic", "bearer", "oauth2", NULL };
static const char *const use_words[] = {
    "tls.cert", "tls.key",       "tls.ca",      "auth",       "frame",
    "callback", "oauth2.secret", "oauth2.cert", "oauth2.key", NULL
};
static const char *const callback_words[] = { "none", "mutual", "secret", NULL };

/* clang-format off */
#define ROW(pointer, member, least, most, otherwise) \
    { pointer, offsetof(struct manifest_session, member), least, most, otherwise }
static const struct inspect_number session_numbers[] = {
    ROW("frame_bytes", frame_bytes, 16,   8388608,   65536),
    ROW("connect_ms",  connect_ms,  100,  120000,    10000),
    ROW("answer_ms",   answer_ms,   100,  600000,    30000),
    ROW("keep_ms",     keep_ms,     1000, 604800000, 86400000),
};
#undef ROW
/* clang-format on */

static bool check_hosts(struct inspection *inspection, const char *pointer,
                        char *const *hosts, unsigned count)
{
    return inspect_names(inspection, hosts, sizeof *hosts, count, &form_host, pointer,
                         "");
}

static bool check_ports(struct inspection *inspection, const char *pointer,
                        uint16_t least, uint16_t most)
{
    return (least >= 1 && least <= most) ||
           inspect_fail(
               inspection, pointer,
               "expected a range within 1 to 65535 that does not end before it "
               "begins, found %u to %u",
               least, most);
}

static bool is_prefix(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\\%?#\"<>{}|^`", *c) != NULL)
            return false;
    return text[0] == '/' && strstr(text, "//") == NULL && strstr(text, "/.") == NULL;
}

static const struct inspect_form form_prefix = {
    is_prefix, "a path that begins with \"/\", without dot segments and escapes"
};

static bool endpoint_words(struct inspection *inspection, unsigned index)
{
    struct manifest_endpoint *endpoint = &inspection->manifest->endpoints[index];
    bool https = strcmp(endpoint->scheme, "https") == 0;
    return inspect_default(inspection, &endpoint->path_prefix, "/") &&
           inspect_default(inspection, &endpoint->auth, "none") &&
           inspect_default(inspection, &endpoint->tls, https ? "server" : "none") &&
           inspect_word(inspection, schemes, endpoint->scheme,
                        inspect_at("/endpoints", index, "scheme").text) &&
           inspect_word(inspection, tls_words, endpoint->tls,
                        inspect_at("/endpoints", index, "tls").text) &&
           inspect_word(inspection, auth_words, endpoint->auth,
                        inspect_at("/endpoints", index, "auth").text);
}

/* Credentials never leave in the clear, except to the same machine or network. */
static bool endpoint_safety(struct inspection *inspection, unsigned index)
{
    const struct manifest_endpoint *endpoint = &inspection->manifest->endpoints[index];
    bool https = strcmp(endpoint->scheme, "https") == 0;
    bool plain = strcmp(endpoint->tls, "none") == 0;
    if (https == plain)
        return inspect_fail(inspection, inspect_at("/endpoints", index, "tls").text,
                            "expected %s with the scheme %s, found %s",
                            https ? "server or mutual" : "none", endpoint->scheme,
                            endpoint->tls);
    if (plain && strcmp(endpoint->auth, "none") != 0 && !endpoint->allow_private)
        return inspect_fail(inspection, inspect_at("/endpoints", index, "auth").text,
                            "expected none with the scheme http outside private "
                            "networks, found %s",
                            endpoint->auth);
    return true;
}

/* A token is asked for at an endpoint that needs none. */
static bool token_endpoint(struct inspection *inspection, unsigned index)
{
    const struct manifest *manifest = inspection->manifest;
    const struct manifest_endpoint *endpoint = &manifest->endpoints[index];
    const char *name = endpoint->token_endpoint;
    struct inspect_pointer at = inspect_at("/endpoints", index, "token_endpoint");
    bool wants_one = strcmp(endpoint->auth, "oauth2") == 0;
    if (!wants_one || name == NULL)
        return wants_one == (name != NULL) ||
               inspect_fail(inspection, at.text,
                            wants_one ? "expected the endpoint that gives tokens, "
                                        "since auth is oauth2, found none"
                                      : "expected none without oauth2, found one");
    const struct manifest_endpoint *giver = manifest_endpoint_of(manifest, name);
    return (giver != NULL && giver != endpoint &&
            (giver->auth == NULL || strcmp(giver->auth, "none") == 0)) ||
           inspect_fail(inspection, at.text,
                        "expected another endpoint with auth none, found \"%s\"", name);
}

static bool check_endpoint(struct inspection *inspection, unsigned index)
{
    const struct manifest_endpoint *endpoint = &inspection->manifest->endpoints[index];
    return endpoint_words(inspection, index) && endpoint_safety(inspection, index) &&
           token_endpoint(inspection, index) &&
           check_hosts(inspection, inspect_at("/endpoints", index, "hosts").text,
                       endpoint->hosts, endpoint->hosts_count) &&
           check_ports(inspection, inspect_at("/endpoints", index, "ports").text,
                       endpoint->port_least, endpoint->port_most) &&
           inspect_form(inspection, &form_prefix, endpoint->path_prefix,
                        inspect_at("/endpoints", index, "path_prefix").text);
}

bool inspect_endpoints(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (!check_endpoint(inspection, i))
            return false;
    return inspect_names(inspection, manifest->endpoints, sizeof *manifest->endpoints,
                         manifest->endpoints_count, &form_dotted, "/endpoints", "name");
}

static bool check_session(struct inspection *inspection, unsigned index)
{
    struct manifest_session *session = &inspection->manifest->sessions[index];
    for (size_t i = 0; i < sizeof session_numbers / sizeof session_numbers[0]; i++)
        if (!inspect_number(
                inspection, &session_numbers[i], session,
                inspect_at("/sessions", index, session_numbers[i].pointer).text))
            return false;
    return inspect_word(inspection, tls_words, session->tls,
                        inspect_at("/sessions", index, "tls").text) &&
           check_hosts(inspection, inspect_at("/sessions", index, "hosts").text,
                       session->hosts, session->hosts_count) &&
           check_ports(inspection, inspect_at("/sessions", index, "ports").text,
                       session->port_least, session->port_most);
}

bool inspect_sessions(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (!check_session(inspection, i))
            return false;
    return inspect_names(inspection, manifest->sessions, sizeof *manifest->sessions,
                         manifest->sessions_count, &form_dotted, "/sessions", "name");
}

/* Operators name endpoints and sessions in one list. */
bool inspect_place_names(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (manifest_endpoint_of(manifest, manifest->sessions[i].name) != NULL)
            return inspect_fail(
                inspection, inspect_at("/sessions", i, "name").text,
                "expected another name than an endpoint's, found \"%s\"",
                manifest->sessions[i].name);
    return true;
}

static bool has_use(const struct manifest *manifest, const char *use)
{
    for (unsigned i = 0; i < manifest->secrets_count; i++)
        if (strcmp(manifest->secrets[i].use, use) == 0)
            return true;
    return false;
}

static bool is_mutual(const struct manifest *manifest)
{
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (strcmp(manifest->endpoints[i].tls, "mutual") == 0)
            return true;
    for (unsigned i = 0; i < manifest->sessions_count; i++)
        if (strcmp(manifest->sessions[i].tls, "mutual") == 0)
            return true;
    return false;
}

static bool has_auth(const struct manifest *manifest, const char *auth)
{
    for (unsigned i = 0; i < manifest->endpoints_count; i++)
        if (strcmp(manifest->endpoints[i].auth, auth) == 0)
            return true;
    return false;
}

static bool check_auth_secrets(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    bool static_one = has_auth(manifest, "basic") || has_auth(manifest, "bearer");
    if (static_one && !has_use(manifest, "auth"))
        return inspect_fail(inspection, "/secrets",
                            "expected a secret with the use auth, since an endpoint "
                            "asks for it");
    bool pair = has_use(manifest, "oauth2.cert") && has_use(manifest, "oauth2.key");
    if (has_auth(manifest, "oauth2") && !pair && !has_use(manifest, "oauth2.secret"))
        return inspect_fail(inspection, "/secrets",
                            "expected a secret with the use oauth2.secret, or two with "
                            "oauth2.cert and oauth2.key, since an endpoint asks for "
                            "oauth2");
    return true;
}

bool inspect_secrets(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->secrets_count; i++)
        if (!inspect_word(inspection, use_words, manifest->secrets[i].use,
                          inspect_at("/secrets", i, "use").text))
            return false;
    if (is_mutual(manifest) &&
        !(has_use(manifest, "tls.cert") && has_use(manifest, "tls.key")))
        return inspect_fail(
            inspection, "/secrets",
            "expected secrets with the uses tls.cert and tls.key, since "
            "a place asks for mutual TLS");
    if (!check_auth_secrets(inspection))
        return false;
    return inspect_names(inspection, manifest->secrets, sizeof *manifest->secrets,
                         manifest->secrets_count, &form_dotted, "/secrets", "name");
}

bool inspect_callback(struct inspection *inspection)
{
    struct manifest *manifest = inspection->manifest;
    if (!inspect_default(inspection, &manifest->callback_auth, "none") ||
        !inspect_word(inspection, callback_words, manifest->callback_auth,
                      "/callback_auth"))
        return false;
    return strcmp(manifest->callback_auth, "secret") != 0 ||
           has_use(manifest, "callback") ||
           inspect_fail(
               inspection, "/callback_auth",
               "expected a secret with the use callback beside it, found none");
}
