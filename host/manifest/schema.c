#include "manifest/schema.h"

#include "manifest/manifest.h"

/* A mapping whose members lie in the struct around it: offset 0, the same struct. */
#define INSIDE(name, flags, type, fields)            \
    {                                                \
        .key = name, .data_offset = 0, .value = {    \
            CYAML_VALUE_MAPPING(flags, type, fields) \
        }                                            \
    }
#define TEXT(name, type, member, least, most) \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER, type, member, least, most)
#define TEXT_OR(name, type, member, least, most)                                 \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, \
                           member, least, most)
#define INT_OR(name, type, member) \
    CYAML_FIELD_INT(name, CYAML_FLAG_OPTIONAL, type, member)
#define LIST(name, type, member, entry, least, most) \
    CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER, type, member, entry, least, most)
#define LIST_OR(name, type, member, entry, most)                                       \
    CYAML_FIELD_SEQUENCE(name, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, \
                         entry, 0, most)

/* clang-format off */
static const cyaml_schema_value_t word = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 255) };

static const cyaml_schema_field_t endpoint_ports[] = {
    CYAML_FIELD_UINT("least", CYAML_FLAG_DEFAULT, struct manifest_endpoint, port_least),
    CYAML_FIELD_UINT("most",  CYAML_FLAG_DEFAULT, struct manifest_endpoint, port_most),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t endpoint_fields[] = {
    TEXT   ("name",          struct manifest_endpoint, name, 1, 63),
    TEXT   ("scheme",        struct manifest_endpoint, scheme, 1, 15),
    LIST   ("hosts",         struct manifest_endpoint, hosts, &word, 1, MANIFEST_PLACES_MAX),
    INSIDE ("ports",         CYAML_FLAG_DEFAULT, struct manifest_endpoint, endpoint_ports),
    TEXT_OR("path_prefix",   struct manifest_endpoint, path_prefix, 1, 255),
    TEXT_OR("tls",           struct manifest_endpoint, tls, 1, 15),
    TEXT_OR("auth",          struct manifest_endpoint, auth, 1, 15),
    TEXT_OR("token_endpoint", struct manifest_endpoint, token_endpoint, 1, 63),
    CYAML_FIELD_BOOL("allow_private", CYAML_FLAG_OPTIONAL, struct manifest_endpoint, allow_private),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t endpoint = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_endpoint, endpoint_fields)
};

static const cyaml_schema_field_t session_ports[] = {
    CYAML_FIELD_UINT("least", CYAML_FLAG_DEFAULT, struct manifest_session, port_least),
    CYAML_FIELD_UINT("most",  CYAML_FLAG_DEFAULT, struct manifest_session, port_most),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t session_fields[] = {
    TEXT  ("name",        struct manifest_session, name, 1, 63),
    LIST  ("hosts",       struct manifest_session, hosts, &word, 1, MANIFEST_PLACES_MAX),
    INSIDE("ports",       CYAML_FLAG_DEFAULT, struct manifest_session, session_ports),
    TEXT  ("tls",         struct manifest_session, tls, 1, 15),
    INT_OR("frame_bytes", struct manifest_session, frame_bytes),
    INT_OR("connect_ms",  struct manifest_session, connect_ms),
    INT_OR("answer_ms",   struct manifest_session, answer_ms),
    INT_OR("keep_ms",     struct manifest_session, keep_ms),
    CYAML_FIELD_BOOL("allow_private", CYAML_FLAG_OPTIONAL, struct manifest_session, allow_private),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t session = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_session, session_fields)
};

static const cyaml_schema_field_t secret_fields[] = {
    TEXT("name", struct manifest_secret, name, 1, 63),
    TEXT("use",  struct manifest_secret, use, 1, 15),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t secret = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_secret, secret_fields)
};

static const cyaml_schema_field_t file_fields[] = {
    TEXT("name",   struct manifest_file, name, 1, 63),
    TEXT("sha256", struct manifest_file, sha256, 1, 128),
    CYAML_FIELD_INT("size", CYAML_FLAG_DEFAULT, struct manifest_file, size),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t file = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_file, file_fields)
};

static const cyaml_schema_field_t setting_fields[] = {
    TEXT   ("name",    struct manifest_setting, name, 1, 63),
    TEXT   ("type",    struct manifest_setting, type, 1, 15),
    CYAML_FIELD_BOOL("required", CYAML_FLAG_OPTIONAL, struct manifest_setting, required),
    TEXT_OR("default", struct manifest_setting, otherwise, 0, 4096),
    INT_OR ("least",   struct manifest_setting, least),
    INT_OR ("most",    struct manifest_setting, most),
    LIST_OR("values",  struct manifest_setting, values, &word, 64),
    TEXT   ("text",    struct manifest_setting, text, 1, 512),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t setting = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct manifest_setting, setting_fields)
};

static const cyaml_schema_field_t abi_fields[] = {
    CYAML_FIELD_UINT("least", CYAML_FLAG_DEFAULT, struct manifest, abi_least),
    CYAML_FIELD_UINT("most",  CYAML_FLAG_DEFAULT, struct manifest, abi_most),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t state_fields[] = {
    CYAML_FIELD_UINT("oldest", CYAML_FLAG_DEFAULT, struct manifest, state_oldest),
    CYAML_FIELD_UINT("newest", CYAML_FLAG_DEFAULT, struct manifest, state_newest),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t limit_fields[] = {
    INT_OR("memory_mb",   struct manifest, memory_mb),
    INT_OR("cpu_ms",      struct manifest, cpu_ms),
    INT_OR("wall_ms",     struct manifest, wall_ms),
    INT_OR("in_flight",   struct manifest, in_flight),
    INT_OR("reply_bytes", struct manifest, reply_bytes),
    INT_OR("timeout_ms",  struct manifest, timeout_ms),
    INT_OR("rate_per_s",  struct manifest, rate_per_s),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t retry_fields[] = {
    INT_OR("base_ms",  struct manifest, retry_base_ms),
    INT_OR("most_ms",  struct manifest, retry_most_ms),
    INT_OR("attempts", struct manifest, retry_attempts),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t breaker_fields[] = {
    INT_OR("failures",  struct manifest, breaker_failures),
    INT_OR("window_ms", struct manifest, breaker_window_ms),
    INT_OR("open_ms",   struct manifest, breaker_open_ms),
    INT_OR("probes",    struct manifest, breaker_probes),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t manifest_fields[] = {
    TEXT   ("kind",          struct manifest, kind, 1, 15),
    TEXT   ("name",          struct manifest, name, 1, 63),
    LIST_OR("aliases",       struct manifest, aliases, &word, 16),
    TEXT   ("version",       struct manifest, version, 1, 63),
    CYAML_FIELD_INT("revision", CYAML_FLAG_DEFAULT, struct manifest, revision),
    TEXT   ("not_before",    struct manifest, not_before, 1, 63),
    TEXT   ("expires",       struct manifest, expires, 1, 63),
    LIST   ("files",         struct manifest, files, &file, 1, MANIFEST_FILES_MAX),
    INSIDE ("abi",           CYAML_FLAG_OPTIONAL, struct manifest, abi_fields),
    INSIDE ("state",         CYAML_FLAG_OPTIONAL, struct manifest, state_fields),
    LIST_OR("capabilities",  struct manifest, capabilities, &word, MANIFEST_PLACES_MAX),
    LIST_OR("endpoints",     struct manifest, endpoints, &endpoint, MANIFEST_PLACES_MAX),
    LIST_OR("sessions",      struct manifest, sessions, &session, MANIFEST_PLACES_MAX),
    LIST_OR("secrets",       struct manifest, secrets, &secret, MANIFEST_PLACES_MAX),
    LIST_OR("settings",      struct manifest, settings, &setting, MANIFEST_SETTINGS_MAX),
    TEXT_OR("callback_auth", struct manifest, callback_auth, 1, 15),
    INSIDE ("limits",        CYAML_FLAG_OPTIONAL, struct manifest, limit_fields),
    INSIDE ("retry",         CYAML_FLAG_OPTIONAL, struct manifest, retry_fields),
    INSIDE ("breaker",       CYAML_FLAG_OPTIONAL, struct manifest, breaker_fields),
    CYAML_FIELD_END
};
const cyaml_schema_value_t manifest_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct manifest, manifest_fields)
};
/* clang-format on */
