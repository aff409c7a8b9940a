/* SMPP 3.4 as bytes: what is written, what is read, and what is refused. The golden bytes
 * are made by hand from chapters 3 to 5 of the standard. */
#include "check.h"

#include "mpt_play.h"

#include "../../plugins/mpt/wire_pdu.h"

static const char *written(const struct smpp_pdu *pdu)
{
    struct smpp_out out = smpp_out_to(host_alloc(SMPP_PDU_MOST), SMPP_PDU_MOST);
    smpp_write(&out, pdu);
    return hex(smpp_written(&out));
}

/* ---- golden ---- */

static struct smpp_pdu bind_pdu(void)
{
    return (struct smpp_pdu){
        .command = SMPP_BIND_TRANSCEIVER,
        .sequence = 1,
        .system_id = bytes("SMPP3TEST"),
        .password = bytes("secret08"),
        .system_type = bytes("SUBMIT1"),
        .interface_version = SMPP_VERSION,
        .source = { 1, 1, bytes("") },
    };
}

static struct smpp_pdu submit_pdu(void)
{
    return (struct smpp_pdu){
        .command = SMPP_SUBMIT_SM,
        .sequence = 2,
        .source = { 5, 0, bytes("MPT") },
        .dest = { 1, 1, bytes("959123") },
        .registered_delivery = 1,
        .validity = bytes("000001000000000R"),
        .short_message = bytes("Hi"),
        .tlvs = { { SMPP_TAG_USER_REFERENCE, { "\x12\x34", 2 } } },
        .tlv_count = 1,
    };
}

#define BIND_HEX                       \
    "0000002f000000090000000000000001" \
    "534d50503354455354"               \
    "00"                               \
    "7365637265743038"                 \
    "00"                               \
    "5355424d495431"                   \
    "00"                               \
    "34"                               \
    "01"                               \
    "01"                               \
    "00"
#define SUBMIT_HEX                       \
    "00000042000000040000000000000002"   \
    "00"                                 \
    "0500"                               \
    "4d505400"                           \
    "0101"                               \
    "39353931323300"                     \
    "00"                                 \
    "00"                                 \
    "00"                                 \
    "00"                                 \
    "3030303030313030303030303030305200" \
    "01"                                 \
    "00"                                 \
    "00"                                 \
    "00"                                 \
    "02"                                 \
    "4869"                               \
    "02040002"                           \
    "1234"

static void requests_are_byte_for_byte_what_the_standard_says(void)
{
    start();
    struct smpp_pdu bind = bind_pdu(), submit = submit_pdu();
    struct smpp_pdu enquire = { .command = SMPP_ENQUIRE_LINK, .sequence = 1 };
    struct smpp_pdu nack = { .command = SMPP_NACK | SMPP_RESPONSE,
                             .status = SMPP_RINVCMDID };
    struct smpp_pdu query = { .command = SMPP_QUERY_SM,
                              .sequence = 3,
                              .message_id = bytes("ab1"),
                              .source = { 1, 1, bytes("95") } };
    struct smpp_pdu answer = { .command = SMPP_DELIVER_SM | SMPP_RESPONSE,
                               .sequence = 0x7FFFFFFF };
    CHECK_TEXT(written(&bind), BIND_HEX);
    CHECK_TEXT(written(&submit), SUBMIT_HEX);
    CHECK_TEXT(written(&enquire), "00000010000000150000000000000001");
    CHECK_TEXT(written(&nack), "00000010800000000000000300000000");
    CHECK_TEXT(written(&query), "00000019000000030000000000000003"
                                "61623100"
                                "0101"
                                "393500");
    CHECK_TEXT(written(&answer), "0000001180000005000000007fffffff"
                                 "00");
}

/* 4.4.2: the body of a failed response is absent. */
static void a_failed_response_has_no_body(void)
{
    start();
    struct smpp_pdu answer = { .command = SMPP_DELIVER_SM | SMPP_RESPONSE,
                               .status = SMPP_RSYSERR,
                               .sequence = 9 };
    CHECK_TEXT(written(&answer), "00000010800000050000000800000009");
    struct smpp_pdu read;
    CHECK_INT(smpp_read(unhex("00000010800000040000005800000009"), &read), SMPP_ROK);
    CHECK_INT(read.status, SMPP_RTHROTTLED);
    CHECK(!read.has_body);
}

/* ---- every PDU there and back ---- */

static struct smpp_pdu full_pdu(uint32_t command)
{
    struct smpp_pdu pdu = submit_pdu();
    pdu.command = command;
    pdu.system_id = bytes("id");
    pdu.password = bytes("pw");
    pdu.system_type = bytes("t");
    pdu.interface_version = 0x34;
    pdu.service_type = bytes("CMT");
    pdu.message_id = bytes("message");
    pdu.final_date = bytes("260102030405000+");
    pdu.message_state = 2;
    pdu.error_code = 7;
    return pdu;
}

static void give_list(struct smpp_pdu *pdu)
{
    if (pdu->command == SMPP_SUBMIT_MULTI) {
        pdu->list_count = 2;
        pdu->list = unhex("01 01 01 393500"
                          "02 6c69737400");
    } else if (pdu->command == (SMPP_SUBMIT_MULTI | SMPP_RESPONSE)) {
        pdu->list_count = 1;
        pdu->list = unhex("01 01 393500 0000000b");
    }
}

static const uint32_t commands[] = {
    SMPP_RESPONSE,
    SMPP_BIND_RECEIVER,
    SMPP_BIND_TRANSMITTER,
    SMPP_BIND_TRANSCEIVER,
    SMPP_OUTBIND,
    SMPP_UNBIND,
    SMPP_ENQUIRE_LINK,
    SMPP_SUBMIT_SM,
    SMPP_DELIVER_SM,
    SMPP_DATA_SM,
    SMPP_QUERY_SM,
    SMPP_CANCEL_SM,
    SMPP_REPLACE_SM,
    SMPP_SUBMIT_MULTI,
    SMPP_ALERT_NOTIFICATION,
    SMPP_BIND_RECEIVER | SMPP_RESPONSE,
    SMPP_BIND_TRANSMITTER | SMPP_RESPONSE,
    SMPP_BIND_TRANSCEIVER | SMPP_RESPONSE,
    SMPP_UNBIND | SMPP_RESPONSE,
    SMPP_ENQUIRE_LINK | SMPP_RESPONSE,
    SMPP_SUBMIT_SM | SMPP_RESPONSE,
    SMPP_DELIVER_SM | SMPP_RESPONSE,
    SMPP_DATA_SM | SMPP_RESPONSE,
    SMPP_QUERY_SM | SMPP_RESPONSE,
    SMPP_CANCEL_SM | SMPP_RESPONSE,
    SMPP_REPLACE_SM | SMPP_RESPONSE,
    SMPP_SUBMIT_MULTI | SMPP_RESPONSE,
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static bool takes_tlvs(uint32_t command)
{
    static const uint32_t without[] = {
        SMPP_RESPONSE,
        SMPP_BIND_RECEIVER,
        SMPP_BIND_TRANSMITTER,
        SMPP_BIND_TRANSCEIVER,
        SMPP_OUTBIND,
        SMPP_UNBIND,
        SMPP_ENQUIRE_LINK,
        SMPP_QUERY_SM,
        SMPP_CANCEL_SM,
        SMPP_REPLACE_SM,
        SMPP_UNBIND | SMPP_RESPONSE,
        SMPP_ENQUIRE_LINK | SMPP_RESPONSE,
        SMPP_QUERY_SM | SMPP_RESPONSE,
        SMPP_CANCEL_SM | SMPP_RESPONSE,
        SMPP_REPLACE_SM | SMPP_RESPONSE,
    };
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        if (without[i] == command)
            return false;
    return true;
}

static struct esim_bytes bytes_of(uint32_t command)
{
    struct smpp_pdu pdu = full_pdu(command);
    give_list(&pdu);
    if (!takes_tlvs(command))
        pdu.tlv_count = 0;
    struct smpp_out out = smpp_out_to(host_alloc(1024), 1024);
    smpp_write(&out, &pdu);
    return smpp_written(&out);
}

static void every_pdu_is_read_as_it_was_written(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        start();
        struct esim_bytes first = bytes_of(commands[i]);
        struct smpp_pdu read;
        CHECK(first.size >= SMPP_HEADER_SIZE);
        CHECK_INT(smpp_read(first, &read), SMPP_ROK);
        CHECK_TEXT(written(&read), hex(first));
        CHECK(strcmp(smpp_command_name(commands[i]), "?") != 0);
        CHECK_INT(smpp_frame(first), first.size);
    }
}

/* A cut PDU is the normal case of a stream, and a wrong length that of a broken peer:
 * neither may be read past its end nor taken for whole. */
static void a_pdu_cut_at_any_byte_is_refused(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        start();
        struct esim_bytes whole = bytes_of(commands[i]);
        for (size_t size = 0; size < whole.size; size++) {
            char *cut = malloc(size == 0 ? 1 : size);
            memcpy(cut, whole.ptr, size);
            struct smpp_pdu read;
            CHECK(smpp_read((struct esim_bytes){ cut, size }, &read) != SMPP_ROK);
            if (size >= 4) /* The same with a length that tells of the cut. */
                cut[2] = (char)(size >> 8), cut[3] = (char)size;
            uint32_t status = smpp_read((struct esim_bytes){ cut, size }, &read);
            /* TLVs are optional, and so is all of a body that has none. */
            if (status == SMPP_ROK)
                CHECK(takes_tlvs(commands[i]) || size == SMPP_HEADER_SIZE);
            free(cut);
        }
    }
}

static void no_byte_left_over_is_overlooked(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        start();
        struct esim_bytes whole = bytes_of(commands[i]);
        char *longer = host_alloc(whole.size + 1);
        memcpy(longer, whole.ptr, whole.size);
        longer[3] = (char)(whole.size + 1);
        longer[2] = (char)((whole.size + 1) >> 8);
        struct smpp_pdu read;
        CHECK(smpp_read((struct esim_bytes){ longer, whole.size + 1 }, &read) !=
              SMPP_ROK);
    }
}

/* ---- what is refused ---- */

static void what_is_wrong_gets_the_status_that_the_standard_has_for_it(void)
{
    /* clang-format off */
    static const struct { const char *hex; uint32_t status; } rows[] = {
        { "0000000f" "00000015" "00000000" "000000", SMPP_RINVCMDLEN },
        { "00000011" "00000015" "00000000" "00000001", SMPP_RINVCMDLEN },
        { "00000011" "00000015" "00000000" "00000001" "00", SMPP_RINVCMDLEN },
        { "00000010" "00000007" "00000000" "00000001", SMPP_RINVCMDLEN },
        { "00000010" "00000099" "00000000" "00000001", SMPP_RINVCMDID },
        { "00000010" "80000099" "00000000" "00000001", SMPP_RINVCMDID },
        /* message_id without its NUL */
        { "00000012" "80000004" "00000000" "00000001" "4142", SMPP_RINVCMDLEN },
        /* a TLV that ends behind the PDU */
        { "00000016" "80000004" "00000000" "00000001" "00" "02100002" "34",
          SMPP_RINVPARLEN },
        { "00000014" "80000004" "00000000" "00000001" "00" "021000", SMPP_RINVPARLEN },
        /* sm_length 255, and one longer than what is there */
        { "00000021" "00000005" "00000000" "00000001"
          "00" "0000" "00" "0000" "00" "00" "00" "00" "00" "00" "00" "00" "00" "00" "ff",
          SMPP_RINVMSGLEN },
        { "00000022" "00000005" "00000000" "00000001"
          "00" "0000" "00" "0000" "00" "00" "00" "00" "00" "00" "00" "00" "00" "00" "02"
          "41", SMPP_RINVMSGLEN },
        /* short_message and message_payload */
        { "00000027" "00000005" "00000000" "00000001"
          "00" "0000" "00" "0000" "00" "00" "00" "00" "00" "00" "00" "00" "00" "00" "01"
          "41" "04240001" "42", SMPP_RINVMSGLEN },
        /* a time of three characters */
        { "00000024" "00000005" "00000000" "00000001"
          "00" "0000" "00" "0000" "00" "00" "00" "00" "31323300" "00" "00" "00" "00" "00"
          "00", SMPP_RINVCMDLEN },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        struct smpp_pdu read;
        CHECK_INT(smpp_read(unhex(rows[i].hex), &read), rows[i].status);
    }
}

static void a_field_longer_than_the_standards_is_not_written(void)
{
    start();
    struct smpp_pdu bind = bind_pdu();
    bind.password = bytes("123456789"); /* Nine, and the NUL. */
    CHECK_TEXT(written(&bind), "");
    struct smpp_pdu submit = submit_pdu();
    char longest[255];
    memset(longest, 'x', sizeof longest);
    submit.short_message = (struct esim_bytes){ longest, sizeof longest };
    CHECK_TEXT(written(&submit), "");
    submit = submit_pdu();
    submit.validity = bytes("0001");
    CHECK_TEXT(written(&submit), "");
    submit = submit_pdu();
    submit.source.text = (struct esim_bytes){ "a\0b", 3 };
    CHECK_TEXT(written(&submit), "");
    submit = submit_pdu();
    submit.command = 0x99;
    CHECK_TEXT(written(&submit), "");
}

static void too_many_optional_parameters_are_refused(void)
{
    start();
    char digits[1024] = "";
    size_t size = (size_t)snprintf(digits, sizeof digits, "%08x8000000400000000%08x00",
                                   17 + 33 * 4, 1);
    for (int i = 0; i < 33; i++)
        size += (size_t)snprintf(digits + size, sizeof digits - size, "14000000");
    struct smpp_pdu read;
    CHECK_INT(smpp_read(unhex(digits), &read), SMPP_RINVOPTPARSTREAM);
}

/* The header of an impossible PDU is still cut out, so that it can be answered. */
static void an_impossible_length_gives_the_header_alone(void)
{
    start();
    CHECK_INT(smpp_frame(unhex("0000000f")), SMPP_HEADER_SIZE);
    CHECK_INT(smpp_frame(unhex("00000000")), SMPP_HEADER_SIZE);
    CHECK_INT(smpp_frame(unhex("00010001")), SMPP_HEADER_SIZE);
    CHECK_INT(smpp_frame(unhex("00010000")), 65536);
    CHECK_INT(smpp_frame(unhex("ffffffff")), SMPP_HEADER_SIZE);
    CHECK_INT(smpp_frame(unhex("000000")), 0);
}

static void optional_parameters_are_found_by_tag_and_size(void)
{
    start();
    struct smpp_pdu pdu = submit_pdu();
    uint32_t value = 0;
    CHECK(smpp_tlv_number(&pdu, SMPP_TAG_USER_REFERENCE, 2, &value));
    CHECK_INT(value, 0x1234);
    CHECK(!smpp_tlv_number(&pdu, SMPP_TAG_USER_REFERENCE, 1, &value));
    CHECK(!smpp_tlv_number(&pdu, SMPP_TAG_STATE, 1, &value));
    CHECK_TEXT(text(smpp_text_of(&pdu)), "Hi");
    pdu.short_message = bytes("");
    smpp_tlv_add(&pdu, SMPP_TAG_PAYLOAD, bytes("long"));
    CHECK_TEXT(text(smpp_text_of(&pdu)), "long");
}

static void each_status_has_a_name_and_a_meaning(void)
{
    CHECK_TEXT(smpp_status_of(0x58)->name, "ESME_RTHROTTLED");
    CHECK_INT(smpp_status_of(0x58)->meaning, SMPP_SLOWER);
    CHECK_INT(smpp_status_of(0x14)->meaning, SMPP_SLOWER);
    CHECK_INT(smpp_status_of(0x08)->meaning, SMPP_LATER);
    CHECK_INT(smpp_status_of(0x0E)->meaning, SMPP_IDENTITY);
    CHECK_TEXT(smpp_status_of(0x0E)->code, "unauthorised");
    CHECK_INT(smpp_status_of(0x0B)->meaning, SMPP_NEVER);
    CHECK_INT(smpp_status_of(0x400)->meaning, SMPP_NEVER);
    CHECK_INT(smpp_status_of(0)->meaning, SMPP_FINE);
}

TESTS("mpt_wire", CASE(requests_are_byte_for_byte_what_the_standard_says),
      CASE(a_failed_response_has_no_body), CASE(every_pdu_is_read_as_it_was_written),
      CASE(a_pdu_cut_at_any_byte_is_refused), CASE(no_byte_left_over_is_overlooked),
      CASE(what_is_wrong_gets_the_status_that_the_standard_has_for_it),
      CASE(a_field_longer_than_the_standards_is_not_written),
      CASE(too_many_optional_parameters_are_refused),
      CASE(an_impossible_length_gives_the_header_alone),
      CASE(optional_parameters_are_found_by_tag_and_size),
      CASE(each_status_has_a_name_and_a_meaning), CASE(memory_goes_back_to_the_host))
