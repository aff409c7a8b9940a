#include "manifest_sample.h"

#include "manifest/manifest.h"

static struct manifest *parsed(void)
{
    struct manifest *manifest = NULL;
    bool fine = manifest_parse(slice_of(sample_text), "atom.yaml", &manifest, NULL);
    CHECK_FATAL(fine);
    return manifest;
}

static void an_endpoint_allows_its_hosts_in_any_writing_and_no_others(void)
{
    static const struct {
        const char *host;
        bool allowed;
    } rows[] = { { "smdp.example", true },
                 { "SMDP.Example", true },
                 { "smdp.example.", true },
                 { "smdp.example..", false },
                 { "xsmdp.example", false },
                 { "smdp.example.evil.example", false },
                 { "a.atom.example", true },
                 { "A.ATOM.EXAMPLE.", true },
                 { "atom.example", false },
                 { ".atom.example", false },
                 { "a.b.atom.example", false },
                 { "aatom.example", false },
                 { "127.0.0.1", true },
                 { "127.0.0.1.", true },
                 { "127.1", false },
                 { "0x7f.0.0.1", false },
                 { "2130706433", false },
                 { "127.0.0.2", false },
                 { "2001:db8::1", true },
                 { "[2001:DB8:0::0:1]", true },
                 { "2001:db8::2", false },
                 { "::ffff:127.0.0.1", false },
                 { "", false },
                 { ".", false },
                 { "smdp.example:443", false },
                 { "smdp.example/", false },
                 { "smdp.example@evil", false },
                 { "smdp.example\n", false },
                 { "sm\xc3\xbc.example", false },
                 { "[]", false } };
    struct manifest *manifest = parsed();
    const struct manifest_endpoint *smdp = manifest_endpoint_of(manifest, "smdp");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = ERR_INIT;
        bool allowed = manifest_allows(smdp, "https", rows[i].host, 443,
                                       "/gsma/rsp2/es2plus/confirmOrder", &err);
        if (allowed != rows[i].allowed)
            fprintf(stderr, "host \"%s\"\n", rows[i].host);
        CHECK(allowed == rows[i].allowed);
        CHECK_INT(err.code, allowed ? ERR_NONE : ERR_DENIED);
    }
    manifest_destroy(&manifest);
}

static void an_endpoint_allows_paths_below_its_prefix_and_no_tricks(void)
{
    static const struct {
        const char *path;
        bool allowed;
    } rows[] = { { "confirmOrder", true },
                 { "", true },
                 { "a/b/c?x=../..", true },
                 { "a%20b", false },
                 { "a%41b", true },
                 { "%7Ea(1)/$batch;v=1", true },
                 { "../x", false },
                 { "a/../../x", false },
                 { ".", false },
                 { "a/./b", false },
                 { "..;/x", false },
                 { "a//b", false },
                 { "%2e%2e/x", false },
                 { ".%2E/x", false },
                 { "a%2fb", false },
                 { "a%5cb", false },
                 { "a\\b", false },
                 { "%252e%252e/", false },
                 { "%c0%ae%c0%ae/", false },
                 { "a%00", false },
                 { "a%", false },
                 { "a%4", false },
                 { "a%zz", false },
                 { "a b", false },
                 { "a\r\nHost: x", false },
                 { "a#b", false },
                 { "\xc3\xbc", false },
                 { "a/..", false },
                 { "a%3bb", false },
                 { ";a", false } };
    struct manifest *manifest = parsed();
    const struct manifest_endpoint *smdp = manifest_endpoint_of(manifest, "smdp");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[128];
        CHECK(snprintf(path, sizeof path, "/gsma/rsp2/es2plus/%s", rows[i].path) > 0);
        bool allowed = manifest_allows(smdp, "https", "smdp.example", 443, path, NULL);
        if (allowed != rows[i].allowed)
            fprintf(stderr, "path \"%s\"\n", path);
        CHECK(allowed == rows[i].allowed);
    }
    static const char *const outside[] = { "/",
                                           "",
                                           "/gsma/rsp2/es2plus",
                                           "gsma/rsp2/",
                                           "/gsma/rsp2/es2plusx/a",
                                           "/GSMA/rsp2/es2plus/",
                                           "?/gsma/rsp2/es2plus/" };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        CHECK(!manifest_allows(smdp, "https", "smdp.example", 443, outside[i], NULL));
    manifest_destroy(&manifest);
}

static void a_prefix_ends_at_a_segment(void)
{
    char *hosts[] = { (char *)"a.example" };
    struct manifest_endpoint endpoint = { .name = (char *)"graph",
                                          .scheme = (char *)"https",
                                          .hosts = hosts,
                                          .hosts_count = 1,
                                          .port_least = 443,
                                          .port_most = 443,
                                          .path_prefix = (char *)"/v1.0" };
    CHECK(manifest_allows(&endpoint, "HTTPS", "a.example", 443, "/v1.0", NULL));
    CHECK(manifest_allows(&endpoint, "https", "a.example", 443, "/v1.0?a", NULL));
    CHECK(manifest_allows(&endpoint, "https", "a.example", 443, "/v1.0/me", NULL));
    CHECK(!manifest_allows(&endpoint, "https", "a.example", 443, "/v1.0x", NULL));
}

static void a_refused_call_is_told_with_both_sides_and_without_its_query(void)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = parsed();
    const struct manifest_endpoint *smdp = manifest_endpoint_of(manifest, "smdp");
    CHECK(!manifest_allows(smdp, "http", "smdp.example", 443, "/", &err));
    CHECK_TEXT(err.text, "endpoint smdp: expected the scheme https, found http");
    CHECK(!manifest_allows(smdp, "https", "evil.example", 443, "/", &err));
    CHECK_TEXT(err.text,
               "endpoint smdp: expected a host of its manifest (smdp.example, "
               "...), found evil.example");
    CHECK(!manifest_allows(smdp, "https", "smdp.example", 442, "/", &err));
    CHECK_TEXT(err.text, "endpoint smdp: expected a port from 443 to 8443, found 442");
    CHECK(!manifest_allows(smdp, "https", "smdp.example", 8444, "/", &err));
    CHECK(
        !manifest_allows(smdp, "https", "smdp.example", 443, "/x?token=hunter2", &err));
    CHECK_TEXT(err.text, "endpoint smdp: expected a path below /gsma/rsp2/es2plus/, "
                         "found \"/x\"");
    manifest_destroy(&manifest);
}

TESTS("manifest_allows",
      CASE(an_endpoint_allows_its_hosts_in_any_writing_and_no_others),
      CASE(an_endpoint_allows_paths_below_its_prefix_and_no_tricks),
      CASE(a_prefix_ends_at_a_segment),
      CASE(a_refused_call_is_told_with_both_sides_and_without_its_query))
