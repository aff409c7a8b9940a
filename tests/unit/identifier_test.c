#include "check.h"

#include "profile/identifier.h"
#include "profile/number_plan.h"

#define FIELD "/device/x"

static void refused(bool accepted, const struct err *err, const char *text)
{
    CHECK(!accepted);
    CHECK_INT(err->code, ERR_INVALID);
    CHECK_TEXT(err->field, FIELD);
    CHECK_TEXT(err->text, text);
}

/* ---- ICCID ---- */

static bool iccid_of(const char *text, struct iccid *ret, struct err *err)
{
    return iccid_read(slice_of(text), FIELD, ret, err);
}

static void an_iccid_is_canonical_without_its_pad(void)
{
    struct iccid padded, plain;
    struct err err = ERR_INIT;
    CHECK(iccid_of("8995010000000000019F", &padded, &err));
    CHECK(iccid_of("8995010000000000019", &plain, &err));
    CHECK_TEXT(padded.digits, plain.digits);
    CHECK(iccid_of("899501000000000001f", &plain, &err));
    CHECK_TEXT(plain.digits, "899501000000000001");
}

static void the_luhn_digit_of_an_iccid_warns_and_never_refuses(void)
{
    static const struct {
        const char *text;
        bool luhn_ok;
    } rows[] = {
        { "8985211116317800004", true },   { "8947010000123456784", true },
        { "8995010000000000019", true },   { "8995050000000000010", true },
        { "8995060000000000018", true },   { "8995090000000000012", true },
        { "89450421180216254864", true },  { "89860468152080349618", false },
        { "01234567890123456789", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct iccid iccid = { 0 };
        struct err err = ERR_INIT;
        CHECK(iccid_of(rows[i].text, &iccid, &err));
        CHECK_TEXT(iccid.digits, rows[i].text);
        CHECK_INT(iccid.luhn_ok, rows[i].luhn_ok);
    }
}

static void an_iccid_of_another_shape_is_refused_by_name(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "expected 18 to 20 digits, found 0 digits" },
        { "89950100000000000", "expected 18 to 20 digits, found 17 digits" },
        { "899501000000000001912", "expected 18 to 20 digits, found 21 digits" },
        { "89950100000000000F", "expected 18 to 20 digits, found 17 digits" },
        { "89450421180216254864F", "expected 18 to 20 digits and at most one final F, "
                                   "found 'F' at position 21" },
        { "8995010000000000019FF", "expected 18 to 20 digits and at most one final F, "
                                   "found 'F' at position 20" },
        { "8995 010000000000019",
          "expected 18 to 20 digits and at most one final F, found ' ' at position 5" },
        { "89950\x01", "expected 18 to 20 digits and at most one final F, found byte "
                       "0x01 at position 6" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct iccid iccid;
        struct err err = ERR_INIT;
        refused(iccid_of(rows[i].text, &iccid, &err), &err, rows[i].says);
    }
}

/* Each peer checks its own shape: a digit dropped or made up would name another card. */
static void an_iccid_is_written_as_the_peer_wants_it_or_not_at_all(void)
{
    static const struct {
        const char *digits;
        enum iccid_form form;
        const char *written; /* NULL: refused. */
    } rows[] = {
        { "899501000000000001", ICCID_PLAIN, "899501000000000001" },
        { "899501000000000001", ICCID_19, NULL },
        { "899501000000000001", ICCID_19F, NULL },
        { "899501000000000001", ICCID_20, NULL },
        { "8995010000000000019", ICCID_PLAIN, "8995010000000000019" },
        { "8995010000000000019", ICCID_19, "8995010000000000019" },
        { "8995010000000000019", ICCID_19F, "8995010000000000019F" },
        { "8995010000000000019", ICCID_20, NULL },
        { "89450421180216254864", ICCID_PLAIN, "89450421180216254864" },
        { "89450421180216254864", ICCID_19, NULL },
        { "89450421180216254864", ICCID_19F, "89450421180216254864" },
        { "89450421180216254864", ICCID_20, "89450421180216254864" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct iccid iccid;
        struct err err = ERR_INIT;
        char written[ICCID_SIZE] = "untouched";
        CHECK(iccid_of(rows[i].digits, &iccid, &err));
        bool ok = iccid_write(&iccid, rows[i].form, FIELD, written, &err);
        CHECK_INT(ok, rows[i].written != NULL);
        CHECK_TEXT(written, ok ? rows[i].written : "untouched");
    }
    struct iccid iccid;
    struct err err = ERR_INIT;
    char written[ICCID_SIZE];
    CHECK(iccid_of("89450421180216254864", &iccid, &err));
    refused(iccid_write(&iccid, ICCID_19, FIELD, written, &err), &err,
            "this peer takes ICCIDs of 19 digits, this one has 20");
}

static void a_form_is_found_by_its_name_in_settings(void)
{
    for (int i = 0; i < ICCID_FORM_COUNT; i++) {
        enum iccid_form form = ICCID_FORM_COUNT;
        CHECK(iccid_form_read(iccid_form_name((enum iccid_form)i), &form));
        CHECK_INT(form, i);
    }
    enum iccid_form form = ICCID_20;
    CHECK(!iccid_form_read("21", &form) && !iccid_form_read(NULL, &form));
    CHECK_INT(form, ICCID_20);
}

static void ef_iccid_swaps_nibbles_both_ways(void)
{
    static const struct {
        const char *digits, *file;
    } rows[] = {
        { "8995010000000000019", "985910000000000010F9" },
        { "89450421180216254864", "98544012812061528446" },
        { "899501000000000001", "985910000000000010FF" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct iccid iccid = { 0 }, back = { 0 };
        struct err err = ERR_INIT;
        char file[ICCID_SIZE];
        CHECK(iccid_of(rows[i].digits, &iccid, &err));
        iccid_to_file(&iccid, file);
        CHECK_TEXT(file, rows[i].file);
        CHECK(iccid_from_file(slice_of(file), FIELD, &back, &err));
        CHECK_TEXT(back.digits, rows[i].digits);
    }
    struct iccid iccid;
    struct err err = ERR_INIT;
    CHECK(iccid_from_file(slice_of("985910000000000010f9"), FIELD, &iccid, &err));
    refused(iccid_from_file(slice_of("98591000"), FIELD, &iccid, &err), &err,
            "expected 20 hexadecimal characters of EF_ICCID, found 8");
    CHECK(!iccid_from_file(slice_of("9859100000FFFFFFFFFF"), FIELD, &iccid, &err));
    CHECK(!iccid_from_file(slice_of("985910A00000000010F9"), FIELD, &iccid, &err));
}

/* ---- EID ---- */

static const char *const eids[] = {
    "89001012012341234012345678901224", "89001567010203040506070809101152",
    "89044011112233441122334411223321", "89034011560010000000000000000121",
    "35203000100100000000000021371840", "89049032123451234512345678901235",
    "89086030202200000022000014352016", "12345000000000000000000000000186",
};

static void an_eid_is_32_digits_that_leave_one_modulo_97(void)
{
    for (size_t i = 0; i < sizeof eids / sizeof eids[0]; i++) {
        char eid[EID_SIZE] = "";
        struct err err = ERR_INIT;
        CHECK(eid_read(slice_of(eids[i]), FIELD, eid, &err));
        CHECK_TEXT(eid, eids[i]);
    }
}

/* 97 is prime and 10 generates no zero: a single wrong digit always shows. */
static void an_eid_with_any_one_digit_changed_is_refused(void)
{
    for (size_t i = 0; i < sizeof eids / sizeof eids[0]; i++) {
        for (size_t at = 0; at < EID_SIZE - 1; at++) {
            for (char digit = '0'; digit <= '9'; digit++) {
                char text[EID_SIZE], eid[EID_SIZE];
                memcpy(text, eids[i], EID_SIZE);
                text[at] = digit;
                bool same = digit == eids[i][at];
                CHECK_INT(eid_read(slice_of(text), FIELD, eid, NULL), same);
            }
        }
    }
}

static void an_eid_is_refused_with_what_was_found(void)
{
    char eid[EID_SIZE];
    struct err err = ERR_INIT;
    refused(eid_read(slice_of("8900101201234123401234567890122"), FIELD, eid, &err),
            &err, "expected 32 digits, found 31 digits");
    refused(eid_read(slice_of("8900101201234123401234567890122A"), FIELD, eid, &err),
            &err, "expected 32 digits, found 'A' at position 32");
    refused(eid_read(slice_of("89001012012341234012345678901225"), FIELD, eid, &err),
            &err, "expected an EID whose value mod 97 is 1, found 2: a digit is wrong");
}

/* ---- IMEI ---- */

static void an_imei_has_14_15_or_16_digits_and_luhn_only_warns(void)
{
    static const struct {
        const char *text;
        enum imei_kind kind;
        bool luhn_ok;
    } rows[] = {
        { "490154203237518", IMEI_WHOLE, true },
        { "356938035643809", IMEI_WHOLE, true },
        { "013787006099944", IMEI_WHOLE, false },
        { "49015420323751", IMEI_WITHOUT_CHECK, true },
        { "4901542032375101", IMEI_WITH_SOFTWARE, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct imei imei = { 0 };
        struct err err = ERR_INIT;
        CHECK(imei_read(slice_of(rows[i].text), FIELD, &imei, &err));
        CHECK_TEXT(imei.digits, rows[i].text);
        CHECK_INT(imei.kind, rows[i].kind);
        CHECK_INT(imei.luhn_ok, rows[i].luhn_ok);
    }
}

static void imeis_of_one_device_are_equal_whatever_their_length(void)
{
    struct imei whole, bare, software, other;
    CHECK(imei_read(slice_of("490154203237518"), FIELD, &whole, NULL));
    CHECK(imei_read(slice_of("49015420323751"), FIELD, &bare, NULL));
    CHECK(imei_read(slice_of("4901542032375177"), FIELD, &software, NULL));
    CHECK(imei_read(slice_of("356938035643809"), FIELD, &other, NULL));
    CHECK(imei_is_same_device(&whole, &bare));
    CHECK(imei_is_same_device(&whole, &software));
    CHECK(!imei_is_same_device(&whole, &other));
}

static void an_imei_of_another_shape_is_refused(void)
{
    struct imei imei;
    struct err err = ERR_INIT;
    refused(imei_read(slice_of("4901542032375"), FIELD, &imei, &err), &err,
            "expected 14, 15 or 16 digits, found 13 digits");
    refused(imei_read(slice_of("49015420323751801"), FIELD, &imei, &err), &err,
            "expected 14, 15 or 16 digits, found 17 digits");
    refused(imei_read(slice_of("49-015420-323751-8"), FIELD, &imei, &err), &err,
            "expected 14, 15 or 16 digits, found '-' at position 3");
}

/* ---- MSISDN ---- */

static struct number_plan *numbers;

static void the_plan_of_myanmar_is_read(void)
{
    struct err err = ERR_INIT;
    numbers = number_plan_load("share/numberplan/mm.yaml", &err);
    CHECK_FATAL(numbers != NULL);
}

static void the_plan_is_given_back(void)
{
    number_plan_destroy(&numbers);
    CHECK(numbers == NULL);
    number_plan_destroy(&numbers);
}

static void a_number_of_myanmar_becomes_e164_from_every_usual_form(void)
{
    static const struct {
        const char *text, *e164;
    } rows[] = {
        { "+959770123456", "+959770123456" }, { "00959770123456", "+959770123456" },
        { "959770123456", "+959770123456" },  { "09770123456", "+959770123456" },
        { "0973123456", "+95973123456" },     { "09250123", "+959250123" },
        { "+951234567", "+951234567" },       { "01234567", "+951234567" },
        { "+951234567890", "+951234567890" }, { "+66812345678", "+66812345678" },
        { "0066812345678", "+66812345678" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char e164[MSISDN_SIZE] = "";
        struct err err = ERR_INIT;
        CHECK(msisdn_read(slice_of(rows[i].text), numbers, FIELD, e164, &err));
        CHECK_TEXT(e164, rows[i].e164);
    }
}

static void a_number_that_cannot_be_dialled_is_refused_with_the_reason(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "",
          "expected a telephone number of digits, with or without +, found 0 digits" },
        { "+",
          "expected a telephone number of digits, with or without +, found 0 digits" },
        { "09-770123456", "expected a telephone number of digits, with or without +, "
                          "found '-' at position 3" },
        { "+95977012345678",
          "expected 7 to 10 digits after +95 for a mobile number, found 12" },
        { "+95912345",
          "expected 7 to 10 digits after +95 for a mobile number, found 6" },
        { "+9512345", "expected 6 to 10 digits after +95 for a number, found 5" },
        { "9770123456", "expected a telephone number with its country (+95...), found "
                        "one without" },
        { "951234567", "expected a telephone number with its country (+95...), found "
                       "one without" },
        { "+668123",
          "expected 7 to 15 digits after the international prefix, found 6 digits" },
        { "+6681234567890123",
          "expected 7 to 15 digits after the international prefix, found 16 digits" },
        { "+0612345678", "expected a country code, found a leading 0" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char e164[MSISDN_SIZE];
        struct err err = ERR_INIT;
        refused(msisdn_read(slice_of(rows[i].text), numbers, FIELD, e164, &err), &err,
                rows[i].says);
    }
}

static void without_a_plan_only_the_form_with_plus_is_known(void)
{
    char e164[MSISDN_SIZE];
    struct err err = ERR_INIT;
    CHECK(msisdn_read(slice_of("+123456789012345"), NULL, FIELD, e164, &err));
    CHECK_TEXT(e164, "+123456789012345");
    CHECK(!msisdn_read(slice_of("00959770123456"), NULL, FIELD, e164, &err));
    CHECK(!msisdn_read(slice_of("959770123456"), NULL, FIELD, e164, &err));
}

/* A country without a trunk prefix: nothing in the host is about one country. */
static void another_countrys_plan_reads_its_own_numbers(void)
{
    static const char text[] = "country: \"65\"\ninternational: \"000\"\ntrunk: \"\"\n"
                               "digits: { least: 8, most: 8 }\n"
                               "mobile: { begin: \"8\", least: 8, most: 8 }\n";
    char e164[MSISDN_SIZE];
    struct err err = ERR_INIT;
    struct number_plan *plan = number_plan_read(slice_of(text), "sg.yaml", &err);
    CHECK_FATAL(plan != NULL);
    CHECK(msisdn_read(slice_of("0006581234567"), plan, FIELD, e164, &err));
    CHECK_TEXT(e164, "+6581234567");
    CHECK(msisdn_read(slice_of("6581234567"), plan, FIELD, e164, &err));
    CHECK(!msisdn_read(slice_of("81234567"), plan, FIELD, e164, &err));
    CHECK(!msisdn_read(slice_of("+65812345678"), plan, FIELD, e164, &err));
    number_plan_destroy(&plan);
}

#define PLAN(country, trunk, digits, mobile)                                         \
    "country: " country "\ninternational: \"00\"\ntrunk: " trunk "\ndigits: " digits \
    "\nmobile: " mobile "\n"
#define SOME    "{ least: 6, most: 10 }"
#define MOBILES "{ begin: \"9\", least: 7, most: 10 }"

static void a_wrong_plan_is_refused_with_line_and_field(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { PLAN("\"95\"", "\"0\"", SOME, MOBILES), NULL },
        { PLAN("\"095\"", "\"0\"", SOME, MOBILES),
          "mm.yaml:1: /country: expected a country code, found a leading 0" },
        { PLAN("\"9x\"", "\"0\"", SOME, MOBILES),
          "mm.yaml:1: /country: expected digits, found \"9x\"" },
        { PLAN("\"95\"", "\"*\"", SOME, MOBILES),
          "mm.yaml:3: /trunk: expected digits, found \"*\"" },
        { PLAN("\"95\"", "\"0\"", "{ least: 7, most: 6 }", MOBILES),
          "mm.yaml:4: /digits: expected 1 <= least <= most <= 13, found 7 and 6" },
        { PLAN("\"95\"", "\"0\"", SOME, "{ begin: \"9\", least: 7, most: 14 }"),
          "mm.yaml:5: /mobile: expected 1 <= least <= most <= 13, found 7 and 14" },
        { PLAN("\"95\"", "\"0\"", SOME, "{ least: 7, most: 10 }"),
          "mm.yaml:5: /mobile" },
        { PLAN("\"95\"", "\"0\"", SOME, MOBILES) "operators: []\n", "mm.yaml:6: " },
        { "", "mm.yaml" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = ERR_INIT;
        struct number_plan *plan = number_plan_read(slice_of(rows[i].text), "mm.yaml",
                                                    &err);
        CHECK((plan != NULL) == (rows[i].says == NULL));
        bool fits = rows[i].says == NULL ||
                    strncmp(err.text, rows[i].says, strlen(rows[i].says)) == 0;
        if (!fits)
            fprintf(stderr, "%s\n", err.text);
        CHECK(fits);
        number_plan_destroy(&plan);
    }
}

static void a_plan_that_is_not_there_is_told_by_its_name(void)
{
    struct err err = ERR_INIT;
    CHECK(number_plan_load("/nowhere/xx.yaml", &err) == NULL);
    CHECK(strstr(err.text, "/nowhere/xx.yaml") != NULL);
}

TESTS("identifier", CASE(an_iccid_is_canonical_without_its_pad),
      CASE(the_luhn_digit_of_an_iccid_warns_and_never_refuses),
      CASE(an_iccid_of_another_shape_is_refused_by_name),
      CASE(an_iccid_is_written_as_the_peer_wants_it_or_not_at_all),
      CASE(a_form_is_found_by_its_name_in_settings),
      CASE(ef_iccid_swaps_nibbles_both_ways),
      CASE(an_eid_is_32_digits_that_leave_one_modulo_97),
      CASE(an_eid_with_any_one_digit_changed_is_refused),
      CASE(an_eid_is_refused_with_what_was_found),
      CASE(an_imei_has_14_15_or_16_digits_and_luhn_only_warns),
      CASE(imeis_of_one_device_are_equal_whatever_their_length),
      CASE(an_imei_of_another_shape_is_refused), CASE(the_plan_of_myanmar_is_read),
      CASE(a_number_of_myanmar_becomes_e164_from_every_usual_form),
      CASE(a_number_that_cannot_be_dialled_is_refused_with_the_reason),
      CASE(without_a_plan_only_the_form_with_plus_is_known),
      CASE(another_countrys_plan_reads_its_own_numbers),
      CASE(a_wrong_plan_is_refused_with_line_and_field),
      CASE(a_plan_that_is_not_there_is_told_by_its_name), CASE(the_plan_is_given_back))
