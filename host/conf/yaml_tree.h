/* yaml_tree.h - a YAML document as nodes that know their line: what the checks look at.
 *
 * One pass over libyaml's events, before any schema. It refuses what a signed or
 * operator's file has no use for: anchors, aliases, tags, several documents, duplicate
 * keys, keys that are not plain names, control characters, too many bytes, levels or
 * nodes. Memory stays linear in the file's size.
 *
 * Threads  One tree, one thread at a time. */
#ifndef CONF_YAML_TREE_H
#define CONF_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

enum {
    YAML_BYTES_MAX = 256 * 1024,
    YAML_DEPTH_MAX = 16,
    YAML_NODES_MAX = 16384,
    YAML_MEMBERS_MAX = 1024, /* Of one mapping. */
    YAML_KEY_MAX = 128
};

enum node_kind { NODE_SCALAR, NODE_MAPPING, NODE_SEQUENCE };

struct yaml_node {
    enum node_kind kind;
    bool quoted;       /* A scalar in quotes or in block style: text, never a number. */
    unsigned line;     /* From 1. */
    const char *key;   /* In a mapping; NULL otherwise. */
    struct slice text; /* Of a scalar; ends in a NUL that does not count. */
    unsigned count;    /* Of children. */
    unsigned index;    /* Among its siblings. */
    struct yaml_node *parent; /* NULL: the root. */
    struct yaml_node *first, *last, *next;
};

struct yaml_tree;

/* `name` is what errors call the document; borrowed as long as the tree lives. An empty
 * document gives a tree without a root. The caller destroys. */
bool yaml_tree_read(struct slice text, const char *name, struct yaml_tree **ret,
                    struct err *err);
void yaml_tree_destroy(struct yaml_tree **tree);

/* NULL for an empty document. */
const struct yaml_node *yaml_tree_root(const struct yaml_tree *tree);
const char *yaml_tree_name(const struct yaml_tree *tree);

/* By JSON pointer ("/limits/cpu_ms", "/endpoints/0/name"); NULL when absent. */
const struct yaml_node *yaml_tree_at(const struct yaml_tree *tree, const char *pointer);

/* A member of a mapping by key; NULL when absent. */
const struct yaml_node *yaml_node_member(const struct yaml_node *mapping,
                                         const char *key);

/* "a list", "a mapping", "nothing", or the scalar in quotes, cut when long. */
const char *yaml_node_found(const struct yaml_node *node, char ret[64]);

/* The node as JSON pointer; cut when long. */
void yaml_node_pointer(const struct yaml_node *node, char *ret, size_t size);

/* A whole decimal number, unquoted, with no sign but a minus and no leading zero. */
bool yaml_node_int(const struct yaml_node *node, int64_t *ret);

/* Fills `err` with "file:line: field: sentence"; `node` NULL means the document itself.
 * Returns false. */
bool yaml_fail(const struct yaml_tree *tree, const struct yaml_node *node,
               struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
