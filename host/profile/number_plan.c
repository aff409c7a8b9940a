#include "profile/number_plan.h"

#include <string.h>

#include "conf/file.h"
#include "conf/yaml.h"
#include "profile/identifier.h"

enum { FILE_BYTES = 16384, PREFIX_MOST = 8, COUNTRY_MOST = 3 };

/* clang-format off */
#define DIGITS(name, member, least, most) \
    CYAML_FIELD_STRING_PTR(name, CYAML_FLAG_POINTER, struct number_plan, member, least, most)
#define COUNT(name, member) \
    CYAML_FIELD_UINT(name, CYAML_FLAG_DEFAULT, struct number_plan, member)
#define INSIDE(name, fields) \
    { .key = name, .data_offset = 0, \
      .value = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct number_plan, fields) } }

static const cyaml_schema_field_t digit_fields[] = {
    COUNT ("least", least),
    COUNT ("most",  most),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t mobile_fields[] = {
    DIGITS("begin", mobile, 1, PREFIX_MOST),
    COUNT ("least", least_mobile),
    COUNT ("most",  most_mobile),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t plan_fields[] = {
    DIGITS("country",       country, 1, COUNTRY_MOST),
    DIGITS("international", international, 0, PREFIX_MOST),
    DIGITS("trunk",         trunk, 0, PREFIX_MOST),
    INSIDE("digits",        digit_fields),
    INSIDE("mobile",        mobile_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t plan_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct number_plan, plan_fields)
};
/* clang-format on */

static bool check_digits(const struct yaml_tree *tree, const char *pointer,
                         const char *text, struct err *err)
{
    if (strspn(text, "0123456789") == strlen(text))
        return true;
    return yaml_fail(tree, yaml_tree_at(tree, pointer), err,
                     "expected digits, found \"%.20s\"", text);
}

/* E.164 6.1: at most 15 digits with the country code. */
static bool check_range(const struct yaml_tree *tree, const struct number_plan *plan,
                        const char *pointer, const uint32_t range[2], struct err *err)
{
    uint32_t longest = MSISDN_SIZE - 2 - (uint32_t)strlen(plan->country);
    if (range[0] >= 1 && range[0] <= range[1] && range[1] <= longest)
        return true;
    return yaml_fail(tree, yaml_tree_at(tree, pointer), err,
                     "expected 1 <= least <= most <= %u, found %u and %u", longest,
                     range[0], range[1]);
}

static bool check_plan(const struct yaml_tree *tree, const struct number_plan *plan,
                       struct err *err)
{
    const uint32_t any[] = { plan->least, plan->most };
    const uint32_t mobile[] = { plan->least_mobile, plan->most_mobile };
    if (plan->country[0] == '0')
        return yaml_fail(tree, yaml_tree_at(tree, "/country"), err,
                         "expected a country code, found a leading 0");
    return check_digits(tree, "/country", plan->country, err) &&
           check_digits(tree, "/international", plan->international, err) &&
           check_digits(tree, "/trunk", plan->trunk, err) &&
           check_digits(tree, "/mobile/begin", plan->mobile, err) &&
           check_range(tree, plan, "/digits", any, err) &&
           check_range(tree, plan, "/mobile", mobile, err);
}

struct number_plan *number_plan_read(struct slice text, const char *name,
                                     struct err *err)
{
    struct yaml_tree *tree = NULL;
    void *plan = NULL;
    if (yaml_tree_read(text, name, &tree, err) &&
        yaml_read_tree(tree, text, &plan_schema, &plan, NULL, err) &&
        !check_plan(tree, plan, err))
        number_plan_destroy((struct number_plan **)&plan);
    yaml_tree_destroy(&tree);
    return plan;
}

struct number_plan *number_plan_load(const char *path, struct err *err)
{
    struct number_plan *plan = NULL;
    struct buf text;
    buf_init(&text, FILE_BYTES);
    if (file_read(path, &text, err))
        plan = number_plan_read(buf_slice(&text), path, err);
    buf_finish(&text);
    return plan;
}

void number_plan_destroy(struct number_plan **plan)
{
    yaml_release(&plan_schema, *plan, 0);
    *plan = NULL;
}
