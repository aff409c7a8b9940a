/* The Ooredoo adapter's bytes: SHA-1, security header, templates, XML limits, SOAP. */
#include "check.h"

#include "../../plugins/ooredoo/wire_path.h"
#include "../../plugins/ooredoo/wire_security.h"
#include "../../plugins/ooredoo/wire_sha1.h"
#include "../../plugins/ooredoo/wire_soap.h"
#include "../../plugins/ooredoo/wire_template.h"
#include "../../plugins/ooredoo/wire_text.h"
#include "../../plugins/ooredoo/wire_xml.h"
#include "ooredoo_play.h"

/* ---- SHA-1 and the security header ---- */

static const char *sha1_text(const char *part, unsigned times)
{
    static char hex[2 * SHA1_SIZE + 1];
    struct sha1 sha1;
    uint8_t digest[SHA1_SIZE];
    sha1_init(&sha1);
    for (unsigned i = 0; i < times; i++)
        sha1_add(&sha1, part, strlen(part));
    sha1_finish(&sha1, digest);
    for (unsigned i = 0; i < SHA1_SIZE; i++)
        CHECK_INT(snprintf(hex + 2 * i, 3, "%02x", digest[i]), 2);
    return hex;
}

/* FIPS 180 examples: none, one, two blocks, and many. */
static void sha1_gives_the_published_digests(void)
{
    CHECK_TEXT(sha1_text("", 1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    CHECK_TEXT(sha1_text("abc", 1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_TEXT(sha1_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1),
               "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK_TEXT(sha1_text("aaaaaaaaaa", 100000),
               "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    CHECK_TEXT(
        sha1_text("0123456701234567012345670123456701234567012345670123456701234567",
                  10),
        "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

static void the_password_digest_is_over_the_nonces_bytes(void)
{
    start();
    CHECK_TEXT(text(wss_digest((const uint8_t *)"1234567890123456", 16,
                               "2026-01-02T03:04:05Z", "secret")),
               "sgHl4OuBA7cwaBXhb9lsEOYIOc0=");
}

#define WSSE                                                                           \
    "<wsse:Security xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/"              \
    "oasis-200401-wss-wssecurity-secext-1.0.xsd\" xmlns:wsu=\"http://docs.oasis-open." \
    "org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\""
#define TYPE                                                              \
    "<wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/oasis-" \
    "200401-wss-username-token-profile-1.0#"
#define NONCE                                                                      \
    "<wsse:Nonce EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-"     \
    "200401-wss-soap-message-security-1.0#Base64Binary\">MTIzNDU2Nzg5MDEyMzQ1Ng==" \
    "</wsse:Nonce><wsu:Created>2026-01-02T03:04:05Z</wsu:Created>"

static const char *header_of(struct wss_token token)
{
    struct text text_out;
    struct esim_bytes out = { NULL, 0 };
    memcpy(token.nonce, "1234567890123456", sizeof token.nonce);
    token.created = "2026-01-02T03:04:05Z";
    text_open(&text_out);
    wss_write(&token, "soap", &text_out);
    CHECK(text_close(&text_out, &out));
    return text(out);
}

static void a_security_header_is_byte_for_byte_as_the_profile_has_it(void)
{
    start();
    CHECK_TEXT(header_of((struct wss_token){ .kind = WSS_DIGEST,
                                             .username = "u9",
                                             .password = "secret",
                                             .must_understand = true }),
               WSSE
               " soap:mustUnderstand=\"1\"><wsse:UsernameToken><wsse:Username>u9"
               "</wsse:Username>" TYPE
               "PasswordDigest\">sgHl4OuBA7cwaBXhb9lsEOYIOc0=</wsse:Password>" NONCE
               "</wsse:UsernameToken></wsse:Security>");
    CHECK_TEXT(header_of((struct wss_token){ .kind = WSS_TEXT,
                                             .username = "a<b",
                                             .password = "&\"'>",
                                             .expires = "2026-01-02T03:09:05Z" }),
               WSSE "><wsu:Timestamp><wsu:Created>2026-01-02T03:04:05Z</wsu:Created>"
                    "<wsu:Expires>2026-01-02T03:09:05Z</wsu:Expires></wsu:Timestamp>"
                    "<wsse:UsernameToken><wsse:Username>a&lt;b</wsse:Username>" TYPE
                    "PasswordText\">&amp;&quot;&#39;&gt;</wsse:Password>"
                    "</wsse:UsernameToken></wsse:Security>");
    CHECK_TEXT(header_of((struct wss_token){ .kind = WSS_NONE }), "");
}

/* ---- templates ---- */

static const char *value_of(const void *arg, const char *name)
{
    return strcmp(name, "a") == 0 ? arg : NULL;
}

static struct template_result write(const char *template, const char *value,
                                    const char **ret)
{
    struct template_values values = { value_of, value };
    struct text text_out;
    struct esim_bytes out = { NULL, 0 };
    text_open(&text_out);
    struct template_result result = template_write(template, &values, &text_out);
    CHECK(text_close(&text_out, &out));
    *ret = text(out);
    return result;
}

struct template_case {
    const char *template, *value;
    enum template_end end;
    const char *text; /* Or the name, when it fails. */
};

/* clang-format off */
static const struct template_case template_cases[] = {
    { "",                           "v", TEMPLATE_DONE, "" },
    { "<x>{{a}}</x>",               "v", TEMPLATE_DONE, "<x>v</x>" },
    { "{{a}}{{a}}",                 "v", TEMPLATE_DONE, "vv" },
    { "<x>{{#a}}<y>{{a}}</y>{{/a}}{{#b}}<z>{{b}}</z>{{/b}}</x>",
                                    "v", TEMPLATE_DONE, "<x><y>v</y></x>" },
    { "{{^a}}none{{/a}}{{^b}}none{{/b}}", "v", TEMPLATE_DONE, "none" },
    { "{{#b}}{{#a}}{{a}}{{/a}}{{c}}{{/b}}.", "v", TEMPLATE_DONE, "." },
    { "{ {a} }} {",                 "v", TEMPLATE_DONE, "{ {a} }} {" },
    { "<x>{{b}}</x>",               "v", TEMPLATE_MISSING, "b" },
    { "{{a}",                       "v", TEMPLATE_BROKEN, "{{" },
    { "{{}}",                       "v", TEMPLATE_BROKEN, "{{" },
    { "{{ a }}",                    "v", TEMPLATE_BROKEN, " a " },
    { "{{{a}}}",                    "v", TEMPLATE_BROKEN, "{a" },
    { "{{#a}}",                     "v", TEMPLATE_BROKEN, "a" },
    { "{{/a}}",                     "v", TEMPLATE_BROKEN, "a" },
    { "{{#a}}{{#b}}{{/a}}{{/b}}",   "v", TEMPLATE_BROKEN, "a" },
    { "{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}", "v", TEMPLATE_BROKEN, "a" },
    { "{{abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij}}", "v", TEMPLATE_BROKEN, "{{" },
    /* A value is a value, whatever is in it. */
    { "<x>{{a}}</x>", "</x><y>", TEMPLATE_DONE, "<x>&lt;/x&gt;&lt;y&gt;</x>" },
    { "<x b=\"{{a}}\" c='{{a}}'/>", "\" ' & \t\n\r", TEMPLATE_DONE,
      "<x b=\"&quot; &#39; &amp; &#9;&#10;&#13;\" c='&quot; &#39; &amp; &#9;&#10;&#13;'/>" },
    { "<x>{{a}}</x>", "]]><!--<![CDATA[&amp;{{a}}", TEMPLATE_DONE,
      "<x>]]&gt;&lt;!--&lt;![CDATA[&amp;amp;{{a}}</x>" },
    { "{{a}}", "\xE1\x80\x99\xE1\x80\xBC \xF0\x9F\x98\x80", TEMPLATE_DONE,
      "\xE1\x80\x99\xE1\x80\xBC \xF0\x9F\x98\x80" },
    { "{{a}}", "\x01",              TEMPLATE_UNWRITABLE, "a" },
    { "{{a}}", "b\x1F",             TEMPLATE_UNWRITABLE, "a" },
    { "{{a}}", "\xEF\xBF\xBE",      TEMPLATE_UNWRITABLE, "a" }, /* U+FFFE */
    { "{{a}}", "\xED\xA0\x80",      TEMPLATE_UNWRITABLE, "a" }, /* A surrogate. */
    { "{{a}}", "\xC0\xBC",          TEMPLATE_UNWRITABLE, "a" }, /* "<", too long. */
    { "{{a}}", "\xE0\x80\xBC",      TEMPLATE_UNWRITABLE, "a" },
    { "{{a}}", "\xF4\x90\x80\x80",  TEMPLATE_UNWRITABLE, "a" },
    { "{{a}}", "\xE1\x80",          TEMPLATE_UNWRITABLE, "a" },
    { "{{a}}", "\x80",              TEMPLATE_UNWRITABLE, "a" },
};
/* clang-format on */

static void a_value_never_becomes_markup(void)
{
    for (size_t i = 0; i < sizeof template_cases / sizeof template_cases[0]; i++) {
        const struct template_case *row = &template_cases[i];
        const char *written = NULL;
        start();
        struct template_result result = write(row->template, row->value, &written);
        CHECK_INT(result.end, row->end);
        CHECK_TEXT(row->end == TEMPLATE_DONE ? written : result.name, row->text);
    }
}

/* ---- XML ---- */

static bool is_read(const char *xml)
{
    xmlDoc *doc = xml_read(bytes(xml));
    bool is = doc != NULL;
    xmlFreeDoc(doc);
    return is;
}

static const char *const refused[] = {
    "",
    " ",
    "<",
    "{}",
    "<a>",
    "<a></b>",
    "<a/><b/>",
    "<a b='1' b='2'/>",
    "<a>\x01</a>",
    "<a>&b;</a>",
    "<a>\xC0\xBC</a>",
    "<!DOCTYPE a><a/>",
    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
    "<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1/'><a/>",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><a>&c;</a>",
    "<?xml version='1.0' encoding='EUC-JP'?><a/>",
    "<?xml version='1.0' encoding='UTF-7'?><a/>",
    "<?xml version='1.0' encoding='?><a/>",
    "\x4C\x6F\xA7\x94\x93", /* "<?xml" in EBCDIC. */
};

static void a_document_type_an_entity_and_a_strange_encoding_are_refused(void)
{
    start();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK(!is_read(refused[i]));
    CHECK(is_read("<a/>"));
    CHECK(is_read("\n<a>&lt;&#x41;&amp;</a>"));
    CHECK(is_read("\xEF\xBB\xBF<?xml version='1.0' encoding='utf-8'?><a/>"));
    CHECK(is_read("<?xml version='1.0' encoding=\"ISO-8859-1\"?><a>\xE9</a>"));
    CHECK(is_read("<a><![CDATA[<!DOCTYPE b>]]></a>"));
    static const char utf16[] = "\xFF\xFE<\0a\0/\0>\0";
    xmlDoc *doc = xml_read((struct esim_bytes){ utf16, sizeof utf16 - 1 });
    CHECK(doc != NULL);
    xmlFreeDoc(doc);
    static const char hidden[] =
        "\xFF\xFE<\0!\0D\0O\0C\0T\0Y\0P\0E\0 \0a\0>\0<\0a\0/\0>\0";
    CHECK(xml_read((struct esim_bytes){ hidden, sizeof hidden - 1 }) == NULL);
    static const char null[] = "<a>\0</a>";
    CHECK(xml_read((struct esim_bytes){ null, sizeof null - 1 }) == NULL);
}

/* `count` times a piece, between two others. */
static struct esim_bytes repeated(const char *before, const char *piece, size_t count,
                                  const char *after)
{
    struct text all;
    struct esim_bytes ret = { NULL, 0 };
    text_open(&all);
    text_put(&all, before);
    for (size_t i = 0; i < count; i++)
        text_put(&all, piece);
    text_put(&all, after);
    CHECK(text_close(&all, &ret));
    return ret;
}

static bool is_read_nested(unsigned depth)
{
    struct esim_bytes open = repeated("", "<a>", depth, "");
    struct esim_bytes all = repeated(text(open), "</a>", depth, "");
    xmlDoc *doc = xml_read(all);
    bool is = doc != NULL;
    xmlFreeDoc(doc);
    return is;
}

static bool is_read_bytes(struct esim_bytes all)
{
    xmlDoc *doc = xml_read(all);
    bool is = doc != NULL;
    xmlFreeDoc(doc);
    return is;
}

static void size_depth_count_and_tags_have_a_limit(void)
{
    start();
    CHECK(is_read_nested(XML_DEPTH));
    CHECK(!is_read_nested(XML_DEPTH + 1));
    CHECK(is_read_bytes(repeated("<a>", "<b/>", XML_ELEMENTS - 1, "</a>")));
    CHECK(!is_read_bytes(repeated("<a>", "<b/>", XML_ELEMENTS, "</a>")));
    CHECK(is_read_bytes(repeated("<a b='", "x", XML_TAG - 100, "'/>")));
    CHECK(!is_read_bytes(repeated("<a b='", "x", XML_TAG, "'/>")));
    CHECK(is_read_bytes(repeated("<a>", "x", XML_BYTES - 7, "</a>")));
    CHECK(!is_read_bytes(repeated("<a>", "x", XML_BYTES - 6, "</a>")));
}

/* ---- SOAP ---- */

static void both_versions_are_written_as_they_are_defined(void)
{
    start();
    CHECK_TEXT(text(soap_envelope(SOAP_11, bytes(""), bytes("<x/>"))),
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope "
               "xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>"
               "<x/></soap:Body></soap:Envelope>");
    CHECK_TEXT(text(soap_envelope(SOAP_12, bytes("<h/>"), bytes("<x/>"))),
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope "
               "xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><soap:Header>"
               "<h/></soap:Header><soap:Body><x/></soap:Body></soap:Envelope>");
    CHECK_TEXT(soap_content_type(SOAP_11, "urn:a"), "text/xml; charset=utf-8");
    CHECK_TEXT(soap_content_type(SOAP_12, "urn:a"),
               "application/soap+xml; charset=utf-8; action=\"urn:a\"");
    CHECK_TEXT(soap_content_type(SOAP_12, ""), "application/soap+xml; charset=utf-8");
    CHECK_TEXT(soap_action(SOAP_11, ""), "\"\"");
    CHECK_TEXT(soap_action(SOAP_11, "urn:a"), "\"urn:a\"");
    CHECK(soap_action(SOAP_12, "urn:a") == NULL);
}

struct fault_case {
    const char *xml;
    const char *codes; /* Joined with "/". */
    bool has_detail;
};

#define WSSE_SPACE                            \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define SUBCODE(value, inner)                                                 \
    "<env:Subcode><env:Value xmlns:w='" WSSE_SPACE "' xmlns:z='urn:z'>" value \
    "</env:Value>" inner "</env:Subcode>"

/* clang-format off */
static const struct fault_case fault_cases[] = {
    { FAULT_11("e:Client", ""),                        "Client", false },
    { FAULT_11(" e:Server\n", "<detail><x/></detail>"), "Server", true },
    { FAULT_11("Client.Authentication", ""),           "Client/Authentication", false },
    { FAULT_11("SOAP-ENV:Client", ""),                 "Client", false },
    { FAULT_11("", ""),                                "", false },
    { OPEN_11 "<e:Fault><faultcode xmlns:z='urn:z'>z:Client</faultcode></e:Fault>" CLOSE_11,
                                                       "", false },
    { OPEN_11 "<e:Fault><faultcode xmlns:z='" WSSE_SPACE "'>z:FailedAuthentication"
      "</faultcode></e:Fault>" CLOSE_11,               "FailedAuthentication", false },
    { OPEN_11 "<e:Fault><e:faultcode>e:Client</e:faultcode></e:Fault>" CLOSE_11, "", false },
    { FAULT_12("env:Sender", "", ""),                  "Sender", false },
    { FAULT_12("env:Receiver", "", "<env:Detail/>"),   "Receiver", true },
    { FAULT_12("env:Sender", SUBCODE("w:FailedAuthentication", ""), ""),
                                                       "Sender/FailedAuthentication", false },
    { FAULT_12("env:Sender", SUBCODE("z:Odd", SUBCODE("w:FailedCheck", "")), ""),
                                                       "Sender/FailedCheck", false },
    { FAULT_12("env:A", SUBCODE("B", SUBCODE("C", SUBCODE("D", SUBCODE("E", "")))), ""),
                                                       "A/B/C/D", false },
};
/* clang-format on */

static void the_codes_of_a_fault_are_read_from_the_general_to_the_particular(void)
{
    for (size_t i = 0; i < sizeof fault_cases / sizeof fault_cases[0]; i++) {
        const struct fault_case *row = &fault_cases[i];
        char codes[100] = "";
        struct soap_reply got;
        start();
        CHECK_FATAL(soap_reply_read(bytes(row->xml), &got));
        CHECK(got.is_fault);
        for (unsigned j = 0; j < got.fault.code_count; j++) {
            size_t used = strlen(codes);
            CHECK(snprintf(codes + used, sizeof codes - used, "%s%s", j == 0 ? "" : "/",
                           got.fault.codes[j]) > 0);
        }
        CHECK_TEXT(codes, row->codes);
        CHECK_INT(got.fault.detail != NULL, row->has_detail);
        soap_reply_finish(&got);
    }
}

static void what_is_no_envelope_is_not_soap(void)
{
    static const char *const others[] = {
        "<html/>",
        "<Envelope/>",
        "<e:Envelope xmlns:e='urn:other'><e:Body/></e:Envelope>",
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'/>",
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'>"
        "<b:Body xmlns:b='http://www.w3.org/2003/05/soap-envelope'/></e:Envelope>",
        "{\"error\":1}",
    };
    struct soap_reply got;
    start();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(!soap_reply_read(bytes(others[i]), &got));
    CHECK_FATAL(soap_reply_read(bytes(OPEN_12 CLOSE_12), &got));
    CHECK(!got.is_fault && got.version == SOAP_12);
    soap_reply_finish(&got);
}

/* ---- XPath ---- */

static const char path_sample[] = OPEN_11
    "<n:r xmlns:n='urn:n'><n:a> x y </n:a><n:b>3</n:b><n:b>4</n:b><a>bare</a>"
    "<n:e/></n:r>" CLOSE_11;

static const struct {
    const char *expression, *expected;
} path_cases[] = {
    { "p:r/p:a", "x y" },
    { "string(*/p:a)", "x y" },
    { "p:r/a", "bare" },
    { "p:r/p:b[2]", "4" },
    { "sum(*/p:b)", "7" },
    { "1 div 4", "0.25" },
    { "number(*/p:b) * 1073741824", "3221225472" },
    { "count(*/p:b) = 2", "true" },
    { "'0'", "0" },
    { "ancestor::soap:Envelope/soap:Body/p:r/p:b", "3" },
    { "p:r/p:e", NULL },
    { "p:r/p:none", NULL },
    { "1 div 0", NULL },
    { "p:r/q:a", NULL },
    { "p:r[", NULL },
    { "nosuch()", NULL },
};

static void paths_go_by_namespace_and_not_by_prefix(void)
{
    start();
    json_t *spaces = json_object();
    esim_json_put(spaces, "p", "urn:n");
    struct soap_reply got;
    struct path path;
    CHECK_FATAL(soap_reply_read(bytes(path_sample), &got));
    CHECK_FATAL(path_open(&got, spaces, &path));
    for (size_t i = 0; i < sizeof path_cases / sizeof path_cases[0]; i++) {
        const char *found = path_text(&path, got.body, path_cases[i].expression);
        const char *expected = path_cases[i].expected;
        CHECK_TEXT(found != NULL ? found : "nothing",
                   expected != NULL ? expected : "nothing");
    }
    CHECK(path_nodes(&path, got.body, "1") == NULL);
    path_close(&path);
    soap_reply_finish(&got);
}

static void a_wrong_expression_is_noticed_before_it_is_used(void)
{
    start();
    json_t *spaces = json_object();
    esim_json_put(spaces, "p", "urn:n");
    CHECK(path_is_valid("p:a/child::p:b[@c='q:d']/soap:e", spaces));
    CHECK(path_is_valid("substring-before(p:a, ':')", spaces));
    CHECK(!path_is_valid("p:a/q:b", spaces));
    CHECK(!path_is_valid("p:a[", spaces));
    CHECK(!path_is_valid("", spaces));
    CHECK(!path_is_valid("p:a", NULL));
}

/* An expression that walks the whole document from each of its elements. */
static void the_work_of_one_expression_is_bounded(void)
{
    start();
    struct esim_bytes all = repeated(OPEN_11 "<a>", "<b/>", 15000, "</a>" CLOSE_11);
    struct soap_reply got;
    struct path path;
    CHECK_FATAL(soap_reply_read(all, &got));
    CHECK_FATAL(path_open(&got, NULL, &path));
    CHECK_TEXT(path_text(&path, got.body, "count(//b)"), "15000");
    CHECK(path_text(&path, got.body, "count(//b[count(//b) > 1])") == NULL);
    path_close(&path);
    soap_reply_finish(&got);
}

TESTS("ooredoo wire", CASE(sha1_gives_the_published_digests),
      CASE(the_password_digest_is_over_the_nonces_bytes),
      CASE(a_security_header_is_byte_for_byte_as_the_profile_has_it),
      CASE(a_value_never_becomes_markup),
      CASE(a_document_type_an_entity_and_a_strange_encoding_are_refused),
      CASE(size_depth_count_and_tags_have_a_limit),
      CASE(both_versions_are_written_as_they_are_defined),
      CASE(the_codes_of_a_fault_are_read_from_the_general_to_the_particular),
      CASE(what_is_no_envelope_is_not_soap),
      CASE(paths_go_by_namespace_and_not_by_prefix),
      CASE(a_wrong_expression_is_noticed_before_it_is_used),
      CASE(the_work_of_one_expression_is_bounded), CASE(memory_goes_back_to_the_host))
