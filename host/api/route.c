#include "api/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/format.h"
#include "api/problem.h"
#include "api/resources.h"
#include "api/shapes.h"

static const struct route_table *const tables[] = { ROUTE_TABLES };
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

const struct route *route_at(size_t index)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (index < tables[i]->count)
            return &tables[i]->rows[index];
        index -= tables[i]->count;
    }
    return NULL;
}

size_t route_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < TABLE_COUNT; i++)
        count += tables[i]->count;
    return count;
}

static bool plain_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~:@", c) != NULL);
}

/* Our names need no percent-encoding, so what has one names nothing here. */
static bool take_param(struct slice piece, char *ret)
{
    for (size_t i = 0; i < piece.size; i++)
        if (!plain_character(piece.ptr[i]))
            return false;
    return piece.size > 0 && slice_copy(piece, ret, ROUTE_PARAM_BYTES);
}

/* Walks template and path piece by piece. */
static bool path_fits(const struct route *route, struct slice path,
                      struct route_params *ret)
{
    struct slice wanted = slice_of(route->path);
    int params = 0;
    while (wanted.size > 0 && path.size > 0) {
        struct slice want = slice_cut(&wanted, '/');
        struct slice have = slice_cut(&path, '/');
        bool is_param = want.size > 0 && want.ptr[0] == '{';
        if (is_param && wanted.size == 0 && (route->flags & ROUTE_TAIL) != 0) {
            ret->tail = slice_bytes(have.ptr,
                                    have.size + (path.ptr != NULL ? 1 + path.size : 0));
            return true;
        }
        if (is_param ? !take_param(have, ret->value[params++])
                     : !slice_equal(want, have))
            return false;
        if ((path.ptr == NULL) != (wanted.ptr == NULL))
            return false;
    }
    return wanted.size == 0 && path.size == 0;
}

static unsigned side_of(const struct route *route)
{
    return (route->flags & ROUTE_CALLBACK) != 0 ? ROUTE_SIDE_CALLBACK : ROUTE_SIDE_API;
}

static void allow(char ret[64], const char *method)
{
    size_t length = strlen(ret);
    int added = snprintf(ret + length, 64 - length, "%s%s", length == 0 ? "" : ", ",
                         method);
    assert(added > 0);
    if (strcmp(method, "GET") == 0)
        allow(ret, "HEAD");
}

static bool method_fits(const struct route *route, struct slice method)
{
    return (route->flags & ROUTE_ANY) != 0 || slice_is(method, route->method) ||
           (slice_is(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

const struct route *route_match(struct slice method, struct slice path, unsigned sides,
                                struct route_params *ret_params, char ret_allow[64])
{
    size_t place = 0;
    ret_allow[0] = '\0';
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (size_t j = 0; j < tables[i]->count; j++, place++) {
            const struct route *route = &tables[i]->rows[j];
            if ((side_of(route) & sides) == 0 || !path_fits(route, path, ret_params))
                continue;
            ret_params->place = place;
            if (method_fits(route, method))
                return route;
            allow(ret_allow, route->method);
        }
    }
    return NULL;
}

bool route_changes(const struct route *route)
{
    return strcmp(route->method, "GET") != 0;
}

static bool row_is_whole(const struct route *route)
{
    return route->method != NULL && route->path != NULL && route->path[0] == '/' &&
           route->handle != NULL && route->text != NULL && route->id != NULL &&
           route->replies != NULL;
}

static bool formats_are_known(const struct member *members)
{
    for (; members != NULL && members->name != NULL; members++) {
        if (!format_is_known(members->format))
            return false;
        if (members->inside != NULL && !formats_are_known(members->inside->members))
            return false;
    }
    return true;
}

static bool check_row(const struct route *route, struct err *err)
{
    if (!row_is_whole(route))
        return err_set(err, ERR_INTERNAL, "route %s %s lacks a column",
                       route->method == NULL ? "?" : route->method,
                       route->path == NULL ? "?" : route->path);
    if (route->permission == NULL || route->permission[0] == '\0')
        return err_set(err, ERR_INTERNAL, "route %s %s has no permission",
                       route->method, route->path);
    if ((route->flags & ROUTE_KEYED) != 0 && strcmp(route->method, "POST") != 0)
        return err_set(err, ERR_INTERNAL, "route %s %s: only POST takes a key",
                       route->method, route->path);
    if (!formats_are_known(route->query) ||
        (route->body != NULL && !formats_are_known(route->body->members)))
        return err_set(err, ERR_INTERNAL, "route %s %s names an unknown format",
                       route->method, route->path);
    return true;
}

bool routes_check(struct err *err)
{
    const struct route *route, *other;
    for (size_t i = 0; (route = route_at(i)) != NULL; i++) {
        if (!check_row(route, err))
            return false;
        for (size_t j = 0; j < i && (other = route_at(j)) != NULL; j++)
            if (strcmp(route->id, other->id) == 0 ||
                (strcmp(route->method, other->method) == 0 &&
                 strcmp(route->path, other->path) == 0))
                return err_set(err, ERR_INTERNAL, "route %s %s is there twice",
                               route->method, route->path);
    }
    return true;
}

/* What the pipeline answers before a handler runs, and for which rows. */
static bool needs_identity(const struct route *route)
{
    return strcmp(route->permission, ROUTE_PUBLIC) != 0 &&
           (route->flags & ROUTE_CALLBACK) == 0;
}

static bool takes_input(const struct route *route)
{
    return route->body != NULL || (route->flags & ROUTE_KEYED) != 0;
}

static bool has_checked_members(const struct route *route)
{
    return needs_identity(route) && (route->body != NULL || route->query != NULL);
}

static bool takes_body(const struct route *route)
{
    return route->body != NULL;
}

static bool is_object(const struct route *route)
{
    return (route->flags & ROUTE_OBJECT) != 0;
}

static const struct {
    bool (*when)(const struct route *route);
    struct route_reply reply;
} pipeline[] = {
    { takes_input, { 400, &shape_problem, NULL, "The request cannot be read." } },
    { needs_identity, { 401, &shape_problem, NULL, "No identity, or a wrong one." } },
    { needs_identity, { 403, &shape_problem, NULL, "The policy refuses." } },
    { is_object, { 404, &shape_problem, NULL, "No such thing in this tenant." } },
    { takes_body, { 415, &shape_problem, NULL, "The body is not JSON." } },
    { has_checked_members, { 422, &shape_problem, NULL, "Members are wrong." } },
    { needs_identity, { 429, &shape_problem, NULL, "Too many requests." } },
    { needs_identity, { 503, &shape_problem, NULL, "Policy or store is away." } },
};

static bool gives_itself(const struct route *route, int status)
{
    for (const struct route_reply *r = route->replies; r->status != 0; r++)
        if (r->status == status)
            return true;
    return false;
}

void route_replies(const struct route *route,
                   void (*each)(void *arg, const struct route_reply *reply), void *arg)
{
    for (const struct route_reply *r = route->replies; r->status != 0; r++)
        each(arg, r);
    for (size_t i = 0; i < sizeof pipeline / sizeof pipeline[0]; i++)
        if (pipeline[i].when(route) && !gives_itself(route, pipeline[i].reply.status))
            each(arg, &pipeline[i].reply);
}
