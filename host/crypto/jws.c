#include "crypto/jws.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/digest.h"

enum { KEY_BITS_LEAST = 2048, SALT_BYTES = 32, PEM_BYTES_MAX = 64 * 1024 };

void base64url_write(struct slice bytes, struct buf *ret)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789-_";
    const uint8_t *from = (const uint8_t *)bytes.ptr;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)from[i] << 16;
        group |= left > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= left > 2 ? from[i + 2] : 0;
        size_t count = left > 2 ? 4 : left + 1;
        for (size_t at = 0; at < count; at++)
            buf_add_char(ret, digits[group >> (18 - 6 * at) & 63]);
    }
}

static BIO *bio_of(struct slice pem)
{
    return pem.size == 0 || pem.size > PEM_BYTES_MAX
               ? NULL
               : BIO_new_mem_buf(pem.ptr, (int)pem.size);
}

/* An encrypted key would make OpenSSL ask the terminal; here nobody answers. */
static int no_password(char *ret, int size, int writing, void *arg)
{
    (void)ret;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

/* What OpenSSL queued is of no use to anybody later. */
static bool fail(struct err *err, const char *words)
{
    ERR_clear_error();
    return err_set(err, ERR_INVALID, "%s", words);
}

struct signer {
    X509 *cert;
    EVP_PKEY *key;
};

static void signer_finish(struct signer *signer)
{
    X509_free(signer->cert);
    EVP_PKEY_free(signer->key);
}

static bool signer_read(struct slice cert_pem, struct slice key_pem, struct signer *ret,
                        struct err *err)
{
    BIO *cert = bio_of(cert_pem);
    BIO *key = bio_of(key_pem);
    ret->cert = cert == NULL ? NULL : PEM_read_bio_X509(cert, NULL, no_password, NULL);
    ret->key = key == NULL ? NULL
                           : PEM_read_bio_PrivateKey(key, NULL, no_password, NULL);
    BIO_free(cert);
    BIO_free(key);
    if (ret->cert == NULL)
        return fail(err, "expected a certificate as PEM");
    if (ret->key == NULL)
        return fail(err, "expected a private key as PEM, without a password");
    if (EVP_PKEY_get_base_id(ret->key) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(ret->key) < KEY_BITS_LEAST)
        return fail(err, "expected an RSA key of at least 2048 bits");
    if (X509_check_private_key(ret->cert, ret->key) != 1)
        return fail(err, "the private key is not the certificate's");
    return true;
}

static bool write_header(const struct signer *signer, struct buf *ret)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct buf header;
    if (X509_digest(signer->cert, EVP_sha256(), digest, &size) != 1)
        return false;
    buf_init(&header, 256);
    buf_add_text(&header, "{\"alg\":\"PS256\",\"typ\":\"JWT\",\"x5t#S256\":\"");
    base64url_write(slice_bytes(digest, size), &header);
    buf_add_text(&header, "\"}");
    base64url_write(buf_slice(&header), ret);
    bool ok = buf_ok(&header);
    buf_finish(&header);
    return ok;
}

static bool prepare(EVP_MD_CTX *context, EVP_PKEY *key)
{
    EVP_PKEY_CTX *of_key = NULL; /* The context's. */
    return context != NULL &&
           EVP_DigestSignInit(context, &of_key, EVP_sha256(), NULL, key) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(of_key, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, SALT_BYTES) == 1;
}

static bool add_signature(EVP_PKEY *key, struct slice signed_text, struct buf *ret)
{
    uint8_t signature[1024]; /* RSA of 8192 bits. */
    size_t size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = prepare(context, key) &&
              EVP_DigestSign(context, signature, &size,
                             (const unsigned char *)signed_text.ptr,
                             signed_text.size) == 1;
    EVP_MD_CTX_free(context);
    if (ok) {
        buf_add_char(ret, '.');
        base64url_write(slice_bytes(signature, size), ret);
    }
    return ok;
}

bool jws_sign_ps256(struct slice cert_pem, struct slice key_pem, struct slice claims,
                    struct buf *ret, struct err *err)
{
    struct signer signer = { 0 };
    struct buf text;
    buf_init(&text, 64 * 1024);
    bool ok = signer_read(cert_pem, key_pem, &signer, err);
    if (!ok)
        goto out;
    ok = write_header(&signer, &text);
    buf_add_char(&text, '.');
    base64url_write(claims, &text);
    ok = ok && buf_ok(&text);
    if (ok) {
        struct slice signed_text = buf_slice(&text);
        buf_add_slice(ret, signed_text);
        ok = add_signature(signer.key, signed_text, ret) && buf_ok(ret);
    }
    if (!ok)
        fail(err, "the assertion could not be signed");
out:
    signer_finish(&signer);
    buf_finish_secret(&text);
    return ok;
}
