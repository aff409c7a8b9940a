#include "conf/yaml_tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/arena.h"

enum { TREE_MEMORY_BYTES = 4 * 1024 * 1024 };

struct yaml_tree {
    const char *name;
    struct arena *arena;
    struct yaml_node *root;
    unsigned nodes;
};

/* Where the pass stands. */
struct scan {
    struct yaml_tree *tree;
    struct yaml_node *open; /* The innermost list or mapping; NULL at the top. */
    const char *key;        /* Read, its value not yet. */
    unsigned depth, documents;
    unsigned line; /* Of the event in hand. */
    struct err *err;
};

static bool refuse(struct scan *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(struct scan *scan, const char *format, ...)
{
    char text[256], pointer[128] = "";
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    assert(length >= 0);
    va_end(args);
    if (scan->open != NULL)
        yaml_node_pointer(scan->open, pointer, sizeof pointer);
    return err_field(scan->err, pointer, "%s:%u: %s%s%s", scan->tree->name, scan->line,
                     pointer, pointer[0] != '\0' ? ": " : "", text);
}

static struct yaml_node *add_node(struct scan *scan, enum node_kind kind)
{
    struct yaml_tree *tree = scan->tree;
    if (tree->nodes >= YAML_NODES_MAX) {
        refuse(scan, "expected at most %d values, found more", YAML_NODES_MAX);
        return NULL;
    }
    struct yaml_node *node = arena_alloc(tree->arena, sizeof *node);
    if (node == NULL) {
        refuse(scan, "the document needs too much memory");
        return NULL;
    }
    tree->nodes++;
    *node = (struct yaml_node){
        .kind = kind, .line = scan->line, .key = scan->key, .parent = scan->open
    };
    scan->key = NULL;
    if (scan->open == NULL) {
        tree->root = node;
        return node;
    }
    node->index = scan->open->count++;
    if (scan->open->last != NULL)
        scan->open->last->next = node;
    else
        scan->open->first = node;
    scan->open->last = node;
    return node;
}

/* Names only: what can stand in an error, a pointer and an environment variable. */
static bool is_plain_key(const char *text, size_t size)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return size > 0 && size <= YAML_KEY_MAX && strspn(text, allowed) == size;
}

static bool take_key(struct scan *scan, const char *text, size_t size)
{
    if (!is_plain_key(text, size))
        return refuse(scan,
                      "expected a name of letters, digits, '_', '.' or '-' and "
                      "at most %d characters as key, found something else",
                      YAML_KEY_MAX);
    if (yaml_node_member(scan->open, text) != NULL)
        return refuse(scan, "expected each key once, found \"%s\" twice", text);
    if (scan->open->count >= YAML_MEMBERS_MAX)
        return refuse(scan, "expected at most %d members, found more",
                      YAML_MEMBERS_MAX);
    scan->key = arena_copy(scan->tree->arena, text, size);
    return scan->key != NULL || refuse(scan, "the document needs too much memory");
}

static bool wants_key(const struct scan *scan)
{
    return scan->open != NULL && scan->open->kind == NODE_MAPPING && scan->key == NULL;
}

static bool take_scalar(struct scan *scan, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    if (event->data.scalar.anchor != NULL)
        return refuse(scan, "expected no anchors, found \"&%.40s\"",
                      (const char *)event->data.scalar.anchor);
    if (event->data.scalar.tag != NULL)
        return refuse(scan, "expected no tags, found one");
    if (memchr(text, '\0', size) != NULL)
        return refuse(scan, "expected text, found a NUL character");
    if (wants_key(scan))
        return take_key(scan, text, size);
    struct yaml_node *node = add_node(scan, NODE_SCALAR);
    if (node == NULL)
        return false;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = (struct slice){ arena_copy(scan->tree->arena, text, size), size };
    return node->text.ptr != NULL || refuse(scan, "the document needs too much memory");
}

static bool take_open(struct scan *scan, enum node_kind kind, const void *anchor,
                      const void *tag)
{
    if (anchor != NULL)
        return refuse(scan, "expected no anchors, found \"&%.40s\"",
                      (const char *)anchor);
    if (tag != NULL)
        return refuse(scan, "expected no tags, found one");
    if (wants_key(scan))
        return refuse(scan, "expected a name as key, found a list or mapping");
    if (scan->depth >= YAML_DEPTH_MAX)
        return refuse(scan, "expected at most %d levels, found more", YAML_DEPTH_MAX);
    struct yaml_node *node = add_node(scan, kind);
    if (node == NULL)
        return false;
    scan->open = node;
    scan->depth++;
    return true;
}

static bool take_close(struct scan *scan)
{
    assert(scan->open != NULL);
    scan->open = scan->open->parent;
    scan->depth--;
    return true;
}

static bool take_event(struct scan *scan, const yaml_event_t *event)
{
    scan->line = (unsigned)event->start_mark.line + 1;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse(scan, "expected no aliases, found \"*%.40s\"",
                      (const char *)event->data.alias.anchor);
    case YAML_DOCUMENT_START_EVENT:
        return ++scan->documents == 1 ||
               refuse(scan, "expected one document, found another");
    case YAML_SCALAR_EVENT:
        return take_scalar(scan, event);
    case YAML_SEQUENCE_START_EVENT:
        return take_open(scan, NODE_SEQUENCE, event->data.sequence_start.anchor,
                         event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return take_open(scan, NODE_MAPPING, event->data.mapping_start.anchor,
                         event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return take_close(scan);
    default:
        return true;
    }
}

static bool scan_events(struct scan *scan, yaml_parser_t *parser)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            scan->line = (unsigned)parser->problem_mark.line + 1;
            return refuse(scan, "expected YAML, found: %s",
                          parser->problem != NULL ? parser->problem : "no memory");
        }
        more = event.type != YAML_STREAM_END_EVENT;
        bool fine = take_event(scan, &event);
        yaml_event_delete(&event);
        if (!fine)
            return false;
    }
    return true;
}

static bool scan_text(struct yaml_tree *tree, struct slice text, struct err *err)
{
    struct scan scan = { .tree = tree, .err = err };
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_INTERNAL, "no memory to read %s", tree->name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.size);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    bool fine = scan_events(&scan, &parser);
    yaml_parser_delete(&parser);
    return fine;
}

bool yaml_tree_read(struct slice text, const char *name, struct yaml_tree **ret,
                    struct err *err)
{
    assert(name != NULL && ret != NULL);
    if (text.size > YAML_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "%s: expected at most %d bytes, found %zu", name,
                       YAML_BYTES_MAX, text.size);
    struct yaml_tree *tree = calloc(1, sizeof *tree);
    if (tree != NULL)
        tree->arena = arena_create(TREE_MEMORY_BYTES);
    if (tree == NULL || tree->arena == NULL) {
        yaml_tree_destroy(&tree);
        return err_set(err, ERR_INTERNAL, "no memory to read %s", name);
    }
    tree->name = name;
    if (!scan_text(tree, text, err)) {
        yaml_tree_destroy(&tree);
        return false;
    }
    *ret = tree;
    return true;
}

void yaml_tree_destroy(struct yaml_tree **tree)
{
    if (*tree == NULL)
        return;
    arena_destroy(&(*tree)->arena);
    free(*tree);
    *tree = NULL;
}

const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root;
}

const char *yaml_tree_name(const struct yaml_tree *tree)
{
    return tree->name;
}

const struct yaml_node *yaml_node_member(const struct yaml_node *mapping,
                                         const char *key)
{
    const struct yaml_node *node = mapping->first;
    while (node != NULL && (node->key == NULL || strcmp(node->key, key) != 0))
        node = node->next;
    return node;
}

static const struct yaml_node *child_at(const struct yaml_node *parent,
                                        struct slice name)
{
    uint64_t index = 0;
    bool numeric = slice_u64(name, &index);
    const struct yaml_node *node = parent->first;
    for (; node != NULL; node = node->next)
        if (node->key != NULL ? slice_is(name, node->key)
                              : numeric && index == node->index)
            break;
    return node;
}

const struct yaml_node *yaml_tree_at(const struct yaml_tree *tree, const char *pointer)
{
    const struct yaml_node *node = tree->root;
    struct slice rest = slice_of(pointer);
    slice_cut(&rest, '/');
    while (node != NULL && rest.size > 0)
        node = child_at(node, slice_cut(&rest, '/'));
    return node;
}

const char *yaml_node_found(const struct yaml_node *node, char ret[64])
{
    if (node->kind != NODE_SCALAR)
        return node->kind == NODE_SEQUENCE ? "a list" : "a mapping";
    if (node->text.size == 0)
        return node->quoted ? "an empty text" : "nothing";
    bool cut = node->text.size > 40;
    int length = snprintf(ret, 64, "\"%.40s%s\"", node->text.ptr, cut ? "..." : "");
    assert(length > 0);
    return ret;
}

void yaml_node_pointer(const struct yaml_node *node, char *ret, size_t size)
{
    ret[0] = '\0';
    if (node->parent == NULL)
        return;
    yaml_node_pointer(node->parent, ret, size);
    size_t used = strlen(ret);
    int length = node->key != NULL
                     ? snprintf(ret + used, size - used, "/%s", node->key)
                     : snprintf(ret + used, size - used, "/%u", node->index);
    assert(length > 0);
}

bool yaml_node_int(const struct yaml_node *node, int64_t *ret)
{
    if (node->kind != NODE_SCALAR || node->quoted)
        return false;
    struct slice digits = node->text;
    bool minus = slice_starts(digits, "-");
    if (minus)
        digits = (struct slice){ digits.ptr + 1, digits.size - 1 };
    uint64_t number;
    if (!slice_u64(digits, &number) || number > INT64_MAX ||
        (digits.size > 1 && digits.ptr[0] == '0'))
        return false;
    *ret = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

bool yaml_fail(const struct yaml_tree *tree, const struct yaml_node *node,
               struct err *err, const char *format, ...)
{
    char text[400], pointer[128] = "";
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    assert(length >= 0);
    va_end(args);
    if (node != NULL)
        yaml_node_pointer(node, pointer, sizeof pointer);
    return err_field(err, pointer, "%s:%u: %s%s%s", tree->name,
                     node != NULL ? node->line : 1, pointer,
                     pointer[0] != '\0' ? ": " : "", text);
}
