/* recorded_http.h - one step between an adapter's flow and a recorded HTTP server. */
#ifndef TESTS_RECORDED_HTTP_H
#define TESTS_RECORDED_HTTP_H

#include "recorded_play.h"

static inline json_t *next_exchange(const struct play *play)
{
    return json_array_get(play->wire, play->at);
}

/* ---- what is asked ---- */

/* The text between <NAME ..> and </NAME> is the fixed word that the recording has. */
static inline const char *masked_element(const char *body, const char *name)
{
    const char *open = strstr(body, esim_string(esim_format("<%s", name)));
    const char *from = open == NULL ? NULL : strchr(open, '>');
    const char *end = from == NULL
                          ? NULL
                          : strstr(from, esim_string(esim_format("</%s>", name)));
    if (end == NULL)
        return body;
    return esim_string(esim_format("%.*smasked%s", (int)(from + 1 - body), body, end));
}

static inline const char *masked_body(const struct play *play, struct esim_bytes body)
{
    const char *text = esim_string(body);
    size_t at;
    json_t *name;
    json_array_foreach(esim_json_at(play->story, "masked.elements"), at, name)
        text = masked_element(text, json_string_value(name));
    return text;
}

static inline bool same_body(struct play *play, const char *found, const char *recorded)
{
    enum { AROUND = 60 };
    size_t at = 0;
    if (strcmp(found, recorded) == 0)
        return true;
    while (found[at] == recorded[at])
        at++;
    return differs(play, "the body differs at byte %zu: \"%.*s\", recorded \"%.*s\"",
                   at, AROUND, found + at, AROUND, recorded + at);
}

/* What the adapter sets is what was sent, and nothing else of that kind was. */
static inline bool same_headers(struct play *play, const struct esim_ask *ask,
                                json_t *recorded)
{
    const char *name;
    json_t *value;
    json_object_foreach(recorded, name, value)
    {
        const char *found = esim_header_of(ask->headers, ask->header_count, name);
        if (!same_text(play, name, found == NULL ? "" : found,
                       json_string_value(value)))
            return false;
    }
    return ask->header_count == json_object_size(recorded) ||
           differs(play, "it has %d headers, recorded %zu", (int)ask->header_count,
                   json_object_size(recorded));
}

static inline bool same_request(struct play *play, const struct esim_ask *ask,
                                const json_t *exchange)
{
    const json_t *request = json_object_get(exchange, "request");
    return same_text(play, "method", esim_string(ask->method),
                     text_or(request, "method", "")) &&
           same_text(play, "path", esim_string(ask->path),
                     text_or(request, "path", "")) &&
           same_headers(play, ask, json_object_get(request, "headers")) &&
           same_body(play, masked_body(play, ask->body), text_or(request, "body", ""));
}

/* ---- what comes back ---- */

static inline struct esim_reply reply_of(const json_t *recorded)
{
    json_t *headers = json_object_get(recorded, "headers");
    struct esim_header *rows = host_alloc((json_object_size(headers) + 1) *
                                          sizeof *rows);
    const char *body = text_or(recorded, "body", "");
    struct esim_reply reply = {
        .size = sizeof reply,
        .status = (int32_t)number_of(recorded, "status"),
        .headers = rows,
        .body = bytes(body),
    };
    const char *name;
    json_t *value;
    json_object_foreach(headers, name, value)
    {
        rows[reply.header_count++] =
            (struct esim_header){ bytes(name), bytes(json_string_value(value)) };
    }
    return reply;
}

/* A step is pure, so it may be done twice: its time is that of the next request; but
 * when it only waits, no request is of that time. */
static inline void tell_http(struct play *play, struct operation *op, esim_event event,
                             const struct esim_reply *reply)
{
    struct operation later = *op;
    take_moment(&later, next_exchange(play));
    tell_flow(play, &later, event, reply, NULL);
    if (later.answer.action == ESIM_WAIT)
        tell_flow(play, op, event, reply, NULL);
    else
        *op = later;
}

/* The next event after an exchange: its reply, or what the host does without one. */
static inline bool exchange(struct play *play, struct operation *op)
{
    const struct esim_ask *ask = &op->answer.ask;
    const json_t *recorded = next_exchange(play);
    play->at++;
    if (recorded == NULL)
        return differs(play, "%s %s is asked and not recorded",
                       esim_string(ask->method), esim_string(ask->path));
    if (!same_request(play, ask, recorded))
        return false;
    json_t *came = json_object_get(recorded, "reply");
    if (json_object_get(came, "status") != NULL) {
        struct esim_reply reply = reply_of(came);
        tell_http(play, op, ESIM_REPLY, &reply);
    } else if (ask->repeat == ESIM_ONCE) {
        tell_http(play, op, ESIM_QUERY, NULL);
    } else {
        op->attempt++; /* The host sends the same bytes, if they are good for that. */
        if ((ask->flags & ESIM_REWRITE) != 0)
            tell_http(play, op, ESIM_AGAIN, NULL);
    }
    return true;
}

/* Not done, and the host tried again: more is recorded. */
static inline bool begins_anew(const struct play *play, const struct esim_answer *end)
{
    return end->outcome == ESIM_NOT_YET && next_exchange(play) != NULL;
}

static inline bool run_http(struct play *play, struct operation *op)
{
    tell_http(play, op, ESIM_START, NULL);
    for (int i = 0; i < STEPS_MOST; i++) {
        if (op->answer.action == ESIM_WAIT) {
            op->now_ms = op->answer.until_ms;
            tell_http(play, op, ESIM_TIMER, NULL);
        } else if (op->answer.action == ESIM_ASK) {
            if (!exchange(play, op))
                return false;
        } else if (op->answer.action != ESIM_END) {
            return differs(play, "it neither asks nor waits nor ends");
        } else if (begins_anew(play, &op->answer)) {
            op->attempt++;
            tell_http(play, op, ESIM_START, NULL);
        } else {
            return true;
        }
    }
    return differs(play, "it goes on for ever");
}

/* Every order of a story that was read. */
static inline bool play_exchanges(struct play *play)
{
    const json_t *orders = json_object_get(play->story, "orders");
    if (json_array_size(orders) == 0)
        return differs(play, "it has no orders");
    json_array_foreach(orders, play->order_at, play->order)
    {
        play->wire = json_object_get(play->order, "exchanges");
        play->at = 0;
        if (!json_is_array(play->wire))
            return differs(play, "it has no exchanges");
        if (!run_order(play, run_http))
            return false;
        if (play->at < json_array_size(play->wire))
            return differs(play, "the adapter is done; %zu more are recorded",
                           json_array_size(play->wire) - play->at);
    }
    return true;
}

#endif
