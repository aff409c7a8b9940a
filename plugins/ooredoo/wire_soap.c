#include "wire_soap.h"

#include <string.h>

#include "esim/exchange.h"
#include "wire_security.h"
#include "wire_text.h"

static const char *const spaces[SOAP_VERSION_COUNT] = {
    [SOAP_11] = SOAP_11_SPACE,
    [SOAP_12] = SOAP_12_SPACE,
};

const char *soap_space(enum soap_version version)
{
    return spaces[version];
}

/* ---- out ---- */

struct esim_bytes soap_envelope(enum soap_version version, struct esim_bytes header,
                                struct esim_bytes body)
{
    struct text text;
    struct esim_bytes whole = { NULL, 0 };
    text_open(&text);
    text_put(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<" SOAP_PREFIX ":Envelope xmlns:" SOAP_PREFIX "=\"");
    text_put(&text, spaces[version]);
    text_put(&text, "\">");
    if (header.size > 0) {
        text_put(&text, "<" SOAP_PREFIX ":Header>");
        text_put_bytes(&text, header.ptr, header.size);
        text_put(&text, "</" SOAP_PREFIX ":Header>");
    }
    text_put(&text, "<" SOAP_PREFIX ":Body>");
    text_put_bytes(&text, body.ptr, body.size);
    text_put(&text, "</" SOAP_PREFIX ":Body></" SOAP_PREFIX ":Envelope>");
    (void)text_close(&text, &whole);
    return whole;
}

const char *soap_content_type(enum soap_version version, const char *action)
{
    if (version == SOAP_11)
        return "text/xml; charset=utf-8";
    if (action[0] == '\0')
        return "application/soap+xml; charset=utf-8";
    return esim_string(
        esim_format("application/soap+xml; charset=utf-8; action=\"%s\"", action));
}

const char *soap_action(enum soap_version version, const char *action)
{
    return version == SOAP_11 ? esim_string(esim_format("\"%s\"", action)) : NULL;
}

/* ---- faults ---- */

/* The local part of a QName in text. NULL when its prefix is bound to a namespace whose
 * codes we do not know. An unbound prefix is taken as SOAP's: servers write
 * "SOAP-ENV:Client" under another prefix's declaration. */
static const char *known_local_name(const xmlNode *node, const char *name)
{
    static const char *const known[] = { SOAP_11_SPACE, SOAP_12_SPACE, WSS_SECEXT,
                                         WSS_UTILITY };
    const char *colon = strchr(name, ':');
    if (colon == NULL)
        return name;
    const char *prefix = esim_string(
        (struct esim_bytes){ name, (uint64_t)(colon - name) });
    const xmlNs *space = xmlSearchNs(node->doc, (xmlNode *)node, BAD_CAST prefix);
    bool is_known = space == NULL;
    for (size_t i = 0; !is_known && i < sizeof known / sizeof known[0]; i++)
        is_known = xmlStrEqual(space->href, BAD_CAST known[i]);
    return is_known ? colon + 1 : NULL;
}

static void add_code(struct soap_fault *fault, const char *name, size_t size)
{
    if (fault->code_count < SOAP_FAULT_CODES && size > 0)
        fault->codes[fault->code_count++] = esim_string(
            (struct esim_bytes){ name, size });
}

/* SOAP 1.1 4.4: faultcode and detail have no namespace of their own. */
static void read_fault_11(const xmlNode *node, struct soap_fault *fault)
{
    const xmlNode *code = xml_child(node, NULL, "faultcode");
    const char *name = code == NULL ? NULL : known_local_name(code, xml_text(code));
    while (name != NULL && *name != '\0') {
        size_t part = strcspn(name, ".");
        add_code(fault, name, part);
        name += part + (name[part] == '.');
    }
    fault->detail = xml_child(node, NULL, "detail");
}

/* SOAP 1.2 Part 1 5.4: Code/Value, Code/Subcode/Value, and so on inwards. */
static void read_fault_12(const xmlNode *node, struct soap_fault *fault)
{
    const xmlNode *code = xml_child(node, SOAP_12_SPACE, "Code");
    while (code != NULL && fault->code_count < SOAP_FAULT_CODES) {
        const xmlNode *value = xml_child(code, SOAP_12_SPACE, "Value");
        const char *name = value == NULL ? NULL
                                         : known_local_name(value, xml_text(value));
        if (name != NULL)
            add_code(fault, name, strlen(name));
        code = xml_child(code, SOAP_12_SPACE, "Subcode");
    }
    fault->detail = xml_child(node, SOAP_12_SPACE, "Detail");
}

/* ---- in ---- */

static bool version_of(const xmlNode *root, enum soap_version *ret)
{
    for (int i = 0; i < SOAP_VERSION_COUNT; i++)
        if (xml_is(root, spaces[i], "Envelope")) {
            *ret = (enum soap_version)i;
            return true;
        }
    return false;
}

bool soap_reply_read(struct esim_bytes bytes, struct soap_reply *ret)
{
    *ret = (struct soap_reply){ .doc = xml_read(bytes) };
    const xmlNode *root = ret->doc == NULL ? NULL : xmlDocGetRootElement(ret->doc);
    if (!version_of(root, &ret->version))
        goto wrong;
    ret->body = xml_child(root, spaces[ret->version], "Body");
    if (ret->body == NULL)
        goto wrong;
    xmlNode *fault = xml_first(ret->body);
    ret->is_fault = xml_is(fault, spaces[ret->version], "Fault");
    if (ret->is_fault && ret->version == SOAP_11)
        read_fault_11(fault, &ret->fault);
    else if (ret->is_fault)
        read_fault_12(fault, &ret->fault);
    return true;
wrong:
    soap_reply_finish(ret);
    return false;
}

void soap_reply_finish(struct soap_reply *reply)
{
    xmlFreeDoc(reply->doc);
    *reply = (struct soap_reply){ 0 };
}
