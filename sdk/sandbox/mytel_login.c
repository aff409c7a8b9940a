/* PROTOCOL.md 4. A client that is not known is asked for its proof all the same. */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "mytel.h"

enum { VERSION = 1, PROOF_BYTES = 256 };

void mytel_on_hello(struct mytel_link *link, const struct frame *frame)
{
    struct buf *out = &link->mytel->out;
    struct slice nonce = values_text(frame->body, TAG_NONCE);
    link->least = (uint8_t)values_number(frame->body, TAG_PROTOCOL_LEAST);
    link->most = (uint8_t)values_number(frame->body, TAG_PROTOCOL_MOST);
    memcpy(link->client_nonce, nonce.ptr, sizeof link->client_nonce);
    (void)slice_copy(values_text(frame->body, TAG_CLIENT_ID), link->client,
                     sizeof link->client);
    mytel_note(link, "hello", json_object());
    if (link->least > VERSION || link->most < VERSION) {
        mytel_close(link, REASON_UNSUPPORTED_VERSION, 0);
        return;
    }
    id_random(link->nonce, sizeof link->nonce);
    frame_begin(out, FRAME_CHALLENGE, frame->sequence);
    values_put_number(out, TAG_PROTOCOL, VERSION);
    values_put(out, TAG_NONCE, slice_bytes(link->nonce, sizeof link->nonce));
    values_put_number(out, TAG_SERVER_TIME, (uint64_t)clock_wall_ms());
    frame_end(out);
    link->phase = PHASE_LOGIN;
    mytel_say(link);
}

/* HMAC-SHA-256 of the label, a zero, the versions, both nonces and the client's name. */
static void prove(const struct mytel_link *link, const char *label,
                  uint8_t ret[DIGEST_SIZE])
{
    const uint8_t versions[] = { 0, link->least, link->most, VERSION };
    struct buf text;
    buf_init(&text, PROOF_BYTES);
    buf_add_text(&text, label);
    buf_add(&text, versions, sizeof versions);
    buf_add(&text, link->client_nonce, sizeof link->client_nonce);
    buf_add(&text, link->nonce, sizeof link->nonce);
    buf_add_text(&text, link->client);
    digest_hmac_sha256(slice_of(link->mytel->sandbox->options->password),
                       buf_slice(&text), ret);
    buf_finish(&text);
}

/* Of the fault "LOGIN"; REASON_NONE: it goes on. */
static enum reason on_demand(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_REFUSE:
        return REASON_BARRED;
    case FAULT_THROTTLE:
        return REASON_TOO_MANY_SESSIONS;
    case FAULT_5XX:
        return REASON_GOING_AWAY;
    default:
        return REASON_NONE;
    }
}

static void welcome(struct mytel_link *link, const struct frame *frame,
                    const struct fault *fault)
{
    const struct sandbox_options *options = link->mytel->sandbox->options;
    struct buf *out = &link->mytel->out;
    uint8_t proof[DIGEST_SIZE];
    prove(link, "mytel-welcome-1", proof);
    frame_begin(out, FRAME_WELCOME, frame->sequence);
    values_put(out, TAG_PROOF, slice_bytes(proof, sizeof proof));
    values_put_number(out, TAG_WINDOW, link->mytel->window);
    values_put_number(out, TAG_HEARTBEAT_S, (uint64_t)options->heartbeat_s);
    values_put_number(out, TAG_ANSWER_S, (uint64_t)options->answer_s);
    values_put_number(out, TAG_FRAME_MOST, FRAME_MOST);
    frame_end(out);
    mytel_send(link, fault, 0);
}

void mytel_on_login(struct mytel_link *link, const struct frame *frame)
{
    const struct sandbox *sandbox = link->mytel->sandbox;
    struct slice proof = values_text(frame->body, TAG_PROOF);
    uint8_t right[DIGEST_SIZE];
    if (frame->answers != 1) { /* CHALLENGE was our first frame. */
        mytel_close(link, REASON_PROTOCOL, 0);
        return;
    }
    prove(link, "mytel-login-1", right);
    if (!digest_equal(proof.ptr, right, sizeof right) ||
        strcmp(link->client, sandbox->options->user) != 0) {
        mytel_close(link, REASON_BAD_CREDENTIALS, 0);
        return;
    }
    struct fault fault = faults_take(sandbox->faults, "LOGIN");
    enum reason reason = on_demand(&fault);
    if (reason != REASON_NONE) {
        mytel_close(link, reason, fault.ms);
        return;
    }
    mytel_note(link, "login", json_object());
    welcome(link, frame, &fault);
    mytel_open(link);
}
