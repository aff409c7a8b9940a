/* sign: fills digest, size and revision into a manifest, then lets the real minisign
 * sign the file. Line by line, so that comments and order stay the author's. */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "crypto/digest.h"
#include "manifest/manifest.h"
#include "tool.h"

extern char **environ;

enum { MANIFEST_BYTES = 256 << 10, OBJECT_BYTES = 64 << 20 };

struct signing {
    const char *manifest, *key, *object;
    char digest[65];
    size_t size;
    bool has_digest, has_size, has_revision;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The value's place when the line is "  key: value" or "- key: value". */
static bool is_key(struct slice line, const char *key, size_t *ret_value_at)
{
    size_t at = 0, length = strlen(key);
    while (at < line.size && strchr(" -", line.ptr[at]) != NULL)
        at++;
    if (line.size - at < length + 1 || memcmp(line.ptr + at, key, length) != 0 ||
        line.ptr[at + length] != ':')
        return false;
    *ret_value_at = at + length + 1;
    return true;
}

static bool next_revision(struct slice value, uint64_t *ret)
{
    while (value.size > 0 && value.ptr[0] == ' ')
        value = (struct slice){ value.ptr + 1, value.size - 1 };
    value = slice_cut(&value, ' ');
    if (!slice_u64(value, ret) || *ret >= INT64_MAX)
        return false;
    ++*ret;
    return true;
}

static bool edit_line(struct signing *signing, struct slice line, struct buf *ret,
                      struct err *err)
{
    size_t at;
    uint64_t revision;
    if (signing->object != NULL && is_key(line, "sha256", &at)) {
        buf_add_format(ret, "%.*s \"%s\"", (int)at, line.ptr, signing->digest);
        signing->has_digest = true;
    } else if (signing->object != NULL && is_key(line, "size", &at)) {
        buf_add_format(ret, "%.*s %zu", (int)at, line.ptr, signing->size);
        signing->has_size = true;
    } else if (is_key(line, "revision", &at)) {
        struct slice value = { line.ptr + at, line.size - at };
        if (!next_revision(value, &revision))
            return err_set(err, ERR_INVALID, "%s: revision is no number: %.*s",
                           signing->manifest, (int)value.size, value.ptr);
        buf_add_format(ret, "%.*s %llu", (int)at, line.ptr,
                       (unsigned long long)revision);
        signing->has_revision = true;
    } else {
        buf_add_slice(ret, line);
    }
    return true;
}

static bool edit(struct signing *signing, struct slice text, struct buf *ret,
                 struct err *err)
{
    while (text.size > 0) {
        bool ends = memchr(text.ptr, '\n', text.size) != NULL;
        struct slice line = slice_cut(&text, '\n');
        if (!edit_line(signing, line, ret, err))
            return false;
        if (ends)
            buf_add_char(ret, '\n');
    }
    if (!signing->has_revision)
        return err_set(err, ERR_INVALID, "%s has no line revision:", signing->manifest);
    if (signing->object != NULL && (!signing->has_digest || !signing->has_size))
        return err_set(err, ERR_INVALID,
                       "%s has no lines sha256: and size:", signing->manifest);
    return buf_ok(ret) || err_set(err, ERR_LIMIT, "%s is too large", signing->manifest);
}

/* What would be refused later is refused here, and the file stays as it was. */
static bool judge(const struct signing *signing, struct slice text, struct err *err)
{
    struct manifest *manifest = NULL;
    if (!manifest_parse(text, signing->manifest, &manifest, err))
        return false;
    bool fits = signing->object == NULL ||
                (manifest->files_count == 1 &&
                 strcmp(manifest->files[0].name, base_name(signing->object)) == 0);
    if (!fits)
        err_set(err, ERR_INVALID, "%s names the object %s, not %s", signing->manifest,
                manifest->files_count > 0 ? manifest->files[0].name : "(none)",
                base_name(signing->object));
    manifest_destroy(&manifest);
    return fits;
}

static bool read_object(struct signing *signing, struct err *err)
{
    struct buf object;
    bool read = tool_read_file(signing->object, OBJECT_BYTES, &object, err);
    if (read) {
        digest_sha256_text(buf_slice(&object), signing->digest);
        signing->size = object.size;
    }
    buf_finish(&object);
    return read;
}

/* minisign asks for the key's password on the terminal. */
static bool run_minisign(const struct signing *signing, struct err *err)
{
    char signature[4096];
    int length = snprintf(signature, sizeof signature, "%s.minisig", signing->manifest);
    if (length < 0 || (size_t)length >= sizeof signature)
        return err_set(err, ERR_LIMIT, "%s is too long a path", signing->manifest);
    const char *argv[] = { "minisign",
                           "-S",
                           "-H",
                           "-s",
                           signing->key,
                           "-m",
                           signing->manifest,
                           "-x",
                           signature,
                           "-t",
                           base_name(signing->manifest),
                           NULL };
    pid_t pid;
    int status = 0;
    int failed = posix_spawnp(&pid, "minisign", NULL, NULL,
                              (char *const *)(uintptr_t)argv, environ);
    if (failed != 0)
        return err_set(err, ERR_IO, "minisign cannot be started: %s", strerror(failed));
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        return err_set(err, ERR_IO, "minisign did not sign %s", signing->manifest);
    printf("%s\n", signature);
    return true;
}

static bool sign(struct signing *signing, struct err *err)
{
    struct buf text, edited;
    buf_init(&edited, MANIFEST_BYTES);
    bool ok = tool_read_file(signing->manifest, MANIFEST_BYTES, &text, err) &&
              (signing->object == NULL || read_object(signing, err)) &&
              edit(signing, buf_slice(&text), &edited, err) &&
              judge(signing, buf_slice(&edited), err) &&
              tool_write_file(signing->manifest, buf_slice(&edited), err) &&
              run_minisign(signing, err);
    buf_finish(&text);
    buf_finish(&edited);
    return ok;
}

int tool_sign(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct signing signing = { .manifest = NULL };
    for (int i = 1; i < argc; i++) {
        const char **to = strcmp(argv[i], "--key") == 0      ? &signing.key
                          : strcmp(argv[i], "--object") == 0 ? &signing.object
                                                             : &signing.manifest;
        if (to != &signing.manifest)
            i++;
        *to = argv[i]; /* argv ends with NULL: a missing value stays missing. */
    }
    if (signing.manifest == NULL || signing.key == NULL)
        err_set(&err, ERR_INVALID, "sign needs MANIFEST --key KEY [--object X.so]");
    else if (sign(&signing, &err))
        return EXIT_GOOD;
    return tool_complain(&err);
}
