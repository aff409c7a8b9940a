#include "ctl/place.h"

#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "conf/file.h"
#include "conf/yaml.h"
#include "ctl/command.h"

#define SOCKET_HERE "/run/esimd/api.sock"

struct context {
    char *name, *url, *socket, *token_file, *tenant, *ca_file;
};

struct contexts {
    char *current;
    struct context *list;
    unsigned list_count;
};

/* clang-format off */
#define OPTIONAL_TEXT(key, type, member) \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 0, PLACE_TEXT_SIZE - 1)
static const cyaml_schema_field_t context_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct context, name, 1, 63),
    OPTIONAL_TEXT("url", struct context, url),
    OPTIONAL_TEXT("socket", struct context, socket),
    OPTIONAL_TEXT("token_file", struct context, token_file),
    OPTIONAL_TEXT("tenant", struct context, tenant),
    OPTIONAL_TEXT("ca_file", struct context, ca_file),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t context_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct context, context_fields)
};
static const cyaml_schema_field_t contexts_fields[] = {
    OPTIONAL_TEXT("current", struct contexts, current),
    CYAML_FIELD_SEQUENCE("contexts", CYAML_FLAG_POINTER, struct contexts, list, &context_schema, 0, 64),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t contexts_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct contexts, contexts_fields)
};
/* clang-format on */

static bool copy(const char *text, char *ret, size_t size, struct err *err)
{
    return text == NULL || slice_copy(slice_of(text), ret, size) ||
           err_set(err, ERR_LIMIT, "\"%.40s...\" is too long", text);
}

static void trim_end(struct buf *text)
{
    while (text->size > 0 && strchr(" \t\r\n", text->ptr[text->size - 1]) != NULL)
        text->ptr[--text->size] = '\0';
}

static bool read_token(const char *path, struct place *ret, struct err *err)
{
    struct buf text;
    if (path == NULL || path[0] == '\0')
        return true;
    buf_init(&text, sizeof ret->token - 1);
    bool ok = file_read(path, &text, err);
    trim_end(&text);
    ok = ok && copy(text.size == 0 ? "" : text.ptr, ret->token, sizeof ret->token, err);
    buf_finish_secret(&text);
    return ok;
}

static bool take(const char *url, const char *socket, const char *token_file,
                 const char *tenant, const char *ca_file, struct place *ret,
                 struct err *err)
{
    if (url != NULL)
        ret->socket[0] = '\0';
    return copy(url, ret->url, sizeof ret->url, err) &&
           copy(socket, ret->socket, sizeof ret->socket, err) &&
           read_token(token_file, ret, err) &&
           copy(tenant, ret->tenant, sizeof ret->tenant, err) &&
           copy(ca_file, ret->ca_file, sizeof ret->ca_file, err);
}

static bool take_context(const struct contexts *contexts, const char *name,
                         struct place *ret, struct err *err)
{
    for (unsigned i = 0; i < contexts->list_count; i++) {
        const struct context *c = &contexts->list[i];
        if (strcmp(c->name, name) == 0)
            return take(c->url, c->socket, c->token_file, c->tenant, c->ca_file, ret,
                        err);
    }
    return err_set(err, ERR_NOT_FOUND, "there is no context %s", name);
}

static bool context_path(char *ret, size_t size)
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    if (config != NULL && config[0] != '\0')
        return file_path(ret, size, config, "esim/context.yaml", NULL);
    return home != NULL &&
           file_path(ret, size, home, ".config/esim/context.yaml", NULL);
}

/* A missing file is no trouble unless a context was asked for. */
static bool read_contexts(const char *wanted, struct place *ret, struct err *err)
{
    char path[PLACE_TEXT_SIZE];
    struct buf text;
    struct err missing = ERR_INIT;
    struct contexts *contexts = NULL;
    if (!context_path(path, sizeof path))
        return true;
    buf_init(&text, YAML_BYTES_MAX);
    bool ok = file_read(path, &text, &missing);
    if (!ok) {
        buf_finish(&text);
        *err = missing;
        return wanted == NULL;
    }
    ok = yaml_read(buf_slice(&text), path, &contexts_schema, (void **)&contexts, NULL,
                   err);
    const char *name = wanted != NULL || !ok ? wanted : contexts->current;
    if (ok && name != NULL)
        ok = take_context(contexts, name, ret, err);
    if (contexts != NULL)
        yaml_release(&contexts_schema, contexts, 0);
    buf_finish(&text);
    return ok;
}

bool place_find(const struct ctl *ctl, struct place *ret, struct err *err)
{
    const char *context = ctl_flag(ctl, "context");
    *ret = (struct place){ .url = "", .socket = SOCKET_HERE };
    if (context == NULL)
        context = getenv("ESIM_CONTEXT");
    bool ok = read_contexts(context, ret, err) &&
              take(getenv("ESIM_URL"), getenv("ESIM_SOCKET"), getenv("ESIM_TOKEN_FILE"),
                   getenv("ESIM_TENANT"), getenv("ESIM_CA_FILE"), ret, err) &&
              take(ctl_flag(ctl, "url"), ctl_flag(ctl, "socket"),
                   ctl_flag(ctl, "token-file"), ctl_flag(ctl, "tenant"), NULL, ret,
                   err);
    if (ok && ret->url[0] == '\0')
        ok = copy("http://localhost", ret->url, sizeof ret->url, err);
    return ok;
}
