/* The sandbox's Mytel side, when requests come again, take long or go wrong, and what it
 * tells without being asked (PROTOCOL.md 5, 7, 10). */
#include "sandbox_mytel_rig.h"

#define MSISDN    "msisdn=95977123456"
#define ACTIVATED "\"to\":\"ACTIVE\""

enum { DAY_MS = 86400000 };

/* ---- asking again ---- */

static void the_same_request_is_carried_out_once(void)
{
    struct rig rig;
    struct client client;
    struct asked asked = asked_new(OP_LINE_ACTIVATE);
    struct buf first;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    buf_init(&first, FRAME_MOST);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_OK);
    buf_add_slice(&first, client.frame.body);
    asked.expires_in_ms = -1; /* EXPIRES of a later copy may differ. */
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_OK);
    CHECK(slice_equal(buf_slice(&first), client.frame.body));
    client_ask(&client, &asked, "msisdn=95977123457");
    CHECK_INT(client_code(&client), CODE_ID_REUSED);
    asked.operation = OP_LINE_TERMINATE;
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_ID_REUSED);
    CHECK_INT(rig_count(&rig, ACTIVATED), 1);
    buf_finish(&first);
    client_close(&client);
    rig_close(&rig);
}

/* A refusal of class 3 is an answer too; one of class 1 leaves no record. */
static void what_was_refused_stays_refused_and_what_was_put_off_does_not(void)
{
    struct rig rig;
    struct client client;
    struct asked asked = asked_new(OP_LINE_SUSPEND);
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_LINE_WRONG_STATE);
    CHECK_INT(ask(&client, OP_LINE_ACTIVATE, MSISDN), CODE_OK);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_LINE_WRONG_STATE);
    rig_fault(&rig, "{\"function\":\"LINE_SUSPEND\",\"fault\":\"throttle\",\"ms\":5}");
    asked = asked_new(OP_LINE_SUSPEND);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_THROTTLED);
    CHECK_INT(client_number(&client, TAG_RETRY_AFTER_MS), 5);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_OK);
    client_close(&client);
    rig_close(&rig);
}

static void a_request_out_of_its_time_is_not_carried_out(void)
{
    static const struct {
        int64_t expires_in_ms;
        enum code code;
    } rows[] = {
        { -INT64_C(8) * DAY_MS, CODE_FORGOTTEN },
        { -1000, CODE_EXPIRED },
        { DAY_MS + 60000, CODE_EXPIRES_TOO_FAR },
        { INT64_MAX / 2, CODE_EXPIRES_TOO_FAR },
        { DAY_MS - 60000, CODE_OK },
    };
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct asked asked = asked_new(OP_LINE_ACTIVATE);
        asked.expires_in_ms = rows[i].expires_in_ms;
        client_ask(&client, &asked, MSISDN);
        CHECK_INT(client_code(&client), rows[i].code);
    }
    CHECK_INT(rig_count(&rig, ACTIVATED), 1);
    client_close(&client);
    rig_close(&rig);
}

/* REQUEST_STATE of a request, by an id of its own. */
static int state_of(struct client *client, const struct asked *target,
                    int64_t expires_in_ms)
{
    struct asked asked = asked_new(OP_REQUEST_STATUS);
    struct buf *out = &client->body;
    values_put(out, TAG_REQUEST_ID, slice_bytes(asked.id, MYTEL_ID_SIZE));
    values_put_number(out, TAG_OPERATION, OP_REQUEST_STATUS);
    size_t params = values_open(out, TAG_PARAMS);
    values_put(out, TAG_TARGET_ID, slice_bytes(target->id, MYTEL_ID_SIZE));
    values_put_number(out, TAG_EXPIRES, (uint64_t)(clock_wall_ms() + expires_in_ms));
    values_close(out, params);
    client_send(client, FRAME_REQUEST, 0);
    CHECK_INT(client_code(client), CODE_OK);
    return result_number(client, TAG_REQUEST_STATE);
}

static void a_request_can_be_asked_about(void)
{
    struct rig rig;
    struct client client;
    struct asked asked = asked_new(OP_LINE_ACTIVATE);
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    CHECK_INT(state_of(&client, &asked, 1000), 1);
    CHECK_INT(state_of(&client, &asked, -INT64_C(8) * DAY_MS), 4);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_OK);
    CHECK_INT(state_of(&client, &asked, -INT64_C(8) * DAY_MS), 3);
    struct slice answer = result(&client, TAG_ANSWER);
    CHECK(values_has(answer, TAG_CODE));
    CHECK_INT(values_number(values_text(answer, TAG_RESULTS), TAG_LINE_STATE), 2);
    client_close(&client);
    rig_close(&rig);
}

/* ---- faults ---- */

static void a_fault_has_the_effect_that_it_says(void)
{
    static const struct {
        const char *fault;
        int code; /* 0: the connection is gone, or what comes is no answer. */
        bool has_effect;
    } rows[] = {
        { "{\"fault\":\"drop_before\"}", 0, false },
        { "{\"fault\":\"drop_after\"}", 0, true },
        { "{\"fault\":\"half_reply\"}", 0, true },
        { "{\"fault\":\"5xx\"}", CODE_INTERNAL, false },
        { "{\"fault\":\"5xx\",\"effect\":true}", CODE_INTERNAL, true },
        { "{\"fault\":\"refuse\"}", CODE_NOT_PERMITTED, false },
        { "{\"fault\":\"refuse\",\"subject\":\"0x0322\"}", 0x0322, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig rig;
        struct client client;
        struct asked asked = asked_new(OP_LINE_ACTIVATE);
        rig_open(&rig, (struct sandbox_options){ 0 });
        client_enter(&client, &rig);
        rig_fault(&rig, rows[i].fault);
        client_ask(&client, &asked, MSISDN);
        if (rows[i].code != 0) {
            CHECK_INT(client_code(&client), rows[i].code);
        } else {
            CHECK_INT(client_read(&client), 0);
            client_close(&client);
            client_enter(&client, &rig);
        }
        CHECK_INT(rig_count(&rig, ACTIVATED), rows[i].has_effect);
        bool is_kept = rows[i].has_effect || rows[i].code == 0x0322;
        CHECK_INT(state_of(&client, &asked, 1000), is_kept ? 3 : 1);
        client_close(&client);
        rig_close(&rig);
    }
}

static void noise_is_no_frame(void)
{
    struct rig rig;
    struct client client;
    struct asked asked = asked_new(OP_LINE_ACTIVATE);
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    rig_fault(&rig, "{\"fault\":\"garbage\"}");
    client_ask(&client, &asked, MSISDN);
    while (client.in.size < FRAME_LEAST)
        rig_turn(&rig);
    CHECK_INT(frame_length(buf_slice(&client.in)), -1);
    client_close(&client);
    rig_close(&rig);
}

/* ---- the window ---- */

static void requests_above_the_window_are_not_carried_out(void)
{
    struct rig rig;
    struct client client;
    int done = 0, over = 0;
    rig_open(&rig, (struct sandbox_options){ .window = 2, .latency_ms = 20 });
    client_enter(&client, &rig);
    for (int i = 0; i < 4; i++) {
        struct asked asked = asked_new(OP_LINE_ACTIVATE);
        char params[32];
        (void)snprintf(params, sizeof params, "msisdn=9597712345%d", i);
        client_ask(&client, &asked, params);
    }
    for (int i = 0; i < 4; i++) {
        int code = client_code(&client);
        done += code == CODE_OK;
        over += code == CODE_WINDOW_EXCEEDED;
    }
    CHECK_INT(done, 2);
    CHECK_INT(over, 2);
    CHECK_INT(rig_count(&rig, ACTIVATED), 2);
    CHECK_INT(ask(&client, OP_LINE_ACTIVATE, "msisdn=95977123459"), CODE_OK);
    client_close(&client);
    rig_close(&rig);
}

/* ---- events ---- */

/* What takes longer than ANSWER_S is answered at once, and ends by an event. */
static void what_takes_long_is_in_progress_and_ends_by_an_event(void)
{
    struct rig rig;
    struct client client;
    struct asked asked = asked_new(OP_LINE_ACTIVATE);
    rig_open(&rig, (struct sandbox_options){ .answer_s = 1 });
    client_enter(&client, &rig);
    rig_fault(&rig, "{\"function\":\"LINE_ACTIVATE\",\"fault\":\"slow\",\"ms\":1000}");
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_IN_PROGRESS);
    CHECK_INT(state_of(&client, &asked, 1000), 2);
    client_ask(&client, &asked, MSISDN);
    CHECK_INT(client_code(&client), CODE_IN_PROGRESS);
    CHECK_INT(client_read(&client), FRAME_EVENT);
    CHECK_INT(client_number(&client, TAG_EVENT_KIND), EVENT_REQUEST_FINISHED);
    struct slice details = values_text(client.frame.body, TAG_DETAILS);
    CHECK(slice_equal(values_text(details, TAG_TARGET_ID),
                      slice_bytes(asked.id, MYTEL_ID_SIZE)));
    CHECK(values_has(values_text(details, TAG_ANSWER), TAG_CODE));
    CHECK_INT(state_of(&client, &asked, 1000), 3);
    CHECK_INT(rig_count(&rig, ACTIVATED), 1);
    client_close(&client);
    rig_close(&rig);
}

static void acknowledge(struct client *client)
{
    uint32_t sequence = client->frame.sequence;
    values_put(&client->body, TAG_EVENT_ID,
               values_text(client->frame.body, TAG_EVENT_ID));
    client_send(client, FRAME_EVENT_ACK, sequence);
}

static void turn_lines(struct rig *rig, int count)
{
    json_t *how = json_object();
    json_put_text(how, "state", "SUSPENDED");
    for (int i = 0; i < count; i++)
        CHECK_INT(mytel_turn_line(rig->state, slice_of("95977123456"), how), 202);
    json_decref(how);
}

static void at_most_sixteen_events_are_under_way(void)
{
    struct rig rig;
    struct client client;
    struct mytel *mytel;
    rig_open(&rig, (struct sandbox_options){ 0 });
    mytel = rig.state;
    client_enter(&client, &rig);
    turn_lines(&rig, 18);
    for (int i = 0; i < 16; i++)
        CHECK_INT(client_read(&client), FRAME_EVENT);
    client_send(&client, FRAME_PING, 0);
    CHECK_INT(client_read(&client), FRAME_PONG); /* And no seventeenth. */
    CHECK_INT(mytel_events_waiting(mytel->events), 18);
    client_close(&client);
    /* What was not acknowledged comes on the next session, in its order. */
    client_enter(&client, &rig);
    for (int i = 0; i < 18; i++) {
        CHECK_INT(client_read(&client), FRAME_EVENT);
        acknowledge(&client);
    }
    while (mytel_events_waiting(mytel->events) > 0)
        rig_turn(&rig);
    client_close(&client);
    rig_close(&rig);
}

static void an_installation_is_told_in_its_order(void)
{
    static const struct {
        int point, state;
    } rows[] = { { 1, 0 }, { 3, 6 }, { 4, 7 } };
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    CHECK_INT(ask(&client, OP_PROFILE_ORDER, "iccid=8995000000000000003"), CODE_OK);
    CHECK_INT(ask(&client, OP_PROFILE_CONFIRM,
                  "iccid=8995000000000000003 release=1 match=M-1"),
              CODE_OK);
    json_t *how = json_object();
    json_put_text(how, "activation_code", "LPA:1$smdp.sandbox.example$M-1");
    struct slice eid = slice_of("89049032123451234512345678901235");
    CHECK_INT(mytel_install(rig.state, eid, how), 202);
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(client_read(&client), FRAME_EVENT);
        struct slice details = values_text(client.frame.body, TAG_DETAILS);
        CHECK_INT(values_number(details, TAG_POINT), rows[i].point);
        CHECK_INT(values_number(details, TAG_PROFILE_STATE), rows[i].state);
        CHECK(slice_is(values_text(details, TAG_ICCID), "8995000000000000003"));
    }
    CHECK_INT(mytel_install(rig.state, eid, how), 409);
    json_put_text(how, "activation_code", "1$smdp.sandbox.example$M-2");
    CHECK_INT(mytel_install(rig.state, eid, how), 404);
    json_put_text(how, "activation_code", "M-2");
    CHECK_INT(mytel_install(rig.state, eid, how), 400);
    json_decref(how);
    CHECK_INT(ask(&client, OP_PROFILE_CANCEL, "iccid=8995000000000000003 final=1"),
              CODE_ALREADY_DOWNLOADED);
    client_close(&client);
    rig_close(&rig);
}

TESTS("sandbox mytel again", CASE(the_same_request_is_carried_out_once),
      CASE(what_was_refused_stays_refused_and_what_was_put_off_does_not),
      CASE(a_request_out_of_its_time_is_not_carried_out),
      CASE(a_request_can_be_asked_about), CASE(a_fault_has_the_effect_that_it_says),
      CASE(noise_is_no_frame), CASE(requests_above_the_window_are_not_carried_out),
      CASE(what_takes_long_is_in_progress_and_ends_by_an_event),
      CASE(at_most_sixteen_events_are_under_way),
      CASE(an_installation_is_told_in_its_order))
