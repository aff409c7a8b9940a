/* UsernameToken Profile 1.0: a password as text or as digest, a nonce once. */
#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/digest.h"
#include "soap.h"

enum { NONCE_MOST = 256, SHA1_BYTES = 20 };

static bool same_text(const char *a, const char *b)
{
    return a != NULL && strlen(a) == strlen(b) && digest_equal(a, b, strlen(b));
}

/* Base64(SHA-1(nonce + created + password)), over the nonce's bytes. */
static bool digest_of(const struct soap_token *token, const char *password,
                      struct buf *ret)
{
    struct buf bytes;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    buf_init(&bytes, 4 * NONCE_MOST);
    bool ok = base64_read(slice_of(token->nonce), &bytes);
    buf_add_text(&bytes, token->created);
    buf_add_text(&bytes, password);
    ok = ok && buf_ok(&bytes) &&
         EVP_Digest(bytes.ptr, bytes.size, digest, &size, EVP_sha1(), NULL) == 1 &&
         size == SHA1_BYTES;
    if (ok)
        base64_write(slice_bytes(digest, size), ret);
    buf_finish_secret(&bytes);
    return ok;
}

static bool digest_fits(const struct soap_token *token, const char *password)
{
    struct buf wanted;
    buf_init(&wanted, NONCE_MOST);
    bool ok = token->nonce != NULL && token->created != NULL &&
              strlen(token->nonce) <= NONCE_MOST && digest_of(token, password, &wanted);
    ok = ok && buf_ok(&wanted) && same_text(token->password, wanted.ptr);
    buf_finish(&wanted);
    return ok;
}

static bool nonce_is_new(struct soap_store *store, const char *nonce)
{
    return nonce == NULL || (soap_get(store, SOAP_NONCES, nonce) == NULL &&
                             soap_put(store, SOAP_NONCES, nonce, ""));
}

bool soap_admits(struct soap *soap, const struct soap_message *message)
{
    const struct sandbox_options *options = soap->sandbox->options;
    const struct soap_token *token = &message->token;
    const char *password = options->password != NULL ? options->password : "";
    if (options->user == NULL)
        return true;
    if (!message->has_token || !same_text(token->username, options->user))
        return false;
    bool fits = token->is_digest ? digest_fits(token, password)
                                 : same_text(token->password, password);
    return fits && nonce_is_new(soap->store, token->nonce);
}
