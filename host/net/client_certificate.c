#include "net/client_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct client_certificate {
    char *cert_file, *key_file;
    struct timespec cert_changed, key_changed; /* Of what was read. */
    X509 *leaf;                                /* NULL until read. */
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

static void forget(struct client_certificate *certificate)
{
    X509_free(certificate->leaf);
    sk_X509_pop_free(certificate->chain, X509_free);
    EVP_PKEY_free(certificate->key);
    certificate->leaf = NULL;
    certificate->chain = NULL;
    certificate->key = NULL;
}

struct client_certificate *client_certificate_create(const char *cert_file,
                                                     const char *key_file)
{
    struct client_certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate == NULL)
        return NULL;
    certificate->cert_file = strdup(cert_file);
    certificate->key_file = strdup(key_file);
    if (certificate->cert_file == NULL || certificate->key_file == NULL)
        client_certificate_destroy(&certificate);
    return certificate;
}

void client_certificate_destroy(struct client_certificate **certificate)
{
    struct client_certificate *gone = *certificate;
    if (gone == NULL)
        return;
    forget(gone);
    free(gone->cert_file);
    free(gone->key_file);
    free(gone);
    *certificate = NULL;
}

static bool read_chain(struct client_certificate *certificate)
{
    FILE *file = fopen(certificate->cert_file, "re");
    if (file == NULL)
        return false;
    certificate->leaf = PEM_read_X509(file, NULL, NULL, NULL);
    certificate->chain = sk_X509_new_null();
    X509 *next = NULL;
    while (certificate->leaf != NULL && certificate->chain != NULL &&
           (next = PEM_read_X509(file, NULL, NULL, NULL)) != NULL)
        if (sk_X509_push(certificate->chain, next) == 0)
            X509_free(next);
    fclose(file);
    return certificate->leaf != NULL && certificate->chain != NULL;
}

static bool read_key(struct client_certificate *certificate)
{
    FILE *file = fopen(certificate->key_file, "re");
    if (file == NULL)
        return false;
    certificate->key = PEM_read_PrivateKey(file, NULL, NULL, (void *)"");
    fclose(file);
    return certificate->key != NULL;
}

static bool is_same(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool refresh(struct client_certificate *certificate, struct err *err)
{
    struct stat cert, key;
    if (stat(certificate->cert_file, &cert) != 0)
        return err_errno(err, "client certificate %s", certificate->cert_file);
    if (stat(certificate->key_file, &key) != 0)
        return err_errno(err, "client key %s", certificate->key_file);
    if (certificate->leaf != NULL && is_same(cert.st_mtim, certificate->cert_changed) &&
        is_same(key.st_mtim, certificate->key_changed))
        return true;
    forget(certificate);
    if (!read_chain(certificate) || !read_key(certificate)) {
        forget(certificate);
        ERR_clear_error();
        return err_set(err, ERR_INVALID, "%s and %s are no PEM certificate and key",
                       certificate->cert_file, certificate->key_file);
    }
    certificate->cert_changed = cert.st_mtim;
    certificate->key_changed = key.st_mtim;
    return true;
}

bool client_certificate_use(struct client_certificate *certificate, void *context,
                            struct err *err)
{
    if (!refresh(certificate, err))
        return false;
    if (SSL_CTX_use_cert_and_key(context, certificate->leaf, certificate->key,
                                 certificate->chain, 1) == 1)
        return true;
    ERR_clear_error();
    forget(certificate); /* Read again next time: it may not have been read whole. */
    return err_set(err, ERR_INVALID, "the key %s does not fit the certificate %s",
                   certificate->key_file, certificate->cert_file);
}
