/* The Ooredoo adapter's settings: the check, and a contract of a carrier's own. */
#include "check.h"

#include "ooredoo_play.h"

static const char *checked(const char *settings, const char **ret_message)
{
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    const struct esim_problem *problem = check->settings(bytes(settings));
    *ret_message = problem == NULL ? "" : text(problem->message);
    return problem == NULL ? "fine" : text(problem->code);
}

struct check_row {
    const char *settings;
    const char *name;
};

#define OPERATION(members)                                                   \
    "{\"username\":\"u\",\"namespaces\":{\"o\":\"urn:o\"},\"codes\":{\"0\":" \
    "\"done\"},\"operations\":{" members "}}"
#define SUSPEND(members)                                         \
    OPERATION("\"line.suspend\":{\"template\":\"<x>{{msisdn}}</" \
              "x>\",\"code\":\"o:c\"" members "}")

/* clang-format off */
static const struct check_row check_rows[] = {
    { SETTING, "fine" },
    { "{\"security\":\"none\"}", "fine" },
    { "[]", "" },
    { "{", "" },
    { "{}", "username" },
    { "{\"username\":\"\"}", "username" },
    { "{\"username\":\"a\\u0002\"}", "username" },
    { "{\"username\":\"u\",\"soap_version\":\"1.3\"}", "soap_version" },
    { "{\"username\":\"u\",\"soap_version\":1.1}", "soap_version" },
    { "{\"username\":\"u\",\"path\":\"soap\"}", "path" },
    { "{\"username\":\"u\",\"timeout_ms\":-1}", "timeout_ms" },
    { "{\"username\":\"u\",\"security\":\"md5\"}", "security" },
    { "{\"username\":\"u\",\"security_ttl_s\":0}", "security_ttl_s" },
    { "{\"username\":\"u\",\"security_timestamp\":1}", "security_timestamp" },
    { "{\"username\":\"u\",\"header\":\"<a>{{now}}</a><b/>\"}", "fine" },
    { "{\"username\":\"u\",\"header\":\"<a>\"}", "header" },
    { "{\"username\":\"u\",\"header\":\"<!DOCTYPE a><a/>\"}", "header" },
    { "{\"username\":\"u\",\"values\":{\"a\":1}}", "values" },
    { "{\"username\":\"u\",\"namespaces\":[]}", "namespaces" },
    { "{\"username\":\"u\",\"smdp_address\":\"a\\n\"}", "smdp_address" },
    { "{\"username\":\"u\",\"settle_ms\":600001}", "settle_ms" },
    { "{\"username\":\"u\",\"find_tries\":0}", "find_tries" },
    { "{\"username\":\"u\",\"fault_code\":\"c:a/c:b\"}", "fine" },
    { "{\"username\":\"u\",\"fault_code\":\"d:a\"}", "fault_code" },
    { "{\"username\":\"u\",\"codes\":{\"1\":\"done\",\"2\":{\"means\":\"refused\","
      "\"name\":\"no_stock\",\"text\":\"Refill.\"}}}", "fine" },
    { "{\"username\":\"u\",\"codes\":{\"1\":\"fine\"}}", "codes.1" },
    { "{\"username\":\"u\",\"codes\":{\"1\":{}}}", "codes.1" },
    { "{\"username\":\"u\",\"codes\":{\"1\":{\"means\":\"done\",\"name\":\"No\"}}}", "codes.1" },
    { "{\"username\":\"u\",\"codes\":{\"1\":{\"means\":\"done\",\"text\":1}}}", "codes.1" },
    { "{\"username\":\"u\",\"faults\":{\"X\":\"maybe\"}}", "faults.X" },
    { SUSPEND(""), "fine" },
    { SUSPEND(",\"repeat\":\"once\",\"path\":\"/a\",\"action\":\"urn:a\","
              "\"result\":{\"line_state\":\"o:s\"}"), "fine" },
    { SUSPEND(",\"repeat\":\"safe\""), "operations.line.suspend.repeat" },
    { SUSPEND(",\"action\":\"a\\\"b\""), "operations.line.suspend.action" },
    { SUSPEND(",\"path\":\"a\""), "operations.line.suspend.path" },
    { SUSPEND(",\"result\":{\"line_state\":\"q:s\"}"), "operations.line.suspend.line_state" },
    { SUSPEND(",\"result\":{\"line_state\":\"o:s[\"}"), "operations.line.suspend.line_state" },
    { SUSPEND(",\"result\":[]"), "operations.line.suspend.result" },
    { OPERATION("\"line.suspend\":{\"template\":\"<x/>\"}"), "operations.line.suspend.code" },
    { OPERATION("\"line.suspend\":{\"code\":\"o:c\"}"), "operations.line.suspend.template" },
    { OPERATION("\"line.suspend\":{\"code\":\"o:c\",\"template\":\"<x>\"}"),
      "operations.line.suspend.template" },
    { OPERATION("\"line.suspend\":{\"code\":\"o:c\",\"template\":\"<x>{{a}\"}"),
      "operations.line.suspend.template" },
    { OPERATION("\"line.suspend\":{\"code\":\"o:c\",\"template\":\"<x>{{#a}}<y>{{/a}}</x>\"}"),
      "operations.line.suspend.template" },
    { OPERATION("\"line.suspend\":{\"code\":\"o:c\",\"template\":\"{{^a}}<x>{{/a}}<y/>\"}"),
      "operations.line.suspend.template" },
    { OPERATION("\"line.bend\":{}"), "operations.line.bend" },
    { OPERATION("\"profile.find\":{\"template\":\"<x/>\",\"code\":\"o:c\",\"repeat\":\"once\"}"),
      "operations.profile.find.repeat" },
    { "{\"username\":\"u\",\"namespaces\":{\"o\":\"urn:o\"},\"operations\":"
      "{\"line.suspend\":{\"template\":\"<x/>\",\"code\":\"o:c\"}}}", "codes" },
};
/* clang-format on */

static void a_wrong_setting_is_told_by_its_name(void)
{
    for (size_t i = 0; i < sizeof check_rows / sizeof check_rows[0]; i++) {
        const char *message = NULL;
        start();
        CHECK_TEXT(checked(check_rows[i].settings, &message), check_rows[i].name);
        CHECK(strcmp(check_rows[i].name, "fine") == 0 || strlen(message) > 8);
    }
}

/* A contract nothing like ours: attributes, other words, other codes, faults of its
 * own. */
static const char foreign[] =
    "{\"security\":\"text\",\"username\":\"u\",\"security_nonce\":false,"
    "\"security_must_understand\":false,\"path\":\"/common\",\"header\":"
    "\"<t:auth xmlns:t='urn:t' at='{{now}}'>{{channel}}</t:auth>\","
    "\"values\":{\"channel\":\"W&B\"},\"namespaces\":{\"t\":\"urn:t\"},"
    "\"fault_code\":\"t:err/@no\",\"faults\":{\"Busy\":\"not_yet\"},"
    "\"codes\":{\"SUCCESS\":\"done\",\"DUP\":\"already\",\"NOSTK\":{\"means\":"
    "\"refused\",\"name\":\"stock_empty\",\"text\":\"Call the shop.\"}},"
    "\"states\":{\"ENABLED\":\"Installed\"},\"line_states\":{\"barred\":\"SUSPENDED\"},"
    "\"operations\":{\"line.suspend\":{\"action\":\"\",\"path\":\"/"
    "lines\",\"template\":"
    "\"<t:bar xmlns:t='urn:t' number='{{msisdn}}' id='{{operation}}'/>\",\"code\":"
    "\"t:out/@rc\",\"result\":{\"line_state\":\"t:out/t:line/@state\"}},"
    "\"usage.read\":{\"template\":\"<t:u xmlns:t='urn:t'/>\",\"code\":\"'SUCCESS'\","
    "\"each\":\"//t:row\",\"result\":{\"from\":\"@a\",\"to\":\"@b\",\"bytes_down\":"
    "\"number(@kb) * 1024\"}},"
    "\"profile.status\":{\"template\":\"<t:q "
    "xmlns:t='urn:t'/>\",\"code\":\"t:out/@rc\","
    "\"result\":{\"state\":\"t:out/@state\"}}}}";

static struct esim_answer play_foreign(const char *capability, int http,
                                       const char *body)
{
    const char *message = NULL;
    start();
    CHECK_TEXT(checked(foreign, &message), "fine");
    struct play play = { .capability = capability,
                         .input = "{\"msisdn\":\"+9591\",\"iccid\":\"" ICCID "\"}",
                         .settings = foreign };
    struct esim_answer asked = begin(&play);
    CHECK_INT(asked.action, ESIM_ASK);
    return reply(&play, &asked, http, bytes(body));
}

static void a_carriers_own_contract_is_spoken_as_the_settings_say(void)
{
    start();
    struct play play = { .capability = ESIM_LINE_SUSPEND,
                         .input = "{\"msisdn\":\"+95'1\"}",
                         .settings = foreign };
    struct esim_answer asked = begin(&play);
    CHECK_INT(asked.ask.repeat, ESIM_ONCE); /* Until the operator says otherwise. */
    CHECK_TEXT(text(asked.ask.path), "/lines");
    CHECK_TEXT(esim_header_of(asked.ask.headers, asked.ask.header_count, "SOAPAction"),
               "\"\"");
    const char *body = text(asked.ask.body);
    CHECK(strstr(body, "<t:bar xmlns:t='urn:t' number='+95&#39;1' id='" OP "'/>") !=
          NULL);
    CHECK(strstr(body, "<t:auth xmlns:t='urn:t' at='2026-01-02T03:04:05Z'>W&amp;B"
                       "</t:auth></soap:Header>") != NULL);
    CHECK(strstr(body, "#PasswordText\">secret</wsse:Password></wsse:UsernameToken>") !=
          NULL);
    CHECK(strstr(body, "mustUnderstand") == NULL && strstr(body, "Nonce") == NULL);
    struct esim_answer lost = follow(&play, &asked, ESIM_QUERY);
    CHECK_INT(lost.outcome, ESIM_UNKNOWN);
    CHECK_TEXT(text(lost.problem.code), "no_query");
}

struct foreign_row {
    const char *capability;
    int http;
    const char *body;
    esim_outcome outcome;
    const char *said; /* The result, or the problem's name. */
};

#define OUT(rest) OPEN_11 "<out xmlns='urn:t' " rest "</out>" CLOSE_11

/* clang-format off */
static const struct foreign_row foreign_rows[] = {
    { ESIM_LINE_SUSPEND, 200, OUT("rc='SUCCESS'><line state='barred'/>"), ESIM_DONE,
      "{\"line_state\":\"SUSPENDED\"}" },
    { ESIM_LINE_SUSPEND, 200, OUT("rc='DUP'>"), ESIM_DONE, "{\"line_state\":\"SUSPENDED\"}" },
    { ESIM_LINE_SUSPEND, 200, OUT("rc='NOSTK'>"), ESIM_REFUSED, "stock_empty" },
    { ESIM_LINE_SUSPEND, 200, OUT("rc='0'>"), ESIM_UNKNOWN, "code_unlisted" },
    { ESIM_LINE_SUSPEND, 502, "", ESIM_UNKNOWN, "gateway" },
    { ESIM_LINE_SUSPEND, 500, FAULT_11("e:Busy", ""), ESIM_NOT_YET, "not_yet" },
    { ESIM_LINE_SUSPEND, 500,
      FAULT_11("e:Server", "<detail><err xmlns='urn:t' no='NOSTK'/></detail>"),
      ESIM_REFUSED, "stock_empty" },
    { ESIM_PROFILE_STATUS, 200, OUT("rc='SUCCESS' state='ENABLED'>"), ESIM_DONE,
      "{\"state\":\"Installed\"}" },
    { ESIM_PROFILE_STATUS, 200, OUT("rc='SUCCESS' state='Odd'>"), ESIM_REFUSED,
      "result_wrong" },
    { ESIM_USAGE_READ, 200,
      OUT("><row a='2026-01-01T00:00:00Z' b='2026-01-01T01:00:00Z' kb='3145728'/>"),
      ESIM_DONE,
      "{\"records\":[{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2026-01-01T01:00:00Z\","
      "\"bytes_down\":3221225472}]}" },
};
/* clang-format on */

static void a_carriers_own_words_become_ours(void)
{
    for (size_t i = 0; i < sizeof foreign_rows / sizeof foreign_rows[0]; i++) {
        const struct foreign_row *row = &foreign_rows[i];
        struct esim_answer answer = play_foreign(row->capability, row->http, row->body);
        CHECK_INT(answer.outcome, row->outcome);
        CHECK_TEXT(
            text(answer.outcome == ESIM_DONE ? answer.result : answer.problem.code),
            row->said);
    }
}

/* ---- the published contract, written as settings ---- */

/* contract/settings.json with a user name in it, as the host would hand it over. */
static const char *published(void)
{
    static char file[32 << 10];
    FILE *from = fopen("plugins/ooredoo/contract/settings.json", "rb");
    CHECK_FATAL(from != NULL);
    size_t size = fread(file, 1, sizeof file - 1, from);
    CHECK(size > 0 && size < sizeof file - 1 && feof(from));
    fclose(from);
    json_t *settings = esim_json_read((struct esim_bytes){ file, size });
    CHECK_FATAL(settings != NULL);
    esim_json_put(settings, "username", "u9");
    return text(esim_json_write(settings));
}

static const struct play contract_plays[] = {
    { .capability = ESIM_PROFILE_ORDER,
      .input = "{\"profile_type\":\"P\",\"eid\":\"" EID "\",\"order_ref\":\"o\"}" },
    { .capability = ESIM_PROFILE_ORDER,
      .input = "{\"iccid\":\"" ICCID "\",\"imei\":\"1\",\"msisdn\":\"2\",\"plan\":"
               "\"p\",\"order_ref\":\"o\"}" },
    { .capability = ESIM_PROFILE_CONFIRM,
      .input = "{\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"matching_id\":\"M\","
               "\"confirmation_code\":\"c\",\"smds_address\":\"s\",\"release\":true}" },
    { .capability = ESIM_PROFILE_CANCEL,
      .input = "{\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"matching_id\":\"M\","
               "\"final_state\":\"Available\"}" },
    { .capability = ESIM_PROFILE_STATUS, .input = "{\"iccid\":\"" ICCID "\"}" },
    { .capability = ESIM_LINE_ACTIVATE,
      .input = "{\"msisdn\":\"1\",\"iccid\":\"" ICCID "\",\"eid\":\"" EID "\",\"plan\":"
               "\"p\",\"order_ref\":\"o\"}" },
    { .capability = ESIM_LINE_SUSPEND,
      .input = "{\"msisdn\":\"1\",\"reason\":\"r\",\"order_ref\":\"o\"}" },
    { .capability = ESIM_LINE_RESUME, .input = "{\"msisdn\":\"1\"}" },
    { .capability = ESIM_LINE_TERMINATE, .input = "{\"msisdn\":\"1\"}" },
    { .capability = ESIM_USAGE_READ,
      .input = "{\"msisdn\":\"1\",\"iccid\":\"" ICCID
               "\",\"from\":\"a\",\"to\":\"b\"}" },
};

/* Both the message and what a full reply leads to. */
static void the_published_settings_say_what_is_built_in(void)
{
    static const char full[] = REPLY(
        "X", "0",
        PROFILE("<r:eid>" EID "</r:eid><r:state>Released</r:state><r:matchingId>M"
                "</r:matchingId><r:smdpAddress>a</r:smdpAddress>"
                "<r:activationCode>1$a$M</r:activationCode>"
                "<r:changedAt>2026-01-01T00:00:00Z</r:changedAt>")
            LINE("ACTIVE") "<r:record><r:from>2026-01-01T00:00:00Z</r:from>"
                           "<r:to>2026-01-01T00:00:00Z</r:to><r:sms>1</r:sms>"
                           "</r:record>");
    for (size_t i = 0; i < sizeof contract_plays / sizeof contract_plays[0]; i++) {
        const char *message = NULL;
        start();
        struct play play = contract_plays[i];
        struct esim_answer asked = begin(&play);
        struct esim_answer ended = reply(&play, &asked, 200, bytes(full));
        play.settings = published();
        CHECK_TEXT(checked(play.settings, &message), "fine");
        struct esim_answer same = begin(&play);
        CHECK_TEXT(text(same.ask.body), text(asked.ask.body));
        CHECK_INT(same.ask.repeat, asked.ask.repeat);
        struct esim_answer end = reply(&play, &same, 200, bytes(full));
        CHECK_INT(end.outcome, ESIM_DONE);
        CHECK_TEXT(text(end.result), text(ended.result));
    }
}

static void the_published_codes_mean_what_is_built_in(void)
{
    static const char *const codes[] = { "0",   "100", "200", "301", "302", "400",
                                         "404", "409", "410", "411", "412", "413",
                                         "414", "429", "500", "503", "1" };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        start();
        struct play play = contract_plays[0];
        const char *body = text(esim_format(
            REPLY("X", "%s", PROFILE("<r:state>Linked</r:state>")), codes[i]));
        struct esim_answer asked = begin(&play);
        struct esim_answer ended = reply(&play, &asked, 200, bytes(body));
        play.settings = published();
        asked = begin(&play);
        struct esim_answer end = reply(&play, &asked, 200, bytes(body));
        CHECK_INT(end.action, ended.action);
        CHECK_INT(end.outcome, ended.outcome);
        CHECK_TEXT(text(end.problem.code), text(ended.problem.code));
    }
}

TESTS("ooredoo settings", CASE(a_wrong_setting_is_told_by_its_name),
      CASE(a_carriers_own_contract_is_spoken_as_the_settings_say),
      CASE(a_carriers_own_words_become_ours),
      CASE(the_published_settings_say_what_is_built_in),
      CASE(the_published_codes_mean_what_is_built_in),
      CASE(memory_goes_back_to_the_host))
