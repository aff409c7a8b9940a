/* A manifest is YAML that someone else wrote. Whatever reads must also answer what its
 * endpoints allow; the input's last line is the path that is asked for. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct manifest *manifest, const char *path)
{
    struct err err = ERR_INIT;
    for (unsigned i = 0; i < manifest->endpoints_count; i++) {
        const struct manifest_endpoint *endpoint = &manifest->endpoints[i];
        bool allowed = manifest_allows(endpoint, endpoint->scheme, endpoint->hosts[0],
                                       endpoint->port_least, path, &err);
        assert(!allowed || strstr(path, "/../") == NULL || strchr(path, '?') != NULL);
        assert(!manifest_allows(endpoint, endpoint->scheme, path, endpoint->port_least,
                                "/..", &err));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_INIT;
    struct manifest *manifest = NULL;
    char path[256];
    struct slice text = slice_bytes(data, size);
    const char *line = size > 0 ? memrchr(text.ptr, '\n', size) : NULL;
    struct slice last = line == NULL
                            ? text
                            : slice_bytes(line + 1,
                                          (size_t)(text.ptr + size - line - 1));
    if (!manifest_parse(text, "fuzz.yaml", &manifest, &err)) {
        assert(manifest == NULL && err.code != ERR_NONE);
        return 0;
    }
    if (slice_copy(last, path, sizeof path))
        ask(manifest, path);
    manifest_destroy(&manifest);
    return 0;
}
