/* /v1/policies: what decides now. */
#include <string.h>

#include "api/call.h"
#include "api/policy_keeper.h"
#include "api/record.h"
#include "api/resources.h"
#include "api/shapes.h"
#include "api/worker.h"
#include "base/json.h"
#include "manifest/manifest.h"

static json_t *files_of(const struct manifest *manifest)
{
    json_t *files = json_array();
    for (unsigned i = 0; i < manifest->files_count; i++)
        json_array_append_new(files, json_pack("{s:s,s:s,s:I}", "name",
                                               manifest->files[i].name, "sha256",
                                               manifest->files[i].sha256, "size",
                                               (json_int_t)manifest->files[i].size));
    return files;
}

static json_t *document(const struct policy_image *image)
{
    const struct manifest *manifest = policy_image_manifest(image);
    json_t *policy = json_object();
    json_put_text(policy, "name", manifest->name);
    json_put_text(policy, "version", manifest->version);
    json_put_int(policy, "revision", policy_image_revision(image));
    json_put_text(policy, "digest", policy_image_digest(image));
    json_put_text(policy, "signed_by", manifest->signers);
    json_put_text(policy, "not_before", manifest->not_before);
    json_put_text(policy, "expires", manifest->expires);
    json_object_set_new(policy, "files", files_of(manifest));
    return policy;
}

static json_t *document_now(const struct call *call)
{
    struct policy_image *image = policy_keeper_now(call->worker->shared->policies);
    json_t *policy = document(image);
    policy_image_drop(&image);
    return policy;
}

/* A new reference, or NULL and the call is answered. */
static json_t *named(struct call *call)
{
    json_t *policy = document_now(call);
    if (strcmp(call->params.value[0], json_text(policy, "name")) == 0)
        return policy;
    json_decref(policy);
    call_problem(call, PROBLEM_NOT_FOUND, "no policy is called %s",
                 call->params.value[0]);
    return NULL;
}

static void list_policies(struct call *call)
{
    call_json(call, 200, json_pack("{s:[o]}", "items", document_now(call)));
}

static void show_policy(struct call *call)
{
    json_t *policy = named(call);
    if (policy != NULL)
        call_json(call, 200, policy);
}

/* ---- reload ---- */

struct reload {
    struct call *call;
    bool ok;
    struct err err;
};

static void say_verdict(struct call *call, void *arg)
{
    const struct reload *reload = arg;
    if (reload->ok)
        call_json(call, 200, document_now(call));
    else if (reload->err.code == ERR_UNAVAILABLE)
        call_problem(call, PROBLEM_UNAVAILABLE, "%s", reload->err.text);
    else
        call_problem(call, PROBLEM_CONFLICT, "the old revision stays: %s",
                     reload->err.text);
}

static void on_reloaded(void *arg, bool ok, const struct err *err)
{
    struct reload *reload = arg;
    reload->ok = ok;
    reload->err = *err;
    record_then(reload->call, ok ? "done" : "failed", reload->err.text, say_verdict,
                reload);
}

static void reload_policy(struct call *call)
{
    json_t *policy = named(call);
    if (policy == NULL)
        return;
    json_decref(policy);
    struct reload *reload = arena_alloc(call->arena, sizeof *reload);
    if (reload == NULL) {
        call_problem(call, PROBLEM_TOO_LARGE, "the request needs too much memory");
        return;
    }
    reload->call = call;
    policy_keeper_load(call->worker->shared->policies, call->worker->loop, on_reloaded,
                       reload);
}

/* clang-format off */
static const struct route_reply list_replies[] = {
    { 200, &shape_policy_list, NULL, "The revisions that decide now." },
    { 0 },
};
static const struct route_reply show_replies[] = {
    { 200, &shape_policy, NULL, "The revision that decides now." },
    { 404, &shape_problem, NULL, "No policy has this name." },
    { 0 },
};
static const struct route_reply reload_replies[] = {
    { 200, &shape_policy, NULL, "The revision that decides from now on." },
    { 404, &shape_problem, NULL, "No policy has this name." },
    { 409, &shape_problem, NULL, "The verdict was no; the old revision stays." },
    { 0 },
};

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/policies", .permission = "policy.read",
      .id = "policy.list", .replies = list_replies, .flags = ROUTE_HOSTWIDE,
      .handle = list_policies, .text = "The policies." },
    { .method = "GET", .path = "/v1/policies/{name}", .permission = "policy.read",
      .id = "policy.show", .replies = show_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_policy, .text = "One policy." },
    { .method = "POST", .path = "/v1/policies/{name}/reload",
      .permission = "policy.reload", .id = "policy.reload", .replies = reload_replies,
      .flags = ROUTE_HOSTWIDE, .handle = reload_policy,
      .text = "Take the signed revision in the folder, as one transaction." },
};
/* clang-format on */

ROUTES(policy_routes, rows);
