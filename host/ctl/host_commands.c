/* esimctl adapter, policy get, audit, event, key, tenant, health. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/lists.h"

/* ---- adapters ---- */

static const struct column adapter_columns[] = {
    { "NAME", "name", false },
    { "VERSION", "version", false },
    { "READY", "health.ready", false },
    { "HEALTHY", "health.healthy", false },
    { "CONNECTION", "health.connection", false },
    { "SESSION", "health.session", false },
    { "LAST SUCCESS", "health.last_success", false },
    { "IN FLIGHT", "in_flight", false },
    { "REASON", "health.reason", false },
    { "ERROR", "health.last_error", true },
    { "CLASS", "health.error_class", true },
    { "CAPABILITIES", "capabilities", true },
    { "REVISION", "revision", true },
    { "SIGNED BY", "signed_by", true },
    { "DEATHS", "health.cell_deaths", true },
    { NULL },
};

static int list_adapters(struct ctl *ctl)
{
    return list_show(ctl, "/v1/adapters", NULL, adapter_columns);
}

static int get_at(struct ctl *ctl, const char *before, const struct column *columns)
{
    char *path = client_path(before, ctl->words[0], "");
    int code = one_show(ctl, path == NULL ? "" : path, columns);
    free(path);
    return code;
}

static int get_adapter(struct ctl *ctl)
{
    return get_at(ctl, "/v1/adapters/", adapter_columns);
}

static const struct column reload_columns[] = { { "NAME", "name", false },
                                                { "VERSION", "version", false },
                                                { "STATE", "state", false },
                                                { NULL } };

static int reload_at(struct ctl *ctl, const char *before, const char *name,
                     const struct column *columns)
{
    json_t *verdict = NULL;
    char *path = client_path(before, name, "/reload");
    struct ask ask = { .method = "POST", .path = path == NULL ? "" : path };
    int code = client_json(ctl->client, &ask, &verdict);
    free(path);
    if (code == EXIT_DONE)
        output_show(ctl->form, columns, verdict);
    json_decref(verdict);
    return code;
}

static int reload_adapter(struct ctl *ctl)
{
    return reload_at(ctl, "/v1/adapters/", ctl->words[0], reload_columns);
}

/* ---- policies ---- */

static const struct column policy_columns[] = {
    { "NAME", "name", false },
    { "VERSION", "version", false },
    { "REVISION", "revision", false },
    { "SIGNED BY", "signed_by", false },
    { "EXPIRES", "expires", true },
    { "DIGEST", "digest", true },
    { NULL },
};

static int get_policy(struct ctl *ctl)
{
    if (ctl->word_count == 0)
        return list_show(ctl, "/v1/policies", NULL, policy_columns);
    return get_at(ctl, "/v1/policies/", policy_columns);
}

static int reload_policy(struct ctl *ctl)
{
    const char *name = ctl->word_count == 0 ? "policy" : ctl->words[0];
    return reload_at(ctl, "/v1/policies/", name, policy_columns);
}

/* ---- audit ---- */

static const struct column audit_columns[] = {
    { "SEQ", "seq", false },           { "AT", "at", false },
    { "SUBJECT", "subject", false },   { "ACTION", "action", false },
    { "RESOURCE", "resource", false }, { "OUTCOME", "outcome", false },
    { "REASON", "reason", true },      { "REVISION", "policy_revision", true },
    { "REQUEST", "request_id", true }, { NULL },
};

static int list_audit(struct ctl *ctl)
{
    static const char *const filters[] = { "subject", "action", "resource", "outcome",
                                           NULL };
    return list_show(ctl, "/v1/audit", filters, audit_columns);
}

static const struct column verdict_columns[] = { { "OK", "ok", false },
                                                 { "CHECKED", "checked", false },
                                                 { "PROBLEM", "problem", false },
                                                 { NULL } };

static int verify_audit(struct ctl *ctl)
{
    json_t *verdict = NULL;
    struct ask ask = { .method = "GET", .path = "/v1/audit/verify" };
    int code = client_json(ctl->client, &ask, &verdict);
    if (code == EXIT_DONE) {
        output_show(ctl->form, verdict_columns, verdict);
        code = json_bool(verdict, "ok", false) ? EXIT_DONE : EXIT_BROKEN;
    }
    json_decref(verdict);
    return code;
}

/* ---- events ---- */

static const struct column event_columns[] = {
    { "SEQ", "sequence", false },
    { "TIME", "time", false },
    { "TYPE", "type", false },
    { "SUBJECT", "subject", false },
    { "DATA", "data", false },
    { "TRACE", "traceparent", true },
    { NULL },
};

static int list_events(struct ctl *ctl)
{
    static const char *const filters[] = { "after", "resource", NULL };
    return list_show(ctl, "/v1/events", filters, event_columns);
}

static bool show_event(void *arg, const json_t *event)
{
    (void)arg;
    json_dumpf(event, stdout, JSON_COMPACT);
    putchar('\n');
    return fflush(stdout) == 0;
}

static int watch_events(struct ctl *ctl)
{
    struct err err = ERR_INIT;
    const char *after = ctl_flag(ctl, "after");
    char *path = client_path("/v1/events?after=", after == NULL ? "0" : after, "");
    bool ok = client_follow(ctl->client, path == NULL ? "" : path, 0, show_event, NULL,
                            &err);
    free(path);
    return ok ? EXIT_DONE : ctl_fail(EXIT_AWAY, &err);
}

/* ---- keys ---- */

static const struct column key_columns[] = {
    { "ID", "id", false },           { "SUBJECT", "subject", false },
    { "ROLES", "roles", false },     { "PREFIX", "prefix", false },
    { "REVOKED", "revoked", false }, { "LAST USED", "last_used", true },
    { "CREATED", "created", true },  { NULL },
};
static const struct column new_key_columns[] = { { "ID", "id", false },
                                                 { "SUBJECT", "subject", false },
                                                 { "KEY", "key", false },
                                                 { NULL } };

static int list_keys(struct ctl *ctl)
{
    return list_show(ctl, "/v1/keys", NULL, key_columns);
}

static json_t *roles_of(const char *text)
{
    json_t *roles = json_array();
    struct slice rest = slice_of(text);
    while (rest.size > 0) {
        struct slice role = slice_cut(&rest, ',');
        json_array_append_new(roles, json_stringn(role.ptr, role.size));
    }
    return roles;
}

static int create_key(struct ctl *ctl)
{
    json_t *made = NULL;
    const char *roles = ctl_flag(ctl, "roles");
    json_t *body = json_pack("{s:s,s:o}", "subject", ctl->words[0], "roles",
                             roles_of(roles == NULL ? "viewer" : roles));
    struct ask ask = { .method = "POST", .path = "/v1/keys", .body = body };
    int code = client_json(ctl->client, &ask, &made);
    if (code == EXIT_DONE) {
        output_show(ctl->form, new_key_columns, made);
        fprintf(stderr, "Keep the key in a file; it is not shown again.\n");
    }
    json_decref(body);
    json_decref(made);
    return code;
}

static int revoke_key(struct ctl *ctl)
{
    json_t *nothing = NULL;
    char *path = client_path("/v1/keys/", ctl->words[0], "");
    struct ask ask = { .method = "DELETE", .path = path == NULL ? "" : path };
    int code = client_json(ctl->client, &ask, &nothing);
    free(path);
    json_decref(nothing);
    if (code == EXIT_DONE)
        fprintf(stderr, "key %s opens nothing any more\n", ctl->words[0]);
    return code;
}

/* ---- tenants, health ---- */

static const struct column tenant_columns[] = { { "TENANT", "tenant", false },
                                                { "NAME", "name", false },
                                                { "CREATED", "created", true },
                                                { NULL } };

static int list_tenants(struct ctl *ctl)
{
    return list_show(ctl, "/v1/tenants", NULL, tenant_columns);
}

static int create_tenant(struct ctl *ctl)
{
    json_t *made = NULL, *body = json_pack("{s:s}", "tenant", ctl->words[0]);
    json_put_text(body, "name", ctl_flag(ctl, "name"));
    struct ask ask = { .method = "POST", .path = "/v1/tenants", .body = body };
    int code = client_json(ctl->client, &ask, &made);
    if (code == EXIT_DONE)
        output_show(ctl->form, tenant_columns, made);
    json_decref(body);
    json_decref(made);
    return code;
}

static const struct column health_columns[] = { { "STATUS", "status", false },
                                                { "STORE", "checks.store", false },
                                                { "POLICY", "checks.policy", false },
                                                { "ENGINE", "checks.engine", false },
                                                { NULL } };

/* 503 is an answer here, not a failure to ask. */
static int show_health(struct ctl *ctl)
{
    struct answer answer;
    struct err err = ERR_INIT;
    struct ask ask = { .method = "GET", .path = "/readyz?verbose" };
    int code = EXIT_AWAY;
    if (!client_ask(ctl->client, &ask, &answer, &err))
        code = ctl_fail(EXIT_AWAY, &err);
    else if (answer.json != NULL && json_text(answer.json, "status") == NULL)
        code = answer_exit(&answer);
    else if (answer.json != NULL) {
        output_show(ctl->form, health_columns, answer.json);
        code = answer.status == 200 ? EXIT_DONE : EXIT_AWAY;
    }
    answer_finish(&answer);
    return code;
}

/* ---- rows ---- */

/* clang-format off */
static const struct flag audit_flags[] = {
    { "subject", 0, "WHO", "only what this one did" },
    { "action", 0, "WHAT", "only this action" },
    { "resource", 0, "WHAT", "only what was done to this" },
    { "outcome", 0, "WORD", "allowed, denied, failed or done" },
    LIST_FLAGS,
    { NULL },
};
static const struct flag event_flags[] = {
    { "after", 0, "N", "only after this one" },
    { "resource", 0, "WHAT", "only what happened to this" },
    LIST_FLAGS,
    { NULL },
};
static const struct flag watch_flags[] = { { "after", 0, "N", "only after this one" }, { NULL } };
static const struct flag key_flags[] = { { "roles", 0, "NAMES", "joined by commas; viewer if not said" }, { NULL } };
static const struct flag tenant_flags[] = { { "name", 0, "TEXT", "for people" }, { NULL } };

const struct command adapter_commands[] = {
    { "adapter", "list", NULL, 0, 0, NULL, list_adapters, "List the adapters and their health.", NULL },
    { "adapter", "get", "NAME", 1, 1, NULL, get_adapter, "Show an adapter.", "esimctl adapter get atom -o yaml" },
    { "adapter", "reload", "NAME", 1, 1, NULL, reload_adapter, "Load its manifest again, as one transaction.", NULL },
    { NULL },
};
const struct command policy_commands[] = {
    { "policy", "get", "[NAME]", 0, 1, NULL, get_policy, "Show the revision that decides now.", NULL },
    { "policy", "reload", "[NAME]", 0, 1, NULL, reload_policy, "Let the signed revision in the folder decide.", NULL },
    { .noun = "policy", .verb = "check", .words = "FILE|DIR", .text = "Does it load? Needs no host." },
    { .noun = "policy", .verb = "test", .words = "DIR", .text = "Run its cases. Needs no host." },
    { .noun = "policy", .verb = "eval", .words = "DIR FUNCTION", .text = "Ask it one question. Needs no host." },
    { NULL },
};
const struct command audit_commands[] = {
    { "audit", "list", NULL, 0, 0, audit_flags, list_audit, "Who did what, newest first.", "esimctl audit list --outcome denied --limit 20" },
    { "audit", "verify", NULL, 0, 0, NULL, verify_audit, "Check the chain of records.", NULL },
    { NULL },
};
const struct command event_commands[] = {
    { "event", "list", NULL, 0, 0, event_flags, list_events, "What happened, oldest first.", NULL },
    { "event", "watch", NULL, 0, 0, watch_flags, watch_events, "What happens, as JSON lines.", NULL },
    { NULL },
};
const struct command key_commands[] = {
    { "key", "list", NULL, 0, 0, NULL, list_keys, "List API keys.", NULL },
    { "key", "create", "SUBJECT", 1, 1, key_flags, create_key, "Make an API key.", "esimctl key create billing --roles api-client -o json" },
    { "key", "revoke", "ID", 1, 1, NULL, revoke_key, "Revoke an API key.", NULL },
    { NULL },
};
const struct command tenant_commands[] = {
    { "tenant", "list", NULL, 0, 0, NULL, list_tenants, "List tenants.", NULL },
    { "tenant", "create", "NAME", 1, 1, tenant_flags, create_tenant, "Make a tenant.", NULL },
    { NULL },
};
const struct command health_commands[] = {
    { "health", "show", NULL, 0, 0, NULL, show_health, "Can the host serve?", NULL },
    { NULL },
};
/* clang-format on */
