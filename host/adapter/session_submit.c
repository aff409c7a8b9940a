#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/session_state.h"
#include "base/clock.h"
#include "base/memory.h"

enum {
    KEY_BYTES_MAX = 256,
    PAYLOAD_BYTES_MAX = 1 << 20,
    EXPIRY_STEP_MS = 20, /* Deadlines this near are looked at together. */
    BUNCH_US = 10000 /* What the rate lets through at once, since timers are coarse. */
};

static unsigned bucket_of(struct slice key)
{
    uint32_t hash = 2166136261u; /* FNV-1a: keys are the adapter's own. */
    for (size_t i = 0; i < key.size; i++)
        hash = (hash ^ (uint8_t)key.ptr[i]) * 16777619u;
    return hash % SESSION_KEY_BUCKETS;
}

static struct session_submit **find_in(struct session_submit **list, struct slice key)
{
    while (*list != NULL && !slice_equal(buf_slice(&(*list)->key), key))
        list = &(*list)->next;
    return list;
}

struct session_submit *session_find_submit(struct session *session, struct slice key)
{
    return *find_in(&session->keys[bucket_of(key)], key);
}

static void free_submit(struct session_submit *submit)
{
    buf_finish(&submit->key);
    buf_finish_secret(&submit->payload);
    free(submit);
}

/* ---- deadlines ---- */

static void watch_deadline(struct session *session, int64_t until_ms)
{
    if (session->expiry_ms != 0 && session->expiry_ms <= until_ms)
        return;
    int64_t after_ms = until_ms - clock_wall_ms();
    session->expiry_ms = until_ms;
    loop_timer_set(session->expiry, after_ms < 0 ? 0 : after_ms);
}

/* ---- in and out of the table ---- */

static void put_in_table(struct session *session, struct session_submit *submit)
{
    struct session_submit **bucket = &session->keys[bucket_of(buf_slice(&submit->key))];
    submit->next = *bucket;
    *bucket = submit;
    session->outstanding++;
}

void session_end_submit(struct session_submit *submit)
{
    struct session *session = submit->session;
    struct slice key = buf_slice(&submit->key);
    struct session_submit **at = find_in(&session->keys[bucket_of(key)], key);
    assert(*at == submit);
    *at = submit->next;
    session->outstanding--;
    if (session->submit == submit)
        session->submit = NULL; /* Told of while its call is out. */
    free_submit(submit);
}

static void tell(struct session_submit *submit, enum session_end end, int64_t after_ms,
                 const char *why)
{
    void (*done)(void *, enum session_end, int64_t, const char *) = submit->done;
    submit->done = NULL;
    if (done != NULL)
        done(submit->arg, end, after_ms, why);
}

void session_refuse_submit(struct session_submit *submit, int64_t after_ms,
                           const char *why)
{
    tell(submit, SESSION_NOT_SENT, after_ms, why);
    session_end_submit(submit);
}

void session_note_sent(struct session_submit *submit)
{
    if (submit->state == SUBMIT_SENT)
        return;
    submit->state = SUBMIT_SENT;
    submit->until_ms = clock_wall_ms() + submit->answer_ms;
    watch_deadline(submit->session, submit->until_ms);
    tell(submit, SESSION_SENT, -1, "");
}

/* ---- the queue ---- */

static struct session_submit *unlink_at(struct session *session,
                                        struct session_submit **at)
{
    struct session_submit *submit = *at;
    *at = submit->next;
    if (submit->next == NULL)
        session->last_queued = at;
    session->queue_count--;
    return submit;
}

/* Evenly spaced, so that no second, wherever it begins, has more than the rate and what
 * fits into BUNCH_US. */
static bool rate_allows(struct session *session)
{
    int64_t now_us = clock_mono_us();
    if (session->conf.rate_per_s == 0)
        return true;
    if (session->free_us > now_us + BUNCH_US) {
        loop_timer_set(session->pace, (session->free_us - now_us) / 1000);
        return false;
    }
    int64_t from_us = session->free_us > now_us ? session->free_us : now_us;
    session->free_us = from_us + 1000000 / session->conf.rate_per_s;
    return true;
}

void session_on_pace(void *arg)
{
    session_next(arg);
}

struct session_submit *session_take_submit(struct session *session)
{
    if (session->queue == NULL || session->outstanding >= session->window ||
        !rate_allows(session))
        return NULL;
    struct session_submit *submit = unlink_at(session, &session->queue);
    submit->state = SUBMIT_TAKEN;
    put_in_table(session, submit);
    return submit;
}

void session_refuse_queue(struct session *session, enum session_end end,
                          const char *why)
{
    while (session->queue != NULL) {
        struct session_submit *submit = unlink_at(session, &session->queue);
        tell(submit, end, -1, why);
        free_submit(submit);
    }
}

static bool key_is_used(struct session *session, struct slice key)
{
    return session_find_submit(session, key) != NULL ||
           *find_in(&session->queue, key) != NULL;
}

struct session_submit *session_submit(struct session *session,
                                      const struct session_offer *offer,
                                      struct err *err)
{
    assert(offer->wait_ms > 0 && offer->answer_ms > 0 && offer->done != NULL);
    if (session->state == SESSION_REFUSED) {
        err_set(err, ERR_UNAUTHORISED, "%s", session->reason);
        return NULL;
    }
    const char *why = session->draining                             ? "it is stopping"
                      : session->queue_count >= session->conf.queue ? "too many wait"
                      : key_is_used(session, offer->key) ? "its key is in use"
                      : offer->payload.size > PAYLOAD_BYTES_MAX ||
                              offer->key.size > KEY_BYTES_MAX
                          ? "it is too long"
                          : NULL;
    if (why != NULL) {
        err_set(err, ERR_UNAVAILABLE, "session %s takes no submit: %s",
                session->conf.name, why);
        return NULL;
    }
    struct session_submit *submit = calloc(1, sizeof *submit);
    memory_need(submit != NULL);
    submit->session = session;
    submit->answer_ms = offer->answer_ms;
    submit->until_ms = clock_wall_ms() + offer->wait_ms;
    submit->done = offer->done;
    submit->arg = offer->arg;
    buf_init(&submit->key, KEY_BYTES_MAX);
    buf_init(&submit->payload, PAYLOAD_BYTES_MAX);
    buf_add_slice(&submit->key, offer->key);
    buf_add_slice(&submit->payload, offer->payload);
    memory_need(buf_ok(&submit->key) && buf_ok(&submit->payload));
    *session->last_queued = submit;
    session->last_queued = &submit->next;
    session->queue_count++;
    watch_deadline(session, submit->until_ms);
    session_next(session);
    return submit;
}

void session_withdraw(struct session_submit **submit)
{
    struct session_submit *gone = *submit;
    if (gone == NULL)
        return;
    *submit = NULL;
    gone->done = NULL;
    if (gone->state != SUBMIT_QUEUED)
        return;
    struct session *session = gone->session;
    unlink_at(session, find_in(&session->queue, buf_slice(&gone->key)));
    free_submit(gone);
}

/* ---- ends that the host brings about ---- */

void session_refuse_all(struct session *session, const char *why)
{
    session_refuse_queue(session, SESSION_NOT_SENT, why);
    for (unsigned i = 0; i < SESSION_KEY_BUCKETS; i++) {
        while (session->keys[i] != NULL) {
            struct session_submit *submit = session->keys[i];
            if (submit->state == SUBMIT_SENT)
                session_end_submit(submit);
            else
                session_refuse_submit(submit, -1, why);
        }
    }
}

/* The machine starts empty with the next connection: it will never speak of these. */
void session_lose_submits(struct session *session)
{
    for (unsigned i = 0; i < SESSION_KEY_BUCKETS; i++) {
        while (session->keys[i] != NULL) {
            struct session_submit *submit = session->keys[i];
            if (submit->state == SUBMIT_SENT) {
                session->events.lost(session->events.arg, buf_slice(&submit->key));
                session_end_submit(submit);
            } else {
                session_refuse_submit(submit, -1, session->reason);
            }
        }
    }
}

static void expire_queue(struct session *session, int64_t now_ms, int64_t *next_ms)
{
    for (struct session_submit **at = &session->queue; *at != NULL;) {
        if ((*at)->until_ms > now_ms) {
            if ((*at)->until_ms < *next_ms)
                *next_ms = (*at)->until_ms;
            at = &(*at)->next;
            continue;
        }
        struct session_submit *late = unlink_at(session, at);
        tell(late, SESSION_NOT_SENT, -1, "the session was not ready in time");
        free_submit(late);
    }
}

/* What the machine has and does not speak of may have been sent. A sent one whose time
 * is over gives its place in the window back; its operation hears silence by itself. */
static void expire_bucket(struct session *session, struct session_submit *submit,
                          int64_t now_ms, int64_t *next_ms)
{
    while (submit != NULL) {
        struct session_submit *next = submit->next;
        bool late = submit->until_ms <= now_ms;
        if (late && submit->state == SUBMIT_TAKEN)
            session_note_sent(submit);
        else if (late && submit != session->submit)
            session_end_submit(submit);
        else if (submit->until_ms < *next_ms)
            *next_ms = submit->until_ms;
        submit = next;
    }
}

void session_on_expiry(void *arg)
{
    struct session *session = arg;
    int64_t now_ms = clock_wall_ms(), next_ms = INT64_MAX;
    session->expiry_ms = 0;
    expire_queue(session, now_ms, &next_ms);
    for (unsigned i = 0; i < SESSION_KEY_BUCKETS; i++)
        expire_bucket(session, session->keys[i], now_ms, &next_ms);
    if (next_ms != INT64_MAX)
        watch_deadline(session, next_ms < now_ms + EXPIRY_STEP_MS
                                    ? now_ms + EXPIRY_STEP_MS
                                    : next_ms);
    session_next(session);
}
