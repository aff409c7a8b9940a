/* PROTOCOL.md 5 to 7: what is wrong with a request, what asking again leads to, and what
 * takes longer than an answer may. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ledger.h"
#include "mytel.h"

enum { BY_SIZE = MYTEL_HEX_SIZE + 32 };
static const int64_t ahead_ms = INT64_C(86400) * 1000;
static const int64_t kept_ms = INT64_C(7) * 86400 * 1000;

/* A request under way, until it is answered. */
struct request {
    struct mytel *mytel;
    struct mytel_link *link;
    const struct frame *frame;
    const struct mytel_operation *operation; /* NULL: not read, or not known. */
    struct slice id;                         /* Empty: not read. */
    struct slice params;
    char hex[MYTEL_HEX_SIZE];
    struct fault fault;
    bool is_carried_out, is_again;
};

/* ---- the answer's values ---- */

static void set_code(struct buf *answer, enum code code)
{
    buf_clear(answer);
    values_put_number(answer, TAG_CODE, code);
}

/* Carries it out; CODE, and RESULTS with OK, into `answer`. */
static enum code execute(const struct request *request, struct buf *answer)
{
    char by[BY_SIZE];
    struct buf results;
    buf_init(&results, FRAME_MOST);
    (void)snprintf(by, sizeof by, "%s:%s", request->hex, request->operation->name);
    enum code code = mytel_execute(request->mytel, request->operation, request->params,
                                   by, &results);
    set_code(answer, code);
    if (code == CODE_OK)
        values_put(answer, TAG_RESULTS, buf_slice(&results));
    buf_finish(&results);
    return code;
}

/* ---- on demand ---- */

/* The code of a fault that keeps a request from being carried out; CODE_OK: it does not.
 * `refuse` has it as a number, as in "0x0304". */
static enum code on_demand(const struct fault *fault)
{
    char *end = NULL;
    unsigned long number = strtoul(fault->subject, &end, 0);
    switch (fault->kind) {
    case FAULT_REFUSE:
        return *end == '\0' && number > 0 ? (enum code)number : CODE_NOT_PERMITTED;
    case FAULT_THROTTLE:
        return CODE_THROTTLED;
    case FAULT_5XX:
        return CODE_INTERNAL;
    default:
        return CODE_OK;
    }
}

/* ---- what takes long ---- */

static int64_t answer_ms(const struct request *request)
{
    return request->mytel->sandbox->options->answer_s * 1000;
}

/* What reads is never IN_PROGRESS, and late only by a fault. */
static int64_t delay_of(const struct request *request)
{
    int64_t latency_ms = request->mytel->sandbox->options->latency_ms;
    bool reads = request->operation != NULL && !request->operation->is_change;
    if (reads && latency_ms > answer_ms(request) / 2)
        latency_ms = answer_ms(request) / 2;
    return latency_ms + (request->fault.kind == FAULT_SLOW ? request->fault.ms : 0);
}

static void finish(void *arg)
{
    struct mytel_record *record = arg;
    struct buf details;
    record->is_finished = true;
    buf_init(&details, FRAME_MOST);
    values_put(&details, TAG_TARGET_ID, slice_bytes(record->id, MYTEL_ID_SIZE));
    values_put(&details, TAG_ANSWER, slice_bytes(record->answer, record->answer_size));
    mytel_tell(record->mytel, EVENT_REQUEST_FINISHED, buf_slice(&details));
    buf_finish(&details);
    loop_timer_destroy(&record->end);
}

/* Nobody may be left without a REPLY for longer than ANSWER_S. False: it is soon. */
static bool finish_later(const struct request *request, struct mytel_record *record)
{
    struct mytel *mytel = request->mytel;
    int64_t delay_ms = delay_of(request);
    if (delay_ms < answer_ms(request))
        return false;
    record->mytel = mytel;
    record->end = loop_timer_create(mytel->sandbox->loop, finish, record);
    if (record->end == NULL)
        return false;
    record->is_finished = false;
    loop_timer_set(record->end, delay_ms);
    return true;
}

/* ---- requests that change something ---- */

static void digest_request(const struct request *request, char ret[DIGEST_SIZE])
{
    digest_sha256(request->params, (uint8_t *)ret);
}

static bool is_same(const struct mytel_record *record, const struct request *request)
{
    char digest[DIGEST_SIZE];
    digest_request(request, digest);
    return record->operation == request->operation->number &&
           memcmp(record->params, digest, sizeof digest) == 0;
}

static enum code answer_again(struct request *request,
                              const struct mytel_record *record, struct buf *answer)
{
    request->is_again = true;
    if (!is_same(record, request))
        return CODE_ID_REUSED;
    if (!record->is_finished)
        return CODE_IN_PROGRESS;
    buf_clear(answer);
    buf_add(answer, record->answer, record->answer_size);
    return (enum code)values_number(buf_slice(answer), TAG_CODE);
}

static int64_t expires_of(struct slice list)
{
    uint64_t expires_ms = values_number(list, TAG_EXPIRES);
    return expires_ms > INT64_MAX ? INT64_MAX : (int64_t)expires_ms;
}

/* Of an id that is in no record. CODE_OK: it may be carried out. */
static enum code check_expiry(int64_t expires_ms)
{
    int64_t now_ms = clock_wall_ms();
    if (expires_ms < now_ms - kept_ms)
        return CODE_FORGOTTEN;
    if (expires_ms < now_ms)
        return CODE_EXPIRED;
    return expires_ms > now_ms + ahead_ms ? CODE_EXPIRES_TOO_FAR : CODE_OK;
}

/* A record is kept of OK and of codes of class 3 alone. */
static enum code carry_out(struct request *request, struct buf *answer)
{
    struct mytel_records *records = request->mytel->records;
    struct mytel_record *record = mytel_record_add(records, request->id.ptr);
    bool has_effect = request->fault.has_effect;
    if (record == NULL)
        return CODE_BUSY;
    enum code code = has_effect ? execute(request, answer) : on_demand(&request->fault);
    if (!has_effect)
        set_code(answer, code);
    record->operation = request->operation->number;
    record->is_finished = true;
    digest_request(request, record->params);
    request->is_carried_out = code == CODE_OK && has_effect;
    bool is_kept = request->is_carried_out || code_class(code) == 3;
    if (!is_kept || !mytel_record_keep(record, buf_slice(answer))) {
        mytel_record_remove(records, record);
        return code;
    }
    return finish_later(request, record) ? CODE_IN_PROGRESS : code;
}

static enum code change(struct request *request, struct buf *answer)
{
    const struct mytel_record *record = mytel_record_find(request->mytel->records,
                                                          request->id.ptr);
    if (record != NULL)
        return answer_again(request, record, answer);
    enum code code = check_expiry(expires_of(request->frame->body));
    return code == CODE_OK ? carry_out(request, answer) : code;
}

/* ---- requests that read ---- */

enum {
    STATE_NOT_FOUND = 1,
    STATE_IN_PROGRESS = 2,
    STATE_FINISHED = 3,
    STATE_FORGOTTEN = 4
};

static enum code show_request(const struct request *request, struct buf *answer)
{
    struct slice target = values_text(request->params, TAG_TARGET_ID);
    const struct mytel_record *record = mytel_record_find(request->mytel->records,
                                                          target.ptr);
    bool is_long_ago = expires_of(request->params) < clock_wall_ms() - kept_ms;
    unsigned state = is_long_ago ? STATE_FORGOTTEN : STATE_NOT_FOUND;
    if (record != NULL)
        state = record->is_finished ? STATE_FINISHED : STATE_IN_PROGRESS;
    set_code(answer, CODE_OK);
    size_t results = values_open(answer, TAG_RESULTS);
    values_put_number(answer, TAG_REQUEST_STATE, state);
    if (state == STATE_FINISHED)
        values_put(answer, TAG_ANSWER,
                   slice_bytes(record->answer, record->answer_size));
    values_close(answer, results);
    return CODE_OK;
}

static enum code read_something(struct request *request, struct buf *answer)
{
    enum code code = on_demand(&request->fault);
    if (!request->fault.has_effect && code != CODE_OK)
        return code;
    request->is_carried_out = request->fault.has_effect;
    if (request->operation->number == OP_REQUEST_STATUS)
        return show_request(request, answer);
    return execute(request, answer);
}

/* ---- what is wrong with it ---- */

static enum code read_params(struct request *request)
{
    const struct mytel_operation *operation = request->operation;
    for (size_t i = 0; i < sizeof operation->must / sizeof operation->must[0]; i++)
        if (operation->must[i] != 0 && !values_has(request->params, operation->must[i]))
            return CODE_MISSING;
    bool has_either = operation->either[0] == 0 ||
                      values_has(request->params, operation->either[0]) ||
                      values_has(request->params, operation->either[1]);
    bool has_expiry = !operation->is_change ||
                      values_has(request->frame->body, TAG_EXPIRES);
    return has_either && has_expiry ? CODE_OK : CODE_MISSING;
}

static enum code read_request(struct request *request)
{
    static const enum code flaws[] = {
        [VALUES_BAD] = CODE_BAD_VALUE,
        [VALUES_CRITICAL] = CODE_UNKNOWN_CRITICAL,
        [VALUES_MALFORMED] = CODE_MALFORMED,
    };
    struct slice body = request->frame->body;
    enum values_flaw flaw = values_check(body);
    struct slice id = values_text(body, TAG_REQUEST_ID);
    if (id.size == MYTEL_ID_SIZE) {
        request->id = id;
        hex_text((const uint8_t *)id.ptr, id.size, request->hex);
    }
    if (flaw != VALUES_FINE)
        return flaws[flaw];
    request->operation = mytel_operation((unsigned)values_number(body, TAG_OPERATION));
    if (id.size == 0 || !values_has(body, TAG_OPERATION) ||
        !values_find(body, TAG_PARAMS, &request->params))
        return CODE_MISSING;
    return request->operation == NULL ? CODE_UNKNOWN_OPERATION : read_params(request);
}

/* ---- the reply ---- */

static void note(const struct request *request, enum code code)
{
    json_t *members = json_object();
    if (request->operation != NULL)
        json_put_text(members, "function", request->operation->name);
    json_put_text(members, "id", request->hex);
    json_put_int(members, "code", code);
    if (request->fault.kind != FAULT_NONE)
        json_put_text(members, "fault", fault_name(request->fault.kind));
    json_object_set_new(members, "carried_out", json_boolean(request->is_carried_out));
    json_object_set_new(members, "again", json_boolean(request->is_again));
    mytel_note(request->link, code_class(code) == 2 ? "refused" : "request", members);
}

static void reply(const struct request *request, enum code code, struct slice answer)
{
    struct buf *out = &request->mytel->out;
    bool is_open = code == CODE_IN_PROGRESS;
    frame_begin(out, FRAME_REPLY, request->frame->sequence);
    if (request->id.size > 0)
        values_put(out, TAG_REQUEST_ID, request->id);
    buf_add_slice(out, answer);
    if (request->fault.kind == FAULT_THROTTLE && request->fault.ms > 0)
        values_put_number(out, TAG_RETRY_AFTER_MS, (uint64_t)request->fault.ms);
    frame_end(out);
    mytel_send(request->link, &request->fault, is_open ? 0 : delay_of(request));
}

/* What is answered: the code alone, or with a code of class 0 what is in `answer`. */
static enum code answer_of(struct request *request, struct buf *answer)
{
    buf_clear(answer);
    enum code code = read_request(request);
    if (request->link->unanswered > request->mytel->window)
        code = CODE_WINDOW_EXCEEDED;
    if (code != CODE_OK)
        return code;
    request->fault = faults_take(request->mytel->sandbox->faults,
                                 request->operation->name);
    return request->operation->is_change ? change(request, answer)
                                         : read_something(request, answer);
}

void mytel_on_request(struct mytel_link *link, const struct frame *frame)
{
    struct buf *answer = &link->mytel->answer;
    struct request request = {
        .mytel = link->mytel,
        .link = link,
        .frame = frame,
        .id = slice_of(""),
        .fault = { .kind = FAULT_NONE, .has_effect = true },
    };
    link->unanswered++;
    enum code code = answer_of(&request, answer);
    if (code != CODE_OK)
        set_code(answer, code);
    /* Done, and nobody is to learn it. */
    if (request.fault.kind == FAULT_5XX && request.fault.has_effect)
        set_code(answer, CODE_INTERNAL);
    note(&request, code);
    reply(&request, code, buf_slice(answer));
}
