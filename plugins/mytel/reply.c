#include "reply.h"

bool mytel_reply_read(struct esim_bytes body, struct mytel_reply *ret)
{
    struct tlv_list list = { (const uint8_t *)body.ptr, (size_t)body.size };
    uint64_t code = 0, retry_after_ms = 0;
    uint16_t tag = 0;
    if (mytel_tlv_check(list, &tag) != TLV_SOUND ||
        !mytel_tlv_number(list, TAG_CODE, &code))
        return false;
    bool has_retry = mytel_tlv_number(list, TAG_RETRY_AFTER_MS, &retry_after_ms);
    *ret = (struct mytel_reply){
        .code = (uint16_t)code,
        .retry_after_ms = has_retry ? (int64_t)retry_after_ms : -1,
    };
    mytel_tlv_find(list, TAG_RESULTS, &ret->results);
    return true;
}
