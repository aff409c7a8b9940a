#include "ctl/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/client.h"

enum { PATH_BYTES = 2000, PAGE_ROWS = 500 };

static void add_parameter(struct buf *path, const char *name, const char *value)
{
    char *safe = client_escape(value);
    buf_add_char(path, memchr(path->ptr, '?', path->size) == NULL ? '?' : '&');
    for (; *name != '\0'; name++)
        buf_add_char(path, *name == '-' ? '_' : *name);
    buf_add_char(path, '=');
    buf_add_text(path, safe == NULL ? "" : safe);
    free(safe);
}

static char *page_path(const struct ctl *ctl, const char *path,
                       const char *const *filters, const char *cursor, size_t rows)
{
    struct buf text;
    char limit[24];
    buf_init(&text, PATH_BYTES);
    buf_add_text(&text, path);
    for (; filters != NULL && *filters != NULL; filters++)
        if (ctl_flag(ctl, *filters) != NULL)
            add_parameter(&text, *filters, ctl_flag(ctl, *filters));
    int length = snprintf(limit, sizeof limit, "%zu", rows);
    if (filters != NULL && length > 0)
        add_parameter(&text, "limit", limit);
    if (cursor != NULL)
        add_parameter(&text, "cursor", cursor);
    return buf_take(&text);
}

/* Adds one page; *cursor becomes the next one's, NULL after the last. */
static int add_page(struct ctl *ctl, const char *path, json_t *all, char **cursor)
{
    json_t *page = NULL;
    struct ask ask = { .method = "GET", .path = path };
    int code = client_json(ctl->client, &ask, &page);
    free(*cursor);
    *cursor = NULL;
    if (code != EXIT_DONE)
        return code;
    json_array_extend(all, json_object_get(page, "items"));
    const char *next = json_text(page, "next");
    *cursor = next == NULL ? NULL : strdup(next);
    json_decref(page);
    return EXIT_DONE;
}

static size_t wanted_rows(const struct ctl *ctl)
{
    uint64_t limit;
    const char *text = ctl_flag(ctl, "limit");
    return text != NULL && slice_u64(slice_of(text), &limit) ? (size_t)limit : SIZE_MAX;
}

int list_show(struct ctl *ctl, const char *path, const char *const *filters,
              const struct column *columns)
{
    json_t *all = json_array();
    char *cursor = NULL;
    size_t wanted = wanted_rows(ctl);
    int code;
    do {
        size_t left = wanted - json_array_size(all);
        char *page = page_path(ctl, path, filters, cursor,
                               left < PAGE_ROWS ? left : PAGE_ROWS);
        code = page == NULL ? EXIT_USAGE : add_page(ctl, page, all, &cursor);
        free(page);
    } while (code == EXIT_DONE && cursor != NULL && json_array_size(all) < wanted);
    free(cursor);
    if (code == EXIT_DONE)
        output_show(ctl->form, columns, all);
    json_decref(all);
    return code;
}

int one_show(struct ctl *ctl, const char *path, const struct column *columns)
{
    json_t *one = NULL;
    struct ask ask = { .method = "GET", .path = path };
    int code = client_json(ctl->client, &ask, &one);
    if (code == EXIT_DONE)
        output_show(ctl->form, columns, one);
    json_decref(one);
    return code;
}
