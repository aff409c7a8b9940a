#include "manifest_sample.h"

#include "manifest/manifest.h"

static void refused(const char *from, const char *to, const char *field,
                    const char *says)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    struct buf text = sample_changed(sample_text, from, to);
    CHECK(!manifest_parse(buf_slice(&text), "atom.yaml", &manifest, &err));
    CHECK(manifest == NULL);
    CHECK_INT(err.code, ERR_INVALID);
    CHECK_TEXT(err.field, field);
    CHECK_TEXT(err.text, says);
    buf_finish(&text);
}

static void a_manifest_is_read_with_its_defaults(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    CHECK(manifest_parse(slice_of(sample_text), "atom.yaml", &manifest, &err));
    CHECK_TEXT(err.text, "");
    CHECK_FATAL(manifest != NULL);
    CHECK_TEXT(manifest->name, "atom");
    CHECK_TEXT(manifest->aliases[0], "telenor");
    CHECK_INT(manifest->revision, 7);
    CHECK_INT(manifest->state_newest, 2);
    CHECK(manifest_has_capability(manifest, "profile.confirm"));
    CHECK(!manifest_has_capability(manifest, "profile.cancel"));
    const struct manifest_endpoint *smdp = manifest_endpoint_of(manifest, "smdp");
    CHECK_FATAL(smdp != NULL && manifest_endpoint_of(manifest, "smsc") == NULL);
    CHECK_TEXT(smdp->auth, "none");
    CHECK(!smdp->allow_private);
    const struct manifest_session *smsc = manifest_session_of(manifest, "smsc");
    CHECK_FATAL(smsc != NULL && manifest_session_of(manifest, "smdp") == NULL);
    CHECK_INT(smsc->frame_bytes, 65536);
    CHECK_INT(manifest->cpu_ms, 50);
    CHECK_INT(manifest->memory_mb, 4096);
    CHECK_INT(manifest->timeout_ms, 30000);
    CHECK_INT(manifest->retry_attempts, 0);
    CHECK_INT(manifest->breaker_failures, 9);
    CHECK_INT(manifest->breaker_probes, 3);
    CHECK_TEXT(manifest->settings[1].otherwise, "3");
    CHECK(manifest->settings[0].least == INT64_MIN &&
          manifest->settings[0].most == INT64_MAX);
    CHECK_TEXT(manifest->signers, "");
    CHECK_INT(strlen(manifest->digest), 64);
    CHECK(manifest->file_fds == NULL);
    manifest_destroy(&manifest);
    CHECK(manifest == NULL);
}

static void a_wrong_name_version_or_revision_is_told(void)
{
    refused(
        "kind: adapter", "kind: adaptor", "/kind",
        "atom.yaml:1: /kind: expected one of adapter, policy, found \"adaptor\"; did "
        "you mean \"adapter\"?");
    refused("name: atom\n", "name: Atom\n", "/name",
            "atom.yaml:2: /name: expected lower-case letters, digits and '-', a letter "
            "first, at most 31, found \"Atom\"");
    refused("[telenor]", "[telenor, telenor]", "/aliases/1",
            "atom.yaml:3: /aliases/1: expected each once, found \"telenor\" twice");
    refused("[telenor]", "[atom]", "/aliases/0",
            "atom.yaml:3: /aliases/0: expected another name than the manifest's own, "
            "found \"atom\"");
    static const char *const versions[] = { "1.2",     "1.2.03", "v1.2.3",
                                            "1.2.3.4", "1.2.3-", "1.2.x" };
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        char says[160];
        CHECK(snprintf(says, sizeof says,
                       "atom.yaml:4: /version: expected a semantic version (1.2.3) of "
                       "at most 31 characters, found \"%s\"",
                       versions[i]) > 0);
        refused("1.2.3-rc.1+b5", versions[i], "/version", says);
    }
    refused("revision: 7", "revision: 0", "/revision",
            "atom.yaml:5: /revision: expected at least 1, found 0");
    refused("revision: 7\n", "", "/revision",
            "atom.yaml:1: expected the field \"revision\", found none");
}

static void a_wrong_date_is_told(void)
{
    static const char *const dates[] = { "2026-02-30T00:00:00Z",
                                         "2026-01-01",
                                         "2026-01-01T00:00:00+06:30",
                                         "2026-1-01T00:00:00Z",
                                         "2026-01-01T24:00:00Z",
                                         "2026-01-01T00:00:00Zx",
                                         "soon" };
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        char says[160];
        CHECK(snprintf(says, sizeof says,
                       "atom.yaml:6: /not_before: expected a time such as "
                       "2026-01-02T03:04:05Z, found \"%s\"",
                       dates[i]) > 0);
        refused("2026-01-01T00:00:00Z", dates[i], "/not_before", says);
    }
    refused("2028", "2026", "/expires",
            "atom.yaml:7: /expires: expected a time after not_before "
            "(2026-01-01T00:00:00Z), found 2026-01-01T00:00:00Z");
}

static void a_wrong_file_is_told(void)
{
    static const char *const names[] = { "../atom.so", "atom.lua", ".so", "a/b.so",
                                         ".atom.so" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char says[160];
        CHECK(
            snprintf(says, sizeof says,
                     "atom.yaml:9: /files/0/name: expected a file name without folder "
                     "that ends in \".so\", found \"%s\"",
                     names[i]) > 0);
        refused("atom.so", names[i], "/files/0/name", says);
    }
    refused("sha256: 7395", "sha256: 7395a", "/files/0/sha256",
            "atom.yaml:10: /files/0/sha256: expected 64 lower-case hex digits, found "
            "\"7395aafe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d\"");
    refused("size: 26", "size: 0", "/files/0/size",
            "atom.yaml:11: /files/0/size: expected from 1 to 67108864 bytes, found 0");
    refused("abi: {",
            "  - { name: b.so, size: 1, sha256: "
            "7395afe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d0 "
            "}\nabi: {",
            "/files", "atom.yaml:9: /files: expected one object, found 2");
}

static void wrong_ranges_and_capabilities_are_told(void)
{
    refused(
        "least: 1, most: 1 ", "least: 2, most: 1 ", "/abi",
        "atom.yaml:12: /abi: expected a range that begins at 1 or above and does not "
        "end before, found 2 to 1");
    refused("abi: { least: 1, most: 1 }\n", "", "/abi",
            "atom.yaml:1: /abi: expected a range, found none");
    refused("oldest: 1,", "oldest: 3,", "/state",
            "atom.yaml:13: /state: expected a range that begins at 1 or above and does "
            "not end before, found 3 to 2");
    refused("profile.confirm", "profile.confrm", "/capabilities/1",
            "atom.yaml:14: /capabilities/1: expected a capability of this host, found "
            "\"profile.confrm\"; did you mean \"profile.confirm\"?");
    refused(
        "profile.confirm", "profile.order", "/capabilities/1",
        "atom.yaml:14: /capabilities/1: expected each once, found \"profile.order\" "
        "twice");
    refused(
        "[profile.order, profile.confirm]", "[]", "/capabilities",
        "atom.yaml:14: /capabilities: expected at least one capability, found none");
}

#define OAUTH2_LOGIN                            \
    "auth: oauth2\n    token_endpoint: login\n" \
    "  - name: login\n    scheme: https\n"      \
    "    hosts: [login.example]\n"              \
    "    ports: { least: 443, most: 443 }\n"

static void wrong_endpoints_are_told(void)
{
    refused("scheme: https", "scheme: ftp", "/endpoints/0/scheme",
            "atom.yaml:17: /endpoints/0/scheme: expected one of https, http, found "
            "\"ftp\"");
    refused("tls: mutual", "tls: none", "/endpoints/0/tls",
            "atom.yaml:21: /endpoints/0/tls: expected server or mutual with the scheme "
            "https, found none");
    refused("scheme: https", "scheme: http", "/endpoints/0/tls",
            "atom.yaml:21: /endpoints/0/tls: expected none with the scheme http, found "
            "mutual");
    refused("tls: mutual", "auth: tls", "/endpoints/0/auth",
            "atom.yaml:21: /endpoints/0/auth: expected one of none, basic, bearer, "
            "oauth2, found \"tls\"");
    refused("tls: mutual", "auth: basic", "/secrets",
            "atom.yaml:28: /secrets: expected a secret with the use auth, since an "
            "endpoint asks for it");
    refused(
        "tls: mutual", "auth: oauth2", "/endpoints/0/token_endpoint",
        "atom.yaml:16: /endpoints/0/token_endpoint: expected the endpoint that gives "
        "tokens, since auth is oauth2, found none");
    refused("tls: mutual", "tls: mutual\n    token_endpoint: login",
            "/endpoints/0/token_endpoint",
            "atom.yaml:22: /endpoints/0/token_endpoint: expected none without oauth2, "
            "found one");
    refused("tls: mutual", "auth: oauth2\n    token_endpoint: smdp",
            "/endpoints/0/token_endpoint",
            "atom.yaml:22: /endpoints/0/token_endpoint: expected another endpoint with "
            "auth none, found \"smdp\"");
    refused("tls: mutual\n", OAUTH2_LOGIN, "/secrets",
            "atom.yaml:33: /secrets: expected a secret with the use oauth2.secret, or "
            "two with oauth2.cert and oauth2.key, since an endpoint asks for oauth2");
    refused("least: 443, most: 8443", "least: 443, most: 442", "/endpoints/0/ports",
            "atom.yaml:19: /endpoints/0/ports: expected a range within 1 to 65535 that "
            "does not end before it begins, found 443 to 442");
    refused("most: 8443", "most: 65536", "/endpoints/0/ports/most",
            "atom.yaml:19: /endpoints/0/ports/most: expected a number from 0 to 65535, "
            "found 65536");
    refused("/gsma/rsp2/es2plus/", "/gsma/../x", "/endpoints/0/path_prefix",
            "atom.yaml:20: /endpoints/0/path_prefix: expected a path that begins with "
            "\"/\", without dot segments and escapes, found \"/gsma/../x\"");
    refused("name: smsc", "name: smdp", "/sessions/0/name",
            "atom.yaml:23: /sessions/0/name: expected another name than an endpoint's, "
            "found \"smdp\"");
    refused("tls: none\n", "tls: none\n    frame_bytes: 4\n", "/sessions/0/frame_bytes",
            "atom.yaml:27: /sessions/0/frame_bytes: expected from 16 to 8388608, found "
            "4");
}

/* Only the same machine or network may see credentials without TLS. */
static void credentials_are_not_sent_in_the_clear(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    struct buf plain = sample_changed(sample_text, "https", "http");
    struct buf basic = sample_changed(plain.ptr, "tls: mutual", "auth: basic");
    struct buf text = sample_changed(basic.ptr, "use: tls.cert", "use: auth");
    CHECK(!manifest_parse(buf_slice(&text), "atom.yaml", &manifest, &err));
    CHECK_TEXT(err.text,
               "atom.yaml:21: /endpoints/0/auth: expected none with the scheme "
               "http outside private networks, found basic");
    struct buf near = sample_changed(text.ptr, "auth: basic",
                                     "auth: basic\n    allow_private: true");
    CHECK(manifest_parse(buf_slice(&near), "atom.yaml", &manifest, &err));
    manifest_destroy(&manifest);
    buf_finish(&near);
    buf_finish(&text);
    buf_finish(&basic);
    buf_finish(&plain);
}

/* A session's client certificate is asked for as an endpoint's is. */
static void a_session_with_mutual_tls_needs_its_secrets(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    struct buf server = sample_changed(sample_text, "tls: mutual", "tls: server");
    struct buf mutual = sample_changed(server.ptr, "tls: none", "tls: mutual");
    CHECK(manifest_parse(buf_slice(&mutual), "atom.yaml", &manifest, &err));
    manifest_destroy(&manifest);
    struct buf text = sample_changed(mutual.ptr, "use: tls.key", "use: frame");
    CHECK(!manifest_parse(buf_slice(&text), "atom.yaml", &manifest, &err));
    CHECK(strstr(err.text, "since a place asks for mutual TLS") != NULL);
    buf_finish(&text);
    buf_finish(&mutual);
    buf_finish(&server);
}

static void a_host_pattern_that_says_too_much_is_refused(void)
{
    static const char *const hosts[] = {
        "*",    "*.example.", "*.com", "Smdp.example",      "a.*.example",
        "a..b", "-a.example", "1.2.3", "https://a.example", "a.example:443",
        "a b"
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        char says[240], quoted[64];
        CHECK(snprintf(quoted, sizeof quoted, "\"%s\"", hosts[i]) > 0);
        CHECK(snprintf(says, sizeof says,
                       "atom.yaml:18: /endpoints/0/hosts/0: expected a lower-case host "
                       "name, \"*.\" and at least two labels, or an address, found %s",
                       quoted) > 0);
        refused("smdp.example", quoted, "/endpoints/0/hosts/0", says);
    }
}

static void wrong_secrets_and_settings_are_told(void)
{
    refused("use: tls.cert", "use: tls.crt", "/secrets/0/use",
            "atom.yaml:28: /secrets/0/use: expected one of tls.cert, tls.key, tls.ca, "
            "auth, frame, callback, oauth2.secret, oauth2.cert, oauth2.key, found "
            "\"tls.crt\"; did you mean \"tls.cert\"?");
    refused("use: tls.key", "use: frame", "/secrets",
            "atom.yaml:28: /secrets: expected secrets with the uses tls.cert and "
            "tls.key, since a place asks for mutual TLS");
    refused("name: es2.key", "name: es2..key", "/secrets/1/name",
            "atom.yaml:29: /secrets/1/name: expected lower-case letters, digits, '_', "
            "'-' and '.', each part with a letter first, found \"es2..key\"");
    refused("name: es2.key", "name: es2.", "/secrets/1/name",
            "atom.yaml:29: /secrets/1/name: expected lower-case letters, digits, '_', "
            "'-' and '.', each part with a letter first, found \"es2.\"");
    refused("name: es2.key", "name: es2.cert", "/secrets/1/name",
            "atom.yaml:29: /secrets/1/name: expected each once, found \"es2.cert\" "
            "twice");
    refused("callback_auth: mutual", "callback_auth: secret", "/callback_auth",
            "atom.yaml:30: /callback_auth: expected a secret with the use callback "
            "beside it, found none");
    refused(
        "type: int", "type: number", "/settings/1/type",
        "atom.yaml:33: /settings/1/type: expected one of text, int, bool, list, map, "
        "found \"number\"");
    refused("default: 3", "default: 10", "/settings/1/default",
            "atom.yaml:33: /settings/1/default: expected a whole number from least to "
            "most, found \"10\"");
    refused("type: int, least: 1, most: 9", "type: int, least: 9, most: 1",
            "/settings/1/most",
            "atom.yaml:33: /settings/1/most: expected at least `least` (9), found 1");
    refused("default: \"19\"", "default: \"20\"", "/settings/2/default",
            "atom.yaml:34: /settings/2/default: expected one of its values, found "
            "\"20\"");
    refused(
        "required: true", "required: true, default: x", "/settings/0/default",
        "atom.yaml:32: /settings/0/default: expected no default at a setting that is "
        "required, found \"x\"");
    refused("name: requester_id, type: text", "name: retry, type: text",
            "/settings/1/name",
            "atom.yaml:33: /settings/1/name: expected no setting inside another, found "
            "\"retry.count\" inside \"retry\"");
    refused("type: text, required: true", "type: list, default: \"{}\"",
            "/settings/0/default",
            "atom.yaml:32: /settings/0/default: expected a JSON array, found \"{}\"");
    refused(
        "required: true", "most: 3", "/settings/0/most",
        "atom.yaml:32: /settings/0/most: expected bounds at the type int only, found "
        "them at text");
    refused("least: 1, most: 9", "values: [\"3\"]", "/settings/1/values",
            "atom.yaml:33: /settings/1/values: expected values at the type text only, "
            "found them at int");
    refused("default: 3", "default: three", "/settings/1/default",
            "atom.yaml:33: /settings/1/default: expected a whole number from least to "
            "most, found \"three\"");
    refused("type: text, required: true", "type: map, default: \"[]\"",
            "/settings/0/default",
            "atom.yaml:32: /settings/0/default: expected a JSON object, found \"[]\"");
}

static void wrong_limits_are_told(void)
{
    refused("cpu_ms: 50", "cpu_ms: 0", "/limits/cpu_ms",
            "atom.yaml:35: /limits/cpu_ms: expected from 1 to 60000, found 0");
    refused("cpu_ms: 50", "cpu_mss: 50", "/limits/cpu_mss",
            "atom.yaml:35: /limits/cpu_mss: expected a known field, found \"cpu_mss\"; "
            "did you mean \"cpu_ms\"?");
    refused("cpu_ms: 50", "cpu_ms: 5e1", "/limits/cpu_ms",
            "atom.yaml:35: /limits/cpu_ms: expected a whole number, found \"5e1\"");
    refused("breaker: {", "retry: { base_ms: 500, most_ms: 100 }\nbreaker: {",
            "/retry/most_ms",
            "atom.yaml:36: /retry/most_ms: expected at least base_ms (500), found 100");
}

/* A value put beside a secret's name by mistake must not reach a log. */
static void a_secret_in_a_manifest_is_refused_and_not_repeated(void)
{
    refused("use: tls.cert }", "use: tls.cert, value: hunter2 }", "/secrets/0/value",
            "atom.yaml:28: /secrets/0/value: expected a known field, found \"value\"");
}

static void a_policy_carries_its_files_and_nothing_of_an_adapter(void)
{
    static const char policy[] =
        "kind: policy\nname: policy\nversion: 1.0.0\nrevision: 1\n"
        "not_before: 2026-01-01T00:00:00Z\nexpires: 2028-01-01T00:00:00Z\nfiles:\n"
        "  - { name: rbac.lua, size: 5, sha256: "
        "7395afe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d0 }\n"
        "  - { name: routing.lua, size: 5, sha256: "
        "7395afe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d0 }\n";
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    CHECK(manifest_parse(slice_of(policy), "p.yaml", &manifest, &err));
    CHECK_TEXT(err.text, "");
    manifest_destroy(&manifest);
    struct buf text = sample_changed(policy, "files:", "limits: {cpu_ms: 5}\nfiles:");
    CHECK(!manifest_parse(buf_slice(&text), "p.yaml", &manifest, &err));
    CHECK_TEXT(err.text,
               "p.yaml:7: /limits: expected no such field in a policy, found it");
    buf_finish(&text);
    text = sample_changed(policy, "name: routing.lua", "name: more.lua");
    CHECK(!manifest_parse(buf_slice(&text), "p.yaml", &manifest, &err));
    CHECK_TEXT(err.text, "p.yaml:8: /files: expected rbac.lua and routing.lua");
    buf_finish(&text);
}

TESTS("manifest", CASE(a_manifest_is_read_with_its_defaults),
      CASE(a_wrong_name_version_or_revision_is_told), CASE(a_wrong_date_is_told),
      CASE(a_wrong_file_is_told), CASE(wrong_ranges_and_capabilities_are_told),
      CASE(wrong_endpoints_are_told), CASE(credentials_are_not_sent_in_the_clear),
      CASE(a_session_with_mutual_tls_needs_its_secrets),
      CASE(a_host_pattern_that_says_too_much_is_refused),
      CASE(wrong_secrets_and_settings_are_told), CASE(wrong_limits_are_told),
      CASE(a_secret_in_a_manifest_is_refused_and_not_repeated),
      CASE(a_policy_carries_its_files_and_nothing_of_an_adapter))
