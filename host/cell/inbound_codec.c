#include "cell/fields.h"
#include "cell/step_codec.h"

enum { BYTES_MAX = 16 << 20, FACTS_MAX = 1024, FACT_BYTES_MAX = 1 << 20 };

void request_encode(const struct esim_request *request, struct buf *ret)
{
    put_i64(ret, request->now_ms);
    put_bytes(ret, request->method);
    put_bytes(ret, request->path);
    put_headers(ret, request->headers, request->header_count);
    put_bytes(ret, request->body);
    put_bytes(ret, request->settings);
    put_bytes(ret, request->secrets);
}

bool request_decode(struct slice payload, struct arena *arena, struct esim_request *ret,
                    struct err *err)
{
    struct taker taker = taker_of(payload, arena, err);
    struct esim_request request = { .size = sizeof request };
    request.now_ms = take_i64(&taker, "now", INT64_MIN);
    request.method = take_bytes(&taker, "method", 32);
    request.path = take_bytes(&taker, "path", HEADER_BYTES_MAX);
    request.headers = take_headers(&taker, &request.header_count);
    request.body = take_bytes(&taker, "body", BYTES_MAX);
    request.settings = take_bytes(&taker, "settings", BYTES_MAX);
    request.secrets = take_bytes(&taker, "secrets", BYTES_MAX);
    if (!taker_done(&taker))
        return err_wrap(err, "request");
    *ret = request;
    return true;
}

void response_encode(const struct esim_response *response, struct buf *ret)
{
    wire_put_u32(ret, (uint32_t)response->status);
    put_headers(ret, response->headers, response->header_count);
    put_bytes(ret, response->body);
    wire_put_u32(ret, response->fact_count > UINT32_MAX
                          ? UINT32_MAX
                          : (uint32_t)response->fact_count);
    for (uint64_t i = 0; i < response->fact_count && buf_ok(ret); i++) {
        put_bytes(ret, response->facts[i].kind);
        put_bytes(ret, response->facts[i].key);
        put_bytes(ret, response->facts[i].id);
        put_bytes(ret, response->facts[i].data);
    }
}

static void take_fact(struct taker *taker, struct esim_fact *ret)
{
    ret->kind = take_text(taker, "fact kind", TEXT_NAME, 1, 32);
    ret->key = take_text(taker, "fact key", TEXT_WORDS, 1, 256);
    ret->id = take_text(taker, "fact id", TEXT_WORDS, 1, 256);
    ret->data = take_bytes(taker, "fact data", FACT_BYTES_MAX);
    struct slice kind = slice_bytes(ret->kind.ptr, ret->kind.size);
    if (!taker->reader.failed && !slice_is(kind, "profile") &&
        !slice_is(kind, "message"))
        taker_break(taker, "a fact's kind is %.*s, not profile or message",
                    (int)kind.size, kind.ptr);
}

bool response_decode(struct slice payload, struct arena *arena,
                     struct esim_response *ret, struct err *err)
{
    struct taker taker = taker_of(payload, arena, err);
    struct esim_response response = { .size = sizeof response };
    response.status = take_number(&taker, "status", 200, 599);
    response.headers = take_headers(&taker, &response.header_count);
    response.body = take_bytes(&taker, "body", BYTES_MAX);
    uint32_t count = (uint32_t)take_number(&taker, "fact count", 0, FACTS_MAX);
    struct esim_fact *facts = take_room(&taker, count, sizeof *facts);
    for (uint32_t i = 0; facts != NULL && i < count && !taker.broken; i++)
        take_fact(&taker, &facts[i]);
    if (!taker_done(&taker))
        return err_wrap(err, "response");
    response.facts = facts;
    response.fact_count = count;
    *ret = response;
    return true;
}
