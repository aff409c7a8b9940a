/* oauth2_token.h - keeps one access token fresh, for all operations that need it.
 *
 * One token per adapter, tenant view and endpoint. Many may ask at once, one request is
 * sent (single flight). A token is renewed in the background when it grows old, and not
 * used when it is nearly over. What the token endpoint refused is not asked again for a
 * while: a wrong secret ends in "unauthorised", not in a storm.
 *
 * Threads  The engine's loop. */
#ifndef ADAPTER_OAUTH2_TOKEN_H
#define ADAPTER_OAUTH2_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/oauth2.h"
#include "net/http_client.h"

struct oauth2_tokens; /* All of one adapter. */
struct oauth2_token;

/* What was refused is asked again after `refused_ms`. */
struct oauth2_tokens *oauth2_tokens_create(int64_t refused_ms);

/* Cancels what is under way; who still waits is forgotten. */
void oauth2_tokens_destroy(struct oauth2_tokens **tokens);

/* The token of this configuration; made on first use. `adapter` is for the log. `conf`,
 * `adapter` and `client` are kept until the tokens are destroyed. */
struct oauth2_token *oauth2_token_of(struct oauth2_tokens *tokens,
                                     const struct oauth2_conf *conf,
                                     const char *adapter, struct http_client *client);

enum oauth2_state {
    OAUTH2_HAVE,   /* `token` can be used now; borrowed until the loop runs on. */
    OAUTH2_WAIT,   /* It is being fetched: wait, then ask again. */
    OAUTH2_NO,     /* Refused: `code` and `message` say why. */
    OAUTH2_NOT_NOW /* The token endpoint cannot be had: try after `after_ms`. */
};

struct oauth2_answer {
    enum oauth2_state state;
    const char *token;
    int64_t after_ms;
    const char *code, *message; /* Borrowed as `token`. */
};

/* What there is at `now_ms` (wall). Starts a request when one is due. */
struct oauth2_answer oauth2_token_ask(struct oauth2_token *token, int64_t now_ms);

/* In the caller's own memory, as long as it waits. */
struct oauth2_wait {
    struct oauth2_wait *next, *previous;
    struct oauth2_token *token; /* NULL: does not wait. */
    void (*done)(void *arg);
    void *arg;
};

/* After OAUTH2_WAIT: `done` is called once, from the loop, when asking again will not
 * say OAUTH2_WAIT. */
void oauth2_token_wait(struct oauth2_token *token, struct oauth2_wait *wait);
void oauth2_wait_cancel(struct oauth2_wait *wait);

/* The endpoint answered 401 to this token. True: it is dropped (or was replaced), and
 * another try with a new one makes sense. False within half a minute of the last drop:
 * then it is not the token's age. */
bool oauth2_token_drop(struct oauth2_token *token, const char *used, int64_t now_ms);

#endif
