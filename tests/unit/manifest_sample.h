/* manifest_sample.h - one good manifest that tests change in one place. */
#ifndef TESTS_MANIFEST_SAMPLE_H
#define TESTS_MANIFEST_SAMPLE_H

#include <string.h>

#include "base/buf.h"
#include "check.h"

#define SAMPLE_DIGEST "7395afe93bc9c16c0e78b9b9a72b5fc4a3bde9b9a4d0f2d2b8c3c9c2a3b2c1d0"

static const char sample_text[] =
    "kind: adapter\n"
    "name: atom\n"
    "aliases: [telenor]\n"
    "version: 1.2.3-rc.1+b5\n"
    "revision: 7\n"
    "not_before: 2026-01-01T00:00:00Z\n"
    "expires: 2028-01-01T00:00:00Z\n"
    "files:\n"
    "  - name: atom.so\n"
    "    sha256: " SAMPLE_DIGEST "\n"
    "    size: 26\n"
    "abi: { least: 1, most: 1 }\n"
    "state: { oldest: 1, newest: 2 }\n"
    "capabilities: [profile.order, profile.confirm]\n"
    "endpoints:\n"
    "  - name: smdp\n"
    "    scheme: https\n"
    "    hosts: [smdp.example, \"*.atom.example\", 127.0.0.1, \"2001:db8::1\"]\n"
    "    ports: { least: 443, most: 8443 }\n"
    "    path_prefix: /gsma/rsp2/es2plus/\n"
    "    tls: mutual\n"
    "sessions:\n"
    "  - name: smsc\n"
    "    hosts: [smsc.example]\n"
    "    ports: { least: 2775, most: 2775 }\n"
    "    tls: none\n"
    "secrets:\n"
    "  - { name: es2.cert, use: tls.cert }\n"
    "  - { name: es2.key, use: tls.key }\n"
    "callback_auth: mutual\n"
    "settings:\n"
    "  - { name: requester_id, type: text, required: true, text: Who we are. }\n"
    "  - { name: retry.count, type: int, least: 1, most: 9, default: 3, text: How "
    "often. "
    "}\n"
    "  - { name: iccid_form, type: text, values: [\"19\", 19F], default: \"19\", text: "
    "Form. }\n"
    "limits: { cpu_ms: 50, reply_bytes: 65536 }\n"
    "breaker: { failures: 9 }\n";

/* The first `from` becomes `to`. The caller finishes the buf. */
static inline struct buf sample_changed(const char *text, const char *from,
                                        const char *to)
{
    struct buf changed;
    const char *at = strstr(text, from);
    buf_init(&changed, 1 << 20);
    CHECK_FATAL(at != NULL);
    buf_add(&changed, text, (size_t)(at - text));
    buf_add_text(&changed, to);
    buf_add_text(&changed, at + strlen(from));
    return changed;
}

#endif
