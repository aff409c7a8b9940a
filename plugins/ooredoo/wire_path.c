#include "wire_path.h"

#include <libxml/xpathInternals.h>
#include <math.h>
#include <string.h>

#include "esim/exchange.h"

/* Steps of libxml2's evaluator: far above what a reply of 20,000 elements needs for one
 * walk over it, far below what hurts. */
enum { OPERATIONS_MOST = 400000 };

static void say_nothing(void *arg, xmlError *error)
{
    (void)arg, (void)error;
}

bool path_open(const struct soap_reply *reply, const json_t *namespaces,
               struct path *ret)
{
    const char *prefix = NULL;
    json_t *uri = NULL;
    ret->context = xmlXPathNewContext(reply->doc);
    if (ret->context == NULL)
        return false;
    ret->context->error = say_nothing;
    ret->context->opLimit = OPERATIONS_MOST;
    bool ok = xmlXPathRegisterNs(ret->context, BAD_CAST SOAP_PREFIX,
                                 BAD_CAST soap_space(reply->version)) == 0;
    json_object_foreach((json_t *)namespaces, prefix, uri)
    {
        if (json_is_string(uri))
            ok = xmlXPathRegisterNs(ret->context, BAD_CAST prefix,
                                    BAD_CAST json_string_value(uri)) == 0 &&
                 ok;
    }
    if (!ok)
        path_close(ret);
    return ok;
}

void path_close(struct path *path)
{
    xmlXPathFreeContext(path->context);
    path->context = NULL;
    xmlResetLastError();
}

static xmlXPathObject *evaluate(struct path *path, xmlNode *node,
                                const char *expression)
{
    path->context->node = node;
    path->context->opCount = 0;
    return xmlXPathEvalExpression(BAD_CAST expression, path->context);
}

static const char *number_text(double number)
{
    enum { EXACT = 53 }; /* Bits of a double's whole numbers. */
    if (!isfinite(number))
        return NULL;
    bool is_whole = number == floor(number) && fabs(number) < ldexp(1, EXACT);
    return esim_string(esim_format(is_whole ? "%.0f" : "%.17g", number));
}

static const char *text_of(xmlXPathObject *found)
{
    if (found == NULL)
        return NULL;
    if (found->type == XPATH_NODESET && xmlXPathNodeSetIsEmpty(found->nodesetval))
        return NULL;
    if (found->type == XPATH_NUMBER)
        return number_text(found->floatval);
    return xml_take(xmlXPathCastToString(found));
}

const char *path_text(struct path *path, xmlNode *node, const char *expression)
{
    xmlXPathObject *found = evaluate(path, node, expression);
    const char *text = text_of(found);
    xmlXPathFreeObject(found);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

xmlXPathObject *path_nodes(struct path *path, xmlNode *node, const char *expression)
{
    xmlXPathObject *found = evaluate(path, node, expression);
    if (found != NULL && found->type == XPATH_NODESET)
        return found;
    xmlXPathFreeObject(found);
    return NULL;
}

/* ---- the check ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_-.", c) != NULL) || (c & 0x80) != 0;
}

static bool is_bound(const char *prefix, size_t size, const json_t *namespaces)
{
    const char *name = esim_string((struct esim_bytes){ prefix, size });
    return strcmp(name, SOAP_PREFIX) == 0 || json_object_get(namespaces, name) != NULL;
}

/* libxml2 notices an unbound prefix only where the document leads it there, so the
 * expression is looked through: a name before ":" that is not an axis ("::"). */
static bool prefixes_are_bound(const char *at, const json_t *namespaces)
{
    while (*at != '\0') {
        if (*at == '"' || *at == '\'') {
            const char *end = strchr(at + 1, *at);
            at = end == NULL ? at + strlen(at) : end + 1;
            continue;
        }
        size_t size = 0;
        while (is_name_char(at[size]))
            size++;
        if (size > 0 && at[size] == ':' && at[size + 1] != ':' &&
            !is_bound(at, size, namespaces))
            return false;
        at += size == 0 ? 1 : size;
    }
    return true;
}

bool path_is_valid(const char *expression, const json_t *namespaces)
{
    xmlXPathContext *context = xmlXPathNewContext(NULL);
    if (context == NULL)
        return false;
    context->error = say_nothing;
    xmlXPathCompExpr *compiled = xmlXPathCtxtCompile(context, BAD_CAST expression);
    bool ok = compiled != NULL && prefixes_are_bound(expression, namespaces);
    xmlXPathFreeCompExpr(compiled);
    xmlXPathFreeContext(context);
    xmlResetLastError();
    return ok;
}
