/* The alphabets of short messages, the cutting of long ones, and delivery receipts.
 * Golden octets are from 3GPP TS 23.038 and from Unicode's charts. */
#include "check.h"

#include "mpt_play.h"

#include "../../plugins/mpt/wire_receipt.h"
#include "../../plugins/mpt/wire_split.h"

static const char *encoded(enum smpp_charset charset, const char *given)
{
    struct smpp_out out = smpp_out_to(host_alloc(4096), 4096);
    return smpp_encode(charset, bytes(given), &out) ? hex(smpp_written(&out)) : NULL;
}

static const char *decoded(enum smpp_charset charset, const char *digits)
{
    struct smpp_out out = smpp_out_to(host_alloc(4096), 4096);
    CHECK(smpp_decode(charset, unhex(digits), &out));
    return text(smpp_written(&out));
}

/* ---- alphabets ---- */

static void gsm_7_bit_has_a_basic_table_and_an_extension(void)
{
    start();
    CHECK_TEXT(encoded(SMPP_GSM7, "@£$ Hi_é\n"), "000102204869110"
                                                 "50a");
    CHECK_TEXT(encoded(SMPP_GSM7, "[€^]"), "1b3c1b651b141b3e");
    CHECK_TEXT(encoded(SMPP_GSM7, "ΔΩ¿à"), "1015607f");
    CHECK(encoded(SMPP_GSM7, "`") == NULL);
    CHECK(encoded(SMPP_GSM7, "မ") == NULL);
    CHECK_TEXT(decoded(SMPP_GSM7, "000102204869"), "@£$ Hi");
    CHECK_TEXT(decoded(SMPP_GSM7, "1b65 1b3c"), "€[");
    CHECK_TEXT(decoded(SMPP_GSM7, "1b41"), "A");  /* Not in the extension. */
    CHECK_TEXT(decoded(SMPP_GSM7, "411b"), "A "); /* Nothing behind the escape. */
    CHECK_TEXT(decoded(SMPP_GSM7, "80"), "\xEF\xBF\xBD");
}

/* All 128 septets but the escape, there and back. */
static void each_gsm_character_comes_back(void)
{
    for (unsigned i = 0; i < 128; i++) {
        start();
        char digits[3], again[8] = "";
        int size = snprintf(digits, sizeof digits, "%02x", i);
        CHECK_INT(size, 2);
        const char *character = decoded(SMPP_GSM7, digits);
        size = snprintf(
            again, sizeof again, "%s",
            encoded(SMPP_GSM7, character) == NULL ? "" : encoded(SMPP_GSM7, character));
        CHECK(size >= 0);
        CHECK_TEXT(again, i == 0x1B ? "20" : digits);
    }
}

static void burmese_goes_as_ucs2_and_emoji_as_surrogate_pairs(void)
{
    start();
    CHECK_TEXT(encoded(SMPP_UCS2, "မြန်မာ"), "1019103c1014103a1019102c");
    CHECK_TEXT(encoded(SMPP_UCS2, "A😀"), "0041d83dde00");
    CHECK_TEXT(decoded(SMPP_UCS2, "1019103c1014103a1019102c"), "မြန်မာ");
    CHECK_TEXT(decoded(SMPP_UCS2, "d83dde00"), "😀");
    CHECK_TEXT(decoded(SMPP_UCS2, "d83d0041"), "\xEF\xBF\xBD"
                                               "A");
    CHECK_TEXT(decoded(SMPP_UCS2, "de00"), "\xEF\xBF\xBD");
    CHECK_TEXT(decoded(SMPP_UCS2, "004100"), "A\xEF\xBF\xBD");
}

static void latin_1_and_ascii_end_where_they_end(void)
{
    start();
    CHECK_TEXT(encoded(SMPP_LATIN1, "Aéÿ"), "41e9ff");
    CHECK(encoded(SMPP_LATIN1, "€") == NULL);
    CHECK_TEXT(decoded(SMPP_LATIN1, "41e9ff"), "Aéÿ");
    CHECK_TEXT(encoded(SMPP_ASCII, "A~"), "417e");
    CHECK(encoded(SMPP_ASCII, "é") == NULL);
    CHECK_TEXT(decoded(SMPP_ASCII, "41e9"), "A\xEF\xBF\xBD");
    CHECK_TEXT(decoded(SMPP_OCTETS, "00ff"), "00ff");
    CHECK(encoded(SMPP_OCTETS, "A") == NULL);
}

static void text_that_is_no_utf8_is_not_sent(void)
{
    start();
    static const char *const wrong[] = { "\x80", "\xC0\x80",     "\xE0\x80\x80",
                                         "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                         "\xFF" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK(encoded(SMPP_UCS2, wrong[i]) == NULL);
}

/* 23.038 6.1.2.1: "hellohello" packs to these nine octets. */
static void septets_are_packed_and_unpacked(void)
{
    start();
    struct smpp_out out = smpp_out_to(host_alloc(64), 64);
    smpp_pack(bytes("hellohello"), 0, &out);
    CHECK_TEXT(hex(smpp_written(&out)), "e8329bfd4697d9ec37");
    struct smpp_out back = smpp_out_to(host_alloc(64), 64);
    smpp_unpack(smpp_written(&out), 0, &back);
    CHECK_TEXT(text(smpp_written(&back)), "hellohello");
    for (unsigned fill = 0; fill < 7; fill++)
        for (size_t size = 1; size <= 20; size++) {
            start();
            struct esim_bytes septets = { "abcdefghijklmnopqrst", size };
            struct smpp_out packed = smpp_out_to(host_alloc(64), 64);
            struct smpp_out again = smpp_out_to(host_alloc(64), 64);
            smpp_pack(septets, fill, &packed);
            CHECK_INT(packed.size, (size * 7 + fill + 7) / 8);
            smpp_unpack(smpp_written(&packed), fill, &again);
            CHECK_INT(again.size, size);
            CHECK(memcmp(again.ptr, septets.ptr, size) == 0);
        }
    CHECK_INT(smpp_udh_fill_bits(6), 1); /* 48 bits, 49 are seven septets. */
    CHECK_INT(smpp_udh_fill_bits(7), 0);
}

static void data_coding_says_which_alphabet_came(void)
{
    static const struct {
        uint8_t coding;
        enum smpp_charset charset;
    } rows[] = { { 0, SMPP_LATIN1 }, { 1, SMPP_ASCII },     { 2, SMPP_OCTETS },
                 { 3, SMPP_LATIN1 }, { 4, SMPP_OCTETS },    { 8, SMPP_UCS2 },
                 { 6, SMPP_OCTETS }, { 0xF1, SMPP_LATIN1 }, { 0xF5, SMPP_OCTETS } };
    static const struct smpp_codings codings = { SMPP_LATIN1, SMPP_ASCII };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(smpp_charset_of(rows[i].coding, &codings), rows[i].charset);
}

static void data_coding_is_what_this_carrier_reads(void)
{
    static const struct {
        struct smpp_codings codings;
        enum smpp_charset charset;
        uint8_t coding;
    } rows[] = {
        { { SMPP_GSM7, SMPP_ASCII }, SMPP_GSM7, 0 },
        { { SMPP_GSM7, SMPP_ASCII }, SMPP_ASCII, 1 },
        { { SMPP_GSM7, SMPP_ASCII }, SMPP_LATIN1, 3 },
        { { SMPP_GSM7, SMPP_ASCII }, SMPP_UCS2, 8 },
        { { SMPP_LATIN1, SMPP_GSM7 }, SMPP_GSM7, 1 },
        { { SMPP_ASCII, SMPP_GSM7 }, SMPP_ASCII, 0 },
        { { SMPP_ASCII, SMPP_GSM7 }, SMPP_GSM7, 1 },
        { { SMPP_GSM7, SMPP_GSM7 }, SMPP_GSM7, 0 },
        { { SMPP_GSM7, SMPP_ASCII }, SMPP_GSM7_PACKED, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(smpp_coding_of(rows[i].charset, &rows[i].codings), rows[i].coding);
    CHECK_INT(smpp_charset_of(1, &rows[5].codings), SMPP_GSM7);
}

/* ---- long messages ---- */

static const char *repeated(const char *piece, size_t count)
{
    size_t size = strlen(piece);
    char *all = host_alloc(size * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * size, piece, size);
    return all;
}

static struct smpp_split split;

static bool cut(enum smpp_charset charset, enum smpp_way way, const char *given)
{
    return smpp_split_text(charset, way, bytes(given), &split);
}

static void a_text_is_cut_only_when_it_must_be(void)
{
    start();
    CHECK(cut(SMPP_GSM7, SMPP_BY_UDH, repeated("a", 160)));
    CHECK_INT(split.count, 1);
    CHECK(cut(SMPP_GSM7, SMPP_BY_UDH, repeated("a", 161)));
    CHECK_INT(split.count, 2);
    CHECK_INT(split.parts[0].size, 153);
    CHECK_INT(split.parts[1].size, 8);
    CHECK(cut(SMPP_UCS2, SMPP_BY_SAR, repeated("က", 70)));
    CHECK_INT(split.count, 1);
    CHECK(cut(SMPP_UCS2, SMPP_BY_SAR, repeated("က", 71)));
    CHECK_INT(split.count, 2);
    CHECK_INT(split.parts[0].size, 134);
    CHECK(cut(SMPP_LATIN1, SMPP_BY_UDH, repeated("é", 141)));
    CHECK_INT(split.parts[0].size, 134);
    CHECK(cut(SMPP_GSM7, SMPP_BY_PAYLOAD, repeated("a", 1000)));
    CHECK_INT(split.count, 1);
    CHECK(!cut(SMPP_GSM7, SMPP_BY_UDH, repeated("a", 153 * SMPP_PARTS_MOST + 1)));
    CHECK(cut(SMPP_GSM7, SMPP_BY_UDH, repeated("a", 153 * SMPP_PARTS_MOST)));
    CHECK(!cut(SMPP_GSM7, SMPP_BY_PAYLOAD, repeated("a", SMPP_TEXT_MOST + 1)));
    CHECK(cut(SMPP_GSM7, SMPP_BY_UDH, ""));
    CHECK_INT(split.count, 1);
}

/* Whatever stands in front, an escape and the escaped stay together. */
static void no_cut_parts_an_escape_from_the_escaped(void)
{
    for (size_t lead = 0; lead < 160; lead++) {
        start();
        const char *given = text(
            esim_format("%s%s", repeated("a", lead), repeated("€", 100)));
        CHECK(cut(SMPP_GSM7, SMPP_BY_UDH, given));
        for (size_t i = 0; i + 1 < split.count; i++) {
            const struct smpp_part *part = &split.parts[i];
            size_t escapes = 0;
            while (escapes < part->size &&
                   split.octets[part->start + part->size - 1 - escapes] == 0x1B)
                escapes++;
            CHECK_INT(escapes % 2, 0);
            CHECK(part->size <= 153 && part->size >= 152);
            CHECK_INT(part->start + part->size, split.parts[i + 1].start);
        }
    }
}

static void no_cut_parts_a_surrogate_pair(void)
{
    for (size_t lead = 0; lead < 70; lead++) {
        start();
        const char *given = text(
            esim_format("%s%s", repeated("a", lead), repeated("😀", 100)));
        CHECK(cut(SMPP_UCS2, SMPP_BY_UDH, given));
        for (size_t i = 1; i < split.count; i++)
            CHECK((split.octets[split.parts[i].start] & 0xFC) != 0xDC);
    }
}

/* Medials, vowels, asat and stacked consonants belong to the syllable before them. */
static void no_cut_parts_a_burmese_syllable(void)
{
    for (size_t lead = 0; lead < 70; lead++) {
        start();
        const char *given = text(
            esim_format("%s%s", repeated("a", lead), repeated("မြန်မ္မာ", 30)));
        CHECK(cut(SMPP_UCS2, SMPP_BY_UDH, given));
        CHECK(split.count > 1);
        for (size_t i = 1; i < split.count; i++) {
            const uint8_t *octets = &split.octets[split.parts[i].start];
            unsigned first = (unsigned)(octets[0] << 8 | octets[1]);
            CHECK(first < 0x102B || first > 0x103E);
            CHECK(octets[-2] != 0x10 || octets[-1] != 0x39);
            CHECK(split.parts[i - 1].size > 134 - 2 * 9);
        }
    }
}

/* A text of nothing but marks must still be cut somewhere. */
static void where_there_is_no_good_place_any_whole_character_will_do(void)
{
    start();
    CHECK(cut(SMPP_UCS2, SMPP_BY_UDH, repeated("\xE1\x80\xBB", 200)));
    CHECK_INT(split.parts[0].size, 134);
    CHECK_INT(split.count, 3);
}

static void headers_of_parts_are_written_and_read(void)
{
    start();
    struct smpp_udh header;
    struct smpp_out out = smpp_out_to(host_alloc(16), 16);
    smpp_udh_write(&out, 0xAB, 3, 2);
    CHECK_TEXT(hex(smpp_written(&out)), "050003ab0302");
    CHECK(smpp_udh_read(smpp_written(&out), &header));
    CHECK_INT(header.size, 6);
    CHECK_INT(header.reference, 0xAB);
    CHECK_INT(header.total, 3);
    CHECK_INT(header.number, 2);
    CHECK(smpp_udh_read(unhex("06080412340402 41"), &header));
    CHECK_INT(header.reference, 0x1234);
    CHECK_INT(header.size, 7);
    CHECK(smpp_udh_read(unhex("0b0504158100000003070201"), &header));
    CHECK_INT(header.total, 2);
    CHECK(smpp_udh_read(unhex("050003ab0203"), &header)); /* Number above total. */
    CHECK_INT(header.total, 0);
    CHECK(smpp_udh_read(unhex("050003ab0000"), &header));
    CHECK_INT(header.total, 0);
    CHECK(!smpp_udh_read(unhex("050003ab03"), &header));
    CHECK(!smpp_udh_read(unhex("050004ab030201"), &header));
    CHECK(!smpp_udh_read(unhex(""), &header));
}

/* ---- receipts ---- */

static struct smpp_receipt receipt;

static void read_text(const char *given)
{
    receipt = (struct smpp_receipt){ 0 };
    smpp_receipt_text(bytes(given), &receipt);
}

static void a_receipts_text_is_read_in_any_case_and_order(void)
{
    start();
    read_text("id:0123456789 sub:001 dlvrd:001 submit date:2601020304 "
              "done date:2601020305 stat:DELIVRD err:000 text:Hello stat:EXPIRED");
    CHECK_TEXT(text(receipt.id), "0123456789");
    CHECK_INT(receipt.state, SMPP_DELIVERED);
    CHECK_TEXT(receipt.error, "000");
    CHECK_TEXT(text(receipt.text), "Hello stat:EXPIRED");
    read_text("ERR:12 STAT:undeliv Id:a-long-id-of-thirty-characters-");
    CHECK_TEXT(text(receipt.id), "a-long-id-of-thirty-characters-");
    CHECK_INT(receipt.state, SMPP_UNDELIVERABLE);
    CHECK_TEXT(receipt.error, "12");
    read_text("stat:DELIVERED");
    CHECK_INT(receipt.state, SMPP_DELIVERED);
    CHECK_INT(receipt.id.size, 0);
    read_text("id: stat:WEIRD");
    CHECK_INT(receipt.id.size, 0);
    CHECK_INT(receipt.state, SMPP_STATE_NONE);
    read_text("orderid:9 substat:EXPIRED");
    CHECK_INT(receipt.id.size, 0);
    CHECK_INT(receipt.state, SMPP_STATE_NONE);
}

static void every_stat_has_a_state(void)
{
    static const struct {
        const char *stat;
        enum smpp_state state;
    } rows[] = { { "ENROUTE", SMPP_ENROUTE },       { "DELIVRD", SMPP_DELIVERED },
                 { "EXPIRED", SMPP_EXPIRED },       { "DELETED", SMPP_DELETED },
                 { "UNDELIV", SMPP_UNDELIVERABLE }, { "ACCEPTD", SMPP_ACCEPTED },
                 { "UNKNOWN", SMPP_STATE_UNKNOWN }, { "REJECTD", SMPP_REJECTED } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        read_text(text(esim_format("id:1 stat:%s", rows[i].stat)));
        CHECK_INT(receipt.state, rows[i].state);
    }
}

static void a_receipt_cut_at_any_byte_is_read_as_far_as_it_goes(void)
{
    static const char whole[] = "id:7 sub:001 dlvrd:001 submit date:2601020304 "
                                "done date:2601020305 stat:DELIVRD err:000 text:Hi";
    for (size_t size = 0; size < sizeof whole; size++) {
        start();
        char *cut_text = malloc(size == 0 ? 1 : size);
        memcpy(cut_text, whole, size);
        receipt = (struct smpp_receipt){ 0 };
        smpp_receipt_text((struct esim_bytes){ cut_text, size }, &receipt);
        CHECK(receipt.id.size <= 1);
        CHECK(receipt.state == SMPP_STATE_NONE || receipt.state == SMPP_DELIVERED);
        free(cut_text);
    }
}

static void the_optional_parameters_count_more_than_the_text(void)
{
    start();
    struct smpp_pdu pdu = { .esm_class = SMPP_CLASS_RECEIPT };
    smpp_tlv_add(&pdu, SMPP_TAG_RECEIPTED_ID, (struct esim_bytes){ "ff\0", 3 });
    smpp_tlv_add(&pdu, SMPP_TAG_STATE, (struct esim_bytes){ "\x05", 1 });
    smpp_tlv_add(&pdu, SMPP_TAG_NETWORK_ERROR,
                 (struct esim_bytes){ "\x03\x00\x1b", 3 });
    smpp_tlv_add(&pdu, SMPP_TAG_USER_REFERENCE, (struct esim_bytes){ "\x12\x34", 2 });
    CHECK(smpp_is_receipt(&pdu));
    CHECK(smpp_receipt_read(&pdu, bytes("id:255 stat:DELIVRD err:009"), &receipt));
    CHECK_TEXT(text(receipt.id), "ff");
    CHECK(receipt.id_is_tlv);
    CHECK_INT(receipt.state, SMPP_UNDELIVERABLE);
    CHECK_TEXT(receipt.error, "03001b");
    CHECK(receipt.has_user_reference);
    CHECK_INT(receipt.user_reference, 0x1234);
    struct smpp_pdu empty = { .esm_class = SMPP_CLASS_RECEIPT };
    CHECK(!smpp_receipt_read(&empty, bytes("thank you"), &receipt));
    struct smpp_pdu plain = { .esm_class = SMPP_CLASS_UDH };
    CHECK(!smpp_is_receipt(&plain));
}

/* A response says "1f", its receipt "31": the same message, when the settings say so. */
static void ids_in_decimal_and_in_hexadecimal_are_one(void)
{
    static const struct {
        const char *id;
        enum smpp_id_form form;
        const char *name;
    } rows[] = {
        { "1F", SMPP_ID_HEX, "1f" },
        { "31", SMPP_ID_DECIMAL, "1f" },
        { "0031", SMPP_ID_DECIMAL, "1f" },
        { "31", SMPP_ID_TEXT, "31" },
        { "x31", SMPP_ID_DECIMAL, "x31" },
        { "", SMPP_ID_HEX, "" },
        { "18446744073709551615", SMPP_ID_DECIMAL, "ffffffffffffffff" },
        { "18446744073709551616", SMPP_ID_DECIMAL, "18446744073709551616" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[SMPP_ID_NAME];
        smpp_id_name(bytes(rows[i].id), rows[i].form, name);
        CHECK_TEXT(name, rows[i].name);
    }
}

TESTS("mpt_text", CASE(gsm_7_bit_has_a_basic_table_and_an_extension),
      CASE(each_gsm_character_comes_back),
      CASE(burmese_goes_as_ucs2_and_emoji_as_surrogate_pairs),
      CASE(latin_1_and_ascii_end_where_they_end),
      CASE(text_that_is_no_utf8_is_not_sent), CASE(septets_are_packed_and_unpacked),
      CASE(data_coding_says_which_alphabet_came),
      CASE(data_coding_is_what_this_carrier_reads),
      CASE(a_text_is_cut_only_when_it_must_be),
      CASE(no_cut_parts_an_escape_from_the_escaped),
      CASE(no_cut_parts_a_surrogate_pair), CASE(no_cut_parts_a_burmese_syllable),
      CASE(where_there_is_no_good_place_any_whole_character_will_do),
      CASE(headers_of_parts_are_written_and_read),
      CASE(a_receipts_text_is_read_in_any_case_and_order), CASE(every_stat_has_a_state),
      CASE(a_receipt_cut_at_any_byte_is_read_as_far_as_it_goes),
      CASE(the_optional_parameters_count_more_than_the_text),
      CASE(ids_in_decimal_and_in_hexadecimal_are_one),
      CASE(memory_goes_back_to_the_host))
