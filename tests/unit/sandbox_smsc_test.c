/* The sandbox's SMSC in its parts: what it reads strictly, its alphabets, and the carrier
 * behind its short code. npm's smpp judges the whole of it (tests/peers/mpt). */
#include "check.h"

#include <stdlib.h>

#include "base/json.h"
#include "../../sdk/sandbox/smsc.h"

/* ---- PDUs ---- */

static struct buf pdu;

struct sample {
    const char *source, *dest, *schedule, *validity;
    unsigned ton, npi, esm_class, priority, receipts, replace, size;
};

static const struct sample fine = { "8888", "1332", "", "", 1, 1, 0, 0, 1, 0, 2 };

static void write_submit(const struct sample *sample)
{
    buf_init(&pdu, PDU_MOST);
    pdu_begin(&pdu, CMD_SUBMIT, 0, 7);
    pdu_text(&pdu, "");
    pdu_u8(&pdu, sample->ton);
    pdu_u8(&pdu, 1);
    pdu_text(&pdu, sample->source);
    pdu_u8(&pdu, 1);
    pdu_u8(&pdu, sample->npi);
    pdu_text(&pdu, sample->dest);
    pdu_u8(&pdu, sample->esm_class);
    pdu_u8(&pdu, 0);
    pdu_u8(&pdu, sample->priority);
    pdu_text(&pdu, sample->schedule);
    pdu_text(&pdu, sample->validity);
    pdu_u8(&pdu, sample->receipts);
    pdu_u8(&pdu, sample->replace);
    pdu_u8(&pdu, 3);
    pdu_u8(&pdu, 0);
    pdu_u8(&pdu, sample->size);
    buf_add_text(&pdu, "Hi");
    pdu_tlv(&pdu, 0x0204, "\x12\x34", 2);
    pdu_end(&pdu);
}

static void a_message_is_read_whole(void)
{
    struct pdu_message message;
    write_submit(&fine);
    CHECK_INT(pdu_head_of(buf_slice(&pdu)).length, pdu.size);
    CHECK_INT(pdu_head_of(buf_slice(&pdu)).sequence, 7);
    CHECK_INT(pdu_read_message(buf_slice(&pdu), &message), STATUS_OK);
    CHECK(slice_is(message.source, "8888"));
    CHECK(slice_is(message.dest, "1332"));
    CHECK(slice_is(message.text, "Hi"));
    CHECK_INT(message.coding, 3);
    CHECK(message.has_reference && message.reference == 0x1234);
    buf_finish(&pdu);
}

static void each_wrong_value_has_its_status(void)
{
    struct {
        struct sample sample;
        uint32_t status;
    } rows[] = {
        { fine, STATUS_SOURCE_TON }, { fine, STATUS_DEST_NPI },
        { fine, STATUS_DEST },       { fine, STATUS_ESM_CLASS },
        { fine, STATUS_PRIORITY },   { fine, STATUS_SCHEDULE },
        { fine, STATUS_EXPIRY },     { fine, STATUS_RECEIPTS },
        { fine, STATUS_RECEIPTS },   { fine, STATUS_REPLACE_FLAG },
        { fine, STATUS_MSG_LEN },    { fine, STATUS_MSG_LEN },
    };
    rows[0].sample.ton = 7;
    rows[1].sample.npi = 2;
    rows[2].sample.dest = "";
    rows[3].sample.esm_class = 4;
    rows[4].sample.priority = 4;
    rows[5].sample.schedule = "26010203040500+";
    rows[6].sample.validity = "260102030405000X";
    rows[7].sample.receipts = 3;
    rows[8].sample.receipts = 0x20;
    rows[9].sample.replace = 2;
    rows[10].sample.size = 255;
    rows[11].sample.size = 200;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pdu_message message;
        write_submit(&rows[i].sample);
        CHECK_INT(pdu_read_message(buf_slice(&pdu), &message), rows[i].status);
        buf_finish(&pdu);
    }
}

static void a_message_cut_at_any_byte_is_refused(void)
{
    struct pdu_message message;
    write_submit(&fine);
    size_t body = pdu.size - 6; /* Without the TLV it is whole again. */
    for (size_t size = PDU_HEAD; size < pdu.size; size++) {
        char *cut = malloc(size);
        memcpy(cut, pdu.ptr, size);
        uint32_t status = pdu_read_message(slice_bytes(cut, size), &message);
        CHECK((status == STATUS_OK) == (size == body));
        free(cut);
    }
    buf_finish(&pdu);
}

static void options_must_not_contradict_each_other(void)
{
    struct pdu_message message;
    struct sample header = fine;
    header.esm_class = 0x40;
    write_submit(&header);
    pdu_tlv(&pdu, 0x020C, "\0\1", 2);
    pdu_end(&pdu);
    CHECK_INT(pdu_read_message(buf_slice(&pdu), &message), STATUS_TLV_NOT_ALLOWED);
    buf_finish(&pdu);
    write_submit(&fine);
    pdu_tlv(&pdu, 0x0424, "x", 1);
    pdu_end(&pdu);
    CHECK_INT(pdu_read_message(buf_slice(&pdu), &message), STATUS_MSG_LEN);
    buf_finish(&pdu);
    write_submit(&fine);
    pdu_tlv(&pdu, 0x020E, "xx", 2);
    pdu_end(&pdu);
    CHECK_INT(pdu_read_message(buf_slice(&pdu), &message), STATUS_TLV_LENGTH);
    buf_finish(&pdu);
}

static void a_bind_and_a_query_are_read_to_their_last_byte(void)
{
    struct pdu_bind bind;
    struct slice id;
    buf_init(&pdu, PDU_MOST);
    pdu_begin(&pdu, CMD_BIND_TRX, 0, 1);
    pdu_text(&pdu, "esimd");
    pdu_text(&pdu, "12345678");
    pdu_text(&pdu, "");
    pdu_u8(&pdu, 0x34);
    pdu_u16(&pdu, 0);
    pdu_text(&pdu, "");
    pdu_end(&pdu);
    CHECK_INT(pdu_read_bind(buf_slice(&pdu), &bind), STATUS_OK);
    CHECK(slice_is(bind.password, "12345678"));
    CHECK_INT(bind.version, 0x34);
    pdu_u8(&pdu, 0);
    CHECK_INT(pdu_read_bind(buf_slice(&pdu), &bind), STATUS_CMD_LEN);
    pdu_begin(&pdu, CMD_QUERY, 0, 1);
    pdu_text(&pdu, "0000001f");
    pdu_u16(&pdu, 0);
    pdu_text(&pdu, "8888");
    CHECK_INT(pdu_read_query(buf_slice(&pdu), &id), STATUS_OK);
    CHECK(slice_is(id, "0000001f"));
    CHECK_INT(pdu_read_query(slice_bytes(pdu.ptr, pdu.size - 1), &id), STATUS_CMD_LEN);
    buf_finish(&pdu);
}

/* ---- alphabets ---- */

static void texts_come_back_as_they_went(void)
{
    static const struct {
        const char *text;
        unsigned coding;
    } rows[] = { { "OK R1 [a]{b}\\^~|", 0 },
                 { "LPA:1$a.b$C_@£", 0 },
                 { "မြန်မာ 😀", 8 },
                 { "œ", 8 },
                 { "", 0 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf octets, again;
        buf_init(&octets, 1024);
        buf_init(&again, 1024);
        CHECK_INT(smsc_encode(rows[i].text, &octets), rows[i].coding);
        smsc_decode((uint8_t)rows[i].coding, buf_slice(&octets), &again);
        CHECK_TEXT(again.size == 0 ? "" : again.ptr, rows[i].text);
        buf_finish(&octets);
        buf_finish(&again);
    }
}

/* ---- the carrier ---- */

static void lines_go_from_state_to_state(void)
{
    static const struct {
        const char *command, *reply;
    } rows[] = {
        { "SUS 95977 R1", "ERR R1 12" },
        { "ACT 95977 R2", "OK R2" },
        { "ACT 95977 R3", "ERR R3 22" },
        { "RES 95977 R4", "ERR R4 22" },
        { "SUS 95977 R5", "OK R5" },
        { "SUS 95977 R6", "ERR R6 22" },
        { "ACT 95977 R7", "ERR R7 23" },
        { "RES 95977 R8", "OK R8" },
        { "DEL 95977 R9", "OK R9" },
        { "DEL 95977 RA", "ERR RA 22" },
        { "ACT 95977 RB", "ERR RB 23" },
        { "DEL 95978 RC", "ERR RC 12" },
        { "ACT RD", "ERR RD 90" },
        { "ESIM - RE", "ERR RE 31" },
        { "", "ERR - 90" },
        { "HELP ME", "ERR ME 90" },
    };
    const struct sandbox_options options = { .iccid_prefix = "8995",
                                             .smdp_address = "a.b" };
    struct err err = ERR_INIT;
    struct ledger *ledger = ledger_create(1 << 20);
    struct carrier_app *app = NULL;
    CHECK_FATAL(carrier_app_create(&options, ledger, &app, &err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf reply;
        buf_init(&reply, 1024);
        carrier_app_do(app, slice_of(rows[i].command), &reply);
        CHECK_TEXT(reply.ptr, rows[i].reply);
        buf_finish(&reply);
    }
    json_t *lines = carrier_app_lines(app);
    CHECK_TEXT(json_text(lines, "95977"), "DELETED");
    CHECK_INT(json_object_size(lines), 1);
    json_decref(lines);
    CHECK_INT(ledger_last(ledger), 4);
    carrier_app_destroy(&app);
    ledger_destroy(&ledger);
}

static void a_command_that_is_put_off_has_no_effect(void)
{
    struct buf reply;
    buf_init(&reply, 1024);
    carrier_app_put_off(slice_of("ACT 95977 R1"), &reply);
    CHECK_TEXT(reply.ptr, "BUSY R1");
    buf_finish(&reply);
}

TESTS("sandbox_smsc", CASE(a_message_is_read_whole),
      CASE(each_wrong_value_has_its_status), CASE(a_message_cut_at_any_byte_is_refused),
      CASE(options_must_not_contradict_each_other),
      CASE(a_bind_and_a_query_are_read_to_their_last_byte),
      CASE(texts_come_back_as_they_went), CASE(lines_go_from_state_to_state),
      CASE(a_command_that_is_put_off_has_no_effect))
