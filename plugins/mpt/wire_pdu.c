/* SMPP 3.4 chapter 4 as a table: a command's fields in order, then whether TLVs may
 * follow. One loop reads by it, one writes by it. */
#include "wire_pdu.h"

enum field_kind {
    FIELD_U8,
    FIELD_TEXT,  /* C-octet string of at most `most`, the NUL counted. */
    FIELD_TIME,  /* C-octet string of 1 or 17. */
    FIELD_SHORT, /* sm_length and short_message. */
    FIELD_DESTS, /* number_of_dests and dest_address(es). */
    FIELD_FAILED /* no_unsuccess and unsuccess_sme(s). */
};

struct field {
    enum field_kind kind;
    size_t offset;
    size_t most;
};

enum { FIELDS_MOST = 18, ADDRESS_MOST = 21, TIME_SIZE = 17, FLAG_SME = 1 };

struct layout {
    uint32_t command;
    const char *name;
    bool takes_tlvs;
    struct field fields[FIELDS_MOST];
    size_t count;
};

#define AT(member) offsetof(struct smpp_pdu, member)
#define U8(member)              \
    {                           \
        FIELD_U8, AT(member), 1 \
    }
#define TEXT(member, most)             \
    {                                  \
        FIELD_TEXT, AT(member), (most) \
    }
#define TIME(member)                      \
    {                                     \
        FIELD_TIME, AT(member), TIME_SIZE \
    }
#define SHORT                                           \
    {                                                   \
        FIELD_SHORT, AT(short_message), SMPP_SHORT_MOST \
    }
#define ADDRESS(member, most) U8(member.ton), U8(member.npi), TEXT(member.text, most)
#define BIND                                                         \
    { TEXT(system_id, 16), TEXT(password, 9), TEXT(system_type, 13), \
      U8(interface_version), ADDRESS(source, 41) },                  \
        7
#define MESSAGE                      \
    { TEXT(service_type, 6),         \
      ADDRESS(source, ADDRESS_MOST), \
      ADDRESS(dest, ADDRESS_MOST),   \
      U8(esm_class),                 \
      U8(protocol_id),               \
      U8(priority_flag),             \
      TIME(schedule),                \
      TIME(validity),                \
      U8(registered_delivery),       \
      U8(replace_flag),              \
      U8(data_coding),               \
      U8(default_message),           \
      SHORT },                       \
        17
#define ID     { TEXT(message_id, SMPP_ID_MOST) }, 1
#define SYSTEM { TEXT(system_id, 16) }, 1
#define EMPTY  { U8(message_state) }, 0

/* clang-format off */
static const struct layout layouts[] = {
    { SMPP_NACK | SMPP_RESPONSE,             "generic_nack",          false, EMPTY },
    { SMPP_BIND_RECEIVER,                    "bind_receiver",         false, BIND },
    { SMPP_BIND_RECEIVER | SMPP_RESPONSE,    "bind_receiver_resp",    true,  SYSTEM },
    { SMPP_BIND_TRANSMITTER,                 "bind_transmitter",      false, BIND },
    { SMPP_BIND_TRANSMITTER | SMPP_RESPONSE, "bind_transmitter_resp", true,  SYSTEM },
    { SMPP_BIND_TRANSCEIVER,                 "bind_transceiver",      false, BIND },
    { SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE, "bind_transceiver_resp", true,  SYSTEM },
    { SMPP_OUTBIND,                          "outbind",               false,
      { TEXT(system_id, 16), TEXT(password, 9) }, 2 },
    { SMPP_UNBIND,                           "unbind",                false, EMPTY },
    { SMPP_UNBIND | SMPP_RESPONSE,           "unbind_resp",           false, EMPTY },
    { SMPP_ENQUIRE_LINK,                     "enquire_link",          false, EMPTY },
    { SMPP_ENQUIRE_LINK | SMPP_RESPONSE,     "enquire_link_resp",     false, EMPTY },
    { SMPP_SUBMIT_SM,                        "submit_sm",             true,  MESSAGE },
    { SMPP_SUBMIT_SM | SMPP_RESPONSE,        "submit_sm_resp",        true,  ID },
    { SMPP_DELIVER_SM,                       "deliver_sm",            true,  MESSAGE },
    { SMPP_DELIVER_SM | SMPP_RESPONSE,       "deliver_sm_resp",       true,  ID },
    { SMPP_DATA_SM,                          "data_sm",               true,
      { TEXT(service_type, 6), ADDRESS(source, 65), ADDRESS(dest, 65), U8(esm_class),
        U8(registered_delivery), U8(data_coding) }, 10 },
    { SMPP_DATA_SM | SMPP_RESPONSE,          "data_sm_resp",          true,  ID },
    { SMPP_QUERY_SM,                         "query_sm",              false,
      { TEXT(message_id, SMPP_ID_MOST), ADDRESS(source, ADDRESS_MOST) }, 4 },
    { SMPP_QUERY_SM | SMPP_RESPONSE,         "query_sm_resp",         false,
      { TEXT(message_id, SMPP_ID_MOST), TIME(final_date), U8(message_state),
        U8(error_code) }, 4 },
    { SMPP_CANCEL_SM,                        "cancel_sm",             false,
      { TEXT(service_type, 6), TEXT(message_id, SMPP_ID_MOST),
        ADDRESS(source, ADDRESS_MOST), ADDRESS(dest, ADDRESS_MOST) }, 8 },
    { SMPP_CANCEL_SM | SMPP_RESPONSE,        "cancel_sm_resp",        false, EMPTY },
    { SMPP_REPLACE_SM,                       "replace_sm",            false,
      { TEXT(message_id, SMPP_ID_MOST), ADDRESS(source, ADDRESS_MOST), TIME(schedule),
        TIME(validity), U8(registered_delivery), U8(default_message), SHORT }, 9 },
    { SMPP_REPLACE_SM | SMPP_RESPONSE,       "replace_sm_resp",       false, EMPTY },
    { SMPP_SUBMIT_MULTI,                     "submit_multi",          true,
      { TEXT(service_type, 6), ADDRESS(source, ADDRESS_MOST),
        { FIELD_DESTS, AT(list), ADDRESS_MOST }, U8(esm_class), U8(protocol_id),
        U8(priority_flag), TIME(schedule), TIME(validity), U8(registered_delivery),
        U8(replace_flag), U8(data_coding), U8(default_message), SHORT }, 15 },
    { SMPP_SUBMIT_MULTI | SMPP_RESPONSE,     "submit_multi_resp",     true,
      { TEXT(message_id, SMPP_ID_MOST), { FIELD_FAILED, AT(list), ADDRESS_MOST } }, 2 },
    { SMPP_ALERT_NOTIFICATION,               "alert_notification",    true,
      { ADDRESS(source, 65), ADDRESS(dest, 65) }, 6 },
};
/* clang-format on */

static const struct layout *layout_of(uint32_t command)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].command == command)
            return &layouts[i];
    return NULL;
}

const char *smpp_command_name(uint32_t command)
{
    const struct layout *layout = layout_of(command);
    return layout == NULL ? "?" : layout->name;
}

/* ---- reading ---- */

static void skip_address(struct smpp_in *in)
{
    smpp_get_u8(in);
    smpp_get_u8(in);
    smpp_get_text(in, ADDRESS_MOST);
}

/* One element of a list: an address behind a flag, a distribution list's name behind
 * another (4.5.1.1), or an address with an error (4.5.2.1). */
static void skip_element(struct smpp_in *in, enum field_kind kind)
{
    if (kind == FIELD_FAILED) {
        skip_address(in);
        smpp_get_u32(in);
    } else if (smpp_get_u8(in) == FLAG_SME) {
        skip_address(in);
    } else {
        smpp_get_text(in, ADDRESS_MOST);
    }
}

static void read_list(struct smpp_in *in, enum field_kind kind, struct smpp_pdu *ret)
{
    ret->list_count = smpp_get_u8(in);
    const uint8_t *start = in->at;
    for (unsigned i = 0; i < ret->list_count && !in->bad; i++)
        skip_element(in, kind);
    if (!in->bad)
        ret->list = (struct esim_bytes){ (const char *)start,
                                         (uint64_t)(in->at - start) };
}

static uint32_t read_field(struct smpp_in *in, const struct field *field,
                           struct smpp_pdu *ret)
{
    struct esim_bytes *text = (struct esim_bytes *)((char *)ret + field->offset);
    switch (field->kind) {
    case FIELD_U8:
        *((uint8_t *)ret + field->offset) = smpp_get_u8(in);
        break;
    case FIELD_TEXT:
        *text = smpp_get_text(in, field->most);
        break;
    case FIELD_TIME:
        *text = smpp_get_text(in, field->most);
        in->bad = in->bad || (text->size != 0 && text->size != TIME_SIZE - 1);
        break;
    case FIELD_SHORT: {
        uint8_t size = smpp_get_u8(in);
        if (size > field->most)
            return SMPP_RINVMSGLEN;
        *text = smpp_get_run(in, size);
        return in->bad ? SMPP_RINVMSGLEN : SMPP_ROK;
    }
    case FIELD_DESTS:
    case FIELD_FAILED:
        read_list(in, field->kind, ret);
        break;
    }
    return in->bad ? SMPP_RINVCMDLEN : SMPP_ROK;
}

static uint32_t read_tlvs(struct smpp_in *in, struct smpp_pdu *ret)
{
    while (smpp_in_left(in) > 0) {
        uint16_t tag = smpp_get_u16(in);
        struct esim_bytes value = smpp_get_run(in, smpp_get_u16(in));
        if (in->bad)
            return SMPP_RINVPARLEN;
        if (!smpp_tlv_add(ret, tag, value))
            return SMPP_RINVOPTPARSTREAM;
    }
    /* 3.2.3: the text is in one of the two places. */
    bool twice = ret->short_message.size > 0 &&
                 smpp_tlv_of(ret, SMPP_TAG_PAYLOAD) != NULL;
    return twice ? SMPP_RINVMSGLEN : SMPP_ROK;
}

static uint32_t read_body(struct smpp_in *in, const struct layout *layout,
                          struct smpp_pdu *ret)
{
    for (size_t i = 0; i < layout->count; i++) {
        uint32_t status = read_field(in, &layout->fields[i], ret);
        if (status != SMPP_ROK)
            return status;
    }
    ret->has_body = layout->count > 0;
    if (layout->takes_tlvs)
        return read_tlvs(in, ret);
    return smpp_in_left(in) == 0 ? SMPP_ROK : SMPP_RINVCMDLEN;
}

uint32_t smpp_read(struct esim_bytes bytes, struct smpp_pdu *ret)
{
    struct smpp_in in = smpp_in_of(bytes);
    *ret = (struct smpp_pdu){ 0 };
    uint32_t length = smpp_get_u32(&in);
    ret->command = smpp_get_u32(&in);
    ret->status = smpp_get_u32(&in);
    ret->sequence = smpp_get_u32(&in);
    if (in.bad || length != bytes.size || length > SMPP_PDU_MOST)
        return SMPP_RINVCMDLEN;
    const struct layout *layout = layout_of(ret->command);
    if (layout == NULL)
        return SMPP_RINVCMDID;
    bool is_response = (ret->command & SMPP_RESPONSE) != 0;
    if (is_response && ret->status != SMPP_ROK && smpp_in_left(&in) == 0)
        return SMPP_ROK; /* 4.4.2 and others: a failed response has no body. */
    return read_body(&in, layout, ret);
}

/* ---- writing ---- */

static void write_field(struct smpp_out *out, const struct field *field,
                        const struct smpp_pdu *pdu)
{
    const struct esim_bytes *text = (const struct esim_bytes *)((const char *)pdu +
                                                                field->offset);
    switch (field->kind) {
    case FIELD_U8:
        smpp_put_u8(out, *((const uint8_t *)pdu + field->offset));
        break;
    case FIELD_TEXT:
        smpp_put_text(out, *text, field->most);
        break;
    case FIELD_TIME:
        out->full = out->full || (text->size != 0 && text->size != TIME_SIZE - 1);
        smpp_put_text(out, *text, field->most);
        break;
    case FIELD_SHORT:
        out->full = out->full || text->size > field->most;
        smpp_put_u8(out, (uint8_t)text->size);
        smpp_put_run(out, *text);
        break;
    case FIELD_DESTS:
    case FIELD_FAILED:
        smpp_put_u8(out, pdu->list_count);
        smpp_put_run(out, *text);
        break;
    }
}

void smpp_write_body(struct smpp_out *out, const struct smpp_pdu *pdu)
{
    const struct layout *layout = layout_of(pdu->command);
    bool is_failure = (pdu->command & SMPP_RESPONSE) != 0 && pdu->status != SMPP_ROK;
    out->full = out->full || layout == NULL;
    if (layout == NULL || is_failure)
        return;
    for (size_t i = 0; i < layout->count; i++)
        write_field(out, &layout->fields[i], pdu);
    for (size_t i = 0; i < pdu->tlv_count; i++) {
        out->full = out->full || pdu->tlvs[i].value.size > UINT16_MAX;
        smpp_put_u16(out, pdu->tlvs[i].tag);
        smpp_put_u16(out, (uint16_t)pdu->tlvs[i].value.size);
        smpp_put_run(out, pdu->tlvs[i].value);
    }
}

void smpp_write_header(struct smpp_out *out, uint32_t command, uint32_t status,
                       uint32_t sequence, size_t body_size)
{
    size_t length = body_size + SMPP_HEADER_SIZE;
    out->full = out->full || length > SMPP_PDU_MOST;
    smpp_put_u32(out, (uint32_t)length);
    smpp_put_u32(out, command);
    smpp_put_u32(out, status);
    smpp_put_u32(out, sequence);
}

void smpp_write(struct smpp_out *out, const struct smpp_pdu *pdu)
{
    size_t start = out->size;
    smpp_write_header(out, pdu->command, pdu->status, pdu->sequence, 0);
    smpp_write_body(out, pdu);
    size_t end = out->size;
    if (out->full)
        return;
    out->size = start;
    smpp_put_u32(out, (uint32_t)(end - start));
    out->size = end;
    out->full = end - start > SMPP_PDU_MOST;
}

/* ---- TLVs and texts ---- */

const struct smpp_tlv *smpp_tlv_of(const struct smpp_pdu *pdu, uint16_t tag)
{
    for (size_t i = 0; i < pdu->tlv_count; i++)
        if (pdu->tlvs[i].tag == tag)
            return &pdu->tlvs[i];
    return NULL;
}

bool smpp_tlv_number(const struct smpp_pdu *pdu, uint16_t tag, size_t size,
                     uint32_t *ret)
{
    const struct smpp_tlv *tlv = smpp_tlv_of(pdu, tag);
    if (tlv == NULL || tlv->value.size != size)
        return false;
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | (uint8_t)tlv->value.ptr[i];
    *ret = value;
    return true;
}

bool smpp_tlv_add(struct smpp_pdu *pdu, uint16_t tag, struct esim_bytes value)
{
    if (pdu->tlv_count == SMPP_TLVS_MOST)
        return false;
    pdu->tlvs[pdu->tlv_count++] = (struct smpp_tlv){ tag, value };
    return true;
}

struct esim_bytes smpp_text_of(const struct smpp_pdu *pdu)
{
    const struct smpp_tlv *payload = smpp_tlv_of(pdu, SMPP_TAG_PAYLOAD);
    return payload != NULL ? payload->value : pdu->short_message;
}

int64_t smpp_frame(struct esim_bytes bytes)
{
    struct smpp_in in = smpp_in_of(bytes);
    uint32_t length = smpp_get_u32(&in);
    if (in.bad)
        return 0;
    bool can_be = length >= SMPP_HEADER_SIZE && length <= SMPP_PDU_MOST;
    return can_be ? (int64_t)length : SMPP_HEADER_SIZE;
}
