/* An operation that reads: it may be repeated at any time (PROTOCOL.md 7). usage.read goes
 * on from page to page by the carrier's cursor. */
#include <string.h>

#include "flows.h"
#include "memory.h"
#include "request.h"

/* A flow's state has at most 64 KiB, and a record takes about 140 bytes of it. */
enum { RECORDS_MOST = 300, PAGES_MOST = 16, CURSOR_MOST = 64 };

static void put_cursor(const struct esim_talk *talk, struct tlv_out *out)
{
    const char *cursor = esim_json_text(talk->vars, "cursor");
    uint8_t bytes[CURSOR_MOST];
    size_t size = cursor == NULL ? 0 : strlen(cursor) / 2;
    if (size > 0 && size <= sizeof bytes &&
        mytel_hex_read(esim_text(cursor), bytes, size))
        mytel_tlv_put(out, TAG_CURSOR, bytes, size);
}

static void ask_read(struct esim_talk *talk)
{
    const struct operation *operation = mytel_operation(talk->step->capability);
    struct request request;
    struct input_fault fault;
    memcpy(request.id, talk->step->random, sizeof request.id);
    if (!request_begin(talk, &request, operation->number, 0))
        return;
    size_t mark = mytel_tlv_open(&request.out, TAG_PARAMS);
    if (!mytel_params_write(operation, talk->input, &request.out, &fault)) {
        esim_refused(talk, fault.code, NULL, "%s", fault.message);
        return;
    }
    put_cursor(talk, &request.out);
    mytel_tlv_close(&request.out, mark);
    request_send(talk, &request);
}

static void end_unreadable(struct esim_talk *talk)
{
    esim_refused(talk, "reply_unreadable", NULL,
                 "The carrier's answer cannot be read: report it to the carrier.");
}

/* ---- usage ---- */

static json_t *records_of(struct esim_talk *talk)
{
    json_t *records = json_object_get(talk->vars, "records");
    if (json_is_array(records))
        return records;
    records = json_array();
    json_object_set_new(talk->vars, "records", records);
    return records;
}

/* False when a record cannot be read, or there are more than a page may hold. */
static bool add_records(json_t *records, struct tlv_list results)
{
    size_t most = json_array_size(records) + PAGE_RECORDS;
    uint16_t tag = 0;
    struct tlv_list value;
    while (mytel_tlv_next(&results, &tag, &value)) {
        json_t *record = tag == TAG_RECORD ? mytel_record_read(value) : NULL;
        if (tag == TAG_RECORD && record == NULL)
            return false;
        if (record != NULL)
            json_array_append_new(records, record);
    }
    return json_array_size(records) <= most;
}

static void go_on(struct esim_talk *talk, const struct tlv_list *cursor)
{
    int64_t pages = json_integer_value(json_object_get(talk->vars, "pages")) + 1;
    json_object_set_new(talk->vars, "pages", json_integer(pages));
    if (pages >= PAGES_MOST || json_array_size(records_of(talk)) > RECORDS_MOST) {
        esim_refused(talk, "period_too_long", NULL,
                     "The carrier has more than %d records of this period: ask for a "
                     "shorter one.",
                     RECORDS_MOST);
        return;
    }
    esim_json_put(talk->vars, "cursor", mytel_hex(cursor->ptr, cursor->size));
    esim_go(talk, "read");
}

static void finish_usage(struct esim_talk *talk, struct tlv_list results)
{
    struct tlv_list cursor;
    json_t *records = records_of(talk);
    if (!add_records(records, results)) {
        end_unreadable(talk);
    } else if (mytel_tlv_find(results, TAG_CURSOR, &cursor)) {
        go_on(talk, &cursor);
    } else {
        json_t *result = json_object();
        json_object_set(result, "records", records);
        esim_done(talk, result);
    }
}

/* ---- replies ---- */

static void finish(struct esim_talk *talk, struct tlv_list results)
{
    const struct operation *operation = mytel_operation(talk->step->capability);
    const char *missing = NULL;
    if (operation->number == OP_USAGE_READ) {
        finish_usage(talk, results);
        return;
    }
    json_t *result = mytel_results_read(operation->results, results, &missing);
    if (result == NULL)
        end_unreadable(talk);
    else
        esim_done(talk, result);
}

static void tell_read(struct esim_talk *talk)
{
    struct mytel_reply reply;
    bool silent = false;
    bool answered = request_reply(talk, &reply, &silent);
    if (silent || (answered && (reply.code == CODE_IN_PROGRESS ||
                                reply.code >> 8 == CLASS_NOBODY_KNOWS)))
        esim_not_yet(talk, -1, "no_answer", NULL,
                     "The carrier gave no answer; it is asked again.");
    else if (!answered)
        end_unreadable(talk);
    else if (reply.code == CODE_OK)
        finish(talk, reply.results);
    else
        request_end(talk, &reply);
}

static const struct esim_exchange table[] = {
    { "read", ESIM_SAFE, ask_read, tell_read, "read" },
};

void read_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
