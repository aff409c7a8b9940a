/* server_scene.h - a server whose handler keeps exchanges until the test answers them.
 *
 * Paths that start with "/now" are answered at once with the path as the body; "/reply"
 * with keeper.reply. */
#ifndef TESTS_SERVER_SCENE_H
#define TESTS_SERVER_SCENE_H

#include "http_rig.h"

enum { KEPT_MAX = 64 };

struct keeper {
    struct http_exchange *kept[KEPT_MAX];
    size_t count;
    int gone;
    struct http_reply reply;
};

static inline void answer_text(struct http_exchange *exchange, const char *text)
{
    struct http_reply reply = { .status = 200, .body = slice_of(text) };
    http_answer(exchange, &reply);
}

static inline void keep(struct http_exchange *exchange, void *arg)
{
    struct keeper *keeper = arg;
    const struct http_request *request = http_exchange_request(exchange);
    if (slice_starts(request->path, "/now")) {
        struct http_reply reply = { .status = 200, .body = request->path };
        http_answer(exchange, &reply);
    } else if (slice_is(request->path, "/reply")) {
        http_answer(exchange, &keeper->reply);
    } else {
        CHECK_FATAL(keeper->count < KEPT_MAX);
        keeper->kept[keeper->count++] = exchange;
    }
}

static inline void count_gone(void *arg)
{
    ++*(int *)arg;
}

static inline const char *path_of(const struct http_exchange *exchange)
{
    static char path[64];
    CHECK_FATAL(slice_copy(http_exchange_request(exchange)->path, path, sizeof path));
    return path;
}

static inline void send_text(struct rig *rig, struct client *client, const char *text)
{
    client_send(rig, client, slice_of(text));
}

#define REQUEST(method, path) method " " path " HTTP/1.1\r\nHost: a\r\n\r\n"

struct scene {
    struct rig rig;
    struct keeper keeper;
    struct client client;
};

static inline void scene_start_with(struct scene *scene,
                                    const struct http_limits *limits)
{
    scene->keeper = (struct keeper){ .count = 0 };
    rig_start(&scene->rig, limits, keep, &scene->keeper, NULL);
    client_open(&scene->client, &scene->rig);
}

static inline void scene_start(struct scene *scene)
{
    const struct http_limits limits = rig_limits();
    scene_start_with(scene, &limits);
}

static inline void scene_stop(struct scene *scene)
{
    client_close(&scene->client);
    rig_stop(&scene->rig);
}

#define scene_until(scene, condition) \
    rig_until(&(scene)->rig, &(scene)->client, condition)

#endif
