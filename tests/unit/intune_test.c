/* The Intune adapter's other flows through its entry, as a cell calls them: compliance,
 * messages, lists and scripts; and what each kind of reply means. */
#include "check.h"

#include "intune_play.h"

/* ---- device.compliance ---- */

#define BATCH(reply)                                                                  \
    {                                                                                 \
        "POST /v1.0/$batch",                                                          \
            "{\"requests\":[{\"id\":\"device\",\"method\":\"GET\",\"url\":\"" DEVICES \
            "/" DEV "?$select=id,complianceState,lastSyncDateTime,"                   \
            "complianceGracePeriodExpirationDateTime\"},{\"id\":\"policies\","        \
            "\"method\":"                                                             \
            "\"GET\",\"url\":\"" DEVICES "/" DEV "/deviceCompliancePolicyStates\","   \
            "\"dependsOn\":[\"device\"]}]}",                                          \
            200, "{\"responses\":[" reply "]}", NULL                                  \
    }
#define BATCH_DEVICE                                                   \
    "{\"id\":\"device\",\"status\":200,\"body\":{\"complianceState\":" \
    "\"noncompliant\",\"lastSyncDateTime\":\"2026-01-01T00:00:00Z\"}}"
#define BATCH_POLICIES                                                                 \
    "{\"id\":\"policies\",\"status\":200,\"body\":{\"value\":[{\"displayName\":\"P\"," \
    "\"state\":\"nonCompliant\"}]}}"

static void compliance_is_one_batch_in_any_order(void)
{
    static const struct turn turns[] = {
        BATCH("{\"id\":\"policies\",\"status\":424},"
              "{\"id\":\"device\",\"status\":429,\"headers\":{\"Retry-After\":\"9\"}}"),
        BATCH(BATCH_DEVICE ",{\"id\":\"policies\",\"status\":503}"),
        BATCH(BATCH_POLICIES "," BATCH_DEVICE),
    };
    struct play play = { .capability = ESIM_DEVICE_COMPLIANCE,
                         .input = "{\"device_id\":\"" DEV "\"}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result,
               "{\"compliance\":\"noncompliant\",\"at\":\"2026-01-01T00:00:"
               "00Z\",\"policies\":[{\"name\":\"P\",\"state\":"
               "\"nonCompliant\"}]}");
    CHECK_TEXT(play.waits, "9 10");
}

static void a_device_missing_in_a_batch_is_told(void)
{
    static const struct turn turns[] = { BATCH(
        "{\"id\":\"policies\",\"status\":424},{\"id\":\"device\",\"status\":404,"
        "\"body\":" ERROR("NotFound") "}") };
    struct play play = { .capability = ESIM_DEVICE_COMPLIANCE,
                         .input = "{\"device_id\":\"" DEV "\"}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_REFUSED);
    CHECK_TEXT(play.code, "device_unknown");
    CHECK_TEXT(play.carrier_code, "NotFound/r-1");
}

/* ---- device.notify: the table of replies ---- */

#define NOTIFY_INPUT "{\"device_id\":\"" DEV "\",\"title\":\"T\",\"text\":\"X\"}"

struct reply_row {
    int status;
    const char *body, *retry_after;
    esim_outcome outcome;
    const char *code, *carrier_code;
};

/* clang-format off */
static const struct reply_row reply_rows[] = {
    { 204, "", NULL, ESIM_DONE, "", "" },
    { 200, "{}", NULL, ESIM_DONE, "", "" },
    { 401, ERROR("InvalidAuthenticationToken"), NULL, ESIM_REFUSED, "unauthorised", "InvalidAuthenticationToken/r-1" },
    { 403, ERROR("Forbidden"), NULL, ESIM_REFUSED, "permission_missing", "Forbidden/r-1" },
    { 404, ERROR("ResourceNotFound"), NULL, ESIM_REFUSED, "device_unknown", "ResourceNotFound/r-1" },
    { 400, ERROR("BadRequest"), NULL, ESIM_REFUSED, "request_refused", "BadRequest/r-1" },
    { 409, "", NULL, ESIM_REFUSED, "request_refused", "HTTP 409" },
    { 302, "", NULL, ESIM_REFUSED, "redirected", "HTTP 302" },
    { 500, "", NULL, ESIM_UNKNOWN, "server_error", "HTTP 500" },
    { 502, "", NULL, ESIM_UNKNOWN, "server_error", "HTTP 502" },
    { 504, "", NULL, ESIM_UNKNOWN, "server_error", "HTTP 504" },
};
/* clang-format on */

static void each_reply_ends_in_one_of_four_ways_with_a_name(void)
{
    for (size_t i = 0; i < sizeof reply_rows / sizeof reply_rows[0]; i++) {
        const struct reply_row *row = &reply_rows[i];
        const struct turn turns[] = {
            { "POST /beta" DEVICES "/" DEV "/sendCustomNotificationToCompanyPortal",
              "{\"notificationTitle\":\"T\",\"notificationBody\":\"X\"}", row->status,
              row->body, row->retry_after },
        };
        struct play play = { .capability = ESIM_DEVICE_NOTIFY,
                             .input = NOTIFY_INPUT,
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, row->outcome);
        CHECK_TEXT(play.code, row->code);
        CHECK_TEXT(play.carrier_code, row->carrier_code);
        CHECK(strstr(play.message, "SECRET") == NULL);
        CHECK_INT(play.last_repeat, ESIM_ONCE);
        CHECK_TEXT(play.request_id, "07070707-0707-4707-8707-070707070707");
    }
}

static void a_lost_message_is_unknown_and_never_sent_twice(void)
{
    static const struct turn turns[] = { { "POST /beta" DEVICES, NULL, 0, NULL,
                                           NULL } };
    struct play play = { .capability = ESIM_DEVICE_NOTIFY,
                         .input = NOTIFY_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(play.code, "no_query");
}

static void the_missing_permission_is_named_as_the_operator_calls_it(void)
{
    static const struct turn turns[] = { { "POST /beta" DEVICES, NULL, 403,
                                           ERROR("Forbidden"), NULL } };
    struct play play = { .capability = ESIM_DEVICE_NOTIFY,
                         .input = NOTIFY_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK(strstr(play.message, "DeviceManagementManagedDevices.ReadWrite.All") != NULL);
    play.settings = "{\"permissions\":{\"device.notify\":\"Our.Own.Name\"}}";
    play.asked = 0;
    play_it(&play);
    CHECK(strstr(play.message, "Our.Own.Name") != NULL);
}

/* With Retry-After exactly that long, without it longer each time, and not for ever. */
static void throttling_is_met_with_patience(void)
{
    static const struct turn turns[] = {
        { "POST", NULL, 429, "", "17" }, { "POST", NULL, 429, "", NULL },
        { "POST", NULL, 503, "", NULL }, { "POST", NULL, 503, "", "0" },
        { "POST", NULL, 429, "", NULL },
    };
    struct play play = { .capability = ESIM_DEVICE_NOTIFY,
                         .input = NOTIFY_INPUT,
                         .settings = "{\"tries\":4}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_NOT_YET);
    CHECK_TEXT(play.code, "throttled");
    CHECK_TEXT(play.waits, "17 20 40 0");
}

/* ---- device.list ---- */

#define SELECT                                                                    \
    "?$select=id,deviceName,userPrincipalName,operatingSystem,osVersion,"         \
    "complianceState,lastSyncDateTime,enrolledDateTime,model,manufacturer,"       \
    "serialNumber,imei,meid,iccid,phoneNumber,subscriberCarrier,azureADDeviceId," \
    "managedDeviceOwnerType"

static void pages_are_followed_to_the_last_even_when_one_is_empty(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0" DEVICES SELECT
          "&$top=100&$filter=lastSyncDateTime%20ge%202026-01-"
          "01T00%3A00%3A00Z",
          NULL, 200, NEXT("{\"id\":\"a\"}", ROOT "/v1.0" DEVICES "?$skiptoken=2"),
          NULL },
        { "GET /v1.0" DEVICES "?$skiptoken=2", NULL, 200,
          NEXT("", ROOT "/v1.0" DEVICES "?$skiptoken=3"), NULL },
        { "GET /v1.0" DEVICES "?$skiptoken=3", NULL, 200, LIST("{\"id\":\"b\"}"),
          NULL },
    };
    struct play play = { .capability = ESIM_DEVICE_LIST,
                         .input = "{\"since\":\"2026-01-01T00:00:00Z\"}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result,
               "{\"devices\":[{\"device_id\":\"a\"},{\"device_id\":\"b\"}],"
               "\"at\":\"2026-01-02T03:04:05Z\"}");
}

static void a_link_elsewhere_ends_the_list(void)
{
    static const struct {
        const char *link, *code;
    } rows[] = {
        { "https://evil.example/v1.0" DEVICES, "next_link_elsewhere" },
        { ROOT ".evil.example/v1.0" DEVICES, "next_link_elsewhere" },
        { ROOT "/v10ed/.ice" DEVICES "?$skiptoken=2", "next_link_elsewhere" },
        { ROOT "/v1.0/../admin" DEVICES, "next_link_elsewhere" },
        { ROOT "/v1.0", "next_link_elsewhere" },
        { ROOT "/v1.0" DEVICES SELECT "&$top=100", "next_link_loops" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reply[1024];
        CHECK(snprintf(reply, sizeof reply, "{\"value\":[],\"@odata.nextLink\":\"%s\"}",
                       rows[i].link) > 0);
        const struct turn turns[] = { { "GET /v1.0" DEVICES, NULL, 200, reply, NULL } };
        struct play play = { .capability = ESIM_DEVICE_LIST,
                             .input = "{}",
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, rows[i].code);
    }
}

/* A list too long for one order ends with a cursor, and the next goes on from there. */
static void a_long_list_goes_on_with_a_cursor(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0" DEVICES SELECT "&$top=2", NULL, 200,
          NEXT("{\"id\":\"a\"},{\"id\":\"b\"}", ROOT "/v1.0" DEVICES "?$skiptoken=2"),
          NULL },
    };
    static const struct turn rest[] = {
        { "GET /v1.0" DEVICES "?$skiptoken=2", NULL, 200, LIST("{\"id\":\"c\"}"),
          NULL },
    };
    struct play play = { .capability = ESIM_DEVICE_LIST,
                         .input = "{\"limit\":2}",
                         TURNS(turns) };
    play_it(&play);
    CHECK(strstr(play.result, "\"cursor\":\"/v1.0" DEVICES "?$skiptoken=2\"") != NULL);
    struct play more = { .capability = ESIM_DEVICE_LIST,
                         .input = "{\"cursor\":\"/v1.0" DEVICES "?$skiptoken=2\"}",
                         TURNS(rest) };
    play_it(&more);
    CHECK_INT(more.outcome, ESIM_DONE);
    CHECK(strstr(more.result, "cursor") == NULL);
}

static void a_cursor_or_time_of_somebody_elses_is_refused(void)
{
    static const char *const inputs[] = {
        "{\"cursor\":\"/v1.0/users?x\"}",
        "{\"cursor\":\"//evil.example/v1.0" DEVICES "?\"}",
        "{\"cursor\":\"https://evil.example\"}",
        "{\"since\":\"yesterday\"}",
    };
    for (size_t i = 0; i < 4; i++) {
        struct play play = { .capability = ESIM_DEVICE_LIST, .input = inputs[i] };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, "input_wrong");
    }
}

/* Some of a batch may be turned away: only those are asked again. */
static void eids_come_in_batches_and_throttled_ones_again(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0" DEVICES SELECT "&$top=40", NULL, 200,
          LIST("{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}"), NULL },
        { "POST /beta/$batch",
          "{\"requests\":[{\"id\":\"a\",\"method\":\"GET\",\"url\":\"" DEVICES
          "/a?$select=id,hardwareInformation\"},{\"id\":\"b\",\"method\":\"GET\","
          "\"url\":"
          "\"" DEVICES "/b?$select=id,hardwareInformation\"},{\"id\":\"c\",\"method\":"
          "\"GET\",\"url\":\"" DEVICES "/c?$select=id,hardwareInformation\"}]}",
          200,
          "{\"responses\":[{\"id\":\"c\",\"status\":404},{\"id\":\"b\",\"status\":429,"
          "\"headers\":{\"Retry-After\":\"21\"}},{\"id\":\"a\",\"status\":200,\"body\":"
          "{"
          "\"hardwareInformation\":{\"esimIdentifier\":"
          "\"89001012012341234012345678901224\"}}}]}",
          NULL },
        { "POST /beta/$batch",
          "{\"requests\":[{\"id\":\"b\",\"method\":\"GET\",\"url\":\"" DEVICES
          "/b?$select=id,hardwareInformation\"}]}",
          200,
          "{\"responses\":[{\"id\":\"b\",\"status\":200,\"body\":{"
          "\"hardwareInformation\":{\"esimIdentifier\":\"\"}}}]}",
          NULL },
    };
    struct play play = { .capability = ESIM_DEVICE_LIST,
                         .input = "{}",
                         .settings = "{\"list_eid\":true}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result,
               "{\"devices\":[{\"device_id\":\"a\",\"eid\":"
               "\"89001012012341234012345678901224\"},{\"device_id\":\"b\"},"
               "{\"device_id\":\"c\"}],\"at\":\"2026-01-02T03:04:05Z\"}");
    CHECK_TEXT(play.waits, "21");
}

/* ---- script.deploy ---- */

#define SCRIPT_INPUT                                                      \
    "{\"name\":\"Set up eSIM\",\"content\":\"Write-Output 1\",\"group\":" \
    "\"grp-1\",\"devices_expected\":2}"
#define FIND_SCRIPT(reply)                                                    \
    {                                                                         \
        "GET /beta" SCRIPTS "?$select=id,description", NULL, 200, reply, NULL \
    }
#define CREATE_SCRIPT(status, reply)                                            \
    {                                                                           \
        "POST /beta" SCRIPTS,                                                   \
            "{\"@odata.type\":\"#microsoft.graph.deviceManagementScript\","     \
            "\"displayName\":"                                                  \
            "\"Set up eSIM\",\"description\":\"" NAME "\",\"scriptContent\":"   \
            "\"V3JpdGUtT3V0cHV0IDE=\",\"runAsAccount\":\"system\","             \
            "\"enforceSignatureCheck\":false,\"fileName\":\"Set-up-eSIM.ps1\"," \
            "\"roleScopeTagIds\":[\"0\"],\"runAs32Bit\":false}",                \
            status, reply, NULL                                                 \
    }
#define ASSIGN_SCRIPT                                                                 \
    {                                                                                 \
        "POST /beta" SCRIPTS "/scr-1/assign",                                         \
            "{\"deviceManagementScriptAssignments\":[{\"@odata.type\":"               \
            "\"#microsoft.graph.deviceManagementScriptAssignment\",\"target\":{"      \
            "\"@odata.type\":\"#microsoft.graph.groupAssignmentTarget\",\"groupId\":" \
            "\"grp-1\"}}]}",                                                          \
            204, "", NULL                                                             \
    }
#define RUNS(reply)                                                          \
    {                                                                        \
        "GET /beta" SCRIPTS "/scr-1/deviceRunStates", NULL, 200, reply, NULL \
    }
#define RAN(state) "{\"runState\":\"" state "\",\"resultMessage\":\"SECRET\"}"

static void a_script_is_made_assigned_and_followed(void)
{
    static const struct turn turns[] = {
        FIND_SCRIPT(LIST("")),
        CREATE_SCRIPT(201, "{\"id\":\"scr-1\"}"),
        ASSIGN_SCRIPT,
        RUNS(LIST(RAN("pending"))),
        RUNS(NEXT(RAN("success"), ROOT "/beta" SCRIPTS "/scr-1/deviceRunStates?p=2")),
        { "GET /beta" SCRIPTS "/scr-1/deviceRunStates?p=2", NULL, 200,
          LIST(RAN("scriptError")), NULL },
    };
    struct play play = { .capability = ESIM_SCRIPT_DEPLOY,
                         .input = SCRIPT_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, "{\"script_id\":\"scr-1\",\"state\":\"partial\","
                            "\"succeeded\":1,\"failed\":1}");
}

static void a_script_that_was_made_before_is_found(void)
{
    static const struct turn turns[] = {
        FIND_SCRIPT(LIST("")),
        CREATE_SCRIPT(504, ""),
        FIND_SCRIPT(LIST("{\"id\":\"scr-1\",\"description\":\"" NAME "\"}")),
        ASSIGN_SCRIPT,
        RUNS(LIST(RAN("fail") "," RAN("fail"))),
    };
    struct play play = { .capability = ESIM_SCRIPT_DEPLOY,
                         .input = SCRIPT_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_REFUSED);
    CHECK_TEXT(play.code, "script_failed");
    CHECK(strstr(play.message, "SECRET") == NULL);
}

static void a_refusal_after_something_was_done_is_held_for_a_person(void)
{
    static const struct turn turns[] = {
        FIND_SCRIPT(LIST("")),
        CREATE_SCRIPT(201, "{\"id\":\"scr-1\"}"),
        { "POST /beta" SCRIPTS "/scr-1/assign", NULL, 403, ERROR("Forbidden"), NULL },
    };
    struct play play = { .capability = ESIM_SCRIPT_DEPLOY,
                         .input = SCRIPT_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(play.code, "permission_missing");
}

static void a_script_that_cannot_be_one_is_refused_before_any_call(void)
{
    static const char *const inputs[] = {
        "{\"content\":\"x\",\"group\":\"g\"}",
        "{\"name\":\"n\",\"group\":\"g\"}",
        "{\"name\":\"n\",\"content\":\"x\"}",
        "{\"name\":\"n\",\"content\":\"x\",\"group\":\"g\",\"run_as\":\"root\"}",
    };
    for (size_t i = 0; i < 4; i++) {
        struct play play = { .capability = ESIM_SCRIPT_DEPLOY, .input = inputs[i] };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, "input_wrong");
    }
}

TESTS("intune", CASE(compliance_is_one_batch_in_any_order),
      CASE(a_device_missing_in_a_batch_is_told),
      CASE(each_reply_ends_in_one_of_four_ways_with_a_name),
      CASE(a_lost_message_is_unknown_and_never_sent_twice),
      CASE(the_missing_permission_is_named_as_the_operator_calls_it),
      CASE(throttling_is_met_with_patience),
      CASE(pages_are_followed_to_the_last_even_when_one_is_empty),
      CASE(a_link_elsewhere_ends_the_list), CASE(a_long_list_goes_on_with_a_cursor),
      CASE(a_cursor_or_time_of_somebody_elses_is_refused),
      CASE(eids_come_in_batches_and_throttled_ones_again),
      CASE(a_script_is_made_assigned_and_followed),
      CASE(a_script_that_was_made_before_is_found),
      CASE(a_refusal_after_something_was_done_is_held_for_a_person),
      CASE(a_script_that_cannot_be_one_is_refused_before_any_call),
      CASE(memory_goes_back_to_the_host))
