#include "settings.h"

#include <string.h>

#include "esim/exchange.h"

static const char *text_or(const json_t *json, const char *key, const char *otherwise)
{
    const char *text = esim_json_text(json, key);
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

static bool flag_or(const json_t *json, const char *key, bool otherwise)
{
    const json_t *value = json_object_get(json, key);
    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

static int64_t number_or(const json_t *json, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(json, key);
    return json_is_integer(value) && json_integer_value(value) >= 0
               ? json_integer_value(value)
               : otherwise;
}

static enum wss_kind security_of(const char *name)
{
    static const char *const names[] = {
        [WSS_NONE] = "none", [WSS_TEXT] = "text", [WSS_DIGEST] = "digest"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return (enum wss_kind)i;
    return WSS_DIGEST;
}

void soap_settings_read(const json_t *json, struct soap_settings *ret)
{
    enum { TTL_S = 300, SETTLE_MS = 5000, FIND_TRIES = 8, TIMEOUT_MOST = 600000 };
    int64_t timeout_ms = number_or(json, "timeout_ms", 0);
    *ret = (struct soap_settings){
        .version = strcmp(text_or(json, "soap_version", "1.1"), "1.2") == 0 ? SOAP_12
                                                                            : SOAP_11,
        .path = text_or(json, "path", "/soap/esim"),
        .timeout_ms = timeout_ms <= TIMEOUT_MOST ? (uint32_t)timeout_ms : 0,
        .security = security_of(text_or(json, "security", "digest")),
        .username = text_or(json, "username", NULL),
        .security_nonce = flag_or(json, "security_nonce", true),
        .security_timestamp = flag_or(json, "security_timestamp", false),
        .security_must_understand = flag_or(json, "security_must_understand", true),
        .security_ttl_s = number_or(json, "security_ttl_s", TTL_S),
        .header = text_or(json, "header", NULL),
        .fault_code = text_or(json, "fault_code", NULL),
        .smdp_address = text_or(json, "smdp_address", NULL),
        .settle_ms = number_or(json, "settle_ms", SETTLE_MS),
        .find_tries = number_or(json, "find_tries", FIND_TRIES),
    };
    if (ret->fault_code == NULL &&
        json_object_size(json_object_get(json, "operations")) == 0)
        ret->fault_code = "c:carrierFault/c:code"; /* Of the contract we publish. */
}
