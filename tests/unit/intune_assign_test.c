/* The Intune adapter hands an eSIM to a device: device.assign and device.activate through
 * its entry, as a cell calls them; what is asked in which order, and what happens when
 * an answer is lost. */
#include "check.h"

#include "intune_play.h"

#define ASSIGN_INPUT                                       \
    "{\"device_id\":\"" DEV "\",\"iccid\":\"" ICCID "F\"," \
    "\"activation_code\":\"1$smdp.example.com$CANARY-77\"}"

/* ---- device.assign ---- */

#define GET_DEVICE                                                                  \
    {                                                                               \
        "GET /v1.0" DEVICES "/" DEV "?$select=id,deviceName,azureADDeviceId", NULL, \
            200,                                                                    \
            "{\"id\":\"" DEV                                                        \
            "\",\"deviceName\":\"PC-1\",\"azureADDeviceId\":\"aad-1\"}",            \
            NULL                                                                    \
    }
#define GET_DIRECTORY                                                                  \
    {                                                                                  \
        "GET /v1.0/devices?$filter=deviceId%20eq%20%27aad-1%27&$select=id", NULL, 200, \
            LIST("{\"id\":\"obj-1\"}"), NULL                                           \
    }
#define FIND_GROUP(reply)                                                              \
    {                                                                                  \
        "GET /v1.0/groups?$filter=displayName%20eq%20%27" NAME "%27&$select=id", NULL, \
            200, reply, NULL                                                           \
    }
#define CREATE_GROUP(status, reply)                                               \
    {                                                                             \
        "POST /v1.0/groups",                                                      \
            "{\"displayName\":\"" NAME                                            \
            "\",\"description\":\"Made by esimd to hand one "                     \
            "eSIM to PC-1\",\"mailNickname\":\"" NAME "\",\"mailEnabled\":false," \
            "\"securityEnabled\":true}",                                          \
            status, reply, NULL                                                   \
    }
#define ADD_MEMBER(status, reply)                                                 \
    {                                                                             \
        "POST /v1.0/groups/grp-1/members/$ref",                                   \
            "{\"@odata.id\":\"https://graph.microsoft.com/v1.0/directoryObjects/" \
            "obj-1\"}",                                                           \
            status, reply, NULL                                                   \
    }
#define FIND_POOL(reply)                          \
    {                                             \
        "GET /beta" POOLS, NULL, 200, reply, NULL \
    }
#define CREATE_POOL(status, reply)                                                 \
    {                                                                              \
        "POST /beta" POOLS,                                                        \
            "{\"@odata.type\":\"#microsoft.graph.embeddedSIMActivationCodePool\"," \
            "\"displayName\":\"" NAME "\",\"activationCodes\":[{"                  \
            "\"integratedCircuitCardIdentifier\":\"" ICCID                         \
            "\",\"matchingIdentifier\":"                                           \
            "\"CANARY-77\",\"smdpPlusServerAddress\":\"smdp.example.com\"}]}",     \
            status, reply, NULL                                                    \
    }
#define ASSIGN_POOL                                                                    \
    {                                                                                  \
        "POST /beta" POOLS "/pool-1/assign",                                           \
            "{\"assignments\":[{\"@odata.type\":"                                      \
            "\"#microsoft.graph.embeddedSIMActivationCodePoolAssignment\",\"target\":" \
            "{"                                                                        \
            "\"@odata.type\":\"#microsoft.graph.groupAssignmentTarget\",\"groupId\":"  \
            "\"grp-1\"}}]}",                                                           \
            200, LIST("{\"id\":\"asg-1\",\"target\":{\"groupId\":\"grp-1\"}}"), NULL   \
    }
#define STATES(reply)                                                    \
    {                                                                    \
        "GET /beta" POOLS "/pool-1/deviceStates", NULL, 200, reply, NULL \
    }
#define STATE(iccid, name, state)                            \
    "{\"universalIntegratedCircuitCardIdentifier\":\"" iccid \
    "\",\"deviceName\":\"" name "\",\"state\":\"" state "\"}"
#define GROUP_1 "{\"id\":\"grp-1\"}"
#define POOL_1  "{\"id\":\"pool-1\",\"activationCodeCount\":1}"
#define UP_TO_STATES                                                             \
    GET_DEVICE, GET_DIRECTORY, FIND_GROUP(LIST("")), CREATE_GROUP(201, GROUP_1), \
        ADD_MEMBER(204, ""), FIND_POOL(LIST("")), CREATE_POOL(201, POOL_1),      \
        ASSIGN_POOL
#define INSTALLED                                                                    \
    "{\"assignment_id\":\"asg-1\",\"state\":\"Installed\",\"targeting\":\"device\"," \
    "\"group_id\":\"grp-1\",\"pool_id\":\"pool-1\"}"

static void a_code_reaches_one_device_through_a_group_of_its_own(void)
{
    static const struct turn turns[] = {
        UP_TO_STATES,
        STATES(LIST("")),
        STATES(LIST(STATE("", "pc-1", "notEvaluated"))),
        STATES(LIST(STATE(ICCID, "PC-1", "installing"))),
        STATES(LIST(STATE(ICCID, "PC-1", "installed"))),
    };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, INSTALLED);
    CHECK_TEXT(play.waits, "60 120 240");
}

/* Waits grow to poll_most_s and end after follow_hours, with the order held. */
static void a_silent_device_is_followed_for_days_and_then_held(void)
{
    static struct turn turns[60];
    static const struct turn first[] = { UP_TO_STATES };
    size_t count = sizeof first / sizeof first[0];
    memcpy(turns, first, sizeof first);
    /* 1, 2, 4, 8, 16 and 32 minutes, then each hour. */
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         .settings = "{\"poll_most_s\":3600,\"follow_hours\":24}",
                         .turns = turns };
    while (count + 1 < 8 + 31)
        turns[count++] = (struct turn)STATES(LIST(""));
    play.turn_count = count;
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(play.code, "device_silent");
    CHECK(play.now_ms >= START_MS + 24 * 3600 * 1000);
    CHECK(play.now_ms < START_MS + 26 * 3600 * 1000);
}

static void without_following_the_assignment_is_the_end(void)
{
    static const struct turn turns[] = { UP_TO_STATES };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         .settings = "{\"follow_hours\":0}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK(strstr(play.result, "\"state\":\"Released\"") != NULL);
}

/* A second try finds group and pool by the operation's id: nothing is made twice. */
static void a_second_try_makes_nothing_anew(void)
{
    static const struct turn turns[] = {
        GET_DEVICE,
        GET_DIRECTORY,
        FIND_GROUP(LIST(GROUP_1)),
        ADD_MEMBER(400, ERROR("Request_BadRequest")),
        { "GET /v1.0/groups/grp-1/members", NULL, 200, LIST("{\"id\":\"obj-1\"}"),
          NULL },
        FIND_POOL("{\"value\":[{\"id\":\"x\",\"displayName\":\"other\"}],"
                  "\"@odata.nextLink\":\"https://graph.microsoft.com/beta" POOLS
                  "?$skiptoken=2\"}"),
        { "GET /beta" POOLS "?$skiptoken=2", NULL, 200,
          LIST("{\"id\":\"pool-1\",\"displayName\":\"" NAME "\"}"), NULL },
        ASSIGN_POOL,
        STATES(LIST(STATE(ICCID, "PC-1", "installed"))),
    };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         .attempt = 2,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, INSTALLED);
}

/* The question after a lost answer is the next try's first look. */
static void a_lost_answer_begins_anew_after_a_while(void)
{
    static const struct turn group[] = { GET_DEVICE, GET_DIRECTORY,
                                         FIND_GROUP(LIST("")), CREATE_GROUP(0, NULL) };
    static const struct turn pool[] = {
        GET_DEVICE,          GET_DIRECTORY,       FIND_GROUP(LIST(GROUP_1)),
        ADD_MEMBER(204, ""), FIND_POOL(LIST("")), CREATE_POOL(0, NULL)
    };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         TURNS(group) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_NOT_YET);
    CHECK_TEXT(play.code, "answer_lost");
    CHECK_TEXT(play.waits, "30");
    struct play second = { .capability = ESIM_DEVICE_ASSIGN,
                           .input = ASSIGN_INPUT,
                           TURNS(pool) };
    play_it(&second);
    CHECK_INT(second.outcome, ESIM_NOT_YET);
    CHECK_INT(second.last_repeat, ESIM_ONCE);
}

/* A 500 may have made it: it is looked for before anything is made again. */
static void a_failure_of_graph_is_looked_into_before_a_second_making(void)
{
    static const struct turn turns[] = {
        GET_DEVICE,
        GET_DIRECTORY,
        FIND_GROUP(LIST("")),
        CREATE_GROUP(500, ""),
        FIND_GROUP(LIST(GROUP_1)),
        ADD_MEMBER(404, ERROR("Request_ResourceNotFound")),
        ADD_MEMBER(204, ""),
        FIND_POOL(LIST("")),
        CREATE_POOL(502, "<html>"),
        FIND_POOL(LIST("")),
        CREATE_POOL(201, POOL_1),
        ASSIGN_POOL,
        STATES(LIST(STATE(ICCID, "PC-1", "installed"))),
    };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.waits, "30 30 30");
}

static void a_group_of_the_callers_is_used_and_its_chance_is_told(void)
{
    static const struct {
        const char *members, *state, *targeting;
    } rows[] = {
        { LIST("{\"id\":\"obj-1\"},{\"id\":\"obj-2\"}"),
          STATE(ICCID, "PC-1", "installed"), "\"targeting\":\"group\"" },
        { LIST("{\"id\":\"obj-1\"}"), STATE(ICCID, "PC-1", "installed"),
          "\"targeting\":\"device\"" },
        { LIST("{\"id\":\"obj-1\"},{\"id\":\"obj-2\"}"),
          STATE(ICCID, "PC-2", "installed"), "\"targeting\":\"other_device\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char states[512];
        CHECK(snprintf(states, sizeof states, "{\"value\":[%s]}", rows[i].state) > 0);
        const struct turn turns[] = {
            GET_DEVICE,
            GET_DIRECTORY,
            { "GET /v1.0/groups/grp-1/members?$select=id&$top=100", NULL, 200,
              rows[i].members, NULL },
            FIND_POOL(LIST("")),
            CREATE_POOL(201, POOL_1),
            ASSIGN_POOL,
            STATES(states),
        };
        struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                             .input = "{\"device_id\":\"" DEV "\",\"iccid\":\"" ICCID
                                      "\",\"group\":\"grp-1\",\"activation_code\":"
                                      "\"1$smdp.example.com$CANARY-77\"}",
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_DONE);
        CHECK(strstr(play.result, rows[i].targeting) != NULL);
    }
}

/* A device that failed leaves its group, so that it does not go on trying. */
static void a_failed_device_leaves_its_group(void)
{
    static const struct {
        const char *state, *code;
        int removed;
    } rows[] = {
        { STATE(ICCID, "PC-1", "failed"), "install_failed", 204 },
        { STATE(ICCID, "PC-1", "error"), "install_failed", 404 },
        { STATE(ICCID, "PC-1", "removedByUser"), "removed", 204 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char states[512];
        CHECK(snprintf(states, sizeof states, "{\"value\":[%s]}", rows[i].state) > 0);
        const struct turn turns[] = {
            UP_TO_STATES,
            STATES(states),
            { "DELETE /v1.0/groups/grp-1/members/obj-1/$ref", NULL, rows[i].removed, "",
              NULL },
        };
        struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                             .input = ASSIGN_INPUT,
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, rows[i].code);
    }
}

static void what_cannot_be_assigned_is_refused_before_any_call(void)
{
    static const struct {
        const char *input, *code;
    } rows[] = {
        { "{\"device_id\":\"a/b\",\"iccid\":\"" ICCID
          "\",\"activation_code\":\"1$a.b$C\"}",
          "input_wrong" },
        { "{\"device_id\":\"d\",\"iccid\":\"12\",\"activation_code\":\"1$a.b$C\"}",
          "iccid_wrong" },
        { "{\"device_id\":\"d\",\"iccid\":\"" ICCID "\"}", "activation_code_missing" },
        { "{\"device_id\":\"d\",\"iccid\":\"" ICCID
          "\",\"activation_code\":\"CANARY\"}",
          "activation_code_wrong" },
        { "{\"device_id\":\"d\",\"iccid\":\"" ICCID
          "\",\"activation_code\":\"1$a.b$C$$1\"}",
          "confirmation_needed" },
        { "{\"device_id\":\"d\",\"iccid\":\"" ICCID
          "\",\"activation_code\":\"1$a.b$C\",\"group\":\"x y\"}",
          "input_wrong" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct play play = { .capability = ESIM_DEVICE_ASSIGN, .input = rows[i].input };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, rows[i].code);
        CHECK(strstr(play.message, "CANARY") == NULL);
    }
}

static void a_device_that_no_group_can_hold_is_told(void)
{
    static const struct turn not_joined[] = { { "GET /v1.0" DEVICES, NULL, 200,
                                                "{\"id\":\"" DEV "\"}", NULL } };
    static const struct turn not_synced[] = {
        GET_DEVICE, { "GET /v1.0/devices", NULL, 200, LIST(""), NULL }
    };
    static const struct turn unknown[] = { { "GET /v1.0" DEVICES, NULL, 404,
                                             ERROR("ResourceNotFound"), NULL } };
    struct play plays[] = {
        { .capability = ESIM_DEVICE_ASSIGN, .input = ASSIGN_INPUT, TURNS(not_joined) },
        { .capability = ESIM_DEVICE_ASSIGN, .input = ASSIGN_INPUT, TURNS(not_synced) },
        { .capability = ESIM_DEVICE_ASSIGN, .input = ASSIGN_INPUT, TURNS(unknown) },
    };
    static const char *const codes[] = { "device_not_in_directory",
                                         "device_not_in_directory", "device_unknown" };
    for (size_t i = 0; i < 3; i++) {
        play_it(&plays[i]);
        CHECK_INT(plays[i].outcome, ESIM_REFUSED);
        CHECK_TEXT(plays[i].code, codes[i]);
    }
}

/* ---- device.activate ---- */

#define ACTIVATE_INPUT \
    "{\"device_id\":\"" DEV "\",\"carrier_url\":\"https://c.example/a\"}"
#define ACTIONS(items)                                                             \
    {                                                                              \
        "GET /v1.0" DEVICES "/" DEV "?$select=id,deviceName,deviceActionResults",  \
            NULL, 200, "{\"id\":\"" DEV "\",\"deviceActionResults\":[" items "]}", \
            NULL                                                                   \
    }
#define ACTION(state, at)                                                   \
    "{\"actionName\":\"activateDeviceEsim\",\"actionState\":\"" state "\"," \
    "\"startDateTime\":\"2026-01-02T03:0" at ":00Z\"}"
#define ACTIVATE(status)                                                 \
    {                                                                    \
        "POST /beta" DEVICES "/" DEV "/activateDeviceEsim",              \
            "{\"carrierUrl\":\"https://c.example/a\"}", status, "", NULL \
    }

static void an_activation_is_followed_to_its_end(void)
{
    static const struct turn turns[] = {
        ACTIONS(ACTION("failed", "1")), /* An older one, of somebody else. */
        ACTIVATE(204),
        ACTIONS(ACTION("failed", "1")),
        ACTIONS(ACTION("failed", "1") "," ACTION("pending", "5")),
        ACTIONS(ACTION("failed", "1") "," ACTION("done", "5")),
    };
    struct play play = { .capability = ESIM_DEVICE_ACTIVATE,
                         .input = ACTIVATE_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.result, "{\"state\":\"done\"}");
    CHECK_TEXT(play.waits, "60 60 120");
}

static void an_activation_that_ended_badly_says_how(void)
{
    static const char *const states[][2] = { { "failed", "activation_failed" },
                                             { "canceled", "activation_cancelled" },
                                             { "notSupported", "not_supported" } };
    for (size_t i = 0; i < 3; i++) {
        char reply[512];
        CHECK(
            snprintf(reply, sizeof reply,
                     "{\"deviceActionResults\":[{\"actionName\":\"activateDeviceEsim\","
                     "\"actionState\":\"%s\",\"startDateTime\":\"2026-01-02T03:05:00Z\""
                     "}]}",
                     states[i][0]) > 0);
        const struct turn turns[] = { ACTIONS(""),
                                      ACTIVATE(204),
                                      { "GET /v1.0" DEVICES, NULL, 200, reply, NULL } };
        struct play play = { .capability = ESIM_DEVICE_ACTIVATE,
                             .input = ACTIVATE_INPUT,
                             TURNS(turns) };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, states[i][1]);
    }
}

/* The device itself tells whether a lost request arrived. */
static void a_lost_activation_is_looked_for_on_the_device(void)
{
    static const struct turn arrived[] = {
        ACTIONS(ACTION("done", "1")),
        ACTIVATE(0),
        ACTIONS(ACTION("done", "1")),
        ACTIONS(ACTION("done", "1") "," ACTION("active", "5")),
        ACTIONS(ACTION("done", "1") "," ACTION("done", "5")),
    };
    static const struct turn did_not[] = { ACTIONS(""), ACTIVATE(500), ACTIONS(""),
                                           ACTIONS(""), ACTIONS("") };
    struct play play = { .capability = ESIM_DEVICE_ACTIVATE,
                         .input = ACTIVATE_INPUT,
                         TURNS(arrived) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    struct play second = { .capability = ESIM_DEVICE_ACTIVATE,
                           .input = ACTIVATE_INPUT,
                           TURNS(did_not) };
    play_it(&second);
    CHECK_INT(second.outcome, ESIM_NOT_YET);
    CHECK_TEXT(second.code, "activation_not_seen");
}

/* Beginning anew would activate a second time: Graph is waited for instead. */
static void a_begun_activation_is_not_begun_anew_by_throttling(void)
{
    static const struct turn busy = { "GET /v1.0" DEVICES, NULL, 429, "", NULL };
    static const struct turn slow = { "GET /v1.0" DEVICES, NULL, 429, "", "700" };
    const struct turn turns[] = {
        ACTIONS(""), ACTIVATE(204), busy, busy, slow, busy, ACTIONS(ACTION("done", "5"))
    };
    const struct turn lost[] = {
        ACTIONS(""), ACTIVATE(0), busy, busy, slow, busy, ACTIONS(ACTION("done", "5"))
    };
    struct play play = { .capability = ESIM_DEVICE_ACTIVATE,
                         .input = ACTIVATE_INPUT,
                         .settings = "{\"tries\":2}",
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_DONE);
    CHECK_TEXT(play.waits, "60 10 20 700 120");
    struct play second = { .capability = ESIM_DEVICE_ACTIVATE,
                           .input = ACTIVATE_INPUT,
                           .settings = "{\"tries\":2}",
                           TURNS(lost) };
    play_it(&second);
    CHECK_INT(second.outcome, ESIM_DONE);
}

/* What the tries before have done, nobody knows: a person decides. */
static void a_later_try_that_is_refused_is_held(void)
{
    static const struct turn turns[] = { { "GET /v1.0" DEVICES, NULL, 403,
                                           ERROR("Forbidden"), NULL } };
    struct play play = { .capability = ESIM_DEVICE_ASSIGN,
                         .input = ASSIGN_INPUT,
                         TURNS(turns) };
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_REFUSED);
    play.attempt = 2;
    play.asked = 0;
    play_it(&play);
    CHECK_INT(play.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(play.code, "permission_missing");
}

static void a_carrier_url_that_is_none_is_refused_before_any_call(void)
{
    static const char *const urls[] = { "http://c.example", "c.example", "https://",
                                        "https://a b" };
    for (size_t i = 0; i < 4; i++) {
        char input[128];
        CHECK(snprintf(input, sizeof input,
                       "{\"device_id\":\"d\",\"carrier_url\":\"%s\"}", urls[i]) > 0);
        struct play play = { .capability = ESIM_DEVICE_ACTIVATE, .input = input };
        play_it(&play);
        CHECK_INT(play.outcome, ESIM_REFUSED);
        CHECK_TEXT(play.code, "input_wrong");
    }
}

TESTS("intune_assign", CASE(a_code_reaches_one_device_through_a_group_of_its_own),
      CASE(a_silent_device_is_followed_for_days_and_then_held),
      CASE(without_following_the_assignment_is_the_end),
      CASE(a_second_try_makes_nothing_anew),
      CASE(a_lost_answer_begins_anew_after_a_while),
      CASE(a_failure_of_graph_is_looked_into_before_a_second_making),
      CASE(a_group_of_the_callers_is_used_and_its_chance_is_told),
      CASE(a_failed_device_leaves_its_group),
      CASE(what_cannot_be_assigned_is_refused_before_any_call),
      CASE(a_device_that_no_group_can_hold_is_told),
      CASE(an_activation_is_followed_to_its_end),
      CASE(an_activation_that_ended_badly_says_how),
      CASE(a_lost_activation_is_looked_for_on_the_device),
      CASE(a_begun_activation_is_not_begun_anew_by_throttling),
      CASE(a_later_try_that_is_refused_is_held),
      CASE(a_carrier_url_that_is_none_is_refused_before_any_call),
      CASE(memory_goes_back_to_the_host))
