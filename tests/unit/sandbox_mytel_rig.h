/* sandbox_mytel_rig.h - the sandbox's Mytel side on a free port, and clients of it, in one
 * thread: the test turns the loop until what it waits for has come. */
#ifndef TESTS_SANDBOX_MYTEL_RIG_H
#define TESTS_SANDBOX_MYTEL_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "check.h"
#include "net/stream.h"
#include "../../sdk/sandbox/ledger.h"
#include "../../sdk/sandbox/mytel.h"

enum { RIG_PATIENCE_MS = 20000 };
#define RIG_CLIENT "acme-01"
#define RIG_SECRET "a secret of good length"

struct rig {
    struct sandbox_options options;
    struct sandbox sandbox;
    void *state;
    struct line_server *server;
    uint16_t port;
    struct loop_timer *patience;
    bool late;
};

/* One connection. */
struct client {
    struct rig *rig;
    struct stream *stream;
    struct buf in, out, body;
    struct frame frame; /* The last one read; in `whole`. */
    struct buf whole;
    uint32_t sent, came;
    bool open, ended;
    char name[65], secret[129];
    uint8_t least, most, nonce[32], carriers_nonce[32];
};

static inline void rig_late(void *arg)
{
    struct rig *rig = arg;
    rig->late = true;
}

static inline void rig_turn(struct rig *rig)
{
    CHECK_FATAL(!rig->late);
    (void)event_base_loop(loop_base(rig->sandbox.loop), EVLOOP_ONCE);
}

static inline void rig_open(struct rig *rig, struct sandbox_options options)
{
    struct err err = ERR_INIT;
    char address[64];
    *rig = (struct rig){ .options = options };
    if (options.user == NULL)
        rig->options.user = RIG_CLIENT;
    if (options.password == NULL)
        rig->options.password = RIG_SECRET;
    rig->options.iccid_prefix = "8995";
    rig->options.smdp_address = "smdp.sandbox.example";
    rig->options.stock = (struct option_list){ { "P1=200", "P2=1" }, 2 };
    rig->options.window = options.window != 0 ? options.window : 64;
    rig->options.heartbeat_s = options.heartbeat_s != 0 ? options.heartbeat_s : 30;
    rig->options.answer_s = options.answer_s != 0 ? options.answer_s : 20;
    rig->sandbox.options = &rig->options;
    rig->sandbox.loop = loop_create(&err);
    rig->sandbox.ledger = ledger_create(1 << 20);
    rig->sandbox.faults = faults_create();
    CHECK_FATAL(rig->sandbox.loop != NULL);
    CHECK_FATAL(mytel_side.open(&rig->sandbox, &rig->state, &err));
    rig->server = line_server_create(rig->sandbox.loop, mytel_side.line, rig->state,
                                     "127.0.0.1:0", NULL, address, &err);
    CHECK_FATAL(rig->server != NULL);
    rig->port = (uint16_t)strtoul(strchr(address, ':') + 1, NULL, 10);
    rig->patience = loop_timer_create(rig->sandbox.loop, rig_late, rig);
    loop_timer_set(rig->patience, RIG_PATIENCE_MS);
}

static inline void rig_close(struct rig *rig)
{
    line_server_destroy(&rig->server);
    mytel_side.close(&rig->state);
    loop_timer_destroy(&rig->patience);
    faults_destroy(&rig->sandbox.faults);
    ledger_destroy(&rig->sandbox.ledger);
    loop_destroy(&rig->sandbox.loop);
}

static inline void rig_fault(struct rig *rig, const char *text)
{
    struct err err = ERR_INIT;
    json_t *json = json_read(slice_of(text), &err);
    CHECK_FATAL(faults_add(rig->sandbox.faults, json, &err));
    json_decref(json);
}

/* How many lines of the ledger have that text in them. */
static inline int rig_count(const struct rig *rig, const char *text)
{
    struct buf lines;
    int count = 0;
    buf_init(&lines, 4 << 20);
    ledger_read(rig->sandbox.ledger, 0, &lines);
    for (const char *at = lines.size > 0 ? strstr(lines.ptr, text) : NULL; at != NULL;
         at = strstr(at + 1, text))
        count++;
    buf_finish(&lines);
    return count;
}

/* ---- a client ---- */

static inline void client_opened(void *arg)
{
    ((struct client *)arg)->open = true;
}

static inline void client_bytes(void *arg, struct slice bytes)
{
    buf_add_slice(&((struct client *)arg)->in, bytes);
}

static inline void client_closed(void *arg, const struct err *why)
{
    (void)why;
    ((struct client *)arg)->ended = true;
}

static inline void client_connect(struct client *client, struct rig *rig)
{
    struct err err = ERR_INIT;
    const struct stream_place place = { .host = "127.0.0.1",
                                        .port = rig->port,
                                        .allow_private = true,
                                        .connect_ms = RIG_PATIENCE_MS,
                                        .queue_bytes = 1 << 20 };
    const struct stream_events events = { client_opened, client_bytes, client_closed,
                                          client };
    *client = (struct client){ .rig = rig, .least = 1, .most = 1 };
    (void)slice_copy(slice_of(RIG_CLIENT), client->name, sizeof client->name);
    (void)slice_copy(slice_of(RIG_SECRET), client->secret, sizeof client->secret);
    buf_init(&client->in, 4 << 20);
    buf_init(&client->out, FRAME_MOST);
    buf_init(&client->body, FRAME_MOST);
    buf_init(&client->whole, FRAME_MOST);
    client->stream = stream_open(rig->sandbox.loop, &place, &events, &err);
    CHECK_FATAL(client->stream != NULL);
    while (!client->open)
        rig_turn(rig);
}

static inline void client_close(struct client *client)
{
    if (client->stream != NULL)
        stream_close(&client->stream);
    buf_finish(&client->in);
    buf_finish(&client->out);
    buf_finish(&client->body);
    buf_finish(&client->whole);
}

/* Sends what is in client->body. */
static inline void client_send(struct client *client, enum frame_type type,
                               uint32_t answers)
{
    frame_begin(&client->out, type, answers);
    buf_add_slice(&client->out, buf_slice(&client->body));
    frame_end(&client->out);
    frame_stamp(client->out.ptr, client->out.size, ++client->sent);
    CHECK(stream_write(client->stream, buf_slice(&client->out)));
    buf_clear(&client->body);
}

/* The next frame, into client->frame; its type, 0 when the carrier has hung up. */
static inline int client_read(struct client *client)
{
    int64_t length = 0;
    for (;;) {
        length = frame_length(buf_slice(&client->in));
        if (length != 0 && (size_t)length <= client->in.size)
            break;
        if (client->ended)
            return 0;
        rig_turn(client->rig);
    }
    CHECK_FATAL(length > 0);
    buf_clear(&client->whole);
    buf_add(&client->whole, client->in.ptr, (size_t)length);
    buf_drop(&client->in, (size_t)length);
    client->frame = frame_read(buf_slice(&client->whole));
    CHECK(client->frame.is_sound);
    CHECK_INT(client->frame.version, 1);
    CHECK_INT(client->frame.sequence, client->came + 1);
    CHECK_INT(values_check(client->frame.body), VALUES_FINE);
    client->came = client->frame.sequence;
    return client->frame.type;
}

static inline uint64_t client_number(const struct client *client, unsigned tag)
{
    return values_number(client->frame.body, tag);
}

/* The reason of the CLOSE that comes now; nothing comes after it. */
static inline int client_close_reason(struct client *client)
{
    CHECK_INT(client_read(client), FRAME_CLOSE);
    int reason = (int)client_number(client, TAG_REASON);
    CHECK_INT(client_read(client), 0);
    return reason;
}

/* ---- the login ---- */

static inline void client_prove(const struct client *client, const char *label,
                                uint8_t ret[DIGEST_SIZE])
{
    const uint8_t versions[] = { 0, client->least, client->most, 1 };
    struct buf text;
    buf_init(&text, 1024);
    buf_add_text(&text, label);
    buf_add(&text, versions, sizeof versions);
    buf_add(&text, client->nonce, sizeof client->nonce);
    buf_add(&text, client->carriers_nonce, sizeof client->carriers_nonce);
    buf_add_text(&text, client->name);
    digest_hmac_sha256(slice_of(client->secret), buf_slice(&text), ret);
    buf_finish(&text);
}

static inline void client_hello(struct client *client)
{
    id_random(client->nonce, sizeof client->nonce);
    values_put_number(&client->body, TAG_PROTOCOL_LEAST, client->least);
    values_put_number(&client->body, TAG_PROTOCOL_MOST, client->most);
    values_put_text(&client->body, TAG_CLIENT_ID, client->name);
    values_put(&client->body, TAG_NONCE, slice_bytes(client->nonce, 32));
    client_send(client, FRAME_HELLO, 0);
}

/* HELLO, CHALLENGE, LOGIN; the type of what comes then. */
static inline int client_login(struct client *client)
{
    uint8_t proof[DIGEST_SIZE];
    client_hello(client);
    CHECK_INT(client_read(client), FRAME_CHALLENGE);
    memcpy(client->carriers_nonce, values_text(client->frame.body, TAG_NONCE).ptr, 32);
    client_prove(client, "mytel-login-1", proof);
    values_put(&client->body, TAG_PROOF, slice_bytes(proof, sizeof proof));
    client_send(client, FRAME_LOGIN, client->frame.sequence);
    return client_read(client);
}

static inline void client_enter(struct client *client, struct rig *rig)
{
    client_connect(client, rig);
    CHECK_INT(client_login(client), FRAME_WELCOME);
}

/* ---- requests ---- */

struct asked {
    uint8_t id[MYTEL_ID_SIZE];
    int64_t expires_in_ms;
    enum operation operation;
};

static inline struct asked asked_new(enum operation operation)
{
    struct asked asked = { .operation = operation, .expires_in_ms = 3600000 };
    id_random(asked.id, sizeof asked.id);
    return asked;
}

/* `params`: "ICCID=... MSISDN=..." as tag numbers would be tedious. */
static inline void put_params(struct buf *out, const char *params)
{
    static const struct {
        const char *name;
        unsigned tag;
        bool is_number;
    } rows[] = {
        { "iccid", TAG_ICCID, false },
        { "eid", TAG_EID, false },
        { "msisdn", TAG_MSISDN, false },
        { "type", TAG_PROFILE_TYPE, false },
        { "match", TAG_MATCHING_ID, false },
        { "cursor", TAG_CURSOR, false },
        { "release", TAG_RELEASE, true },
        { "final", TAG_FINAL_STATE, true },
        { "from", TAG_FROM, true },
        { "to", TAG_TO, true },
        { "code", TAG_CONFIRMATION_CODE, false },
    };
    struct slice rest = slice_of(params);
    while (rest.size > 0) {
        struct slice value = slice_cut(&rest, ' ');
        struct slice name = slice_cut(&value, '=');
        uint64_t number = 0;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (!slice_is(name, rows[i].name))
                continue;
            if (rows[i].is_number && slice_u64(value, &number))
                values_put_number(out, rows[i].tag, number);
            else
                values_put(out, rows[i].tag, value);
        }
    }
}

static inline void client_ask(struct client *client, const struct asked *asked,
                              const char *params)
{
    struct buf *out = &client->body;
    values_put(out, TAG_REQUEST_ID, slice_bytes(asked->id, MYTEL_ID_SIZE));
    values_put_number(out, TAG_OPERATION, asked->operation);
    values_put_number(out, TAG_EXPIRES,
                      (uint64_t)(clock_wall_ms() + asked->expires_in_ms));
    size_t opened = values_open(out, TAG_PARAMS);
    put_params(out, params);
    values_close(out, opened);
    client_send(client, FRAME_REQUEST, 0);
}

/* The code of the REPLY that comes now. */
static inline int client_code(struct client *client)
{
    CHECK_INT(client_read(client), FRAME_REPLY);
    return (int)client_number(client, TAG_CODE);
}

static inline int ask(struct client *client, enum operation operation,
                      const char *params)
{
    struct asked asked = asked_new(operation);
    client_ask(client, &asked, params);
    return client_code(client);
}

/* A value of RESULTS. */
static inline struct slice result(const struct client *client, unsigned tag)
{
    return values_text(values_text(client->frame.body, TAG_RESULTS), tag);
}

static inline int result_number(const struct client *client, unsigned tag)
{
    return (int)values_number(values_text(client->frame.body, TAG_RESULTS), tag);
}

#endif
