#include "api/rate.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"

enum { SLOTS = 4096, NEIGHBOURS = 8 };

struct bucket {
    uint64_t hash;     /* 0: free. */
    int64_t tokens_us; /* Tokens, each worth `cost_us` of time. */
    int64_t last_us;
};

struct rate {
    pthread_mutex_t lock; /* Guards the buckets. */
    int64_t cost_us, burst, per_s;
    uint64_t seed; /* Nobody outside can aim at a neighbour's slot. */
    struct bucket buckets[SLOTS];
};

struct rate *rate_create(int64_t per_s, int64_t burst)
{
    struct rate *rate = calloc(1, sizeof *rate);
    if (rate == NULL)
        return NULL;
    pthread_mutex_init(&rate->lock, NULL);
    rate->per_s = per_s;
    rate->burst = burst;
    rate->cost_us = per_s == 0 ? 0 : 1000000 / per_s;
    if (per_s != 0 && rate->cost_us == 0)
        rate->cost_us = 1;
    id_random(&rate->seed, sizeof rate->seed);
    return rate;
}

void rate_destroy(struct rate **rate)
{
    if (*rate == NULL)
        return;
    pthread_mutex_destroy(&(*rate)->lock);
    free(*rate);
    *rate = NULL;
}

/* FNV-1a over both names, seeded. */
static uint64_t hash_of(uint64_t seed, const char *subject, const char *tenant)
{
    uint64_t hash = seed ^ 0xcbf29ce484222325u;
    const char *texts[] = { subject, "\n", tenant };
    for (int i = 0; i < 3; i++)
        for (const char *c = texts[i]; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return hash == 0 ? 1 : hash;
}

static struct bucket *bucket_of(struct rate *rate, uint64_t hash, int64_t now_us)
{
    struct bucket *oldest = NULL;
    for (int i = 0; i < NEIGHBOURS; i++) {
        struct bucket *at = &rate->buckets[(hash + (uint64_t)i) % SLOTS];
        if (at->hash == hash)
            return at;
        if (oldest == NULL || at->hash == 0 || at->last_us < oldest->last_us)
            oldest = at;
        if (at->hash == 0)
            break;
    }
    *oldest = (struct bucket){ hash, rate->burst * rate->cost_us, now_us };
    return oldest;
}

void rate_take(struct rate *rate, const char *subject, const char *tenant,
               struct rate_verdict *ret)
{
    *ret = (struct rate_verdict){ .allow = true };
    if (rate->per_s == 0)
        return;
    int64_t now_us = clock_mono_us();
    int64_t full_us = rate->burst * rate->cost_us;
    pthread_mutex_lock(&rate->lock);
    struct bucket *bucket = bucket_of(rate, hash_of(rate->seed, subject, tenant),
                                      now_us);
    bucket->tokens_us += now_us - bucket->last_us;
    if (bucket->tokens_us > full_us)
        bucket->tokens_us = full_us;
    bucket->last_us = now_us;
    ret->allow = bucket->tokens_us >= rate->cost_us;
    if (ret->allow)
        bucket->tokens_us -= rate->cost_us;
    int64_t left_us = bucket->tokens_us;
    pthread_mutex_unlock(&rate->lock);
    ret->limited = true;
    ret->limit = rate->burst;
    ret->remaining = left_us / rate->cost_us;
    ret->window_s = (full_us + 999999) / 1000000;
    ret->retry_s = (rate->cost_us - left_us + 999999) / 1000000;
}
