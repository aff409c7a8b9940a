#include "wire_security.h"

#include <string.h>

#include "esim/exchange.h"
#include "wire_sha1.h"

#define PROFILE                               \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-username-token-profile-1.0"
#define BASE64_BINARY                         \
    "http://docs.oasis-open.org/wss/2004/01/" \
    "oasis-200401-wss-soap-message-security-1.0#Base64Binary"

struct esim_bytes wss_digest(const uint8_t *nonce, size_t nonce_size,
                             const char *created, const char *password)
{
    struct sha1 sha1;
    uint8_t digest[SHA1_SIZE];
    sha1_init(&sha1);
    sha1_add(&sha1, nonce, nonce_size);
    sha1_add(&sha1, created, strlen(created));
    sha1_add(&sha1, password, strlen(password));
    sha1_finish(&sha1, digest);
    return esim_base64((struct esim_bytes){ (const char *)digest, sizeof digest });
}

static void put_base64(struct text *text, struct esim_bytes base64)
{
    text_put_bytes(text, base64.ptr, base64.size);
}

static void put_timestamp(const struct wss_token *token, struct text *text)
{
    text_put(text, "<wsu:Timestamp><wsu:Created>");
    text_put_value(text, token->created);
    text_put(text, "</wsu:Created><wsu:Expires>");
    text_put_value(text, token->expires);
    text_put(text, "</wsu:Expires></wsu:Timestamp>");
}

static void put_password(const struct wss_token *token, struct text *text)
{
    if (token->kind == WSS_DIGEST) {
        text_put(text, "<wsse:Password Type=\"" PROFILE "#PasswordDigest\">");
        put_base64(text, wss_digest(token->nonce, sizeof token->nonce, token->created,
                                    token->password));
    } else {
        text_put(text, "<wsse:Password Type=\"" PROFILE "#PasswordText\">");
        text_put_value(text, token->password);
    }
    text_put(text, "</wsse:Password>");
}

static void put_nonce(const struct wss_token *token, struct text *text)
{
    text_put(text, "<wsse:Nonce EncodingType=\"" BASE64_BINARY "\">");
    put_base64(text, esim_base64((struct esim_bytes){ (const char *)token->nonce,
                                                      sizeof token->nonce }));
    text_put(text, "</wsse:Nonce><wsu:Created>");
    text_put_value(text, token->created);
    text_put(text, "</wsu:Created>");
}

static void put_token(const struct wss_token *token, struct text *text)
{
    text_put(text, "<wsse:UsernameToken><wsse:Username>");
    text_put_value(text, token->username);
    text_put(text, "</wsse:Username>");
    put_password(token, text);
    if (token->kind == WSS_DIGEST || token->has_nonce)
        put_nonce(token, text);
    text_put(text, "</wsse:UsernameToken>");
}

void wss_write(const struct wss_token *token, const char *envelope, struct text *text)
{
    if (token->kind == WSS_NONE && token->expires == NULL)
        return;
    text_put(text, "<wsse:Security xmlns:wsse=\"" WSS_SECEXT "\" xmlns:wsu=\"" //
             WSS_UTILITY "\"");
    if (token->must_understand) {
        text_put(text, " ");
        text_put(text, envelope);
        text_put(text, ":mustUnderstand=\"1\"");
    }
    text_put(text, ">");
    if (token->expires != NULL)
        put_timestamp(token, text);
    if (token->kind != WSS_NONE)
        put_token(token, text);
    text_put(text, "</wsse:Security>");
}
