/* Frames and payloads between host and cell: there and back, and read as hostile. */
#include "cell/wire.h"

#include <stdlib.h>

#include "cell/step_codec.h"
#include "check.h"
#include "esim/capability.h"

#define BYTES(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }

static struct buf out;
static struct arena *arena;
static struct err err;

static void begin(void)
{
    buf_init(&out, 1 << 20);
    arena = arena_create(1 << 20);
    err = (struct err)ERR_INIT;
    CHECK_FATAL(arena != NULL);
}

static void finish(void)
{
    buf_finish(&out);
    arena_destroy(&arena);
}

static bool same(struct esim_bytes a, struct esim_bytes b)
{
    return slice_equal(slice_bytes(a.ptr, a.size), slice_bytes(b.ptr, b.size));
}

static void a_head_is_sixteen_little_endian_bytes(void)
{
    uint8_t bytes[WIRE_HEAD_BYTES];
    wire_head_write(&(struct wire_head){ 0x01020304, 5, 0x1122334455667788 }, bytes);
    CHECK(memcmp(bytes, "\4\3\2\1\5\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11", 16) == 0);
    struct wire_head head = wire_head_read(bytes);
    CHECK_INT(head.size, 0x01020304);
    CHECK_INT(head.kind, 5);
    CHECK(head.call == 0x1122334455667788);
}

static void a_failed_reader_stays_failed(void)
{
    struct wire_reader reader = wire_reader_of(slice_bytes("\xff\xff\xff\xff"
                                                           "ab",
                                                           6));
    CHECK(wire_bytes(&reader).ptr == NULL);
    CHECK(reader.failed);
    CHECK_INT(wire_u32(&reader), 0);
    CHECK_INT(wire_u64(&reader), 0);
    CHECK(!wire_done(&reader));
    reader = wire_reader_of(slice_bytes(NULL, 0));
    CHECK(wire_done(&reader));
    CHECK_INT(wire_u32(&reader), 0);
    CHECK(!wire_done(&reader));
}

/* ---- there and back ---- */

static const struct esim_header headers[] = {
    { BYTES("Content-Type"), BYTES("application/json") },
    { BYTES("X-Admin"), BYTES("") },
};
static const struct esim_reply reply = {
    .size = sizeof reply,
    .status = 200,
    .headers = headers,
    .header_count = 2,
    .body = BYTES("{\"a\":\"\0\"}"),
};
static const struct esim_message message = {
    .size = sizeof message,
    .key = BYTES("k"),
    .payload = BYTES("p"),
};

static struct esim_step a_step(void)
{
    return (struct esim_step){
        .size = sizeof(struct esim_step),
        .event = ESIM_REPLY,
        .now_ms = 1767323045678,
        .random = { 1, 2, 3 },
        .state_version = 7,
        .attempt = 2,
        .operation = BYTES("0198-op"),
        .capability = BYTES(ESIM_PROFILE_ORDER),
        .state = BYTES("{}"),
        .input = BYTES("{\"eid\":1}"),
        .settings = BYTES("{\"s\":1}"),
        .secrets = BYTES("{\"p\":1}"),
        .reply = &reply,
        .message = &message,
    };
}

static void a_step_goes_there_and_back(void)
{
    begin();
    struct esim_step sent = a_step(), got = { 0 };
    step_encode(&sent, &out);
    CHECK(step_decode(buf_slice(&out), arena, &got, &err));
    CHECK_TEXT(err.text, "");
    CHECK_INT(got.size, sizeof got);
    CHECK_INT(got.event, sent.event);
    CHECK_INT(got.now_ms, sent.now_ms);
    CHECK(memcmp(got.random, sent.random, 32) == 0);
    CHECK_INT(got.state_version, 7);
    CHECK_INT(got.attempt, 2);
    CHECK(same(got.operation, sent.operation) && same(got.state, sent.state));
    CHECK(same(got.input, sent.input) && same(got.secrets, sent.secrets));
    CHECK_FATAL(got.reply != NULL && got.message != NULL);
    CHECK_INT(got.reply->header_count, 2);
    CHECK(same(got.reply->headers[0].value, headers[0].value));
    CHECK(same(got.reply->body, reply.body));
    CHECK(same(got.message->key, message.key));
    finish();
}

static struct esim_answer an_ask(void)
{
    return (struct esim_answer){
        .size = sizeof(struct esim_answer),
        .action = ESIM_ASK,
        .state_version = 3,
        .state = BYTES("{\"at\":\"x\"}"),
        .ask = { .size = sizeof(struct esim_ask),
                 .repeat = ESIM_ONCE,
                 .name = BYTES("order"),
                 .endpoint = BYTES("es2"),
                 .method = BYTES("POST"),
                 .path = BYTES("/gsma/rsp2/es2plus/downloadOrder?a=%20"),
                 .headers = headers,
                 .header_count = 2,
                 .body = BYTES("{}"),
                 .timeout_ms = 1500,
                 .flags = ESIM_REWRITE },
    };
}

static bool goes_through(const struct esim_answer *sent, struct esim_answer *ret)
{
    buf_clear(&out);
    answer_encode(sent, &out);
    return answer_decode(buf_slice(&out), arena, ret, &err);
}

static void every_action_goes_there_and_back(void)
{
    begin();
    struct esim_answer got = { 0 }, sent = an_ask();
    CHECK(goes_through(&sent, &got));
    CHECK_INT(got.ask.repeat, ESIM_ONCE);
    CHECK_INT(got.ask.flags, ESIM_REWRITE);
    CHECK_INT(got.ask.timeout_ms, 1500);
    CHECK(same(got.ask.path, sent.ask.path) && same(got.ask.body, sent.ask.body));
    CHECK(same(got.state, sent.state));
    CHECK_INT(got.state_version, 3);
    sent = (struct esim_answer){ .action = ESIM_SEND,
                                 .send = { .repeat = ESIM_ONCE,
                                           .name = BYTES("submit"),
                                           .session = BYTES("smpp"),
                                           .key = BYTES("k1"),
                                           .payload = BYTES("\0\1") } };
    CHECK(goes_through(&sent, &got));
    CHECK(same(got.send.payload, sent.send.payload));
    sent = (struct esim_answer){ .action = ESIM_WAIT, .until_ms = 5 };
    CHECK(goes_through(&sent, &got));
    CHECK_INT(got.until_ms, 5);
    sent =
        (struct esim_answer){ .action = ESIM_AWAIT, .key = BYTES("k"), .until_ms = 9 };
    CHECK(goes_through(&sent, &got));
    CHECK(same(got.key, sent.key));
    sent = (struct esim_answer){ .action = ESIM_END,
                                 .outcome = ESIM_DONE,
                                 .result = BYTES("{}") };
    CHECK(goes_through(&sent, &got));
    CHECK(same(got.result, sent.result));
    sent = (struct esim_answer){ .action = ESIM_END,
                                 .outcome = ESIM_NOT_YET,
                                 .problem = { .retry_after_s = 30,
                                              .code = BYTES("busy"),
                                              .message = BYTES("Wait."),
                                              .carrier_code = BYTES("4.1/4.2") } };
    CHECK(goes_through(&sent, &got));
    CHECK_INT(got.problem.retry_after_s, 30);
    CHECK(same(got.problem.carrier_code, sent.problem.carrier_code));
    CHECK_TEXT(err.text, "");
    finish();
}

/* ---- rules of flow.h: each broken one is refused with its words ---- */

static void refused(const struct esim_answer *answer, const char *words)
{
    struct esim_answer got;
    CHECK(!goes_through(answer, &got));
    CHECK_INT(err.code, ERR_CORRUPT);
    if (strstr(err.text, words) == NULL)
        fprintf(stderr, "  \"%s\" lacks \"%s\"\n", err.text, words);
    CHECK(strstr(err.text, words) != NULL);
}

#define REFUSED(change, words)                \
    do {                                      \
        struct esim_answer answer = an_ask(); \
        change;                               \
        refused(&answer, words);              \
    } while (0)

static void an_ask_against_the_rules_is_refused(void)
{
    static const char large[(64 << 10) + 1];
    begin();
    REFUSED(answer.action = 0, "action is 0");
    REFUSED(answer.action = 6, "action is 6");
    REFUSED(answer.outcome = ESIM_DONE, "outcome is 1");
    REFUSED(answer.ask.repeat = 0, "repeat is 0");
    REFUSED(answer.ask.flags = 2, "flags is 2");
    REFUSED(answer.ask.method.size = 2, "method is PO");
    REFUSED(answer.ask.path.size = 0, "path has 0 bytes");
    REFUSED((answer.ask.path.ptr++, answer.ask.path.size--),
            "path does not begin with /");
    REFUSED(answer.ask.endpoint.size = 0, "endpoint has 0 bytes");
    REFUSED(answer.key.ptr = "k"; answer.key.size = 1, "came with parts");
    REFUSED(answer.until_ms = 1, "came with parts");
    REFUSED(answer.result = answer.ask.body, "came with parts");
    REFUSED(answer.problem.code = answer.ask.name, "came with parts");
    REFUSED(answer.send.key = answer.ask.name, "came with parts");
    REFUSED((answer.state = (struct esim_bytes){ large, sizeof large }),
            "state has 65537 bytes");
    REFUSED(answer.ask.name = (struct esim_bytes)BYTES("a b"), "byte 0x20");
    REFUSED(answer.ask.path = (struct esim_bytes)BYTES("/a\r\nX: y"), "byte 0x0d");
    REFUSED(answer.ask.path = (struct esim_bytes)BYTES("/\xc3\xa9"), "byte 0xc3");
    finish();
}

static void headers_that_are_the_hosts_or_break_lines_are_refused(void)
{
    static const struct {
        struct esim_header header;
        const char *words;
    } rows[] = {
        { { BYTES("host"), BYTES("evil") }, "Host is the host's" },
        { { BYTES("content-length"), BYTES("5") }, "Content-Length is the host's" },
        { { BYTES("Transfer-Encoding"), BYTES("chunked") }, "Transfer-Encoding is" },
        { { BYTES("X"), BYTES("a\r\nb: c") }, "line end or a NUL" },
        { { BYTES("X"), BYTES("a\0b") }, "line end or a NUL" },
        { { BYTES("X:"), BYTES("a") }, "byte 0x3a" },
        { { BYTES(""), BYTES("a") }, "header name has 0 bytes" },
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct esim_answer answer = an_ask();
        answer.ask.headers = &rows[i].header;
        answer.ask.header_count = 1;
        refused(&answer, rows[i].words);
    }
    finish();
}

static struct esim_answer an_end(esim_outcome outcome)
{
    return (struct esim_answer){
        .action = ESIM_END,
        .outcome = outcome,
        .problem = { .retry_after_s = -1,
                     .code = BYTES("no_stock"),
                     .message = BYTES("Order more.") },
    };
}

static void an_end_needs_a_result_or_a_problem_and_never_both(void)
{
    begin();
    struct esim_answer answer = an_end(ESIM_DONE);
    refused(&answer, "came with parts");
    answer = an_end(0);
    refused(&answer, "outcome is 0");
    answer = an_end(5);
    refused(&answer, "outcome is 5");
    answer = an_end(ESIM_REFUSED);
    answer.result = (struct esim_bytes)BYTES("{}");
    refused(&answer, "came with parts");
    answer = an_end(ESIM_REFUSED);
    answer.problem.code = (struct esim_bytes)BYTES("No Stock");
    refused(&answer, "problem code may not hold byte 0x4e");
    answer.problem.code.size = 0;
    refused(&answer, "problem code has 0 bytes");
    answer = an_end(ESIM_UNKNOWN);
    answer.problem.message = (struct esim_bytes)BYTES("a\x1b[31m");
    refused(&answer, "byte 0x1b");
    answer.problem.message = (struct esim_bytes)BYTES(
        "\xed\xa0\x80"); /* A surrogate. */
    refused(&answer, "byte 0xed");
    answer.problem.message = (struct esim_bytes)BYTES("\xc0\xaf"); /* Overlong. */
    refused(&answer, "byte 0xc0");
    answer.problem.message = (struct esim_bytes)BYTES("\xe1\x80\x99 fine");
    struct esim_answer got;
    CHECK(goes_through(&answer, &got));
    answer.problem.retry_after_s = -2;
    refused(&answer, "retry_after_s is -2");
    finish();
}

static void session_answers_keep_to_their_kinds(void)
{
    static const struct {
        struct esim_act act;
        const char *words; /* NULL: fine. */
    } rows[] = {
        { { .kind = ESIM_ACT_WRITE, .bytes = BYTES("x") }, NULL },
        { { .kind = ESIM_ACT_WRITE }, "act WRITE has 0 bytes" },
        { { .kind = ESIM_ACT_READY, .number = 10 }, NULL },
        { { .kind = ESIM_ACT_READY, .number = -1 }, "act READY has number -1" },
        { { .kind = ESIM_ACT_READY, .key = BYTES("k") }, "act READY has a key" },
        { { .kind = ESIM_ACT_DELIVER, .key = BYTES("k") }, NULL },
        { { .kind = ESIM_ACT_DELIVER }, "act DELIVER has a key of 0 bytes" },
        { { .kind = ESIM_ACT_LOST }, "act LOST has a key" },
        { { .kind = ESIM_ACT_CLOSE, .number = -1 }, NULL },
        { { .kind = ESIM_ACT_CLOSE, .number = -2 }, "act CLOSE has number -2" },
        { { .kind = ESIM_ACT_BACK, .key = BYTES("k"), .number = 5 }, NULL },
        { { .kind = 0 }, "act is 0" },
        { { .kind = 9 }, "act is 9" },
    };
    begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct esim_session_answer sent = { .acts = &rows[i].act, .act_count = 1 }, got;
        err = (struct err)ERR_INIT;
        buf_clear(&out);
        session_answer_encode(&sent, &out);
        bool ok = session_answer_decode(buf_slice(&out), arena, &got, &err);
        CHECK(ok == (rows[i].words == NULL));
        CHECK(strstr(err.text, ok ? "" : rows[i].words) != NULL);
    }
    finish();
}

static void a_session_step_goes_there_and_back(void)
{
    begin();
    struct esim_session_step sent = { .event = ESIM_SUBMIT,
                                      .now_ms = -5,
                                      .state = BYTES("s"),
                                      .key = BYTES("k"),
                                      .bytes = BYTES("\0") },
                             got = { 0 };
    struct slice name = { NULL, 0 };
    session_step_encode(slice_of("smpp"), &sent, &out);
    CHECK(session_step_decode(buf_slice(&out), &name, &got, &err));
    CHECK(slice_is(name, "smpp"));
    CHECK_INT(got.now_ms, -5);
    CHECK(same(got.key, sent.key) && same(got.bytes, sent.bytes));
    finish();
}

static void callbacks_go_there_and_back(void)
{
    begin();
    static const struct esim_fact fact = { BYTES("profile"), BYTES("8995"), BYTES("id"),
                                           BYTES("{}") };
    struct esim_request request = { .method = BYTES("POST"),
                                    .path = BYTES("/x"),
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = BYTES("b"),
                                    .secrets = BYTES("{}") },
                        got_request = { 0 };
    request_encode(&request, &out);
    CHECK(request_decode(buf_slice(&out), arena, &got_request, &err));
    CHECK(same(got_request.secrets, request.secrets));
    CHECK_INT(got_request.header_count, 2);
    struct esim_response response = { .status = 200, .facts = &fact, .fact_count = 1 },
                         got = { 0 };
    buf_clear(&out);
    response_encode(&response, &out);
    CHECK(response_decode(buf_slice(&out), arena, &got, &err));
    CHECK(same(got.facts[0].key, fact.key));
    response.status = 100;
    buf_clear(&out);
    response_encode(&response, &out);
    CHECK(!response_decode(buf_slice(&out), arena, &got, &err));
    CHECK(strstr(err.text, "status is 100") != NULL);
    finish();
}

static struct esim_about an_about(void)
{
    return (struct esim_about){
        .magic = ESIM_MAGIC,
        .size = sizeof(struct esim_about),
        .abi = ESIM_ABI,
        .name = "atom",
        .version = "1.2.0",
        .summary = "For tests.",
        .state_oldest = 1,
        .state_newest = 2,
        .capabilities = { ESIM_PROFILE_ORDER, ESIM_SMS_SEND },
        .abilities = { ESIM_ABILITY_FLOWS },
    };
}

static void about_refused(const struct esim_about *about, const char *words)
{
    struct esim_about got;
    struct cell_session sessions[2];
    uint32_t count;
    buf_clear(&out);
    about_encode(about, NULL, 0, &out);
    CHECK(!about_decode(buf_slice(&out), &got, sessions, 2, &count, &err));
    if (strstr(err.text, words) == NULL)
        fprintf(stderr, "  \"%s\" lacks \"%s\"\n", err.text, words);
    CHECK(strstr(err.text, words) != NULL);
}

static void a_descriptor_is_checked(void)
{
    begin();
    struct esim_about about = an_about(), got;
    struct cell_session sessions[1] = { { "smpp", 16 } }, got_sessions[1];
    uint32_t count;
    about_encode(&about, sessions, 1, &out);
    CHECK(about_decode(buf_slice(&out), &got, got_sessions, 1, &count, &err));
    CHECK(memcmp(&got, &about, sizeof got) == 0);
    CHECK_INT(count, 1);
    CHECK_INT(got_sessions[0].header_bytes, 16);
    about.abi = 9;
    about_refused(&about, "ABI is 9, this host's is 1");
    about = an_about();
    about.state_oldest = 3;
    about_refused(&about, "state versions are 3 to 2");
    about = an_about();
    memcpy(about.capabilities[1], "profile.order", 14);
    about_refused(&about, "listed twice");
    memcpy(about.capabilities[1], "profile.fly", 12);
    about_refused(&about, "profile.fly is not known");
    about = an_about();
    about.name[0] = '9';
    about_refused(&about, "does not begin with a letter");
    memset(about.name, 'a', sizeof about.name); /* No NUL. */
    about_refused(&about, "name has 32 bytes");
    finish();
}

/* Every cut and every changed byte is refused or read as something else: never a crash
 * (the sanitizers watch), and never a pointer outside the payload. */
static void damaged_payloads_never_reach_outside(void)
{
    begin();
    struct esim_answer answer = an_ask(), got;
    answer_encode(&answer, &out);
    for (size_t cut = 0; cut < out.size; cut++) {
        char *exact = malloc(cut == 0 ? 1 : cut);
        memcpy(exact, out.ptr, cut);
        arena_reset(arena);
        CHECK(!answer_decode(slice_bytes(exact, cut), arena, &got, &err));
        free(exact);
    }
    for (size_t at = 0; at < out.size; at++) {
        char *exact = malloc(out.size);
        memcpy(exact, out.ptr, out.size);
        for (int change = 1; change < 256; change <<= 1) {
            exact[at] = (char)(out.ptr[at] ^ change);
            arena_reset(arena);
            if (answer_decode(slice_bytes(exact, out.size), arena, &got, &err))
                CHECK(got.ask.path.size <= out.size && got.ask.header_count <= 2);
        }
        free(exact);
    }
    finish();
}

static void lists_need_memory_for_their_elements(void)
{
    begin();
    struct esim_answer answer = an_ask(), got;
    struct arena *small = arena_create(16);
    answer_encode(&answer, &out);
    CHECK(!answer_decode(buf_slice(&out), small, &got, &err));
    CHECK(strstr(err.text, "no memory for 2 elements") != NULL);
    arena_destroy(&small);
    finish();
}

TESTS("wire", CASE(a_head_is_sixteen_little_endian_bytes),
      CASE(a_failed_reader_stays_failed), CASE(a_step_goes_there_and_back),
      CASE(every_action_goes_there_and_back), CASE(an_ask_against_the_rules_is_refused),
      CASE(headers_that_are_the_hosts_or_break_lines_are_refused),
      CASE(an_end_needs_a_result_or_a_problem_and_never_both),
      CASE(session_answers_keep_to_their_kinds),
      CASE(a_session_step_goes_there_and_back), CASE(callbacks_go_there_and_back),
      CASE(a_descriptor_is_checked), CASE(damaged_payloads_never_reach_outside),
      CASE(lists_need_memory_for_their_elements))
