/* What an operator writes into the settings: commands, replies, numbers, references. */
#include "check.h"

#include "mpt_play.h"

#include "../../plugins/mpt/activation.h"
#include "../../plugins/mpt/number.h"
#include "../../plugins/mpt/reference.h"
#include "../../plugins/mpt/settings.h"
#include "../../plugins/mpt/template.h"

/* ---- commands ---- */

static struct esim_bytes value_of(const void *arg, struct esim_bytes name)
{
    const json_t *values = arg;
    return bytes(esim_json_text(values, esim_string(name)));
}

static const char *filled(const char *command, const char *values)
{
    static const char *const faults[] = { "", "absent", "unsafe", "long" };
    struct esim_bytes name;
    struct smpp_out out = smpp_out_to(host_alloc(64), 64);
    enum template_fault fault = template_fill(
        bytes(command), value_of, esim_json_read(bytes(values)), &out, &name);
    return fault == TEMPLATE_FINE ? text(smpp_written(&out)) : faults[fault];
}

static void a_command_is_filled_with_the_operations_values(void)
{
    start();
    CHECK_TEXT(filled("ACT {{msisdn}} {{ref}}", "{\"msisdn\":\"95\",\"ref\":\"R\"}"),
               "ACT 95 R");
    CHECK_TEXT(filled("ACT{{plan?}} {", "{}"), "ACT {");
    CHECK_TEXT(filled("{{msisdn}}", "{}"), "absent");
    CHECK_TEXT(filled("{{text}}", "{\"text\":\"a b\"}"), "a b");
    CHECK_TEXT(filled("{{msisdn", "{}"), "{{msisdn");
}

/* A plan called "X 999" must not become another command's words. */
static void a_value_with_white_space_is_never_put_into_a_command(void)
{
    start();
    CHECK_TEXT(filled("{{plan}}", "{\"plan\":\"X 999\"}"), "unsafe");
    CHECK_TEXT(filled("{{plan}}", "{\"plan\":\"X\\n9\"}"), "unsafe");
    CHECK_TEXT(filled("{{plan?}}", "{\"plan\":\"\\u007f\"}"), "unsafe");
    CHECK_TEXT(filled("{{plan}}{{plan}}{{plan}}{{plan}}{{plan}}",
                      "{\"plan\":\"123456789012345\"}"),
               "long");
}

/* ---- replies ---- */

static struct template_fields fields;

static bool matches(const char *pattern, const char *reply)
{
    return template_match(bytes(pattern), bytes(reply), &fields);
}

static const char *field(const char *name)
{
    return text(template_field(&fields, name));
}

static void a_reply_is_read_by_its_pattern(void)
{
    start();
    CHECK(matches("OK {{ref}} {{iccid}} {{activation_code}}",
                  "ok  7K3M9XQ2A 8995010000000000019\nLPA:1$a.b$C-1 "));
    CHECK_TEXT(field("ref"), "7K3M9XQ2A");
    CHECK_TEXT(field("iccid"), "8995010000000000019");
    CHECK_TEXT(field("activation_code"), "LPA:1$a.b$C-1");
    CHECK_TEXT(field("msisdn"), "");
    CHECK(
        matches("Dear customer, {{msisdn}}: {{text}}.", "Dear customer, +959: a. b."));
    CHECK_TEXT(field("msisdn"), "+959");
    CHECK_TEXT(field("text"), "a. b");
    CHECK(matches("{{*}}ref={{ref}}{{*}}", "Line is active (ref=ABC) thanks"));
    CHECK_TEXT(field("ref"), "ABC");
    CHECK(matches("အောင်မြင်သည် {{ref}}", "အောင်မြင်သည် X1"));
    CHECK(matches("OK{{*}}", "OK"));
}

static void a_reply_that_differs_is_not_taken(void)
{
    start();
    CHECK(!matches("OK {{ref}}", "OK"));
    CHECK(!matches("OK {{ref}}", "OK A B"));
    CHECK(!matches("OK {{iccid}} x", "OK 89-95 x"));
    CHECK(!matches("OK", "NOT OK"));
    CHECK(!matches("OK {{nothing}}", "OK A"));
    CHECK(!matches("OKx", "OK"));
    CHECK_INT(fields.count, 0);
}

/* A carrier's text must not be able to keep the CPU busy. */
static void a_text_made_to_be_slow_is_given_up(void)
{
    start();
    char *slow = host_alloc(2001);
    memset(slow, 'a', 2000);
    CHECK(!matches("{{*}}a{{*}}a{{*}}a{{*}}b", slow));
}

static void what_no_pattern_can_be_is_said_when_it_is_written(void)
{
    CHECK(template_pattern_fault("OK {{ref}} {{*}}") == NULL);
    CHECK(template_pattern_fault("") != NULL);
    CHECK(template_pattern_fault("{{plan}}") != NULL);
    CHECK(template_pattern_fault("{{ref?}}") != NULL);
    CHECK(template_pattern_fault("{{*}}{{*}}{{*}}{{*}}{{text}}") != NULL);
    CHECK(template_command_fault("ACT {{msisdn}} {{iccid?}}") == NULL);
    CHECK(template_command_fault("ACT {{smdp_address}}") != NULL);
    CHECK(template_command_fault("") != NULL);
    CHECK(template_has("a {{ref}}", "ref"));
    CHECK(!template_has("a ref", "ref"));
}

/* ---- references ---- */

static void a_reference_is_the_same_after_any_restart(void)
{
    struct reference first, again, digits, other;
    reference_of(bytes(OP), REFERENCE_LETTERS, &first);
    reference_of(bytes(OP), REFERENCE_LETTERS, &again);
    reference_of(bytes(OP), REFERENCE_DIGITS, &digits);
    reference_of(bytes("0190a0b0-1111-7222-8333-444455556667"), REFERENCE_LETTERS,
                 &other);
    CHECK_TEXT(first.text, again.text);
    CHECK_INT(first.number, again.number);
    CHECK_INT(strlen(first.text), 9);
    CHECK_INT(strlen(digits.text), 12);
    CHECK_INT(strspn(digits.text, "0123456789"), 12);
    CHECK(strcmp(first.text, other.text) != 0);
}

static void a_reference_is_found_in_free_text(void)
{
    start();
    struct reference made;
    char found[REFERENCE_SIZE], lower[REFERENCE_SIZE];
    reference_of(bytes(OP), REFERENCE_LETTERS, &made);
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = made.text[i] >= 'A' ? (char)(made.text[i] + 32) : made.text[i];
    CHECK(reference_find(esim_format("Ok, ref#%s.", lower), REFERENCE_LETTERS, found));
    CHECK_TEXT(found, made.text);
    CHECK(!reference_find(bytes("123456789 ABCDEFGHJ"), REFERENCE_LETTERS, found));
    CHECK(!reference_find(esim_format("x%s", made.text), REFERENCE_LETTERS, found));
    CHECK(!reference_find(bytes(""), REFERENCE_LETTERS, found));
}

/* One wrong character is told: a reply must not reach another's operation. */
static void a_reference_with_a_wrong_character_is_none(void)
{
    for (int form = REFERENCE_LETTERS; form <= REFERENCE_DIGITS; form++) {
        struct reference made;
        char wrong[REFERENCE_SIZE], found[REFERENCE_SIZE];
        reference_of(bytes(OP), form, &made);
        for (size_t i = 0; made.text[i] != '\0'; i++) {
            memcpy(wrong, made.text, sizeof wrong);
            wrong[i] = wrong[i] == '0' ? '1' : '0';
            CHECK(!reference_read(bytes(wrong), form, found));
        }
    }
}

/* ---- numbers, codes ---- */

static void numbers_are_written_as_the_carrier_wants_them(void)
{
    start();
    struct mpt_settings settings;
    mpt_settings_read(json_object(), &settings);
    CHECK_TEXT(mpt_number_digits(&settings, "+959123"), "959123");
    CHECK_TEXT(mpt_number_digits(&settings, "09123"), "959123");
    CHECK(mpt_number_digits(&settings, "12") == NULL);
    CHECK(mpt_number_digits(&settings, "1234567890123456") == NULL);
    CHECK(mpt_number_digits(&settings, "959 1") == NULL);
    CHECK(mpt_number_digits(&settings, NULL) == NULL);
    CHECK_TEXT(mpt_number_key(&settings, "09123"), "n959123");
    settings.number_form = NUMBER_PLUS;
    CHECK_TEXT(mpt_number_write(&settings, "09123"), "+959123");
    settings.number_form = NUMBER_NATIONAL;
    CHECK_TEXT(mpt_number_write(&settings, "+959123"), "09123");
    CHECK_TEXT(mpt_number_write(&settings, "+33123"), "33123");
}

static void activation_codes_are_taken_apart_and_put_together(void)
{
    start();
    struct activation made;
    CHECK(activation_read(bytes("LPA:1$SMDP.GSMA.COM$04386-AGYFT$$1"), &made));
    CHECK_TEXT(made.code, "1$SMDP.GSMA.COM$04386-AGYFT$$1");
    CHECK_TEXT(made.address, "SMDP.GSMA.COM");
    CHECK_TEXT(made.matching_id, "04386-AGYFT");
    CHECK(activation_read(bytes("1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746"), &made));
    CHECK(activation_make(bytes("a.b"), bytes("C-1"), &made));
    CHECK_TEXT(made.code, "1$a.b$C-1");
    static const char *const wrong[] = { "2$a.b$C", "1$$C",      "$",          "1$a.b",
                                         "1$a b$C", "1$a.b$C$x", "1$a.b$C$$2", "" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(!activation_read(bytes(wrong[i]), &made));
    CHECK(!activation_make(bytes(""), bytes("C"), &made));
    CHECK(!activation_make(bytes("a.b"), bytes("C$"), &made));
    char iccid[ICCID_SIZE];
    CHECK(iccid_read(bytes(ICCID "F"), iccid));
    CHECK_TEXT(iccid, ICCID);
    CHECK(!iccid_read(bytes("899501"), iccid));
    CHECK(!iccid_read(bytes("899501000000000001x"), iccid));
    CHECK(!iccid_read(bytes(""), iccid));
}

/* ---- settings ---- */

static void a_wrong_setting_is_named(void)
{
    /* clang-format off */
    static const struct { const char *json, *name; } rows[] = {
        { "{}", NULL },
        { "{\"window\":10,\"charset\":\"ucs2\",\"query\":false,\"source\":\"1332\"}", NULL },
        { "{\"window\":0}", "window" },
        { "{\"window\":\"10\"}", "window" },
        { "{\"enquire_ms\":1}", "enquire_ms" },
        { "{\"charset\":\"utf8\"}", "charset" },
        { "{\"default_alphabet\":\"auto\"}", "default_alphabet" },
        { "{\"coding_1_alphabet\":\"ucs2\"}", "coding_1_alphabet" },
        { "{\"validity_form\":\"local\"}", "validity_form" },
        { "{\"message_mode\":3}", "message_mode" },
        { "{\"interface_version\":\"2.0\"}", "interface_version" },
        { "{\"priority\":4}", "priority" },
        { "{\"protocol_id\":256}", "protocol_id" },
        { "{\"query\":1}", "query" },
        { "{\"system_type\":\"1234567890123\"}", "system_type" },
        { "{\"source\":\"\xC3\xA9\"}", "source" },
        { "{\"commands\":[]}", "commands" },
        { "{\"commands\":{\"usage.read\":{}}}", "commands" },
        { "{\"commands\":{\"line.resume\":{}}}", "commands.line.resume.text" },
        { "{\"commands\":{\"line.resume\":{\"text\":\"R {{x}}\"}}}",
          "commands.line.resume.text" },
        { "{\"commands\":{\"line.resume\":{\"text\":\"R\"}}}",
          "commands.line.resume.to" },
        { "{\"command_to\":\"1\",\"commands\":{\"line.resume\":{\"text\":\"R\"}}}", NULL },
        { "{\"command_to\":\"1\",\"commands\":{\"line.resume\":{\"text\":\"R\","
          "\"replies\":[{\"match\":\"OK\",\"means\":\"maybe\"}]}}}",
          "commands.line.resume.replies.0.means" },
        { "{\"replies\":[{\"match\":\"{{plan}}\",\"means\":\"done\"}]}", "replies.0.match" },
        { "{\"replies\":[{\"match\":\"OK\",\"means\":\"done\",\"line_state\":\"X\"}]}",
          "replies.0.line_state" },
        { "{\"replies\":{}}", "replies" },
        { "{\"reply_from\":[1]}", "reply_from" },
    };
    /* clang-format on */
    const struct esim_check *check = esim_entry.ability(ESIM_ABILITY_CHECK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        const struct esim_problem *problem = check->settings(bytes(rows[i].json));
        const char *found = problem == NULL ? "" : text(problem->code);
        CHECK_TEXT(found, rows[i].name == NULL ? "" : rows[i].name);
    }
    CHECK(check->settings(bytes("[]")) != NULL);
}

static void only_the_carriers_own_addresses_may_reply(void)
{
    start();
    struct mpt_settings settings;
    mpt_settings_read(
        esim_json_read(bytes("{\"command_to\":\"1332\",\"commands\":{\"line.resume\":"
                             "{\"text\":\"R\"},\"line.suspend\":{\"text\":\"S\",\"to\":"
                             "\"+951\"}},\"reply_from\":[\"MPT\"]}")),
        &settings);
    CHECK(mpt_may_reply(&settings, bytes("1332")));
    CHECK(mpt_may_reply(&settings, bytes("951")));
    CHECK(mpt_may_reply(&settings, bytes("MPT")));
    CHECK(!mpt_may_reply(&settings, bytes("959999")));
    CHECK(!mpt_may_reply(&settings, bytes("")));
}

TESTS("mpt_template", CASE(a_command_is_filled_with_the_operations_values),
      CASE(a_value_with_white_space_is_never_put_into_a_command),
      CASE(a_reply_is_read_by_its_pattern), CASE(a_reply_that_differs_is_not_taken),
      CASE(a_text_made_to_be_slow_is_given_up),
      CASE(what_no_pattern_can_be_is_said_when_it_is_written),
      CASE(a_reference_is_the_same_after_any_restart),
      CASE(a_reference_is_found_in_free_text),
      CASE(a_reference_with_a_wrong_character_is_none),
      CASE(numbers_are_written_as_the_carrier_wants_them),
      CASE(activation_codes_are_taken_apart_and_put_together),
      CASE(a_wrong_setting_is_named), CASE(only_the_carriers_own_addresses_may_reply),
      CASE(memory_goes_back_to_the_host))
