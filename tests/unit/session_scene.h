/* session_scene.h - orders through a kept session, from HTTP to the carrier's bytes and
 * back: the whole host with the parrot in its cell, the carrier played by the test. */
#ifndef TESTS_SESSION_SCENE_H
#define TESTS_SESSION_SCENE_H

#include "api_client.h"
#include "carrier.h"

enum { PATIENCE_US = 20000000 };

static struct api_rig *rig;
static struct carrier carrier;

/* ---- the world ---- */

static inline void put_place(const struct api_rig *at, uint16_t port)
{
    char text[200];
    CHECK(snprintf(text, sizeof text,
                   "endpoints:\n  - name: line\n    url: tcp://127.0.0.1:%u\n",
                   port) > 0);
    rig_put(at, "adapters.d/parrot.yaml", slice_of(text));
}

static inline void put_parrot(const struct api_rig *at, int revision)
{
    rig_put_manifest(
        at, "parrot",
        "capabilities: [sms.send, usage.read, line.activate, line.suspend]\n"
        "sessions:\n"
        "  - { name: line, hosts: [127.0.0.1], ports: { least: 1, most: 65535 },\n"
        "      tls: none, answer_ms: 15000, frame_bytes: 4000, allow_private: true }\n"
        "retry: { base_ms: 1, most_ms: 20, attempts: 20 }\n"
        "limits: { in_flight: 64 }\n",
        revision);
}

static inline void further(const struct api_rig *at, void *arg)
{
    (void)arg;
    put_parrot(at, 1);
    put_place(at, carrier.port);
}

static inline bool patient(int64_t from_us)
{
    carrier_turn(&carrier);
    poll(NULL, 0, 1);
    return clock_mono_us() - from_us < PATIENCE_US;
}

static inline void hear(char ret[CARRIER_LINE_SIZE])
{
    int64_t from_us = clock_mono_us();
    bool heard = false;
    ret[0] = '\0';
    while (!(heard = carrier_next(&carrier, ret)) && patient(from_us))
        ;
    CHECK_FATAL(heard);
}

static inline void hears(const char *line)
{
    char got[CARRIER_LINE_SIZE];
    hear(got);
    CHECK_TEXT(got, line);
}

static inline void be_bound(void)
{
    hears("LOGIN nobody");
    carrier_say(&carrier, "OK 4");
}

static inline void start(void)
{
    static const char *const sets[] = { "cell.deaths", "100", "cell.backoff_ms", "1",
                                        NULL };
    struct api_rig_plan plan = { .further = further, .sets = sets };
    carrier_start(&carrier, NULL);
    rig = rig_start(&plan);
    be_bound();
}

static inline void stop(void)
{
    rig_stop(&rig);
    carrier_stop(&carrier);
}

/* ---- orders ---- */

static inline void place(const char *type, const char *text, char ret[ID_SIZE])
{
    static int number;
    char body[300], headers[100], member[200];
    struct reply reply;
    bool is_message = strcmp(type, "sms.send") == 0;
    CHECK(snprintf(member, sizeof member,
                   is_message ? "\"text\":\"%s\""
                              : "\"extra\":{\"text\":\"%s\",\"from\":\"2026-01-01T00:"
                                "00:00Z\",\"to\":\"2026-01-02T00:00:00Z\"}",
                   text) > 0);
    CHECK(snprintf(body, sizeof body,
                   "{\"type\":\"%s\",\"carrier\":\"parrot\",\"msisdn\":\"+9592500%05d\""
                   ",%s}",
                   type, ++number, member) > 0);
    CHECK(snprintf(headers, sizeof headers,
                   "Content-Type: application/json\r\nIdempotency-Key: k%d\r\n",
                   number) > 0);
    struct ask ask = { "POST", "/v1/orders", rig->admin, body, headers };
    rig_ask(rig, &ask, &reply);
    if (reply.status != 202)
        fprintf(stderr, "%.*s\n", (int)reply.body.size, reply.body.ptr);
    CHECK_FATAL(reply.status == 202);
    CHECK(slice_copy(slice_of(json_text(reply.json, "id")), ret, ID_SIZE));
    rig_finish(&reply);
}

static inline bool order_is(const char *id, const char *state, char *ret_text,
                            size_t size)
{
    char path[80];
    struct reply reply;
    CHECK(snprintf(path, sizeof path, "/v1/orders/%s", id) > 0);
    struct ask ask = { "GET", path, rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    const char *now = json_text(reply.json, "state");
    bool is = now != NULL && strcmp(now, state) == 0;
    CHECK(snprintf(ret_text, size, "%.*s", (int)reply.body.size, reply.body.ptr) >= 0);
    rig_finish(&reply);
    return is;
}

static inline void becomes(const char *id, const char *state)
{
    int64_t from_us = clock_mono_us();
    char text[4096];
    bool is = false;
    while (!(is = order_is(id, state, text, sizeof text)) && patient(from_us))
        ;
    if (!is)
        fprintf(stderr, "expected %s: %s\n", state, text);
    CHECK(is);
}

/* "SAY key text": the key is the operation's. */
static inline void hears_say(const char *text, char ret_key[64])
{
    char line[CARRIER_LINE_SIZE];
    hear(line);
    struct slice rest = slice_of(line);
    CHECK(slice_is(slice_cut(&rest, ' '), "SAY"));
    CHECK(slice_copy(slice_cut(&rest, ' '), ret_key, 64));
    CHECK(slice_is(rest, text));
}

static inline void say(const char *verb, const char *key, const char *text)
{
    char line[200];
    CHECK(snprintf(line, sizeof line, "%s %s %s", verb, key, text) > 0);
    carrier_say(&carrier, line);
}

/* ---- what people see ---- */

static inline void sight(char *ret, size_t size)
{
    struct reply reply;
    struct ask ask = { "GET", "/v1/adapters/parrot", rig->admin, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK_INT(reply.status, 200);
    CHECK(snprintf(ret, size, "%.*s", (int)reply.body.size, reply.body.ptr) > 0);
    rig_finish(&reply);
}

static inline void shows(const char *text)
{
    char seen[4096];
    int64_t from_us = clock_mono_us();
    bool is = false;
    while (!is && patient(from_us)) {
        sight(seen, sizeof seen);
        is = strstr(seen, text) != NULL;
    }
    if (!is)
        fprintf(stderr, "expected %s: %s\n", text, seen);
    CHECK(is);
}

static inline void reload(int revision)
{
    put_parrot(rig, revision);
    struct ask ask = { "POST", "/v1/adapters/parrot/reload", rig->super, NULL, NULL };
    CHECK_INT(rig_status(rig, &ask), 200);
}

/* How often this was told, at least `wanted` times if patience has an end. */
static inline int told(const char *type, int wanted)
{
    int64_t from_us = clock_mono_us();
    int count = 0;
    while (count < wanted && patient(from_us)) {
        struct reply reply;
        struct ask ask = { "GET", "/v1/events?limit=50", rig->super, NULL, NULL };
        rig_ask(rig, &ask, &reply);
        count = 0;
        for (const char *at = reply.bytes.ptr; (at = strstr(at, type)) != NULL; at++)
            count++;
        rig_finish(&reply);
    }
    return count;
}

#endif
