#include "api/api.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/openapi.h"
#include "api/policy_keeper.h"
#include "api/route.h"
#include "api/worker.h"

struct api {
    struct api_shared shared;
    pthread_mutex_t lock; /* Guards workers while commits are told. */
    struct worker *workers[WORKERS_MAX];
    int count;
    char address[ADDRESS_SIZE];
    char callback_address[ADDRESS_SIZE];
};

/* On the writer's thread: may only post. */
static void on_commit(void *arg)
{
    struct api *api = arg;
    pthread_mutex_lock(&api->lock);
    for (int i = 0; i < api->count; i++)
        worker_wake(api->workers[i]);
    pthread_mutex_unlock(&api->lock);
}

/* ---- create ---- */

static bool load_tls(const struct settings *settings, enum setting_id cert,
                     enum setting_id key, enum setting_id ca, struct tls_server **ret,
                     struct err *err)
{
    if (settings_text(settings, cert)[0] == '\0')
        return true;
    *ret = tls_server_create(settings_text(settings, cert),
                             settings_text(settings, key), settings_text(settings, ca),
                             false, err);
    return *ret != NULL;
}

static bool fill_shared(struct api_shared *shared, struct err *err)
{
    const struct settings *s = shared->parts.settings;
    shared->callbacks_apart = settings_text(s, SET_CALLBACK_LISTEN)[0] != '\0';
    shared->unix_roles = unix_roles_read(settings_text(s, SET_HTTP_SOCKET_ROLES), err);
    if (shared->unix_roles == NULL)
        return false;
    shared->rate = rate_create(settings_int(s, SET_RATE_PER_S),
                               settings_int(s, SET_RATE_BURST));
    shared->openapi = openapi_create();
    shared->policies = policy_keeper_create(&shared->parts);
    if (shared->rate == NULL || shared->openapi == NULL || shared->policies == NULL)
        return err_set(err, ERR_UNAVAILABLE, "no memory for the API");
    return load_tls(s, SET_HTTP_TLS_CERT, SET_HTTP_TLS_KEY, SET_HTTP_TLS_CLIENT_CA,
                    &shared->tls, err) &&
           load_tls(s, SET_CALLBACK_TLS_CERT, SET_CALLBACK_TLS_KEY,
                    SET_CALLBACK_TLS_CLIENT_CA, &shared->callback_tls, err);
}

struct api *api_create(const struct api_parts *parts, struct err *err)
{
    struct api *api = calloc(1, sizeof *api);
    if (api == NULL) {
        err_set(err, ERR_UNAVAILABLE, "no memory for the API");
        return NULL;
    }
    pthread_mutex_init(&api->lock, NULL);
    api->shared.parts = *parts;
    if (!routes_check(err) || !fill_shared(&api->shared, err)) {
        api_destroy(&api);
        return NULL;
    }
    store_on_commit(parts->store, on_commit, api);
    return api;
}

/* Commits may be told until here: the store does not forget us. */
static void drop_workers(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    int count = api->count;
    api->count = 0;
    pthread_mutex_unlock(&api->lock);
    for (int i = 0; i < count; i++)
        worker_destroy(&api->workers[i]);
}

void api_destroy(struct api **api)
{
    struct api *gone = *api;
    if (gone == NULL)
        return;
    drop_workers(gone);
    policy_keeper_destroy(&gone->shared.policies);
    unix_roles_destroy(&gone->shared.unix_roles);
    rate_destroy(&gone->shared.rate);
    tls_server_destroy(&gone->shared.tls);
    tls_server_destroy(&gone->shared.callback_tls);
    free(gone->shared.openapi);
    pthread_mutex_destroy(&gone->lock);
    free(gone);
    *api = NULL;
}

/* ---- start, stop ---- */

static bool add_worker(struct api *api, int index, struct err *err)
{
    struct worker *worker = worker_create(&api->shared, index, err);
    if (worker == NULL)
        return false;
    const char *address = index == 0 ? settings_text(api->shared.parts.settings,
                                                     SET_HTTP_LISTEN)
                                     : api->address;
    pthread_mutex_lock(&api->lock);
    api->workers[index] = worker;
    api->count = index + 1;
    pthread_mutex_unlock(&api->lock);
    char bound[ADDRESS_SIZE] = "";
    if (!worker_listen(worker, address, bound, api->callback_address, err))
        return false;
    memcpy(api->address, bound, sizeof bound);
    return true;
}

bool api_start(struct api *api, struct err *err)
{
    int threads = (int)settings_int(api->shared.parts.settings, SET_HTTP_THREADS);
    for (int i = 0; i < threads; i++)
        if (!add_worker(api, i, err))
            return false;
    for (int i = 0; i < threads; i++)
        if (!worker_start(api->workers[i], err))
            return false;
    return true;
}

void api_stop(struct api *api)
{
    atomic_store(&api->shared.stopping, true);
    policy_keeper_end(api->shared.policies);
    for (int i = 0; i < api->count; i++)
        if (api->workers[i]->running)
            worker_stop(api->workers[i]);
    for (int i = 0; i < api->count; i++)
        worker_join(api->workers[i]);
    drop_workers(api);
}

const char *api_address(const struct api *api)
{
    return api->address;
}

const char *api_callback_address(const struct api *api)
{
    return api->callback_address;
}

bool api_is_ready(const struct api *api)
{
    for (int i = 0; i < api->count; i++)
        if (!atomic_load(&api->workers[i]->policy_ready))
            return false;
    return api->count > 0;
}
