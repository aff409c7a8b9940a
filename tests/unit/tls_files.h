/* tls_files.h - a certificate authority and certificates in a scratch folder, for tests.
 *
 * Files are <folder>/<name>.pem and <folder>/<name>.key. Keys are P-256; a certificate
 * holds for 127.0.0.1 and localhost, from yesterday to tomorrow. */
#ifndef TESTS_TLS_FILES_H
#define TESTS_TLS_FILES_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

struct tls_files {
    char folder[40];
    char made[8][16];
    int count;
};

struct tls_path {
    char text[80];
};

static inline struct tls_path tls_file(const struct tls_files *files, const char *name,
                                       const char *ending)
{
    struct tls_path path;
    CHECK_FATAL(snprintf(path.text, sizeof path.text, "%s/%s.%s", files->folder, name,
                         ending) > 0);
    return path;
}

#define CERT_OF(files, name) tls_file((files), (name), "pem").text
#define KEY_OF(files, name)  tls_file((files), (name), "key").text

static inline void tls_add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    CHECK_FATAL(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static inline X509 *tls_make_certificate(const char *name, EVP_PKEY *key, X509 *issuer,
                                         EVP_PKEY *issuer_key)
{
    static long serial;
    X509 *certificate = X509_new();
    CHECK_FATAL(certificate != NULL && X509_set_version(certificate, 2) == 1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                               (const unsigned char *)"esimd, test", -1, -1, 0);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer == NULL ? subject : X509_get_subject_name(issuer));
    X509_set_pubkey(certificate, key);
    if (issuer == NULL)
        tls_add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    else
        tls_add_extension(certificate, NID_subject_alt_name,
                          "IP:127.0.0.1,DNS:localhost");
    CHECK_FATAL(X509_sign(certificate, issuer_key == NULL ? key : issuer_key,
                          EVP_sha256()) > 0);
    return certificate;
}

static inline void tls_write(struct tls_files *files, const char *name,
                             X509 *certificate, EVP_PKEY *key)
{
    FILE *out = fopen(CERT_OF(files, name), "w");
    CHECK_FATAL(out != NULL && PEM_write_X509(out, certificate) == 1);
    fclose(out);
    out = fopen(KEY_OF(files, name), "w");
    CHECK_FATAL(out != NULL &&
                PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    fclose(out);
    CHECK_FATAL(files->count < 8);
    CHECK_FATAL(snprintf(files->made[files->count++], 16, "%s", name) < 16);
}

/* An authority `ca` with certificates for each of the names. */
static inline void tls_files_add(struct tls_files *files, const char *ca,
                                 const char *const *names, size_t count)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    X509 *authority = tls_make_certificate(ca, ca_key, NULL, NULL);
    tls_write(files, ca, authority, ca_key);
    for (size_t i = 0; i < count; i++) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *certificate = tls_make_certificate(names[i], key, authority, ca_key);
        tls_write(files, names[i], certificate, key);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    X509_free(authority);
    EVP_PKEY_free(ca_key);
}

static inline void tls_files_start(struct tls_files *files)
{
    static const char *const names[] = { "server", "client" };
    static const char *const others[] = { "stranger" };
    *files = (struct tls_files){ .folder = "/tmp/esimd-tls-XXXXXX" };
    CHECK_FATAL(mkdtemp(files->folder) != NULL);
    tls_files_add(files, "ca", names, 2);
    tls_files_add(files, "other_ca", others, 1);
}

static inline void tls_files_stop(struct tls_files *files)
{
    for (int i = 0; i < files->count; i++) {
        unlink(CERT_OF(files, files->made[i]));
        unlink(KEY_OF(files, files->made[i]));
    }
    CHECK(rmdir(files->folder) == 0);
}

#endif
