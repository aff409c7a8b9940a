/* Sessions, callbacks and the look at settings: what a carrier may send, in pieces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define BYTES(text) ((struct esim_bytes)TEXT(text))
#define TEXT(text)               \
    {                            \
        (text), sizeof(text) - 1 \
    }

/* clang-format off */
static const struct {
    const char *name;
    struct esim_bytes bytes;
} odd_bytes[] = {
    { "nothing",        { NULL, 0 } },
    { "one byte",       TEXT("\0") },
    { "zeros",          TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") },
    { "ones",           TEXT("\377\377\377\377\377\377\377\377\377\377\377\377"
                          "\377\377\377\377\377\377\377\377") },
    { "an HTTP reply",  TEXT("HTTP/1.1 200 OK\r\n\r\n") },
    { "a TLS alert",    TEXT("\25\3\3\0\2\2\50") },
    { "enquire_link",   TEXT("\0\0\0\20\0\0\0\25\0\0\0\0\0\0\0\1") },
    { "half a PDU",     TEXT("\0\0\0\100\0\0\0\5\0\0\0\0\0\0\0\1\0\1\1") },
    { "a JSON object",  TEXT("{\"state\":\"x\"}") },
};
/* clang-format on */
enum { ODD_BYTES = sizeof odd_bytes / sizeof odd_bytes[0] };

static struct esim_bytes as_bytes(const struct buf *buf)
{
    struct slice slice = buf_slice(buf);
    return (struct esim_bytes){ slice.ptr, slice.size };
}

/* ---- the frame splitter ---- */

static bool frame_length(struct check *check, const char *session,
                         struct esim_bytes bytes, const char *what, int64_t *ret)
{
    struct buf payload, reply;
    buf_init(&payload, 1 << 20);
    buf_init(&reply, 1 << 20);
    wire_put_bytes(&payload, slice_of(session));
    wire_put_bytes(&payload, slice_bytes(bytes.ptr, bytes.size));
    bool good = check_run(check, WIRE_FRAME, buf_slice(&payload), what, &reply);
    struct wire_reader reader = wire_reader_of(buf_slice(&reply));
    *ret = (int64_t)wire_u64(&reader);
    buf_finish(&payload);
    buf_finish(&reply);
    return good && wire_done(&reader);
}

/* The answer may depend on the first header_bytes bytes only. */
static void test_frames(struct check *check, const struct cell_session *session)
{
    char longer[64];
    int64_t length, again;
    check_begin(check, "session %s: frames", session->name);
    for (size_t i = 0; i < ODD_BYTES; i++) {
        struct esim_bytes bytes = odd_bytes[i].bytes;
        if (!frame_length(check, session->name, bytes, odd_bytes[i].name, &length))
            continue;
        if (length < -1)
            check_fail(check, odd_bytes[i].name, "a frame of %lld bytes",
                       (long long)length);
        if (length == 0 && bytes.size >= session->header_bytes)
            check_fail(check, odd_bytes[i].name, "%u bytes are there and it says 0",
                       session->header_bytes);
        if (bytes.size < session->header_bytes || bytes.size > sizeof longer)
            continue;
        memset(longer, 'z', sizeof longer);
        memcpy(longer, bytes.ptr, session->header_bytes);
        if (frame_length(check, session->name,
                         (struct esim_bytes){ longer, sizeof longer },
                         odd_bytes[i].name, &again) &&
            again != length)
            check_fail(check, odd_bytes[i].name,
                       "the length depends on bytes behind the first %u",
                       session->header_bytes);
    }
}

/* ---- session steps ---- */

/* A state that it cannot have written may lead to any answer, but not to a crash: then
 * `ret_state` is NULL and the rules are not looked at. */
static void session_run(struct check *check, const char *session,
                        struct esim_session_step *step, const char *what,
                        struct buf *ret_state)
{
    struct err err = ERR_INIT;
    struct buf payload, reply;
    struct esim_session_answer answer;
    struct arena *arena = arena_create(1 << 20);
    buf_init(&payload, 1 << 20);
    buf_init(&reply, 32 << 20);
    step->size = sizeof *step;
    step->now_ms = 1767323045000;
    step->settings = as_bytes(&check->settings);
    step->secrets = as_bytes(&check->secrets);
    session_step_encode(slice_of(session), step, &payload);
    if (check_run(check, WIRE_SESSION, buf_slice(&payload), what, &reply) &&
        ret_state != NULL) {
        if (!session_answer_decode(buf_slice(&reply), arena, &answer, &err))
            check_fail(check, what, "%s", err.text);
        else
            buf_add(ret_state, answer.state.ptr, answer.state.size);
    }
    buf_finish(&payload);
    buf_finish(&reply);
    arena_destroy(&arena);
}

static void test_session(struct check *check, const struct cell_session *session)
{
    static const struct {
        esim_session_event event;
        const char *name;
    } events[] = { { ESIM_OPENED, "opened" }, { ESIM_FRAME, "frame" },
                   { ESIM_TICK, "tick" },     { ESIM_SUBMIT, "submit" },
                   { ESIM_CLOSED, "closed" }, { ESIM_DRAIN, "drain" } };
    struct buf opened, odd, ignored;
    char what[64];
    check_begin(check, "session %s: steps", session->name);
    buf_init(&opened, 1 << 20);
    buf_init(&odd, 1 << 20);
    buf_init(&ignored, 64 << 20);
    struct esim_session_step open = { .event = ESIM_OPENED };
    session_run(check, session->name, &open, "opened", &opened);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        for (size_t j = 0; j < 2 * ODD_BYTES; j++) {
            bool odd_state = j >= ODD_BYTES;
            struct esim_bytes bytes = odd_bytes[j % ODD_BYTES].bytes;
            buf_clear(&odd);
            wire_put_u32(&odd, check->about.state_newest);
            buf_add(&odd, bytes.ptr, bytes.size);
            struct esim_session_step step = {
                .event = events[i].event,
                .state = as_bytes(odd_state ? &odd : &opened),
                .key = BYTES("key"),
                .bytes = bytes,
            };
            if (snprintf(what, sizeof what, "%s, %s%s", events[i].name,
                         odd_bytes[j % ODD_BYTES].name,
                         odd_state ? " as its state too" : "") > 0)
                session_run(check, session->name, &step, what,
                            odd_state ? NULL : &ignored);
        }
    buf_finish(&opened);
    buf_finish(&odd);
    buf_finish(&ignored);
}

void check_sessions(struct check *check)
{
    for (uint32_t i = 0; i < check->session_count; i++) {
        test_frames(check, &check->sessions[i]);
        test_session(check, &check->sessions[i]);
    }
}

/* ---- callbacks ---- */

static bool has_ability(const struct check *check, const char *id)
{
    for (size_t i = 0; i < ESIM_ABILITY_MAX && check->about.abilities[i][0]; i++)
        if (strcmp(check->about.abilities[i], id) == 0)
            return true;
    return false;
}

static void callback_run(struct check *check, const struct esim_request *request,
                         const char *what)
{
    struct err err = ERR_INIT;
    struct buf payload, reply;
    struct esim_response response;
    struct arena *arena = arena_create(1 << 20);
    buf_init(&payload, 32 << 20);
    buf_init(&reply, 32 << 20);
    request_encode(request, &payload);
    if (check_run(check, WIRE_INBOUND, buf_slice(&payload), what, &reply)) {
        if (!response_decode(buf_slice(&reply), arena, &response, &err))
            check_fail(check, what, "%s", err.text);
        else
            check_finds_secret(check, response.body, "the response's body", what);
    }
    buf_finish(&payload);
    buf_finish(&reply);
    arena_destroy(&arena);
}

void check_callbacks(struct check *check)
{
    static const char *const methods[] = { "POST", "GET", "OPTIONS", "" };
    static const char *const paths[] = { "/", "", "/gsma/rsp2/es2plus/x?a=%zz",
                                         "/%00" };
    char what[96];
    if (!has_ability(check, ESIM_ABILITY_INBOUND))
        return;
    check_begin(check, "callbacks");
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        for (size_t j = 0; j < ODD_BYTES; j++) {
            const char *path = paths[j % (sizeof paths / sizeof paths[0])];
            const struct esim_request request = {
                .size = sizeof request,
                .now_ms = 1767323045000,
                .method = { methods[i], strlen(methods[i]) },
                .path = { path, strlen(path) },
                .body = odd_bytes[j].bytes,
                .settings = as_bytes(&check->settings),
                .secrets = as_bytes(&check->secrets),
            };
            if (snprintf(what, sizeof what, "%s %s with %s", methods[i], path,
                         odd_bytes[j].name) > 0)
                callback_run(check, &request, what);
        }
}

/* ---- settings ---- */

static void settings_run(struct check *check, struct esim_bytes settings,
                         const char *what, bool must_be_fine)
{
    struct buf payload, reply;
    buf_init(&payload, 1 << 20);
    buf_init(&reply, 1 << 20);
    wire_put_bytes(&payload, slice_bytes(settings.ptr, settings.size));
    if (check_run(check, WIRE_CHECK, buf_slice(&payload), what, &reply)) {
        struct wire_reader reader = wire_reader_of(buf_slice(&reply));
        struct slice field = wire_bytes(&reader), message = wire_bytes(&reader);
        if (!wire_done(&reader))
            check_fail(check, what, "the verdict on settings is cut off");
        else if (must_be_fine && message.size > 0)
            check_fail(check, what, "%.*s: %.*s", (int)field.size, field.ptr,
                       (int)message.size, message.ptr);
        else if (field.size > 0 && message.size == 0)
            check_fail(check, what, "%.*s is wrong, and no sentence says why",
                       (int)field.size, field.ptr);
    }
    buf_finish(&payload);
    buf_finish(&reply);
}

void check_settings(struct check *check)
{
    if (!has_ability(check, ESIM_ABILITY_CHECK))
        return;
    check_begin(check, "settings");
    /* Settings that were given are meant to be good; "{}" need not be. */
    bool given = !slice_is(buf_slice(&check->settings), "{}");
    settings_run(check, as_bytes(&check->settings), "the settings given", given);
    for (size_t i = 0; i < ODD_BYTES; i++)
        settings_run(check, odd_bytes[i].bytes, odd_bytes[i].name, false);
}
