/* manifest.h - what a signed manifest says about an adapter or a policy.
 *
 * manifest_load reads the file once, checks the signature over those bytes, parses the
 * same bytes, reads each object once, checks size and digest over those bytes, and hands
 * the bytes on as a sealed memory file: what was checked is what runs. Refusals print
 * both sides ("sha256 is 3f.. in the manifest, 9a.. in atom.so").
 *
 * Ownership  The caller destroys the manifest; its strings live as long. */
#ifndef MANIFEST_MANIFEST_H
#define MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/trust.h"

struct manifest_endpoint {
    char *name;
    char *scheme; /* "https" or "http" */
    char **hosts; /* Exact names, "*.example.com" (one label), numeric addresses. */
    unsigned hosts_count;
    uint16_t port_least, port_most;
    char *path_prefix; /* Asked paths must begin with it; "/" by default. */
    char *tls;         /* "none", "server", "mutual"; follows the scheme by default. */
    char *auth;        /* "none", "basic", "bearer", "oauth2" */
    char *token_endpoint; /* With oauth2: the endpoint that gives tokens; else NULL. */
    bool allow_private;   /* Loopback and private addresses. */
};

struct manifest_session {
    char *name;
    char **hosts;
    unsigned hosts_count;
    uint16_t port_least, port_most;
    char *tls;
    int64_t frame_bytes; /* Largest frame. */
    int64_t connect_ms;
    int64_t answer_ms; /* A submit without an answer is lost after this. */
    int64_t keep_ms;   /* Deliveries nobody waits for yet are kept this long. */
    bool allow_private;
};

struct manifest_secret {
    char *name;
    char *use; /* "tls.cert", "tls.key", "tls.ca", "auth", "oauth2.secret",
                  "oauth2.cert", "oauth2.key", "frame", "callback" */
};

struct manifest_file {
    char *name; /* File name in adapter.dir or policy.dir; no slash. */
    char *sha256;
    int64_t size;
};

struct manifest_setting { /* The schema of one adapter setting. */
    char *name;           /* Dotted path in the settings object. */
    char *type;           /* "text", "int", "bool", "list", "map" */
    bool required;
    char *otherwise;     /* Default as written (list, map: as JSON); NULL: none. */
    int64_t least, most; /* Of an int; INT64_MIN and INT64_MAX when not said. */
    char **values;       /* Of a text: one of these; none: any text. */
    unsigned values_count;
    char *text;
};

struct manifest {
    char *kind; /* "adapter" or "policy" */
    char *name;
    char **aliases;
    unsigned aliases_count;
    char *version;
    int64_t revision;
    char *not_before; /* RFC 3339 */
    char *expires;
    struct manifest_file
        *files; /* Adapter: exactly one. Policy: rbac.lua, routing.lua. */
    unsigned files_count;
    uint32_t abi_least, abi_most;
    uint32_t state_oldest, state_newest;
    char **capabilities;
    unsigned capabilities_count;
    struct manifest_endpoint *endpoints;
    unsigned endpoints_count;
    struct manifest_session *sessions;
    unsigned sessions_count;
    struct manifest_secret *secrets;
    unsigned secrets_count;
    struct manifest_setting *settings;
    unsigned settings_count;
    char *callback_auth; /* "none", "mutual", "secret" */
    /* limits: memory_mb, cpu_ms and wall_ms are what the host's settings are capped by;
     * not said, they are as high as they can be, so that the settings decide. */
    int64_t memory_mb, cpu_ms, wall_ms, in_flight, reply_bytes, timeout_ms;
    int64_t rate_per_s; /* 0: none. */
    /* retry; 0: the engine's settings decide. */
    int64_t retry_base_ms, retry_most_ms, retry_attempts;
    /* breaker */
    int64_t breaker_failures, breaker_window_ms, breaker_open_ms, breaker_probes;
    /* Filled by manifest_load, not from the file: */
    char signers[256];
    char digest[65]; /* SHA-256 of the manifest's bytes. */
    int *file_fds;   /* A sealed memory file for each of `files`. */
};

/* Only the text: for tools and tests. */
bool manifest_parse(struct slice text, const char *path, struct manifest **ret,
                    struct err *err);

/* The whole check, at the present wall time. `object_dir` is where the files are.
 * `least_revision`: the highest revision ever activated of this name, 0 when none (a
 * lower one is refused; may be NULL: any revision).
 *
 * ERR_UNTRUSTED  no good signature; not yet valid or expired; a file of another size or
 *                digest.
 * ERR_STALE      a revision below the least.
 * ERR_INVALID    the text breaks a rule, or its ABI range leaves out the host's; `field`
 *                is the JSON pointer. */
bool manifest_load(const char *path, const char *object_dir, const struct trust *trust,
                   int64_t (*least_revision)(void *arg, const char *kind,
                                             const char *name),
                   void *arg, struct manifest **ret, struct err *err);

void manifest_destroy(struct manifest **manifest);

/* May an adapter be called so? Such a name is also a file's name, and stays in its
 * folder. */
bool manifest_is_name(const char *text);

bool manifest_has_capability(const struct manifest *manifest, const char *capability);
const struct manifest_endpoint *manifest_endpoint_of(const struct manifest *manifest,
                                                     const char *name);
const struct manifest_session *manifest_session_of(const struct manifest *manifest,
                                                   const char *name);

/* May this endpoint be reached at that host, port and path? Enforced at every call, and
 * ERR_DENIED with both sides when not. Names compare without case and without one final
 * dot, numeric addresses as addresses (an IPv6 one may stand in brackets). A path (a
 * query may follow) that another server could read as a path outside the prefix is
 * refused: empty and dot segments, backslashes, an encoded dot, slash, backslash,
 * semicolon or percent sign, control and non-ASCII bytes, encoded or not. The query is
 * never repeated in errors. */
bool manifest_allows(const struct manifest_endpoint *endpoint, const char *scheme,
                     const char *host, uint16_t port, const char *path,
                     struct err *err);

#endif
