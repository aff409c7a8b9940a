#include "check.h"

#include "profile/activation_code.h"

#define FIELD  "/profile/activation_code"
#define BASE   "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815"
#define LONG64 "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

static bool read_code(const char *text, struct activation_code *ret, struct err *err)
{
    return activation_code_read(slice_of(text), ACTIVATION_CODE_ANY_CASE, FIELD, ret,
                                err);
}

static void every_valid_form_is_read_and_written_back_the_same(void)
{
    static const struct {
        const char *text, *address, *id, *oid;
        bool confirm;
    } rows[] = {
        { BASE, "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815", "", false },
        { BASE "$$1", "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815", "", true },
        { BASE "$1.3.6.1.4.1.31746$1", "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815",
          "1.3.6.1.4.1.31746", true },
        { BASE "$1.3.6.1.4.1.31746", "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815",
          "1.3.6.1.4.1.31746", false },
        { "1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746", "SMDP.GSMA.COM", "",
          "1.3.6.1.4.1.31746", false },
        { "1$rsp.example-1.mm$", "rsp.example-1.mm", "", "", false },
        { "1$a.bc$x$2.25.329800735698586629295641978511506172918", "a.bc", "x",
          "2.25.329800735698586629295641978511506172918", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct activation_code code = { 0 };
        struct err err = ERR_INIT;
        char text[ACTIVATION_CODE_SIZE];
        CHECK(read_code(rows[i].text, &code, &err));
        CHECK_TEXT(code.smdp_address, rows[i].address);
        CHECK_TEXT(code.matching_id, rows[i].id);
        CHECK_TEXT(code.smdp_oid, rows[i].oid);
        CHECK_INT(code.confirmation_required, rows[i].confirm);
        CHECK(activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "", text, &err));
        CHECK_TEXT(text, rows[i].text);
    }
}

/* What a QR code shows, and what a later version of the standard may append. */
static void the_lpa_prefix_and_later_parts_are_dropped(void)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        { "LPA:" BASE, BASE },
        { BASE "$$1$future", BASE "$$1" },
        { BASE "$1.3.6$1$$", BASE "$1.3.6$1" },
        { BASE "$", BASE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct activation_code code = { 0 };
        struct err err = ERR_INIT;
        char text[ACTIVATION_CODE_SIZE];
        CHECK(read_code(rows[i].text, &code, &err));
        CHECK(activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "", text, &err));
        CHECK_TEXT(text, rows[i].canonical);
    }
}

#define NOT_A_NAME                                                              \
    "expected an SM-DP+ host name of letters, digits, hyphens and dots, found " \
    "something else"
#define NOT_WHOLE \
    "expected an SM-DP+ host name with its domain, found a word or an address"
#define NO_FORMAT "expected format 1 ('1$...'), found another"
#define MISSING   "expected '1$<SM-DP+ address>$<matchingId>', found a part missing"
#define BAD_FLAG \
    "expected the confirmation flag to be 1 or absent, found something else"
#define BAD_OID "expected an object identifier in dotted decimal, found something else"

static void every_malformed_code_is_refused_by_its_reason(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", NO_FORMAT },
        { "$", NO_FORMAT },
        { "$$$$", NO_FORMAT },
        { "2$SMDP.GSMA.COM$X", NO_FORMAT },
        { "11$SMDP.GSMA.COM$X", NO_FORMAT },
        { "lpa:" BASE, NO_FORMAT },
        { "LPA:LPA:" BASE, NO_FORMAT },
        { "LPA:", NO_FORMAT },
        { "1", MISSING },
        { "1$", MISSING },
        { "1$SMDP.GSMA.COM", MISSING },
        { "1$$X", "expected an SM-DP+ address, found none" },
        { "1$https://SMDP.GSMA.COM$X",
          "expected an SM-DP+ host name alone, found a port or a scheme" },
        { "1$SMDP.GSMA.COM:443$X",
          "expected an SM-DP+ host name alone, found a port or a scheme" },
        { "1$SMDP.GSMA.COM/gsma$X",
          "expected an SM-DP+ host name alone, found a scheme or a path" },
        { "1$SMDP..COM$X", NOT_A_NAME },
        { "1$SMDP.GSMA.COM.$X", NOT_A_NAME },
        { "1$-SMDP.COM$X", NOT_A_NAME },
        { "1$SMDP-.COM$X", NOT_A_NAME },
        { "1$SM_DP.COM$X", NOT_A_NAME },
        { "1$SM DP.COM$X", NOT_A_NAME },
        { "1$" LONG64 ".COM$X", NOT_A_NAME },
        { "1$SMDP$X", NOT_WHOLE },
        { "1$127.0.0.1$X", NOT_WHOLE },
        { "1$SMDP.GSMA.COM$A_B", "expected a matchingId of letters, digits and "
                                 "hyphens, found another character" },
        { "1$SMDP.GSMA.COM$A B", "expected a matchingId of letters, digits and "
                                 "hyphens, found another character" },
        { BASE "$$0", BAD_FLAG },
        { BASE "$$2", BAD_FLAG },
        { BASE "$$11", BAD_FLAG },
        { BASE "$$", BAD_FLAG },
        { BASE "$1.3.6$", BAD_FLAG },
        { BASE "$$ 1", BAD_FLAG },
        { BASE "$1", BAD_OID },
        { BASE "$3.1", BAD_OID },
        { BASE "$1.40", BAD_OID },
        { BASE "$1.3.", BAD_OID },
        { BASE "$.3.1", BAD_OID },
        { BASE "$1.03", BAD_OID },
        { BASE "$1.3.x", BAD_OID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct activation_code code;
        struct err err = ERR_INIT;
        CHECK(!read_code(rows[i].text, &code, &err));
        CHECK_INT(err.code, ERR_INVALID);
        CHECK_TEXT(err.field, FIELD);
        CHECK_TEXT(err.text, rows[i].says);
    }
}

static void lower_case_in_the_matching_id_passes_only_where_it_may(void)
{
    struct activation_code code;
    struct err err = ERR_INIT;
    struct slice text = SLICE_LITERAL("1$smdp.gsma.com$abc-1");
    CHECK(activation_code_read(text, ACTIVATION_CODE_ANY_CASE, FIELD, &code, &err));
    CHECK(!activation_code_read(text, ACTIVATION_CODE_UPPER_ONLY, FIELD, &code, &err));
    CHECK_TEXT(err.text,
               "expected a matchingId in upper case, found a lower-case letter");
}

static void a_code_has_at_most_255_characters(void)
{
    char text[300] = "LPA:1$SMDP.GSMA.COM$";
    struct activation_code code;
    struct err err = ERR_INIT;
    size_t start = strlen(text), limit = 4 + 255;
    memset(text + start, 'A', limit - start);
    text[limit] = '\0';
    CHECK(read_code(text, &code, &err));
    text[limit] = 'A';
    text[limit + 1] = '\0';
    CHECK(!read_code(text, &code, &err));
    CHECK_TEXT(err.text, "expected at most 255 characters, found 256");
}

static void parts_that_do_not_make_a_code_are_refused_by_part(void)
{
    struct activation_code code = { .smdp_address = "https://x.y", .matching_id = "A" };
    struct err err = ERR_INIT;
    char text[ACTIVATION_CODE_SIZE] = "untouched";
    CHECK(!activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "/p", text, &err));
    CHECK_TEXT(err.field, "/p/smdp_address");
    memcpy(code.smdp_address, "x.yz", 5);
    memcpy(code.matching_id, "a$1", 4);
    CHECK(!activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "/p", text, &err));
    CHECK_TEXT(err.field, "/p/matching_id");
    memcpy(code.matching_id, "A", 2);
    memcpy(code.smdp_oid, "1.", 3);
    CHECK(!activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "/p", text, &err));
    CHECK_TEXT(err.field, "/p/smdp_oid");
    code.smdp_oid[0] = '\0';
    memset(code.matching_id, 'A', ACTIVATION_CODE_SIZE - 1);
    CHECK(!activation_code_write(&code, ACTIVATION_CODE_ANY_CASE, "/p", text, &err));
    CHECK_TEXT(err.field, "/p");
    CHECK_TEXT(err.text, "expected parts that make at most 255 characters, found 262");
    CHECK_TEXT(text, "untouched");
}

/* Errors are logged and shown; the code is a secret. */
static void no_error_holds_a_part_of_the_code(void)
{
    static const char *const texts[] = {
        "1$SECRET HOST$X",
        "1$SMDP.GSMA.COM$SECRET_ID",
        "1$SMDP.GSMA.COM$A$SECRET",
        "1$SMDP.GSMA.COM$A$$SECRET",
        "SECRET",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct activation_code code;
        struct err err = ERR_INIT;
        CHECK(!read_code(texts[i], &code, &err));
        CHECK(strstr(err.text, "SECRET") == NULL);
    }
}

TESTS("activation_code", CASE(every_valid_form_is_read_and_written_back_the_same),
      CASE(the_lpa_prefix_and_later_parts_are_dropped),
      CASE(every_malformed_code_is_refused_by_its_reason),
      CASE(lower_case_in_the_matching_id_passes_only_where_it_may),
      CASE(a_code_has_at_most_255_characters),
      CASE(parts_that_do_not_make_a_code_are_refused_by_part),
      CASE(no_error_holds_a_part_of_the_code))
