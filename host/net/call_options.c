#include "net/call_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum {
    FIELD_BYTES_MAX = 16384,
    KEPT_S = 30, /* A connection idle for longer is not used again. */
    LIFE_S = 600 /* Nor one older than this: certificates and DNS change. */
};

/* Fields that frame the request or choose its receiver are not the caller's. */
static const char *const reserved[] = {
    "host",    "content-length", "connection", "transfer-encoding", "te",
    "upgrade", "trailer",        "expect",     "keep-alive",        "proxy-connection"
};

static bool name_is_token(struct slice name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f ||
            strchr("\"(),/:;<=>?@[\\]{}", name.ptr[i]) != NULL)
            return false;
    return name.size > 0;
}

static bool value_is_one_line(struct slice value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0')
            return false;
    return true;
}

static bool check_field(const struct http_field *field,
                        const struct http_identity *identity, struct err *err)
{
    if (!name_is_token(field->name) || !value_is_one_line(field->value))
        return err_set(err, ERR_INVALID, "a header field is malformed");
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (slice_is_nocase(field->name, reserved[i]))
            return err_set(err, ERR_INVALID, "the field %s is not the caller's to set",
                           reserved[i]);
    if ((identity->basic != NULL || identity->bearer != NULL) &&
        slice_is_nocase(field->name, "authorization"))
        return err_set(err, ERR_INVALID, "the endpoint's identity sets Authorization");
    return true;
}

static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer != NULL)
        *list = longer;
    return longer != NULL;
}

/* curl's own forms: "Name;" sends an empty value, "Name:" suppresses a field. */
static bool append_field(struct curl_slist **list, struct slice name,
                         struct slice value)
{
    struct buf line;
    buf_init(&line, FIELD_BYTES_MAX);
    buf_add_slice(&line, name);
    buf_add_text(&line, value.size == 0 ? ";" : ": ");
    buf_add_slice(&line, value);
    bool added = buf_ok(&line) && append(list, line.ptr);
    buf_finish_secret(&line);
    return added;
}

static bool add_fields(const struct http_outgoing *outgoing, struct curl_slist **list,
                       struct err *err)
{
    bool has_type = false;
    for (size_t i = 0; i < outgoing->field_count; i++) {
        const struct http_field *field = &outgoing->fields[i];
        if (!check_field(field, outgoing->identity, err))
            return false;
        has_type = has_type || slice_is_nocase(field->name, "content-type");
        if (!append_field(list, field->name, field->value))
            return err_set(err, ERR_LIMIT, "a header field is longer than %d bytes",
                           FIELD_BYTES_MAX);
    }
    /* Else curl would wait for 100 Continue, and call every body a form. */
    if (!append(list, "Expect:") || (!has_type && !append(list, "Content-Type:")))
        return err_set(err, ERR_UNAVAILABLE, "no memory for header fields");
    return true;
}

static bool check_url(const char *url, struct err *err)
{
    CURLU *parts = curl_url();
    char *scheme = NULL, *user = NULL;
    CURLUcode parsed = parts == NULL ? CURLUE_OUT_OF_MEMORY
                                     : curl_url_set(parts, CURLUPART_URL, url, 0);
    bool fit = parsed == CURLUE_OK &&
               curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
               (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0) &&
               curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_NO_USER;
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(parts);
    return fit || err_set(err, ERR_INVALID,
                          "the URL is not http or https, or holds credentials");
}

#define SET(option, value)                                         \
    do {                                                           \
        if (curl_easy_setopt(easy, (option), (value)) != CURLE_OK) \
            return false;                                          \
    } while (0)

static bool set_fixed(CURL *easy)
{
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROXY, ""); /* Nor the environment's. */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* A slow resolver is left behind, not waited for. */
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_USERAGENT, "esimd");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_MAXAGE_CONN, (long)KEPT_S);
    SET(CURLOPT_MAXLIFETIME_CONN, (long)LIFE_S);
    return true;
}

/* CAPATH goes with the system's CAs: left set, it would trust them beside our file. */
static bool set_identity(CURL *easy, const struct http_identity *identity)
{
    if (identity->ca_file != NULL) {
        SET(CURLOPT_CAINFO, identity->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (identity->pin_sha256 != NULL)
        SET(CURLOPT_PINNEDPUBLICKEY, identity->pin_sha256);
    if (identity->basic != NULL) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(CURLOPT_USERPWD, identity->basic);
    } else if (identity->bearer != NULL) {
        SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(CURLOPT_XOAUTH2_BEARER, identity->bearer);
    }
    return true;
}

static bool set_request(CURL *easy, const struct http_outgoing *outgoing,
                        const char *body, struct curl_slist *head)
{
    static const char *const bodies[] = { "POST", "PUT", "PATCH" };
    bool has_body = outgoing->body.size > 0;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        has_body = has_body || strcmp(outgoing->method, bodies[i]) == 0;
    if (has_body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)outgoing->body.size);
        SET(CURLOPT_POSTFIELDS, body);
    }
    if (strcmp(outgoing->method, "HEAD") == 0)
        SET(CURLOPT_NOBODY, 1L);
    else
        SET(CURLOPT_CUSTOMREQUEST, outgoing->method);
    SET(CURLOPT_URL, outgoing->url);
    SET(CURLOPT_HTTPHEADER, head);
    if (outgoing->kept_within_s > 0)
        SET(CURLOPT_MAXAGE_CONN, (long)outgoing->kept_within_s);
    if (outgoing->connect_ms > 0)
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long)outgoing->connect_ms);
    return true;
}

bool call_options_set(CURL *easy, const struct http_outgoing *outgoing,
                      const char *body, struct curl_slist **ret_head, struct err *err)
{
    if (!name_is_token(slice_of(outgoing->method)))
        return err_set(err, ERR_INVALID, "the method is malformed");
    if (!check_url(outgoing->url, err) || !add_fields(outgoing, ret_head, err))
        return false;
    if (!set_fixed(easy) || !set_identity(easy, outgoing->identity) ||
        !set_request(easy, outgoing, body, *ret_head))
        return err_set(err, ERR_INVALID, "the call's settings are not usable");
    return true;
}
