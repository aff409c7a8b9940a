#include "manifest/trust.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/file.h"
#include "conf/yaml.h"
#include "crypto/minisign.h"

enum { KEYS_MAX = 64, KEY_NAME_MAX = 29, SIGNATURE_BYTES_MAX = 4096 };

struct trust_key {
    char *name;
    char *key;
    char **kinds;
    unsigned kinds_count;
};

struct trust_text {
    struct trust_key *keys;
    unsigned keys_count;
    uint32_t adapter, policy; /* Thresholds. */
};

struct trust {
    char *path;
    struct trust_text *text;
    struct minisign_key *keys; /* One for each of text->keys. */
};

/* clang-format off */
static const cyaml_schema_value_t kind_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 16)
};
static const cyaml_schema_field_t key_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct trust_key, name, 1, KEY_NAME_MAX),
    CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct trust_key, key, 0, 256),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER, struct trust_key, kinds, &kind_schema, 1, 8),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t key_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct trust_key, key_fields)
};
static const cyaml_schema_field_t threshold_fields[] = {
    CYAML_FIELD_UINT("adapter", CYAML_FLAG_OPTIONAL, struct trust_text, adapter),
    CYAML_FIELD_UINT("policy", CYAML_FLAG_OPTIONAL, struct trust_text, policy),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t trust_fields[] = {
    CYAML_FIELD_SEQUENCE("keys", CYAML_FLAG_POINTER, struct trust_text, keys, &key_schema, 1, KEYS_MAX),
    { .key = "thresholds", .data_offset = 0,
      .value = { CYAML_VALUE_MAPPING(CYAML_FLAG_OPTIONAL, struct trust_text, threshold_fields) } },
    CYAML_FIELD_END
};
static const cyaml_schema_value_t trust_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct trust_text, trust_fields)
};

static const struct { const char *name; size_t threshold; } kinds[] = {
    { "adapter", offsetof(struct trust_text, adapter) },
    { "policy",  offsetof(struct trust_text, policy) },
};
/* clang-format on */
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

static uint32_t *threshold_of(const struct trust *trust, int kind)
{
    return (uint32_t *)((char *)trust->text + kinds[kind].threshold);
}

static int kind_index(const char *name)
{
    int kind = 0;
    while (kind < KIND_COUNT && strcmp(kinds[kind].name, name) != 0)
        kind++;
    return kind;
}

static bool may_sign(const struct trust_key *key, const char *kind)
{
    for (unsigned i = 0; i < key->kinds_count; i++)
        if (strcmp(key->kinds[i], kind) == 0)
            return true;
    return false;
}

/* --- reading the trust file --- */

static const struct yaml_node *key_node(const struct yaml_tree *tree, unsigned at,
                                        const char *member)
{
    char pointer[64];
    int length = snprintf(pointer, sizeof pointer, "/keys/%u/%s", at, member);
    assert(length > 0);
    return yaml_tree_at(tree, pointer);
}

static bool check_kinds(const struct trust *trust, const struct yaml_tree *tree,
                        unsigned at, struct err *err)
{
    const struct trust_key *key = &trust->text->keys[at];
    for (unsigned i = 0; i < key->kinds_count; i++)
        if (kind_index(key->kinds[i]) == KIND_COUNT)
            return yaml_fail(tree, key_node(tree, at, "kinds"), err,
                             "expected the kinds adapter or policy, found \"%.40s\"",
                             key->kinds[i]);
    return true;
}

/* Two names for one key would let it meet a threshold of two alone. */
static bool check_distinct(const struct trust *trust, const struct yaml_tree *tree,
                           unsigned at, struct err *err)
{
    const struct trust_key *names = trust->text->keys;
    for (unsigned i = 0; i < at; i++) {
        if (strcmp(names[i].name, names[at].name) == 0)
            return yaml_fail(tree, key_node(tree, at, "name"), err,
                             "expected each name once, found \"%s\" twice",
                             names[at].name);
        if (memcmp(trust->keys[i].number, trust->keys[at].number, 8) == 0 ||
            memcmp(trust->keys[i].ed25519, trust->keys[at].ed25519, 32) == 0)
            return yaml_fail(tree, key_node(tree, at, "key"), err,
                             "expected each key once, found the key of \"%s\" again",
                             names[i].name);
    }
    return true;
}

static bool read_keys(struct trust *trust, const struct yaml_tree *tree,
                      struct err *err)
{
    struct trust_text *text = trust->text;
    trust->keys = calloc(text->keys_count, sizeof *trust->keys);
    if (trust->keys == NULL)
        return err_set(err, ERR_INTERNAL, "no memory for %s", trust->path);
    for (unsigned i = 0; i < text->keys_count; i++) {
        struct err why = ERR_INIT;
        if (!minisign_key_read(slice_of(text->keys[i].key), &trust->keys[i], &why))
            return yaml_fail(tree, key_node(tree, i, "key"), err, "%s", why.text);
        if (!check_kinds(trust, tree, i, err) || !check_distinct(trust, tree, i, err))
            return false;
    }
    return true;
}

static bool read_thresholds(struct trust *trust, const struct yaml_tree *tree,
                            struct err *err)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        char pointer[64];
        int length = snprintf(pointer, sizeof pointer, "/thresholds/%s",
                              kinds[kind].name);
        assert(length > 0);
        const struct yaml_node *node = yaml_tree_at(tree, pointer);
        uint32_t *threshold = threshold_of(trust, kind), able = 0;
        for (unsigned i = 0; i < trust->text->keys_count; i++)
            able += may_sign(&trust->text->keys[i], kinds[kind].name);
        if (node == NULL)
            *threshold = 1;
        else if (*threshold < 1 || *threshold > able || *threshold > TRUST_SIGNATURES)
            return yaml_fail(tree, node, err,
                             "expected from 1 to the %u keys that may sign this kind "
                             "(at most %d), found %u",
                             able, TRUST_SIGNATURES, *threshold);
    }
    return true;
}

struct trust *trust_load(const char *path, struct err *err)
{
    struct yaml_tree *tree = NULL;
    struct buf text;
    bool fine = false;
    buf_init(&text, YAML_BYTES_MAX);
    struct trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL || (trust->path = strdup(path)) == NULL)
        err_set(err, ERR_INTERNAL, "no memory for %s", path);
    else
        fine = file_read(path, &text, err) &&
               yaml_tree_read(buf_slice(&text), path, &tree, err) &&
               yaml_read_tree(tree, buf_slice(&text), &trust_schema,
                              (void **)&trust->text, NULL, err) &&
               read_keys(trust, tree, err) && read_thresholds(trust, tree, err);
    if (!fine)
        trust_destroy(&trust);
    yaml_tree_destroy(&tree);
    buf_finish(&text);
    return trust;
}

void trust_destroy(struct trust **trust)
{
    if (*trust == NULL)
        return;
    if ((*trust)->text != NULL)
        yaml_release(&trust_schema, (*trust)->text, 0);
    free((*trust)->keys);
    free((*trust)->path);
    free(*trust);
    *trust = NULL;
}

/* --- checking a document --- */

struct checking {
    const struct trust *trust;
    const char *kind; /* NULL: any. */
    const char *path;
    struct slice bytes;
    bool signed_by[KEYS_MAX];
    unsigned signers;
    char doubt[256]; /* Why the last signature that did not count did not. */
};

static void note(struct checking *checking, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct checking *checking, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(checking->doubt, sizeof checking->doubt, format, args);
    assert(length >= 0);
    va_end(args);
}

static bool check_one(struct checking *checking, const char *path,
                      struct slice signature, struct err *err)
{
    const struct trust *trust = checking->trust;
    uint8_t number[8];
    unsigned at = 0;
    if (!minisign_signer(signature, number, err))
        return err_wrap(err, "%s", path);
    while (at < trust->text->keys_count &&
           memcmp(trust->keys[at].number, number, sizeof number) != 0)
        at++;
    if (at == trust->text->keys_count) {
        note(checking, "%s is of a key that %s does not name", path, trust->path);
        return true;
    }
    if (!minisign_check(&trust->keys[at], checking->bytes, signature, err))
        return err_wrap(err, "%s by key %s", path, trust->text->keys[at].name);
    if (checking->kind != NULL && !may_sign(&trust->text->keys[at], checking->kind)) {
        note(checking, "the key %s may not sign the kind %s",
             trust->text->keys[at].name, checking->kind);
        return true;
    }
    checking->signers += !checking->signed_by[at];
    checking->signed_by[at] = true;
    return true;
}

/* True also when there is no such file: then `*ret_present` is false. */
static bool check_file(struct checking *checking, int number, bool *ret_present,
                       struct err *err)
{
    char path[512];
    struct err why = ERR_INIT;
    struct buf signature;
    int length = number == 1 ? snprintf(path, sizeof path, "%s.minisig", checking->path)
                             : snprintf(path, sizeof path, "%s.%d.minisig",
                                        checking->path, number);
    if (length < 0 || (size_t)length >= sizeof path)
        return err_set(err, ERR_INVALID, "the path %.80s... is too long",
                       checking->path);
    buf_init(&signature, SIGNATURE_BYTES_MAX);
    bool fine = true;
    *ret_present = file_read(path, &signature, &why);
    if (*ret_present)
        fine = check_one(checking, path, buf_slice(&signature), err);
    else if (why.code != ERR_NOT_FOUND)
        fine = err_set(err, ERR_UNTRUSTED, "%s", why.text);
    else if (number == 1)
        note(checking, "%s is missing", path);
    buf_finish(&signature);
    return fine;
}

static void join_signers(const struct checking *checking, char ret[256])
{
    size_t used = 0;
    ret[0] = '\0';
    for (unsigned i = 0; i < checking->trust->text->keys_count; i++) {
        if (!checking->signed_by[i])
            continue;
        int length = snprintf(ret + used, 256 - used, "%s%s", used > 0 ? ", " : "",
                              checking->trust->text->keys[i].name);
        assert(length > 0 && used + (size_t)length < 256); /* 8 * (29 + 2) */
        used += (size_t)length;
    }
}

bool trust_check(const struct trust *trust, const char *kind, const char *path,
                 struct slice bytes, char ret_signers[256], struct err *err)
{
    assert(trust != NULL && path != NULL && ret_signers != NULL);
    int index = kind == NULL ? KIND_COUNT : kind_index(kind);
    if (kind != NULL && index == KIND_COUNT)
        return err_set(err, ERR_UNTRUSTED, "%s: no key may sign the kind %.40s", path,
                       kind);
    struct checking checking = {
        .trust = trust, .kind = kind, .path = path, .bytes = bytes
    };
    bool present = true;
    for (int number = 1; number <= TRUST_SIGNATURES && present; number++)
        if (!check_file(&checking, number, &present, err))
            return false;
    uint32_t wanted = kind == NULL ? 1 : *threshold_of(trust, index);
    if (checking.signers < wanted)
        return err_set(err, ERR_UNTRUSTED,
                       "%s: expected signatures of %u trusted key%s, found %u%s%s",
                       path, wanted, wanted == 1 ? "" : "s", checking.signers,
                       checking.doubt[0] != '\0' ? "; " : "", checking.doubt);
    join_signers(&checking, ret_signers);
    return true;
}
