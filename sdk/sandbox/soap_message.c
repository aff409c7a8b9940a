#include "soap_message.h"

#include <libxml/parser.h>
#include <string.h>

#define SECEXT                                \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define UTILITY                               \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define TOKEN_PROFILE                         \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-username-token-profile-1.0#"

static const struct {
    const char *space, *media;
} versions[SOAP_VERSION_COUNT] = {
    [SOAP_11] = { "http://schemas.xmlsoap.org/soap/envelope/", "text/xml" },
    [SOAP_12] = { "http://www.w3.org/2003/05/soap-envelope", "application/soap+xml" },
};

/* ---- types of esim.xsd ---- */

static const char digits[] = "0123456789";

static bool all_of(const char *text, const char *set, size_t least, size_t most)
{
    size_t size = strlen(text);
    return size >= least && size <= most && strspn(text, set) == size;
}

static bool is_name(const char *text)
{
    enum { MOST = 64 }; /* Of 255: what the ledger and the stock keep. */
    size_t size = strlen(text);
    return size > 0 && size <= MOST;
}

static bool is_iccid(const char *text)
{
    return all_of(text, digits, 18, 20);
}

static bool is_eid(const char *text)
{
    return all_of(text, digits, 32, 32);
}

static bool is_imei(const char *text)
{
    return all_of(text, digits, 14, 16);
}

static bool is_msisdn(const char *text)
{
    return all_of(text + (text[0] == '+'), digits, 5, 15);
}

static bool is_boolean(const char *text)
{
    return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
           strcmp(text, "1") == 0 || strcmp(text, "0") == 0;
}

static bool is_matching_id(const char *text)
{
    return all_of(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-", 1, 64);
}

static bool is_final(const char *text)
{
    return strcmp(text, "Available") == 0 || strcmp(text, "Unavailable") == 0;
}

static bool is_text(const char *text)
{
    return strlen(text) <= 1024;
}

/* xs:dateTime in UTC, which is what reaches a reply again. */
static bool is_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    size_t i = 0;
    for (; form[i] != '\0'; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    if (text[i] == '.')
        i += 1 + strspn(text + i + 1, digits);
    return strcmp(text + i, "Z") == 0;
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*fits)(const char *text);
} elements[SOAP_VALUE_COUNT] = {
    [SOAP_REQUEST_ID]        = { "requestId",        is_name },
    [SOAP_REFERENCE]         = { "clientReference",  is_name },
    [SOAP_PROFILE_TYPE]      = { "profileType",      is_name },
    [SOAP_ICCID]             = { "iccid",            is_iccid },
    [SOAP_EID]               = { "eid",              is_eid },
    [SOAP_IMEI]              = { "imei",             is_imei },
    [SOAP_MSISDN]            = { "msisdn",           is_msisdn },
    [SOAP_PLAN]              = { "plan",             is_name },
    [SOAP_MATCHING_ID]       = { "matchingId",       is_matching_id },
    [SOAP_CONFIRMATION_CODE] = { "confirmationCode", is_name },
    [SOAP_SMDS]              = { "smdsAddress",      is_name },
    [SOAP_RELEASE]           = { "release",          is_boolean },
    [SOAP_FINAL_STATE]       = { "finalState",       is_final },
    [SOAP_REASON]            = { "reason",           is_text },
    [SOAP_FROM]              = { "from",             is_time },
    [SOAP_TO]                = { "to",               is_time },
};

/* Each operation's elements in their order; what is not below `must` may be absent. */
enum { SEQUENCE_MOST = 8 };
#define BIT(value) (1u << SOAP_##value)
static const struct {
    const char *name;
    unsigned must;
    enum soap_value sequence[SEQUENCE_MOST];
    unsigned count;
} operations[SOAP_OPERATION_COUNT] = {
    [SOAP_ORDER_PROFILE] = { "OrderProfile", BIT(REQUEST_ID) | BIT(REFERENCE),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_PROFILE_TYPE, SOAP_ICCID, SOAP_EID,
          SOAP_IMEI, SOAP_MSISDN, SOAP_PLAN }, 8 },
    [SOAP_CONFIRM_PROFILE] = { "ConfirmProfile", BIT(REQUEST_ID) | BIT(ICCID),
        { SOAP_REQUEST_ID, SOAP_ICCID, SOAP_EID, SOAP_MATCHING_ID,
          SOAP_CONFIRMATION_CODE, SOAP_SMDS, SOAP_RELEASE }, 7 },
    [SOAP_CANCEL_PROFILE] = { "CancelProfile", BIT(REQUEST_ID) | BIT(ICCID),
        { SOAP_REQUEST_ID, SOAP_ICCID, SOAP_EID, SOAP_MATCHING_ID, SOAP_FINAL_STATE },
        5 },
    [SOAP_QUERY_PROFILE] = { "QueryProfile", BIT(REQUEST_ID),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_ICCID }, 3 },
    [SOAP_ACTIVATE_LINE] = { "ActivateLine", BIT(REQUEST_ID) | BIT(MSISDN),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_MSISDN, SOAP_ICCID, SOAP_EID,
          SOAP_PLAN }, 6 },
    [SOAP_SUSPEND_LINE] = { "SuspendLine", BIT(REQUEST_ID) | BIT(MSISDN),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_MSISDN, SOAP_REASON }, 4 },
    [SOAP_RESUME_LINE] = { "ResumeLine", BIT(REQUEST_ID) | BIT(MSISDN),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_MSISDN, SOAP_REASON }, 4 },
    [SOAP_TERMINATE_LINE] = { "TerminateLine", BIT(REQUEST_ID) | BIT(MSISDN),
        { SOAP_REQUEST_ID, SOAP_REFERENCE, SOAP_MSISDN, SOAP_REASON }, 4 },
    [SOAP_READ_USAGE] = { "ReadUsage", BIT(REQUEST_ID) | BIT(FROM) | BIT(TO),
        { SOAP_REQUEST_ID, SOAP_MSISDN, SOAP_ICCID, SOAP_FROM, SOAP_TO }, 5 },
};
/* clang-format on */

const char *soap_operation_name(enum soap_operation operation)
{
    return operations[operation].name;
}

/* ---- the tree ---- */

static xmlNode *element_from(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

static bool is(const xmlNode *node, const char *space, const char *name)
{
    return node != NULL && node->ns != NULL &&
           strcmp((const char *)node->ns->href, space) == 0 &&
           strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child(const xmlNode *parent, const char *space, const char *name)
{
    xmlNode *node = parent == NULL ? NULL : element_from(parent->children);
    while (node != NULL && !is(node, space, name))
        node = element_from(node->next);
    return node;
}

static const char *text_of(const xmlNode *node, struct arena *arena)
{
    xmlChar *content = node == NULL ? NULL : xmlNodeGetContent(node);
    char *copy = content == NULL ? NULL : arena_text(arena, (const char *)content);
    xmlFree(content);
    return copy;
}

static const char *attribute(xmlNode *node, const char *name, const char *space,
                             struct arena *arena)
{
    xmlChar *value = space == NULL ? xmlGetNoNsProp(node, (const xmlChar *)name)
                                   : xmlGetNsProp(node, (const xmlChar *)name,
                                                  (const xmlChar *)space);
    char *copy = value == NULL ? NULL : arena_text(arena, (const char *)value);
    xmlFree(value);
    return copy;
}

/* ---- reading ---- */

static bool refuse(struct soap_refusal *ret, const char *code, const char *about)
{
    *ret = (struct soap_refusal){ .code = code, .about = about };
    return false;
}

static bool refuse_http(struct soap_refusal *ret, int http, const char *about)
{
    *ret = (struct soap_refusal){ .http = http, .about = about };
    return false;
}

static struct slice media_of(const struct http_request *http)
{
    struct slice type = http_field_of(http->fields, http->field_count, "Content-Type");
    struct slice media = slice_cut(&type, ';');
    while (media.size > 0 && media.ptr[media.size - 1] == ' ')
        media.size--;
    return media;
}

static bool read_http(const struct http_request *http, struct soap_message *message,
                      struct soap_refusal *refusal)
{
    if (!slice_is(http->method, "POST"))
        return refuse_http(refusal, 405, "only POST is allowed");
    for (int i = 0; i < SOAP_VERSION_COUNT; i++)
        if (slice_is_nocase(media_of(http), versions[i].media)) {
            message->version = (enum soap_version)i;
            return true;
        }
    return refuse_http(refusal, 415,
                       "Content-Type must be text/xml (SOAP 1.1) or "
                       "application/soap+xml (1.2)");
}

/* No document type: it is looked for before the parser sees one. */
static xmlDoc *parse(struct slice body)
{
    static const char mark[] = "<!DOCTYPE";
    if (body.size == 0 || memmem(body.ptr, body.size, mark, sizeof mark - 1) != NULL)
        return NULL;
    xmlDoc *doc = xmlReadMemory(body.ptr, (int)body.size, NULL, NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR |
                                    XML_PARSE_NOWARNING);
    if (doc != NULL && doc->intSubset != NULL) { /* In another encoding. */
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}

static void read_token(xmlNode *security, struct arena *arena,
                       struct soap_message *message)
{
    xmlNode *token = child(security, SECEXT, "UsernameToken");
    xmlNode *password = child(token, SECEXT, "Password");
    const char *type = password == NULL ? NULL
                                        : attribute(password, "Type", NULL, arena);
    message->has_token = token != NULL;
    message->token = (struct soap_token){
        .username = text_of(child(token, SECEXT, "Username"), arena),
        .password = text_of(password, arena),
        .is_digest = type != NULL && strcmp(type, TOKEN_PROFILE "PasswordDigest") == 0,
        .nonce = text_of(child(token, SECEXT, "Nonce"), arena),
        .created = text_of(child(token, UTILITY, "Created"), arena),
    };
}

/* SOAP 1.1 4.2.3, SOAP 1.2 Part 1 5.2.3. */
static bool read_header(xmlNode *header, struct arena *arena,
                        struct soap_message *message, struct soap_refusal *refusal)
{
    const char *space = versions[message->version].space;
    xmlNode *block = header == NULL ? NULL : element_from(header->children);
    for (; block != NULL; block = element_from(block->next)) {
        const char *must = attribute(block, "mustUnderstand", space, arena);
        if (is(block, SECEXT, "Security"))
            read_token(block, arena, message);
        else if (must != NULL && (strcmp(must, "1") == 0 || strcmp(must, "true") == 0))
            return refuse(refusal, "MustUnderstand", "a header block");
    }
    return true;
}

static bool read_values(xmlNode *payload, struct arena *arena,
                        struct soap_message *message, struct soap_refusal *refusal)
{
    xmlNode *node = element_from(payload->children);
    unsigned found = 0;
    for (unsigned i = 0; i < operations[message->operation].count; i++) {
        enum soap_value value = operations[message->operation].sequence[i];
        if (!is(node, SOAP_CONTRACT, elements[value].name))
            continue;
        message->values[value] = text_of(node, arena);
        if (message->values[value] == NULL ||
            !elements[value].fits(message->values[value]))
            return refuse(refusal, "Client", elements[value].name);
        found |= 1u << value;
        node = element_from(node->next);
    }
    unsigned must = operations[message->operation].must;
    if ((found & must) != must)
        return refuse(refusal, "Client", "an element is missing");
    return node == NULL ||
           refuse(refusal, "Client", "an element is unknown or out of order");
}

/* One of the two, and not both. */
static bool fits_choice(const struct soap_message *message,
                        struct soap_refusal *refusal)
{
    bool has_one = (message->values[SOAP_REFERENCE] != NULL) !=
                   (message->values[SOAP_ICCID] != NULL);
    return message->operation != SOAP_QUERY_PROFILE || has_one ||
           refuse(refusal, "Client", "clientReference or iccid");
}

static bool read_payload(xmlNode *body, struct arena *arena,
                         struct soap_message *message, struct soap_refusal *refusal)
{
    xmlNode *payload = body == NULL ? NULL : element_from(body->children);
    for (int i = 0; i < SOAP_OPERATION_COUNT; i++) {
        if (!is(payload, SOAP_CONTRACT, operations[i].name))
            continue;
        message->operation = (enum soap_operation)i;
        return element_from(payload->next) == NULL
                   ? read_values(payload, arena, message, refusal) &&
                         fits_choice(message, refusal)
                   : refuse(refusal, "Client", "the Body has two elements");
    }
    return refuse(refusal, "Client", "no such operation");
}

/* SOAP 1.1 6.1.1: quoted; empty is allowed. 1.2 has it in Content-Type. */
static bool fits_action(const struct http_request *http,
                        const struct soap_message *message, struct arena *arena,
                        struct soap_refusal *refusal)
{
    struct slice given = http_field_of(http->fields, http->field_count, "SOAPAction");
    const char *name = operations[message->operation].name;
    const char *wanted = arena_format(arena, "\"%s:%s\"", SOAP_CONTRACT, name);
    if (message->version == SOAP_11)
        return slice_is(given, wanted) || slice_is(given, "\"\"") ||
               refuse(refusal, "Client", "SOAPAction");
    struct slice type = http_field_of(http->fields, http->field_count, "Content-Type");
    const char *parameter = arena_format(arena, "action=%s", wanted);
    bool is_named = memmem(type.ptr, type.size, "action=", 7) != NULL;
    return !is_named ||
           memmem(type.ptr, type.size, parameter, strlen(parameter)) != NULL ||
           refuse(refusal, "Client", "action");
}

static bool read_envelope(xmlNode *root, struct arena *arena,
                          struct soap_message *message, struct soap_refusal *refusal)
{
    const char *space = versions[message->version].space;
    if (!is(root, space, "Envelope"))
        return refuse(refusal, "VersionMismatch", "the envelope's namespace");
    return read_header(child(root, space, "Header"), arena, message, refusal) &&
           read_payload(child(root, space, "Body"), arena, message, refusal);
}

bool soap_message_read(const struct http_request *http, struct arena *arena,
                       struct soap_message *ret, struct soap_refusal *ret_refusal)
{
    *ret = (struct soap_message){ .version = SOAP_11 };
    if (!read_http(http, ret, ret_refusal))
        return false;
    xmlDoc *doc = parse(http->body);
    bool ok = doc != NULL
                  ? read_envelope(xmlDocGetRootElement(doc), arena, ret, ret_refusal)
                  : refuse(ret_refusal, "Client", "not well-formed XML");
    xmlFreeDoc(doc);
    return ok && fits_action(http, ret, arena, ret_refusal);
}
