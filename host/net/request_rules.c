#include "net/request_rules.h"

#include <ctype.h>
#include <string.h>

struct head {
    struct request_parts *parts;
    struct slice line;
    struct slice target;
};

/* RFC 9110 5.5: white space around a value is no part of it. llhttp leaves the end. */
static enum refusal trim_values(struct head *head)
{
    struct request_parts *parts = head->parts;
    for (size_t i = 0; i < parts->field_count; i++) {
        struct slice *value = &parts->fields[i].value;
        while (value->size > 0 && (value->ptr[value->size - 1] == ' ' ||
                                   value->ptr[value->size - 1] == '\t'))
            value->size--;
    }
    parts->request.fields = parts->fields;
    parts->request.field_count = parts->field_count;
    return REFUSAL_NONE;
}

/* Exactly "METHOD target HTTP/1.x", one space each. llhttp also takes several spaces,
 * no version at all, and RTSP/1.0 or ICE/1.0 as the version. */
static enum refusal check_line(struct head *head)
{
    struct slice rest = head->line;
    struct slice method = slice_cut(&rest, ' ');
    struct slice target = slice_cut(&rest, ' ');
    if (!slice_is(rest, "HTTP/1.1") && !slice_is(rest, "HTTP/1.0"))
        return REFUSAL_VERSION;
    if (!slice_equal(target, head->target))
        return REFUSAL_TARGET;
    head->parts->request.method = method;
    return slice_is(method, "CONNECT") ? REFUSAL_METHOD : REFUSAL_NONE;
}

static bool is_host_char(unsigned char c)
{
    return isalnum(c) || (c != '\0' && strchr("-._~!$&'()*+;=%:[]", c) != NULL);
}

/* RFC 9112 3.2: none (in 1.1), several or an invalid one is a 400. */
static enum refusal check_host(struct head *head)
{
    const struct request_parts *parts = head->parts;
    size_t hosts = 0;
    for (size_t i = 0; i < parts->field_count; i++)
        hosts += slice_is_nocase(parts->fields[i].name, "host");
    if (hosts == 0 && parts->is_1_0)
        return REFUSAL_NONE;
    struct slice host = http_field_of(parts->fields, parts->field_count, "host");
    if (hosts != 1 || host.size == 0)
        return REFUSAL_HOST;
    for (size_t i = 0; i < host.size; i++)
        if (!is_host_char((unsigned char)host.ptr[i]))
            return REFUSAL_HOST;
    return REFUSAL_NONE;
}

static bool path_is_fit(struct slice path)
{
    for (size_t i = 0; i < path.size; i++) {
        unsigned char c = (unsigned char)path.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '#')
            return false;
        if (c == '%' &&
            (path.size - i < 3 || !isxdigit((unsigned char)path.ptr[i + 1]) ||
             !isxdigit((unsigned char)path.ptr[i + 2])))
            return false;
    }
    return true;
}

static bool starts_nocase(struct slice text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && slice_is_nocase(slice_bytes(text.ptr, size), prefix);
}

/* "http://authority/path": the authority must be the Host's (RFC 9112 3.2.2 lets the
 * target win; two that differ are a request nobody sends honestly). */
static bool cut_authority(const struct request_parts *parts, struct slice *target)
{
    size_t scheme = starts_nocase(*target, "http://")    ? 7
                    : starts_nocase(*target, "https://") ? 8
                                                         : 0;
    struct slice rest = slice_bytes(target->ptr + scheme, target->size - scheme);
    size_t size = 0;
    while (size < rest.size && strchr("/?", rest.ptr[size]) == NULL)
        size++;
    struct slice host = http_field_of(parts->fields, parts->field_count, "host");
    if (scheme == 0 || size == 0 || host.size != size ||
        strncasecmp(host.ptr, rest.ptr, size) != 0)
        return false;
    *target = slice_bytes(rest.ptr + size, rest.size - size);
    return true;
}

static enum refusal check_target(struct head *head)
{
    struct http_request *request = &head->parts->request;
    struct slice rest = head->target;
    bool is_absolute = rest.size > 0 && rest.ptr[0] != '/' && rest.ptr[0] != '*';
    if (is_absolute && !cut_authority(head->parts, &rest))
        return REFUSAL_TARGET;
    request->path = slice_cut(&rest, '?');
    request->query = rest.ptr == NULL ? SLICE_LITERAL("") : rest;
    if (is_absolute && request->path.size == 0)
        request->path = SLICE_LITERAL("/");
    if (slice_is(request->path, "*") && slice_is(request->method, "OPTIONS"))
        return REFUSAL_NONE;
    if (request->path.size == 0 || request->path.ptr[0] != '/' ||
        !path_is_fit(request->path))
        return REFUSAL_TARGET;
    for (size_t i = 0; i < request->query.size; i++)
        if ((unsigned char)request->query.ptr[i] >= 0x7f ||
            strchr(" #", request->query.ptr[i]) != NULL)
            return REFUSAL_TARGET;
    return REFUSAL_NONE;
}

/* RFC 9112 6.1 and 6.3. One Transfer-Encoding, "chunked" alone, in 1.1, without
 * Content-Length: anything else has been read differently by somebody. */
static enum refusal check_framing(struct head *head)
{
    const struct request_parts *parts = head->parts;
    size_t codings = 0, lengths = 0;
    struct slice coding = SLICE_LITERAL("");
    for (size_t i = 0; i < parts->field_count; i++) {
        const struct http_field *field = &parts->fields[i];
        lengths += slice_is_nocase(field->name, "content-length");
        if (!slice_is_nocase(field->name, "transfer-encoding"))
            continue;
        coding = field->value;
        codings++;
    }
    if (lengths > 1)
        return REFUSAL_LENGTH;
    if (codings > 1 || (codings == 1 && (parts->is_1_0 || lengths > 0)))
        return REFUSAL_FRAMING;
    if (codings == 1 && !slice_is_nocase(coding, "chunked"))
        return coding.size == 0 ? REFUSAL_FRAMING : REFUSAL_CODING;
    return parts->is_chunked == (codings == 1) ? REFUSAL_NONE : REFUSAL_FRAMING;
}

static enum refusal check_expect(struct head *head)
{
    struct request_parts *parts = head->parts;
    struct slice expect = http_field_of(parts->fields, parts->field_count, "expect");
    if (expect.ptr == NULL || parts->is_1_0)
        return REFUSAL_NONE; /* RFC 9110 10.1.1: 1.0's is ignored. */
    parts->wants_continue = slice_is_nocase(expect, "100-continue");
    return parts->wants_continue ? REFUSAL_NONE : REFUSAL_EXPECT;
}

static enum refusal (*const rules[])(struct head *head) = {
    trim_values, check_line, check_host, check_target, check_framing, check_expect,
};

enum refusal request_rules_check(struct request_parts *parts, struct slice line,
                                 struct slice target)
{
    struct head head = { parts, line, target };
    enum refusal refusal = REFUSAL_NONE;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && refusal == REFUSAL_NONE;
         i++)
        refusal = rules[i](&head);
    return refusal;
}
