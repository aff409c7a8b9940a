#include "adapter/oauth2_token.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/adapter_conf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"

enum {
    TIMEOUT_MS = 15000,
    REPLY_BYTES = 64 * 1024,
    FORM_BYTES = 32 * 1024,
    DROP_MS = 30000,   /* One drop by 401 within this. */
    LATER_MS = 1000,   /* Between tries when the server does not say. */
    RENEW_MS = 300000, /* Before its end; or a fifth of its life if that is less. */
    SPENT_MS = 10000   /* Not used so shortly before its end; or a tenth. */
};

struct oauth2_token {
    struct oauth2_token *next;
    int64_t refused_ms;
    const struct oauth2_conf *conf;
    const char *adapter;
    struct http_client *client;
    struct buf text;            /* Empty: none. */
    int64_t renew_ms, spent_ms; /* Wall. */
    struct oauth2_reply reply;  /* The last one that gave none. */
    int64_t again_ms;           /* Not asked before. */
    int64_t dropped_ms;
    struct http_call *call;
    struct oauth2_wait *waits;
};

struct oauth2_tokens {
    int64_t refused_ms;
    struct oauth2_token *first;
};

static struct metric requests_total = { .kind = METRIC_COUNTER,
                                        .name = "esimd_oauth2_requests_total",
                                        .help = "Token requests by how they ended.",
                                        .label = "adapter",
                                        .label2 = "end" };

struct oauth2_tokens *oauth2_tokens_create(int64_t refused_ms)
{
    struct oauth2_tokens *tokens = calloc(1, sizeof *tokens);
    memory_need(tokens != NULL);
    assert(refused_ms > 0);
    tokens->refused_ms = refused_ms;
    return tokens;
}

static void token_free(struct oauth2_token *token)
{
    if (token->call != NULL)
        http_cancel(&token->call);
    while (token->waits != NULL)
        oauth2_wait_cancel(token->waits);
    buf_finish_secret(&token->text);
    free(token);
}

void oauth2_tokens_destroy(struct oauth2_tokens **tokens)
{
    if (*tokens == NULL)
        return;
    while ((*tokens)->first != NULL) {
        struct oauth2_token *token = (*tokens)->first;
        (*tokens)->first = token->next;
        token_free(token);
    }
    free(*tokens);
    *tokens = NULL;
}

struct oauth2_token *oauth2_token_of(struct oauth2_tokens *tokens,
                                     const struct oauth2_conf *conf,
                                     const char *adapter, struct http_client *client)
{
    for (struct oauth2_token *at = tokens->first; at != NULL; at = at->next)
        if (at->conf == conf)
            return at;
    struct oauth2_token *token = calloc(1, sizeof *token);
    memory_need(token != NULL);
    token->refused_ms = tokens->refused_ms;
    token->conf = conf;
    token->adapter = adapter;
    token->client = client;
    token->dropped_ms = INT64_MIN / 2;
    buf_init(&token->text, OAUTH2_TOKEN_MAX);
    token->next = tokens->first;
    tokens->first = token;
    return token;
}

/* ---- waiting ---- */

void oauth2_token_wait(struct oauth2_token *token, struct oauth2_wait *wait)
{
    assert(wait->token == NULL && token->call != NULL);
    wait->token = token;
    wait->previous = NULL;
    wait->next = token->waits;
    if (wait->next != NULL)
        wait->next->previous = wait;
    token->waits = wait;
}

void oauth2_wait_cancel(struct oauth2_wait *wait)
{
    if (wait->token == NULL)
        return;
    if (wait->next != NULL)
        wait->next->previous = wait->previous;
    if (wait->previous != NULL)
        wait->previous->next = wait->next;
    else
        wait->token->waits = wait->next;
    wait->token = NULL;
}

/* A waiter may end the last operation of a version that leaves, and this token with it:
 * after the last one nothing is touched. One that waits anew waits for a new request. */
static void wake(struct oauth2_token *token)
{
    bool more = token->waits != NULL;
    while (more && token->call == NULL) {
        struct oauth2_wait *wait = token->waits;
        oauth2_wait_cancel(wait);
        more = token->waits != NULL;
        wait->done(wait->arg);
        if (!more)
            return;
    }
}

/* ---- asking ---- */

static void forget(struct oauth2_token *token)
{
    if (token->text.size > 0)
        explicit_bzero(token->text.ptr, token->text.size);
    buf_clear(&token->text);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void keep(struct oauth2_token *token, const struct buf *text, int64_t now_ms)
{
    int64_t life_ms = token->reply.expires_s * 1000;
    forget(token);
    buf_add_slice(&token->text, buf_slice(text));
    token->renew_ms = now_ms + life_ms - least(RENEW_MS, life_ms / 5);
    token->spent_ms = now_ms + life_ms - least(SPENT_MS, life_ms / 10);
    token->again_ms = 0;
}

static void hold_off(struct oauth2_token *token, int64_t now_ms)
{
    const struct oauth2_reply *reply = &token->reply;
    int64_t asked_ms = reply->retry_after_s < 0 ? LATER_MS
                                                : reply->retry_after_s * 1000;
    token->again_ms = now_ms +
                      (reply->verdict == OAUTH2_REFUSED ? token->refused_ms : asked_ms);
}

static void not_sent(struct oauth2_token *token, const char *why, int64_t now_ms)
{
    token->reply = (struct oauth2_reply){
        .verdict = OAUTH2_LATER,
        .retry_after_s = -1,
        .message = "The token endpoint cannot be reached; it is asked again.",
    };
    log_line(LOG_WARN, "oauth2.no_answer", LOG_TEXT("adapter", token->adapter),
             LOG_TEXT("url", token->conf->url), LOG_TEXT("reason", why));
    hold_off(token, now_ms);
}

static void on_reply(void *arg, enum http_end end, int status,
                     const struct http_field *fields, size_t field_count,
                     struct slice body, const struct err *err)
{
    static const char *const words[] = { "given", "refused", "later" };
    struct oauth2_token *token = arg;
    int64_t now_ms = clock_wall_ms();
    struct buf text;
    token->call = NULL;
    buf_init(&text, OAUTH2_TOKEN_MAX);
    if (end != HTTP_REPLIED)
        not_sent(token, err->text, now_ms);
    else
        oauth2_read(status, http_field_of(fields, field_count, "retry-after"), body,
                    &token->reply, &text);
    if (end == HTTP_REPLIED && token->reply.verdict == OAUTH2_GIVEN) {
        keep(token, &text, now_ms);
    } else if (end == HTTP_REPLIED) {
        hold_off(token, now_ms);
        log_line(LOG_WARN, "oauth2.no_token", LOG_TEXT("adapter", token->adapter),
                 LOG_TEXT("url", token->conf->url), LOG_INT("status", status),
                 LOG_TEXT("code", token->reply.code),
                 LOG_TEXT("message", token->reply.message));
    }
    metric_count(&requests_total, token->adapter, words[token->reply.verdict]);
    buf_finish_secret(&text);
    wake(token);
}

/* Sends a request, or notes why it cannot be sent. */
static void fetch(struct oauth2_token *token, int64_t now_ms)
{
    static const struct http_field fields[] = {
        { SLICE_LITERAL("Content-Type"),
          SLICE_LITERAL("application/x-www-form-urlencoded") },
        { SLICE_LITERAL("Accept"), SLICE_LITERAL("application/json") },
    };
    struct err err = ERR_INIT;
    struct buf form;
    buf_init(&form, FORM_BYTES);
    struct http_outgoing outgoing = {
        .method = "POST",
        .url = token->conf->url,
        .fields = fields,
        .field_count = sizeof fields / sizeof fields[0],
        .identity = &token->conf->at->identity,
        .connect_ms = TIMEOUT_MS,
        .timeout_ms = TIMEOUT_MS,
        .reply_bytes = REPLY_BYTES,
    };
    if (oauth2_form(token->conf, now_ms, &form, &err)) {
        outgoing.body = buf_slice(&form);
        token->call = http_send(token->client, &outgoing, on_reply, token, &err);
    }
    if (token->call == NULL)
        not_sent(token, err.text, now_ms);
    buf_finish_secret(&form);
}

static struct oauth2_answer none_now(const struct oauth2_token *token, int64_t now_ms)
{
    bool refused = token->reply.verdict == OAUTH2_REFUSED;
    return (struct oauth2_answer){
        .state = refused ? OAUTH2_NO : OAUTH2_NOT_NOW,
        .after_ms = token->again_ms - now_ms,
        .code = token->reply.code,
        .message = token->reply.message,
    };
}

struct oauth2_answer oauth2_token_ask(struct oauth2_token *token, int64_t now_ms)
{
    bool good = token->text.size > 0 && now_ms < token->spent_ms;
    bool due = !good || now_ms >= token->renew_ms;
    if (due && token->call == NULL && now_ms >= token->again_ms)
        fetch(token, now_ms);
    if (good)
        return (struct oauth2_answer){ .state = OAUTH2_HAVE, .token = token->text.ptr };
    if (token->call != NULL)
        return (struct oauth2_answer){ .state = OAUTH2_WAIT };
    return none_now(token, now_ms);
}

bool oauth2_token_drop(struct oauth2_token *token, const char *used, int64_t now_ms)
{
    bool is_same = token->text.size > 0 && strcmp(token->text.ptr, used) == 0;
    if (!is_same)
        return true; /* Another operation has dropped it already. */
    if (now_ms < token->dropped_ms + DROP_MS)
        return false;
    token->dropped_ms = now_ms;
    forget(token);
    return true;
}
