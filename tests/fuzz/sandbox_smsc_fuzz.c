/* What a host sends to the sandbox's SMSC: one frame, and a text in any alphabet. What is
 * read lies within the frame; what is decoded can be encoded again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../sdk/sandbox/smsc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct slice part, struct slice whole)
{
    return part.size == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.size <= whole.ptr + whole.size);
}

static void read_frame(struct slice frame)
{
    struct pdu_message message;
    struct pdu_bind bind;
    struct slice id;
    if (pdu_read_message(frame, &message) == STATUS_OK)
        assert(lies_in(message.source, frame) && lies_in(message.dest, frame) &&
               lies_in(message.text, frame));
    if (pdu_read_bind(frame, &bind) == STATUS_OK)
        assert(lies_in(bind.system_id, frame) && lies_in(bind.password, frame));
    if (pdu_read_query(frame, &id) == STATUS_OK)
        assert(lies_in(id, frame));
}

static void read_text(uint8_t coding, struct slice octets)
{
    struct buf text, again;
    buf_init(&text, 1 << 20);
    buf_init(&again, 1 << 20);
    smsc_decode(coding, octets, &text);
    if (text.size > 0)
        (void)smsc_encode(text.ptr, &again);
    assert(buf_ok(&text));
    buf_finish(&text);
    buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= PDU_HEAD && size <= PDU_MOST)
        read_frame(slice_bytes(data, size));
    if (size > 0 && size <= PDU_MOST)
        read_text(data[0], slice_bytes(data + 1, size - 1));
    return 0;
}
