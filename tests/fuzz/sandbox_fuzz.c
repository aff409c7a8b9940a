/* What a host sends to the sandbox's SM-DP+: the first byte chooses the function, the rest
 * is the body. Each request is carried out on a small stock; ICCIDs of it are guessed. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "../../sdk/sandbox/ledger.h"
#include "../../sdk/sandbox/smdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sandbox_options options = {
    .iccid_prefix = "8995",
    .smdp_address = "a.b",
    .stock = { .items = { "P=3" }, .count = 1 },
};

static void carry_out(struct smdp *smdp, const struct http_request *http,
                      enum smdp_function function)
{
    struct smdp_request request;
    struct smdp_result result;
    const char *why = NULL;
    if (smdp_request_read(http, function, &request, &result, &why) != 200) {
        assert(why[0] != '\0');
        return;
    }
    struct arena *arena = arena_create(1 << 16);
    json_decref(smdp_request_unknown(&request));
    if (result.subject == NULL) {
        /* Twice: what the first did must not confuse the second. */
        smdp_execute(smdp, &request, arena);
        result = smdp_execute(smdp, &request, arena);
    }
    assert((result.subject == NULL) == (result.reason == NULL));
    arena_destroy(&arena);
    smdp_request_finish(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_field fields[] = {
        { SLICE_LITERAL("Content-Type"), SLICE_LITERAL("application/json") },
        { SLICE_LITERAL("X-Admin-Protocol"), SLICE_LITERAL("gsma/rsp/v2.2.0") },
    };
    struct err err = ERR_INIT;
    if (size == 0)
        return 0;
    struct sandbox sandbox = { .options = &options, .ledger = ledger_create(1) };
    struct smdp smdp = { .sandbox = &sandbox };
    bool ok = smdp_stock_create("8995", &options.stock, &smdp.stock, &err);
    assert(ok);
    const struct http_request http = {
        .method = SLICE_LITERAL("POST"),
        .fields = fields,
        .field_count = sizeof fields / sizeof fields[0],
        .body = slice_bytes(data + 1, size - 1),
    };
    carry_out(&smdp, &http, (enum smdp_function)(data[0] % SMDP_FUNCTION_COUNT));
    smdp_stock_destroy(&smdp.stock);
    ledger_destroy(&sandbox.ledger);
    return 0;
}
