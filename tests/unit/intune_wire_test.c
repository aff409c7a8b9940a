/* What Graph is told and what it says, as text. */
#include "check.h"

#include "intune_play.h"

#include "../../plugins/intune/settings.h"
#include "../../plugins/intune/wire.h"
#include "../../plugins/intune/wire_batch.h"
#include "../../plugins/intune/wire_device.h"

static json_t *json(const char *given)
{
    return esim_json_read(bytes(given));
}

/* A token must not follow a link to somebody else's host. */
static void a_link_is_followed_at_its_own_host_only(void)
{
    static const struct {
        const char *root, *link, *path;
    } rows[] = {
        { "https://graph.microsoft.com", "https://graph.microsoft.com/v1.0/x?$skip=1",
          "/v1.0/x?$skip=1" },
        { "https://graph.microsoft.com", "HTTPS://Graph.Microsoft.Com/v1.0/X",
          "/v1.0/X" },
        { "https://graph.microsoft.com", "http://graph.microsoft.com/x", NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com.evil.example/x",
          NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com@evil.example/x",
          NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com:444/x", NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com", NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com//evil.example",
          NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com/a b", NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com/a\\b", NULL },
        { "https://graph.microsoft.com", "https://graph.microsoft.com/a#b", NULL },
        { "https://graph.microsoft.com", "/v1.0/x", NULL },
    };
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *path = graph_link_path(rows[i].root, rows[i].link);
        CHECK_TEXT(path == NULL ? "" : path, rows[i].path == NULL ? "" : rows[i].path);
    }
}

/* The host may serve more than Graph, and a token is for Graph. */
static void a_link_stays_below_its_root(void)
{
    static const struct {
        const char *path;
        bool is_below;
    } rows[] = {
        { "/v1.0/users", true },
        { "/v1.0/a/b?$filter=x%20eq%20'..%2F'/../", true },
        { "/v1.0", false },
        { "/v1.0?$skip=1", false },
        { "/v1.0x/users", false },
        { "/v10/users", false },
        { "/V1.0/users", false },
        { "/beta/users", false },
        { "/v1.0/../admin", false },
        { "/v1.0/./users", false },
        { "/v1.0/a/..", false },
        { "/v1.0/%2e%2e/admin", false },
        { "/v1.0/a%2f..%2f..%2fadmin", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(graph_is_below(rows[i].path, "/v1.0") == rows[i].is_below);
}

static void an_id_stands_in_a_path_without_harm(void)
{
    start();
    CHECK(graph_is_id("e6f3b1a0-1c2d-4e5f-8a9b-0c1d2e3f4a5b"));
    CHECK(graph_is_id("e6f3b1a0_1c2d"));
    CHECK(!graph_is_id(NULL));
    CHECK(!graph_is_id(""));
    CHECK(!graph_is_id("-a"));
    CHECK(!graph_is_id("a/b"));
    CHECK(!graph_is_id("a?b"));
    CHECK(!graph_is_id("../a"));
    CHECK(!graph_is_id("a b"));
    CHECK(!graph_is_id("a'b"));
}

static void a_literal_cannot_end_early(void)
{
    start();
    CHECK_TEXT(graph_literal("plain"), "plain");
    CHECK_TEXT(graph_literal("O'Brien & 'x'"), "O%27%27Brien%20%26%20%27%27x%27%27");
}

static void a_page_is_a_list_with_or_without_a_link(void)
{
    struct graph_page page;
    start();
    CHECK(graph_page_read(json("{\"value\":[]}"), &page) && page.next == NULL);
    CHECK(graph_page_read(json("{\"value\":[1],\"@odata.nextLink\":\"l\"}"), &page));
    CHECK_TEXT(page.next, "l");
    CHECK(graph_page_read(json("{\"value\":[],\"@odata.nextLink\":null}"), &page));
    CHECK(!graph_page_read(json("{\"value\":{}}"), &page));
    CHECK(!graph_page_read(json("[]"), &page));
    CHECK(!graph_page_read(json("{\"value\":[],\"@odata.nextLink\":7}"), &page));
    CHECK(!graph_page_read(NULL, &page));
}

/* Graph writes innerError one way here and another there. */
static void an_error_gives_its_code_and_request_id_and_none_of_its_words(void)
{
    static const struct {
        const char *body, *header, *text;
    } rows[] = {
        { "{\"error\":{\"code\":\"Forbidden\",\"message\":\"SECRET\",\"innerError\":{"
          "\"request-id\":\"1-2\"}}}",
          NULL, "Forbidden/1-2" },
        { "{\"error\":{\"code\":\"X\",\"innererror\":{\"request-id\":\"3-4\"}}}", "9",
          "X/3-4" },
        { "{\"error\":{\"code\":\"X\"}}", "5-6", "X/5-6" },
        { "{\"error\":{\"code\":\"has SECRET words\"}}", "5-6", "5-6" },
        { "{\"error\":{\"code\":7}}", NULL, NULL },
        { "<html>", NULL, NULL },
        { "", NULL, NULL },
    };
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct esim_header header = { bytes("Request-Id"), bytes(rows[i].header) };
        struct graph_error error = graph_error_read(
            &header, rows[i].header != NULL ? 1 : 0, json(rows[i].body));
        const char *shown = graph_error_text(&error);
        CHECK_TEXT(shown == NULL ? "" : shown,
                   rows[i].text == NULL ? "" : rows[i].text);
    }
}

static void an_activation_code_gives_address_and_matching_id(void)
{
    static const struct {
        const char *code, *address, *matching_id;
        bool confirmation;
    } rows[] = {
        { "1$smdp.example.com$AB-12", "smdp.example.com", "AB-12", false },
        { "LPA:1$smdp.example.com$AB", "smdp.example.com", "AB", false },
        { "1$smdp.example.com$AB$1.3.6.1", "smdp.example.com", "AB", false },
        { "1$smdp.example.com$AB$$1", "smdp.example.com", "AB", true },
        { "1$smdp.example.com$AB$1.3.6.1$1", "smdp.example.com", "AB", true },
    };
    static const char *const wrong[] = {
        "",        "1$",      "2$a.b$C",   "1$a.b",      "1$a.b$",
        "1$$C",    "1$a_b$C", "1$a.b$C_D", "1$a.b$C$$2", "1$a.b$C$$1$x",
        "1$a/b$C", "a.b$C",   "1$a.b$C D",
    };
    struct graph_code code;
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_FATAL(graph_code_read(rows[i].code, &code));
        CHECK_TEXT(code.address, rows[i].address);
        CHECK_TEXT(code.matching_id, rows[i].matching_id);
        CHECK_INT(code.needs_confirmation, rows[i].confirmation);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(!graph_code_read(wrong[i], &code));
}

/* ICCIDs of ES2+ may end in F, which Intune refuses. */
static void an_iccid_loses_its_pad(void)
{
    start();
    CHECK_TEXT(graph_iccid("8995060000000000018"), "8995060000000000018");
    CHECK_TEXT(graph_iccid("8995060000000000018F"), "8995060000000000018");
    CHECK_TEXT(graph_iccid("89950600000000000181"), "89950600000000000181");
    CHECK(graph_iccid("89950600000000000181F") == NULL);
    CHECK(graph_iccid("899506000000000001") == NULL);
    CHECK(graph_iccid("8995060000000000018FF") == NULL);
    CHECK(graph_iccid(NULL) == NULL);
}

static void a_batch_holds_twenty_and_is_read_in_any_order(void)
{
    start();
    json_t *batch = batch_new();
    CHECK(batch_add_get(batch, "a", "/x?y", NULL));
    CHECK(batch_add_get(batch, "b", "/z", "a"));
    CHECK_TEXT(
        text(esim_json_write(batch)),
        "{\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"/x?y\"},"
        "{\"id\":\"b\",\"method\":\"GET\",\"url\":\"/z\",\"dependsOn\":[\"a\"]}]}");
    for (int i = 2; i < BATCH_MOST; i++)
        CHECK(batch_add_get(batch, "n", "/n", NULL));
    CHECK(!batch_add_get(batch, "n", "/n", NULL));
    json_t *reply = json("{\"responses\":[{\"id\":\"b\",\"status\":429,\"headers\":"
                         "{\"retry-after\":\"7\"}},{\"id\":\"a\",\"status\":200,"
                         "\"body\":{\"k\":1}},{\"id\":\"c\",\"status\":\"200\"}]}");
    struct batch_item item;
    CHECK(batch_item_read(reply, "a", &item));
    CHECK_INT(item.status, 200);
    CHECK(item.body != NULL && item.retry_after == NULL);
    CHECK(batch_item_read(reply, "b", &item));
    CHECK_TEXT(item.retry_after, "7");
    CHECK(!batch_item_read(reply, "c", &item));
    CHECK(!batch_item_read(reply, "d", &item));
    CHECK(!batch_item_read(json("[]"), "a", &item));
}

static void a_device_is_told_in_our_own_words(void)
{
    start();
    json_t *device = device_read(json(
        "{\"id\":\"d1\",\"deviceName\":\"PC-1\",\"phoneNumber\":\"\",\"imei\":\"1\","
        "\"complianceState\":\"compliant\",\"lastSyncDateTime\":\"2026-01-01T00:00:"
        "00Z\",\"azureADDeviceId\":\"z\",\"unknown\":1,\"model\":null}"));
    CHECK_TEXT(text(esim_json_write(device)),
               "{\"device_id\":\"d1\",\"name\":\"PC-1\",\"compliance\":\"compliant\","
               "\"last_sync\":\"2026-01-01T00:00:00Z\",\"imei\":\"1\","
               "\"directory_id\":\"z\"}");
    CHECK(device_read(json("{\"id\":\"../x\"}")) == NULL);
    CHECK(device_read(json("[]")) == NULL);
    CHECK_TEXT(device_eid(json("{\"hardwareInformation\":{\"esimIdentifier\":"
                               "\"89001012012341234012345678901224\"}}")),
               "89001012012341234012345678901224");
    CHECK(device_eid(json("{\"hardwareInformation\":{\"esimIdentifier\":\"89\"}}")) ==
          NULL);
    CHECK(device_eid(json("{}")) == NULL);
}

static void the_newest_of_several_actions_counts(void)
{
    start();
    json_t *device = json(
        "{\"deviceActionResults\":[{\"actionName\":\"a\",\"actionState\":\"failed\","
        "\"startDateTime\":\"2026-01-01T00:00:00Z\"},{\"actionName\":\"a\","
        "\"actionState\":\"done\",\"startDateTime\":\"2026-01-02T00:00:00Z\"},"
        "{\"actionName\":\"b\",\"actionState\":\"active\",\"startDateTime\":"
        "\"2026-01-03T00:00:00Z\"}]}");
    CHECK_TEXT(esim_json_text(device_action(device, "a"), "actionState"), "done");
    CHECK(device_action(device, "c") == NULL);
    CHECK(device_action(json("{}"), "a") == NULL);
}

static void a_request_has_a_uuid_of_its_own(void)
{
    uint8_t random[32];
    start();
    memset(random, 0xff, sizeof random);
    CHECK_TEXT(graph_request_id(random), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

static void a_wrong_setting_is_named(void)
{
    static const struct {
        const char *settings, *name;
    } rows[] = {
        { "{}", NULL },
        { "{\"graph_root\":\"https://graph.example:444\",\"v1_path\":\"/v1.0\"}",
          NULL },
        { "{\"graph_root\":\"https://graph.example/v1.0\"}", "graph_root" },
        { "{\"graph_root\":\"graph.example\"}", "graph_root" },
        { "{\"graph_root\":7}", "graph_root" },
        { "{\"beta_path\":\"beta\"}", "beta_path" },
        { "{\"v1_path\":\"/v1.0/\"}", "v1_path" },
        { "{\"name_prefix\":\"a'b\"}", "name_prefix" },
        { "{\"page_size\":0}", "page_size" },
        { "{\"page_size\":\"5\"}", "page_size" },
        { "{\"follow_hours\":-1}", "follow_hours" },
        { "{\"list_eid\":1}", "list_eid" },
        { "{\"permissions\":[]}", "permissions" },
        { "{\"permissions\":{\"device.list\":1}}", "permissions" },
        { "{\"permissions\":{\"device.list\":\"X\"},\"timeout_ms\":5}", NULL },
        { "{\"timeout_ms\":600001}", "timeout_ms" },
        { "[]", "" },
    };
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    start();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct esim_problem *problem = check->settings(bytes(rows[i].settings));
        CHECK_INT(problem == NULL, rows[i].name == NULL);
        if (problem != NULL && rows[i].name != NULL) {
            CHECK_TEXT(text(problem->code), rows[i].name);
        }
    }
}

TESTS("intune_wire", CASE(a_link_is_followed_at_its_own_host_only),
      CASE(a_link_stays_below_its_root), CASE(an_id_stands_in_a_path_without_harm),
      CASE(a_literal_cannot_end_early), CASE(a_page_is_a_list_with_or_without_a_link),
      CASE(an_error_gives_its_code_and_request_id_and_none_of_its_words),
      CASE(an_activation_code_gives_address_and_matching_id),
      CASE(an_iccid_loses_its_pad), CASE(a_batch_holds_twenty_and_is_read_in_any_order),
      CASE(a_device_is_told_in_our_own_words),
      CASE(the_newest_of_several_actions_counts), CASE(a_request_has_a_uuid_of_its_own),
      CASE(a_wrong_setting_is_named), CASE(memory_goes_back_to_the_host))
