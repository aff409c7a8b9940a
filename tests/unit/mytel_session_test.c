/* The Mytel session: what it says and does for everything that a carrier, the clock and
 * the host can bring. PROTOCOL.md's example is played whole. */
#include "check.h"

#include "mytel_line.h"

/* ---- the document, played ---- */

static void submit_example(struct line *line, int n, const char *key)
{
    struct mytel_frame frame = { 0 };
    struct esim_bytes given = example(n);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    tell_bytes(line, ESIM_SUBMIT, bytes(key),
               (struct esim_bytes){ (const char *)frame.body, frame.body_size });
    CHECK(wrote(line, given));
    CHECK_TEXT(text(act_of(line, ESIM_ACT_WRITE)->key), key);
}

static void delivered_example(const struct line *line, int n, const char *key)
{
    struct mytel_frame frame = { 0 };
    struct esim_bytes given = example(n);
    CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
    const struct esim_act *act = act_of(line, ESIM_ACT_DELIVER);
    CHECK_FATAL(act != NULL);
    CHECK_TEXT(text(act->key), key);
    CHECK(same(act->bytes,
               (struct esim_bytes){ (const char *)frame.body, frame.body_size }));
}

/* Every byte that it writes is the document's, from HELLO to CLOSE. */
static void the_example_of_the_document_is_played_byte_for_byte(void)
{
    struct line line = opened();
    CHECK(wrote(&line, example(1)));
    CHECK_INT(act_of(&line, ESIM_ACT_TIMER)->number, NOW_MS + 10000);
    hear_example(&line, 2);
    CHECK(wrote(&line, example(3)));
    CHECK_INT(ready(&line), -1);
    hear_example(&line, 4);
    CHECK_INT(ready(&line), 16);
    submit_example(&line, 5, OP_KEY);
    hear_example(&line, 6);
    delivered_example(&line, 6, OP_KEY);
    submit_example(&line, 7, "0707070707070707070707070707070a");
    hear_example(&line, 8);
    delivered_example(&line, 8, "0707070707070707070707070707070a");
    line.now_ms += 30000;
    tell(&line, ESIM_TICK);
    CHECK(wrote(&line, example(9)));
    hear_example(&line, 10);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    hear_example(&line, 11);
    CHECK(wrote(&line, example(12)));
    submit_example(&line, 13, "0190a0b0111172228333444455557777");
    hear_example(&line, 14);
    delivered_example(&line, 14, "0190a0b0111172228333444455557777");
    hear_example(&line, 15);
    CHECK_INT(ready(&line), 8);
    tell(&line, ESIM_DRAIN);
    CHECK(wrote(&line, example(16)));
    CHECK_INT(close_retry_ms(&line), 0);
}

/* ---- pieces ---- */

/* As the host cuts: feeds what came, frame by frame; notes the acts as letters. */
static void feed(struct line *line, const char *all, size_t size, size_t *at,
                 char *notes)
{
    for (;;) {
        struct esim_bytes rest = { all + *at, size - *at };
        int64_t length = the_session()->frame(rest);
        CHECK(length >= 0);
        if (length <= 0 || (uint64_t)length > rest.size)
            return;
        tell_bytes(line, ESIM_FRAME, bytes(""),
                   (struct esim_bytes){ rest.ptr, (uint64_t)length });
        *at += (size_t)length;
        for (uint64_t i = 0; i < line->answer.act_count; i++)
            notes[strlen(notes)] = (char)('0' + line->answer.acts[i].kind);
    }
}

/* Fragments and several frames at once: wherever the stream is cut, the same happens. */
static void it_does_not_matter_where_the_stream_is_cut(void)
{
    static const int parts[] = { 2, 4, 11, 15 };
    char stream[2048], whole[64] = "";
    size_t size = 0;
    start();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct mytel_frame frame = { 0 };
        struct esim_bytes given = example(parts[i]);
        CHECK_INT(mytel_frame_read(given.ptr, given.size, &frame), CLOSE_NONE);
        frame.sequence = (uint32_t)i + 1;
        size += mytel_frame_write(&frame, stream + size, sizeof stream - size);
    }
    for (size_t cut = 0; cut <= size; cut++) {
        char notes[64] = "";
        size_t at = 0;
        struct line line = opened();
        feed(&line, stream, cut, &at, notes);
        feed(&line, stream, size, &at, notes);
        CHECK_INT(at, size);
        if (cut == 0)
            memcpy(whole, notes, sizeof whole);
        CHECK_TEXT(notes, whole);
    }
    CHECK_TEXT(whole, "12512"); /* LOGIN; READY; fact and its ACK; READY. */
}

/* Of a frame cut off by the end of the connection nothing is used. */
static void half_a_frame_is_never_a_frame(void)
{
    struct line line = bound();
    struct esim_bytes whole = example(11);
    struct esim_bytes before = line.state;
    for (size_t size = FRAME_CUT_BYTES; size < whole.size; size++) {
        line.state = before;
        tell_bytes(&line, ESIM_FRAME, bytes(""),
                   (struct esim_bytes){ whole.ptr, size });
        CHECK_INT(close_reason(&line), CLOSE_BAD_LENGTH);
        CHECK(act_of(&line, ESIM_ACT_REPORT) == NULL);
    }
    line.state = before;
    tell_bytes(&line, ESIM_CLOSED, bytes(""), bytes("reset"));
    CHECK_INT(line.answer.act_count, 0);
}

/* ---- frames that are wrong ---- */

static void a_wrong_checksum_ends_the_connection(void)
{
    struct line line = bound();
    struct esim_bytes frame = frame_of(FRAME_PING, 3, 0, NULL);
    ((char *)(uintptr_t)frame.ptr)[frame.size - 1] ^= 1;
    tell_bytes(&line, ESIM_FRAME, bytes(""), frame);
    CHECK_INT(close_reason(&line), CLOSE_BAD_CHECKSUM);
    CHECK_INT(close_retry_ms(&line), 0);
}

/* A recorded frame played once more, or one left out. */
static void a_replayed_or_missing_frame_ends_the_connection(void)
{
    struct line line = bound();
    hear_example(&line, 4);
    CHECK_INT(close_reason(&line), CLOSE_BAD_SEQUENCE);
    CHECK(act_of(&line, ESIM_ACT_READY) == NULL);
    line = bound();
    line.sequence++;
    hear(&line, FRAME_PING, 0, NULL);
    CHECK_INT(close_reason(&line), CLOSE_BAD_SEQUENCE);
}

static void frames_out_of_place_end_the_connection(void)
{
    /* clang-format off */
    static const struct { uint8_t type; bool is_open; } rows[] = {
        { FRAME_WELCOME, false },   { FRAME_PING, false },  { FRAME_REPLY, false },
        { FRAME_EVENT, false },     { FRAME_WINDOW, false }, { FRAME_HELLO, false },
        { 0x99, false },            { FRAME_CHALLENGE, true }, { FRAME_WELCOME, true },
        { FRAME_HELLO, true },      { FRAME_REQUEST, true }, { FRAME_EVENT_ACK, true },
        { 0, true },                { 0x7F, true },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line line = rows[i].is_open ? bound() : opened();
        hear(&line, rows[i].type, 0, NULL);
        CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    }
    struct line line = bound();
    hear(&line, 0x80, 0, NULL); /* Of a later version. */
    hear(&line, 0xFF, 0, NULL);
    CHECK_INT(line.answer.act_count, 0);
}

static void another_version_in_a_frame_ends_the_connection(void)
{
    struct line line = bound();
    struct mytel_frame frame = { .version = 2, .type = FRAME_PING, .sequence = 3 };
    char room[FRAME_LEAST];
    CHECK_INT(mytel_frame_write(&frame, room, sizeof room), sizeof room);
    tell_bytes(&line, ESIM_FRAME, bytes(""), (struct esim_bytes){ room, sizeof room });
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
}

static void values_that_cannot_be_read_end_the_connection(void)
{
    struct line line = bound();
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_WINDOW, 4);
    out.size--;
    hear(&line, FRAME_WINDOW, 0, &out);
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    line = bound();
    out = values();
    mytel_tlv_put(&out, 0x0299 | TAG_CRITICAL, "", 0);
    hear(&line, FRAME_PING, 0, &out);
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    line = bound();
    out = values();
    mytel_tlv_put(&out, 0x0299, "", 0);
    hear(&line, FRAME_PING, 0, &out);
    CHECK_INT(written(&line).type, FRAME_PONG);
    static const uint8_t lacking[] = { FRAME_WINDOW, FRAME_REPLY, FRAME_EVENT };
    for (size_t i = 0; i < sizeof lacking; i++) {
        line = bound();
        submit(&line, 1);
        hear(&line, lacking[i], 3, NULL);
        CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
    }
}

/* ---- login ---- */

static struct tlv_out challenge(uint64_t version, int64_t server_ms)
{
    static const uint8_t nonce[32] = { 9 };
    struct tlv_out out = values();
    mytel_tlv_put_number(&out, TAG_PROTOCOL, version);
    mytel_tlv_put(&out, TAG_NONCE, nonce, sizeof nonce);
    mytel_tlv_put_number(&out, TAG_SERVER_TIME, (uint64_t)server_ms);
    return out;
}

static void a_challenge_that_cannot_be_answered_ends_the_login(void)
{
    /* clang-format off */
    static const struct { uint64_t version; int64_t apart_ms; int reason; int64_t retry; } rows[] = {
        { 2, 0,       CLOSE_UNSUPPORTED_VERSION, 300000 },
        { 1, 300001,  CLOSE_CLOCK,               300000 },
        { 1, -300001, CLOSE_CLOCK,               300000 },
        { 1, 300000,  0,                         INT64_MIN },
        { 1, -300000, 0,                         INT64_MIN },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct line line = opened();
        struct tlv_out out = challenge(rows[i].version, NOW_MS + rows[i].apart_ms);
        hear(&line, FRAME_CHALLENGE, 1, &out);
        CHECK_INT(close_reason(&line), rows[i].reason);
        CHECK_INT(close_retry_ms(&line), rows[i].retry);
    }
    struct line line = opened();
    hear(&line, FRAME_CHALLENGE, 1, NULL);
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
}

/* No secret, no proof: and a wrong one must not become a storm of tries. */
static void without_a_usable_secret_there_is_no_login(void)
{
    static const char *const secrets[] = { "{}", "{\"login.secret\":\"too short\"}",
                                           "[]", "{\"login.secret\":7}" };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        struct line line = opened();
        line.secrets = secrets[i];
        hear_example(&line, 2);
        CHECK_INT(close_reason(&line), CLOSE_BAD_CREDENTIALS);
        CHECK_INT(close_retry_ms(&line), -1);
    }
    struct line line = { .now_ms = NOW_MS, .settings = "{}", .secrets = SECRETS };
    start();
    tell(&line, ESIM_OPENED);
    CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    CHECK_INT(close_retry_ms(&line), -1);
}

/* Whoever sits at the carrier's address without its secret gets nothing. */
static void a_carrier_that_cannot_prove_itself_is_left(void)
{
    struct line line = opened();
    line.secrets = "{\"login.secret\":\"mytel example secret 0002\"}";
    hear_example(&line, 2);
    hear_example(&line, 4);
    CHECK_INT(close_reason(&line), CLOSE_BAD_CREDENTIALS);
    CHECK_INT(close_retry_ms(&line), -1);
    CHECK_INT(ready(&line), -1);
    line = opened();
    hear_example(&line, 2);
    hear(&line, FRAME_WELCOME, 2, NULL);
    CHECK_INT(close_reason(&line), CLOSE_PROTOCOL);
}

static void a_login_that_takes_too_long_ends(void)
{
    struct line line = opened();
    line.now_ms += 9999;
    tell(&line, ESIM_TICK);
    CHECK_INT(close_retry_ms(&line), INT64_MIN);
    CHECK_INT(act_of(&line, ESIM_ACT_TIMER)->number, NOW_MS + 10000);
    line.now_ms++;
    tell(&line, ESIM_TICK);
    CHECK_INT(close_reason(&line), CLOSE_LOGIN_TIMEOUT);
    CHECK_INT(close_retry_ms(&line), 0);
}

/* ---- the carrier closes ---- */

static void each_reason_of_the_carrier_has_its_retry(void)
{
    /* clang-format off */
    static const struct { int reason; int64_t ask_ms, retry_ms; } rows[] = {
        { CLOSE_NORMAL, -1, 0 },              { CLOSE_GOING_AWAY, -1, 0 },
        { CLOSE_GOING_AWAY, 7000, 7000 },     { CLOSE_GOING_AWAY, 4000000000, 3600000 },
        { CLOSE_BAD_CREDENTIALS, 7000, -1 },  { CLOSE_BARRED, -1, -1 },
        { CLOSE_UNSUPPORTED_VERSION, 5, 300000 }, { CLOSE_TOO_MANY_SESSIONS, 900, 900 },
        { CLOSE_PROTOCOL, -1, 0 },            { 999, -1, 0 },
    };
    /* clang-format on */
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct line line = i % 2 == 0 ? bound() : opened();
        struct tlv_out out = values();
        mytel_tlv_put_number(&out, TAG_REASON, (uint64_t)rows[i / 2].reason);
        if (rows[i / 2].ask_ms >= 0)
            mytel_tlv_put_number(&out, TAG_RETRY_AFTER_MS,
                                 (uint64_t)rows[i / 2].ask_ms);
        hear(&line, FRAME_CLOSE, 0, &out);
        CHECK_INT(close_retry_ms(&line), rows[i / 2].retry_ms);
        CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
        CHECK(act_of(&line, ESIM_ACT_CLOSE)->bytes.size > 0);
    }
}

/* What the host still had in hand was not sent. */
static void after_the_end_nothing_is_said(void)
{
    struct line line = bound();
    tell(&line, ESIM_DRAIN);
    submit(&line, 1);
    CHECK_INT(line.answer.act_count, 1);
    CHECK_TEXT(text(act_of(&line, ESIM_ACT_LOST)->key), key_number(1));
    hear(&line, FRAME_PING, 0, NULL);
    CHECK_INT(line.answer.act_count, 0);
    tell(&line, ESIM_TICK);
    CHECK_INT(line.answer.act_count, 0);
}

/* ---- state ---- */

static void a_state_that_cannot_be_read_ends_the_connection(void)
{
    struct line whole = bound();
    submit(&whole, 1);
    for (size_t size = 0; size < whole.state.size; size++) {
        struct line line = whole;
        line.state.size = size;
        tell(&line, ESIM_TICK);
        CHECK_INT(close_retry_ms(&line), 0);
        CHECK(act_of(&line, ESIM_ACT_WRITE) == NULL);
    }
    struct line line = whole;
    tell(&line, 77); /* No such event. */
    CHECK_INT(close_retry_ms(&line), 0);
}

TESTS("mytel_session", CASE(the_example_of_the_document_is_played_byte_for_byte),
      CASE(it_does_not_matter_where_the_stream_is_cut),
      CASE(half_a_frame_is_never_a_frame), CASE(a_wrong_checksum_ends_the_connection),
      CASE(a_replayed_or_missing_frame_ends_the_connection),
      CASE(frames_out_of_place_end_the_connection),
      CASE(another_version_in_a_frame_ends_the_connection),
      CASE(values_that_cannot_be_read_end_the_connection),
      CASE(a_challenge_that_cannot_be_answered_ends_the_login),
      CASE(without_a_usable_secret_there_is_no_login),
      CASE(a_carrier_that_cannot_prove_itself_is_left),
      CASE(a_login_that_takes_too_long_ends),
      CASE(each_reason_of_the_carrier_has_its_retry),
      CASE(after_the_end_nothing_is_said),
      CASE(a_state_that_cannot_be_read_ends_the_connection),
      CASE(memory_goes_back_to_the_host))
