/* What a client sends, behind the HTTP parser: the first byte chooses a reader, the rest
 * is what it reads. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/accept.h"
#include "api/key_text.h"
#include "api/member.h"
#include "api/page.h"
#include "api/route.h"
#include "api/shapes.h"
#include "api/trace.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool so)
{
    if (!so)
        abort();
}

static void read_path(struct slice text)
{
    struct route_params params;
    char allow[64];
    struct slice method = slice_cut(&text, ' ');
    const struct route *route = route_match(
        method, text, ROUTE_SIDE_API | ROUTE_SIDE_CALLBACK, &params, allow);
    must(route == NULL || route_at(params.place) == route);
    must(strlen(allow) < sizeof allow);
}

static void read_accept(struct slice text)
{
    static const char *const types[] = { "image/png", "text/plain", NULL };
    char header[512];
    if (!slice_copy(text, header, sizeof header))
        return;
    int chosen = accept_choose(header, types);
    must(chosen >= -1 && chosen < 2);
}

static void read_trace(struct slice text)
{
    char trace[56];
    trace_child(text, trace);
    must(strlen(trace) == 55);
}

/* Who has no key cannot make one up: nothing here has a right checksum by chance. */
static void read_key(struct slice text)
{
    char prefix[KEY_PREFIX_SIZE];
    uint8_t hash[DIGEST_SIZE];
    if (key_text_read(text, prefix, hash))
        must(strlen(prefix) == KEY_PREFIX_SIZE - 1);
}

static void read_body(struct slice text)
{
    static const struct schema *const shapes[] = { &shape_order_new, &shape_key_new,
                                                   &shape_order_resolve, &shape_order };
    json_t *body = json_read(text, NULL);
    if (body == NULL)
        return;
    struct arena *arena = arena_create(1 << 20);
    for (size_t i = 0; arena != NULL && i < sizeof shapes / sizeof shapes[0]; i++) {
        struct faults faults;
        faults_init(&faults, arena, NULL);
        schema_check(shapes[i], body, &faults);
        must(faults.count <= FAULTS_MAX);
        for (const struct fault *at = faults.first; at != NULL; at = at->next)
            must(at->pointer[0] == '\0' || at->pointer[0] == '/');
    }
    arena_destroy(&arena);
    json_decref(body);
}

static void read_cursor(struct slice text)
{
    char cursor[512];
    struct page page = { .limit = 1 };
    if (slice_copy(text, cursor, sizeof cursor) && page_cursor_read(cursor, &page))
        must(strlen(page.text) < PAGE_TEXT_SIZE && page.number >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const readers[])(struct slice text) = {
        read_path, read_accept, read_trace, read_key, read_body, read_cursor,
    };
    if (size == 0)
        return 0;
    struct slice rest = slice_bytes(bytes + 1, size - 1);
    readers[bytes[0] % (sizeof readers / sizeof readers[0])](rest);
    return 0;
}
