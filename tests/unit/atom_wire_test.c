/* What the ATOM adapter reads and writes: identifiers, codes, verdicts, notifications. */
#include "check.h"

#include "atom_play.h"
#include "../../plugins/atom/verdict.h"
#include "../../plugins/atom/wire.h"
#include "../../plugins/atom/wire_code.h"

/* ---- the pure parts ---- */

static void iccids_are_digits_inside_and_the_carriers_form_outside(void)
{
    start();
    CHECK_TEXT(es2_iccid_read(ICCID "F"), ICCID);
    CHECK_TEXT(es2_iccid_read(ICCID "f"), ICCID);
    CHECK_TEXT(es2_iccid_read("01234567890123456789"), "01234567890123456789");
    CHECK(es2_iccid_read("01234567890123456789F") == NULL);
    CHECK(es2_iccid_read("F" ICCID) == NULL);
    CHECK(es2_iccid_read(ICCID "FF") == NULL);
    CHECK(es2_iccid_read("") == NULL);
    CHECK(es2_iccid_read(NULL) == NULL);
    CHECK_TEXT(es2_iccid_write(ICCID, ES2_ICCID_PLAIN), ICCID);
    CHECK_TEXT(es2_iccid_write(ICCID, ES2_ICCID_PADDED), ICCID "F");
    CHECK(es2_iccid_write(ICCID, ES2_ICCID_FULL) == NULL);
    CHECK_TEXT(es2_iccid_write("89450421180216254864", ES2_ICCID_PADDED),
               "89450421180216254864");
}

static void eids_are_checked_over_all_32_digits(void)
{
    static const char *const good[] = {
        "89001012012341234012345678901224", "89001567010203040506070809101152",
        "89044011112233441122334411223321", "89034011560010000000000000000121",
        "35203000100100000000000021371840", "89049032123451234512345678901235",
        "89086030202200000022000014352016", "12345000000000000000000000000186",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK(es2_eid_is_valid(good[i]));
        for (size_t at = 0; at < 32; at++) {
            char wrong[33];
            memcpy(wrong, good[i], sizeof wrong);
            wrong[at] = wrong[at] == '9' ? '0' : (char)(wrong[at] + 1);
            CHECK(!es2_eid_is_valid(wrong));
        }
    }
    CHECK(!es2_eid_is_valid("8900101201234123401234567890122"));
    CHECK(!es2_eid_is_valid("890010120123412340123456789012240"));
    CHECK(!es2_eid_is_valid(NULL));
}

static void activation_codes_follow_the_standard(void)
{
    static const char *const good[] = {
        "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815",
        "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$$1",
        "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1",
        "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746",
        "1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746",
        "1$smdp.example.com$",
    };
    start();
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct activation_code code;
        CHECK(activation_code_read(good[i], true, &code));
        CHECK_TEXT(activation_code_write(&code), good[i]);
    }
}

static void wrong_activation_codes_are_neither_read_nor_written(void)
{
    /* clang-format off */
    static const char *const wrong[] = {
        "", "$", "1", "1$", "1$$", "1$SMDP.GSMA.COM", "2$SMDP.GSMA.COM$A",
        "1$$A", "1$SMDP$A", "1$SM_DP.COM$A", "1$SMDP.COM.$A", "1$-A.COM$A",
        "1$SMDP.COM$A_B", "1$SMDP.COM$a", "1$SMDP.COM$A$1", "1$SMDP.COM$A$1..2",
        "1$SMDP.COM$A$01.2", "1$SMDP.COM$A$$2", "LPA:1$SMDP.COM$A", "11$SMDP.COM$A",
    };
    /* clang-format on */
    start();
    struct activation_code code;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(!activation_code_read(wrong[i], true, &code));
    CHECK(activation_code_read("1$SMDP.COM$a", false, &code));
    CHECK(activation_code_read("1$SMDP.COM$A$$1$more$parts", true, &code));
    CHECK(code.needs_confirmation);
    char longest[300];
    memset(longest, 'A', sizeof longest);
    longest[243] = '\0';
    struct activation_code made = { .address = "S.COM", .matching_id = longest };
    CHECK(activation_code_write(&made) != NULL); /* 2 + 5 + 1 + 243 = 251 */
    longest[243] = 'A';
    longest[248] = '\0';
    CHECK(activation_code_write(&made) == NULL); /* 256 */
}

/* Every pair of the standard's tables has a row; 3.10 is not 3.1. */
static void every_code_of_the_standard_has_a_verdict(void)
{
    static const struct {
        enum es2_function function;
        const char *subject, *reason;
    } rows[] = {
        { ES2_DOWNLOAD_ORDER, "8.2.1", "3.9" },
        { ES2_DOWNLOAD_ORDER, "8.2.1", "1.2" },
        { ES2_DOWNLOAD_ORDER, "8.2.1", "3.3" },
        { ES2_DOWNLOAD_ORDER, "8.2.5", "3.9" },
        { ES2_DOWNLOAD_ORDER, "8.2.5", "1.2" },
        { ES2_DOWNLOAD_ORDER, "8.2.5", "3.7" },
        { ES2_DOWNLOAD_ORDER, "8.2.5", "3.8" },
        { ES2_CONFIRM_ORDER, "8.2.1", "3.9" },
        { ES2_CONFIRM_ORDER, "8.2.1", "1.2" },
        { ES2_CONFIRM_ORDER, "8.2.6", "3.3" },
        { ES2_CONFIRM_ORDER, "8.9", "5.1" },
        { ES2_CONFIRM_ORDER, "8.9", "4.2" },
        { ES2_CONFIRM_ORDER, "8.1.1", "2.2" },
        { ES2_CONFIRM_ORDER, "8.1.1", "3.10" },
        { ES2_CANCEL_ORDER, "8.2.1", "3.9" },
        { ES2_CANCEL_ORDER, "8.2.1", "1.2" },
        { ES2_CANCEL_ORDER, "8.2.1", "3.3" },
        { ES2_CANCEL_ORDER, "8.1.1", "3.10" },
        { ES2_CANCEL_ORDER, "8.2.6", "3.10" },
        { ES2_RELEASE_PROFILE, "8.2.1", "3.9" },
        { ES2_RELEASE_PROFILE, "8.2.1", "1.2" },
        { ES2_RELEASE_PROFILE, "8.2.1", "3.5" },
        { ES2_RELEASE_PROFILE, "1.1", "1.1" },
        { ES2_DOWNLOAD_ORDER, "1.1", "1.2" },
        { ES2_CONFIRM_ORDER, "1.2", "4.2" },
        { ES2_CANCEL_ORDER, "1.2", "4.4" },
        { ES2_DOWNLOAD_ORDER, "1.6", "2.1" },
        { ES2_DOWNLOAD_ORDER, "1.6", "2.2" },
        { ES2_DOWNLOAD_ORDER, "1.6", "2.3" },
        { ES2_DOWNLOAD_ORDER, "1.6", "5.3" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(verdict_of(rows[i].function, rows[i].subject, rows[i].reason,
                         TRY_FIRST) != NULL);
    CHECK(verdict_of(ES2_CONFIRM_ORDER, "8.1.1", "3.1", TRY_FIRST) == NULL);
    CHECK(verdict_of(ES2_DOWNLOAD_ORDER, "8.9", "5.1", TRY_FIRST) == NULL);
    CHECK(verdict_of(ES2_DOWNLOAD_ORDER, NULL, "5.1", TRY_FIRST) == NULL);
    CHECK(mishap_of("8.8.5", "4.10") != NULL && mishap_of("8.8.5", "4.1") == NULL);
    CHECK_TEXT(es2_reason_name("3.10"), "invalid association");
    CHECK_TEXT(es2_subject_name("8.2.10"), "bound profile package");
    CHECK_TEXT(es2_subject_name("99"), "unlisted");
}

/* ---- the carrier calls us ---- */

#define PROGRESS "/es2plus/handleDownloadProgressInfo"
#define NOTE(time, point, status)                                                      \
    "{\"header\":{\"functionRequesterIdentifier\":\"R\",\"functionCallIdentifier\":"   \
    "\"c1\"},\"eid\":\"" EID "\",\"iccid\":\"" ICCID "F\",\"profileType\":\"P\"," time \
    ",\"notificationPointId\":" point ",\"notificationPointStatus\":" status "}"
#define AT   "\"timestamp\":\"2026-01-02T03:04:05Z\""
#define WELL "{\"status\":\"Executed-Success\"}"
#define BADLY(s, r)                                                         \
    "{\"status\":\"Failed\",\"statusCodeData\":{\"subjectCode\":\"" s "\"," \
    "\"reasonCode\":\"" r "\"}}"

static struct esim_response receive(const char *method, const char *path,
                                    const char *settings, const char *body)
{
    const struct esim_inbound *inbound = esim_entry.ability(ESIM_ABILITY_INBOUND);
    static const struct esim_header header = { { "X-Admin-Protocol", 16 },
                                               { "gsma/rsp/v2.2.0", 15 } };
    struct esim_request request = { .size = sizeof request,
                                    .now_ms = 1767323045000,
                                    .method = bytes(method),
                                    .path = bytes(path),
                                    .headers = &header,
                                    .header_count = 1,
                                    .body = bytes(body),
                                    .settings = bytes(settings) };
    struct esim_response response = { .size = sizeof response };
    start();
    inbound->receive(&request, &response);
    return response;
}

struct note_row {
    const char *body;
    const char *data; /* NULL: 400 and no fact. */
};

/* clang-format off */
static const struct note_row note_rows[] = {
    { NOTE(AT, "3", WELL), "{\"state\":\"Downloaded\",\"point\":\"download\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\"}" },
    { NOTE(AT, "4", WELL), "{\"state\":\"Installed\",\"point\":\"installation\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\"}" },
    { NOTE("\"timeStamp\":\"2026-01-02T09:34:05+06:30\"", "\"4\"", WELL), "{\"state\":\"Installed\",\"point\":\"installation\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\"}" },
    { NOTE("\"timestamp\":\"1767323045\"", "\"1\"", WELL), "{\"point\":\"eligibility\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\"}" },
    { NOTE("\"timestamp\":1767323045000", "101", WELL), "{\"point\":\"101\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\"}" },
    { NOTE(AT, "2", BADLY("8.2.7", "3.8")), "{\"point\":\"confirmation\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\",\"problem\":{\"code\":\"confirmation_code_wrong\",\"message\":\"The confirmation code was wrong: give the right one to the person who installs.\",\"carrier_code\":\"8.2.7/3.8\"}}" },
    { NOTE(AT, "2", BADLY("8.8.5", "3.8")), "{\"state\":\"Error\",\"point\":\"confirmation\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\",\"problem\":{\"code\":\"user_rejected\",\"message\":\"The person at the device rejected the profile: cancel the order.\",\"carrier_code\":\"8.8.5/3.8\"}}" },
    { NOTE(AT, "4", "{\"status\":\"Failed\"}"), "{\"state\":\"Error\",\"point\":\"installation\",\"at\":\"2026-01-02T03:04:05Z\",\"eid\":\"" EID "\",\"problem\":{\"code\":\"download_failed\",\"message\":\"The download went wrong on the way to the device: try again, then tell the carrier.\"}}" },
    { NOTE(AT, "\"x\"", WELL), NULL },
    { NOTE(AT, "-1", WELL), NULL },
    { NOTE(AT, "3", "{\"status\":\"Good\"}"), NULL },
    { NOTE("\"timestamp\":\"yesterday\"", "3", WELL), NULL },
    { NOTE("\"when\":1", "3", WELL), NULL },
    { "{}", NULL },
    { "[1]", NULL },
    { "", NULL },
    { "{\"header\":{\"functionRequesterIdentifier\":\"R\",\"functionCallIdentifier\":\"c\"},\"iccid\":\"12\"}", NULL },
};
/* clang-format on */

static void notifications_become_facts_about_the_profile(void)
{
    for (size_t i = 0; i < sizeof note_rows / sizeof note_rows[0]; i++) {
        struct esim_response got = receive("POST", PROGRESS, SETTING,
                                           note_rows[i].body);
        if (note_rows[i].data == NULL) {
            CHECK_INT(got.status, 400);
            CHECK_INT(got.fact_count, 0);
            continue;
        }
        CHECK_INT(got.status, 204);
        CHECK_INT(got.body.size, 0);
        CHECK_TEXT(esim_header_of(got.headers, got.header_count, "X-Admin-Protocol"),
                   "gsma/rsp/v2.2.0");
        CHECK(esim_header_of(got.headers, got.header_count, "Content-Type") == NULL);
        CHECK_INT(got.fact_count, 1);
        if (got.fact_count == 1) {
            CHECK_TEXT(text(got.facts[0].kind), "profile");
            CHECK_TEXT(text(got.facts[0].key), ICCID);
            CHECK_TEXT(text(got.facts[0].data), note_rows[i].data);
        }
    }
}

static void a_repeated_notification_is_the_same_fact(void)
{
    struct esim_response one = receive("POST", PROGRESS, SETTING, NOTE(AT, "3", WELL));
    char id[128];
    snprintf(id, sizeof id, "%s", text(one.facts[0].id));
    struct esim_response two = receive("POST", PROGRESS, SETTING,
                                       NOTE(AT, "\"3\"", WELL));
    CHECK_TEXT(text(two.facts[0].id), id);
    struct esim_response other = receive("POST", PROGRESS, SETTING,
                                         NOTE(AT, "4", WELL));
    CHECK(strcmp(text(other.facts[0].id), id) != 0);
}

static void a_notification_is_answered_with_a_body_by_setting(void)
{
    struct esim_response got = receive(
        "POST", PROGRESS, "{\"requester_id\":\"R\",\"notification_answer\":200}",
        NOTE(AT, "3", WELL));
    CHECK_INT(got.status, 200);
    CHECK_TEXT(text(got.body), "{\"header\":{" OK "}}");
    CHECK_TEXT(esim_header_of(got.headers, got.header_count, "Content-Type"),
               "application/json");
}

static void calls_to_other_paths_and_methods_are_refused(void)
{
    CHECK_INT(receive("POST", "/x", SETTING, NOTE(AT, "3", WELL)).status, 404);
    CHECK_INT(receive("POST", "/xhandleDownloadProgressInfo", SETTING, "{}").status,
              404);
    struct esim_response got = receive("GET", PROGRESS "?a=b", SETTING, "");
    CHECK_INT(got.status, 405);
    CHECK_TEXT(esim_header_of(got.headers, got.header_count, "Allow"), "POST");
}

TESTS("atom_wire", CASE(iccids_are_digits_inside_and_the_carriers_form_outside),
      CASE(eids_are_checked_over_all_32_digits),
      CASE(activation_codes_follow_the_standard),
      CASE(wrong_activation_codes_are_neither_read_nor_written),
      CASE(every_code_of_the_standard_has_a_verdict),
      CASE(notifications_become_facts_about_the_profile),
      CASE(a_repeated_notification_is_the_same_fact),
      CASE(a_notification_is_answered_with_a_body_by_setting),
      CASE(calls_to_other_paths_and_methods_are_refused),
      CASE(memory_goes_back_to_the_host))
