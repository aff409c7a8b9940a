#include "api/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/worker.h"
#include "base/json.h"
#include "crypto/digest.h"

enum { CHECK_BYTES = 4, CURSOR_BYTES = 160 };

static void swap(char *text, size_t size, char from, char to)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == from)
            text[i] = to;
}

/* RFC 4648 5, with padding left off. */
static bool write_cursor(int64_t number, const char *text, struct buf *ret)
{
    char plain[CURSOR_BYTES];
    uint8_t digest[DIGEST_SIZE];
    int length = snprintf(plain + CHECK_BYTES, sizeof plain - CHECK_BYTES, "%lld:%s",
                          (long long)number, text);
    if (length < 0 || (size_t)length >= sizeof plain - CHECK_BYTES)
        return false;
    digest_sha256(slice_bytes(plain + CHECK_BYTES, (size_t)length), digest);
    memcpy(plain, digest, CHECK_BYTES);
    base64_write(slice_bytes(plain, (size_t)length + CHECK_BYTES), ret);
    while (ret->size > 0 && ret->ptr[ret->size - 1] == '=')
        ret->ptr[--ret->size] = '\0';
    swap(ret->ptr, ret->size, '+', '-');
    swap(ret->ptr, ret->size, '/', '_');
    return buf_ok(ret);
}

static bool open_cursor(const char *cursor, struct buf *ret)
{
    char text[CURSOR_BYTES * 2];
    size_t size = strlen(cursor);
    if (size + 4 > sizeof text)
        return false;
    memcpy(text, cursor, size);
    swap(text, size, '-', '+');
    swap(text, size, '_', '/');
    while (size % 4 != 0)
        text[size++] = '=';
    uint8_t digest[DIGEST_SIZE];
    if (!base64_read(slice_bytes(text, size), ret) || ret->size <= CHECK_BYTES)
        return false;
    digest_sha256(slice_bytes(ret->ptr + CHECK_BYTES, ret->size - CHECK_BYTES), digest);
    return memcmp(digest, ret->ptr, CHECK_BYTES) == 0;
}

bool page_cursor_read(const char *cursor, struct page *ret)
{
    struct buf plain;
    uint64_t number;
    buf_init(&plain, CURSOR_BYTES);
    bool ok = open_cursor(cursor, &plain);
    if (ok) {
        struct slice rest = slice_bytes(plain.ptr + CHECK_BYTES,
                                        plain.size - CHECK_BYTES);
        ok = slice_u64(slice_cut(&rest, ':'), &number) && number <= INT64_MAX &&
             slice_copy(rest, ret->text, sizeof ret->text);
        if (ok)
            ret->number = (int64_t)number;
    }
    buf_finish(&plain);
    return ok;
}

bool page_read(struct call *call, struct page *ret)
{
    const struct settings *settings = call->worker->shared->parts.settings;
    const char *cursor = call_query(call, "cursor");
    int64_t most = settings_int(settings, SET_PAGE_MOST);
    *ret = (struct page){
        .limit = call_query_int(call, "limit", settings_int(settings, SET_PAGE_DEFAULT))
    };
    if (ret->limit > most)
        ret->limit = most;
    if (cursor == NULL || cursor[0] == '\0' || page_cursor_read(cursor, ret))
        return true;
    struct faults faults;
    faults_init(&faults, call->arena, NULL);
    faults_add(&faults, "/query/cursor", "this is no cursor of ours");
    call_faults(call, &faults);
    return false;
}

/* The same list, from there on: all parameters but the cursor stay. */
static void add_link(struct call *call, const char *cursor)
{
    struct buf link;
    buf_init(&link, 480);
    buf_add_text(&link, "<");
    buf_add_slice(&link, call->request->path);
    buf_add_text(&link, "?");
    struct slice rest = call->request->query;
    while (rest.size > 0) {
        struct slice piece = slice_cut(&rest, '&');
        if (slice_starts(piece, "cursor=") || piece.size == 0)
            continue;
        buf_add_slice(&link, piece);
        buf_add_text(&link, "&");
    }
    buf_add_format(&link, "cursor=%s>; rel=\"next\"", cursor);
    if (buf_ok(&link))
        call_field(call, "Link", "%s", link.ptr);
    buf_finish(&link);
}

void page_reply(struct call *call, json_t *page, json_t *items, bool more,
                int64_t number, const char *text)
{
    struct buf cursor;
    buf_init(&cursor, CURSOR_BYTES * 2);
    json_object_set_new(page, "items", items);
    if (more && write_cursor(number, text, &cursor)) {
        json_put_text(page, "next", cursor.ptr);
        add_link(call, cursor.ptr);
    }
    buf_finish(&cursor);
    call_json(call, 200, page);
}
