/* directory.h - what every thread may know about the adapters, as immutable snapshots.
 *
 * The engine publishes a new snapshot when an adapter is loaded, reloaded, or changes
 * health; readers take a reference, use it, and release it.
 *
 * Threads  Any. A snapshot and its JSON are read-only; jansson's reference counts are
 *          not touched by readers (use json_deep_copy to keep a part). */
#ifndef ADAPTER_DIRECTORY_H
#define ADAPTER_DIRECTORY_H

#include <jansson.h>
#include <stdbool.h>

struct directory;

struct adapter_entry {
    const char *name;
    const char *version;
    const char *manifest_digest;
    const char *object_digest;
    const char *signers;
    int64_t revision;
    bool ready, healthy;
    const char *callback_auth;   /* "none", "mutual", "secret" */
    const char *callback_secret; /* NULL when there is none. Never log or show. */
    char **aliases;
    unsigned alias_count;
    char **capabilities;
    unsigned capability_count;
    json_t *show; /* The public form for GET /v1/adapters/{name}. */
};

struct adapter_snapshot {
    const struct adapter_entry *entries;
    unsigned count;
    json_t *failures; /* Array of {name, reason}: manifests that could not be loaded. */
    json_t *for_policy;          /* The `adapters` argument of route(): an array. */
    const char *for_policy_text; /* The same as compact JSON. */
};

struct directory *directory_create(void);
void directory_destroy(struct directory **directory);

const struct adapter_snapshot *directory_take(struct directory *directory);
void directory_release(const struct adapter_snapshot *snapshot);

/* By name or alias; NULL when there is none. */
const struct adapter_entry *directory_find(const struct adapter_snapshot *snapshot,
                                           const char *name);
bool adapter_entry_can(const struct adapter_entry *entry, const char *capability);

#endif
