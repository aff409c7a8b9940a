/* The bytes of the Mytel protocol: checksum, proof, frames, values, and the document
 * itself, which must say what the code does. */
#include "check.h"

#include "../../plugins/mytel/wire_crc32c.h"
#include "../../plugins/mytel/wire_hmac.h"
#include "mytel_play.h"

/* ---- CRC-32C ---- */

static void the_checksum_is_that_of_rfc_3720(void)
{
    uint8_t block[32];
    CHECK_INT(mytel_crc32c("", 0), 0);
    CHECK_INT(mytel_crc32c("123456789", 9), 0xE3069283);
    memset(block, 0x00, sizeof block);
    CHECK_INT(mytel_crc32c(block, sizeof block), 0x8A9136AA);
    memset(block, 0xFF, sizeof block);
    CHECK_INT(mytel_crc32c(block, sizeof block), 0x62A8AB43);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)i;
    CHECK_INT(mytel_crc32c(block, sizeof block), 0x46DD794E);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(31 - i);
    CHECK_INT(mytel_crc32c(block, sizeof block), 0x113FDB5C);
}

/* ---- SHA-256 and HMAC ---- */

static const char *hex(const uint8_t *from, size_t size)
{
    static char line[2 * SHA256_BYTES + 1];
    for (size_t i = 0; i < size; i++)
        snprintf(line + 2 * i, 3, "%02x", from[i]);
    return line;
}

static const char *sha256_hex(const void *from, size_t size)
{
    uint8_t digest[SHA256_BYTES];
    struct mytel_sha256 sha;
    mytel_sha256_init(&sha);
    mytel_sha256_add(&sha, from, size);
    mytel_sha256_end(&sha, digest);
    return hex(digest, sizeof digest);
}

static void the_digest_is_that_of_fips_180_4(void)
{
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
                                     "mnopnopq";
    CHECK_TEXT(sha256_hex("", 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
                                  "991b7852b855");
    CHECK_TEXT(sha256_hex("abc", 3), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb"
                                     "410ff61f20015ad");
    CHECK_TEXT(sha256_hex(two_blocks, sizeof two_blocks - 1),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* Where padding crosses into one more block: every size around 64 must agree with itself
 * however the bytes come. */
static void a_digest_does_not_depend_on_how_the_bytes_come(void)
{
    uint8_t from[200], whole[SHA256_BYTES], parts[SHA256_BYTES];
    struct mytel_sha256 sha;
    for (size_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(7 * i);
    for (size_t size = 0; size <= sizeof from; size++) {
        mytel_sha256_init(&sha);
        mytel_sha256_add(&sha, from, size);
        mytel_sha256_end(&sha, whole);
        mytel_sha256_init(&sha);
        mytel_sha256_add(&sha, from, size / 3);
        mytel_sha256_add(&sha, from + size / 3, size - size / 3);
        mytel_sha256_end(&sha, parts);
        CHECK(memcmp(whole, parts, sizeof whole) == 0);
    }
}

/* RFC 4231 4.2 to 4.8; a repeated byte stands for a text. */
struct hmac_case {
    uint8_t key_byte;
    size_t key_size;
    const char *key;
    uint8_t data_byte;
    size_t data_size;
    const char *data;
    const char *expected; /* A prefix, where the RFC cuts it. */
};

static const struct hmac_case hmac_cases[] = {
    { 0x0b, 20, NULL, 0, 8, "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { 0, 4, "Jefe", 0, 28, "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { 0xaa, 20, NULL, 0xdd, 50, NULL,
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { 0, 25,
      "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
      "\x15\x16\x17\x18\x19",
      0xcd, 50, NULL,
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { 0x0c, 20, NULL, 0, 20, "Test With Truncation",
      "a3b6167473100ee06e0c796c2955552b" },
    { 0xaa, 131, NULL, 0, 54, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { 0xaa, 131, NULL, 0, 152,
      "This is a test using a larger than block-size key and a larger than block-size "
      "data. The key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static const void *filled(uint8_t room[160], const char *given, uint8_t byte)
{
    memset(room, byte, 160);
    return given != NULL ? (const void *)given : room;
}

static void the_proof_is_that_of_rfc_4231(void)
{
    for (size_t i = 0; i < sizeof hmac_cases / sizeof hmac_cases[0]; i++) {
        const struct hmac_case *row = &hmac_cases[i];
        uint8_t key[160], data[160], digest[SHA256_BYTES];
        struct mytel_hmac hmac;
        mytel_hmac_init(&hmac, filled(key, row->key, row->key_byte), row->key_size);
        mytel_hmac_add(&hmac, filled(data, row->data, row->data_byte), row->data_size);
        mytel_hmac_end(&hmac, digest);
        CHECK_TEXT(hex(digest, strlen(row->expected) / 2), row->expected);
    }
}

static void proofs_are_equal_only_in_every_byte(void)
{
    uint8_t a[SHA256_BYTES] = { 0 }, b[SHA256_BYTES] = { 0 };
    CHECK(mytel_hmac_equal(a, b));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] = 1;
        CHECK(!mytel_hmac_equal(a, b));
        b[i] = 0;
    }
}

/* ---- frames ---- */

static void a_frame_comes_back_as_it_was(void)
{
    start();
    struct mytel_frame frame = { 0 };
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_WINDOW, 16);
    struct esim_bytes written = frame_of(FRAME_WINDOW, 7, 3, &out);
    CHECK_INT(written.size, FRAME_LEAST + 6);
    CHECK_INT(mytel_frame_length(written.ptr, written.size), (int64_t)written.size);
    CHECK_INT(mytel_frame_read(written.ptr, written.size, &frame), CLOSE_NONE);
    CHECK_INT(frame.version, 1);
    CHECK_INT(frame.type, FRAME_WINDOW);
    CHECK_INT(frame.sequence, 7);
    CHECK_INT(frame.answers, 3);
    CHECK_INT(frame.body_size, 6);
    CHECK(memcmp(frame.body, out.bytes, 6) == 0);
}

static void a_frame_cut_at_any_byte_is_none(void)
{
    start();
    struct mytel_frame frame;
    struct esim_bytes whole = example(5);
    for (size_t size = 0; size < whole.size; size++) {
        int64_t length = mytel_frame_length(whole.ptr, size);
        CHECK_INT(length, size < FRAME_CUT_BYTES ? 0 : (int64_t)whole.size);
        CHECK_INT(mytel_frame_read(whole.ptr, size, &frame), CLOSE_BAD_LENGTH);
    }
}

/* The whole point of a checksum. */
static void no_flipped_bit_goes_unseen(void)
{
    start();
    struct mytel_frame frame;
    struct esim_bytes whole = example(5);
    char *spoilt = (char *)(uintptr_t)whole.ptr;
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        spoilt[bit / 8] ^= (char)(1 << bit % 8);
        CHECK(mytel_frame_read(spoilt, whole.size, &frame) != CLOSE_NONE);
        spoilt[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static void lengths_outside_of_the_limits_begin_no_frame(void)
{
    /* clang-format off */
    static const struct { const char *head; int64_t length; } rows[] = {
        { "MY\1\6\0\0\0\24", 20 },
        { "MY\1\6\0\0\0\23", -1 },
        { "MY\1\6\0\0\0\0", -1 },
        { "MY\1\6\0\1\0\0", 65536 },
        { "MY\1\6\0\1\0\1", -1 },
        { "MY\1\6\377\377\377\377", -1 },
        { "My\1\6\0\0\0\24", -1 },
        { "GET / HT", -1 },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_INT(mytel_frame_length(rows[i].head, 8), rows[i].length);
}

static void a_frame_that_does_not_fit_is_not_written(void)
{
    uint8_t room[FRAME_LEAST];
    static const uint8_t body[FRAME_MOST] = { 0 };
    struct mytel_frame frame = { .version = 1, .type = FRAME_PING };
    CHECK_INT(mytel_frame_write(&frame, room, sizeof room), FRAME_LEAST);
    CHECK_INT(mytel_frame_write(&frame, room, sizeof room - 1), 0);
    frame.body = body;
    frame.body_size = FRAME_MOST - FRAME_LEAST + 1;
    CHECK_INT(mytel_frame_write(&frame, room, SIZE_MAX), 0);
}

/* ---- values ---- */

static void put_good(struct tlv_out *out, const struct tag_row *row, size_t size)
{
    static const uint8_t fill[UINT16_MAX] = { 0 };
    char letters[256];
    memset(letters, '7', sizeof letters);
    if (row->kind == KIND_NUMBER || row->kind == KIND_TIME)
        mytel_tlv_put_number(out, row->tag, row->most);
    else if (row->kind == KIND_TEXT || row->kind == KIND_DIGITS)
        mytel_tlv_put(out, row->tag, letters, size);
    else
        mytel_tlv_put(out, row->tag, fill, size);
}

static enum tlv_fault checked(const struct tlv_out *out)
{
    uint16_t tag = 0xFFFF;
    enum tlv_fault fault = mytel_tlv_check((struct tlv_list){ out->bytes, out->size },
                                           &tag);
    CHECK((fault == TLV_SOUND) == (tag == 0xFFFF));
    return fault;
}

static void each_row_of_the_catalogue_is_kept_to(void)
{
    size_t count = 0;
    const struct tag_row *rows = mytel_tag_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const struct tag_row *row = &rows[i];
        start();
        CHECK(i == 0 || rows[i - 1].tag < row->tag);
        CHECK(mytel_tag_row(row->tag) == row);
        CHECK(mytel_tag_row(row->tag | TAG_CRITICAL) == NULL);
        struct tlv_out least = values(), most = values(), twice = values();
        struct tlv_out shorter = values(), longer = values();
        put_good(&least, row, row->bytes_least);
        CHECK_INT(checked(&least), TLV_SOUND);
        put_good(&twice, row, row->bytes_least);
        put_good(&twice, row, row->bytes_least);
        CHECK_INT(checked(&twice), row->repeats ? TLV_SOUND : TLV_MALFORMED);
        if (row->kind == KIND_LIST)
            continue;
        put_good(&most, row, row->bytes_most);
        CHECK_INT(checked(&most), TLV_SOUND);
        mytel_tlv_put(&shorter, row->tag, "77777777777777777777777777777777",
                      row->bytes_least - 1u);
        CHECK_INT(checked(&shorter), TLV_MALFORMED);
        mytel_tlv_put(&longer, row->tag, document(), row->bytes_most + 1u);
        CHECK_INT(checked(&longer), TLV_MALFORMED);
    }
}

static void numbers_outside_of_their_range_are_bad_values(void)
{
    /* clang-format off */
    static const struct { uint16_t tag; uint64_t number; enum tlv_fault fault; } rows[] = {
        { TAG_PROTOCOL, 0, TLV_BAD_VALUE },      { TAG_PROTOCOL, 255, TLV_SOUND },
        { TAG_HEARTBEAT_S, 0, TLV_BAD_VALUE },   { TAG_HEARTBEAT_S, 3601, TLV_BAD_VALUE },
        { TAG_FRAME_MOST, 4095, TLV_BAD_VALUE }, { TAG_FRAME_MOST, 65537, TLV_BAD_VALUE },
        { TAG_PROFILE_STATE, 0, TLV_BAD_VALUE }, { TAG_PROFILE_STATE, 9, TLV_SOUND },
        { TAG_PROFILE_STATE, 10, TLV_BAD_VALUE }, { TAG_LINE_STATE, 5, TLV_BAD_VALUE },
        { TAG_RELEASE, 2, TLV_BAD_VALUE },       { TAG_BYTES_DOWN, UINT64_MAX, TLV_SOUND },
        { TAG_SERVER_TIME, UINT64_MAX, TLV_SOUND },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        uint64_t back = 1;
        struct tlv_out out = values();
        mytel_tlv_put_number(&out, rows[i].tag, rows[i].number);
        CHECK_INT(checked(&out), rows[i].fault);
        CHECK(mytel_tlv_number(list_of(bytes_of(&out)), rows[i].tag, &back));
        CHECK(back == rows[i].number);
    }
}

static void texts_are_utf_8_without_control_characters(void)
{
    /* clang-format off */
    static const struct { const char *text; enum tlv_fault fault; } rows[] = {
        { "P1", TLV_SOUND },               { "\xe1\x80\x99", TLV_SOUND },
        { "\xf0\x9f\x98\x80", TLV_SOUND }, { "\xc2\x80", TLV_SOUND },
        { "a\nb", TLV_BAD_VALUE },         { "\x7f", TLV_BAD_VALUE },
        { "\x80", TLV_BAD_VALUE },         { "\xc0\xaf", TLV_BAD_VALUE },
        { "\xe0\x80\xaf", TLV_BAD_VALUE }, { "\xed\xa0\x80", TLV_BAD_VALUE },
        { "\xf4\x90\x80\x80", TLV_BAD_VALUE }, { "\xf5\x80\x80\x80", TLV_BAD_VALUE },
        { "\xe1\x80", TLV_BAD_VALUE },     { "\xf0\x9f\x98", TLV_BAD_VALUE },
        { "a\xff", TLV_BAD_VALUE },        { "\xe1\x80x", TLV_BAD_VALUE },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        struct tlv_out out = values();
        put_text(&out, TAG_PLAN, rows[i].text);
        CHECK_INT(checked(&out), rows[i].fault);
    }
    start();
    struct tlv_out out = values();
    put_text(&out, TAG_ICCID, "89950900000000000:7");
    CHECK_INT(checked(&out), TLV_BAD_VALUE);
}

static void unknown_tags_are_skipped_unless_they_are_critical(void)
{
    start();
    uint64_t window = 0;
    struct tlv_out out = values();
    mytel_tlv_put(&out, 0x0299, "later", 5);
    mytel_tlv_put(&out, 0x0299, "later", 5);
    mytel_tlv_put_number(&out, TAG_WINDOW | TAG_CRITICAL, 4);
    CHECK_INT(checked(&out), TLV_SOUND);
    CHECK(mytel_tlv_number(list_of(bytes_of(&out)), TAG_WINDOW, &window));
    CHECK_INT(window, 4);
    mytel_tlv_put(&out, 0x0299 | TAG_CRITICAL, "", 0);
    CHECK_INT(checked(&out), TLV_UNKNOWN_CRITICAL);
}

static void nest(struct tlv_out *out, unsigned depth)
{
    size_t mark = mytel_tlv_open(out, TAG_RESULTS);
    if (depth > 1)
        nest(out, depth - 1);
    mytel_tlv_close(out, mark);
}

static void containers_nest_four_deep_and_no_deeper(void)
{
    for (unsigned depth = 1; depth <= 8; depth++) {
        start();
        uint16_t tag = 0;
        struct tlv_out out = values();
        nest(&out, depth);
        CHECK_INT(checked(&out), depth <= 4 ? TLV_SOUND : TLV_MALFORMED);
        CHECK_INT(mytel_tlv_check_top(list_of(bytes_of(&out)), &tag), TLV_SOUND);
    }
}

/* What is wrong inside is found where the container is opened, and named. */
static void a_fault_inside_is_found_with_its_tag(void)
{
    start();
    uint16_t tag = 0;
    struct tlv_out out = values();
    size_t mark = mytel_tlv_open(&out, TAG_PARAMS);
    mytel_tlv_put_number(&out, TAG_RELEASE, 7);
    mytel_tlv_close(&out, mark);
    struct tlv_list list = list_of(bytes_of(&out));
    CHECK_INT(mytel_tlv_check(list, &tag), TLV_BAD_VALUE);
    CHECK_INT(tag, TAG_RELEASE);
    CHECK_INT(mytel_tlv_check_top(list, &tag), TLV_SOUND);
}

/* A cut can only fall between two values, or be seen. */
static void a_list_cut_at_any_byte_is_short_or_malformed(void)
{
    start();
    struct mytel_frame frame;
    struct esim_bytes whole = example(6);
    CHECK_INT(mytel_frame_read(whole.ptr, whole.size, &frame), CLOSE_NONE);
    size_t whole_values = 0;
    for (size_t size = 0; size < frame.body_size; size++) {
        struct tlv_list list = { frame.body, size }, value;
        uint16_t tag = 0;
        enum tlv_fault fault = mytel_tlv_check(list, &tag);
        CHECK(fault == TLV_SOUND || fault == TLV_MALFORMED);
        whole_values += fault == TLV_SOUND;
        CHECK(fault == TLV_MALFORMED || !mytel_tlv_find(list, TAG_RESULTS, &value));
    }
    CHECK_INT(whole_values, 3); /* Nothing; the id; id and code. */
}

static void what_does_not_fit_is_never_half_written(void)
{
    for (size_t room = 0; room < 40; room++) {
        uint8_t bytes_room[40];
        struct tlv_out out = { .bytes = bytes_room, .room = room };
        size_t mark = mytel_tlv_open(&out, TAG_PARAMS);
        mytel_tlv_put(&out, TAG_EID, EID, 32);
        mytel_tlv_close(&out, mark);
        CHECK_INT(out.full, room < 40);
        CHECK(out.size <= room);
    }
    struct tlv_out out = { .bytes = NULL, .room = 0 };
    mytel_tlv_put_number(&out, 0x0299, 1); /* No such number. */
    CHECK(out.full);
    CHECK_TEXT(mytel_profile_state(7), "Installed");
    CHECK(mytel_profile_state(10) == NULL && mytel_line_state(5) == NULL);
    CHECK_INT(mytel_profile_state_of("Error"), 8);
    CHECK_INT(mytel_profile_state_of("error"), 0);
}

/* ---- the document ---- */

/* "| 0x0204 | PROFILE_TYPE | text | 1-64 |" against the catalogue. */
static bool row_agrees(const char *line, size_t *rows)
{
    unsigned tag = 0, least = 0, most = 0;
    char name[40], kind[20], sizes[20] = "";
    if (sscanf(line, "| 0x%4x | %39[A-Z_] | %19[a-z, ] | %19[0-9-]", &tag, name, kind,
               sizes) < 3)
        return true;
    const struct tag_row *row = mytel_tag_row((uint16_t)tag);
    static const char *const kinds[] = {
        [KIND_NUMBER] = "number", [KIND_TIME] = "time",   [KIND_TEXT] = "text",
        [KIND_DIGITS] = "text",   [KIND_BYTES] = "bytes", [KIND_LIST] = "container",
    };
    if (row == NULL || strncmp(kind, kinds[row->kind], strlen(kinds[row->kind])) != 0)
        return false;
    *rows += 1;
    if (row->kind == KIND_LIST)
        return row->repeats == (strstr(kind, "list") != NULL);
    int found = sscanf(sizes, "%u-%u", &least, &most);
    return row->bytes_least == least && row->bytes_most == (found == 2 ? most : least);
}

static void the_document_tells_the_same_catalogue(void)
{
    start();
    size_t rows = 0, count = 0;
    const char *at = strstr(document(), "| tag | name |");
    const char *end = strstr(document(), "## 4. Login");
    CHECK_FATAL(at != NULL && end != NULL);
    for (; at != NULL && *at != '#'; at = strchr(at, '\n') + 1)
        CHECK(row_agrees(at, &rows));
    mytel_tag_rows(&count);
    CHECK_INT(rows, count);
}

static void every_example_of_the_document_is_sound(void)
{
    start();
    struct mytel_frame frame;
    uint32_t sequences[2] = { 0, 0 };
    int count = 0;
    for (;; count++) {
        struct esim_bytes bytes = example(count + 1);
        uint16_t tag = 0;
        if (bytes.size == 0)
            break;
        CHECK_INT(mytel_frame_read(bytes.ptr, bytes.size, &frame), CLOSE_NONE);
        struct tlv_list body = { frame.body, frame.body_size };
        CHECK_INT(mytel_tlv_check(body, &tag),
                  count + 1 == 13 ? TLV_UNKNOWN_CRITICAL : TLV_SOUND);
        bool is_first = frame.sequence == sequences[0] + 1;
        CHECK(is_first || frame.sequence == sequences[1] + 1);
        sequences[is_first ? 0 : 1] = frame.sequence;
    }
    CHECK_INT(count, 16);
}

TESTS("mytel_wire", CASE(the_checksum_is_that_of_rfc_3720),
      CASE(the_digest_is_that_of_fips_180_4),
      CASE(a_digest_does_not_depend_on_how_the_bytes_come),
      CASE(the_proof_is_that_of_rfc_4231), CASE(proofs_are_equal_only_in_every_byte),
      CASE(a_frame_comes_back_as_it_was), CASE(a_frame_cut_at_any_byte_is_none),
      CASE(no_flipped_bit_goes_unseen),
      CASE(lengths_outside_of_the_limits_begin_no_frame),
      CASE(a_frame_that_does_not_fit_is_not_written),
      CASE(each_row_of_the_catalogue_is_kept_to),
      CASE(numbers_outside_of_their_range_are_bad_values),
      CASE(texts_are_utf_8_without_control_characters),
      CASE(unknown_tags_are_skipped_unless_they_are_critical),
      CASE(containers_nest_four_deep_and_no_deeper),
      CASE(a_fault_inside_is_found_with_its_tag),
      CASE(a_list_cut_at_any_byte_is_short_or_malformed),
      CASE(what_does_not_fit_is_never_half_written),
      CASE(the_document_tells_the_same_catalogue),
      CASE(every_example_of_the_document_is_sound), CASE(memory_goes_back_to_the_host))
