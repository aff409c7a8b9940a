/* /v1/policies: what decides now. */
#include <string.h>

#include "api/call.h"
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

static json_t *document(const struct api_parts *parts)
{
    const struct manifest *manifest = parts->policy_manifest;
    json_t *policy = json_object();
    json_put_text(policy, "name", manifest->name);
    json_put_text(policy, "version", manifest->version);
    json_put_int(policy, "revision", policy_image_revision(parts->policy));
    json_put_text(policy, "digest", policy_image_digest(parts->policy));
    json_put_text(policy, "signed_by", manifest->signers);
    json_put_text(policy, "not_before", manifest->not_before);
    json_put_text(policy, "expires", manifest->expires);
    json_object_set_new(policy, "files", files_of(manifest));
    return policy;
}

static void list_policies(struct call *call)
{
    call_json(call, 200,
              json_pack("{s:[o]}", "items", document(&call->worker->shared->parts)));
}

static void show_policy(struct call *call)
{
    const struct api_parts *parts = &call->worker->shared->parts;
    if (strcmp(call->params.value[0], parts->policy_manifest->name) == 0)
        call_json(call, 200, document(parts));
    else
        call_problem(call, PROBLEM_NOT_FOUND, "no policy is called %s",
                     call->params.value[0]);
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

static const struct route rows[] = {
    { .method = "GET", .path = "/v1/policies", .permission = "policy.read",
      .id = "policy.list", .replies = list_replies, .flags = ROUTE_HOSTWIDE,
      .handle = list_policies, .text = "The policies." },
    { .method = "GET", .path = "/v1/policies/{name}", .permission = "policy.read",
      .id = "policy.show", .replies = show_replies, .flags = ROUTE_HOSTWIDE,
      .handle = show_policy, .text = "One policy." },
};
/* clang-format on */

ROUTES(policy_routes, rows);
