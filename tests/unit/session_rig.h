/* session_rig.h - a kept session with the parrot's cell, and the carrier's end of it, in
 * one thread: the test turns the loop until what it waits for has happened. */
#ifndef TESTS_SESSION_RIG_H
#define TESTS_SESSION_RIG_H

#include <stdlib.h>
#include <unistd.h>

#include "adapter/session.h"
#include "carrier.h"
#include "tls_files.h"

enum { RIG_PATIENCE_MS = 20000, RIG_NOTES = 64 };

/* ---- the session and what it said ---- */

struct rig {
    struct loop *loop;
    struct loop_timer *patience;
    bool late;
    struct cell_file file;
    struct cell_program program;
    struct cell *cell;
    bool cell_ready;
    struct session *session;
    struct session_conf conf;
    struct carrier carrier;
    char notes[RIG_NOTES][128]; /* "sent k1", "deliver k1 text", "lost k1" ... */
    unsigned note_count, note_next;
    uint64_t tickets[RIG_NOTES];
    unsigned ticket_count;
    bool keep_tickets; /* Else each delivery is stored at once. */
    struct loop_timer *store;
};

static inline const char *rig_path(const char *format)
{
    static char build[256], path[4][320];
    static unsigned turn;
    char *ret = path[turn++ % 4];
    ssize_t length = readlink("/proc/self/exe", build, sizeof build - 1);
    CHECK_FATAL(length > 0);
    build[length] = '\0';
    char *end = strstr(build, "/tests/unit/");
    CHECK_FATAL(end != NULL);
    *end = '\0';
    CHECK_FATAL(snprintf(ret, sizeof path[0], format, build) > 0);
    return ret;
}

static inline int rig_object(const char *path)
{
    struct err err = ERR_INIT;
    struct buf bytes;
    char piece[65536];
    size_t got;
    FILE *file = fopen(path, "re");
    CHECK_FATAL(file != NULL);
    buf_init(&bytes, 64 << 20);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&bytes, piece, got);
    fclose(file);
    int fd = cell_memory_file("object", buf_slice(&bytes), &err);
    buf_finish(&bytes);
    CHECK_FATAL(fd >= 0);
    return fd;
}

static inline void rig_note(struct rig *rig, const char *what, struct slice key,
                            struct slice bytes)
{
    CHECK_FATAL(rig->note_count < RIG_NOTES);
    CHECK(snprintf(rig->notes[rig->note_count++], sizeof rig->notes[0], "%s %.*s%s%.*s",
                   what, (int)key.size, key.size == 0 ? "" : key.ptr,
                   bytes.size == 0 ? "" : " ", (int)(bytes.size < 60 ? bytes.size : 60),
                   bytes.size == 0 ? "" : bytes.ptr) > 0);
}

static inline void rig_store_all(void *arg)
{
    struct rig *rig = arg;
    unsigned count = rig->ticket_count;
    rig->ticket_count = 0;
    for (unsigned i = 0; i < count; i++)
        session_stored(rig->session, rig->tickets[i]);
}

static inline void rig_ticket(struct rig *rig, uint64_t ticket)
{
    rig->tickets[rig->ticket_count++] = ticket;
    if (!rig->keep_tickets)
        loop_timer_set(rig->store, 0);
}

static inline void rig_on_deliver(void *arg, uint64_t ticket, struct slice key,
                                  struct slice bytes, int64_t keep_ms)
{
    struct rig *rig = arg;
    CHECK(keep_ms > 0);
    rig_note(rig, "deliver", key, bytes);
    rig_ticket(rig, ticket);
}

static inline void rig_on_report(void *arg, uint64_t ticket, struct slice fact)
{
    struct rig *rig = arg;
    rig_note(rig, "report", fact, slice_of(NULL));
    rig_ticket(rig, ticket);
}

static inline void rig_on_lost(void *arg, struct slice key)
{
    rig_note(arg, "lost", key, slice_of(NULL));
}

static inline void rig_on_back(void *arg, struct slice key, int64_t after_ms)
{
    char number[32];
    CHECK(snprintf(number, sizeof number, "%lld", (long long)after_ms) > 0);
    rig_note(arg, "back", key, slice_of(number));
}

static inline void rig_on_changed(void *arg)
{
    (void)arg;
}

static inline void rig_on_ready(void *arg, struct slice description)
{
    (void)description;
    ((struct rig *)arg)->cell_ready = true;
}

static inline void rig_on_late(void *arg)
{
    ((struct rig *)arg)->late = true;
}

/* One turn; false: patience is over. */
static inline bool rig_turn(struct rig *rig)
{
    carrier_turn(&rig->carrier);
    if (rig->late)
        return false;
    struct timeval soon = { .tv_usec = 2000 };
    event_base_loopexit(loop_base(rig->loop), &soon);
    event_base_loop(loop_base(rig->loop), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
    return true;
}

#define RIG_UNTIL(rig, condition)                                                    \
    do {                                                                             \
        bool rig_so = false;                                                         \
        loop_timer_set((rig)->patience, RIG_PATIENCE_MS);                            \
        while (!(rig_so = (condition)) && rig_turn(rig))                             \
            ;                                                                        \
        if (!rig_so)                                                                 \
            fprintf(stderr, "%s:%d: in vain: %s\n", __FILE__, __LINE__, #condition); \
        CHECK_FATAL(rig_so);                                                         \
    } while (0)

/* The carrier hears this next. */
static inline void rig_hears(struct rig *rig, const char *line)
{
    char got[CARRIER_LINE_SIZE] = "";
    RIG_UNTIL(rig, carrier_next(&rig->carrier, got));
    CHECK_TEXT(got, line);
}

/* The session said this next. */
static inline void rig_noted(struct rig *rig, const char *note)
{
    RIG_UNTIL(rig, rig->note_next < rig->note_count);
    CHECK_TEXT(rig->notes[rig->note_next++], note);
}

static inline struct session_sight rig_look(const struct rig *rig)
{
    struct session_sight sight;
    session_look(rig->session, &sight);
    return sight;
}

static inline void rig_is(struct rig *rig, enum session_state state)
{
    RIG_UNTIL(rig, rig_look(rig).state == state);
}

/* A cell and a carrier; rig_connect makes the session. */
static inline struct rig *rig_start(struct tls_server *tls)
{
    struct err err = ERR_INIT;
    static const struct cell_limits limits = {
        .memory_bytes = 64 << 20,
        .cpu_ms = 500,
        .wall_ms = 2000,
        .spawn_ms = 10000,
        .queue = 100,
        .output_bytes = 4 << 20,
        .deaths = 50,
        .backoff_ms = 1,
        .deaths_window_ms = 60000,
        .backoff_most_ms = 10,
    };
    struct rig *rig = calloc(1, sizeof *rig);
    CHECK_FATAL(rig != NULL);
    rig->loop = loop_create(&err);
    CHECK_FATAL(rig->loop != NULL);
    rig->patience = loop_timer_create(rig->loop, rig_on_late, rig);
    rig->store = loop_timer_create(rig->loop, rig_store_all, rig);
    rig->file = (struct cell_file){ "parrot", rig_object(rig_path(
                                                  "%s/tests/adapters/parrot.so")) };
    rig->program = (struct cell_program){ .path = rig_path("%s/esim-cell"),
                                          .name = "parrot",
                                          .files = &rig->file,
                                          .file_count = 1 };
    const struct cell_watch watch = { .ready = rig_on_ready, .arg = rig };
    rig->cell = cell_create(rig->loop, &rig->program, &limits, &watch, &err);
    CHECK_FATAL(rig->cell != NULL);
    carrier_start(&rig->carrier, tls);
    rig->conf = (struct session_conf){
        .adapter = "parrot",
        .tenant = "",
        .name = "line",
        .server = { .place = { .host = "127.0.0.1",
                               .port = rig->carrier.port,
                               .allow_private = true,
                               .connect_ms = 5000,
                               .queue_bytes = 1 << 20 },
                    .cell = rig->cell,
                    .header_bytes = 4,
                    .settings = "{\"user\":\"ada\"}",
                    .secrets = "{}",
                    .frame_bytes = 1000,
                    .keep_ms = 5000 },
        .retry_base_ms = 1,
        .retry_most_ms = 10,
        .refused_ms = 60000,
        .queue = 4,
    };
    RIG_UNTIL(rig, rig->cell_ready);
    return rig;
}

static inline void rig_connect(struct rig *rig)
{
    const struct session_events events = { rig_on_deliver, rig_on_report,  rig_on_lost,
                                           rig_on_back,    rig_on_changed, rig };
    rig->session = session_create(rig->loop, &rig->conf, &events);
}

/* Connected and logged in with this window. */
static inline struct rig *rig_bound(const char *ok)
{
    struct rig *rig = rig_start(NULL);
    rig_connect(rig);
    rig_hears(rig, "LOGIN ada");
    carrier_say(&rig->carrier, ok);
    rig_is(rig, SESSION_BOUND);
    return rig;
}

static inline void rig_end(struct rig *rig)
{
    CHECK(!rig->late);
    session_destroy(&rig->session);
    cell_destroy(&rig->cell);
    carrier_stop(&rig->carrier);
    loop_timer_destroy(&rig->patience);
    loop_timer_destroy(&rig->store);
    loop_destroy(&rig->loop);
    close(rig->file.fd);
    free(rig);
}

/* ---- submits ---- */

struct rig_submit {
    struct rig *rig;
    struct session_submit *submit;
    char key[32];
    int ended; /* 1: sent, 2: not sent, 3: denied. */
    int64_t after_ms;
    char why[128];
};

static inline void rig_on_done(void *arg, enum session_end end, int64_t after_ms,
                               const char *why)
{
    struct rig_submit *submit = arg;
    CHECK_INT(submit->ended, 0);
    submit->submit = NULL;
    submit->ended = 1 + (int)end;
    submit->after_ms = after_ms;
    CHECK(snprintf(submit->why, sizeof submit->why, "%.120s", why) >= 0);
}

static inline bool rig_submit(struct rig *rig, struct rig_submit *submit,
                              const char *key, const char *text, int64_t timeout_ms)
{
    struct err err = ERR_INIT;
    *submit = (struct rig_submit){ .rig = rig };
    struct session_offer offer = { .key = slice_of(key),
                                   .payload = slice_of(text),
                                   .wait_ms = timeout_ms,
                                   .answer_ms = timeout_ms,
                                   .done = rig_on_done,
                                   .arg = submit };
    submit->submit = session_submit(rig->session, &offer, &err);
    return submit->submit != NULL;
}

#endif
