/* wire_path.h - XPath 1.0 into a reply, with prefixes by the settings' namespace map.
 *
 * An expression is the operator's, the document is the carrier's: the work of one
 * expression is bounded. Prefixes of the document mean nothing here. */
#ifndef OOREDOO_WIRE_PATH_H
#define OOREDOO_WIRE_PATH_H

#include <jansson.h>
#include <libxml/xpath.h>
#include <stdbool.h>

#include "wire_soap.h"

struct path {
    xmlXPathContext *context;
};

/* False when memory is short. `namespaces`: object of prefixes and URIs, or NULL; the
 * prefix "soap" is the reply's own envelope namespace. path_close afterwards. */
bool path_open(const struct soap_reply *reply, const json_t *namespaces,
               struct path *ret);
void path_close(struct path *path);

/* What the expression finds from `node`, as text without white space around it; NULL:
 * nothing, or the expression is wrong. A number is written as whole digits where it is
 * whole. */
const char *path_text(struct path *path, xmlNode *node, const char *expression);

/* The elements that the expression finds; NULL: none. Given: xmlXPathFreeObject. */
xmlXPathObject *path_nodes(struct path *path, xmlNode *node, const char *expression);

/* Whether an expression is XPath and each of its prefixes is in `namespaces` or is
 * "soap". */
bool path_is_valid(const char *expression, const json_t *namespaces);

#endif
