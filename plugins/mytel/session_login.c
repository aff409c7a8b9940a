/* The login of PROTOCOL.md 4: both sides prove that they know the secret, which never
 * leaves them. */
#include <string.h>

#include "esim/exchange.h"
#include "memory.h"
#include "session_inner.h"
#include "wire_codes.h"
#include "wire_hmac.h"

enum { LOGIN_MS = 10000, HELLO_ROOM = 256 };

static const char agent[] = "esimd-mytel/1.0.0";

void login_begin(struct turn *turn)
{
    struct session_state *state = &turn->state;
    const char *client_id = turn->settings.client_id;
    if (client_id == NULL) {
        turn_hang_up(turn, "set client_id to the name that the carrier gave you", -1);
        return;
    }
    *state = (struct session_state){
        .phase = PHASE_HELLO,
        .received_ms = turn->step->now_ms,
        .until_ms = turn->step->now_ms + LOGIN_MS,
        .frame_most = FRAME_MOST,
    };
    memcpy(state->client_nonce, turn->step->random, NONCE_BYTES);
    struct tlv_out out = turn_values(HELLO_ROOM);
    mytel_tlv_put_number(&out, TAG_PROTOCOL_LEAST, MYTEL_VERSION);
    mytel_tlv_put_number(&out, TAG_PROTOCOL_MOST, MYTEL_VERSION);
    mytel_tlv_put(&out, TAG_CLIENT_ID, client_id, strlen(client_id));
    mytel_tlv_put(&out, TAG_NONCE, state->client_nonce, NONCE_BYTES);
    mytel_tlv_put(&out, TAG_AGENT, agent, sizeof agent - 1);
    struct mytel_frame hello = { .type = FRAME_HELLO,
                                 .body = out.bytes,
                                 .body_size = out.size };
    turn_write(turn, &hello, (struct esim_bytes){ 0 });
}

/* ---- proofs ---- */

static const char *secret_of(const struct turn *turn)
{
    const char *secret = esim_json_text(esim_json_read(turn->step->secrets),
                                        MYTEL_SECRET);
    size_t size = secret == NULL ? 0 : strlen(secret);
    return size >= SECRET_LEAST && size <= SECRET_MOST ? secret : NULL;
}

/* HMAC of the label and of *M*: 0, versions, both nonces, client's name. */
static void prove(const struct turn *turn, const char *label, const char *secret,
                  const uint8_t *server_nonce, uint8_t ret[SHA256_BYTES])
{
    static const uint8_t head[] = { 0, MYTEL_VERSION, MYTEL_VERSION, MYTEL_VERSION };
    struct mytel_hmac hmac;
    mytel_hmac_init(&hmac, secret, strlen(secret));
    mytel_hmac_add(&hmac, label, strlen(label));
    mytel_hmac_add(&hmac, head, sizeof head);
    mytel_hmac_add(&hmac, turn->state.client_nonce, NONCE_BYTES);
    mytel_hmac_add(&hmac, server_nonce, NONCE_BYTES);
    mytel_hmac_add(&hmac, turn->settings.client_id, strlen(turn->settings.client_id));
    mytel_hmac_end(&hmac, ret);
}

/* ---- CHALLENGE ---- */

static void send_proof(struct turn *turn, const struct mytel_frame *challenge,
                       const char *secret, const uint8_t *server_nonce)
{
    uint8_t proof[SHA256_BYTES];
    struct tlv_out out = turn_values(TLV_HEAD_BYTES + SHA256_BYTES);
    prove(turn, "mytel-login-1", secret, server_nonce, proof);
    prove(turn, "mytel-welcome-1", secret, server_nonce, turn->state.server_proof);
    mytel_tlv_put(&out, TAG_PROOF, proof, sizeof proof);
    struct mytel_frame login = { .type = FRAME_LOGIN,
                                 .answers = challenge->sequence,
                                 .body = out.bytes,
                                 .body_size = out.size };
    turn->state.phase = PHASE_LOGIN;
    turn_write(turn, &login, (struct esim_bytes){ 0 });
}

static bool clocks_agree(const struct turn *turn, uint64_t server_ms)
{
    uint64_t ours = (uint64_t)turn->step->now_ms;
    uint64_t apart = ours > server_ms ? ours - server_ms : server_ms - ours;
    return apart <= CLOCK_MOST_MS;
}

void login_on_challenge(struct turn *turn, const struct mytel_frame *frame)
{
    struct tlv_list body = turn_body(frame), nonce;
    uint64_t version = 0, server_ms = 0;
    const char *secret = secret_of(turn);
    if (!mytel_tlv_number(body, TAG_PROTOCOL, &version) ||
        !mytel_tlv_find(body, TAG_NONCE, &nonce) ||
        !mytel_tlv_number(body, TAG_SERVER_TIME, &server_ms))
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence,
                   "the carrier's CHALLENGE lacks a value");
    else if (version != MYTEL_VERSION)
        turn_close(turn, CLOSE_UNSUPPORTED_VERSION, frame->sequence,
                   "the carrier chose a version that we do not speak");
    else if (!clocks_agree(turn, server_ms))
        turn_close(turn, CLOSE_CLOCK, frame->sequence,
                   "our clock and the carrier's differ by more than 300 s");
    else if (secret == NULL)
        turn_close(turn, CLOSE_BAD_CREDENTIALS, frame->sequence,
                   "the secret " MYTEL_SECRET " must have 16 to 128 bytes");
    else
        send_proof(turn, frame, secret, nonce.ptr);
}

/* ---- WELCOME ---- */

static bool take_terms(struct session_state *state, struct tlv_list body)
{
    uint64_t window = 0, heartbeat_s = 0, answer_s = 0, frame_most = 0;
    bool complete = mytel_tlv_number(body, TAG_WINDOW, &window) &&
                    mytel_tlv_number(body, TAG_HEARTBEAT_S, &heartbeat_s) &&
                    mytel_tlv_number(body, TAG_ANSWER_S, &answer_s) &&
                    mytel_tlv_number(body, TAG_FRAME_MOST, &frame_most);
    state->window = (uint16_t)window;
    state->heartbeat_s = (uint16_t)heartbeat_s;
    state->answer_s = (uint16_t)answer_s;
    state->frame_most = (uint32_t)frame_most;
    return complete;
}

void login_on_welcome(struct turn *turn, const struct mytel_frame *frame)
{
    struct session_state *state = &turn->state;
    struct tlv_list body = turn_body(frame), proof;
    if (!mytel_tlv_find(body, TAG_PROOF, &proof) || !take_terms(state, body)) {
        turn_close(turn, CLOSE_PROTOCOL, frame->sequence,
                   "the carrier's WELCOME lacks a value");
        return;
    }
    if (!mytel_hmac_equal(proof.ptr, state->server_proof)) {
        turn_close(turn, CLOSE_BAD_CREDENTIALS, frame->sequence,
                   "the other side does not know the secret: is it the carrier?");
        return;
    }
    memset(state->client_nonce, 0, sizeof state->client_nonce);
    memset(state->server_proof, 0, sizeof state->server_proof);
    state->phase = PHASE_OPEN;
    request_tell_window(turn);
}
