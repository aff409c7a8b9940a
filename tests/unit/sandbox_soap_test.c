/* The sandbox's SOAP carrier: what it reads, whom it admits, what it does. */
#include "check.h"

#include <libxml/parser.h>
#include <stdlib.h>

#include "../../sdk/sandbox/ledger.h"
#include "../../sdk/sandbox/soap.h"

static struct arena *arena;
static struct soap soap;
static struct sandbox sandbox;
static struct sandbox_options options = {
    .iccid_prefix = "8995",
    .smdp_address = "smdp.example",
    .stock = { .items = { "P1=3", "P2=1" }, .count = 2 },
};

static void begin(void)
{
    struct err err = ERR_INIT;
    arena = arena_create(1 << 20);
    sandbox = (struct sandbox){ .options = &options, .ledger = ledger_create(1) };
    soap = (struct soap){ .sandbox = &sandbox, .store = soap_store_create() };
    CHECK_FATAL(smdp_stock_create("8995", &options.stock, &soap.stock, &err));
}

static void end(void)
{
    soap_store_destroy(&soap.store);
    smdp_stock_destroy(&soap.stock);
    ledger_destroy(&sandbox.ledger);
    arena_destroy(&arena);
    xmlCleanupParser();
    options.user = options.password = NULL;
}

/* ---- reading ---- */

#define SPACE_11 "http://schemas.xmlsoap.org/soap/envelope/"
#define SPACE_12 "http://www.w3.org/2003/05/soap-envelope"
#define ENVELOPE(space, header, body)                                                \
    "<s:Envelope xmlns:s=\"" space "\"><s:Header>" header "</s:Header><s:Body>" body \
    "</s:Body></s:Envelope>"
#define CALL(name, content) \
    "<q:" name " xmlns:q=\"urn:esimd:carrier:1\">" content "</q:" name ">"
#define ID "<q:requestId>r1</q:requestId>"

static bool read(const char *type, const char *action, const char *body,
                 struct soap_message *ret, struct soap_refusal *ret_refusal)
{
    struct http_field fields[] = {
        { SLICE_LITERAL("Content-Type"), slice_of(type) },
        { SLICE_LITERAL("SOAPAction"), slice_of(action) },
    };
    struct http_request http = { .method = SLICE_LITERAL("POST"),
                                 .fields = fields,
                                 .field_count = action != NULL ? 2 : 1,
                                 .body = slice_of(body) };
    return soap_message_read(&http, arena, ret, ret_refusal);
}

struct read_row {
    const char *type, *action, *body;
    const char *about; /* NULL: it is read. */
};
#define XML "text/xml; charset=utf-8"
#define NEW "application/soap+xml; charset=utf-8"
#define ONE \
    ENVELOPE(SPACE_11, "", CALL("QueryProfile", ID "<q:iccid>" ICCID "</q:iccid>"))
#define TWO \
    ENVELOPE(SPACE_12, "", CALL("QueryProfile", ID "<q:iccid>" ICCID "</q:iccid>"))
#define ICCID "8995000000000000001"

/* clang-format off */
static const struct read_row read_rows[] = {
    { XML, "\"\"", ONE, NULL },
    { XML, "\"urn:esimd:carrier:1:QueryProfile\"", ONE, NULL },
    { NEW, NULL, TWO, NULL },
    { NEW "; action=\"urn:esimd:carrier:1:QueryProfile\"", NULL, TWO, NULL },
    { NEW "; action=\"urn:esimd:carrier:1:Other\"", NULL, TWO, "action" },
    { "application/json", "\"\"", ONE, "Content-Type must be text/xml (SOAP 1.1) or "
      "application/soap+xml (1.2)" },
    { XML, NULL, ONE, "SOAPAction" },
    { XML, "urn:esimd:carrier:1:QueryProfile", ONE, "SOAPAction" },
    { XML, "\"\"", TWO, "the envelope's namespace" },
    { NEW, "\"\"", ONE, "the envelope's namespace" },
    { XML, "\"\"", "", "not well-formed XML" },
    { XML, "\"\"", "<!DOCTYPE a><a/>", "not well-formed XML" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "<a s:mustUnderstand=\"1\"/>", ""), "a header block" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "<a s:mustUnderstand=\"0\"/>", ""), "no such operation" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", "<QueryProfile/>"), "no such operation" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("QueryProfile", "")), "an element is missing" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("QueryProfile", ID)), "clientReference or iccid" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("SuspendLine", ID "<q:msisdn>+1</q:msisdn>")),
      "msisdn" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("SuspendLine", ID "<q:x/>")),
      "an element is missing" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("SuspendLine",
      ID "<q:msisdn>12345</q:msisdn><q:x/>")), "an element is unknown or out of order" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("ReadUsage", ID "<q:from>2026-01-01</q:from>")),
      "from" },
    { XML, "\"\"", ENVELOPE(SPACE_11, "", CALL("ReadUsage", ID
      "<q:from>2026-01-01T00:00:00.5Z</q:from><q:to>2026-01-01T00:00:00</q:to>")), "to" },
};
/* clang-format on */

static void only_what_the_contract_has_is_read(void)
{
    begin();
    for (size_t i = 0; i < sizeof read_rows / sizeof read_rows[0]; i++) {
        const struct read_row *row = &read_rows[i];
        struct soap_message message;
        struct soap_refusal refusal = { .about = "none" };
        bool ok = read(row->type, row->action, row->body, &message, &refusal);
        CHECK_INT(ok, row->about == NULL);
        CHECK_TEXT(refusal.about, row->about != NULL ? row->about : "none");
    }
    end();
}

/* ---- admitting ---- */

static void a_digest_is_admitted_once_and_a_wrong_one_never(void)
{
    begin();
    options.user = "u9";
    options.password = "secret";
    struct soap_message message = {
        .has_token = true,
        .token = { .username = "u9",
                   .password = "sgHl4OuBA7cwaBXhb9lsEOYIOc0=",
                   .is_digest = true,
                   .nonce = "MTIzNDU2Nzg5MDEyMzQ1Ng==",
                   .created = "2026-01-02T03:04:05Z" },
    };
    struct soap_message wrong = message;
    wrong.token.created = "2026-01-02T03:04:06Z";
    CHECK(!soap_admits(&soap, &wrong));
    wrong = message;
    wrong.token.username = "u8";
    CHECK(!soap_admits(&soap, &wrong));
    wrong = message;
    wrong.token.nonce = "not base64";
    CHECK(!soap_admits(&soap, &wrong));
    wrong.token.nonce = NULL;
    CHECK(!soap_admits(&soap, &wrong));
    CHECK(soap_admits(&soap, &message));
    CHECK(!soap_admits(&soap, &message));
    struct soap_message text = { .has_token = true,
                                 .token = { .username = "u9", .password = "secret" } };
    CHECK(soap_admits(&soap, &text));
    text.token.password = NULL;
    CHECK(!soap_admits(&soap, &text));
    text.has_token = false;
    CHECK(!soap_admits(&soap, &text));
    end();
}

/* ---- doing ---- */

static struct soap_result ask(enum soap_operation operation, const char *id,
                              enum soap_value value, const char *text)
{
    struct soap_message message = { .operation = operation };
    message.values[SOAP_REQUEST_ID] = id;
    message.values[SOAP_FROM] = message.values[SOAP_TO] = "2026-01-01T00:00:00Z";
    message.values[value] = text;
    return soap_execute(&soap, &message, arena);
}

static struct soap_result order(const char *reference, enum soap_value value,
                                const char *text)
{
    struct soap_message message = { .operation = SOAP_ORDER_PROFILE };
    message.values[SOAP_REQUEST_ID] = "r";
    message.values[SOAP_REFERENCE] = reference;
    message.values[value] = text;
    return soap_execute(&soap, &message, arena);
}

static const char *iccid_in(const struct soap_result *result)
{
    const char *at = result->content == NULL ? NULL
                                             : strstr(result->content, "<c:iccid>");
    CHECK_FATAL(at != NULL);
    return arena_copy(arena, at + strlen("<c:iccid>"), 19);
}

static void one_reference_is_one_order(void)
{
    begin();
    struct soap_result first = order("a", SOAP_PROFILE_TYPE, "P1");
    const char *iccid = iccid_in(&first);
    CHECK_TEXT(first.code, "0");
    CHECK_TEXT(order("a", SOAP_PROFILE_TYPE, "P2").code, "409");
    CHECK_TEXT(order("b", SOAP_PROFILE_TYPE, "P9").code, "411");
    CHECK_TEXT(order("b", SOAP_ICCID, iccid).code, "413");
    CHECK_TEXT(order("b", SOAP_ICCID, "8995000000000009999").code, "404");
    CHECK_TEXT(order("b", SOAP_PLAN, "p").code, "400");
    CHECK_TEXT(order("b", SOAP_PROFILE_TYPE, "P2").code, "0");
    CHECK_TEXT(order("c", SOAP_PROFILE_TYPE, "P2").code, "410");
    struct soap_result found = ask(SOAP_QUERY_PROFILE, "q", SOAP_REFERENCE, "a");
    CHECK_TEXT(iccid_in(&found), iccid);
    CHECK_TEXT(ask(SOAP_QUERY_PROFILE, "q", SOAP_REFERENCE, "z").code, "404");
    end();
}

static void a_repeated_request_is_answered_the_same_and_does_nothing(void)
{
    begin();
    struct soap_result ordered = order("a", SOAP_PROFILE_TYPE, "P1");
    const char *iccid = iccid_in(&ordered);
    struct soap_result once = ask(SOAP_CONFIRM_PROFILE, "c1", SOAP_ICCID, iccid);
    struct soap_result again = ask(SOAP_CONFIRM_PROFILE, "c1", SOAP_ICCID, iccid);
    CHECK_TEXT(once.code, "0");
    CHECK_TEXT(again.content, once.content);
    CHECK(strstr(once.content, "<c:matchingId>") != NULL);
    CHECK_TEXT(ask(SOAP_CONFIRM_PROFILE, "c2", SOAP_ICCID, iccid).code, "412");
    CHECK_TEXT(ask(SOAP_CANCEL_PROFILE, "c1", SOAP_ICCID, iccid).code, "0");
    CHECK_TEXT(ask(SOAP_CANCEL_PROFILE, "c1", SOAP_ICCID, iccid).code, "0");
    CHECK_TEXT(ask(SOAP_CANCEL_PROFILE, "c3", SOAP_ICCID, iccid).code, "412");
    CHECK_TEXT(ask(SOAP_QUERY_PROFILE, "q", SOAP_REFERENCE, "a").code, "404");
    end();
}

static void a_line_moves_as_lines_do(void)
{
    static const struct {
        enum soap_operation operation;
        const char *code;
    } moves[] = {
        { SOAP_SUSPEND_LINE, "404" },   { SOAP_READ_USAGE, "404" },
        { SOAP_ACTIVATE_LINE, "0" },    { SOAP_ACTIVATE_LINE, "200" },
        { SOAP_RESUME_LINE, "200" },    { SOAP_SUSPEND_LINE, "0" },
        { SOAP_ACTIVATE_LINE, "412" },  { SOAP_READ_USAGE, "0" },
        { SOAP_RESUME_LINE, "0" },      { SOAP_TERMINATE_LINE, "0" },
        { SOAP_TERMINATE_LINE, "200" }, { SOAP_SUSPEND_LINE, "412" },
        { SOAP_ACTIVATE_LINE, "412" },
    };
    begin();
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const char *id = arena_format(arena, "r%zu", i);
        CHECK_TEXT(ask(moves[i].operation, id, SOAP_MSISDN, "+95991").code,
                   moves[i].code);
    }
    end();
}

TESTS("sandbox soap", CASE(only_what_the_contract_has_is_read),
      CASE(a_digest_is_admitted_once_and_a_wrong_one_never),
      CASE(one_reference_is_one_order),
      CASE(a_repeated_request_is_answered_the_same_and_does_nothing),
      CASE(a_line_moves_as_lines_do))
