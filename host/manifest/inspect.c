#include "manifest/inspect.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"
#include "esim/capability.h"
#include "manifest/schema.h"

static const char *const kinds[] = { "adapter", "policy", NULL };
static const char *const capability_names[] = {
#define X(name) name,
    ESIM_CAPABILITIES(X)
#undef X
        NULL
};
enum { CAPABILITY_COUNT = sizeof capability_names / sizeof capability_names[0] - 1 };

/* What absent means is told in manifest.h. */
/* clang-format off */
#define ROW(pointer, member, least, most, otherwise) \
    { pointer, offsetof(struct manifest, member), least, most, otherwise }
static const struct inspect_number numbers[] = {
    ROW("/limits/memory_mb",   memory_mb,         16,   4096,     4096),
    ROW("/limits/cpu_ms",      cpu_ms,            1,    60000,    60000),
    ROW("/limits/wall_ms",     wall_ms,           1,    60000,    60000),
    ROW("/limits/in_flight",   in_flight,         1,    100000,   256),
    ROW("/limits/reply_bytes", reply_bytes,       1024, 8388608,  1048576),
    ROW("/limits/timeout_ms",  timeout_ms,        100,  600000,   30000),
    ROW("/limits/rate_per_s",  rate_per_s,        0,    100000,   0),
    ROW("/retry/base_ms",      retry_base_ms,     1,    60000,    0),
    ROW("/retry/most_ms",      retry_most_ms,     10,   86400000, 0),
    ROW("/retry/attempts",     retry_attempts,    1,    1000,     0),
    ROW("/breaker/failures",   breaker_failures,  1,    1000,     5),
    ROW("/breaker/window_ms",  breaker_window_ms, 100,  3600000,  60000),
    ROW("/breaker/open_ms",    breaker_open_ms,   100,  3600000,  30000),
    ROW("/breaker/probes",     breaker_probes,    1,    3,        3),
};
#undef ROW
/* clang-format on */

static bool is_policy(const struct inspection *inspection)
{
    return strcmp(inspection->manifest->kind, "policy") == 0;
}

static bool check_kind(struct inspection *inspection)
{
    return inspect_word(inspection, kinds, inspection->manifest->kind, "/kind");
}

static bool check_names(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    if (!inspect_form(inspection, &form_name, manifest->name, "/name") ||
        !inspect_names(inspection, manifest->aliases, sizeof(char *),
                       manifest->aliases_count, &form_name, "/aliases", ""))
        return false;
    for (unsigned i = 0; i < manifest->aliases_count; i++)
        if (strcmp(manifest->aliases[i], manifest->name) == 0)
            return inspect_fail(inspection, inspect_at("/aliases", i, "").text,
                                "expected another name than the manifest's own, found "
                                "\"%s\"",
                                manifest->name);
    return true;
}

static bool check_version(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    if (!inspect_form(inspection, &form_version, manifest->version, "/version"))
        return false;
    return manifest->revision >= 1 ||
           inspect_fail(inspection, "/revision", "expected at least 1, found %lld",
                        (long long)manifest->revision);
}

static bool check_time(struct inspection *inspection, const char *text,
                       const char *pointer, int64_t *ret_ms)
{
    return inspect_time(text, ret_ms) ||
           inspect_fail(inspection, pointer,
                        "expected a time such as 2026-01-02T03:04:05Z, found \"%s\"",
                        text);
}

static bool check_times(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    int64_t from_ms, to_ms;
    if (!check_time(inspection, manifest->not_before, "/not_before", &from_ms) ||
        !check_time(inspection, manifest->expires, "/expires", &to_ms))
        return false;
    return from_ms < to_ms || inspect_fail(inspection, "/expires",
                                           "expected a time after not_before (%s), "
                                           "found %s",
                                           manifest->not_before, manifest->expires);
}

/* A plain file name with the ending: nothing that leads out of the folder. */
static bool is_file_name(const char *name, const char *ending)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_.-";
    size_t size = strlen(name), end = strlen(ending);
    return size > end && name[0] != '.' && name[0] != '-' &&
           strspn(name, allowed) == size && strcmp(name + size - end, ending) == 0;
}

static bool check_file(struct inspection *inspection, unsigned index)
{
    const struct manifest_file *file = &inspection->manifest->files[index];
    const char *ending = is_policy(inspection) ? ".lua" : ".so";
    if (!is_file_name(file->name, ending))
        return inspect_fail(inspection, inspect_at("/files", index, "name").text,
                            "expected a file name without folder that ends in \"%s\", "
                            "found \"%s\"",
                            ending, file->name);
    if (!inspect_form(inspection, &form_digest, file->sha256,
                      inspect_at("/files", index, "sha256").text))
        return false;
    return (file->size >= 1 && file->size <= MANIFEST_FILE_BYTES_MAX) ||
           inspect_fail(inspection, inspect_at("/files", index, "size").text,
                        "expected from 1 to %d bytes, found %lld",
                        MANIFEST_FILE_BYTES_MAX, (long long)file->size);
}

static bool has_file(const struct manifest *manifest, const char *name)
{
    for (unsigned i = 0; i < manifest->files_count; i++)
        if (strcmp(manifest->files[i].name, name) == 0)
            return true;
    return false;
}

static bool check_files(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->files_count; i++)
        if (!check_file(inspection, i))
            return false;
    if (!inspect_names(inspection, manifest->files, sizeof *manifest->files,
                       manifest->files_count, NULL, "/files", "name"))
        return false;
    if (!is_policy(inspection))
        return manifest->files_count == 1 ||
               inspect_fail(inspection, "/files", "expected one object, found %u",
                            manifest->files_count);
    return (has_file(manifest, "rbac.lua") && has_file(manifest, "routing.lua")) ||
           inspect_fail(inspection, "/files", "expected rbac.lua and routing.lua");
}

static bool check_range(struct inspection *inspection, const char *pointer,
                        uint32_t least, uint32_t most)
{
    if (!inspect_is_given(inspection, pointer))
        return inspect_fail(inspection, pointer, "expected a range, found none");
    return (least >= 1 && least <= most) ||
           inspect_fail(inspection, pointer,
                        "expected a range that begins at 1 or above and does not end "
                        "before, found %u to %u",
                        least, most);
}

static bool check_ranges(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    return is_policy(inspection) ||
           (check_range(inspection, "/abi", manifest->abi_least, manifest->abi_most) &&
            check_range(inspection, "/state", manifest->state_oldest,
                        manifest->state_newest));
}

static bool check_capability(struct inspection *inspection, unsigned index)
{
    const char *name = inspection->manifest->capabilities[index];
    struct nearest nearest = { .wanted = name };
    for (int i = 0; i < CAPABILITY_COUNT; i++) {
        if (strcmp(capability_names[i], name) == 0)
            return true;
        nearest_try(&nearest, capability_names[i]);
    }
    const char *near = nearest_name(&nearest);
    return inspect_fail(inspection, inspect_at("/capabilities", index, "").text,
                        "expected a capability of this host, found \"%.40s\"%s%s%s",
                        name, near != NULL ? "; did you mean \"" : "",
                        near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static bool check_capabilities(struct inspection *inspection)
{
    const struct manifest *manifest = inspection->manifest;
    for (unsigned i = 0; i < manifest->capabilities_count; i++)
        if (!check_capability(inspection, i))
            return false;
    if (!is_policy(inspection) && manifest->capabilities_count == 0)
        return inspect_fail(inspection, "/capabilities",
                            "expected at least one capability, found none");
    return inspect_names(inspection, manifest->capabilities, sizeof(char *),
                         manifest->capabilities_count, NULL, "/capabilities", "");
}

/* What a policy has no use for it may not carry: someone signed it by mistake. */
static bool check_policy_alone(struct inspection *inspection)
{
    static const char *const foreign[] = {
        "/aliases",       "/abi",      "/state",   "/capabilities",
        "/endpoints",     "/sessions", "/secrets", "/settings",
        "/callback_auth", "/limits",   "/retry",   "/breaker"
    };
    for (size_t i = 0; is_policy(inspection) && i < sizeof foreign / sizeof foreign[0];
         i++)
        if (inspect_is_given(inspection, foreign[i]))
            return inspect_fail(inspection, foreign[i],
                                "expected no such field in a policy, found it");
    return true;
}

static bool check_numbers(struct inspection *inspection)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!inspect_number(inspection, &numbers[i], inspection->manifest,
                            numbers[i].pointer))
            return false;
    const struct manifest *manifest = inspection->manifest;
    return manifest->retry_base_ms == 0 || manifest->retry_most_ms == 0 ||
           manifest->retry_base_ms <= manifest->retry_most_ms ||
           inspect_fail(inspection, "/retry/most_ms",
                        "expected at least base_ms (%lld), found %lld",
                        (long long)manifest->retry_base_ms,
                        (long long)manifest->retry_most_ms);
}

static const inspection_rule rules[] = {
    check_kind,         check_names,      check_version,       check_times,
    check_policy_alone, check_files,      check_ranges,        check_capabilities,
    inspect_endpoints,  inspect_sessions, inspect_place_names, inspect_secrets,
    inspect_settings,   inspect_callback, check_numbers,
};

bool inspect_manifest(struct inspection *inspection)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!rules[i](inspection))
            return false;
    return true;
}
