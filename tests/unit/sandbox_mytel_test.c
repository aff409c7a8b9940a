/* The sandbox's Mytel side as a whole, by clients that do what PROTOCOL.md says, and by
 * clients that do not. The Node judge (tests/peers/mytel) has its own frames. */
#include "sandbox_mytel_rig.h"

#define EID    "89049032123451234512345678901235"
#define MSISDN "msisdn=95977123456"

/* ---- login ---- */

static void both_sides_prove_that_they_know_the_secret(void)
{
    struct rig rig;
    struct client client;
    uint8_t proof[DIGEST_SIZE];
    rig_open(&rig, (struct sandbox_options){ .window = 7, .answer_s = 9 });
    client_enter(&client, &rig);
    client_prove(&client, "mytel-welcome-1", proof);
    CHECK(slice_equal(values_text(client.frame.body, TAG_PROOF),
                      slice_bytes(proof, sizeof proof)));
    CHECK_INT(client_number(&client, TAG_WINDOW), 7);
    CHECK_INT(client_number(&client, TAG_ANSWER_S), 9);
    CHECK_INT(client_number(&client, TAG_HEARTBEAT_S), 30);
    client_close(&client);
    rig_close(&rig);
}

/* Who is not known, is asked for a proof all the same. */
static void a_stranger_learns_nothing_but_no(void)
{
    static const struct {
        const char *name, *secret;
    } rows[] = { { RIG_CLIENT, "another secret of length" }, { "nobody", RIG_SECRET } };
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        struct client client;
        rig_open(&rig, (struct sandbox_options){ 0 });
        client_connect(&client, &rig);
        (void)slice_copy(slice_of(rows[i].name), client.name, sizeof client.name);
        (void)slice_copy(slice_of(rows[i].secret), client.secret, sizeof client.secret);
        CHECK_INT(client_login(&client), FRAME_CLOSE);
        CHECK_INT(client_number(&client, TAG_REASON), REASON_BAD_CREDENTIALS);
        CHECK_INT(client_read(&client), 0);
        client_close(&client);
        rig_close(&rig);
    }
}

static void a_version_that_we_do_not_speak_is_told(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_connect(&client, &rig);
    client.least = client.most = 2;
    client_hello(&client);
    CHECK_INT(client_close_reason(&client), REASON_UNSUPPORTED_VERSION);
    client_close(&client);
    rig_close(&rig);
}

static void a_login_fails_on_demand(void)
{
    static const struct {
        const char *fault;
        enum reason reason;
    } rows[] = {
        { "{\"function\":\"LOGIN\",\"fault\":\"refuse\"}", REASON_BARRED },
        { "{\"function\":\"LOGIN\",\"fault\":\"throttle\",\"ms\":700}",
          REASON_TOO_MANY_SESSIONS },
        { "{\"function\":\"LOGIN\",\"fault\":\"5xx\"}", REASON_GOING_AWAY },
    };
    struct rig rig;
    rig_open(&rig, (struct sandbox_options){ 0 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client client;
        rig_fault(&rig, rows[i].fault);
        client_connect(&client, &rig);
        CHECK_INT(client_login(&client), FRAME_CLOSE);
        CHECK_INT(client_number(&client, TAG_REASON), rows[i].reason);
        CHECK_INT(client_number(&client, TAG_RETRY_AFTER_MS), i == 1 ? 700 : 0);
        client_close(&client);
    }
    rig_close(&rig);
}

/* ---- frames that are wrong ---- */

enum spoil {
    MAGIC,
    LENGTH,
    CHECKSUM,
    VERSION,
    REPLAY,
    AHEAD,
    TYPE,
    PHASE,
    SPOIL_COUNT
};

static void send_spoilt(struct client *client, enum spoil how)
{
    struct buf *out = &client->out;
    enum frame_type type = how == TYPE    ? (enum frame_type)0x33
                           : how == PHASE ? FRAME_HELLO
                                          : FRAME_PING;
    frame_begin(out, type, 0);
    frame_end(out);
    if (how == MAGIC)
        out->ptr[0] = 'm';
    if (how == LENGTH)
        out->ptr[4] = 1;
    if (how == VERSION)
        out->ptr[2] = 2;
    frame_stamp(out->ptr, out->size,
                client->sent + (how == REPLAY  ? 0
                                : how == AHEAD ? 2
                                               : 1));
    if (how == CHECKSUM)
        out->ptr[out->size - 1] ^= 1;
    CHECK(stream_write(client->stream, buf_slice(out)));
}

static void a_wrong_frame_ends_the_session_with_its_reason(void)
{
    static const enum reason reasons[SPOIL_COUNT] = {
        [MAGIC] = REASON_BAD_LENGTH,      [LENGTH] = REASON_BAD_LENGTH,
        [CHECKSUM] = REASON_BAD_CHECKSUM, [VERSION] = REASON_PROTOCOL,
        [REPLAY] = REASON_BAD_SEQUENCE,   [AHEAD] = REASON_BAD_SEQUENCE,
        [TYPE] = REASON_PROTOCOL,         [PHASE] = REASON_PROTOCOL,
    };
    struct rig rig;
    rig_open(&rig, (struct sandbox_options){ 0 });
    for (int how = 0; how < SPOIL_COUNT; how++) {
        struct client client;
        client_enter(&client, &rig);
        send_spoilt(&client, (enum spoil)how);
        CHECK_INT(client_close_reason(&client), reasons[how]);
        client_close(&client);
    }
    rig_close(&rig);
}

static void values_that_are_wrong_end_the_session_too(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    values_put(&client.body, 0x8299, slice_of(""));
    client_send(&client, FRAME_PING, 0);
    CHECK_INT(client_close_reason(&client), REASON_PROTOCOL);
    client_close(&client);
    client_enter(&client, &rig);
    values_put(&client.body, TAG_EVENT_ID, slice_of("0123456789abcdef"));
    client_send(&client, FRAME_EVENT_ACK, 3);
    CHECK_INT(client_close_reason(&client), REASON_PROTOCOL); /* There was no event. */
    client_close(&client);
    rig_close(&rig);
}

static void what_a_later_version_adds_is_skipped(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    client_send(&client, (enum frame_type)0x91, 0);
    values_put(&client.body, 0x0299, slice_of("x"));
    client_send(&client, FRAME_PING, 0);
    CHECK_INT(client_read(&client), FRAME_PONG);
    CHECK_INT(client.frame.answers, client.sent);
    client_close(&client);
    rig_close(&rig);
}

/* A frame in single bytes, and several in one segment. */
static void segments_mean_nothing(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    frame_begin(&client.out, FRAME_PING, 0);
    frame_end(&client.out);
    frame_stamp(client.out.ptr, client.out.size, ++client.sent);
    for (size_t i = 0; i < client.out.size; i++) {
        CHECK(stream_write(client.stream, slice_bytes(client.out.ptr + i, 1)));
        rig_turn(&rig);
    }
    CHECK_INT(client_read(&client), FRAME_PONG);
    for (int i = 0; i < 20; i++)
        client_send(&client, FRAME_PING, 0);
    for (int i = 0; i < 20; i++)
        CHECK_INT(client_read(&client), FRAME_PONG);
    client_close(&client);
    rig_close(&rig);
}

static void a_silent_client_is_pinged_then_left(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ .heartbeat_s = 1 });
    clock_set_for_test(1800000000000);
    client_enter(&client, &rig);
    clock_move_for_test(500);
    CHECK_INT(client_read(&client), FRAME_PING);
    clock_move_for_test(1000000);
    CHECK_INT(client_close_reason(&client), REASON_SILENT);
    clock_set_for_test(0);
    client_close(&client);
    rig_close(&rig);
}

/* ---- operations ---- */

static void a_profile_goes_its_way(void)
{
    struct rig rig;
    struct client client;
    char params[128], other[160];
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    CHECK_INT(ask(&client, OP_PROFILE_ORDER, "type=P1 eid=" EID), CODE_OK);
    struct slice iccid = result(&client, TAG_ICCID);
    CHECK_INT(iccid.size, 19);
    CHECK_INT(result_number(&client, TAG_PROFILE_STATE), 3);
    CHECK(slice_is(result(&client, TAG_EID), EID));
    (void)snprintf(params, sizeof params, "iccid=%.*s release=0 code=1234 final=9",
                   (int)iccid.size, iccid.ptr);
    CHECK_INT(ask(&client, OP_PROFILE_CONFIRM, params), CODE_OK);
    CHECK_INT(result_number(&client, TAG_PROFILE_STATE), 4);
    CHECK_INT(result(&client, TAG_MATCHING_ID).size, 23);
    struct slice code = result(&client, TAG_ACTIVATION_CODE);
    CHECK(slice_starts(code, "1$smdp.sandbox.example$"));
    CHECK(strstr(code.ptr, "$$1") != NULL);
    CHECK_INT(ask(&client, OP_PROFILE_CONFIRM, params), CODE_WRONG_STATE);
    CHECK_INT(ask(&client, OP_PROFILE_RELEASE, params), CODE_OK);
    CHECK_INT(ask(&client, OP_PROFILE_STATUS, params), CODE_OK);
    CHECK_INT(result_number(&client, TAG_PROFILE_STATE), 5);
    (void)snprintf(other, sizeof other, "%s match=other", params);
    CHECK_INT(ask(&client, OP_PROFILE_CANCEL, other), CODE_MATCHING_ID_DIFFERS);
    CHECK_INT(ask(&client, OP_PROFILE_CANCEL, params), CODE_OK);
    CHECK_INT(result_number(&client, TAG_PROFILE_STATE), 9);
    CHECK_INT(rig_count(&rig, "\"kind\":\"state\""), 4);
    client_close(&client);
    rig_close(&rig);
}

#define FIRST "iccid=8995000000000000003"

static void each_refusal_has_its_code(void)
{
    static const struct {
        enum operation operation;
        const char *params;
        enum code code;
    } rows[] = {
        { (enum operation)0x0999, "", CODE_UNKNOWN_OPERATION },
        { OP_PROFILE_ORDER, "eid=" EID, CODE_MISSING },
        { OP_PROFILE_ORDER, "type=P9", CODE_PROFILE_TYPE_UNKNOWN },
        { OP_PROFILE_ORDER, "iccid=8995000000000000012", CODE_ICCID_UNKNOWN },
        { OP_PROFILE_ORDER, "type=P2 " FIRST, CODE_PROFILE_TYPE_MISMATCH },
        { OP_PROFILE_ORDER, "type=P1 eid=123", CODE_MALFORMED },
        { OP_PROFILE_ORDER, "iccid=899500000000000000x", CODE_BAD_VALUE },
        { OP_PROFILE_ORDER, FIRST " eid=" EID, CODE_OK },
        { OP_PROFILE_ORDER, FIRST, CODE_ICCID_IN_USE },
        { OP_PROFILE_ORDER, "type=P2", CODE_OK },
        { OP_PROFILE_ORDER, "type=P2", CODE_STOCK_EMPTY },
        { OP_PROFILE_CONFIRM, FIRST, CODE_MISSING },
        { OP_PROFILE_CONFIRM, FIRST " release=2", CODE_BAD_VALUE },
        { OP_PROFILE_CONFIRM, FIRST " release=1 eid=89049032123451234512345678901234",
          CODE_EID_DIFFERS },
        { OP_PROFILE_RELEASE, FIRST, CODE_WRONG_STATE },
        { OP_PROFILE_CANCEL, FIRST " final=2", CODE_BAD_VALUE },
        { OP_PROFILE_CONFIRM, FIRST " release=1 match=M-1", CODE_OK },
        { OP_PROFILE_ORDER, "iccid=8995000000000000012 type=P1", CODE_ICCID_UNKNOWN },
        { OP_LINE_SUSPEND, MSISDN, CODE_LINE_WRONG_STATE },
        { OP_LINE_ACTIVATE, MSISDN, CODE_OK },
        { OP_LINE_ACTIVATE, MSISDN, CODE_OK },
        { OP_LINE_SUSPEND, MSISDN, CODE_OK },
        { OP_LINE_RESUME, MSISDN, CODE_OK },
        { OP_LINE_TERMINATE, MSISDN, CODE_OK },
        { OP_LINE_TERMINATE, MSISDN, CODE_OK },
        { OP_LINE_ACTIVATE, MSISDN, CODE_LINE_WRONG_STATE },
        { OP_LINE_ACTIVATE, "", CODE_MISSING },
        { OP_USAGE_READ, "msisdn=95977999999 from=1 to=2", CODE_MSISDN_UNKNOWN },
        { OP_USAGE_READ, MSISDN " from=2 to=2", CODE_PERIOD_REFUSED },
        { OP_USAGE_READ, MSISDN " from=1 to=9 cursor=x", CODE_PERIOD_REFUSED },
        { OP_USAGE_READ, MSISDN " from=1", CODE_MISSING },
        { OP_USAGE_READ, "from=1 to=2", CODE_MISSING },
        { OP_REQUEST_STATUS, "", CODE_MISSING },
    };
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int code = ask(&client, rows[i].operation, rows[i].params);
        if (code != (int)rows[i].code)
            fprintf(stderr, "row %zu: %s\n", i, rows[i].params);
        CHECK_INT(code, rows[i].code);
    }
    client_close(&client);
    rig_close(&rig);
}

static void usage_comes_in_pages(void)
{
    struct rig rig;
    struct client client;
    rig_open(&rig, (struct sandbox_options){ 0 });
    client_enter(&client, &rig);
    CHECK_INT(ask(&client, OP_LINE_ACTIVATE, MSISDN), CODE_OK);
    struct asked asked = asked_new(OP_USAGE_READ);
    CHECK_INT(ask(&client, OP_USAGE_READ, MSISDN " from=0 to=11232000000"), CODE_OK);
    char cursor[8];
    struct slice told = result(&client, TAG_CURSOR);
    CHECK_INT(told.size, sizeof cursor); /* 130 days, 100 on a page. */
    memcpy(cursor, told.ptr, sizeof cursor);
    struct buf *out = &client.body;
    values_put(out, TAG_REQUEST_ID, slice_bytes(asked.id, MYTEL_ID_SIZE));
    values_put_number(out, TAG_OPERATION, OP_USAGE_READ);
    size_t params = values_open(out, TAG_PARAMS);
    put_params(out, MSISDN " from=0 to=11232000000");
    values_put(out, TAG_CURSOR, slice_bytes(cursor, sizeof cursor));
    values_close(out, params);
    client_send(&client, FRAME_REQUEST, 0); /* What reads needs no EXPIRES. */
    CHECK_INT(client_code(&client), CODE_OK);
    CHECK_INT(result(&client, TAG_CURSOR).size, 0);
    CHECK(client.whole.size > 30 * 60);
    client_close(&client);
    rig_close(&rig);
}

TESTS("sandbox mytel", CASE(both_sides_prove_that_they_know_the_secret),
      CASE(a_stranger_learns_nothing_but_no),
      CASE(a_version_that_we_do_not_speak_is_told), CASE(a_login_fails_on_demand),
      CASE(a_wrong_frame_ends_the_session_with_its_reason),
      CASE(values_that_are_wrong_end_the_session_too),
      CASE(what_a_later_version_adds_is_skipped), CASE(segments_mean_nothing),
      CASE(a_silent_client_is_pinged_then_left), CASE(a_profile_goes_its_way),
      CASE(each_refusal_has_its_code), CASE(usage_comes_in_pages))
