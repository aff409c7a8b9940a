/* The thread and the loop share one struct, guarded by its lock: whoever comes last
 * frees it. The job is posted under the lock, so that after a cancel nothing is posted
 * to a loop that may be gone. */
#include "net/lookup.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { STACK_BYTES = 256 << 10 };

struct lookup {
    pthread_mutex_t lock; /* Guards cancelled. */
    bool cancelled;
    struct loop *loop;
    struct loop_job job;
    lookup_done done;
    void *arg;
    char *host;
    char port[8];
    int failure; /* getaddrinfo's. */
    struct addrinfo *addresses;
};

static void free_lookup(struct lookup *lookup)
{
    if (lookup->addresses != NULL)
        freeaddrinfo(lookup->addresses);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup->host);
    free(lookup);
}

static void deliver(void *arg)
{
    struct lookup *lookup = arg;
    struct err err = ERR_INIT;
    pthread_mutex_lock(&lookup->lock); /* The thread has let go of it. */
    bool cancelled = lookup->cancelled;
    pthread_mutex_unlock(&lookup->lock);
    if (cancelled) {
        free_lookup(lookup);
        return;
    }
    if (lookup->failure != 0)
        err_set(&err, ERR_UNAVAILABLE, "looking up %.200s: %s", lookup->host,
                gai_strerror(lookup->failure));
    lookup->done(lookup->arg, lookup->addresses, &err);
    free_lookup(lookup);
}

static void ask(struct lookup *lookup, int flags)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_protocol = IPPROTO_TCP,
                              .ai_flags = flags | AI_NUMERICSERV };
    lookup->failure = getaddrinfo(lookup->host, lookup->port, &hints,
                                  &lookup->addresses);
    if (lookup->failure != 0)
        lookup->addresses = NULL;
}

static void post(struct lookup *lookup)
{
    pthread_mutex_lock(&lookup->lock);
    bool wanted = !lookup->cancelled;
    if (wanted)
        loop_post(lookup->loop, &lookup->job);
    pthread_mutex_unlock(&lookup->lock);
    if (!wanted)
        free_lookup(lookup);
}

static void *run(void *arg)
{
    struct lookup *lookup = arg;
    ask(lookup, AI_ADDRCONFIG);
    post(lookup);
    return NULL;
}

static bool start_thread(struct lookup *lookup)
{
    pthread_t thread;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool started = pthread_create(&thread, &attributes, run, lookup) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

struct lookup *lookup_start(struct loop *loop, const char *host, uint16_t port,
                            lookup_done done, void *arg, struct err *err)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    memory_need(lookup != NULL);
    assert(done != NULL);
    pthread_mutex_init(&lookup->lock, NULL);
    lookup->loop = loop;
    lookup->done = done;
    lookup->arg = arg;
    lookup->host = strdup(host);
    lookup->job = (struct loop_job){ .run = deliver, .arg = lookup };
    int length = snprintf(lookup->port, sizeof lookup->port, "%u", port);
    memory_need(lookup->host != NULL);
    assert(length > 0);
    ask(lookup, AI_NUMERICHOST);
    if (lookup->failure == 0) {
        post(lookup);
    } else if (!start_thread(lookup)) {
        err_set(err, ERR_UNAVAILABLE, "no thread to look up %.200s", host);
        free_lookup(lookup);
        return NULL;
    }
    return lookup;
}

void lookup_cancel(struct lookup **lookup)
{
    struct lookup *gone = *lookup;
    if (gone == NULL)
        return;
    *lookup = NULL;
    pthread_mutex_lock(&gone->lock);
    gone->cancelled = true;
    pthread_mutex_unlock(&gone->lock);
    /* Posted: `deliver` frees it. Not yet: the thread does. */
}
