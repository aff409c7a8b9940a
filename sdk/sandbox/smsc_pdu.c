#include "smsc_pdu.h"

#include <string.h>

struct cursor {
    const uint8_t *at, *end;
    bool broken;
};

static struct cursor body_of(struct slice frame)
{
    const uint8_t *start = (const uint8_t *)frame.ptr;
    return (struct cursor){ start + PDU_HEAD, start + frame.size, false };
}

static uint32_t number(struct cursor *cursor, int octets)
{
    uint32_t value = 0;
    if (cursor->end - cursor->at < octets) {
        cursor->broken = true;
        return 0;
    }
    while (octets-- > 0)
        value = value << 8 | *cursor->at++;
    return value;
}

/* A C-octet string of at most `most` with its NUL. */
static struct slice text(struct cursor *cursor, size_t most)
{
    size_t left = (size_t)(cursor->end - cursor->at);
    const uint8_t *end = memchr(cursor->at, 0, left < most ? left : most);
    if (cursor->broken || end == NULL) {
        cursor->broken = true;
        return slice_of("");
    }
    struct slice found = slice_bytes(cursor->at, (size_t)(end - cursor->at));
    cursor->at = end + 1;
    return found;
}

struct pdu_head pdu_head_of(struct slice frame)
{
    struct cursor cursor = { (const uint8_t *)frame.ptr,
                             (const uint8_t *)frame.ptr + frame.size, false };
    struct pdu_head head = { 0 };
    if (frame.size < PDU_HEAD)
        return head;
    head.length = number(&cursor, 4);
    head.command = number(&cursor, 4);
    head.status = number(&cursor, 4);
    head.sequence = number(&cursor, 4);
    return head;
}

uint32_t pdu_read_bind(struct slice frame, struct pdu_bind *ret)
{
    struct cursor cursor = body_of(frame);
    ret->system_id = text(&cursor, 16);
    ret->password = text(&cursor, 9);
    ret->system_type = text(&cursor, 13);
    ret->version = (uint8_t)number(&cursor, 1);
    number(&cursor, 2); /* addr_ton, addr_npi */
    text(&cursor, 41);
    return cursor.broken || cursor.at != cursor.end ? STATUS_CMD_LEN : STATUS_OK;
}

/* ---- values ---- */

static bool is_ton(uint8_t value)
{
    return value <= 6; /* 5.2.5 */
}

static bool is_npi(uint8_t value)
{
    static const uint8_t known[] = { 0, 1, 3, 4, 6, 8, 9, 10, 14, 18 }; /* 5.2.6 */
    return memchr(known, value, sizeof known) != NULL;
}

static bool is_service(struct slice value)
{
    static const char *const known[] = {
        "", "CMT", "CPT", "VMN", "VMA", "WAP", "USSD"
    }; /* 5.2.11 */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_is(value, known[i]))
            return true;
    return false;
}

/* 7.1.1: nothing, or fifteen digits and a sign. */
static bool is_time(struct slice value)
{
    if (value.size == 0)
        return true;
    if (value.size != 16 || strchr("+-R", value.ptr[15]) == NULL)
        return false;
    for (size_t i = 0; i < 15; i++)
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
    return true;
}

static uint32_t check_addresses(const struct pdu_message *message)
{
    const struct {
        bool fine;
        uint32_t status;
    } rules[] = {
        { is_ton(message->source_ton), STATUS_SOURCE_TON },
        { is_npi(message->source_npi), STATUS_SOURCE_NPI },
        { is_ton(message->dest_ton), STATUS_DEST_TON },
        { is_npi(message->dest_npi), STATUS_DEST_NPI },
        { message->dest.size > 0, STATUS_DEST },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!rules[i].fine)
            return rules[i].status;
    return STATUS_OK;
}

/* ---- messages ---- */

static void read_addresses(struct cursor *cursor, size_t most, struct pdu_message *ret)
{
    ret->source_ton = (uint8_t)number(cursor, 1);
    ret->source_npi = (uint8_t)number(cursor, 1);
    ret->source = text(cursor, most);
    ret->dest_ton = (uint8_t)number(cursor, 1);
    ret->dest_npi = (uint8_t)number(cursor, 1);
    ret->dest = text(cursor, most);
}

struct options_seen {
    bool payload, port;
    unsigned sar; /* A bit for each of the three. */
};

static uint32_t take_option(uint32_t tag, struct cursor value, struct pdu_message *ret,
                            struct options_seen *seen)
{
    size_t size = (size_t)(value.end - value.at);
    switch (tag) {
    case 0x0204:
        ret->has_reference = size == 2;
        ret->reference = (uint16_t)number(&value, 2);
        break;
    case 0x020C:
        seen->sar |= 1;
        ret->sar_reference = (uint16_t)number(&value, 2);
        break;
    case 0x020E:
        seen->sar |= 2;
        ret->sar_total = (uint8_t)number(&value, 1);
        break;
    case 0x020F:
        seen->sar |= 4;
        ret->sar_number = (uint8_t)number(&value, 1);
        break;
    case 0x0424:
        if (seen->payload || ret->text.size > 0)
            return STATUS_MSG_LEN; /* In one of the two places, once. */
        seen->payload = true;
        ret->text = slice_bytes(value.at, size);
        value.at = value.end;
        break;
    default:
        seen->port = seen->port || tag == 0x020A || tag == 0x020B;
        value.at = value.end; /* 3.3: others are ignored. */
    }
    return value.broken || value.at != value.end ? STATUS_TLV_LENGTH : STATUS_OK;
}

static uint32_t read_options(struct cursor *cursor, struct pdu_message *ret)
{
    struct options_seen seen = { 0 };
    while (cursor->at < cursor->end) {
        uint32_t tag = number(cursor, 2), size = number(cursor, 2);
        if (cursor->broken || (uint32_t)(cursor->end - cursor->at) < size)
            return STATUS_TLV_STREAM;
        struct cursor value = { cursor->at, cursor->at + size, false };
        uint32_t status = take_option(tag, value, ret, &seen);
        if (status != STATUS_OK)
            return status;
        cursor->at += size;
    }
    bool has_header = (ret->esm_class & 0x40) != 0;
    ret->has_sar = seen.sar == 7 && ret->sar_number > 0 &&
                   ret->sar_number <= ret->sar_total;
    return has_header && (seen.sar != 0 || seen.port) ? STATUS_TLV_NOT_ALLOWED
                                                      : STATUS_OK;
}

static uint32_t read_submit(struct cursor *cursor, struct pdu_message *ret)
{
    struct slice service = text(cursor, 6);
    read_addresses(cursor, 21, ret);
    ret->esm_class = (uint8_t)number(cursor, 1);
    number(cursor, 1); /* protocol_id */
    uint32_t priority = number(cursor, 1);
    struct slice schedule = text(cursor, 17), validity = text(cursor, 17);
    ret->receipts = (uint8_t)number(cursor, 1);
    uint32_t replace = number(cursor, 1);
    ret->coding = (uint8_t)number(cursor, 1);
    number(cursor, 1); /* sm_default_msg_id */
    uint32_t size = number(cursor, 1);
    if (cursor->broken)
        return STATUS_CMD_LEN;
    if (size > SHORT_TEXT_MOST || (uint32_t)(cursor->end - cursor->at) < size)
        return STATUS_MSG_LEN;
    ret->text = slice_bytes(cursor->at, size);
    cursor->at += size;
    return !is_service(service)                                      ? STATUS_SERVICE
           : priority > 3                                            ? STATUS_PRIORITY
           : !is_time(schedule)                                      ? STATUS_SCHEDULE
           : !is_time(validity)                                      ? STATUS_EXPIRY
           : (ret->receipts & 0xE0) != 0 || (ret->receipts & 3) == 3 ? STATUS_RECEIPTS
           : replace > 1 ? STATUS_REPLACE_FLAG
                         : STATUS_OK;
}

static uint32_t read_data(struct cursor *cursor, struct pdu_message *ret)
{
    struct slice service = text(cursor, 6);
    read_addresses(cursor, 65, ret);
    ret->esm_class = (uint8_t)number(cursor, 1);
    ret->receipts = (uint8_t)number(cursor, 1);
    ret->coding = (uint8_t)number(cursor, 1);
    return cursor->broken         ? STATUS_CMD_LEN
           : !is_service(service) ? STATUS_SERVICE
                                  : STATUS_OK;
}

uint32_t pdu_read_message(struct slice frame, struct pdu_message *ret)
{
    struct cursor cursor = body_of(frame);
    *ret = (struct pdu_message){ .text = slice_of("") };
    bool is_data = pdu_head_of(frame).command == CMD_DATA;
    uint32_t status = is_data ? read_data(&cursor, ret) : read_submit(&cursor, ret);
    if (status == STATUS_OK)
        status = check_addresses(ret);
    if (status == STATUS_OK && (ret->esm_class & 0x3C) != 0)
        status = STATUS_ESM_CLASS; /* Acknowledgements are not the host's to send. */
    return status == STATUS_OK ? read_options(&cursor, ret) : status;
}

uint32_t pdu_read_query(struct slice frame, struct slice *ret_id)
{
    struct cursor cursor = body_of(frame);
    *ret_id = text(&cursor, 65);
    number(&cursor, 2); /* source_addr_ton, source_addr_npi */
    text(&cursor, 21);
    return cursor.broken || cursor.at != cursor.end ? STATUS_CMD_LEN : STATUS_OK;
}

/* ---- writing ---- */

static void put(struct buf *out, uint32_t value, int octets)
{
    while (octets-- > 0)
        buf_add_char(out, (char)(value >> (8 * octets)));
}

void pdu_begin(struct buf *out, uint32_t command, uint32_t status, uint32_t sequence)
{
    buf_clear(out);
    put(out, 0, 4);
    put(out, command, 4);
    put(out, status, 4);
    put(out, sequence, 4);
}

void pdu_end(struct buf *out)
{
    if (!buf_ok(out))
        return;
    for (int i = 0; i < 4; i++)
        out->ptr[i] = (char)(out->size >> (8 * (3 - i)));
}

void pdu_u8(struct buf *out, unsigned value)
{
    put(out, value, 1);
}

void pdu_u16(struct buf *out, unsigned value)
{
    put(out, value, 2);
}

void pdu_text(struct buf *out, const char *value)
{
    buf_add(out, value, strlen(value) + 1);
}

void pdu_tlv(struct buf *out, unsigned tag, const void *value, size_t size)
{
    put(out, tag, 2);
    put(out, (uint32_t)size, 2);
    buf_add(out, value, size);
}

void pdu_bare(struct buf *out, uint32_t command, uint32_t status, uint32_t sequence)
{
    pdu_begin(out, command, status, sequence);
    pdu_end(out);
}
