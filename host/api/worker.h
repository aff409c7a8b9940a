/* worker.h - one API thread and what belongs to it alone.
 *
 * Handlers reach the store, the policy and the engine through it.
 *
 * Threads  The loop's; `shared` is read-only while threads run, its members say what
 *          they allow. */
#ifndef API_WORKER_H
#define API_WORKER_H

#include <pthread.h>

#include "api/api.h"
#include "api/dispatch.h"
#include "api/identity.h"
#include "api/rate.h"
#include "base/buf.h"
#include "conf/settings.h"
#include "loop/loop.h"
#include "net/http_server.h"
#include "net/tls.h"
#include "store/store.h"

struct adapter_sight;
struct order_cache;
struct policy_keeper;
struct policy_seat;
struct streams;
struct waiters;

enum { WORKERS_MAX = 64, ADDRESS_SIZE = 64 };

/* The same for every thread. */
struct api_shared {
    struct api_parts parts;
    struct unix_roles *unix_roles;
    struct rate *rate;
    struct policy_keeper *policies;
    struct tls_server *tls, *callback_tls; /* NULL: plain. */
    char *openapi;                         /* The document, made once. */
    bool callbacks_apart;                  /* They have a listener of their own. */
    _Atomic uint64_t key_generation;       /* Counts up when any key changes. */
    _Atomic bool stopping;
};

struct worker {
    struct api_shared *shared;
    int index;
    struct loop *loop;
    struct http_server *server;
    struct http_server *callback_server; /* Thread 0's, when callbacks are apart. */
    struct store_reader *reader;
    struct policy_seat *policy;
    struct identity_parts identity;
    struct adapter_sight *adapters;
    struct order_cache *orders;
    struct waiters *waiters;
    struct streams *streams;
    struct buf out; /* Replies are written here and copied by http_answer. */
    pthread_t thread;
    bool running;
    unsigned draining;          /* Servers that have not drained yet. */
    unsigned open_calls;        /* Requests whose answer is due. */
    _Atomic unsigned listeners; /* Waiters and streams: is anyone interested? */
    _Atomic bool wake_posted;   /* A commit's news is on its way. */
    _Atomic bool policy_ready;  /* Has been, once. */
    int64_t looked_us;          /* When waiters and streams were last served. */
    struct loop_job wake_job, stop_job;
    struct loop_timer *tick;
    struct listener api_listener, callback_listener;
};

struct worker *worker_create(struct api_shared *shared, int index, struct err *err);
void worker_destroy(struct worker **worker);

/* Binds `address` (the first thread's may have port 0), the Unix socket and the callback
 * listener on thread 0. */
bool worker_listen(struct worker *worker, const char *address, char ret[ADDRESS_SIZE],
                   char ret_callback[ADDRESS_SIZE], struct err *err);
bool worker_start(struct worker *worker, struct err *err);

/* Begins the drain. [any thread] */
void worker_stop(struct worker *worker);
void worker_join(struct worker *worker);

/* Something was committed. Cheap while nobody waits. [any thread] */
void worker_wake(struct worker *worker);

/* Called once for each request, by dispatch and by call.c. [loop] */
void worker_call_began(struct worker *worker);
void worker_call_ended(struct worker *worker);

#endif
