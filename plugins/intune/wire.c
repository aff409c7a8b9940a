#include "wire.h"

#include <string.h>
#include <strings.h>

#include "esim/exchange.h"

enum {
    ID_MOST = 128,
    CODE_MOST = 48,
    REQUEST_ID_MOST = 48,
    ICCID_LEAST = 19,
    ICCID_MOST = 20,
    ADDRESS_MOST = 255,
    MATCHING_ID_MOST = 255
};

static const char alphanumeric[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "0123456789";

/* ---- lists and links ---- */

bool graph_page_read(const json_t *body, struct graph_page *ret)
{
    json_t *items = json_object_get(body, "value");
    if (!json_is_array(items))
        return false;
    const json_t *next = json_object_get(body, "@odata.nextLink");
    if (next != NULL && !json_is_null(next) && !json_is_string(next))
        return false;
    *ret = (struct graph_page){ items, json_string_value(next) };
    return true;
}

/* What could be read as another host, or as another path, is no link of ours. */
static bool is_clean(const char *path)
{
    for (const char *c = path; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '\\' || *c == '#')
            return false;
    return path[0] == '/' && path[1] != '/';
}

const char *graph_link_path(const char *root, const char *link)
{
    size_t size = strlen(root);
    if (strncasecmp(link, root, size) != 0 || !is_clean(link + size))
        return NULL;
    return link + size;
}

/* Dots may climb out of the root (RFC 3986 5.2.4), and what is escaped may be a dot or a
 * slash to whom it reaches; Graph writes neither before its query. */
bool graph_is_below(const char *path, const char *root)
{
    size_t size = strlen(root);
    if (strncmp(path, root, size) != 0 || path[size] != '/')
        return false;
    for (const char *c = path + size; *c != '\0' && *c != '?'; c++)
        if (*c == '%' || (c[0] == '/' && c[1] == '.'))
            return false;
    return true;
}

bool graph_is_id(const char *text)
{
    size_t size = text == NULL ? 0 : strspn(text, alphanumeric);
    while (size > 0 && (text[size] == '-' || text[size] == '_')) {
        size_t more = strspn(text + size + 1, alphanumeric);
        size += 1 + more;
    }
    return size > 0 && size <= ID_MOST && text[size] == '\0';
}

const char *graph_find(const json_t *items, const char *member, const char *text)
{
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *own = esim_json_text(item, member);
        if (own != NULL && strcmp(own, text) == 0 &&
            graph_is_id(esim_json_text(item, "id")))
            return esim_json_text(item, "id");
    }
    return NULL;
}

const char *graph_literal(const char *text)
{
    struct esim_bytes doubled = esim_text("");
    for (const char *rest = text; *rest != '\0';) {
        size_t length = strcspn(rest, "'");
        bool quote = rest[length] == '\'';
        doubled = esim_format("%.*s%.*s%s", (int)doubled.size, doubled.ptr, (int)length,
                              rest, quote ? "''" : "");
        rest += length + quote;
    }
    return esim_url_encode(esim_string(doubled));
}

/* ---- errors ---- */

/* Only what a code or an id is made of: nothing of Graph's free text is repeated. */
static const char *plain(const char *text, size_t most)
{
    size_t size = text == NULL ? 0 : strspn(text, alphanumeric);
    while (text != NULL && text[size] != '\0' && strchr("-_.", text[size]) != NULL)
        size += 1 + strspn(text + size + 1, alphanumeric);
    bool fits = size > 0 && size <= most && text[size] == '\0';
    return fits ? text : "";
}

static const char *inner_id(const json_t *error)
{
    static const char *const names[] = { "innerError", "innererror" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *id = esim_json_text(json_object_get(error, names[i]), "request-id");
        if (id != NULL)
            return id;
    }
    return NULL;
}

struct graph_error graph_error_read(const struct esim_header *headers, uint64_t count,
                                    const json_t *body)
{
    const json_t *error = json_object_get(body, "error");
    const char *id = inner_id(error);
    if (id == NULL)
        id = esim_header_of(headers, count, "request-id");
    return (struct graph_error){ plain(esim_json_text(error, "code"), CODE_MOST),
                                 plain(id, REQUEST_ID_MOST) };
}

const char *graph_error_text(const struct graph_error *error)
{
    bool has_code = error->code[0] != '\0', has_id = error->request_id[0] != '\0';
    if (!has_code && !has_id)
        return NULL;
    return esim_string(esim_format("%s%s%s", error->code, has_code && has_id ? "/" : "",
                                   error->request_id));
}

const char *graph_request_id(const uint8_t random[32])
{
    const uint8_t *r = random;
    return esim_string(esim_format(
        "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
        r[1], r[2], r[3], r[4], r[5], r[6] & 15, r[7], (r[8] & 0x3f) | 0x80, r[9],
        r[10], r[11], r[12], r[13], r[14], r[15]));
}

/* ---- activation codes ---- */

/* The text up to the next "$", which is skipped. */
static const char *part(const char **rest)
{
    size_t length = strcspn(*rest, "$");
    const char *text = esim_string(esim_format("%.*s", (int)length, *rest));
    *rest += length + ((*rest)[length] == '$');
    return text;
}

static bool is_made_of(const char *text, const char *more, size_t most)
{
    size_t size = strlen(text);
    for (const char *c = text; *c != '\0'; c++)
        if (strchr(alphanumeric, *c) == NULL && strchr(more, *c) == NULL)
            return false;
    return size > 0 && size <= most;
}

/* 1$address$matching-id[$oid[$flag]]: the flag says that a confirmation code is asked. */
bool graph_code_read(const char *text, struct graph_code *ret)
{
    const char *rest = strncmp(text, "LPA:", 4) == 0 ? text + 4 : text;
    if (strcmp(part(&rest), "1") != 0)
        return false;
    const char *address = part(&rest);
    const char *matching_id = part(&rest);
    part(&rest); /* The OID is not Intune's. */
    const char *flag = part(&rest);
    if (!is_made_of(address, "-.", ADDRESS_MOST) ||
        !is_made_of(matching_id, "-", MATCHING_ID_MOST) || rest[0] != '\0' ||
        (flag[0] != '\0' && strcmp(flag, "1") != 0))
        return false;
    *ret = (struct graph_code){ address, matching_id, flag[0] != '\0' };
    return true;
}

const char *graph_iccid(const char *text)
{
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");
    if (digits < ICCID_LEAST || digits > ICCID_MOST)
        return NULL;
    bool is_padded = digits == ICCID_LEAST && strcasecmp(text + digits, "F") == 0;
    if (text[digits] != '\0' && !is_padded)
        return NULL;
    return esim_string(esim_format("%.*s", (int)digits, text));
}
