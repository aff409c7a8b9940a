/* Parts of one message have the same addresses, reference and total, by a user data header
 * or by the sar_ TLVs (5.3.2.22: all three, or none counts). Kept in the session's state:
 * a crash of the cell loses nothing; the end of the connection does, and then the
 * operation asks by other ways. */
#include <string.h>

#include "esim/exchange.h"
#include "machine.h"

static void forget(struct machine *machine, size_t at)
{
    machine->assembly_count--;
    memmove(&machine->assemblies[at], &machine->assemblies[at + 1],
            (machine->assembly_count - at) * sizeof machine->assemblies[0]);
}

void assembly_forget_late(struct machine *machine)
{
    for (size_t i = machine->assembly_count; i-- > 0;)
        if (machine->step->now_ms >= machine->assemblies[i].until_ms) {
            machine_log(machine, ESIM_LOG_WARN,
                        esim_text("a long message of the carrier stayed incomplete"));
            forget(machine, i);
        }
}

/* Addresses in the kept form; they are short by the standard (at most 64). */
static bool is_same(const struct assembly *assembly, const struct smpp_pdu *pdu,
                    const struct smpp_udh *header)
{
    return smpp_same(assembly->source, pdu->source.text) &&
           smpp_same(assembly->dest, pdu->dest.text) &&
           assembly->reference == header->reference &&
           assembly->total == header->total &&
           assembly->data_coding == pdu->data_coding;
}

static struct assembly *find(struct machine *machine, const struct smpp_pdu *pdu,
                             const struct smpp_udh *header)
{
    for (size_t i = 0; i < machine->assembly_count; i++)
        if (is_same(&machine->assemblies[i], pdu, header))
            return &machine->assemblies[i];
    if (machine->assembly_count == ASSEMBLIES_MOST) {
        machine_log(
            machine, ESIM_LOG_WARN,
            esim_text("too many long messages are incomplete: the oldest goes"));
        forget(machine, 0);
    }
    struct assembly *assembly = &machine->assemblies[machine->assembly_count++];
    *assembly = (struct assembly){
        .until_ms = machine->step->now_ms + machine->settings.assembly_ms,
        .source = pdu->source.text,
        .dest = pdu->dest.text,
        .reference = header->reference,
        .total = header->total,
        .data_coding = pdu->data_coding,
    };
    return assembly;
}

static struct esim_bytes unpacked(struct machine *machine, struct esim_bytes octets,
                                  size_t header_size)
{
    size_t room = octets.size * 8 / 7 + 1;
    struct smpp_out out = smpp_out_to(machine_alloc(machine, room), room);
    smpp_unpack(octets, header_size == 0 ? 0 : smpp_udh_fill_bits(header_size), &out);
    return smpp_written(&out);
}

/* The octets of this PDU without a header, unpacked; and what its header says. */
static struct esim_bytes text_and_header(struct machine *machine,
                                         const struct smpp_pdu *pdu,
                                         struct smpp_udh *ret_header)
{
    struct esim_bytes text = smpp_text_of(pdu);
    uint32_t reference = 0, total = 0, number = 0;
    *ret_header = (struct smpp_udh){ 0 };
    if ((pdu->esm_class & SMPP_CLASS_UDH) != 0 && smpp_udh_read(text, ret_header)) {
        text.ptr += ret_header->size;
        text.size -= ret_header->size;
    } else if (smpp_tlv_number(pdu, SMPP_TAG_SAR_REFERENCE, 2, &reference) &&
               smpp_tlv_number(pdu, SMPP_TAG_SAR_TOTAL, 1, &total) &&
               smpp_tlv_number(pdu, SMPP_TAG_SAR_NUMBER, 1, &number) && number > 0 &&
               number <= total) {
        ret_header->reference = (uint16_t)reference;
        ret_header->total = (uint8_t)total;
        ret_header->number = (uint8_t)number;
    }
    bool is_packed = smpp_charset_of(pdu->data_coding, &machine->settings.codings) ==
                     SMPP_GSM7_PACKED;
    return is_packed ? unpacked(machine, text, ret_header->size) : text;
}

static bool join_parts(struct machine *machine, const struct assembly *assembly,
                       struct esim_bytes *ret)
{
    size_t size = 0;
    for (size_t i = 0; i < assembly->total; i++) {
        if (!assembly->parts[i].is_there)
            return false;
        size += assembly->parts[i].text.size;
    }
    struct smpp_out out = smpp_out_to(machine_alloc(machine, size + 1), size + 1);
    for (size_t i = 0; i < assembly->total; i++)
        smpp_put_run(&out, assembly->parts[i].text);
    *ret = smpp_written(&out);
    return true;
}

bool assembly_add(struct machine *machine, const struct smpp_pdu *pdu,
                  struct esim_bytes *ret)
{
    struct smpp_udh header;
    struct esim_bytes text = text_and_header(machine, pdu, &header);
    if (header.total < 2 || header.total > ASSEMBLY_PARTS_MOST || text.size > 1024) {
        *ret = text;
        return true;
    }
    struct assembly *assembly = find(machine, pdu, &header);
    assembly->parts[header.number - 1] = (struct assembly_part){ text, true };
    if (!join_parts(machine, assembly, ret))
        return false;
    forget(machine, (size_t)(assembly - machine->assemblies));
    return true;
}
