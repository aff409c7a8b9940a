#include "net/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    static const unsigned char name[] = "esimd";
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, ciphers) != 1 ||
        SSL_CTX_set_session_id_context(context, name, sizeof name - 1) != 1)
        return openssl_err(err, "TLS", "settings");
    return true;
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

static bool ask_clients(SSL_CTX *context, const char *client_ca, bool required,
                        struct err *err)
{
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(client_ca);
    if (names == NULL || SSL_CTX_load_verify_file(context, client_ca) != 1) {
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
        err_set(err, ERR_LIMIT, "no memory for TLS");
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes with write(2). */
    server->context = SSL_CTX_new(TLS_server_method());
    if (server->context == NULL)
        openssl_err(err, "TLS", "context");
    else if (harden(server->context, err) &&
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
