/* exchange.h - sequential flows as a table. Part of the helper library, not of the ABI.
 *
 * Sans-IO is painful for "first this, then that". Here a flow is a table of named
 * exchanges: `ask` writes the action from the operation's variables, `tell` reads what
 * came back and says which exchange is next or how it ended. State is the exchange's
 * name and the variables, as JSON; the first row is where ESIM_START begins.
 *
 * Link with libesim-adapter.a (pkg-config esim-adapter) and jansson. All jansson memory
 * comes from the step's arena: nothing needs json_decref, nothing outlives the step. */
#ifndef ESIM_EXCHANGE_H
#define ESIM_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/adapter.h"
#include "esim/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One step in progress. The members are borrowed; `vars` is yours to change and is
 * stored as the new state. */
struct esim_talk {
    const struct esim_step *step;
    struct esim_answer *answer;
    json_t *input;
    json_t *settings;
    json_t *secrets;
    json_t *vars;
    const char *next; /* Private: the exchange to be asked next. */
    bool over;        /* Private: the answer is complete. */
    bool query;       /* Finding out about a lost exchange: only ESIM_SAFE ones. */
};

struct esim_exchange {
    const char *name;
    esim_repeat repeat;
    /* Writes one action with esim_http, esim_send_to, esim_await or esim_wait, or ends
     * the operation with one of the endings below. */
    void (*ask)(struct esim_talk *talk);
    /* Reads talk->step->reply or ->message (or a timer, or silence) and calls esim_go or
     * an ending. */
    void (*tell)(struct esim_talk *talk);
    /* Where ESIM_QUERY goes when this exchange's answer was lost; NULL = no way to know:
     * the operation ends UNKNOWN. The query's exchanges must be ESIM_SAFE. */
    const char *query;
};

/* The whole of a flow's step function: looks the exchange up, calls ask or tell, writes
 * the state. `count` rows. Mistakes end the operation with a problem that names them: an
 * `ask` or `tell` that decides nothing, an unknown name, a loop of rows, memory used up
 * (NOT_YET at the start, UNKNOWN later, since a reply may have been lost). */
void esim_exchange_step(const struct esim_exchange *table, size_t count,
                        const struct esim_step *step, struct esim_answer *answer);

/* Call first in your entry's start(): keeps `host`, seeds and redirects jansson. Returns
 * 0. */
int32_t esim_helper_start(const struct esim_host *host);

/* ---- what an `ask` may do ---- */

/* An HTTP exchange. `content_type` NULL sends no body. `body` is borrowed from the step's
 * memory. The row's name and class are filled in by the table. */
void esim_http(struct esim_talk *talk, const char *endpoint, const char *method,
               const char *path, const char *content_type, struct esim_bytes body);
void esim_http_header(struct esim_talk *talk, const char *name, const char *value);
void esim_http_timeout(struct esim_talk *talk, uint32_t ms);
/* After esim_http or esim_send_to: these bytes are good for one sending. When they have
 * to be sent again, this row's `ask` is called again (ESIM_REWRITE in flow.h). */
void esim_rewrite(struct esim_talk *talk);
/* Hands a payload to a kept session under `key`. */
void esim_send_to(struct esim_talk *talk, const char *session, const char *key,
                  struct esim_bytes payload, uint32_t timeout_ms);
/* Waits for a message under `key`, at most until `until_ms` (wall). */
void esim_await(struct esim_talk *talk, const char *key, int64_t until_ms);
/* Waits; then this row's `tell` is called with ESIM_TIMER. */
void esim_wait(struct esim_talk *talk, int64_t until_ms);

/* ---- what a `tell` may do ---- */

/* The next exchange, asked at once. */
void esim_go(struct esim_talk *talk, const char *name);
/* DONE with this result object. */
void esim_done(struct esim_talk *talk, json_t *result);
/* The other endings. `code`: stable name; `carrier_code` may be NULL; then a sentence
 * that says what to do. */
void esim_refused(struct esim_talk *talk, const char *code, const char *carrier_code,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
void esim_not_yet(struct esim_talk *talk, int32_t retry_after_s, const char *code,
                  const char *carrier_code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void esim_unknown(struct esim_talk *talk, const char *code, const char *carrier_code,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- bytes, text, JSON, URLs: all from the step's memory ---- */

struct esim_bytes esim_text(const char *text);
struct esim_bytes esim_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/* A NUL-ended copy; never NULL ("" when memory is short). */
const char *esim_string(struct esim_bytes bytes);
bool esim_is(struct esim_bytes bytes, const char *text);

/* NULL when the bytes are not one JSON value, have duplicate keys, or nest deeper than
 * 32 levels. */
json_t *esim_json_read(struct esim_bytes text);
/* Compact, raw UTF-8, no needless escapes (SGP.22 6.5). */
struct esim_bytes esim_json_write(const json_t *value);
/* Text member or NULL; `esim_json_at` follows a dotted path ("header.status"). */
const char *esim_json_text(const json_t *object, const char *key);
json_t *esim_json_at(const json_t *object, const char *path);
/* Sets a text member; a NULL text sets nothing. */
void esim_json_put(json_t *object, const char *key, const char *text);

/* The value of a reply's or request's header, or NULL. */
const char *esim_header_of(const struct esim_header *headers, uint64_t count,
                           const char *name);
/* Seconds from a Retry-After header (number or HTTP date), -1 when absent or wrong. */
int32_t esim_retry_after(const struct esim_reply *reply, int64_t now_ms);

/* Percent-encoding of RFC 3986 2.3 unreserved; for path segments and query values. */
const char *esim_url_encode(const char *text);
/* The value of a query parameter, decoded, or NULL. */
const char *esim_url_query(const char *path_and_query, const char *name);

struct esim_bytes esim_base64(struct esim_bytes bytes);
/* {NULL,0} when it is not strict base64. */
struct esim_bytes esim_base64_read(const char *text);
/* "2026-01-02T03:04:05Z"; and back in ms (also +hh:mm and fractions), -1 when wrong. */
const char *esim_time_text(int64_t wall_ms);
int64_t esim_time_read(const char *text);

#ifdef __cplusplus
}
#endif
#endif
