#include "wire_xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <libxml/xpath.h>
#include <string.h>
#include <strings.h>

#include "esim/exchange.h"

/* ---- the library's own ways out, closed ---- */

static xmlParserInput *load_nothing(const char *url, const char *id,
                                    xmlParserCtxt *context)
{
    (void)url, (void)id, (void)context;
    return NULL;
}

static void say_nothing(void *arg, const char *format, ...)
{
    (void)arg, (void)format;
}

bool xml_start(void)
{
    static const char warm[] = "<a xmlns:b='c'><b:d e='f'>g</b:d></a>";
    xmlInitParser();
    xmlSetExternalEntityLoader(load_nothing);
    xmlSetGenericErrorFunc(NULL, say_nothing);
    xmlDoc *doc = xml_read((struct esim_bytes){ warm, sizeof warm - 1 });
    if (doc == NULL)
        return false;
    xmlXPathContext *context = xmlXPathNewContext(doc);
    xmlXPathObject *found = context == NULL
                                ? NULL
                                : xmlXPathEval(BAD_CAST "string(/*/*/@e)", context);
    bool works = found != NULL && xmlStrEqual(found->stringval, BAD_CAST "f");
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    xmlFreeDoc(doc);
    return works;
}

/* ---- before the parser ---- */

/* libxml2 knows these without iconv, which would open files. */
static bool is_known_encoding(const char *name, size_t size)
{
    static const char *const known[] = { "UTF-8", "US-ASCII", "ASCII", "ISO-8859-1",
                                         "UTF-16" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == size && strncasecmp(known[i], name, size) == 0)
            return true;
    return false;
}

static const char *find(const char *from, const char *end, const char *wanted)
{
    return memmem(from, (size_t)(end - from), wanted, strlen(wanted));
}

/* XML 1.0 4.3.3, of a declaration in an encoding like ASCII. */
static bool declares_known_encoding(struct esim_bytes bytes)
{
    const char *end = bytes.ptr + bytes.size;
    const char *close = find(bytes.ptr, end, "?>");
    if (bytes.size < 5 || memcmp(bytes.ptr, "<?xml", 5) != 0 || close == NULL)
        return true;
    const char *at = find(bytes.ptr, close, "encoding");
    if (at == NULL)
        return true;
    const char *quote = at;
    while (quote < close && *quote != '"' && *quote != '\'')
        quote++;
    const char *last = quote >= close
                           ? NULL
                           : memchr(quote + 1, *quote, (size_t)(close - quote - 1));
    return last != NULL && is_known_encoding(quote + 1, (size_t)(last - quote - 1));
}

/* UTF-8 and its like begin with "<", white space or EF BB BF; UTF-16 with its mark. */
static bool begins_as_xml(struct esim_bytes bytes)
{
    static const char *const marks[] = { "\xEF\xBB\xBF", "\xFE\xFF", "\xFF\xFE" };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (bytes.size >= strlen(marks[i]) &&
            memcmp(bytes.ptr, marks[i], strlen(marks[i])) == 0)
            return true;
    const char *at = bytes.ptr;
    while (at < bytes.ptr + bytes.size && strchr(" \t\r\n", *at) != NULL && *at != '\0')
        at++;
    return at + 1 < bytes.ptr + bytes.size && *at == '<' && at[1] != '\0';
}

static bool tags_are_short(struct esim_bytes bytes)
{
    const char *end = bytes.ptr + bytes.size;
    const char *at = bytes.ptr;
    while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
        const char *close = memchr(at, '>', (size_t)(end - at));
        if ((size_t)((close == NULL ? end : close) - at) > XML_TAG)
            return false;
        at = close == NULL ? end : close;
    }
    return true;
}

/* ---- inside the parser ---- */

static void refuse(xmlParserCtxt *context)
{
    xmlStopParser(context);
    context->wellFormed = 0;
}

static void on_document_type(void *arg, const xmlChar *name, const xmlChar *id,
                             const xmlChar *url)
{
    (void)name, (void)id, (void)url;
    refuse(arg);
}

static void on_element(void *arg, const xmlChar *name, const xmlChar *prefix,
                       const xmlChar *space, int space_count, const xmlChar **spaces,
                       int attribute_count, int defaulted_count,
                       const xmlChar **attributes)
{
    xmlParserCtxt *context = arg;
    unsigned *elements = context->_private;
    if (context->nodeNr >= XML_DEPTH || ++*elements > XML_ELEMENTS)
        refuse(context);
    else
        xmlSAX2StartElementNs(arg, name, prefix, space, space_count, spaces,
                              attribute_count, defaulted_count, attributes);
}

xmlDoc *xml_read(struct esim_bytes bytes)
{
    enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };
    unsigned elements = 0;
    xmlDoc *doc = NULL;
    if (bytes.size == 0 || bytes.size > XML_BYTES || !begins_as_xml(bytes) ||
        !declares_known_encoding(bytes) || !tags_are_short(bytes))
        return NULL;
    xmlParserCtxt *context = xmlNewParserCtxt();
    if (context == NULL)
        return NULL;
    context->_private = &elements;
    context->sax->internalSubset = on_document_type;
    context->sax->startElementNs = on_element;
    doc = xmlCtxtReadMemory(context, bytes.ptr, (int)bytes.size, NULL, NULL, OPTIONS);
    xmlFreeParserCtxt(context);
    xmlResetLastError();
    return doc;
}

/* ---- the tree ---- */

static xmlNode *element_from(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

xmlNode *xml_first(const xmlNode *parent)
{
    return parent == NULL ? NULL : element_from(parent->children);
}

xmlNode *xml_next(const xmlNode *node)
{
    return node == NULL ? NULL : element_from(node->next);
}

bool xml_is(const xmlNode *node, const char *space, const char *name)
{
    if (node == NULL || !xmlStrEqual(node->name, BAD_CAST name))
        return false;
    const xmlChar *own = node->ns == NULL ? NULL : node->ns->href;
    return space == NULL ? own == NULL : xmlStrEqual(own, BAD_CAST space);
}

xmlNode *xml_child(const xmlNode *parent, const char *space, const char *name)
{
    xmlNode *node = xml_first(parent);
    while (node != NULL && !xml_is(node, space, name))
        node = xml_next(node);
    return node;
}

const char *xml_take(xmlChar *text)
{
    static const char blank[] = " \t\r\n";
    const char *at = text == NULL ? "" : (const char *)text;
    at += strspn(at, blank);
    size_t size = strlen(at);
    while (size > 0 && strchr(blank, at[size - 1]) != NULL)
        size--;
    const char *copy = esim_string((struct esim_bytes){ at, size });
    xmlFree(text);
    return copy;
}

const char *xml_text(const xmlNode *node)
{
    return node == NULL ? "" : xml_take(xmlNodeGetContent(node));
}
