#include "signing.h"

#include <stdlib.h>
#include <unistd.h>

#include "conf/file.h"
#include "crypto/digest.h"
#include "crypto/minisign.h"
#include "crypto/seal.h"

static char folder[] = "/tmp/esimd-crypto-XXXXXX";

static void check_digest(const uint8_t digest[DIGEST_SIZE], const char *expected)
{
    char text[DIGEST_TEXT_SIZE];
    hex_text(digest, DIGEST_SIZE, text);
    CHECK_TEXT(text, expected);
}

/* FIPS 180-4's examples. */
static void sha256_agrees_with_the_standard(void)
{
    char text[DIGEST_TEXT_SIZE];
    digest_sha256_text(SLICE_LITERAL("abc"), text);
    CHECK_TEXT(text,
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256_text((struct slice){ NULL, 0 }, text);
    CHECK_TEXT(text,
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231 4.3. */
static void hmac_agrees_with_the_standard(void)
{
    uint8_t digest[DIGEST_SIZE];
    digest_hmac_sha256(SLICE_LITERAL("Jefe"),
                       SLICE_LITERAL("what do ya want for nothing?"), digest);
    check_digest(digest,
                 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    digest_hmac_sha256((struct slice){ NULL, 0 }, (struct slice){ NULL, 0 }, digest);
    check_digest(digest,
                 "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

/* A chain over joined text could be cut elsewhere and still fit. */
static void a_byte_moved_over_a_border_changes_the_digest_of_pieces(void)
{
    uint8_t a[DIGEST_SIZE], b[DIGEST_SIZE];
    struct slice one[] = { SLICE_LITERAL("ab"), SLICE_LITERAL("c") };
    struct slice two[] = { SLICE_LITERAL("a"), SLICE_LITERAL("bc") };
    digest_pieces(one, 2, a);
    digest_pieces(two, 2, b);
    CHECK(!digest_equal(a, b, DIGEST_SIZE));
    digest_sha256((struct slice){ "\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c", 19 }, b);
    CHECK(digest_equal(a, b, DIGEST_SIZE));
    digest_pieces(NULL, 0, a);
    check_digest(a, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void hex_is_read_exactly(void)
{
    uint8_t bytes[2] = { 7, 7 };
    CHECK(hex_read(SLICE_LITERAL("00fF"), bytes, 2));
    CHECK(bytes[0] == 0 && bytes[1] == 255);
    CHECK(!hex_read(SLICE_LITERAL("00f"), bytes, 2));
    CHECK(!hex_read(SLICE_LITERAL("00ff00"), bytes, 2));
    CHECK(!hex_read(SLICE_LITERAL("00fg"), bytes, 2));
    CHECK(!hex_read(SLICE_LITERAL(""), bytes, 2));
    CHECK(bytes[0] == 0 && bytes[1] == 255);
}

/* RFC 4648 10, and every text that a lenient reader takes for the same bytes. */
static void base64_has_one_text_per_value(void)
{
    static const struct {
        const char *bytes, *text;
    } vectors[] = { { "", "" },
                    { "f", "Zg==" },
                    { "fo", "Zm8=" },
                    { "foo", "Zm9v" },
                    { "foob", "Zm9vYg==" },
                    { "fooba", "Zm9vYmE=" },
                    { "foobar", "Zm9vYmFy" } };
    static const char *const refused[] = {
        "Zg",   "Zg=",    "Zg===", "Zh==", "Zm9=",  "Zg==Zg==", "Z===",
        "====", "Zm9v\n", " Zm9",  "Zm-v", "Zm9vZ", "Zg=a",     "=m9v"
    };
    struct buf buf;
    buf_init(&buf, 100);
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        buf_clear(&buf);
        base64_write(slice_of(vectors[i].bytes), &buf);
        CHECK(slice_is(buf_slice(&buf), vectors[i].text));
        buf_clear(&buf);
        CHECK(base64_read(slice_of(vectors[i].text), &buf));
        CHECK(slice_is(buf_slice(&buf), vectors[i].bytes));
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK(!base64_read(slice_of(refused[i]), &buf));
    buf_finish(&buf);
}

static void long_base64_comes_back(void)
{
    static uint8_t bytes[10000];
    struct buf text, back;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    buf_init(&text, 20000);
    buf_init(&back, 20000);
    base64_write(slice_bytes(bytes, sizeof bytes), &text);
    CHECK_INT(text.size, 13336);
    CHECK(base64_read(buf_slice(&text), &back));
    CHECK(slice_equal(buf_slice(&back), slice_bytes(bytes, sizeof bytes)));
    buf_finish(&text);
    buf_finish(&back);
}

/* --- sealing --- */

#define KEY_TEXT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
static const char plain_text[] = "LPA:1$smdp.example$SECRET-MATCHING";

static struct sealer *key_one(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = sealer_create(SLICE_LITERAL(KEY_TEXT), &err);
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(sealer != NULL);
    return sealer;
}

static bool opens(const struct sealer *sealer, const char *tenant, const char *context,
                  struct slice sealed)
{
    struct err err = ERR_INIT;
    struct buf plain;
    buf_init(&plain, 1000);
    bool fine = seal_open(sealer, tenant, context, sealed, &plain, &err);
    CHECK(fine ? slice_is(buf_slice(&plain), plain_text) : plain.size == 0);
    CHECK(fine || err.code == ERR_CORRUPT);
    CHECK(strstr(err.text, "SECRET") == NULL && strstr(err.text, "0001020") == NULL);
    buf_finish_secret(&plain);
    return fine;
}

static void a_sealed_value_opens_only_for_its_tenant_place_and_key(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    struct sealer *other = sealer_create(
        SLICE_LITERAL("0123456789abcdef0123456789abcdef"), &err);
    struct buf sealed;
    CHECK_FATAL(other != NULL);
    buf_init(&sealed, 1000);
    CHECK_FATAL(
        seal(sealer, "t1", "profile/code/7", slice_of(plain_text), &sealed, &err));
    CHECK_INT(sealed.size, 1 + 12 + strlen(plain_text) + 16);
    CHECK(opens(sealer, "t1", "profile/code/7", buf_slice(&sealed)));
    CHECK(!opens(sealer, "t2", "profile/code/7", buf_slice(&sealed)));
    CHECK(!opens(sealer, "", "profile/code/7", buf_slice(&sealed)));
    CHECK(!opens(sealer, "t1", "profile/code/8", buf_slice(&sealed)));
    CHECK(!opens(sealer, "t1", "", buf_slice(&sealed)));
    CHECK(!opens(other, "t1", "profile/code/7", buf_slice(&sealed)));
    buf_finish(&sealed);
    sealer_destroy(&sealer);
    sealer_destroy(&other);
    CHECK(sealer == NULL);
}

/* More tenants than keys are kept, and one whose name is longer than a kept one. */
static void each_of_many_tenants_has_its_own_key(void)
{
    enum { TENANTS = 200 };
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    char name[100];
    for (int i = 0; i < TENANTS; i++) {
        struct sealer *fresh = key_one(); /* It has kept nothing yet. */
        struct buf sealed;
        buf_init(&sealed, 1000);
        snprintf(name, sizeof name, "%s%d", i == 0 ? "" : "tenant-", i);
        if (i % 50 == 49) {
            memset(name, 'n', 90);
            name[90] = '\0';
        }
        CHECK_FATAL(seal(sealer, name, "a", slice_of(plain_text), &sealed, &err));
        CHECK(opens(sealer, name, "a", buf_slice(&sealed)));
        CHECK(opens(fresh, name, "a", buf_slice(&sealed)));
        CHECK(!opens(sealer, "tenant-x", "a", buf_slice(&sealed)));
        buf_finish(&sealed);
        sealer_destroy(&fresh);
    }
    sealer_destroy(&sealer);
}

/* HMAC-SHA-256 under HKDF-SHA-256(key, salt "esimd digest 1", info "t1"), computed with
 * Python's hmac module. */
static void a_keyed_digest_says_only_whether_values_are_equal(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    char one[DIGEST_TEXT_SIZE], again[DIGEST_TEXT_SIZE], bare[DIGEST_TEXT_SIZE];
    CHECK(sealer_digest(sealer, "t1", slice_of("otp 1234"), one, &err));
    CHECK_TEXT(one, "ee2af2bddf03a398528a4664ce4907c4ab87350cfd689e0bcbcfe14fcf8f2d87");
    CHECK(sealer_digest(sealer, "t2", slice_of("otp 1234"), again, &err));
    CHECK(strcmp(one, again) != 0);
    CHECK(sealer_digest(sealer, "t1", slice_of("otp 1235"), again, &err));
    CHECK(strcmp(one, again) != 0);
    digest_sha256_text(slice_of("otp 1234"), bare);
    CHECK(strcmp(one, bare) != 0);
    sealer_destroy(&sealer);
}

static void no_flipped_bit_and_no_cut_of_a_sealed_value_opens(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    struct buf sealed;
    buf_init(&sealed, 1000);
    CHECK_FATAL(seal(sealer, "t1", "c", slice_of(plain_text), &sealed, &err));
    for (size_t bit = 0; bit < 8 * sealed.size; bit++) {
        sealed.ptr[bit / 8] ^= (char)(1 << bit % 8);
        CHECK(!opens(sealer, "t1", "c", buf_slice(&sealed)));
        sealed.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t size = 0; size < sealed.size; size++)
        CHECK(!opens(sealer, "t1", "c", slice_bytes(sealed.ptr, size)));
    CHECK(opens(sealer, "t1", "c", buf_slice(&sealed)));
    buf_add_char(&sealed, '\0');
    CHECK(!opens(sealer, "t1", "c", buf_slice(&sealed)));
    buf_finish(&sealed);
    sealer_destroy(&sealer);
}

/* Equal ciphertexts would tell who has equal secrets. */
static void sealing_twice_gives_two_texts_and_an_empty_value_is_sealed_too(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    struct buf first, second, plain;
    buf_init(&first, 100);
    buf_init(&second, 100);
    buf_init(&plain, 100);
    CHECK(seal(sealer, "t", "c", (struct slice){ NULL, 0 }, &first, &err));
    CHECK(seal(sealer, "t", "c", (struct slice){ NULL, 0 }, &second, &err));
    CHECK(!slice_equal(buf_slice(&first), buf_slice(&second)));
    CHECK(seal_open(sealer, "t", "c", buf_slice(&first), &plain, &err));
    CHECK_INT(plain.size, 0);
    buf_finish(&first);
    buf_finish(&second);
    buf_finish_secret(&plain);
    sealer_destroy(&sealer);
}

/* Made with Node's crypto module from the header's description alone, so that
 * stored values stay readable whatever this code becomes. */
static void a_value_sealed_elsewhere_by_the_description_opens(void)
{
    static const char hex[] =
        "01000102030405060708090a0b"
        "94f4998ba403e34d5671df855cc0fc30298b3fd2f99c4c281349944b8fdb4492"
        "f402f239bb3aeb39c9c60b5a9070d6906211";
    uint8_t sealed[sizeof hex / 2];
    struct sealer *sealer = key_one();
    CHECK(hex_read(SLICE_LITERAL(hex), sealed, sizeof sealed));
    CHECK(opens(sealer, "tenant-1", "profile/code/7",
                slice_bytes(sealed, sizeof sealed)));
    sealer_destroy(&sealer);
}

static void a_wrong_sealing_key_is_refused_without_being_told(void)
{
    static const char *const wrong[] = { "", "SECRET", KEY_TEXT "\n\n", KEY_TEXT "0",
                                         "SECRET" KEY_TEXT };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = ERR_INIT;
        CHECK(sealer_create(slice_of(wrong[i]), &err) == NULL);
        CHECK_INT(err.code, ERR_INVALID);
        CHECK(strstr(err.text, "SECRET") == NULL && strstr(err.text, "0001") == NULL);
    }
}

static void more_than_the_limit_is_not_sealed(void)
{
    struct err err = ERR_INIT;
    struct sealer *sealer = key_one();
    struct buf sealed;
    buf_init(&sealed, 10);
    CHECK(!seal(sealer, "t", "c", (struct slice){ "", 16 * 1024 * 1024 + 1 }, &sealed,
                &err));
    CHECK_INT(err.code, ERR_LIMIT);
    CHECK(!seal(sealer, "t", "c", SLICE_LITERAL("more than ten"), &sealed, &err));
    buf_finish(&sealed);
    sealer_destroy(&sealer);
}

static void a_sealing_key_is_read_from_a_file(void)
{
    struct err err = ERR_INIT;
    char path[64];
    CHECK_FATAL(file_path(path, sizeof path, folder, "seal.key", &err));
    CHECK(sealer_load(path, &err) == NULL);
    CHECK_INT(err.code, ERR_NOT_FOUND);
    CHECK(file_write(path, SLICE_LITERAL(KEY_TEXT "\n"), 0600, &err));
    struct sealer *sealer = sealer_load(path, &err);
    CHECK(sealer != NULL);
    sealer_destroy(&sealer);
    CHECK(file_write(path, SLICE_LITERAL("SECRET"), 0600, &err));
    CHECK(sealer_load(path, &err) == NULL);
    CHECK(strstr(err.text, path) != NULL && strstr(err.text, "SECRET") == NULL);
    unlink(path);
}

/* --- signatures, made by the real minisign --- */

static struct minisign_key key, other_key;
static char message_path[64], signature_path[64];
static struct buf signature_file;
static const char message[] = "name: atom\nrevision: 7\n";

static void make_key(const char *name, struct minisign_key *ret)
{
    struct err err = ERR_INIT;
    char text[64];
    signing_key(folder, name, text);
    bool fine = minisign_key_read(slice_of(text), ret, &err);
    CHECK_FATAL(fine);
}

static void sign(const char *name, const char *form)
{
    signing_sign(folder, name, form, message_path, signature_path);
    buf_clear(&signature_file);
    bool fine = file_read(signature_path, &signature_file, NULL);
    CHECK_FATAL(fine);
}

static bool checks(struct slice text, const char *says)
{
    struct err err = ERR_INIT;
    if (minisign_check(&key, text, buf_slice(&signature_file), &err))
        return true;
    CHECK_INT(err.code, ERR_UNTRUSTED);
    if (says != NULL && strstr(err.text, says) == NULL)
        CHECK_TEXT(err.text, says);
    return false;
}

static void a_signature_of_minisign_is_good(void)
{
    uint8_t number[8];
    struct err err = ERR_INIT;
    sign("one", "-H");
    CHECK(checks(SLICE_LITERAL(message), NULL));
    CHECK(minisign_signer(buf_slice(&signature_file), number, &err));
    CHECK(memcmp(number, key.number, 8) == 0);
}

static void no_changed_byte_of_the_message_is_trusted(void)
{
    char changed[sizeof message];
    sign("one", "-H");
    for (size_t i = 0; i < sizeof message - 1; i++) {
        memcpy(changed, message, sizeof message);
        changed[i] ^= 1;
        CHECK(!checks(slice_of(changed), "of another message"));
    }
    CHECK(!checks(SLICE_LITERAL(""), "of another message"));
    CHECK(!checks(SLICE_LITERAL("name: atom\nrevision: 7\n\n"), "of another message"));
}

/* The text of line 1 is the one part that minisign leaves unsigned; nothing reads it. */
static void no_changed_byte_of_the_signature_is_trusted(void)
{
    sign("one", "-H");
    const char *comment = signature_file.ptr + strlen("untrusted comment: ");
    const char *comment_end = strchr(signature_file.ptr, '\n');
    for (size_t i = 0; i < signature_file.size; i++) {
        char *at = signature_file.ptr + i;
        if (at >= comment && at < comment_end)
            continue;
        for (int bit = 0; bit < 8; bit++) {
            *at ^= (char)(1 << bit);
            CHECK(!checks(SLICE_LITERAL(message), NULL));
            *at ^= (char)(1 << bit);
        }
    }
    CHECK(checks(SLICE_LITERAL(message), NULL));
}

static void a_cut_or_padded_signature_is_malformed(void)
{
    sign("one", "-H");
    size_t whole = signature_file.size;
    for (size_t size = 0; size < whole - 1; size++) {
        signature_file.size = size;
        CHECK(!checks(SLICE_LITERAL(message), "malformed"));
    }
    signature_file.size = whole;
    buf_add_text(&signature_file, "x");
    CHECK(
        !checks(SLICE_LITERAL(message), "malformed: expected four lines, found more"));
}

static void a_legacy_signature_is_refused_by_name(void)
{
    sign("one", "-l");
    CHECK(!checks(SLICE_LITERAL(message),
                  "legacy algorithm: expected \"ED\" (prehashed), found \"Ed\""));
}

static void a_signature_of_another_key_is_refused_with_both_numbers(void)
{
    sign("two", "-H");
    CHECK(!checks(SLICE_LITERAL(message), "of another key: expected "));
    /* The right number in front of a wrong key is no better. */
    struct minisign_key mixed = other_key;
    struct err err = ERR_INIT;
    memcpy(mixed.ed25519, key.ed25519, sizeof mixed.ed25519);
    CHECK(!minisign_check(&mixed, SLICE_LITERAL(message), buf_slice(&signature_file),
                          &err));
    CHECK_TEXT(err.text, "the signature is of another message");
}

static void a_changed_trusted_comment_is_refused_by_name(void)
{
    sign("one", "-H");
    char *comment = strstr(signature_file.ptr, "file:message");
    CHECK_FATAL(comment != NULL);
    comment[5] = 'b';
    CHECK(!checks(SLICE_LITERAL(message), "of another trusted comment"));
}

static void what_is_no_public_key_is_refused_without_being_told(void)
{
    struct err err = ERR_INIT;
    struct minisign_key read;
    CHECK(!minisign_key_read(SLICE_LITERAL("SECRETSECRET"), &read, &err));
    CHECK(strstr(err.text, "SECRET") == NULL);
    CHECK(!minisign_key_read(SLICE_LITERAL(""), &read, &err));
    CHECK(!minisign_key_read(
        SLICE_LITERAL("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        &read, &err));
    CHECK(strstr(err.text, "another algorithm") != NULL);
}

static void scratch(void)
{
    CHECK_FATAL(mkdtemp(folder) != NULL);
    CHECK(snprintf(message_path, sizeof message_path, "%s/message", folder) > 0);
    CHECK(snprintf(signature_path, sizeof signature_path, "%s/message.minisig",
                   folder) > 0);
    buf_init(&signature_file, 2000);
    struct err err = ERR_INIT;
    CHECK_FATAL(file_write(message_path, SLICE_LITERAL(message), 0600, &err));
    make_key("one", &key);
    make_key("two", &other_key);
}

static void swept(void)
{
    static const char *const names[] = { "one.pub", "one.key", "two.pub",
                                         "two.key", "message", "message.minisig" };
    char path[64];
    buf_finish(&signature_file);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        CHECK(file_path(path, sizeof path, folder, names[i], NULL));
        CHECK(unlink(path) == 0);
    }
    CHECK(rmdir(folder) == 0);
}

TESTS("crypto", CASE(scratch), CASE(sha256_agrees_with_the_standard),
      CASE(hmac_agrees_with_the_standard),
      CASE(a_byte_moved_over_a_border_changes_the_digest_of_pieces),
      CASE(hex_is_read_exactly), CASE(base64_has_one_text_per_value),
      CASE(long_base64_comes_back),
      CASE(a_sealed_value_opens_only_for_its_tenant_place_and_key),
      CASE(each_of_many_tenants_has_its_own_key),
      CASE(a_keyed_digest_says_only_whether_values_are_equal),
      CASE(no_flipped_bit_and_no_cut_of_a_sealed_value_opens),
      CASE(sealing_twice_gives_two_texts_and_an_empty_value_is_sealed_too),
      CASE(a_value_sealed_elsewhere_by_the_description_opens),
      CASE(a_wrong_sealing_key_is_refused_without_being_told),
      CASE(more_than_the_limit_is_not_sealed), CASE(a_sealing_key_is_read_from_a_file),
      CASE(a_signature_of_minisign_is_good),
      CASE(no_changed_byte_of_the_message_is_trusted),
      CASE(no_changed_byte_of_the_signature_is_trusted),
      CASE(a_cut_or_padded_signature_is_malformed),
      CASE(a_legacy_signature_is_refused_by_name),
      CASE(a_signature_of_another_key_is_refused_with_both_numbers),
      CASE(a_changed_trusted_comment_is_refused_by_name),
      CASE(what_is_no_public_key_is_refused_without_being_told), CASE(swept))
