/* The token endpoint: client credentials by secret, or by an assertion whose claims are
 * looked at (its signature is the business of a real one). */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "graph.h"

#define TOKEN_PATH "/oauth2/v2.0/token"

enum { TOKENS_KEPT = 4096 };

bool graph_is_token_path(struct slice path)
{
    size_t size = sizeof TOKEN_PATH - 1;
    return path.size > size &&
           memcmp(path.ptr + path.size - size, TOKEN_PATH, size) == 0;
}

/* A form is read as a query is. */
static const char *form_text(const struct http_request *http, struct arena *arena,
                             const char *name)
{
    struct graph_call call = { .query = http->body, .arena = arena };
    return graph_query(&call, name);
}

static bool is_known(const struct graph *graph, const char *id, const char *secret)
{
    const struct option_list *clients = &graph->sandbox->options->clients;
    if (clients->count == 0)
        return true;
    size_t length = strlen(id);
    for (size_t i = 0; i < clients->count; i++) {
        const char *row = clients->items[i];
        if (strncmp(row, id, length) == 0 && row[length] == '=' &&
            strcmp(row + length + 1, secret) == 0)
            return true;
    }
    return false;
}

static bool is_assertion(const char *text)
{
    const char *first = text == NULL ? NULL : strchr(text, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');
    return second != NULL && second[1] != '\0' && strchr(second + 1, '.') == NULL;
}

static bool proves_itself(const struct graph *graph, const struct http_request *http,
                          struct arena *arena, const char *id)
{
    const char *secret = form_text(http, arena, "client_secret");
    if (secret != NULL)
        return secret[0] != '\0' && is_known(graph, id, secret);
    return is_assertion(form_text(http, arena, "client_assertion"));
}

static struct graph_reply refuse(int status, const char *error)
{
    return (struct graph_reply){ .status = status,
                                 .body = json_pack("{ss}", "error", error) };
}

struct graph_reply graph_give_token(struct graph *graph,
                                    const struct http_request *http,
                                    struct arena *arena)
{
    char id[ID_SIZE];
    const char *grant = form_text(http, arena, "grant_type");
    const char *client = form_text(http, arena, "client_id");
    int64_t life_s = graph->sandbox->options->token_s;
    if (grant == NULL || strcmp(grant, "client_credentials") != 0)
        return refuse(400, "unsupported_grant_type");
    if (client == NULL || form_text(http, arena, "scope") == NULL)
        return refuse(400, "invalid_request");
    if (!proves_itself(graph, http, arena, client))
        return refuse(401, "invalid_client");
    if (json_object_size(graph->tokens) >= TOKENS_KEPT)
        json_object_clear(graph->tokens);
    id_new(id);
    json_put_int(graph->tokens, id, clock_wall_ms() + life_s * 1000);
    return graph_ok(json_pack("{sssIss}", "token_type", "Bearer", "expires_in",
                              (json_int_t)life_s, "access_token", id));
}

bool graph_token_is_good(struct graph *graph, const struct http_request *http)
{
    struct slice field = http_field_of(http->fields, http->field_count,
                                       "authorization");
    char token[ID_SIZE];
    if (!slice_starts(field, "Bearer ") ||
        !slice_copy(slice_bytes(field.ptr + 7, field.size - 7), token, sizeof token))
        return false;
    return json_int(graph->tokens, token, 0) > clock_wall_ms();
}
