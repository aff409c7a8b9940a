#include "api/openapi.h"

#include <stdio.h>
#include <string.h>

#include "api/resources.h"
#include "api/route.h"
#include "api/shapes.h"
#include "base/json.h"

enum { DOCUMENT_BYTES = 4 << 20 };

/* ---- components: every shape that a row reaches ---- */

static void add_shape(json_t *shapes, const struct schema *schema)
{
    if (schema == NULL || json_object_get(shapes, schema->name) != NULL)
        return;
    json_object_set_new(shapes, schema->name, schema_document(schema));
    for (const struct member *m = schema->members; m->name != NULL; m++)
        add_shape(shapes, m->inside);
}

static void add_reply_shape(void *shapes, const struct route_reply *reply)
{
    add_shape(shapes, reply->body);
}

static json_t *shapes_document(void)
{
    json_t *shapes = json_object();
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        add_shape(shapes, route->body);
        route_replies(route, add_reply_shape, shapes);
    }
    return shapes;
}

/* ---- one operation ---- */

static json_t *reference(const struct schema *schema)
{
    return json_pack("{s:o}", "$ref",
                     json_sprintf("#/components/schemas/%s", schema->name));
}

static json_t *content(const char *media, const struct schema *schema)
{
    json_t *type = json_object();
    if (schema != NULL)
        json_object_set_new(type, "schema", reference(schema));
    json_t *document = json_object();
    json_object_set_new(document, media, type);
    return document;
}

static const char *media_of(const struct route_reply *reply)
{
    if (reply->media != NULL)
        return reply->media;
    if (reply->body == &shape_problem)
        return "application/problem+json";
    return reply->body == NULL ? NULL : "application/json";
}

static void add_reply(void *responses, const struct route_reply *reply)
{
    char status[16];
    int length = snprintf(status, sizeof status, "%d", reply->status);
    json_t *document = json_pack("{s:s}", "description", reply->text);
    if (media_of(reply) != NULL)
        json_object_set_new(document, "content", content(media_of(reply), reply->body));
    if (length > 0)
        json_object_set_new(responses, status, document);
}

static json_t *parameter(const char *in, const char *name, bool required,
                         const char *text, json_t *schema)
{
    return json_pack("{s:s,s:s,s:b,s:s,s:o}", "in", in, "name", name, "required",
                     required, "description", text, "schema", schema);
}

static void add_path_parameters(json_t *parameters, const struct route *route)
{
    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at, '{')) {
        at++;
        char name[32];
        if (slice_copy(slice_bytes(at, strcspn(at, "}")), name, sizeof name))
            json_array_append_new(parameters,
                                  parameter("path", name, true, "Which one.",
                                            json_pack("{s:s}", "type", "string")));
    }
}

static json_t *parameters_of(const struct route *route)
{
    json_t *parameters = json_array();
    add_path_parameters(parameters, route);
    const struct member *m = route->query;
    for (; m != NULL && m->name != NULL; m++) {
        json_t *schema = member_document(m);
        json_object_del(schema, "description");
        json_array_append_new(parameters,
                              parameter("query", m->name, false, m->text, schema));
    }
    if ((route->flags & ROUTE_KEYED) != 0)
        json_array_append_new(
            parameters,
            parameter("header", "Idempotency-Key", true,
                      "Your name for this request; the same again when you repeat it.",
                      json_pack("{s:s,s:i}", "type", "string", "maxLength", 255)));
    return parameters;
}

static json_t *body_of(const struct route *route)
{
    return json_pack("{s:b,s:o}", "required", (route->flags & ROUTE_BODY_LESS) == 0,
                     "content", content("application/json", route->body));
}

static json_t *operation(const struct route *route)
{
    json_t *responses = json_object(), *parameters = parameters_of(route);
    route_replies(route, add_reply, responses);
    json_t *document = json_pack("{s:s,s:s,s:s,s:o}", "operationId", route->id,
                                 "summary", route->text, "x-permission",
                                 route->permission, "responses", responses);
    if (json_array_size(parameters) > 0)
        json_object_set(document, "parameters", parameters);
    json_decref(parameters);
    if (route->body != NULL)
        json_object_set_new(document, "requestBody", body_of(route));
    if (strcmp(route->permission, ROUTE_PUBLIC) == 0)
        json_object_set_new(document, "security", json_array());
    return document;
}

/* ---- all ---- */

static json_t *paths_document(void)
{
    json_t *paths = json_object();
    const struct route *route;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        char method[16];
        size_t length = strlen(route->method);
        for (size_t c = 0; c <= length && c < sizeof method; c++)
            method[c] = (char)(route->method[c] >= 'A' && route->method[c] <= 'Z'
                                   ? route->method[c] + ('a' - 'A')
                                   : route->method[c]);
        json_t *path = json_object_get(paths, route->path);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(paths, route->path, path);
        }
        json_object_set_new(path, method, operation(route));
    }
    return paths;
}

static json_t *document(void)
{
    json_t *info = json_pack(
        "{s:s,s:s,s:s,s:{s:s,s:s}}", "title", "esimd", "version", "1", "description",
        "One uniform way to order profiles, lines and devices of any carrier. Over the "
        "Unix socket the same routes are served, and the peer's user is the identity.",
        "license", "name", "See the project", "identifier", "LicenseRef-project");
    json_t *bearer = json_pack("{s:s,s:s,s:s}", "type", "http", "scheme", "bearer",
                               "description", "An API key: esk_...");
    return json_pack("{s:s,s:o,s:[{s:s}],s:[{s:[]}],s:o,s:{s:o,s:{s:o}}}", "openapi",
                     "3.1.0", "info", info, "servers", "url", "/", "security", "key",
                     "paths", paths_document(), "components", "schemas",
                     shapes_document(), "securitySchemes", "key", bearer);
}

char *openapi_create(void)
{
    struct buf text;
    buf_init(&text, DOCUMENT_BYTES);
    json_t *whole = document();
    json_write(whole, &text);
    json_decref(whole);
    return buf_take(&text);
}
