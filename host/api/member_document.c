/* The same tables as JSON Schema 2020-12, which OpenAPI 3.1 uses as it is. */
#include <string.h>

#include "api/format.h"
#include "api/member.h"
#include "base/json.h"

static json_t *reference(const struct schema *schema)
{
    return json_pack("{s:o}", "$ref",
                     json_sprintf("#/components/schemas/%s", schema->name));
}

static json_t *text_document(const struct member *member)
{
    json_t *document = format_document(member->format);
    json_put_text(document, "type", "string");
    if (json_object_get(document, "enum") == NULL)
        json_put_int(document, "maxLength", member->most == 0 ? 256 : member->most);
    if (member->least > 0)
        json_put_int(document, "minLength", member->least);
    return document;
}

static json_t *int_document(const struct member *member)
{
    json_t *document = json_pack("{s:s}", "type", "integer");
    json_put_int(document, "minimum", member->least);
    if (member->most != 0)
        json_put_int(document, "maximum", member->most);
    return document;
}

static json_t *list_document(json_t *items)
{
    return json_pack("{s:s,s:o}", "type", "array", "items", items);
}

static json_t *bare_document(const struct member *member)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        return text_document(member);
    case MEMBER_INT:
        return int_document(member);
    case MEMBER_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case MEMBER_OBJECT:
        return member->inside != NULL ? reference(member->inside)
                                      : json_pack("{s:s}", "type", "object");
    case MEMBER_TEXTS:
        return list_document(text_document(member));
    case MEMBER_OBJECTS:
        return list_document(reference(member->inside));
    case MEMBER_ANY:
        break;
    }
    return json_object();
}

json_t *member_document(const struct member *member)
{
    json_t *document = bare_document(member);
    json_put_text(document, "description", member->text);
    return document;
}

json_t *schema_document(const struct schema *schema)
{
    json_t *properties = json_object(), *required = json_array();
    for (const struct member *m = schema->members; m->name != NULL; m++) {
        json_object_set_new(properties, m->name, member_document(m));
        if (m->required)
            json_array_append_new(required, json_string(m->name));
    }
    json_t *document = json_pack("{s:s,s:s,s:o}", "type", "object", "description",
                                 schema->text, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(document, "required", required);
    json_decref(required);
    if (!schema->open)
        json_object_set_new(document, "additionalProperties", json_false());
    return document;
}
