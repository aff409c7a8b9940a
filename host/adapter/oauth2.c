#include "adapter/oauth2.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "crypto/jws.h"

enum {
    ASSERTION_S = 300, /* Entra takes 5 to 10 minutes. */
    SKEW_S = 60,       /* Our clock may be ahead of theirs. */
    EXPIRES_S = 300,   /* When the reply does not say (RFC 6749 5.1 lets it). */
    EXPIRES_MOST_S = 86400,
    CLAIMS_BYTES = 4096
};

/* ---- the request ---- */

/* application/x-www-form-urlencoded: everything but unreserved characters escaped. */
static void add_escaped(struct buf *ret, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";
    for (const char *c = text; *c != '\0'; c++) {
        if (strchr(plain, *c) != NULL)
            buf_add_char(ret, *c);
        else
            buf_add_format(ret, "%%%02X", (unsigned char)*c);
    }
}

static void add_member(struct buf *ret, const char *name, const char *value)
{
    if (ret->size > 0)
        buf_add_char(ret, '&');
    buf_add_text(ret, name);
    buf_add_char(ret, '=');
    add_escaped(ret, value);
}

static void write_claims(const struct oauth2_conf *conf, int64_t now_ms,
                         struct buf *ret)
{
    char id[ID_SIZE];
    int64_t now_s = now_ms / 1000;
    json_t *claims = json_object();
    id_new(id);
    json_put_text(claims, "aud", conf->audience);
    json_put_text(claims, "iss", conf->client_id);
    json_put_text(claims, "sub", conf->client_id);
    json_put_text(claims, "jti", id);
    json_put_int(claims, "nbf", now_s - SKEW_S);
    json_put_int(claims, "iat", now_s - SKEW_S);
    json_put_int(claims, "exp", now_s + ASSERTION_S);
    json_write(claims, ret);
    json_decref(claims);
}

static bool add_assertion(const struct oauth2_conf *conf, int64_t now_ms,
                          struct buf *ret, struct err *err)
{
    struct buf claims, assertion;
    buf_init(&claims, CLAIMS_BYTES);
    buf_init(&assertion, 4 * CLAIMS_BYTES);
    write_claims(conf, now_ms, &claims);
    bool ok = buf_ok(&claims) ||
              err_set(err, ERR_INVALID, "the client id or the token URL is too long");
    ok = ok && jws_sign_ps256(slice_of(conf->cert_pem), slice_of(conf->key_pem),
                              buf_slice(&claims), &assertion, err);
    if (ok) {
        add_member(ret, "client_assertion_type",
                   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        add_member(ret, "client_assertion", assertion.ptr);
    }
    buf_finish(&claims);
    buf_finish_secret(&assertion);
    return ok;
}

bool oauth2_form(const struct oauth2_conf *conf, int64_t now_ms, struct buf *ret,
                 struct err *err)
{
    add_member(ret, "grant_type", "client_credentials");
    add_member(ret, "client_id", conf->client_id);
    if (conf->scope[0] != '\0')
        add_member(ret, "scope", conf->scope);
    if (conf->secret != NULL)
        add_member(ret, "client_secret", conf->secret);
    else if (!add_assertion(conf, now_ms, ret, err))
        return false;
    return buf_ok(ret) || err_set(err, ERR_LIMIT, "the token request is too long");
}

/* ---- the reply ---- */

struct error_row {
    const char *error; /* RFC 6749 5.2 and 4.1.2.1; NULL: any other. */
    enum oauth2_verdict verdict;
    const char *message;
};

/* clang-format off */
static const struct error_row error_rows[] = {
    { "invalid_client",          OAUTH2_REFUSED,
      "The token endpoint refused our credentials: check client id, and that secret or "
      "certificate is registered and not expired." },
    { "unauthorized_client",     OAUTH2_REFUSED,
      "The token endpoint does not know this client in this tenant: check client id and "
      "token path, and have consent given." },
    { "invalid_grant",           OAUTH2_REFUSED,
      "The token endpoint refused the grant: check the client's registration." },
    { "invalid_scope",           OAUTH2_REFUSED,
      "The token endpoint refused the scope: correct the setting oauth2.scope." },
    { "invalid_resource",        OAUTH2_REFUSED,
      "The token endpoint does not know the resource: correct the setting "
      "oauth2.scope." },
    { "access_denied",           OAUTH2_REFUSED,
      "The token endpoint denies access: have consent given to this client." },
    { "invalid_request",         OAUTH2_REFUSED,
      "The token endpoint does not understand the request: check token path, client id "
      "and scope." },
    { "unsupported_grant_type",  OAUTH2_REFUSED,
      "The token endpoint does not offer client credentials: check the token path." },
    { "temporarily_unavailable", OAUTH2_LATER,
      "The token endpoint is not available for now; it is asked again." },
    { "server_error",            OAUTH2_LATER,
      "The token endpoint failed; it is asked again." },
};

struct status_row {
    int least, most;
    enum oauth2_verdict verdict;
    const char *message;
};
static const struct status_row status_rows[] = {
    { 408, 408, OAUTH2_LATER,   "The token endpoint wants this later; it is asked again." },
    { 429, 429, OAUTH2_LATER,   "The token endpoint limits our rate; it is asked again." },
    { 500, 599, OAUTH2_LATER,   "The token endpoint failed; it is asked again." },
    { 404, 404, OAUTH2_REFUSED, "There is no token endpoint at this path: correct the "
                                "setting oauth2.token_path." },
    { 300, 399, OAUTH2_REFUSED, "The token endpoint points elsewhere: correct host or "
                                "path." },
    { 400, 499, OAUTH2_REFUSED, "The token endpoint refused without saying why: check "
                                "client id, credentials and token path." },
    { 100, 999, OAUTH2_LATER,   "The token endpoint's answer is no token; it is asked "
                                "again." },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* RFC 6750 2.1: b64token. Nothing else may go into a header. */
static bool is_token(const char *text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789-._~+/=";
    size_t size = strlen(text);
    return size > 0 && size <= OAUTH2_TOKEN_MAX && strspn(text, allowed) == size;
}

/* "expires_in" was a text in older versions of Entra's endpoint. */
static int64_t expires_of(const json_t *body)
{
    uint64_t seconds = 0;
    const char *text = json_text(body, "expires_in");
    int64_t number = json_int(body, "expires_in", EXPIRES_S);
    if (text != NULL && slice_u64(slice_of(text), &seconds) &&
        seconds <= EXPIRES_MOST_S)
        number = (int64_t)seconds;
    return number < 0 ? 0 : number > EXPIRES_MOST_S ? EXPIRES_MOST_S : number;
}

static bool read_token(int status, const json_t *body, struct oauth2_reply *ret,
                       struct buf *token)
{
    const char *text = json_text(body, "access_token");
    const char *type = json_text(body, "token_type");
    if (status != 200 || text == NULL || !is_token(text) || type == NULL ||
        !slice_is_nocase(slice_of(type), "bearer"))
        return false;
    buf_add_text(token, text);
    ret->verdict = OAUTH2_GIVEN;
    ret->expires_s = expires_of(body);
    return buf_ok(token);
}

/* The error's name is shown and logged: only what RFC 6749 lets it be made of. */
static bool is_name(const char *text)
{
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    return size > 0 && size < 40 && text[size] == '\0';
}

static void write_code(const char *error, const json_t *body, struct oauth2_reply *ret)
{
    const json_t *first = json_array_get(json_object_get(body, "error_codes"), 0);
    int length = json_is_integer(first)
                     ? snprintf(ret->code, sizeof ret->code, "%.39s/%lld", error,
                                (long long)json_integer_value(first))
                     : snprintf(ret->code, sizeof ret->code, "%.39s", error);
    assert(length > 0);
}

static bool read_error(const json_t *body, struct oauth2_reply *ret)
{
    const char *error = json_text(body, "error");
    if (error == NULL || !is_name(error))
        return false;
    write_code(error, body, ret);
    for (size_t i = 0; i < COUNT(error_rows); i++) {
        if (strcmp(error_rows[i].error, error) != 0)
            continue;
        ret->verdict = error_rows[i].verdict;
        ret->message = error_rows[i].message;
        return true;
    }
    return false;
}

static void read_status(int status, struct oauth2_reply *ret)
{
    size_t i = 0;
    while (i + 1 < COUNT(status_rows) &&
           (status < status_rows[i].least || status > status_rows[i].most))
        i++;
    ret->verdict = status_rows[i].verdict;
    ret->message = status_rows[i].message;
    if (ret->code[0] == '\0') {
        int length = snprintf(ret->code, sizeof ret->code, "HTTP %d", status);
        assert(length > 0);
    }
}

/* A busy server's word counts more than the error it wraps it in. */
static bool is_busy(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

void oauth2_read(int status, struct slice retry_after, struct slice body,
                 struct oauth2_reply *ret, struct buf *token)
{
    uint64_t seconds = 0;
    *ret = (struct oauth2_reply){ .verdict = OAUTH2_LATER, .retry_after_s = -1 };
    if (slice_u64(retry_after, &seconds) && seconds <= EXPIRES_MOST_S)
        ret->retry_after_s = (int64_t)seconds;
    json_t *json = json_read(body, NULL);
    if (!read_token(status, json, ret, token) &&
        (!read_error(json, ret) || is_busy(status)))
        read_status(status, ret);
    json_decref(json);
}
