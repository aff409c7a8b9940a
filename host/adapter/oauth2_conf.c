#include "adapter/oauth2_conf.h"

#include <string.h>

#include "base/json.h"

enum { FORM_BYTES = 32 * 1024 };

static const char *setting(const struct oauth2_source *source, const char *name)
{
    const char *text = json_text(json_object_get(source->settings, "oauth2"), name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool needed(const struct oauth2_source *source, const char *name,
                   struct arena *arena, const char **ret, struct err *err)
{
    const char *text = setting(source, name);
    const char *field = arena_format(arena, "oauth2.%s", name);
    if (text == NULL)
        return err_field(err, field == NULL ? "oauth2" : field,
                         "is required: endpoint %s takes its token by oauth2",
                         source->endpoint->name);
    *ret = arena_text(arena, text);
    return *ret != NULL || err_set(err, ERR_LIMIT, "the configuration is too large");
}

static bool proof_of(const struct oauth2_source *source, const char *use,
                     struct arena *arena, const char **ret, struct err *err)
{
    if (!adapter_secret_by_use(source->scope, source->manifest, use, arena, ret, err))
        return false;
    return *ret != NULL ||
           err_field(err, "oauth2.proof", "the manifest of %s names no secret for %s",
                     source->manifest->name, use);
}

static bool read_proof(const struct oauth2_source *source, struct arena *arena,
                       struct oauth2_conf *ret, struct err *err)
{
    const char *proof = setting(source, "proof");
    if (proof == NULL || strcmp(proof, "secret") == 0)
        return proof_of(source, "oauth2.secret", arena, &ret->secret, err);
    if (strcmp(proof, "certificate") != 0)
        return err_field(err, "oauth2.proof",
                         "expected secret or certificate, found \"%.40s\"", proof);
    return proof_of(source, "oauth2.cert", arena, &ret->cert_pem, err) &&
           proof_of(source, "oauth2.key", arena, &ret->key_pem, err);
}

static bool read_url(const struct oauth2_source *source, struct arena *arena,
                     struct oauth2_conf *ret, struct err *err)
{
    const char *path = NULL;
    const char *audience = setting(source, "audience");
    const struct manifest_endpoint *giver = manifest_endpoint_of(
        source->manifest, source->endpoint->token_endpoint);
    if (!needed(source, "token_path", arena, &path, err) ||
        !manifest_allows(giver, source->at->scheme, source->at->host, source->at->port,
                         path, err))
        return false;
    ret->url = arena_format(arena, "%s%s", source->at->base, path);
    ret->audience = audience == NULL ? ret->url : arena_text(arena, audience);
    return (ret->url != NULL && ret->audience != NULL) ||
           err_set(err, ERR_LIMIT, "the configuration is too large");
}

/* One request written and thrown away: a key that cannot sign is found now. */
static bool can_ask(const struct oauth2_conf *conf, struct err *err)
{
    struct buf form;
    buf_init(&form, FORM_BYTES);
    bool ok = oauth2_form(conf, 0, &form, err) || err_wrap(err, "oauth2");
    buf_finish_secret(&form);
    return ok;
}

bool oauth2_conf_read(const struct oauth2_source *source, struct arena *arena,
                      const struct oauth2_conf **ret, struct err *err)
{
    const char *scope = setting(source, "scope");
    struct oauth2_conf *conf = arena_alloc(arena, sizeof *conf);
    if (conf == NULL)
        return err_set(err, ERR_LIMIT, "the configuration is too large");
    conf->at = source->at;
    conf->scope = arena_text(arena, scope == NULL ? "" : scope);
    if (conf->scope == NULL ||
        !needed(source, "client_id", arena, &conf->client_id, err) ||
        !read_url(source, arena, conf, err) || !read_proof(source, arena, conf, err) ||
        !can_ask(conf, err))
        return err_wrap(err, "endpoint %s", source->endpoint->name);
    *ret = conf;
    return true;
}
