/* wire_xml.h - a carrier's XML into a tree, within limits.
 *
 * No document type, no entities beyond the five of XML, no files, no network; at most
 * XML_BYTES bytes, XML_DEPTH levels, XML_ELEMENTS elements, XML_TAG bytes from a "<" to
 * its ">" (libxml2 looks for double attributes in quadratic time), and only encodings
 * that need no conversion tables from files. */
#ifndef OOREDOO_WIRE_XML_H
#define OOREDOO_WIRE_XML_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "esim/abi.h"

enum {
    XML_BYTES = 512 << 10,
    XML_DEPTH = 64,
    XML_ELEMENTS = 20000,
    XML_TAG = 16 << 10
};

/* Once, before the cell is locked: libxml2 sets itself up. False: it does not work. */
bool xml_start(void);

/* NULL when the bytes are not well formed or beyond a limit. Given: xmlFreeDoc. */
xmlDoc *xml_read(struct esim_bytes bytes);

/* The first child element, the next sibling element; NULL: none. */
xmlNode *xml_first(const xmlNode *parent);
xmlNode *xml_next(const xmlNode *node);
/* Whether an element has this local name and namespace; `space` NULL: no namespace. */
bool xml_is(const xmlNode *node, const char *space, const char *name);
/* The first child element of this name, or NULL. */
xmlNode *xml_child(const xmlNode *parent, const char *space, const char *name);
/* An element's whole text without white space around it, in the step's memory; "" when
 * memory is short. */
const char *xml_text(const xmlNode *node);
/* As xml_text, of text that libxml2 allocated; frees it. */
const char *xml_take(xmlChar *text);

#endif
