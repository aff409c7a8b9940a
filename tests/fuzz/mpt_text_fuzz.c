/* Texts from a carrier and from an operator: receipts, alphabets, parts, replies,
 * activation codes. The first byte chooses. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/mpt/activation.h"
#include "../../plugins/mpt/reference.h"
#include "../../plugins/mpt/template.h"
#include "../../plugins/mpt/wire_receipt.h"
#include "../../plugins/mpt/wire_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t room[1 << 18];

static void play_receipt(struct esim_bytes given, unsigned which)
{
    struct smpp_receipt receipt = { 0 };
    char name[SMPP_ID_NAME];
    smpp_receipt_text(given, &receipt);
    assert(receipt.id.size <= given.size && receipt.text.size <= given.size);
    assert(strlen(receipt.error) < sizeof receipt.error);
    smpp_id_name(receipt.id, (enum smpp_id_form)(which % 3), name);
    assert(strlen(name) < sizeof name);
}

/* What was decoded can be encoded again, and says the same. */
static void play_alphabet(struct esim_bytes given, unsigned which)
{
    enum smpp_charset charset = (enum smpp_charset)(which % SMPP_CHARSET_COUNT);
    struct smpp_out text = smpp_out_to(room, sizeof room / 2);
    struct smpp_out again = smpp_out_to(room + sizeof room / 2, sizeof room / 2);
    if (!smpp_decode(charset, given, &text) || charset == SMPP_OCTETS)
        return;
    assert(smpp_encode(SMPP_UCS2, smpp_written(&text), &again));
}

static void play_packing(struct esim_bytes given, unsigned which)
{
    struct smpp_out out = smpp_out_to(room, sizeof room);
    smpp_unpack(given, which % 7, &out);
    assert(!out.full && out.size <= given.size * 8 / 7 + 1);
}

/* Parts follow each other without a gap, and none is too long for its alphabet. */
static void play_split(struct esim_bytes given, unsigned which)
{
    static struct smpp_split split;
    enum smpp_charset charset = (enum smpp_charset)(which % SMPP_CHARSET_COUNT);
    enum smpp_way way = (enum smpp_way)(which % SMPP_WAY_COUNT);
    size_t most = way == SMPP_BY_PAYLOAD ? SMPP_TEXT_MOST : 160, at = 0;
    if (!smpp_split_text(charset, way, given, &split))
        return;
    assert(split.count >= 1 && split.count <= SMPP_PARTS_MOST);
    for (size_t i = 0; i < split.count; i++) {
        assert(split.parts[i].start == at && split.parts[i].size <= most);
        at += split.parts[i].size;
    }
    assert(at == split.size);
}

static void play_reply(struct esim_bytes given, unsigned which)
{
    static const char *const patterns[] = { "OK {{ref}} {{iccid}} {{activation_code}}",
                                            "{{*}}ref {{ref}}{{*}}",
                                            "{{*}}{{text}}{{*}}{{*}}x",
                                            "ERR {{code}}: {{text}}" };
    struct template_fields fields;
    char reference[REFERENCE_SIZE];
    const char *pattern = patterns[which % 4];
    if (template_match((struct esim_bytes){ pattern, strlen(pattern) }, given, &fields))
        assert(fields.count <= TEMPLATE_FIELDS_MOST);
    if (reference_find(given, (enum reference_form)(which % 2), reference))
        assert(strlen(reference) < sizeof reference);
}

static void play_code(struct esim_bytes given, unsigned which)
{
    struct activation code, made;
    char iccid[ICCID_SIZE];
    (void)which;
    if (activation_read(given, &code))
        assert(activation_make(
            (struct esim_bytes){ code.address, strlen(code.address) },
            (struct esim_bytes){ code.matching_id, strlen(code.matching_id) }, &made));
    if (iccid_read(given, iccid))
        assert(strlen(iccid) >= 19);
}

/* An operator's own pattern, as the check of the settings sees it. */
static void play_pattern(struct esim_bytes given, unsigned which)
{
    char text[512];
    (void)which;
    if (given.size >= sizeof text)
        return;
    if (given.size > 0)
        memcpy(text, given.ptr, given.size);
    text[given.size] = '\0';
    struct template_fields fields;
    (void)template_command_fault(text);
    if (template_pattern_fault(text) == NULL)
        (void)template_match((struct esim_bytes){ text, strlen(text) }, given, &fields);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const plays[])(struct esim_bytes, unsigned) = {
        play_receipt, play_alphabet, play_packing, play_split,
        play_reply,   play_code,     play_pattern
    };
    enum { PLAY_COUNT = sizeof plays / sizeof plays[0] };
    if (size == 0)
        return 0;
    plays[data[0] % PLAY_COUNT]((struct esim_bytes){ (const char *)data + 1, size - 1 },
                                data[0] / PLAY_COUNT);
    return 0;
}
