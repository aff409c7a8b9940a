#include "net/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct tls_server {
    SSL_CTX *context;
};

/* RFC 9325 4.2: forward secrecy and AEAD only. TLS 1.3's suites are all fit. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL";

static bool openssl_err(struct err *err, const char *what, const char *path)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    return err_set(err, ERR_INVALID, "%s %s: %s", what, path,
                   reason == NULL ? "not usable" : reason);
}

/* The only protocol spoken here; a client that offers others alone gets an alert. */
static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_size,
                           const unsigned char *offered, unsigned offered_size,
                           void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, ret_size, ours, sizeof ours - 1, offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *ret = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool harden(SSL_CTX *context, struct err *err)
{
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, ciphers) != 1)
        return openssl_err(err, "TLS", "settings");
    return true;
}

static bool speak_http(SSL_CTX *context, struct err *err)
{
    static const unsigned char name[] = "esimd";
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1 ||
           openssl_err(err, "TLS", "settings");
}

static bool load_identity(SSL_CTX *context, const char *cert, const char *key,
                          struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
        return openssl_err(err, "certificate", cert);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return openssl_err(err, "key", key);
    return true;
}

/* OpenSSL reads a certificate's key and extensions when it first needs them, and a failure
 * for want of memory stays with it: every client would be refused from then on. So they
 * are read here, where the caller can begin anew. */
static bool are_whole(SSL_CTX *context)
{
    STACK_OF(X509) *all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(context));
    bool whole = all != NULL;
    for (int i = 0; whole && i < sk_X509_num(all); i++) {
        X509 *certificate = sk_X509_value(all, i);
        whole = X509_check_purpose(certificate, -1, 0) == 1 &&
                X509_get0_pubkey(certificate) != NULL;
    }
    sk_X509_pop_free(all, X509_free);
    return whole;
}

static bool ask_clients(SSL_CTX *context, const char *client_ca, bool required,
                        struct err *err)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(client_ca);
    if (names == NULL || SSL_CTX_load_verify_file(context, client_ca) != 1 ||
        !are_whole(context)) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return openssl_err(err, "client CA", client_ca);
    }
    SSL_CTX_set_client_CA_list(context, names); /* Given. */
    SSL_CTX_set_verify(
        context, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    return true;
}

struct tls_server *tls_server_create(const char *cert, const char *key,
                                     const char *client_ca, bool client_required,
                                     struct err *err)
{
    bool asks = client_ca != NULL && client_ca[0] != '\0';
    assert(cert != NULL && key != NULL && (asks || !client_required));
    struct tls_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for TLS");
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write(2). */
    server->context = SSL_CTX_new(TLS_server_method());
    if (server->context == NULL)
        openssl_err(err, "TLS", "context");
    else if (harden(server->context, err) && speak_http(server->context, err) &&
             load_identity(server->context, cert, key, err) &&
             (!asks || ask_clients(server->context, client_ca, client_required, err)))
        return server;
    tls_server_destroy(&server);
    return NULL;
}

void tls_server_destroy(struct tls_server **server)
{
    if (*server == NULL)
        return;
    SSL_CTX_free((*server)->context);
    free(*server);
    *server = NULL;
}

void *tls_server_context(struct tls_server *server)
{
    return server->context;
}

/* ---- the client's end ---- */

struct tls_client {
    SSL_CTX *context;
};

static bool trust(SSL_CTX *context, const char *ca, struct err *err)
{
    bool loaded = ca == NULL ? SSL_CTX_set_default_verify_paths(context) == 1
                             : SSL_CTX_load_verify_file(context, ca) == 1 &&
                                   are_whole(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    return loaded || openssl_err(err, "CA", ca == NULL ? "of the system" : ca);
}

struct tls_client *tls_client_create(const char *ca, const char *cert, const char *key,
                                     struct err *err)
{
    assert((cert == NULL) == (key == NULL));
    struct tls_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for TLS");
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    client->context = SSL_CTX_new(TLS_client_method());
    if (client->context == NULL)
        openssl_err(err, "TLS", "context");
    else if (harden(client->context, err) && trust(client->context, ca, err) &&
             (cert == NULL || load_identity(client->context, cert, key, err)))
        return client;
    tls_client_destroy(&client);
    return NULL;
}

void tls_client_destroy(struct tls_client **client)
{
    if (*client == NULL)
        return;
    SSL_CTX_free((*client)->context);
    free(*client);
    *client = NULL;
}

static bool is_numeric(const char *host)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* RFC 6066 3: an address is never sent as a server's name. */
static bool expect_host(SSL *ssl, const char *host)
{
    if (is_numeric(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

void *tls_client_open(struct tls_client *client, const char *host, int fd,
                      struct err *err)
{
    SSL *ssl = SSL_new(client->context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || !expect_host(ssl, host)) {
        openssl_err(err, "TLS", host);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

void tls_close(void *tls)
{
    SSL_free(tls);
}

/* RFC 8446 6.2: a server sends these of its client's certificate, or for want of one. */
bool tls_alert_is_about_us(unsigned long code)
{
    static const int alerts[] = {
        SSL_AD_BAD_CERTIFICATE,     SSL_AD_UNSUPPORTED_CERTIFICATE,
        SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
        SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA,
        SSL_AD_ACCESS_DENIED,       SSL_AD_CERTIFICATE_REQUIRED
    };
    int alert = ERR_GET_REASON(code) - SSL_AD_REASON_OFFSET;
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
        if (ERR_GET_LIB(code) == ERR_LIB_SSL && alert == alerts[i])
            return true;
    return false;
}

static bool explain(SSL *ssl, int why, struct err *err)
{
    long verdict = SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    if (verdict != X509_V_OK)
        return err_set(err, ERR_UNTRUSTED, "TLS: their certificate is not trusted: %s",
                       X509_verify_cert_error_string(verdict));
    if (tls_alert_is_about_us(code))
        return err_set(err, ERR_UNAUTHORISED,
                       "TLS: the other side refused our certificate: %s", reason);
    if (why == SSL_ERROR_SSL && reason != NULL)
        return err_set(err, ERR_UNAVAILABLE, "TLS: %s", reason);
    return err_set(err, ERR_UNAVAILABLE, "TLS: the connection ended in the handshake");
}

enum tls_progress tls_shake_hands(void *tls, struct err *err)
{
    SSL *ssl = tls;
    ERR_clear_error();
    int done = SSL_do_handshake(ssl);
    if (done == 1)
        return TLS_DONE;
    int why = SSL_get_error(ssl, done);
    if (why == SSL_ERROR_WANT_READ)
        return TLS_WANTS_READ;
    if (why == SSL_ERROR_WANT_WRITE)
        return TLS_WANTS_WRITE;
    explain(ssl, why, err);
    return TLS_FAILED;
}
