/* call.h - one Graph exchange inside a flow: how it is asked, how it ended.
 *
 * The flows say what is asked and what an answer means; what is the same for all is
 * here: roots, headers, throttling, errors. A flow that is to wait goes to its row
 * "pause" and comes back to the row that it named.
 *
 * Flows begin by looking for what an earlier try may have left. So an exchange whose
 * answer is lost needs no question of its own: after a while the flow begins anew
 * (`settle`), and finds it, or does it again. */
#ifndef INTUNE_CALL_H
#define INTUNE_CALL_H

#include <jansson.h>
#include <stdbool.h>

#include "esim/exchange.h"
#include "settings.h"
#include "wire.h"

enum graph_version { GRAPH_V1, GRAPH_BETA };

/* The rows that each flow has, besides its own. */
#define ROW_PAUSE  "pause"
#define ROW_SETTLE "settle"
#define PAUSE_ROW                                         \
    {                                                     \
        ROW_PAUSE, ESIM_SAFE, pause_ask, pause_tell, NULL \
    }
#define SETTLE_ROW                                           \
    {                                                        \
        ROW_SETTLE, ESIM_SAFE, settle_ask, settle_tell, NULL \
    }
void pause_ask(struct esim_talk *talk);
void pause_tell(struct esim_talk *talk);
void settle_ask(struct esim_talk *talk);
void settle_tell(struct esim_talk *talk);

struct settings settings_of(const struct esim_talk *talk);

/* "/v1.0/groups/..": `format` is what follows the version's root. */
const char *graph_path(const struct esim_talk *talk, enum graph_version version,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes the exchange; `body` NULL sends none. `path` begins with the version's root. In
 * a dry run what would change something ends the operation instead. */
void graph_ask(struct esim_talk *talk, const char *method, const char *path,
               const json_t *body);

/* What a row expects of its reply. */
struct expect {
    const char *row;     /* Itself: asked again after a pause. */
    bool once;           /* Not asked again when it may have been done, */
    const char *look;    /* but looked for by this row; NULL: nothing can tell. */
    bool begun;          /* An earlier row changed something: a refusal is held. */
    bool may_be_empty;   /* 204, or a body nobody reads. */
    const char *missing; /* 404: the problem's code; NULL: as any other refusal. */
    const char *missing_message;
};

/* True when it was carried out; `ret_body` is then its JSON, or NULL when it had none.
 * On false the flow pauses or has ended. */
bool graph_told(struct esim_talk *talk, const struct expect *expect, json_t **ret_body);

/* The same verdict over an item of a $batch. True: 2xx. */
struct batch_item;
bool graph_told_item(struct esim_talk *talk, const struct expect *expect,
                     const struct batch_item *item);

/* Goes to "pause" for so long, then to `row`. */
void graph_pause(struct esim_talk *talk, const char *row, int64_t seconds);

/* Waits for the next look: longer each time, from poll_s to poll_most_s. False: it has
 * been followed for follow_hours, counted from the first call. */
bool graph_poll(struct esim_talk *talk, const char *row);

/* Ends the operation: REFUSED, or UNKNOWN (held for a person) when `begun`. */
void graph_end(struct esim_talk *talk, bool begun, const char *code,
               const char *carrier_code, const char *message);

/* A text of the input that stands in a path; NULL: the operation has been ended. */
const char *graph_input_id(struct esim_talk *talk, const char *name);

/* Follows a list over all its pages. `path` in vars is the page to be asked. True: there
 * is a next page, and vars.path is it. On false `*ret_ok` tells whether all is well;
 * otherwise the operation has been ended. */
bool graph_next(struct esim_talk *talk, const struct graph_page *page, bool begun,
                bool *ret_ok);

/* ---- variables ---- */
const char *var_text(const struct esim_talk *talk, const char *name);
int64_t var_int(const struct esim_talk *talk, const char *name);
bool var_flag(const struct esim_talk *talk, const char *name);
void var_put(struct esim_talk *talk, const char *name, const char *text);
void var_put_int(struct esim_talk *talk, const char *name, int64_t number);
void var_drop(struct esim_talk *talk, const char *name);

/* "esimd-" and the order's id: how what an earlier try made is found again. */
const char *own_name(const struct esim_talk *talk);

#endif
