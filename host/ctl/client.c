#include "ctl/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/slice.h"
#include "ctl/command.h"

enum { ANSWER_BYTES = 256 << 20, LINE_BYTES = 8 << 20, CONNECT_MS = 10000 };

struct client {
    CURL *curl;
    struct place place;
};

struct client *client_create(const struct place *place, struct err *err)
{
    struct client *client = calloc(1, sizeof *client);
    if (client != NULL)
        client->curl = curl_easy_init();
    if (client == NULL || client->curl == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for a client");
        client_destroy(&client);
        return NULL;
    }
    client->place = *place;
    return client;
}

void client_destroy(struct client **client)
{
    if (*client == NULL)
        return;
    curl_easy_cleanup((*client)->curl);
    explicit_bzero((*client)->place.token, sizeof(*client)->place.token);
    free(*client);
    *client = NULL;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct answer *answer = arg;
    buf_add(&answer->body, bytes, size * count);
    return buf_ok(&answer->body) ? size * count : 0;
}

static void take_field(struct slice line, const char *name, char *ret, size_t size)
{
    struct slice value = line;
    if (!slice_is_nocase(slice_cut(&value, ':'), name))
        return;
    while (value.size > 0 && value.ptr[0] == ' ')
        value = slice_bytes(value.ptr + 1, value.size - 1);
    while (value.size > 0 && (unsigned char)value.ptr[value.size - 1] <= ' ')
        value.size--;
    if (!slice_copy(value, ret, size))
        ret[0] = '\0';
}

static size_t take_head(char *bytes, size_t size, size_t count, void *arg)
{
    struct answer *answer = arg;
    struct slice line = slice_bytes(bytes, size * count);
    take_field(line, "X-Request-Id", answer->request_id, sizeof answer->request_id);
    take_field(line, "Content-Type", answer->type, sizeof answer->type);
    return size * count;
}

/* One further header; false: no memory. */
static bool add_header(struct curl_slist **list, const char *format, const char *value)
{
    char line[1024];
    if (value == NULL || value[0] == '\0')
        return true;
    int length = snprintf(line, sizeof line, format, value);
    struct curl_slist *more = length < 0 || (size_t)length >= sizeof line
                                  ? NULL
                                  : curl_slist_append(*list, line);
    explicit_bzero(line, sizeof line);
    if (more != NULL)
        *list = more;
    return more != NULL;
}

static struct curl_slist *headers_of(const struct client *client, const struct ask *ask)
{
    struct curl_slist *list = NULL;
    bool ok = add_header(&list, "Accept: %s",
                         ask->accept == NULL ? "application/json" : ask->accept) &&
              add_header(&list, "Authorization: Bearer %s", client->place.token) &&
              add_header(&list, "Esim-Tenant: %s", client->place.tenant) &&
              add_header(&list, "Content-Type: %s",
                         ask->body == NULL ? NULL : "application/json");
    for (size_t i = 0; ok && i < sizeof ask->headers / sizeof ask->headers[0]; i++)
        ok = add_header(&list, "%s", ask->headers[i]);
    if (ok)
        return list;
    curl_slist_free_all(list);
    return NULL;
}

static void set_place(struct client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    if (client->place.socket[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->place.socket);
    if (client->place.ca_file[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, client->place.ca_file);
}

static bool explain(const struct client *client, CURLcode code, const char *words,
                    struct err *err)
{
    if (code == CURLE_OPERATION_TIMEDOUT)
        return err_set(err, ERR_TIMEOUT, "no answer in time");
    const char *where = client->place.socket[0] != '\0' ? client->place.socket
                                                        : client->place.url;
    return err_set(err, ERR_UNAVAILABLE, "%s: %s", where,
                   words[0] != '\0' ? words : curl_easy_strerror(code));
}

static bool perform(struct client *client, const struct ask *ask, const char *body,
                    struct err *err)
{
    CURL *curl = client->curl;
    char words[CURL_ERROR_SIZE] = "";
    char url[2048];
    int length = snprintf(url, sizeof url, "%s%s", client->place.url, ask->path);
    struct curl_slist *headers = headers_of(client, ask);
    if (headers == NULL || length < 0 || (size_t)length >= sizeof url) {
        curl_slist_free_all(headers);
        return err_set(err, ERR_LIMIT, "the request is too long");
    }
    set_place(client);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    if (body != NULL)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    else if (strcmp(ask->method, "POST") == 0)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return code == CURLE_OK || explain(client, code, words, err);
}

static bool is_json(const char *type)
{
    return strncmp(type, "application/", 12) == 0 && strstr(type, "json") != NULL;
}

bool client_ask(struct client *client, const struct ask *ask, struct answer *ret,
                struct err *err)
{
    *ret = (struct answer){ .status = 0 };
    buf_init(&ret->body, ANSWER_BYTES);
    struct buf body;
    buf_init(&body, LINE_BYTES);
    if (ask->body != NULL)
        json_write(ask->body, &body);
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, ret);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take_head);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, ret);
    bool ok = perform(client, ask, body.ptr, err);
    buf_finish_secret(&body);
    if (ok) {
        long status = 0;
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
        ret->status = (int)status;
        if (is_json(ret->type))
            ret->json = json_read(buf_slice(&ret->body), NULL);
    }
    return ok;
}

void answer_finish(struct answer *answer)
{
    buf_finish_secret(&answer->body);
    json_decref(answer->json);
    answer->json = NULL;
}

static int exit_of(int status)
{
    static const struct {
        int status, code;
    } rows[] = { { 401, EXIT_DENIED }, { 403, EXIT_DENIED }, { 404, EXIT_MISSING },
                 { 429, EXIT_AWAY },   { 502, EXIT_AWAY },   { 503, EXIT_AWAY },
                 { 504, EXIT_AWAY } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].code;
    if (status >= 200 && status < 300)
        return EXIT_DONE;
    return status >= 400 && status < 500 ? EXIT_REFUSED : EXIT_TROUBLE;
}

static void tell_faults(const json_t *problem)
{
    size_t i;
    json_t *fault;
    json_array_foreach(json_object_get(problem, "errors"), i, fault)
    {
        const char *pointer = json_text(fault, "pointer");
        const char *detail = json_text(fault, "detail");
        fprintf(stderr, "  %s: %s\n", pointer == NULL ? "" : pointer,
                detail == NULL ? "" : detail);
    }
}

int answer_exit(const struct answer *answer)
{
    int code = exit_of(answer->status);
    if (code == EXIT_DONE)
        return code;
    const char *title = json_text(answer->json, "title");
    const char *detail = json_text(answer->json, "detail");
    fprintf(stderr, "esimctl: %s%s%s (HTTP %d)\n", title == NULL ? "refused" : title,
            detail == NULL ? "" : ": ", detail == NULL ? "" : detail, answer->status);
    tell_faults(answer->json);
    if (answer->request_id[0] != '\0')
        fprintf(stderr, "  request id: %s\n", answer->request_id);
    return code;
}

int client_json(struct client *client, const struct ask *ask, json_t **ret)
{
    struct answer answer;
    struct err err = ERR_INIT;
    if (!client_ask(client, ask, &answer, &err)) {
        answer_finish(&answer);
        return ctl_fail(err.code == ERR_TIMEOUT ? EXIT_TIMEOUT : EXIT_AWAY, &err);
    }
    int code = answer_exit(&answer);
    if (code == EXIT_DONE)
        *ret = json_incref(answer.json);
    answer_finish(&answer);
    return code;
}

/* ---- event streams ---- */

struct follow {
    struct answer answer; /* The body holds what is not yet a whole line. */
    bool (*event)(void *arg, const json_t *event);
    void *arg;
    CURL *curl;
    bool ended;
};

/* Only `data:` lines matter here: each holds the whole event (HTML 9.2.6). */
static bool take_line(struct follow *follow, struct slice line)
{
    if (!slice_starts(line, "data:"))
        return true;
    json_t *event = json_read(slice_bytes(line.ptr + 5, line.size - 5), NULL);
    if (event != NULL)
        follow->ended = !follow->event(follow->arg, event);
    json_decref(event);
    return !follow->ended;
}

static size_t take_stream(char *bytes, size_t size, size_t count, void *arg)
{
    struct follow *follow = arg;
    struct buf *body = &follow->answer.body;
    long status = 0;
    buf_add(body, bytes, size * count);
    curl_easy_getinfo(follow->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return buf_ok(body) ? size * count : 0;
    for (;;) {
        const char *end = body->size == 0 ? NULL : memchr(body->ptr, '\n', body->size);
        if (end == NULL)
            return buf_ok(body) ? size * count : 0;
        size_t length = (size_t)(end - body->ptr);
        if (!take_line(follow, slice_bytes(body->ptr, length)))
            return 0; /* Ends the transfer. */
        buf_drop(body, length + 1);
    }
}

static bool settle(struct follow *follow, bool ok, struct err *err)
{
    long status = 0;
    curl_easy_getinfo(follow->curl, CURLINFO_RESPONSE_CODE, &status);
    if (follow->ended)
        return true;
    if (!ok)
        return false;
    follow->answer.status = (int)status;
    if (status == 200)
        return err_set(err, ERR_UNAVAILABLE, "the host ended the stream");
    follow->answer.json = json_read(buf_slice(&follow->answer.body), NULL);
    const char *detail = json_text(follow->answer.json, "detail");
    return err_set(err, ERR_DENIED, "%s (HTTP %ld)",
                   detail == NULL ? "refused" : detail, status);
}

bool client_follow(struct client *client, const char *path, int64_t timeout_ms,
                   bool (*event)(void *arg, const json_t *event), void *arg,
                   struct err *err)
{
    struct ask ask = { .method = "GET",
                       .path = path,
                       .accept = "text/event-stream",
                       .timeout_ms = timeout_ms };
    struct follow follow = { .event = event, .arg = arg, .curl = client->curl };
    buf_init(&follow.answer.body, LINE_BYTES);
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_stream);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &follow);
    bool ok = perform(client, &ask, NULL, err);
    ok = settle(&follow, ok, err);
    answer_finish(&follow.answer);
    return ok;
}

char *client_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = escaped == NULL ? NULL : strdup(escaped);
    curl_free(escaped);
    return copy;
}

char *client_path(const char *before, const char *name, const char *after)
{
    char *safe = client_escape(name);
    struct buf path;
    buf_init(&path, 2048);
    buf_add_text(&path, before);
    buf_add_text(&path, safe == NULL ? "" : safe);
    buf_add_text(&path, after);
    free(safe);
    return buf_take(&path);
}
