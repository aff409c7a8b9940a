/* The server's and the client's TLS, against each other and against bare OpenSSL. */
#include "http_rig.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "crypto/digest.h"
#include "net/http_client.h"
#include "net/tls.h"
#include "tls_files.h"

struct scene {
    struct tls_files files;
    struct rig rig;
    struct tls_server *tls;
    struct http_client *client;
    struct http_identity identity;
    char url[128];
    /* What the handler saw. */
    int handled;
    struct http_peer peer;
    size_t body_size;
    /* How the call ended. */
    int ended;
    enum http_end end;
    int status;
    size_t reply_size;
    struct err err;
};

static void echo(struct http_exchange *exchange, void *arg)
{
    struct scene *s = arg;
    const struct http_request *request = http_exchange_request(exchange);
    s->handled++;
    s->peer = *request->peer;
    s->body_size = request->body.size;
    struct http_reply reply = { .status = 200, .body = request->body };
    http_answer(exchange, &reply);
}

static void note(void *arg, enum http_end end, int status,
                 const struct http_field *fields, size_t field_count, struct slice body,
                 const struct err *err)
{
    (void)fields;
    (void)field_count;
    struct scene *s = arg;
    s->ended++;
    s->end = end;
    s->status = status;
    s->reply_size = body.size;
    if (err != NULL)
        s->err = *err;
}

static void scene_start(struct scene *s, bool asks, bool required)
{
    struct err err = ERR_INIT;
    *s = (struct scene){ .handled = 0 };
    tls_files_start(&s->files);
    s->tls = tls_server_create(CERT_OF(&s->files, "server"),
                               KEY_OF(&s->files, "server"),
                               asks ? CERT_OF(&s->files, "ca") : "", required, &err);
    CHECK_FATAL(s->tls != NULL);
    struct http_limits limits = rig_limits();
    limits.body_bytes = 4 << 20;
    limits.head_ms = 300;
    rig_start(&s->rig, &limits, echo, s, s->tls);
    const struct http_client_limits client_limits = { 4, 4 };
    s->client = http_client_create(s->rig.loop, &client_limits, &err);
    CHECK_FATAL(s->client != NULL);
    CHECK(snprintf(s->url, sizeof s->url, "https://%s/x", s->rig.address) > 0);
}

static void scene_stop(struct scene *s)
{
    http_client_destroy(&s->client);
    rig_stop(&s->rig);
    tls_server_destroy(&s->tls);
    tls_files_stop(&s->files);
}

static void call(struct scene *s, struct slice body)
{
    struct err err = ERR_INIT;
    const struct http_outgoing outgoing = { .method = "POST",
                                            .url = s->url,
                                            .body = body,
                                            .identity = &s->identity,
                                            .connect_ms = 5000,
                                            .timeout_ms = 8000,
                                            .reply_bytes = 8 << 20 };
    int ended = s->ended;
    s->identity.allow_private = true;
    CHECK_FATAL(http_send(s->client, &outgoing, note, s, &err) != NULL);
    rig_until(&s->rig, NULL, s->ended == ended + 1);
}

/* ---- the client's side ---- */

static void large_bodies_pass_whole_over_tls(void)
{
    enum { LARGE = 3 << 20 };
    struct scene s;
    scene_start(&s, false, false);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    s.identity.ca_file = ca.text;
    char *body = calloc(1, LARGE);
    CHECK_FATAL(body != NULL);
    call(&s, slice_bytes(body, LARGE));
    CHECK_INT(s.end, HTTP_REPLIED);
    CHECK_INT(s.body_size, LARGE);
    CHECK_INT(s.reply_size, LARGE);
    CHECK(s.peer.is_tls && !s.peer.has_certificate && !s.peer.is_unix);
    call(&s, SLICE_LITERAL("small"));
    CHECK_INT(s.reply_size, 5);
    free(body);
    scene_stop(&s);
}

static void a_server_that_the_ca_does_not_vouch_for_gets_no_request(void)
{
    struct scene s;
    scene_start(&s, false, false);
    struct tls_path other = tls_file(&s.files, "other_ca", "pem");
    const char *const trusted[] = { other.text, NULL }; /* NULL: the system's. */
    for (size_t i = 0; i < 2; i++) {
        s.identity.ca_file = trusted[i];
        call(&s, SLICE_LITERAL("secret"));
        CHECK_INT(s.end, HTTP_NOT_SENT);
        CHECK_INT(s.err.code, ERR_UNTRUSTED);
    }
    s.identity.ca_file = "/nonexistent";
    call(&s, SLICE_LITERAL("secret"));
    CHECK_INT(s.end, HTTP_NOT_SENT);
    CHECK_INT(s.handled, 0);
    scene_stop(&s);
}

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    CHECK_FATAL(in != NULL && out != NULL);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    CHECK(size > 0 && fwrite(bytes, 1, size, out) == size);
    fclose(in);
    CHECK(fclose(out) == 0);
}

/* curl keeps what it read for a day. A file that was replaced, or that there was no memory
 * to take in whole, would shut a carrier out for as long. */
static void after_a_refusal_the_ca_file_is_read_again(void)
{
    struct scene s;
    scene_start(&s, false, false);
    struct tls_path used = tls_file(&s.files, "other_ca", "pem");
    s.identity.ca_file = used.text;
    call(&s, SLICE_LITERAL("early"));
    CHECK_INT(s.end, HTTP_NOT_SENT);
    copy_file(CERT_OF(&s.files, "ca"), used.text);
    call(&s, SLICE_LITERAL("late"));
    CHECK_INT(s.end, HTTP_REPLIED);
    scene_stop(&s);
}

/* The CA file stands alone: were the system's folder searched beside it, any public CA
 * could speak for a carrier. */
static void a_ca_file_is_not_joined_by_the_systems(void)
{
    struct scene s;
    scene_start(&s, false, false);
    struct tls_path stranger = tls_file(&s.files, "stranger", "pem");
    s.identity.ca_file = stranger.text;
    call(&s, SLICE_LITERAL("secret"));
    CHECK_INT(s.end, HTTP_NOT_SENT);
    CHECK_INT(s.handled, 0);
    scene_stop(&s);
}

static X509 *read_certificate(const char *path)
{
    FILE *in = fopen(path, "r");
    CHECK_FATAL(in != NULL);
    X509 *certificate = PEM_read_X509(in, NULL, NULL, NULL);
    fclose(in);
    CHECK_FATAL(certificate != NULL);
    return certificate;
}

static void write_pin(const char *path, struct buf *ret)
{
    X509 *certificate = read_certificate(path);
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    CHECK_FATAL(size > 0);
    uint8_t digest[DIGEST_SIZE];
    digest_sha256(slice_bytes(der, (size_t)size), digest);
    buf_clear(ret);
    buf_add_text(ret, "sha256//");
    base64_write(slice_bytes(digest, sizeof digest), ret);
    OPENSSL_free(der);
    X509_free(certificate);
}

static void a_pinned_key_must_be_the_servers(void)
{
    struct scene s;
    struct buf pin;
    buf_init(&pin, 200);
    scene_start(&s, false, false);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    s.identity.ca_file = ca.text;
    write_pin(CERT_OF(&s.files, "client"), &pin);
    s.identity.pin_sha256 = pin.ptr;
    call(&s, SLICE_LITERAL("secret"));
    CHECK_INT(s.end, HTTP_NOT_SENT);
    CHECK_INT(s.err.code, ERR_UNTRUSTED);
    CHECK_INT(s.handled, 0);
    write_pin(CERT_OF(&s.files, "server"), &pin);
    s.identity.pin_sha256 = pin.ptr;
    call(&s, SLICE_LITERAL("fine"));
    CHECK_INT(s.end, HTTP_REPLIED);
    buf_finish(&pin);
    scene_stop(&s);
}

/* ---- who the client is ---- */

static void a_client_certificate_names_its_owner(void)
{
    struct scene s;
    scene_start(&s, true, true);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    struct tls_path cert = tls_file(&s.files, "client", "pem");
    struct tls_path key = tls_file(&s.files, "client", "key");
    s.identity = (struct http_identity){ .ca_file = ca.text,
                                         .cert_file = cert.text,
                                         .key_file = key.text };
    call(&s, SLICE_LITERAL(""));
    CHECK_INT(s.end, HTTP_REPLIED);
    CHECK(s.peer.is_tls && s.peer.has_certificate);
    CHECK_TEXT(s.peer.subject, "CN=client,O=esimd\\, test");
    X509 *certificate = read_certificate(cert.text);
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    char expected[DIGEST_TEXT_SIZE];
    digest_sha256_text(slice_bytes(der, (size_t)size), expected);
    CHECK_TEXT(s.peer.fingerprint, expected);
    OPENSSL_free(der);
    X509_free(certificate);
    scene_stop(&s);
}

static void a_certificate_that_is_optional_may_be_absent_but_not_foreign(void)
{
    struct scene s;
    scene_start(&s, true, false);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    struct tls_path cert = tls_file(&s.files, "stranger", "pem");
    struct tls_path key = tls_file(&s.files, "stranger", "key");
    s.identity.ca_file = ca.text;
    call(&s, SLICE_LITERAL(""));
    CHECK_INT(s.end, HTTP_REPLIED);
    CHECK(!s.peer.has_certificate && s.peer.subject[0] == '\0');
    s.identity.cert_file = cert.text;
    s.identity.key_file = key.text;
    call(&s, SLICE_LITERAL(""));
    CHECK(s.end != HTTP_REPLIED);
    CHECK_INT(s.handled, 1);
    scene_stop(&s);
}

static void a_certificate_that_is_required_must_be_shown(void)
{
    struct scene s;
    scene_start(&s, true, true);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    s.identity.ca_file = ca.text;
    call(&s, SLICE_LITERAL(""));
    CHECK(s.end != HTTP_REPLIED);
    CHECK_INT(s.handled, 0);
    scene_stop(&s);
}

static void a_client_key_that_does_not_fit_means_not_sent(void)
{
    struct scene s;
    scene_start(&s, true, true);
    struct tls_path ca = tls_file(&s.files, "ca", "pem");
    struct tls_path cert = tls_file(&s.files, "client", "pem");
    struct tls_path key = tls_file(&s.files, "stranger", "key");
    s.identity = (struct http_identity){ .ca_file = ca.text,
                                         .cert_file = cert.text,
                                         .key_file = key.text };
    call(&s, SLICE_LITERAL(""));
    CHECK_INT(s.end, HTTP_NOT_SENT);
    CHECK_INT(s.err.code, ERR_INVALID);
    scene_stop(&s);
}

/* ---- the server's side ---- */

struct raw {
    struct client client;
    SSL_CTX *context;
    SSL *ssl;
    struct buf got;
    bool failed;
    bool notified; /* The server's end came as close_notify. */
};

static void raw_open(struct raw *raw, struct rig *rig)
{
    *raw = (struct raw){ .context = SSL_CTX_new(TLS_client_method()) };
    client_open(&raw->client, rig);
    buf_init(&raw->got, 1 << 20);
    raw->ssl = SSL_new(raw->context);
    CHECK_FATAL(raw->ssl != NULL && SSL_set_fd(raw->ssl, raw->client.fd) == 1);
    SSL_set_connect_state(raw->ssl);
}

static void raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    SSL_CTX_free(raw->context);
    buf_finish(&raw->got);
    client_close(&raw->client);
}

static void raw_judge(struct raw *raw, int done)
{
    int why = SSL_get_error(raw->ssl, done);
    raw->notified = raw->notified || why == SSL_ERROR_ZERO_RETURN;
    raw->failed = raw->failed || (why != SSL_ERROR_WANT_READ &&
                                  why != SSL_ERROR_WANT_WRITE && !raw->notified);
    ERR_clear_error();
}

static void raw_step(struct rig *rig, struct raw *raw)
{
    char bytes[4096];
    rig_turn(rig);
    if (raw->failed || raw->notified)
        return;
    int size = SSL_read(raw->ssl, bytes, sizeof bytes); /* Also drives the handshake. */
    if (size > 0)
        buf_add(&raw->got, bytes, (size_t)size);
    else
        raw_judge(raw, size);
}

#define raw_until(rig, raw, condition)                       \
    do {                                                     \
        int64_t raw_end = rig_now_ms() + RIG_SECONDS * 1000; \
        while (!(condition) && rig_now_ms() < raw_end)       \
            raw_step((rig), (raw));                          \
        CHECK(condition);                                    \
    } while (0)

static void requests_over_tls_are_pipelined_and_the_end_is_notified(void)
{
    static const char requests[] = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                                   "\r\n";
    struct scene s;
    struct raw raw;
    scene_start(&s, false, false);
    raw_open(&raw, &s.rig);
    raw_until(&s.rig, &raw, SSL_is_init_finished(raw.ssl));
    for (size_t i = 0; i < sizeof requests - 1; i++) {
        CHECK_INT(SSL_write(raw.ssl, requests + i, 1), 1); /* A record each. */
        rig_turn(&s.rig);
    }
    raw_until(&s.rig, &raw, raw.notified);
    CHECK_INT(s.handled, 3);
    raw_close(&raw);
    scene_stop(&s);
}

static void tls_below_1_2_is_refused(void)
{
    struct scene s;
    struct raw raw;
    scene_start(&s, false, false);
    raw_open(&raw, &s.rig);
    SSL_set_security_level(raw.ssl, 0);
    CHECK(SSL_set_min_proto_version(raw.ssl, TLS1_VERSION) == 1);
    CHECK(SSL_set_max_proto_version(raw.ssl, TLS1_1_VERSION) == 1);
    raw_until(&s.rig, &raw, raw.failed);
    CHECK(!SSL_is_init_finished(raw.ssl));
    raw_close(&raw);
    raw_open(&raw, &s.rig);
    CHECK(SSL_set_max_proto_version(raw.ssl, TLS1_2_VERSION) == 1);
    raw_until(&s.rig, &raw, SSL_is_init_finished(raw.ssl));
    CHECK(!raw.failed);
    raw_close(&raw);
    scene_stop(&s);
}

static void a_client_that_speaks_only_http_2_is_refused(void)
{
    static const unsigned char h2[] = "\x02h2", both[] = "\x02h2\x08http/1.1";
    struct scene s;
    struct raw raw;
    scene_start(&s, false, false);
    raw_open(&raw, &s.rig);
    CHECK(SSL_set_alpn_protos(raw.ssl, h2, sizeof h2 - 1) == 0);
    raw_until(&s.rig, &raw, raw.failed);
    raw_close(&raw);
    raw_open(&raw, &s.rig);
    CHECK(SSL_set_alpn_protos(raw.ssl, both, sizeof both - 1) == 0);
    raw_until(&s.rig, &raw, SSL_is_init_finished(raw.ssl));
    const unsigned char *chosen = NULL;
    unsigned size = 0;
    SSL_get0_alpn_selected(raw.ssl, &chosen, &size);
    CHECK(slice_is(slice_bytes(chosen, size), "http/1.1"));
    raw_close(&raw);
    scene_stop(&s);
}

static void plain_http_on_a_tls_port_reaches_no_handler(void)
{
    struct scene s;
    struct client client;
    scene_start(&s, false, false);
    client_open(&client, &s.rig);
    client_send(&s.rig, &client, SLICE_LITERAL("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    rig_until(&s.rig, &client, client.ended);
    CHECK_INT(s.handled, 0);
    client_close(&client);
    scene_stop(&s);
}

static void a_handshake_that_stands_still_is_cut(void)
{
    struct scene s;
    struct client client;
    scene_start(&s, false, false);
    client_open(&client, &s.rig);
    client_send(&s.rig, &client, SLICE_LITERAL("\x16\x03\x01\x00\xff\x01"));
    rig_until(&s.rig, &client, client.ended);
    client_close(&client);
    scene_stop(&s);
}

static void tls_files_that_do_not_fit_are_refused_with_words(void)
{
    struct tls_files files;
    struct err err = ERR_INIT;
    tls_files_start(&files);
    CHECK(tls_server_create("/nonexistent", KEY_OF(&files, "server"), NULL, false,
                            &err) == NULL);
    CHECK(strstr(err.text, "certificate /nonexistent") != NULL);
    CHECK(tls_server_create(CERT_OF(&files, "server"), KEY_OF(&files, "client"), NULL,
                            false, &err) == NULL);
    CHECK(strstr(err.text, "client.key") != NULL);
    CHECK(tls_server_create(CERT_OF(&files, "server"), KEY_OF(&files, "server"),
                            KEY_OF(&files, "ca"), true, &err) == NULL);
    CHECK(strstr(err.text, "client CA") != NULL);
    CHECK_INT(err.code, ERR_INVALID);
    tls_files_stop(&files);
}

TESTS("tls", CASE(large_bodies_pass_whole_over_tls),
      CASE(a_server_that_the_ca_does_not_vouch_for_gets_no_request),
      CASE(after_a_refusal_the_ca_file_is_read_again),
      CASE(a_ca_file_is_not_joined_by_the_systems),
      CASE(a_pinned_key_must_be_the_servers),
      CASE(a_client_certificate_names_its_owner),
      CASE(a_certificate_that_is_optional_may_be_absent_but_not_foreign),
      CASE(a_certificate_that_is_required_must_be_shown),
      CASE(a_client_key_that_does_not_fit_means_not_sent),
      CASE(requests_over_tls_are_pipelined_and_the_end_is_notified),
      CASE(tls_below_1_2_is_refused), CASE(a_client_that_speaks_only_http_2_is_refused),
      CASE(plain_http_on_a_tls_port_reaches_no_handler),
      CASE(a_handshake_that_stands_still_is_cut),
      CASE(tls_files_that_do_not_fit_are_refused_with_words))
