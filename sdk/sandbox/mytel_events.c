/* Events wait in one list, oldest first; the first EVENTS_OUT of it may be under way. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "mytel.h"

enum { EVENTS_OUT = 16, AGAIN_MS = 30000 }; /* PROTOCOL.md 10 and 11. */

struct event_kept {
    struct event_kept *next;
    uint8_t id[MYTEL_ID_SIZE];
    enum event_kind kind;
    int64_t at_ms;
    const struct mytel_link *link; /* Sent on it; NULL: to be sent. */
    uint32_t sequence;
    int64_t sent_us;
    size_t size;
    char details[];
};

struct mytel_events {
    struct mytel *mytel;
    struct event_kept *first, **last;
    size_t count;
    struct loop_timer *again;
};

static void send_late_ones(void *arg)
{
    struct mytel_events *events = arg;
    int64_t before_us = clock_mono_us() - (int64_t)AGAIN_MS * 1000;
    for (struct event_kept *event = events->first; event != NULL; event = event->next)
        if (event->sent_us <= before_us)
            event->link = NULL;
    mytel_pump(events->mytel);
}

struct mytel_events *mytel_events_create(struct mytel *mytel)
{
    struct mytel_events *events = calloc(1, sizeof *events);
    if (events == NULL)
        return NULL;
    events->mytel = mytel;
    events->last = &events->first;
    events->again = loop_timer_create(mytel->sandbox->loop, send_late_ones, events);
    if (events->again == NULL)
        mytel_events_destroy(&events);
    return events;
}

void mytel_events_destroy(struct mytel_events **events)
{
    struct mytel_events *gone = *events;
    *events = NULL;
    while (gone != NULL && gone->first != NULL) {
        struct event_kept *event = gone->first;
        gone->first = event->next;
        free(event);
    }
    if (gone != NULL)
        loop_timer_destroy(&gone->again);
    free(gone);
}

size_t mytel_events_waiting(const struct mytel_events *events)
{
    return events->count;
}

/* ---- sending ---- */

static void note(struct mytel_link *link, const struct event_kept *event,
                 const char *kind)
{
    char hex[MYTEL_HEX_SIZE];
    json_t *members = json_object();
    hex_text(event->id, MYTEL_ID_SIZE, hex);
    json_put_text(members, "id", hex);
    json_put_int(members, "event_kind", event->kind);
    mytel_note(link, kind, members);
}

static void send_event(struct mytel_link *link, struct event_kept *event)
{
    struct buf *out = &link->mytel->out;
    frame_begin(out, FRAME_EVENT, 0);
    values_put(out, TAG_EVENT_ID, slice_bytes(event->id, MYTEL_ID_SIZE));
    values_put_number(out, TAG_EVENT_KIND, event->kind);
    values_put_number(out, TAG_AT, (uint64_t)event->at_ms);
    values_put(out, TAG_DETAILS, slice_bytes(event->details, event->size));
    frame_end(out);
    mytel_say(link);
    event->link = link;
    event->sequence = link->sent;
    event->sent_us = clock_mono_us();
    note(link, event, "event");
}

void mytel_pump(struct mytel *mytel)
{
    struct mytel_events *events = mytel->events;
    struct mytel_link *link = mytel->links;
    int left = EVENTS_OUT;
    while (link != NULL && link->phase != PHASE_OPEN)
        link = link->next;
    if (link == NULL || events->first == NULL)
        return;
    for (struct event_kept *event = events->first; event != NULL && left-- > 0;
         event = event->next)
        if (event->link == NULL)
            send_event(link, event);
    loop_timer_set(events->again, AGAIN_MS);
}

void mytel_tell(struct mytel *mytel, enum event_kind kind, struct slice details)
{
    struct mytel_events *events = mytel->events;
    struct event_kept *event = calloc(1, sizeof *event + details.size);
    if (event == NULL)
        return; /* REQUEST_STATUS and PROFILE_STATUS tell it too. */
    id_random(event->id, sizeof event->id);
    event->kind = kind;
    event->at_ms = clock_wall_ms();
    event->size = details.size;
    memcpy(event->details, details.ptr, details.size);
    *events->last = event;
    events->last = &event->next;
    events->count++;
    mytel_pump(mytel);
}

/* ---- acknowledgements ---- */

static void drop(struct mytel_events *events, struct event_kept **place)
{
    struct event_kept *event = *place;
    *place = event->next;
    if (events->last == &event->next)
        events->last = place;
    events->count--;
    free(event);
}

bool mytel_on_event_ack(struct mytel_link *link, const struct frame *frame)
{
    struct mytel_events *events = link->mytel->events;
    struct slice id = values_text(frame->body, TAG_EVENT_ID);
    struct event_kept **place = &events->first;
    for (; *place != NULL; place = &(*place)->next) {
        const struct event_kept *event = *place;
        if (event->link == link && event->sequence == frame->answers &&
            slice_equal(id, slice_bytes(event->id, MYTEL_ID_SIZE))) {
            note(link, event, "acknowledged");
            drop(events, place);
            mytel_pump(link->mytel);
            return true;
        }
    }
    return false;
}

void mytel_take_back(struct mytel_link *link)
{
    for (struct event_kept *event = link->mytel->events->first; event != NULL;
         event = event->next)
        if (event->link == link)
            event->link = NULL;
}
