#include "crypto/minisign.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/digest.h"

enum {
    NUMBER_SIZE = 8,
    SIGNATURE_SIZE = 64,
    KEY_BYTES = 2 + NUMBER_SIZE + 32,
    SIGNED_BYTES = 2 + NUMBER_SIZE + SIGNATURE_SIZE,
    MESSAGE_DIGEST_SIZE = 64,
    COMMENT_MAX = 1024,
    NUMBER_TEXT_SIZE = 2 * NUMBER_SIZE + 1
};

#define UNTRUSTED_PREFIX "untrusted comment: "
#define TRUSTED_PREFIX   "trusted comment: "

/* A signature file, taken apart. */
struct signature {
    char algorithm[2];
    uint8_t number[NUMBER_SIZE];
    uint8_t bytes[SIGNATURE_SIZE];
    struct slice comment; /* Borrowed from the file. */
    uint8_t global[SIGNATURE_SIZE];
};

/* As minisign prints it: the number is little-endian. */
static const char *number_text(const uint8_t number[NUMBER_SIZE],
                               char ret[NUMBER_TEXT_SIZE])
{
    static const char digits[] = "0123456789ABCDEF";
    for (int i = 0; i < NUMBER_SIZE; i++) {
        ret[2 * i] = digits[number[NUMBER_SIZE - 1 - i] >> 4];
        ret[2 * i + 1] = digits[number[NUMBER_SIZE - 1 - i] & 15];
    }
    ret[2 * NUMBER_SIZE] = '\0';
    return ret;
}

static bool read_exactly(struct slice base64, uint8_t *ret, size_t size)
{
    struct buf bytes;
    buf_init(&bytes, size);
    bool fine = base64_read(base64, &bytes) && bytes.size == size;
    if (fine)
        memcpy(ret, bytes.ptr, size);
    buf_finish_secret(&bytes);
    return fine;
}

/* What was given is not repeated: someone may have given the secret key. */
bool minisign_key_read(struct slice base64, struct minisign_key *ret, struct err *err)
{
    uint8_t bytes[KEY_BYTES];
    if (!read_exactly(base64, bytes, sizeof bytes))
        return err_set(err, ERR_INVALID,
                       "expected the second line of a minisign public key file (base64 "
                       "of %d bytes), found %zu characters that are not",
                       KEY_BYTES, base64.size);
    if (memcmp(bytes, "Ed", 2) != 0)
        return err_set(err, ERR_INVALID,
                       "expected a minisign public key of algorithm \"Ed\", found "
                       "another algorithm");
    memcpy(ret->number, bytes + 2, NUMBER_SIZE);
    memcpy(ret->ed25519, bytes + 2 + NUMBER_SIZE, sizeof ret->ed25519);
    return true;
}

static bool malformed(struct err *err, const char *what)
{
    return err_set(err, ERR_UNTRUSTED, "the signature is malformed: %s", what);
}

/* minisign's own trusted comment has tabs between its parts. */
static bool is_comment(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t')
            return false;
    return text.size <= COMMENT_MAX;
}

static bool read_signature(struct slice file, struct signature *ret, struct err *err)
{
    uint8_t bytes[SIGNED_BYTES];
    struct slice first = slice_cut(&file, '\n'), second = slice_cut(&file, '\n');
    struct slice third = slice_cut(&file, '\n'), fourth = slice_cut(&file, '\n');
    if (file.size != 0)
        return malformed(err, "expected four lines, found more");
    if (!slice_starts(first, UNTRUSTED_PREFIX) || !is_comment(first))
        return malformed(err, "line 1: expected \"" UNTRUSTED_PREFIX "...\"");
    if (!read_exactly(second, bytes, sizeof bytes))
        return malformed(err, "line 2: expected base64 of 74 bytes");
    if (!slice_starts(third, TRUSTED_PREFIX) || !is_comment(third))
        return malformed(err, "line 3: expected \"" TRUSTED_PREFIX "...\"");
    if (!read_exactly(fourth, ret->global, sizeof ret->global))
        return malformed(err, "line 4: expected base64 of 64 bytes");
    memcpy(ret->algorithm, bytes, 2);
    memcpy(ret->number, bytes + 2, NUMBER_SIZE);
    memcpy(ret->bytes, bytes + 2 + NUMBER_SIZE, SIGNATURE_SIZE);
    size_t prefix = strlen(TRUSTED_PREFIX);
    ret->comment = (struct slice){ third.ptr + prefix, third.size - prefix };
    return true;
}

bool minisign_signer(struct slice signature_file, uint8_t ret_number[8],
                     struct err *err)
{
    struct signature signature;
    if (!read_signature(signature_file, &signature, err))
        return false;
    memcpy(ret_number, signature.number, NUMBER_SIZE);
    return true;
}

static bool check_head(const struct minisign_key *key,
                       const struct signature *signature, struct err *err)
{
    char wanted[NUMBER_TEXT_SIZE], found[NUMBER_TEXT_SIZE];
    if (memcmp(signature->algorithm, "Ed", 2) == 0)
        return err_set(err, ERR_UNTRUSTED,
                       "the signature is of the legacy algorithm: expected \"ED\" "
                       "(prehashed), found \"Ed\"");
    if (memcmp(signature->algorithm, "ED", 2) != 0)
        return malformed(err, "expected algorithm \"ED\", found another");
    if (memcmp(signature->number, key->number, NUMBER_SIZE) == 0)
        return true;
    return err_set(
        err, ERR_UNTRUSTED, "the signature is of another key: expected %s, found %s",
        number_text(key->number, wanted), number_text(signature->number, found));
}

static bool verifies(EVP_PKEY *key, const uint8_t signature[SIGNATURE_SIZE],
                     struct slice message)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fine = context != NULL &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, SIGNATURE_SIZE,
                                 (const uint8_t *)message.ptr, message.size) == 1;
    EVP_MD_CTX_free(context);
    return fine;
}

static bool check_message(EVP_PKEY *key, const struct signature *signature,
                          struct slice message)
{
    uint8_t digest[MESSAGE_DIGEST_SIZE];
    unsigned size = 0;
    return EVP_Digest(message.ptr, message.size, digest, &size, EVP_blake2b512(),
                      NULL) == 1 &&
           size == sizeof digest &&
           verifies(key, signature->bytes, slice_bytes(digest, sizeof digest));
}

static bool check_comment(EVP_PKEY *key, const struct signature *signature)
{
    uint8_t text[SIGNATURE_SIZE + COMMENT_MAX];
    memcpy(text, signature->bytes, SIGNATURE_SIZE);
    memcpy(text + SIGNATURE_SIZE, signature->comment.ptr, signature->comment.size);
    return verifies(key, signature->global,
                    slice_bytes(text, SIGNATURE_SIZE + signature->comment.size));
}

bool minisign_check(const struct minisign_key *key, struct slice message,
                    struct slice signature_file, struct err *err)
{
    struct signature signature;
    if (!read_signature(signature_file, &signature, err) ||
        !check_head(key, &signature, err))
        return false;
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, NULL, key->ed25519, sizeof key->ed25519);
    bool fine = false;
    if (public_key == NULL)
        err_set(err, ERR_UNTRUSTED, "the trusted key is no Ed25519 key");
    else if (!check_message(public_key, &signature, message))
        err_set(err, ERR_UNTRUSTED, "the signature is of another message");
    else if (!check_comment(public_key, &signature))
        err_set(err, ERR_UNTRUSTED, "the signature is of another trusted comment");
    else
        fine = true;
    EVP_PKEY_free(public_key);
    return fine;
}
