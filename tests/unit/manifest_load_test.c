#include "manifest_sample.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "manifest/manifest.h"
#include "signing.h"

static char folder[] = "/tmp/esimd-manifest-XXXXXX";
static char manifest_path[64], object_path[64], trust_path[64];
static char key_text[3][64]; /* Public keys of "one", "two", "three". */

#define OBJECT "this stands for an object\n"
static const int64_t in_2027_ms = 1800000000000;

static void put(const char *path, const char *text)
{
    struct err err = ERR_INIT;
    bool fine = file_write(path, slice_of(text), 0600, &err);
    CHECK_FATAL(fine);
}

static void signature_name(int number, char ret[96])
{
    int length = number == 1
                     ? snprintf(ret, 96, "%s.minisig", manifest_path)
                     : snprintf(ret, 96, "%s.%d.minisig", manifest_path, number);
    CHECK(length > 0 && length < 96);
}

static void sign(const char *key, const char *form, int number)
{
    char path[96];
    signature_name(number, path);
    signing_sign(folder, key, form, manifest_path, path);
}

static void unsign(int number)
{
    char path[96];
    signature_name(number, path);
    unlink(path);
}

/* The manifest on disk, with the object's true digest, changed once, signed by "one". */
static void put_manifest(const char *from, const char *to)
{
    char digest[DIGEST_TEXT_SIZE];
    digest_sha256_text(SLICE_LITERAL(OBJECT), digest);
    struct buf right = sample_changed(
        sample_text, "7395afe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d0",
        digest);
    struct buf text = sample_changed(right.ptr, from, to);
    put(manifest_path, text.ptr);
    buf_finish(&text);
    buf_finish(&right);
    put(object_path, OBJECT);
    sign("one", "-H", 1);
}

static void put_trust(const char *one_kinds, const char *thresholds)
{
    struct buf text;
    buf_init(&text, 4096);
    buf_add_format(&text,
                   "keys:\n  - { name: one, key: \"%s\", kinds: %s }\n"
                   "  - { name: two, key: \"%s\", kinds: [adapter, policy] }\n%s",
                   key_text[0], one_kinds, key_text[1], thresholds);
    put(trust_path, text.ptr);
    buf_finish(&text);
}

static int64_t revision_before;

static int64_t least_revision(void *arg, const char *kind, const char *name)
{
    CHECK(arg == &revision_before);
    CHECK_TEXT(kind, "adapter");
    CHECK_TEXT(name, "atom");
    return revision_before;
}

static bool loads(struct manifest **ret, struct err *err)
{
    struct trust *trust = trust_load(trust_path, err);
    bool fine = trust != NULL &&
                manifest_load(manifest_path, folder, trust, least_revision,
                              &revision_before, ret, err);
    trust_destroy(&trust);
    return fine;
}

static void load_refused(enum err_code code, const char *says)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    CHECK(!loads(&manifest, &err));
    CHECK(manifest == NULL);
    CHECK_INT(err.code, code);
    if (strstr(err.text, says) == NULL)
        CHECK_TEXT(err.text, says);
    CHECK(strstr(err.text, folder) != NULL);
    manifest_destroy(&manifest);
}

static void start_over(void)
{
    for (int number = 1; number <= 9; number++)
        unsign(number);
    revision_before = 0;
    clock_set_for_test(in_2027_ms);
    put_trust("[adapter]", "");
    put_manifest("name: atom", "name: atom");
}

static void what_was_checked_is_handed_on_sealed(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    char bytes[100];
    start_over();
    CHECK(loads(&manifest, &err));
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(manifest != NULL);
    CHECK_TEXT(manifest->signers, "one");
    int fd = manifest->file_fds[0];
    put(object_path, "changed after the check\n");
    CHECK_INT(read(fd, bytes, sizeof bytes), strlen(OBJECT));
    CHECK(memcmp(bytes, OBJECT, strlen(OBJECT)) == 0);
    CHECK(pwrite(fd, "x", 1, 0) == -1 && ftruncate(fd, 0) == -1);
    CHECK_INT(fcntl(fd, F_GET_SEALS),
              F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    manifest_destroy(&manifest);
    CHECK(fcntl(fd, F_GETFD) == -1);
}

static void no_changed_byte_of_a_manifest_is_loaded(void)
{
    struct buf text;
    start_over();
    buf_init(&text, 1 << 16);
    bool fine = file_read(manifest_path, &text, NULL);
    CHECK_FATAL(fine);
    for (size_t i = 0; i < text.size; i++) {
        text.ptr[i] ^= 1;
        put(manifest_path, text.ptr);
        load_refused(ERR_UNTRUSTED, "the signature is of another message");
        text.ptr[i] ^= 1;
    }
    buf_finish(&text);
}

static void a_changed_object_is_refused_with_both_digests(void)
{
    char wanted[DIGEST_TEXT_SIZE], found[DIGEST_TEXT_SIZE], says[256];
    char object[] = OBJECT;
    start_over();
    digest_sha256_text(SLICE_LITERAL(OBJECT), wanted);
    for (size_t i = 0; i < strlen(OBJECT); i++) {
        object[i] ^= 1;
        put(object_path, object);
        digest_sha256_text(slice_of(object), found);
        CHECK(snprintf(says, sizeof says,
                       ": sha256 is %s in the manifest, %s in atom.so", wanted,
                       found) > 0);
        load_refused(ERR_UNTRUSTED, says);
        object[i] ^= 1;
    }
    put(object_path, OBJECT "x");
    load_refused(ERR_UNTRUSTED, ": size is 26 in the manifest, 27 in atom.so");
    unlink(object_path);
    load_refused(ERR_NOT_FOUND, "No such file");
}

static void a_stripped_or_legacy_or_foreign_signature_is_refused(void)
{
    start_over();
    unsign(1);
    load_refused(ERR_UNTRUSTED, "expected signatures of 1 trusted key, found 0; ");
    load_refused(ERR_UNTRUSTED, "atom.yaml.minisig is missing");
    sign("one", "-l", 1);
    load_refused(ERR_UNTRUSTED, "legacy algorithm");
    sign("three", "-H", 1);
    load_refused(ERR_UNTRUSTED, "is of a key that ");
}

static void a_key_signs_only_its_kinds(void)
{
    start_over();
    put_trust("[policy]", "");
    load_refused(ERR_UNTRUSTED, "the key one may not sign the kind adapter");
    sign("two", "-H", 1);
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    CHECK(loads(&manifest, &err));
    manifest_destroy(&manifest);
}

static void a_threshold_of_two_wants_two_keys(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    start_over();
    put_trust("[adapter]", "thresholds: { adapter: 2 }\n");
    load_refused(ERR_UNTRUSTED, "expected signatures of 2 trusted keys, found 1");
    sign("one", "-H", 2);
    load_refused(ERR_UNTRUSTED, "expected signatures of 2 trusted keys, found 1");
    sign("three", "-H", 2);
    load_refused(ERR_UNTRUSTED, "expected signatures of 2 trusted keys, found 1");
    sign("two", "-H", 2);
    CHECK(loads(&manifest, &err));
    CHECK_FATAL(manifest != NULL);
    CHECK_TEXT(manifest->signers, "one, two");
    manifest_destroy(&manifest);
    unsign(1);
    load_refused(ERR_UNTRUSTED, "atom.yaml.minisig is missing");
}

/* A new key signs beside the old one before every host knows it. */
static void an_unknown_extra_signature_is_ignored_and_a_bad_known_one_is_not(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    char path[96];
    start_over();
    sign("three", "-H", 2);
    CHECK(loads(&manifest, &err));
    manifest_destroy(&manifest);
    CHECK(snprintf(path, sizeof path, "%s.2.minisig", manifest_path) > 0);
    put(path, "untrusted comment: nothing\n");
    load_refused(ERR_UNTRUSTED, "malformed");
    CHECK(unlink(path) == 0 && mkdir(path, 0700) == 0);
    load_refused(ERR_UNTRUSTED, "expected a regular file, found another kind");
    CHECK(rmdir(path) == 0);
    sign("two", "-H", 2);
    put_manifest("revision: 7", "revision: 8");
    load_refused(ERR_UNTRUSTED, "by key two: the signature is of another message");
}

static void an_expired_or_early_manifest_is_refused_with_both_times(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    start_over();
    clock_set_for_test(1830297600000 - 1);
    CHECK(loads(&manifest, &err));
    manifest_destroy(&manifest);
    clock_set_for_test(1830297600000);
    load_refused(ERR_UNTRUSTED, "has expired: expires is 2028-01-01T00:00:00Z, now is "
                                "2028-01-01T00:00:00.000Z");
    clock_set_for_test(1767225600000 - 1);
    load_refused(ERR_UNTRUSTED, "is not valid yet: not_before is 2026-01-01T00:00:00Z, "
                                "now is 2025-12-31T23:59:59.999Z");
    clock_set_for_test(1767225600000);
    CHECK(loads(&manifest, &err));
    manifest_destroy(&manifest);
}

static void a_lower_revision_is_refused_with_both_numbers(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    start_over();
    revision_before = 8;
    load_refused(ERR_STALE, ": revision is 7 in the manifest, 8 was activated before");
    revision_before = 7;
    CHECK(loads(&manifest, &err));
    manifest_destroy(&manifest);
}

static void an_abi_outside_the_range_is_refused_with_both_sides(void)
{
    start_over();
    put_manifest("least: 1, most: 1 ", "least: 2, most: 3 ");
    load_refused(ERR_INVALID, ": /abi: the host speaks ABI 1, the manifest allows 2 to "
                              "3");
}

static void an_alias_bomb_that_is_signed_is_still_refused(void)
{
    start_over();
    put_manifest("[telenor]", "&a [x, x, x]");
    load_refused(ERR_INVALID, ":3: expected no anchors, found \"&a\"");
}

static void a_wrong_trust_file_is_told(const char *text, const char *says)
{
    struct err err = ERR_INIT;
    put(trust_path, text);
    CHECK(trust_load(trust_path, &err) == NULL);
    CHECK(strstr(err.text, trust_path) != NULL);
    CHECK(strstr(err.text, "SECRET") == NULL);
    if (strstr(err.text, says) == NULL)
        CHECK_TEXT(err.text, says);
}

static void a_trust_file_that_could_not_work_is_refused(void)
{
    struct buf text;
    buf_init(&text, 4096);
    a_wrong_trust_file_is_told("keys: []\n", ":1: /keys: expected a list of 1 to 64 "
                                             "entries, found 0");
    a_wrong_trust_file_is_told(
        "keys:\n - {name: a, key: SECRET, kinds: [adapter]}\n",
        ":2: /keys/0/key: expected the second line of a minisign "
        "public key file (base64 of 42 bytes), found 6 "
        "characters that are not");
    buf_add_format(&text, "keys:\n - {name: a, key: \"%s\", kinds: [adaptor]}\n",
                   key_text[0]);
    a_wrong_trust_file_is_told(text.ptr,
                               ":2: /keys/0/kinds: expected the kinds adapter "
                               "or policy, found \"adaptor\"");
    buf_clear(&text);
    buf_add_format(&text,
                   "keys:\n - {name: a, key: \"%s\", kinds: [adapter]}\n"
                   " - {name: b, key: \"%s\", kinds: [adapter]}\n",
                   key_text[0], key_text[0]);
    a_wrong_trust_file_is_told(text.ptr,
                               ":3: /keys/1/key: expected each key once, found "
                               "the key of \"a\" again");
    buf_clear(&text);
    buf_add_format(&text,
                   "keys:\n - {name: a, key: \"%s\", kinds: [adapter]}\n"
                   " - {name: a, key: \"%s\", kinds: [adapter]}\n",
                   key_text[0], key_text[1]);
    a_wrong_trust_file_is_told(text.ptr, ":3: /keys/1/name: expected each name once, "
                                         "found \"a\" twice");
    buf_clear(&text);
    buf_add_format(&text,
                   "keys:\n - {name: a, key: \"%s\", kinds: [adapter]}\n"
                   "thresholds: {adapter: 2}\n",
                   key_text[0]);
    a_wrong_trust_file_is_told(text.ptr, ":3: /thresholds/adapter: expected from 1 to "
                                         "the 1 keys that may sign this kind (at most "
                                         "8), found 2");
    buf_finish(&text);
    unlink(trust_path);
    CHECK(trust_load(trust_path, NULL) == NULL);
}

static void load_shipped(const char *name, const struct trust *trust)
{
    char template[300], object[300], out[80], made[400];
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    size_t stem = strlen(name) - strlen(".yaml");
    CHECK(snprintf(template, sizeof template, "manifests/%.200s", name) > 0);
    CHECK(snprintf(object, sizeof object, "%s/%.*s.so", folder, (int)stem, name) > 0);
    CHECK(snprintf(out, sizeof out, "%s/out", folder) > 0);
    CHECK(snprintf(made, sizeof made, "%s/%.200s", out, name) > 0);
    put(object, OBJECT);
    signing_run(
        (const char *const[]){ "tools/sign-dev.sh", template, folder, out, NULL });
    CHECK(manifest_load(made, folder, trust, NULL, NULL, &manifest, &err));
    CHECK_TEXT(err.text, "");
    CHECK_TEXT(manifest == NULL ? "" : manifest->signers, "development");
    manifest_destroy(&manifest);
    CHECK(unlink(made) == 0);
    CHECK(snprintf(made, sizeof made, "%s/%.200s.minisig", out, name) > 0);
    CHECK(unlink(made) == 0);
}

static void remove_folder(const char *name)
{
    char path[400];
    DIR *open = opendir(name);
    CHECK_FATAL(open != NULL);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (entry->d_name[0] != '.' &&
            file_path(path, sizeof path, name, entry->d_name, NULL))
            unlink(path);
    closedir(open);
    CHECK(rmdir(name) == 0);
}

/* What `make` does with each template, with keys and an object of our own. */
static void every_shipped_manifest_is_signed_and_loads(void)
{
    char keys[80], path[96];
    struct err err = ERR_INIT;
    unsigned count = 0;
    clock_set_for_test(0);
    CHECK(snprintf(keys, sizeof keys, "%s/keys", folder) > 0);
    signing_run((const char *const[]){ "tools/dev-keys.sh", keys, NULL });
    signing_run((const char *const[]){ "tools/dev-keys.sh", keys, NULL });
    setenv("KEYS", keys, 1);
    CHECK(snprintf(path, sizeof path, "%s/trust.yaml", keys) > 0);
    struct trust *trust = trust_load(path, &err);
    CHECK_FATAL(trust != NULL);
    DIR *open = opendir("manifests");
    CHECK_FATAL(open != NULL);
    for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (ending == NULL || strcmp(ending, ".yaml") != 0)
            continue;
        load_shipped(entry->d_name, trust);
        count++;
    }
    CHECK(count >= 1);
    closedir(open);
    trust_destroy(&trust);
    unsetenv("KEYS");
    remove_folder(keys);
    CHECK(snprintf(path, sizeof path, "%s/out", folder) > 0);
    CHECK(rmdir(path) == 0);
}

static void scratch(void)
{
    CHECK_FATAL(mkdtemp(folder) != NULL);
    CHECK(file_path(manifest_path, sizeof manifest_path, folder, "atom.yaml", NULL));
    CHECK(file_path(object_path, sizeof object_path, folder, "atom.so", NULL));
    CHECK(file_path(trust_path, sizeof trust_path, folder, "trust.yaml", NULL));
    signing_key(folder, "one", key_text[0]);
    signing_key(folder, "two", key_text[1]);
    signing_key(folder, "three", key_text[2]);
}

static void swept(void)
{
    remove_folder(folder);
    clock_set_for_test(0);
}

TESTS("manifest_load", CASE(scratch), CASE(what_was_checked_is_handed_on_sealed),
      CASE(no_changed_byte_of_a_manifest_is_loaded),
      CASE(a_changed_object_is_refused_with_both_digests),
      CASE(a_stripped_or_legacy_or_foreign_signature_is_refused),
      CASE(a_key_signs_only_its_kinds), CASE(a_threshold_of_two_wants_two_keys),
      CASE(an_unknown_extra_signature_is_ignored_and_a_bad_known_one_is_not),
      CASE(an_expired_or_early_manifest_is_refused_with_both_times),
      CASE(a_lower_revision_is_refused_with_both_numbers),
      CASE(an_abi_outside_the_range_is_refused_with_both_sides),
      CASE(an_alias_bomb_that_is_signed_is_still_refused),
      CASE(a_trust_file_that_could_not_work_is_refused),
      CASE(every_shipped_manifest_is_signed_and_loads), CASE(swept))
