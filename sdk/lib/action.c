/* What an `ask` or a `tell` may do: each fills the answer once. */
#include <string.h>

#include "esim/exchange.h"
#include "lib.h"

/* The first action of a row counts: a second one in the same call is an adapter's slip
 * that must not mix two answers. */
static bool begin(struct esim_talk *talk, esim_action action)
{
    if (talk->over)
        return false;
    talk->over = true;
    talk->answer->action = action;
    return true;
}

void esim_http(struct esim_talk *talk, const char *endpoint, const char *method,
               const char *path, const char *content_type, struct esim_bytes body)
{
    if (!begin(talk, ESIM_ASK))
        return;
    struct esim_ask *ask = &talk->answer->ask;
    ask->size = sizeof *ask;
    ask->endpoint = lib_bytes(endpoint);
    ask->method = lib_bytes(method);
    ask->path = lib_bytes(path);
    if (content_type == NULL)
        return;
    ask->body = body;
    esim_http_header(talk, "Content-Type", content_type);
}

void esim_http_header(struct esim_talk *talk, const char *name, const char *value)
{
    struct esim_ask *ask = &talk->answer->ask;
    struct esim_header *grown = lib_alloc((ask->header_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    if (ask->header_count > 0)
        memcpy(grown, ask->headers, ask->header_count * sizeof *grown);
    grown[ask->header_count] = (struct esim_header){ lib_bytes(name),
                                                     lib_bytes(value) };
    ask->headers = grown;
    ask->header_count++;
}

void esim_http_timeout(struct esim_talk *talk, uint32_t ms)
{
    talk->answer->ask.timeout_ms = ms;
}

void esim_rewrite(struct esim_talk *talk)
{
    if (talk->answer->action == ESIM_ASK)
        talk->answer->ask.flags |= ESIM_REWRITE;
    else if (talk->answer->action == ESIM_SEND)
        talk->answer->send.flags |= ESIM_REWRITE;
}

void esim_send_to(struct esim_talk *talk, const char *session, const char *key,
                  struct esim_bytes payload, uint32_t timeout_ms)
{
    if (!begin(talk, ESIM_SEND))
        return;
    struct esim_send *send = &talk->answer->send;
    send->size = sizeof *send;
    send->session = lib_bytes(session);
    send->key = lib_bytes(key);
    send->payload = payload;
    send->timeout_ms = timeout_ms;
}

void esim_await(struct esim_talk *talk, const char *key, int64_t until_ms)
{
    if (!begin(talk, ESIM_AWAIT))
        return;
    talk->answer->key = lib_bytes(key);
    talk->answer->until_ms = until_ms;
}

void esim_wait(struct esim_talk *talk, int64_t until_ms)
{
    if (begin(talk, ESIM_WAIT))
        talk->answer->until_ms = until_ms;
}

void esim_go(struct esim_talk *talk, const char *name)
{
    if (!talk->over)
        talk->next = name;
}

void esim_done(struct esim_talk *talk, json_t *result)
{
    if (!begin(talk, ESIM_END))
        return;
    talk->answer->outcome = ESIM_DONE;
    talk->answer->result = result == NULL ? lib_bytes("{}") : esim_json_write(result);
}

/* `message` may be NULL when memory is short. */
static void end(struct esim_talk *talk, esim_outcome outcome, int32_t retry_after_s,
                const char *code, const char *carrier_code, const char *message)
{
    if (!begin(talk, ESIM_END))
        return;
    talk->answer->outcome = outcome;
    struct esim_problem *problem = &talk->answer->problem;
    problem->size = sizeof *problem;
    problem->retry_after_s = retry_after_s;
    problem->code = lib_bytes(code);
    problem->message = lib_bytes(message == NULL ? "no words: memory is short"
                                                 : message);
    problem->carrier_code = lib_bytes(carrier_code);
}

void esim_refused(struct esim_talk *talk, const char *code, const char *carrier_code,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(talk, ESIM_REFUSED, -1, code, carrier_code, lib_format(format, args));
    va_end(args);
}

void esim_not_yet(struct esim_talk *talk, int32_t retry_after_s, const char *code,
                  const char *carrier_code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(talk, ESIM_NOT_YET, retry_after_s, code, carrier_code,
        lib_format(format, args));
    va_end(args);
}

void esim_unknown(struct esim_talk *talk, const char *code, const char *carrier_code,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    end(talk, ESIM_UNKNOWN, -1, code, carrier_code, lib_format(format, args));
    va_end(args);
}
