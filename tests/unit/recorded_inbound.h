/* recorded_inbound.h - what a carrier told unasked over HTTP, told to an adapter again. */
#ifndef TESTS_RECORDED_INBOUND_H
#define TESTS_RECORDED_INBOUND_H

#include "esim/inbound.h"
#include "recorded_http.h"

static inline void add_facts(json_t *facts, const struct esim_response *response)
{
    for (uint64_t i = 0; i < response->fact_count; i++) {
        const struct esim_fact *fact = &response->facts[i];
        json_t *told = json_object();
        esim_json_put(told, "kind", esim_string(fact->kind));
        esim_json_put(told, "key", esim_string(fact->key));
        json_object_set(told, "data", esim_json_read(fact->data));
        json_array_append(facts, told);
    }
}

static inline bool same_answer(struct play *play, const struct esim_response *response,
                               const json_t *recorded)
{
    json_t *headers = json_object_get(recorded, "headers");
    const char *name;
    json_t *value;
    if (response->status != number_of(recorded, "status"))
        return differs(play, "the status is %d, recorded %lld", (int)response->status,
                       (long long)number_of(recorded, "status"));
    json_object_foreach(headers, name, value)
    {
        const char *found = esim_header_of(response->headers, response->header_count,
                                           name);
        if (!same_text(play, name, found == NULL ? "" : found,
                       json_string_value(value)))
            return false;
    }
    if (response->header_count != json_object_size(headers))
        return differs(play, "it has %d headers, recorded %zu",
                       (int)response->header_count, json_object_size(headers));
    return same_body(play, esim_string(response->body), text_or(recorded, "body", ""));
}

static inline bool play_call(struct play *play, const json_t *call, json_t *facts)
{
    const struct esim_inbound *inbound = esim_entry.ability(ESIM_ABILITY_INBOUND);
    const json_t *said = json_object_get(call, "request");
    struct esim_reply parts = reply_of(said); /* Headers and body are alike. */
    struct esim_request request = {
        .size = sizeof request,
        .now_ms = number_of(call, "at_ms"),
        .method = bytes(text_or(said, "method", "")),
        .path = bytes(text_or(said, "path", "")),
        .headers = parts.headers,
        .header_count = parts.header_count,
        .body = parts.body,
        .settings = bytes(dumped(json_object_get(play->story, "settings"))),
        .secrets = bytes(play->secrets),
    };
    struct esim_response response = { .size = sizeof response };
    inbound->receive(&request, &response);
    add_facts(facts, &response);
    play->at++;
    return same_answer(play, &response, json_object_get(call, "reply"));
}

/* Every call of a story, and what became of them. */
static inline bool play_calls(struct play *play)
{
    const json_t *calls = json_object_get(play->story, "calls");
    json_t *facts = json_array();
    size_t at;
    json_t *call;
    play->at = 0;
    json_array_foreach(calls, at, call)
    {
        if (!play_call(play, call, facts))
            return false;
    }
    return same_facts(play, facts);
}

#endif
