/* Tokens: how they are asked for, what the answers mean, and how one is kept fresh. */
#include "client_scene.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "adapter/adapter_conf.h"
#include "adapter/oauth2_token.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "crypto/jws.h"

/* ---- a certificate to sign with ---- */

struct pem {
    char cert[4096], key[4096];
    EVP_PKEY *pair;
    X509 *x509;
};

static void pem_text(BIO *bio, char *ret, size_t size)
{
    int length = BIO_read(bio, ret, (int)size - 1);
    CHECK_FATAL(length > 0);
    ret[length] = '\0';
    BIO_free(bio);
}

static void pem_make(struct pem *ret, EVP_PKEY *pair)
{
    ret->pair = pair;
    ret->x509 = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(ret->x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(ret->x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(ret->x509), 3600);
    X509_set_pubkey(ret->x509, pair);
    CHECK_FATAL(X509_sign(ret->x509, pair, EVP_sha256()) > 0);
    BIO *cert = BIO_new(BIO_s_mem()), *key = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(cert, ret->x509);
    PEM_write_bio_PrivateKey(key, pair, NULL, NULL, 0, NULL, NULL);
    pem_text(cert, ret->cert, sizeof ret->cert);
    pem_text(key, ret->key, sizeof ret->key);
}

static void pem_free(struct pem *pem)
{
    X509_free(pem->x509);
    EVP_PKEY_free(pem->pair);
}

/* base64url without padding, by way of the strict reader of base64. */
static size_t url_read(struct slice text, uint8_t *ret, size_t size)
{
    struct buf plain, bytes;
    buf_init(&plain, 1 << 20);
    buf_init(&bytes, 1 << 20);
    for (size_t i = 0; i < text.size; i++)
        buf_add_char(&plain, text.ptr[i] == '-'   ? '+'
                             : text.ptr[i] == '_' ? '/'
                                                  : text.ptr[i]);
    while (plain.size % 4 != 0)
        buf_add_char(&plain, '=');
    CHECK_FATAL(base64_read(buf_slice(&plain), &bytes) && bytes.size < size);
    size_t length = bytes.size;
    memcpy(ret, bytes.ptr, length);
    ret[length] = 0;
    buf_finish(&plain);
    buf_finish(&bytes);
    return length;
}

/* ---- JWS ---- */

static bool verifies(EVP_PKEY *key, struct slice text, const uint8_t *signature,
                     size_t size)
{
    EVP_PKEY_CTX *of_key = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(context, &of_key, EVP_sha256(), NULL, key) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, 32) == 1 &&
              EVP_DigestVerify(context, signature, size,
                               (const unsigned char *)text.ptr, text.size) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static void an_assertion_is_signed_ps256_and_names_its_certificate(void)
{
    struct pem pem;
    struct err err = ERR_INIT;
    struct buf jws;
    uint8_t header[512], claims[512], signature[1024], thumb[64], digest[32];
    unsigned size = 0;
    pem_make(&pem, EVP_RSA_gen(2048));
    buf_init(&jws, 1 << 16);
    CHECK_FATAL(jws_sign_ps256(slice_of(pem.cert), slice_of(pem.key),
                               SLICE_LITERAL("{\"iss\":\"me\"}"), &jws, &err));
    struct slice rest = buf_slice(&jws);
    struct slice first = slice_cut(&rest, '.'), second = slice_cut(&rest, '.');
    size_t head = url_read(first, header, sizeof header);
    url_read(second, claims, sizeof claims);
    size_t length = url_read(rest, signature, sizeof signature);
    CHECK_TEXT((char *)claims, "{\"iss\":\"me\"}");
    json_t *json = json_read(slice_bytes(header, head), &err);
    CHECK_TEXT(json_text(json, "alg"), "PS256");
    CHECK_TEXT(json_text(json, "typ"), "JWT");
    CHECK_INT(url_read(slice_of(json_text(json, "x5t#S256")), thumb, sizeof thumb), 32);
    CHECK(X509_digest(pem.x509, EVP_sha256(), digest, &size) == 1);
    CHECK(memcmp(thumb, digest, 32) == 0);
    json_decref(json);
    struct slice text = slice_bytes(jws.ptr, jws.size - rest.size - 1);
    CHECK(verifies(pem.pair, text, signature, length));
    signature[3] ^= 1;
    CHECK(!verifies(pem.pair, text, signature, length));
    buf_finish(&jws);
    pem_free(&pem);
}

static void sign_fails(const char *cert, const char *key, const char *words)
{
    struct err err = ERR_INIT;
    struct buf jws;
    buf_init(&jws, 1 << 16);
    CHECK(!jws_sign_ps256(slice_of(cert), slice_of(key), SLICE_LITERAL("{}"), &jws,
                          &err));
    CHECK_INT(err.code, ERR_INVALID);
    CHECK(strstr(err.text, words) != NULL);
    buf_finish(&jws);
}

static void what_cannot_sign_is_refused_in_words(void)
{
    struct pem good, other, small, curve;
    pem_make(&good, EVP_RSA_gen(2048));
    pem_make(&other, EVP_RSA_gen(2048));
    pem_make(&small, EVP_RSA_gen(1024));
    pem_make(&curve, EVP_EC_gen("P-256"));
    sign_fails("", good.key, "certificate");
    sign_fails(good.cert, "no key", "private key as PEM");
    sign_fails(good.cert, other.key, "not the certificate's");
    sign_fails(small.cert, small.key, "2048");
    sign_fails(curve.cert, curve.key, "RSA");
    pem_free(&good);
    pem_free(&other);
    pem_free(&small);
    pem_free(&curve);
}

static void base64url_has_no_padding(void)
{
    static const struct {
        const char *plain, *text;
    } rows[] = { { "", "" },        { "f", "Zg" },         { "fo", "Zm8" },
                 { "foo", "Zm9v" }, { "\xff\xfe", "__4" }, { "\xfb\xf0", "-_A" } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text;
        buf_init(&text, 64);
        base64url_write(slice_of(rows[i].plain), &text);
        CHECK_TEXT(text.ptr == NULL ? "" : text.ptr, rows[i].text);
        buf_finish(&text);
    }
}

/* ---- the request ---- */

static void a_secret_goes_escaped_into_the_form(void)
{
    struct oauth2_conf conf = { .client_id = "a b",
                                .scope = "https://graph.example/.default",
                                .secret = "s&=+%" };
    struct err err = ERR_INIT;
    struct buf form;
    buf_init(&form, 4096);
    CHECK(oauth2_form(&conf, 0, &form, &err));
    CHECK_TEXT(form.ptr, "grant_type=client_credentials&client_id=a%20b&scope=https%3A%"
                         "2F%2Fgraph.example%2F.default&client_secret=s%26%3D%2B%25");
    buf_finish(&form);
}

static void an_assertion_says_who_for_whom_and_until_when(void)
{
    struct pem pem;
    struct err err = ERR_INIT;
    struct buf form;
    uint8_t claims[1024];
    pem_make(&pem, EVP_RSA_gen(2048));
    struct oauth2_conf conf = { .client_id = "id",
                                .scope = "",
                                .audience = "https://login.example/t/token",
                                .cert_pem = pem.cert,
                                .key_pem = pem.key };
    buf_init(&form, 1 << 16);
    CHECK_FATAL(oauth2_form(&conf, 1767225600000, &form, &err));
    CHECK(strstr(form.ptr, "client_secret") == NULL &&
          strstr(form.ptr, "scope=") == NULL);
    CHECK(strstr(form.ptr, "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-"
                           "assertion-type%3Ajwt-bearer&") != NULL);
    struct slice rest = slice_of(strstr(form.ptr, "client_assertion=") + 17);
    slice_cut(&rest, '.');
    size_t size = url_read(slice_cut(&rest, '.'), claims, sizeof claims);
    json_t *json = json_read(slice_bytes(claims, size), &err);
    CHECK_TEXT(json_text(json, "aud"), "https://login.example/t/token");
    CHECK_TEXT(json_text(json, "iss"), "id");
    CHECK_TEXT(json_text(json, "sub"), "id");
    CHECK(json_text(json, "jti") != NULL);
    CHECK_INT(json_int(json, "exp", 0), 1767225600 + 300);
    CHECK(json_int(json, "nbf", 0) < 1767225600);
    json_decref(json);
    buf_finish(&form);
    pem_free(&pem);
}

/* ---- replies ---- */

struct reply_row {
    int status;
    const char *retry_after, *body;
    enum oauth2_verdict verdict;
    const char *code;
    int64_t number; /* expires_s of a token, else retry_after_s. */
};

#define TOKEN(more) "{\"token_type\":\"Bearer\",\"access_token\":\"abc.d-e_f\"" more "}"

/* clang-format off */
static const struct reply_row reply_rows[] = {
    { 200, "", TOKEN(",\"expires_in\":3599"), OAUTH2_GIVEN, "", 3599 },
    { 200, "", TOKEN(",\"expires_in\":\"3599\""), OAUTH2_GIVEN, "", 3599 },
    { 200, "", TOKEN(""), OAUTH2_GIVEN, "", 300 },
    { 200, "", TOKEN(",\"expires_in\":-5"), OAUTH2_GIVEN, "", 0 },
    { 200, "", TOKEN(",\"expires_in\":999999999"), OAUTH2_GIVEN, "", 86400 },
    { 200, "", "{\"token_type\":\"bearer\",\"access_token\":\"x\"}", OAUTH2_GIVEN, "", 300 },
    { 200, "", "{\"token_type\":\"mac\",\"access_token\":\"x\"}", OAUTH2_LATER, "HTTP 200", -1 },
    { 200, "", "{\"token_type\":\"Bearer\",\"access_token\":\"x\\r\\nY: z\"}", OAUTH2_LATER, "HTTP 200", -1 },
    { 200, "", "{\"token_type\":\"Bearer\",\"access_token\":\"\"}", OAUTH2_LATER, "HTTP 200", -1 },
    { 200, "", "<html>", OAUTH2_LATER, "HTTP 200", -1 },
    { 201, "", TOKEN(""), OAUTH2_LATER, "HTTP 201", -1 },
    { 401, "", "{\"error\":\"invalid_client\",\"error_codes\":[7000222]}", OAUTH2_REFUSED, "invalid_client/7000222", -1 },
    { 400, "", "{\"error\":\"unauthorized_client\"}", OAUTH2_REFUSED, "unauthorized_client", -1 },
    { 400, "", "{\"error\":\"invalid_scope\",\"error_description\":\"SECRET\"}", OAUTH2_REFUSED, "invalid_scope", -1 },
    { 400, "", "{\"error\":\"temporarily_unavailable\"}", OAUTH2_LATER, "temporarily_unavailable", -1 },
    { 400, "", "{\"error\":\"something_new\"}", OAUTH2_REFUSED, "something_new", -1 },
    { 400, "", "{\"error\":\"Bad Words!\"}", OAUTH2_REFUSED, "HTTP 400", -1 },
    { 400, "", "", OAUTH2_REFUSED, "HTTP 400", -1 },
    { 404, "", "", OAUTH2_REFUSED, "HTTP 404", -1 },
    { 302, "", "", OAUTH2_REFUSED, "HTTP 302", -1 },
    { 429, "17", "", OAUTH2_LATER, "HTTP 429", 17 },
    { 429, "", "{\"error\":\"invalid_request\"}", OAUTH2_LATER, "invalid_request", -1 },
    { 503, "999999999", "", OAUTH2_LATER, "HTTP 503", -1 },
    { 500, "x", "", OAUTH2_LATER, "HTTP 500", -1 },
};
/* clang-format on */

static void each_reply_is_a_token_a_refusal_or_a_later(void)
{
    for (size_t i = 0; i < sizeof reply_rows / sizeof reply_rows[0]; i++) {
        const struct reply_row *row = &reply_rows[i];
        struct oauth2_reply reply;
        struct buf token;
        buf_init(&token, OAUTH2_TOKEN_MAX);
        oauth2_read(row->status, slice_of(row->retry_after), slice_of(row->body),
                    &reply, &token);
        CHECK_INT(reply.verdict, row->verdict);
        CHECK_TEXT(reply.code, row->code);
        bool given = row->verdict == OAUTH2_GIVEN;
        CHECK_INT(given ? reply.expires_s : reply.retry_after_s, row->number);
        CHECK_INT(token.size > 0, given);
        CHECK(given || strlen(reply.message) > 20);
        CHECK(given || strstr(reply.message, "SECRET") == NULL);
        buf_finish(&token);
    }
}

/* ---- keeping one fresh ---- */

enum { START_MS = 1000000 };

struct keeper {
    struct scene scene;
    struct adapter_place place;
    struct oauth2_conf conf;
    struct oauth2_tokens *tokens;
    struct oauth2_token *token;
    struct oauth2_wait waits[3];
    int woken;
};

static void keeper_start(struct keeper *k)
{
    memset(k, 0, sizeof *k);
    scene_start(&k->scene);
    clock_set_for_test(START_MS);
    k->place.identity.allow_private = true;
    k->conf = (struct oauth2_conf){ .at = &k->place,
                                    .url = k->scene.url,
                                    .client_id = "me",
                                    .scope = "",
                                    .secret = "hush" };
    k->tokens = oauth2_tokens_create(30000);
    k->token = oauth2_token_of(k->tokens, &k->conf, "test", k->scene.client);
}

static void keeper_stop(struct keeper *k)
{
    oauth2_tokens_destroy(&k->tokens);
    scene_stop(&k->scene);
    clock_set_for_test(0);
}

static void on_woken(void *arg)
{
    ((struct keeper *)arg)->woken++;
}

static enum oauth2_state state_at(struct keeper *k, int64_t ms)
{
    clock_set_for_test(START_MS + ms);
    return oauth2_token_ask(k->token, START_MS + ms).state;
}

static void wait_for_it(struct keeper *k, int count)
{
    for (int i = 0; i < count; i++) {
        k->waits[i] = (struct oauth2_wait){ .done = on_woken, .arg = k };
        oauth2_token_wait(k->token, &k->waits[i]);
    }
}

static void answer(struct keeper *k, size_t requests, const char *reply)
{
    scene_until(&k->scene, client_count(&(struct client){ .got = k->scene.peer.got },
                                        "client_secret=hush") == requests);
    peer_say(&k->scene.peer, reply, strlen(reply));
}

#define GIVEN(token, seconds)                                                  \
    "HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{\"token_type\":\"Bearer\"," \
    "\"expires_in\":" seconds ",\"access_token\":\"" token "\"}"
#define REFUSAL \
    "HTTP/1.1 401 No\r\nContent-Length: 26\r\n\r\n{\"error\":\"invalid_client\"}"
#define BUSY "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"

static void fetch_first(struct keeper *k)
{
    CHECK_INT(state_at(k, 0), OAUTH2_WAIT);
    wait_for_it(k, 1);
    answer(k, 1, GIVEN("first", "3600"));
    scene_until(&k->scene, k->woken == 1);
    CHECK_INT(state_at(k, 0), OAUTH2_HAVE);
}

static bool has_token(struct keeper *k, int64_t at_ms, const char *text)
{
    const char *token = oauth2_token_ask(k->token, at_ms).token;
    return token != NULL && strcmp(token, text) == 0;
}

static void many_wait_for_one_request(void)
{
    struct keeper k;
    keeper_start(&k);
    for (int i = 0; i < 3; i++)
        CHECK_INT(state_at(&k, 0), OAUTH2_WAIT);
    wait_for_it(&k, 3);
    oauth2_wait_cancel(&k.waits[1]);
    answer(&k, 1, GIVEN("first", "3600"));
    scene_until(&k.scene, k.woken == 2);
    CHECK_TEXT(oauth2_token_ask(k.token, START_MS).token, "first");
    CHECK_INT(peer_requests(&k.scene.peer), 1);
    keeper_stop(&k);
}

static void an_old_token_is_renewed_while_it_is_used(void)
{
    struct keeper k;
    keeper_start(&k);
    fetch_first(&k);
    CHECK_INT(state_at(&k, 3299 * 1000), OAUTH2_HAVE);
    CHECK_INT(peer_requests(&k.scene.peer), 1);
    CHECK_INT(state_at(&k, 3301 * 1000), OAUTH2_HAVE);
    CHECK_INT(state_at(&k, 3302 * 1000), OAUTH2_HAVE);
    answer(&k, 2, GIVEN("newer", "3600"));
    scene_until(&k.scene, has_token(&k, START_MS + 3302000, "newer"));
    CHECK_INT(state_at(&k, 6000 * 1000), OAUTH2_HAVE);
    CHECK_INT(peer_requests(&k.scene.peer), 2);
    keeper_stop(&k);
}

static void a_token_is_not_used_when_it_is_nearly_over(void)
{
    struct keeper k;
    keeper_start(&k);
    fetch_first(&k);
    CHECK_INT(state_at(&k, 3595 * 1000), OAUTH2_WAIT);
    keeper_stop(&k);
}

static void a_refusal_is_believed_for_half_a_minute(void)
{
    struct keeper k;
    keeper_start(&k);
    CHECK_INT(state_at(&k, 0), OAUTH2_WAIT);
    wait_for_it(&k, 2);
    answer(&k, 1, REFUSAL);
    scene_until(&k.scene, k.woken == 2);
    struct oauth2_answer no = oauth2_token_ask(k.token, START_MS);
    CHECK_INT(no.state, OAUTH2_NO);
    CHECK_TEXT(no.code, "invalid_client");
    CHECK_INT(state_at(&k, 29999), OAUTH2_NO);
    CHECK_INT(peer_requests(&k.scene.peer), 1);
    CHECK_INT(state_at(&k, 30000), OAUTH2_WAIT);
    keeper_stop(&k);
}

static void a_busy_endpoint_says_when_to_come_again(void)
{
    struct keeper k;
    keeper_start(&k);
    CHECK_INT(state_at(&k, 0), OAUTH2_WAIT);
    wait_for_it(&k, 1);
    answer(&k, 1, BUSY);
    scene_until(&k.scene, k.woken == 1);
    struct oauth2_answer later = oauth2_token_ask(k.token, START_MS);
    CHECK_INT(later.state, OAUTH2_NOT_NOW);
    CHECK_INT(later.after_ms, 7000);
    keeper_stop(&k);
}

static void an_endpoint_that_cannot_be_reached_is_tried_again(void)
{
    struct keeper k;
    keeper_start(&k);
    k.place.identity.allow_private = false; /* Refused before connecting. */
    CHECK_INT(state_at(&k, 0), OAUTH2_WAIT);
    wait_for_it(&k, 1);
    scene_until(&k.scene, k.woken == 1);
    CHECK_INT(state_at(&k, 0), OAUTH2_NOT_NOW);
    k.conf.url = "ftp://nowhere";
    CHECK_INT(state_at(&k, 1000), OAUTH2_NOT_NOW); /* Not even begun. */
    keeper_stop(&k);
}

static void a_401_drops_the_token_once(void)
{
    struct keeper k;
    keeper_start(&k);
    fetch_first(&k);
    CHECK(oauth2_token_drop(k.token, "an older one", START_MS));
    CHECK_INT(state_at(&k, 0), OAUTH2_HAVE);
    CHECK(oauth2_token_drop(k.token, "first", START_MS));
    CHECK(oauth2_token_drop(k.token, "first", START_MS)); /* It is gone already. */
    CHECK_INT(state_at(&k, 1), OAUTH2_WAIT);
    wait_for_it(&k, 1);
    answer(&k, 2, GIVEN("newer", "3600"));
    scene_until(&k.scene, k.woken == 2);
    CHECK(!oauth2_token_drop(k.token, "newer", START_MS + 1));
    CHECK_INT(state_at(&k, 1), OAUTH2_HAVE);
    CHECK(oauth2_token_drop(k.token, "newer", START_MS + 30000));
    keeper_stop(&k);
}

static void who_waits_when_the_adapter_goes_is_forgotten(void)
{
    struct keeper k;
    keeper_start(&k);
    CHECK_INT(state_at(&k, 0), OAUTH2_WAIT);
    wait_for_it(&k, 2);
    oauth2_tokens_destroy(&k.tokens);
    CHECK(k.waits[0].token == NULL && k.woken == 0);
    oauth2_wait_cancel(&k.waits[0]);
    keeper_stop(&k);
}

TESTS("oauth2", CASE(an_assertion_is_signed_ps256_and_names_its_certificate),
      CASE(what_cannot_sign_is_refused_in_words), CASE(base64url_has_no_padding),
      CASE(a_secret_goes_escaped_into_the_form),
      CASE(an_assertion_says_who_for_whom_and_until_when),
      CASE(each_reply_is_a_token_a_refusal_or_a_later), CASE(many_wait_for_one_request),
      CASE(an_old_token_is_renewed_while_it_is_used),
      CASE(a_token_is_not_used_when_it_is_nearly_over),
      CASE(a_refusal_is_believed_for_half_a_minute),
      CASE(a_busy_endpoint_says_when_to_come_again),
      CASE(an_endpoint_that_cannot_be_reached_is_tried_again),
      CASE(a_401_drops_the_token_once),
      CASE(who_waits_when_the_adapter_goes_is_forgotten))
