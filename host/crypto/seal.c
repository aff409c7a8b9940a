#include "crypto/seal.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/id.h"
#include "conf/file.h"

enum {
    SEAL_VERSION = 1,
    KEY_SIZE = 32,
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    FRAME_SIZE = 1 + NONCE_SIZE + TAG_SIZE,
    PLAIN_MAX = 16 * 1024 * 1024,
    KEY_FILE_MAX = 128,
    PAGE_BYTES = 4096,
    TENANT_SIZE = 64,
    TENANT_SLOTS = 32
};

/* Separate these keys from any other use of the same master key. */
static const char seal_salt[] = "esimd seal 1", digest_salt[] = "esimd digest 1";

/* A derived key is kept: deriving it takes longer than sealing with it. */
struct tenant_slot {
    const char *salt; /* One of the two above; NULL while the slot is free. */
    char tenant[TENANT_SIZE];
    uint8_t key[KEY_SIZE];
};

struct tenant_keys {
    pthread_mutex_t lock; /* Guards the slots. */
    struct tenant_slot slots[TENANT_SLOTS];
};

struct sealer {
    uint8_t key[KEY_SIZE];
    EVP_KDF *kdf;
    EVP_CIPHER *cipher;
    struct tenant_keys *known;
};

/* Lies in a page of its own. */
struct sealer_page {
    struct sealer sealer;
    struct tenant_keys known;
};

_Static_assert(sizeof(struct sealer_page) <= PAGE_BYTES, "one page holds every key");

/* Kept out of swap, core dumps and children. */
static struct sealer *map_sealer(struct err *err)
{
    struct sealer_page *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        err_errno(err, "taking a page for the sealing key");
        return NULL;
    }
    if (mlock(page, PAGE_BYTES) != 0)
        err_errno(err, "locking the sealing key in memory (see ulimit -l)");
    else if (madvise(page, PAGE_BYTES, MADV_DONTDUMP) != 0 ||
             madvise(page, PAGE_BYTES, MADV_WIPEONFORK) != 0)
        err_errno(err, "keeping the sealing key out of dumps and children");
    else {
        pthread_mutex_init(&page->known.lock, NULL);
        page->sealer.known = &page->known;
        return &page->sealer;
    }
    munmap(page, PAGE_BYTES);
    return NULL;
}

/* The text of a wrong key is never told, only its length. */
static bool read_key(struct slice key, uint8_t ret[KEY_SIZE], struct err *err)
{
    bool line = key.size == 2 * KEY_SIZE + 1 && key.ptr[2 * KEY_SIZE] == '\n';
    struct slice digits = { key.ptr, line ? key.size - 1 : key.size };
    if (key.size == KEY_SIZE) {
        memcpy(ret, key.ptr, KEY_SIZE);
        return true;
    }
    if (hex_read(digits, ret, KEY_SIZE))
        return true;
    return err_set(err, ERR_INVALID,
                   "expected a sealing key of %d raw bytes or %d hex digits, found %zu "
                   "bytes that are neither",
                   KEY_SIZE, 2 * KEY_SIZE, key.size);
}

struct sealer *sealer_create(struct slice key, struct err *err)
{
    struct sealer *sealer = map_sealer(err);
    if (sealer == NULL)
        return NULL;
    if (!read_key(key, sealer->key, err))
        goto failed;
    sealer->kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    sealer->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (sealer->kdf != NULL && sealer->cipher != NULL)
        return sealer;
    err_set(err, ERR_INTERNAL, "OpenSSL offers no HKDF or no AES-256-GCM");
failed:
    sealer_destroy(&sealer);
    return NULL;
}

struct sealer *sealer_load(const char *path, struct err *err)
{
    struct sealer *sealer = NULL;
    struct buf key;
    buf_init(&key, KEY_FILE_MAX);
    if (file_read(path, &key, err)) {
        sealer = sealer_create(buf_slice(&key), err);
        if (sealer == NULL)
            err_wrap(err, "%s", path);
    }
    buf_finish_secret(&key);
    return sealer;
}

void sealer_destroy(struct sealer **sealer)
{
    if (*sealer == NULL)
        return;
    EVP_KDF_free((*sealer)->kdf);
    EVP_CIPHER_free((*sealer)->cipher);
    pthread_mutex_destroy(&(*sealer)->known->lock);
    OPENSSL_cleanse(*sealer, PAGE_BYTES);
    munmap(*sealer, PAGE_BYTES);
    *sealer = NULL;
}

/* RFC 5869: HKDF-SHA-256, the tenant as info. */
static bool derive(const struct sealer *sealer, const char *salt, const char *tenant,
                   uint8_t ret[KEY_SIZE])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA2-256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)sealer->key,
                                          KEY_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt,
                                          strlen(salt)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)tenant,
                                          strlen(tenant)),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(sealer->kdf);
    bool fine = context != NULL && EVP_KDF_derive(context, ret, KEY_SIZE, params) == 1;
    EVP_KDF_CTX_free(context);
    return fine;
}

static struct tenant_slot *slot_of(struct tenant_keys *keys, const char *salt,
                                   const char *tenant)
{
    uint32_t hash = salt == seal_salt ? 2166136261u : 0; /* FNV-1a */
    for (const char *at = tenant; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    return &keys->slots[hash % TENANT_SLOTS];
}

static bool tenant_key(const struct sealer *sealer, const char *salt,
                       const char *tenant, uint8_t ret[KEY_SIZE])
{
    struct tenant_keys *keys = sealer->known;
    struct tenant_slot *slot = slot_of(keys, salt, tenant);
    if (strlen(tenant) >= sizeof slot->tenant)
        return derive(sealer, salt, tenant, ret);
    pthread_mutex_lock(&keys->lock);
    if (slot->salt != salt || strcmp(slot->tenant, tenant) != 0) {
        slot->salt = derive(sealer, salt, tenant, slot->key) ? salt : NULL;
        memcpy(slot->tenant, tenant, strlen(tenant) + 1);
    }
    bool known = slot->salt != NULL;
    if (known)
        memcpy(ret, slot->key, KEY_SIZE);
    pthread_mutex_unlock(&keys->lock);
    return known;
}

/* One message: what both directions need. */
struct job {
    EVP_CIPHER_CTX *cipher;
    const uint8_t *nonce;
    const char *context;
    struct slice in;
    uint8_t *out; /* As long as `in`. */
};

static bool start_job(struct job *job, const struct sealer *sealer, const char *tenant,
                      bool encrypt)
{
    uint8_t key[KEY_SIZE], version = SEAL_VERSION;
    int length = 0;
    job->cipher = EVP_CIPHER_CTX_new();
    bool fine = job->cipher != NULL && tenant_key(sealer, seal_salt, tenant, key) &&
                EVP_CipherInit_ex2(job->cipher, sealer->cipher, key, job->nonce,
                                   encrypt, NULL) == 1;
    OPENSSL_cleanse(key, sizeof key);
    return fine && EVP_CipherUpdate(job->cipher, NULL, &length, &version, 1) == 1 &&
           EVP_CipherUpdate(job->cipher, NULL, &length, (const uint8_t *)job->context,
                            (int)strlen(job->context)) == 1 &&
           EVP_CipherUpdate(job->cipher, job->out, &length,
                            (const uint8_t *)job->in.ptr, (int)job->in.size) == 1;
}

static bool finish_seal(struct job *job, uint8_t tag[TAG_SIZE])
{
    int length = 0;
    return EVP_CipherFinal_ex(job->cipher, job->out + job->in.size, &length) == 1 &&
           EVP_CIPHER_CTX_ctrl(job->cipher, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1;
}

bool seal(const struct sealer *sealer, const char *tenant, const char *context,
          struct slice plain, struct buf *ret, struct err *err)
{
    assert(sealer != NULL && tenant != NULL && context != NULL && ret != NULL);
    if (plain.size > PLAIN_MAX)
        return err_set(err, ERR_LIMIT, "expected at most %d bytes to seal, found %zu",
                       PLAIN_MAX, plain.size);
    uint8_t *frame = malloc(FRAME_SIZE + plain.size);
    if (frame == NULL)
        return err_set(err, ERR_INTERNAL, "no memory to seal %zu bytes", plain.size);
    frame[0] = SEAL_VERSION;
    id_random(frame + 1, NONCE_SIZE);
    uint8_t *cipher_text = frame + 1 + NONCE_SIZE;
    struct job job = { .nonce = frame + 1,
                       .context = context,
                       .in = plain.ptr != NULL ? plain : slice_of(""),
                       .out = cipher_text };
    bool fine = start_job(&job, sealer, tenant, true) &&
                finish_seal(&job, cipher_text + plain.size);
    EVP_CIPHER_CTX_free(job.cipher);
    if (fine)
        buf_add(ret, frame, FRAME_SIZE + plain.size);
    free(frame);
    return (fine && buf_ok(ret)) ||
           err_set(err, ERR_INTERNAL, "sealing %zu bytes failed", plain.size);
}

static bool finish_open(struct job *job, const uint8_t *tag)
{
    int length = 0;
    return EVP_CIPHER_CTX_ctrl(job->cipher, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
                               (void *)tag) == 1 &&
           EVP_CipherFinal_ex(job->cipher, job->out + job->in.size, &length) == 1;
}

/* Nothing reaches `ret` before the tag was checked. */
bool seal_open(const struct sealer *sealer, const char *tenant, const char *context,
               struct slice sealed, struct buf *ret, struct err *err)
{
    assert(sealer != NULL && tenant != NULL && context != NULL && ret != NULL);
    if (sealed.size < FRAME_SIZE || sealed.size > FRAME_SIZE + PLAIN_MAX)
        return err_set(err, ERR_CORRUPT, "%zu bytes are no sealed value", sealed.size);
    const uint8_t *frame = (const uint8_t *)sealed.ptr;
    if (frame[0] != SEAL_VERSION)
        return err_set(err, ERR_CORRUPT,
                       "expected a sealed value of version %d, found %d", SEAL_VERSION,
                       frame[0]);
    size_t size = sealed.size - FRAME_SIZE;
    uint8_t *plain = malloc(size + 1);
    if (plain == NULL)
        return err_set(err, ERR_INTERNAL, "no memory to open %zu bytes", size);
    struct job job = { .nonce = frame + 1,
                       .context = context,
                       .in = { sealed.ptr + 1 + NONCE_SIZE, size },
                       .out = plain };
    bool fine = start_job(&job, sealer, tenant, false) &&
                finish_open(&job, frame + sealed.size - TAG_SIZE);
    EVP_CIPHER_CTX_free(job.cipher);
    if (fine)
        buf_add(ret, plain, size);
    OPENSSL_cleanse(plain, size + 1);
    free(plain);
    if (!fine)
        return err_set(err, ERR_CORRUPT,
                       "a sealed value does not open as %s: other bytes, tenant, place "
                       "or key",
                       context);
    return buf_ok(ret) || err_set(err, ERR_LIMIT, "a sealed value is too long");
}

bool sealer_digest(const struct sealer *sealer, const char *tenant, struct slice bytes,
                   char ret[DIGEST_TEXT_SIZE], struct err *err)
{
    uint8_t key[KEY_SIZE], digest[DIGEST_SIZE];
    if (!tenant_key(sealer, digest_salt, tenant, key))
        return err_set(err, ERR_INTERNAL, "deriving a key failed");
    digest_hmac_sha256(slice_bytes((const char *)key, sizeof key), bytes, digest);
    OPENSSL_cleanse(key, sizeof key);
    hex_text(digest, sizeof digest, ret);
    return true;
}
