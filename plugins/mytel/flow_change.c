/* An operation that changes something at the carrier.
 *
 *   request   asks; IDEMPOTENT, because the carrier recognises the id (PROTOCOL.md 7)
 *   finish    the carrier works on it: waits for the event that ends it
 *   status    asks what became of it, when no answer came
 *   later     waits before it asks for the status once more
 *
 * The id is the operation's, in every try: "not yet" may begin anew, and whatever became
 * of an earlier copy, the carrier does it once. */
#include <string.h>

#include "flows.h"
#include "memory.h"
#include "request.h"

enum { ASKS_MOST = 10 }; /* Looks in a row that tell nothing. */

/* ---- variables ---- */

static int64_t number_of(const struct esim_talk *talk, const char *name)
{
    return json_integer_value(json_object_get(talk->vars, name));
}

static void set_number(struct esim_talk *talk, const char *name, int64_t number)
{
    json_object_set_new(talk->vars, name, json_integer(number));
}

static int64_t expires_ms(struct esim_talk *talk)
{
    struct mytel_settings settings;
    if (number_of(talk, "expires") == 0) {
        mytel_settings_read(talk->settings, &settings);
        set_number(talk, "expires", talk->step->now_ms + settings.ttl_s * 1000);
    }
    return number_of(talk, "expires");
}

static int64_t next_look_ms(const struct esim_talk *talk)
{
    struct mytel_settings settings;
    mytel_settings_read(talk->settings, &settings);
    return talk->step->now_ms + settings.poll_s * 1000;
}

/* ---- how it ended ---- */

static void end_incomplete(struct esim_talk *talk, const char *missing)
{
    esim_unknown(talk, "reply_incomplete", NULL,
                 "The carrier did it and left out %s: ask it for that under this "
                 "operation's id, then accept the step or have it undone.",
                 missing);
}

/* Its third part must be the matching id (SGP.22 4.1): "1$address$id[$...]". */
static bool code_fits(const json_t *result)
{
    const char *code = esim_json_text(result, "activation_code");
    const char *id = esim_json_text(result, "matching_id");
    if (code == NULL)
        return true;
    const char *address = strncmp(code, "1$", 2) == 0 ? code + 2 : "";
    const char *third = strchr(address, '$');
    if (third == NULL || third == address || id == NULL)
        return false;
    size_t size = strcspn(third + 1, "$");
    return size == strlen(id) && memcmp(third + 1, id, size) == 0;
}

/* The profile that was asked for, when one was. */
static bool iccid_fits(const struct esim_talk *talk, const json_t *result)
{
    const char *ours = esim_json_text(talk->input, "iccid");
    const char *theirs = esim_json_text(result, "iccid");
    if (ours == NULL || theirs == NULL || ours[0] == '\0')
        return true;
    size_t size = strcspn(ours, "Ff");
    return strlen(theirs) == size && memcmp(ours, theirs, size) == 0;
}

static void finish(struct esim_talk *talk, const struct mytel_reply *reply)
{
    const struct operation *operation = mytel_operation(talk->step->capability);
    const char *missing = NULL;
    json_t *result = mytel_results_read(operation->results, reply->results, &missing);
    if (result == NULL)
        end_incomplete(talk, missing == NULL ? "its results" : missing);
    else if (!iccid_fits(talk, result))
        esim_unknown(
            talk, "iccid_differs", NULL,
            "The carrier took another ICCID than the one ordered: ask it which "
            "of the two is in use, and have the other one freed.");
    else if (!code_fits(result))
        esim_unknown(
            talk, "activation_code_wrong", NULL,
            "The order is confirmed, but its activation code does not hold its "
            "matching id: ask the carrier for the code, or cancel the order.");
    else
        esim_done(talk, result);
}

static void end_by_code(struct esim_talk *talk, const struct mytel_reply *reply)
{
    if (reply->code == CODE_OK)
        finish(talk, reply);
    else if (reply->code == CODE_IN_PROGRESS)
        esim_go(talk, "finish");
    else if (reply->code == CODE_INTERNAL && number_of(talk, "failed") == 0) {
        set_number(talk, "failed", 1);
        esim_go(talk, "later");
    } else {
        request_end(talk, reply);
    }
}

static void end_unreadable(struct esim_talk *talk)
{
    esim_unknown(talk, "reply_unreadable", NULL,
                 "The carrier's answer cannot be read: ask it what it did under this "
                 "operation's id, and report the answer as a fault.");
}

/* ---- request ---- */

static void ask_request(struct esim_talk *talk)
{
    const struct operation *operation = mytel_operation(talk->step->capability);
    struct request request;
    struct input_fault fault;
    if (!request_id_of(talk, request.id) ||
        !request_begin(talk, &request, operation->number, expires_ms(talk)))
        return;
    size_t mark = mytel_tlv_open(&request.out, TAG_PARAMS);
    if (!mytel_params_write(operation, request_input(talk), &request.out, &fault)) {
        esim_refused(talk, fault.code, NULL, "%s", fault.message);
        return;
    }
    mytel_tlv_close(&request.out, mark);
    request_send(talk, &request);
}

static void tell_request(struct esim_talk *talk)
{
    struct mytel_reply reply;
    bool silent = false;
    if (request_reply(talk, &reply, &silent))
        end_by_code(talk, &reply);
    else if (silent)
        esim_go(talk, "status");
    else
        end_unreadable(talk);
}

/* ---- finish ---- */

static void ask_finish(struct esim_talk *talk)
{
    struct mytel_settings settings;
    uint8_t id[REQUEST_ID_BYTES];
    mytel_settings_read(talk->settings, &settings);
    if (!request_id_of(talk, id))
        return;
    if (number_of(talk, "since") == 0)
        set_number(talk, "since", talk->step->now_ms);
    if (talk->step->now_ms - number_of(talk, "since") >= settings.patience_s * 1000)
        esim_unknown(
            talk, "still_in_progress", NULL,
            "The carrier has worked on this longer than patience_s allows: ask "
            "it about the request id, which is this operation's id.");
    else
        esim_await(talk, mytel_hex(id, sizeof id), next_look_ms(talk));
}

/* ---- status ---- */

static void ask_status(struct esim_talk *talk)
{
    struct request request;
    uint8_t target[REQUEST_ID_BYTES];
    memcpy(request.id, talk->step->random, sizeof request.id);
    if (!request_id_of(talk, target) ||
        !request_begin(talk, &request, OP_REQUEST_STATUS, 0))
        return;
    size_t mark = mytel_tlv_open(&request.out, TAG_PARAMS);
    mytel_tlv_put(&request.out, TAG_TARGET_ID, target, sizeof target);
    mytel_tlv_put_number(&request.out, TAG_EXPIRES, (uint64_t)expires_ms(talk));
    mytel_tlv_close(&request.out, mark);
    request_send(talk, &request);
}

static void look_again(struct esim_talk *talk)
{
    int64_t asks = number_of(talk, "asks") + 1;
    set_number(talk, "asks", asks);
    if (asks < ASKS_MOST)
        esim_go(talk, "later");
    else
        esim_unknown(
            talk, "answer_lost", NULL,
            "The carrier's answer was lost and it does not tell what became of "
            "the request: ask it about the request id, which is this "
            "operation's id.");
}

static void end_by_answer(struct esim_talk *talk, struct tlv_list results)
{
    struct tlv_list answer;
    struct mytel_reply reply;
    if (mytel_tlv_find(results, TAG_ANSWER, &answer) &&
        mytel_reply_read((struct esim_bytes){ (const char *)answer.ptr, answer.size },
                         &reply))
        end_by_code(talk, &reply);
    else
        end_unreadable(talk);
}

/* NOT_FOUND may begin anew: a copy that is still under way has the same id. */
static void end_by_state(struct esim_talk *talk, struct tlv_list results)
{
    static const struct mytel_reply forgotten = { .code = CODE_FORGOTTEN,
                                                  .retry_after_ms = -1 };
    uint64_t state = 0;
    mytel_tlv_number(results, TAG_REQUEST_STATE, &state);
    switch (state) {
    case REQUEST_NOT_FOUND:
        esim_not_yet(talk, -1, "not_carried_out", NULL,
                     "The carrier did not get the request; it is asked again.");
        break;
    case REQUEST_IN_PROGRESS:
        set_number(talk, "asks", 0);
        esim_go(talk, "finish");
        break;
    case REQUEST_FINISHED:
        end_by_answer(talk, results);
        break;
    case REQUEST_FORGOTTEN:
        request_end(talk, &forgotten);
        break;
    default:
        end_unreadable(talk);
        break;
    }
}

static void tell_status(struct esim_talk *talk)
{
    struct mytel_reply reply;
    bool silent = false;
    if (!request_reply(talk, &reply, &silent))
        look_again(talk);
    else if (reply.code == CODE_OK)
        end_by_state(talk, reply.results);
    else
        look_again(talk);
}

/* ---- later ---- */

static void ask_later(struct esim_talk *talk)
{
    esim_wait(talk, next_look_ms(talk));
}

static void tell_later(struct esim_talk *talk)
{
    esim_go(talk, "status");
}

static const struct esim_exchange table[] = {
    { "request", ESIM_IDEMPOTENT, ask_request, tell_request, "status" },
    { "finish", ESIM_SAFE, ask_finish, tell_request, "status" },
    { "status", ESIM_SAFE, ask_status, tell_status, "status" },
    { "later", ESIM_SAFE, ask_later, tell_later, "status" },
};

void change_step(const struct esim_step *step, struct esim_answer *answer)
{
    esim_exchange_step(table, sizeof table / sizeof table[0], step, answer);
}
