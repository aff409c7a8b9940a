/* api_seen.h - the replies that a run of tests has seen, against those that the document
 * promises. */
#ifndef TESTS_API_SEEN_H
#define TESTS_API_SEEN_H

#include "api_rig.h"

/* Promised for hosts in trouble: api_trouble_test sees these. */
static const char *const seen_elsewhere[] = { "adapter.health 503", "health.ready 503",
                                              "callback.deliver 503" };

static inline bool is_seen(const char *name)
{
    for (size_t i = 0; i < sizeof seen_elsewhere / sizeof seen_elsewhere[0]; i++)
        if (strcmp(seen_elsewhere[i], name) == 0)
            return true;
    return json_object_get(rig_seen, name) != NULL;
}

static inline void check_documented_was_seen(const struct api_rig *rig)
{
    struct reply reply;
    struct ask ask = { "GET", "/openapi.json", NULL, NULL, NULL };
    rig_ask(rig, &ask, &reply);
    CHECK_FATAL(reply.json != NULL);
    const char *path, *method, *status;
    json_t *methods, *operation, *response;
    int documented = 0;
    json_object_foreach(json_object_get(reply.json, "paths"), path, methods)
    {
        json_object_foreach(methods, method, operation)
        {
            json_t *responses = json_object_get(operation, "responses");
            json_object_foreach(responses, status, response)
            {
                char name[128];
                CHECK(snprintf(name, sizeof name, "%s %s",
                               json_text(operation, "operationId"), status) > 0);
                documented++;
                if (!is_seen(name))
                    fprintf(stderr, "never seen: %s\n", name);
                CHECK(is_seen(name));
            }
        }
    }
    CHECK(documented > 120);
    rig_finish(&reply);
}

/* And the other way round: what was seen is in the document. */
static inline void mark_documented(void *arg, const struct route_reply *reply)
{
    char text[16];
    CHECK(snprintf(text, sizeof text, "%d", reply->status) > 0);
    json_object_set_new(arg, text, json_true());
}

static inline void check_seen_is_documented(void)
{
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        json_t *documented = json_object();
        route_replies(route, mark_documented, documented);
        const char *name;
        json_t *yes;
        json_object_foreach(rig_seen, name, yes)
        {
            size_t length = strlen(route->id);
            if (strncmp(name, route->id, length) != 0 || name[length] != ' ')
                continue;
            if (json_object_get(documented, name + length + 1) == NULL)
                fprintf(stderr, "not documented: %s\n", name);
            CHECK(json_object_get(documented, name + length + 1) != NULL);
        }
        json_decref(documented);
    }
}

#endif
