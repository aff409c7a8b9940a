#include "net/call.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/metric.h"
#include "net/address.h"
#include "net/call_options.h"
#include "net/tls.h"

enum { REPLY_HEAD_BYTES = 128 << 10, REPLY_FIELDS_MAX = 256 };

static struct metric calls = { .kind = METRIC_COUNTER,
                               .name = "esimd_http_client_calls_total",
                               .help = "Outbound HTTP exchanges by how they ended.",
                               .label = "end" };

/* ---- what curl asks while it works ---- */

static int on_before_request(void *arg, char *ip, char *local_ip, int port,
                             int local_port)
{
    (void)ip;
    (void)local_ip;
    (void)port;
    (void)local_port;
    struct http_call *call = arg;
    if (call->may_have_left) {
        call->repeat_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->may_have_left = true;
    return CURL_PREREQFUNC_OK;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_call *call = arg;
    if (!call->allow_private && !address_is_public(&address->addr)) {
        call->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                  address->protocol);
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
    struct http_call *call = arg;
    (void)one; /* Always 1. */
    buf_add(&call->reply, bytes, size);
    call->over_cap = call->over_cap || !buf_ok(&call->reply);
    return call->over_cap ? 0 : size;
}

static void start_reply_head(struct http_call *call)
{
    arena_reset(call->arena); /* A 1xx came before: it is forgotten. */
    call->fields = arena_alloc(call->arena, REPLY_FIELDS_MAX * sizeof *call->fields);
    call->field_count = 0;
    call->broken = call->fields == NULL;
}

static struct slice trim(struct slice text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.ptr[text.size - 1]) != NULL)
        text.size--;
    while (text.size > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_bytes(text.ptr + 1, text.size - 1);
    return text;
}

static bool add_reply_field(struct http_call *call, struct slice line)
{
    if (call->fields == NULL || line.size == 0 || isspace((unsigned char)line.ptr[0]) ||
        memchr(line.ptr, ':', line.size) == NULL)
        return false;
    char *copy = arena_copy(call->arena, line.ptr, line.size);
    if (copy == NULL || call->field_count == REPLY_FIELDS_MAX) {
        call->over_cap = true;
        return false;
    }
    struct slice rest = slice_bytes(copy, line.size);
    struct slice name = slice_cut(&rest, ':');
    call->fields[call->field_count++] = (struct http_field){ name, trim(rest) };
    return true;
}

static size_t on_head_line(char *bytes, size_t one, size_t size, void *arg)
{
    struct http_call *call = arg;
    struct slice line = slice_bytes(bytes, size);
    struct slice text = trim(line);
    (void)one;
    if (slice_starts(line, "HTTP/") && !call->head_over)
        start_reply_head(call);
    else if (text.size > 0 && !call->head_over && !add_reply_field(call, line))
        call->broken = true;
    if (text.size == 0) {
        long status = 0;
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
        call->head_over = status >= 200;
    }
    return call->broken || call->over_cap ? 0 : size;
}

/* ---- create, destroy ---- */

static bool set_callbacks(struct http_call *call)
{
    CURL *easy = call->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->words) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_request) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head_line) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK;
}

static bool prepare(struct http_call *call, const struct http_outgoing *outgoing,
                    struct err *err)
{
    call->easy = curl_easy_init();
    call->arena = arena_create(REPLY_HEAD_BYTES);
    call->body = malloc(outgoing->body.size + 1);
    if (call->easy == NULL || call->arena == NULL || call->body == NULL ||
        !set_callbacks(call))
        return err_set(err, ERR_UNAVAILABLE, "no memory for an outbound call");
    if (outgoing->body.size > 0)
        memcpy(call->body, outgoing->body.ptr, outgoing->body.size);
    return call_options_set(call->easy, outgoing, call->body, &call->head, err);
}

struct http_call *call_create(const struct http_outgoing *outgoing, http_done done,
                              void *arg, struct err *err)
{
    assert(outgoing->identity != NULL && outgoing->timeout_ms > 0 && done != NULL);
    struct http_call *call = calloc(1, sizeof *call);
    if (call == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for an outbound call");
        return NULL;
    }
    call->done = done;
    call->arg = arg;
    call->allow_private = outgoing->identity->allow_private;
    call->began_us = clock_mono_us();
    call->timeout_ms = outgoing->timeout_ms;
    buf_init(&call->reply, outgoing->reply_bytes);
    if (!prepare(call, outgoing, err))
        call_destroy(&call);
    return call;
}

void call_destroy(struct http_call **call)
{
    struct http_call *gone = *call;
    if (gone == NULL)
        return;
    curl_easy_cleanup(gone->easy);
    curl_slist_free_all(gone->head);
    loop_timer_destroy(&gone->deadline);
    arena_destroy(&gone->arena);
    buf_finish(&gone->reply);
    free(gone->body);
    free(gone);
    *call = NULL;
}

void call_set_time_left(struct http_call *call)
{
    int64_t left_ms = call->timeout_ms - (clock_mono_us() - call->began_us) / 1000;
    CURLcode set = curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS,
                                    (long)(left_ms > 1 ? left_ms : 1));
    assert(set == CURLE_OK);
}

/* ---- how it ended ---- */

/* clang-format off */
static const struct { CURLcode result; enum err_code code; } codes[] = {
    { CURLE_OPERATION_TIMEDOUT,        ERR_TIMEOUT     },
    { CURLE_PEER_FAILED_VERIFICATION,  ERR_UNTRUSTED   },
    { CURLE_SSL_PINNEDPUBKEYNOTMATCH,  ERR_UNTRUSTED   },
    { CURLE_SSL_ISSUER_ERROR,          ERR_UNTRUSTED   },
    { CURLE_SSL_CERTPROBLEM,           ERR_INVALID     },
    { CURLE_SSL_CACERT_BADFILE,        ERR_INVALID     },
    { CURLE_COULDNT_RESOLVE_HOST,      ERR_UNAVAILABLE },
    { CURLE_COULDNT_CONNECT,           ERR_UNAVAILABLE },
    { CURLE_SSL_CONNECT_ERROR,         ERR_UNAVAILABLE },
    { CURLE_WEIRD_SERVER_REPLY,        ERR_CORRUPT     },
    { CURLE_UNSUPPORTED_PROTOCOL,      ERR_CORRUPT     }, /* A reply without a head. */
    { CURLE_BAD_CONTENT_ENCODING,      ERR_CORRUPT     },
    { CURLE_PARTIAL_FILE,              ERR_CORRUPT     },
    { CURLE_OUT_OF_MEMORY,             ERR_LIMIT       },
};
/* clang-format on */

static enum err_code code_of(CURLcode result)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].result == result)
            return codes[i].code;
    return ERR_IO;
}

static void explain(const struct http_call *call, CURLcode result, struct err *ret)
{
    if (call->address_refused && !call->may_have_left)
        err_set(ret, ERR_DENIED, "the name leads to an address that is not public");
    else if (call->over_cap)
        err_set(ret, ERR_LIMIT, "the reply is longer than %zu bytes",
                call->reply.limit_bytes);
    else if (call->broken)
        err_set(ret, ERR_CORRUPT, "the reply's head is malformed");
    else if (call->repeat_refused)
        err_set(ret, ERR_IO, "a kept connection ended before any reply");
    else
        err_set(ret, code_of(result), "%s",
                call->words[0] != '\0' ? call->words : curl_easy_strerror(result));
}

/* "error:0A00045C:SSL routines::...": the number that OpenSSL's queue had. */
static bool certificate_was_refused(const struct http_call *call)
{
    const char *number = strstr(call->words, "error:");
    return number != NULL &&
           tls_alert_is_about_us(strtoul(number + strlen("error:"), NULL, 16));
}

void call_report(struct http_call *call, CURLcode result)
{
    struct err err = ERR_INIT;
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK && status >= 200 && call->head_over) {
        metric_count(&calls, "replied", NULL);
        call->done(call->arg, HTTP_REPLIED, (int)status, call->fields,
                   call->field_count, buf_slice(&call->reply), NULL);
        return;
    }
    if (result == CURLE_OK)
        result = CURLE_WEIRD_SERVER_REPLY;
    explain(call, result, &err);
    /* With TLS 1.3 our handshake is over before theirs: what was written behind it was
     * never looked at. */
    bool refused = certificate_was_refused(call);
    if (refused)
        err.code = ERR_UNAUTHORISED;
    bool may_have_left = call->may_have_left && !refused;
    enum http_end end = may_have_left ? HTTP_MAYBE_SENT : HTTP_NOT_SENT;
    metric_count(&calls, may_have_left ? "maybe_sent" : "not_sent", NULL);
    call->done(call->arg, end, 0, NULL, 0, slice_bytes(NULL, 0), &err);
}
