#include "wire_batch.h"

#include <string.h>
#include <strings.h>

#include "esim/exchange.h"

json_t *batch_new(void)
{
    json_t *batch = json_object();
    json_object_set_new(batch, "requests", json_array());
    return batch;
}

bool batch_add_get(json_t *batch, const char *id, const char *url, const char *after)
{
    json_t *requests = json_object_get(batch, "requests");
    if (json_array_size(requests) >= BATCH_MOST)
        return false;
    json_t *request = json_object();
    esim_json_put(request, "id", id);
    esim_json_put(request, "method", "GET");
    esim_json_put(request, "url", url);
    if (after != NULL) {
        json_t *depends = json_array();
        json_array_append_new(depends, json_string(after));
        json_object_set_new(request, "dependsOn", depends);
    }
    json_array_append_new(requests, request);
    return true;
}

/* Header names compare without case; as JSON members they do not. */
static const char *header_of(const json_t *headers, const char *name)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)headers, key, value)
    {
        if (strcasecmp(key, name) == 0)
            return json_string_value(value);
    }
    return NULL;
}

bool batch_item_read(const json_t *reply, const char *id, struct batch_item *ret)
{
    const json_t *responses = json_object_get(reply, "responses");
    for (size_t i = 0; i < json_array_size(responses); i++) {
        const json_t *item = json_array_get(responses, i);
        const char *own = esim_json_text(item, "id");
        const json_t *status = json_object_get(item, "status");
        if (own == NULL || strcmp(own, id) != 0 || !json_is_integer(status))
            continue;
        const json_t *headers = json_object_get(item, "headers");
        *ret = (struct batch_item){ .status = (int)json_integer_value(status),
                                    .body = json_object_get(item, "body"),
                                    .retry_after = header_of(headers, "Retry-After"),
                                    .headers = headers };
        return true;
    }
    return false;
}
