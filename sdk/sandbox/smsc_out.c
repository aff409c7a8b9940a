/* Store and forward: what is for the host waits in one line, is sent to whoever is bound to
 * receive, and goes back into the line when the connection ends before it was
 * acknowledged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ledger.h"
#include "smsc.h"

enum {
    PART_GSM = 153,
    PART_UCS2 = 134,
    ALONE_GSM = 160,
    ALONE_UCS2 = 140,
    TEXT_MOST = 8192
};

static void free_parcel(struct parcel *parcel)
{
    buf_finish(&parcel->body);
    free(parcel);
}

static struct parcel *new_parcel(const char *what)
{
    struct parcel *parcel = calloc(1, sizeof *parcel);
    if (parcel == NULL)
        abort();
    int size = snprintf(parcel->what, sizeof parcel->what, "%s", what);
    buf_init(&parcel->body, PDU_MOST);
    return size < 0 ? NULL : parcel;
}

static void put_in_line(struct smsc *smsc, struct parcel *parcel)
{
    parcel->next = NULL;
    parcel->is_out = false;
    *smsc->last_waiting = parcel;
    smsc->last_waiting = &parcel->next;
}

/* ---- sending ---- */

static bool may_receive(const struct link *link)
{
    return (link->bound == CMD_BIND_TRX || link->bound == CMD_BIND_RX) &&
           link->out_count < LINK_WINDOW - 1;
}

static struct link *receiver_of(struct smsc *smsc)
{
    for (struct link *link = smsc->links; link != NULL; link = link->next)
        if (may_receive(link))
            return link;
    return NULL;
}

static void send_parcel(struct link *link, struct parcel *parcel)
{
    struct buf *out = &link->smsc->out;
    do
        link->sequence = link->sequence >= 0x7FFFFFFF ? 1 : link->sequence + 1;
    while (link->out[link->sequence % LINK_WINDOW] != NULL);
    link->out[link->sequence % LINK_WINDOW] = parcel;
    link->out_count++;
    parcel->is_out = true;
    pdu_begin(out, CMD_DELIVER, STATUS_OK, link->sequence);
    buf_add_slice(out, buf_slice(&parcel->body));
    pdu_end(out);
    line_write(link->line, buf_slice(out), 0);
}

void smsc_pump(struct smsc *smsc)
{
    struct link *link;
    while (smsc->waiting != NULL && (link = receiver_of(smsc)) != NULL) {
        struct parcel *parcel = smsc->waiting;
        smsc->waiting = parcel->next;
        if (smsc->waiting == NULL)
            smsc->last_waiting = &smsc->waiting;
        send_parcel(link, parcel);
    }
}

void smsc_take_back(struct link *link)
{
    for (size_t i = 0; i < LINK_WINDOW; i++)
        if (link->out[i] != NULL)
            put_in_line(link->smsc, link->out[i]);
    memset(link->out, 0, sizeof link->out);
    link->out_count = 0;
}

void smsc_on_deliver_answer(struct link *link, const struct pdu_head *head)
{
    struct parcel *parcel = link->out[head->sequence % LINK_WINDOW];
    json_t *members = json_object();
    json_put_text(members, "what", parcel == NULL ? "nothing" : parcel->what);
    link_note(link, head->status == STATUS_OK ? "acknowledged" : "not_taken", head,
              members);
    if (parcel == NULL)
        return;
    link->out[head->sequence % LINK_WINDOW] = NULL;
    link->out_count--;
    free_parcel(parcel);
    smsc_pump(link->smsc);
}

/* ---- later ---- */

struct delayed {
    struct delayed *next, **place;
    struct smsc *smsc;
    struct parcel *parcel;
    struct event *timer;
};

static void free_delayed(struct delayed *delayed)
{
    *delayed->place = delayed->next;
    if (delayed->next != NULL)
        delayed->next->place = delayed->place;
    event_free(delayed->timer);
    free(delayed);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    struct delayed *delayed = arg;
    struct smsc *smsc = delayed->smsc;
    (void)fd;
    (void)what;
    put_in_line(smsc, delayed->parcel);
    free_delayed(delayed);
    smsc_pump(smsc);
}

static void delay(struct smsc *smsc, struct parcel *parcel, int64_t after_ms)
{
    const struct timeval wait = { after_ms / 1000, after_ms % 1000 * 1000 };
    struct delayed *delayed = calloc(1, sizeof *delayed);
    if (delayed == NULL)
        abort();
    delayed->smsc = smsc;
    delayed->parcel = parcel;
    delayed->next = smsc->delayed;
    delayed->place = &smsc->delayed;
    if (delayed->next != NULL)
        delayed->next->place = &delayed->next;
    smsc->delayed = delayed;
    delayed->timer = evtimer_new(loop_base(smsc->sandbox->loop), on_due, delayed);
    if (delayed->timer == NULL || event_add(delayed->timer, &wait) != 0)
        abort();
}

static void hand_over(struct smsc *smsc, struct parcel *parcel, int64_t after_ms)
{
    if (after_ms > 0) {
        delay(smsc, parcel, after_ms);
        return;
    }
    put_in_line(smsc, parcel);
    smsc_pump(smsc);
}

void smsc_drop_waiting(struct smsc *smsc)
{
    while (smsc->delayed != NULL) {
        put_in_line(smsc, smsc->delayed->parcel);
        free_delayed(smsc->delayed);
    }
    while (smsc->waiting != NULL) {
        struct parcel *parcel = smsc->waiting;
        smsc->waiting = parcel->next;
        free_parcel(parcel);
    }
    smsc->last_waiting = &smsc->waiting;
}

/* ---- what is sent ---- */

static void put_address(struct buf *body, const char *address)
{
    bool is_long = strlen(address) > 6;
    pdu_u8(body, is_long ? 1 : 0);
    pdu_u8(body, 1);
    pdu_text(body, address);
}

static void put_head(struct buf *body, const char *source, const char *dest,
                     unsigned esm_class, unsigned coding)
{
    pdu_text(body, "");
    put_address(body, source);
    put_address(body, dest);
    pdu_u8(body, esm_class);
    pdu_u8(body, 0);
    pdu_u8(body, 0);
    pdu_text(body, "");
    pdu_text(body, "");
    pdu_u8(body, 0);
    pdu_u8(body, 0);
    pdu_u8(body, coding);
    pdu_u8(body, 0);
}

static void put_reference(struct buf *body, const struct pdu_message *about)
{
    const uint8_t octets[] = { (uint8_t)(about == NULL ? 0 : about->reference >> 8),
                               (uint8_t)(about == NULL ? 0 : about->reference) };
    if (about != NULL && about->has_reference)
        pdu_tlv(body, 0x0204, octets, sizeof octets);
}

/* Where the next part may end: not inside an escape or a surrogate pair. */
static size_t part_size(struct slice octets, unsigned coding, size_t at, size_t most)
{
    size_t size = octets.size - at < most ? octets.size - at : most;
    if (at + size == octets.size)
        return size;
    if (coding == 0 && octets.ptr[at + size - 1] == 0x1B)
        return size - 1;
    if (coding == 8 && ((uint8_t)octets.ptr[at + size] & 0xFC) == 0xDC)
        return size - 2;
    return size;
}

static size_t count_parts(struct slice octets, unsigned coding, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; at < octets.size; count++)
        at += part_size(octets, coding, at, most);
    return count;
}

void smsc_send_text(struct smsc *smsc, const char *source, const char *dest,
                    const char *utf8, const struct pdu_message *about, const char *what,
                    int64_t after_ms)
{
    static uint8_t reference;
    struct buf text;
    buf_init(&text, TEXT_MOST);
    unsigned coding = smsc_encode(utf8, &text);
    struct slice octets = buf_slice(&text);
    bool is_whole = octets.size <= (coding == 0 ? ALONE_GSM : ALONE_UCS2);
    size_t most = is_whole ? octets.size : coding == 0 ? PART_GSM : PART_UCS2;
    size_t total = is_whole ? 1 : count_parts(octets, coding, most), at = 0;
    reference++;
    for (size_t number = 1; number <= total; number++) {
        struct parcel *parcel = new_parcel(what);
        size_t size = is_whole ? octets.size : part_size(octets, coding, at, most);
        put_head(&parcel->body, source, dest, is_whole ? 0 : 0x40, coding);
        pdu_u8(&parcel->body, (unsigned)(size + (is_whole ? 0 : 6)));
        if (!is_whole) {
            const uint8_t header[] = {
                5, 0, 3, reference, (uint8_t)total, (uint8_t)number
            };
            buf_add(&parcel->body, header, sizeof header);
        }
        buf_add(&parcel->body, octets.ptr + at, size);
        put_reference(&parcel->body, about);
        hand_over(smsc, parcel, after_ms);
        at += size;
    }
    buf_finish(&text);
}

/* Appendix B's text, and the TLVs that say the same. */
void smsc_send_receipt(struct smsc *smsc, const struct pdu_message *about, uint64_t id,
                       unsigned state, int64_t after_ms)
{
    static const char *const stats[] = { "UNKNOWN", "ENROUTE", "DELIVRD",
                                         "EXPIRED", "DELETED", "UNDELIV",
                                         "ACCEPTD", "UNKNOWN", "REJECTD" };
    const uint8_t octet = (uint8_t)state;
    char source[ADDRESS_SIZE_MOST], dest[ADDRESS_SIZE_MOST], text[160],
        id_text[MESSAGE_ID_SIZE];
    bool is_decimal = smsc->sandbox->options->receipts_decimal;
    if (!slice_copy(about->dest, source, sizeof source) ||
        !slice_copy(about->source, dest, sizeof dest))
        return;
    int id_size = snprintf(id_text, sizeof id_text, "%08llx", (unsigned long long)id);
    int size = snprintf(text, sizeof text,
                        is_decimal
                            ? "id:%010llu sub:001 dlvrd:%03d stat:%s err:000 text:"
                            : "id:%08llx sub:001 dlvrd:%03d stat:%s err:000 text:",
                        (unsigned long long)id, state == 2, stats[state]);
    struct parcel *parcel = new_parcel("receipt");
    if (id_size <= 0 || size <= 0)
        abort();
    put_head(&parcel->body, source, dest, 0x04, 0);
    pdu_u8(&parcel->body, (unsigned)size);
    buf_add(&parcel->body, text, (size_t)size);
    if (!is_decimal) { /* Carriers that write decimal ids there send no TLVs. */
        pdu_tlv(&parcel->body, 0x001E, id_text, (size_t)id_size + 1);
        pdu_tlv(&parcel->body, 0x0427, &octet, 1);
    }
    put_reference(&parcel->body, about);
    hand_over(smsc, parcel, after_ms);
}
