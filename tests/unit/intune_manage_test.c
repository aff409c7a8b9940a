/* One device, groups, configuration profiles and dry runs, step by step against a
 * script of Graph's replies. */
#include "check.h"

#include <stdio.h>
#include <string.h>

#include "intune_play.h"

#define CONFIGS "/deviceManagement/deviceConfigurations"

/* ---- one device ---- */

#define READ_DEVICE(status, reply)                                            \
    {                                                                         \
        "GET /v1.0" DEVICES "/" DEV "?$select=id,", NULL, status, reply, NULL \
    }
#define READ_HARDWARE(status, reply)                                                 \
    {                                                                                \
        "GET /beta" DEVICES "/" DEV "?$select=id,hardwareInformation", NULL, status, \
            reply, NULL                                                              \
    }

static void a_device_is_told_with_its_eid_or_without(void)
{
    static const struct {
        int status;
        const char *reply, *eid;
    } rows[] = {
        { 200,
          "{\"hardwareInformation\":{\"esimIdentifier\":"
          "\"89001012012341234012345678901224\"}}",
          ",\"eid\":\"89001012012341234012345678901224\"" },
        { 200, "{\"hardwareInformation\":{\"esimIdentifier\":\"none\"}}", "" },
        { 400, ERROR("BadRequest"), "" },
        { 403, ERROR("Forbidden"), "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct turn turns[] = {
            READ_DEVICE(200, "{\"id\":\"" DEV "\",\"deviceName\":\"PC\"}"),
            READ_HARDWARE(rows[i].status, rows[i].reply),
        };
        struct play play = { .capability = ESIM_DEVICE_READ,
                             .input = "{\"device_id\":\"" DEV "\"}",
                             TURNS(turns) };
        char expected[200];
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_DONE);
        CHECK(snprintf(expected, sizeof expected,
                       "{\"devices\":[{\"device_id\":\"" DEV
                       "\",\"name\":\"PC\"%s}],\"at\":\"2026-01-02T03:04:05Z\"}",
                       rows[i].eid) > 0);
        CHECK_TEXT(play.result, expected);
    }
}

static void a_device_is_asked_to_report_and_to_retire(void)
{
    static const struct {
        const char *capability, *ask;
    } rows[] = {
        { ESIM_DEVICE_SYNC, "POST /v1.0" DEVICES "/" DEV "/syncDevice" },
        { ESIM_DEVICE_RETIRE, "POST /v1.0" DEVICES "/" DEV "/retire" },
    };
    for (size_t i = 0; i < 2; i++) {
        const struct turn turns[] = { { rows[i].ask, "", 429, ERROR("x"), "7" },
                                      { rows[i].ask, "", 204, "", NULL } };
        struct play play = { .capability = rows[i].capability,
                             .input = "{\"device_id\":\"" DEV "\"}",
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_DONE);
        CHECK_INT(play.last_repeat, ESIM_IDEMPOTENT);
        CHECK_TEXT(play.waits, "7");
        CHECK_TEXT(play.result, "{\"state\":\"requested\"}");
    }
}

/* ---- groups ---- */

#define DEVICE_OF(id)                                                        \
    {                                                                        \
        "GET /v1.0" DEVICES "/" id "?$select=id,azureADDeviceId", NULL, 200, \
            "{\"id\":\"" id "\",\"azureADDeviceId\":\"aad-" id "\"}", NULL   \
    }
#define OBJECT_OF(id)                                                            \
    {                                                                            \
        "GET /v1.0/devices?$filter=deviceId%20eq%20%27aad-" id "%27", NULL, 200, \
            LIST("{\"id\":\"obj-" id "\"}"), NULL                                \
    }
#define ADD(id, status)                                                              \
    {                                                                                \
        "POST /v1.0/groups/g/members/$ref",                                          \
            "{\"@odata.id\":\"" ROOT "/v1.0/directoryObjects/obj-" id "\"}", status, \
            ERROR("Request_BadRequest"), NULL                                        \
    }
#define REMOVE(id, status)                                                      \
    {                                                                           \
        "DELETE /v1.0/groups/g/members/obj-" id "/$ref", NULL, status, "", NULL \
    }

/* "Already a member" is 400 like any other: only the members tell. */
static void members_that_are_there_or_gone_already_are_fine(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0/groups/g?$select=id", NULL, 200, "{\"id\":\"g\"}", NULL },
        DEVICE_OF("a"),
        OBJECT_OF("a"),
        ADD("a", 400),
        { "GET /v1.0/groups/g/members?", NULL, 200,
          NEXT("{\"id\":\"other\"}", ROOT "/v1.0/groups/g/members?p=2"), NULL },
        { "GET /v1.0/groups/g/members?p=2", NULL, 200, LIST("{\"id\":\"obj-a\"}"),
          NULL },
        DEVICE_OF("b"),
        OBJECT_OF("b"),
        REMOVE("b", 404),
    };
    struct play play = { .capability = ESIM_GROUP_CHANGE,
                         .input = "{\"group\":\"g\",\"add\":[\"a\"],"
                                  "\"remove\":[\"b\"]}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, "{\"group_id\":\"g\",\"state\":\"done\","
                            "\"added\":1,\"removed\":1}");
}

static void a_member_that_is_refused_is_held(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0/groups/g?$select=id", NULL, 200, "{\"id\":\"g\"}", NULL },
        DEVICE_OF("a"),
        OBJECT_OF("a"),
        ADD("a", 400),
        { "GET /v1.0/groups/g/members?", NULL, 200, LIST(""), NULL },
    };
    struct play play = { .capability = ESIM_GROUP_CHANGE,
                         .input = "{\"group\":\"g\",\"add\":[\"a\"]}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(play.code, "member_refused");
}

/* A new group is not known everywhere at once. */
static void a_new_group_is_given_time(void)
{
    static const struct turn turns[] = {
        { "GET /v1.0/groups?$filter=displayName%20eq%20%27It%27%27s%20new%27", NULL,
          200, LIST(""), NULL },
        { "POST /v1.0/groups",
          "{\"displayName\":\"It's new\",\"description\":\"" NAME
          "\",\"mailNickname\":\"It-s-new\",\"mailEnabled\":false,"
          "\"securityEnabled\":true}",
          201, "{\"id\":\"g\"}", NULL },
        DEVICE_OF("a"),
        OBJECT_OF("a"),
        ADD("a", 404),
        ADD("a", 204),
    };
    struct play play = { .capability = ESIM_GROUP_CHANGE,
                         .input = "{\"name\":\"It's new\",\"add\":[\"a\"]}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.waits, "30");
}

static void what_no_group_can_hold_is_refused_before_any_call(void)
{
    static const char *const inputs[] = {
        "{}",
        "{\"group\":\"g\",\"name\":\"n\"}",
        "{\"group\":\"g/h\"}",
        "{\"name\":\"\"}",
        "{\"group\":\"g\",\"add\":[7]}",
        "{\"group\":\"g\",\"remove\":[\"a b\"]}",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct play play = { .capability = ESIM_GROUP_CHANGE, .input = inputs[i] };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, "input_wrong");
    }
}

/* ---- configuration profiles ---- */

#define CONFIG_INPUT                                                  \
    "{\"name\":\"n\",\"group\":\"g\",\"settings\":[{\"uri\":\"./a\"," \
    "\"value\":true},{\"uri\":\"./b\",\"value\":5}]}"
#define FIND_CONFIG(reply)                                                    \
    {                                                                         \
        "GET /v1.0" CONFIGS "?$select=id,description", NULL, 200, reply, NULL \
    }

static void a_profile_found_by_its_description_is_assigned_and_read_back(void)
{
    static const struct turn turns[] = {
        FIND_CONFIG(LIST("{\"id\":\"c\",\"description\":\"" NAME "\"}")),
        { "POST /v1.0" CONFIGS "/c/assign", NULL, 200, LIST(""), NULL },
        { "GET /v1.0" CONFIGS "/c?$expand=assignments", NULL, 200,
          "{\"omaSettings\":[{},{}],\"assignments\":[{\"id\":\"c_g\","
          "\"target\":{\"groupId\":\"g\"}}]}",
          NULL },
    };
    struct play play = { .capability = ESIM_CONFIG_DEPLOY,
                         .input = CONFIG_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, "{\"config_id\":\"c\",\"assignment_id\":\"c_g\","
                            "\"state\":\"assigned\"}");
}

static void settings_that_cannot_be_are_refused_before_any_call(void)
{
    static const char *const settings[] = {
        "[]",
        "[{\"uri\":\"./a\"}]",
        "[{\"value\":1}]",
        "[{\"uri\":\"a\",\"value\":1}]",
        "[{\"uri\":\"./a\",\"value\":1.5}]",
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        char input[200];
        CHECK(snprintf(input, sizeof input,
                       "{\"name\":\"n\",\"group\":\"g\",\"settings\":%s}",
                       settings[i]) > 0);
        struct play play = { .capability = ESIM_CONFIG_DEPLOY, .input = input };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, "input_wrong");
    }
}

/* ---- dry runs ---- */

static void a_dry_run_ends_where_something_would_change(void)
{
    static const struct turn turns[] = { FIND_CONFIG(LIST("")) };
    struct play play = { .capability = ESIM_CONFIG_DEPLOY,
                         .input = "{\"dry_run\":true,\"name\":\"n\",\"group\":"
                                  "\"g\",\"settings\":[{\"uri\":\"./a\","
                                  "\"value\":\"x\"}]}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, "{\"state\":\"planned\",\"would\":[\"make the "
                            "configuration profile\",\"assign the profile to the "
                            "group\"]}");
}

TESTS("intune_manage", CASE(a_device_is_told_with_its_eid_or_without),
      CASE(a_device_is_asked_to_report_and_to_retire),
      CASE(members_that_are_there_or_gone_already_are_fine),
      CASE(a_member_that_is_refused_is_held), CASE(a_new_group_is_given_time),
      CASE(what_no_group_can_hold_is_refused_before_any_call),
      CASE(a_profile_found_by_its_description_is_assigned_and_read_back),
      CASE(settings_that_cannot_be_are_refused_before_any_call),
      CASE(a_dry_run_ends_where_something_would_change),
      CASE(memory_goes_back_to_the_host))
