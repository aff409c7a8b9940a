/* What a host sends to the sandbox's SOAP carrier: the first byte chooses the version, the
 * rest is the message. Each is admitted or not, and carried out on a small stock. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../sdk/sandbox/ledger.h"
#include "../../sdk/sandbox/soap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sandbox_options options = {
    .iccid_prefix = "8995",
    .smdp_address = "a.b",
    .user = "u9",
    .password = "secret",
    .stock = { .items = { "P=3" }, .count = 1 },
};

/* Twice: what the first did must not confuse the second. */
static void carry_out(struct soap *soap, const struct http_request *http,
                      struct arena *arena)
{
    struct soap_message message;
    struct soap_refusal refusal = { 0 };
    if (!soap_message_read(http, arena, &message, &refusal)) {
        assert(refusal.about != NULL && (refusal.http != 0 || refusal.code != NULL));
        return;
    }
    (void)soap_admits(soap, &message);
    (void)soap_execute(soap, &message, arena);
    struct soap_result result = soap_execute(soap, &message, arena);
    assert(result.code != NULL);
    assert(message.operation != SOAP_ORDER_PROFILE || strcmp(result.code, "0") != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_field old[] = {
        { SLICE_LITERAL("Content-Type"), SLICE_LITERAL("text/xml") },
        { SLICE_LITERAL("SOAPAction"), SLICE_LITERAL("\"\"") },
    };
    static const struct http_field new[] = {
        { SLICE_LITERAL("Content-Type"), SLICE_LITERAL("application/soap+xml") },
    };
    struct err err = ERR_INIT;
    if (size == 0)
        return 0;
    bool is_old = data[0] % 2 == 0;
    struct sandbox sandbox = { .options = &options, .ledger = ledger_create(1) };
    struct soap soap = { .sandbox = &sandbox, .store = soap_store_create() };
    struct arena *arena = arena_create(4 << 20);
    bool ok = smdp_stock_create("8995", &options.stock, &soap.stock, &err);
    assert(ok && arena != NULL && soap.store != NULL);
    const struct http_request http = {
        .method = SLICE_LITERAL("POST"),
        .fields = is_old ? old : new,
        .field_count = is_old ? 2 : 1,
        .body = slice_bytes(data + 1, size - 1),
    };
    carry_out(&soap, &http, arena);
    arena_destroy(&arena);
    soap_store_destroy(&soap.store);
    smdp_stock_destroy(&soap.stock);
    ledger_destroy(&sandbox.ledger);
    return 0;
}
