#include "api/event_text.h"

#include "base/clock.h"
#include "base/json.h"

json_t *event_document(const struct event_row *event)
{
    char at[CLOCK_TEXT_SIZE];
    clock_text(event->at_ms, at);
    json_t *document = json_object();
    json_put_text(document, "specversion", "1.0");
    json_put_text(document, "id", event->id);
    json_put_text(document, "source", "/esimd");
    json_put_text(document, "type", event->type);
    json_put_text(document, "subject", event->resource);
    json_put_text(document, "time", at);
    json_put_text(document, "datacontenttype", "application/json");
    json_put_int(document, "sequence", event->seq);
    json_put_text(document, "traceparent", event->trace);
    json_t *data = json_read(slice_of(event->data), NULL);
    if (data != NULL)
        json_object_set_new(document, "data", data);
    return document;
}
