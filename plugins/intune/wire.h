/* wire.h - Microsoft Graph as bytes: paths, filters, links, errors, ids.
 *
 * Pure: JSON and text in, JSON and text out. Nothing here knows a flow, a setting or an
 * outcome. All memory is the step's (esim/exchange.h). */
#ifndef INTUNE_WIRE_H
#define INTUNE_WIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "esim/abi.h"
#include "esim/flow.h"

/* A list's items and the link to its next page, whole and as it was sent; NULL: the last
 * page. False: not a list. */
struct graph_page {
    json_t *items;
    const char *next;
};
bool graph_page_read(const json_t *body, struct graph_page *ret);

/* What stands behind `root` in a link; NULL when the link leads to another host, or has
 * something between host and path. Hosts compare without case. */
const char *graph_link_path(const char *root, const char *link);

/* Whether a path stands below a version's root, such as /v1.0, to whoever reads it: no
 * segment before the query begins with a dot or has an escape in it. */
bool graph_is_below(const char *path, const char *root);

/* The id of the first item whose `member` is this text; NULL: none has it. */
const char *graph_find(const json_t *items, const char *member, const char *text);

/* Graph's ids go into paths: a GUID, or any text of its characters. False: not one. */
bool graph_is_id(const char *text);

/* A text in an OData literal, its quotes doubled, escaped for a query. */
const char *graph_literal(const char *text);

/* What an error reply says of itself. Texts may be "". */
struct graph_error {
    const char *code;       /* error.code */
    const char *request_id; /* innerError, innererror, or the header. */
};
struct graph_error graph_error_read(const struct esim_header *headers, uint64_t count,
                                    const json_t *body);

/* "Code/request-id" as far as they are known; NULL when neither is. */
const char *graph_error_text(const struct graph_error *error);

/* A UUID made of a step's random bytes, for client-request-id. */
const char *graph_request_id(const uint8_t random[32]);

/* An activation code (SGP.22 4.1), with or without "LPA:", as the pool wants it. */
struct graph_code {
    const char *address;
    const char *matching_id;
    bool needs_confirmation;
};
bool graph_code_read(const char *text, struct graph_code *ret);

/* 19 or 20 digits, as Intune checks them: a pad F is cut off. NULL: no ICCID. */
const char *graph_iccid(const char *text);

#endif
