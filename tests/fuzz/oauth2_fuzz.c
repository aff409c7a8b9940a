/* A token endpoint's reply: the first byte chooses the status, the rest is the body. A
 * token that is taken can stand in a header; a refusal always has words. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adapter/oauth2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = { 200, 400, 401, 429, 503, 302, 404, 204 };
    struct oauth2_reply reply;
    struct buf token;
    if (size == 0)
        return 0;
    int status = statuses[data[0] % 8];
    struct slice body = slice_bytes(data + 1, size - 1);
    buf_init(&token, OAUTH2_TOKEN_MAX);
    oauth2_read(status, body, body, &reply, &token);
    assert((reply.verdict == OAUTH2_GIVEN) == (token.size > 0));
    assert(token.size == 0 || strpbrk(token.ptr, "\r\n \t\"") == NULL);
    assert(token.size > 0 || reply.message != NULL);
    assert(reply.expires_s >= 0 && strlen(reply.code) < sizeof reply.code);
    buf_finish(&token);
    return 0;
}
