/* A carrier's bytes as one PDU: what is read is written again byte for byte, whatever the
 * fields; headers of parts are never longer than their text. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/mpt/wire_pdu.h"
#include "../../plugins/mpt/wire_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A failed response may have carried a body that we would not write. */
static void write_again(const struct smpp_pdu *pdu, struct esim_bytes given)
{
    static uint8_t room[SMPP_PDU_MOST];
    struct smpp_out out = smpp_out_to(room, sizeof room);
    bool is_failure = (pdu->command & SMPP_RESPONSE) != 0 && pdu->status != SMPP_ROK;
    smpp_write(&out, pdu);
    if (!is_failure)
        assert(smpp_same(smpp_written(&out), given));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct esim_bytes given = { (const char *)data, size };
    struct smpp_pdu pdu;
    struct smpp_udh header;
    if (smpp_read(given, &pdu) == SMPP_ROK) {
        write_again(&pdu, given);
        assert(size == SMPP_HEADER_SIZE || smpp_frame(given) == (int64_t)size);
        assert(smpp_command_name(pdu.command)[0] != '?');
        if (smpp_udh_read(smpp_text_of(&pdu), &header))
            assert(header.size <= smpp_text_of(&pdu).size);
    }
    if (smpp_udh_read(given, &header))
        assert(header.size <= size && header.number <= header.total);
    return 0;
}
