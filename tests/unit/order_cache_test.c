#include "check.h"

#include <stdlib.h>

#include "api/order_cache.h"

#define ONE "01a1fc2b-416b-7427-a4dd-84e6c85a6106"
#define TWO "01a1fc2b-416b-7427-a4dd-84e6c85a6107"

static bool holds(const struct order_cache *cache, const char *tenant, const char *id,
                  int64_t version, const char *text)
{
    struct slice found;
    return order_cache_get(cache, tenant, id, version, &found) && slice_is(found, text);
}

static void a_text_is_found_by_tenant_id_and_version_together(void)
{
    struct order_cache *cache = order_cache_create(8, 100);
    CHECK_FATAL(cache != NULL);
    order_cache_put(cache, "acme", ONE, 3, SLICE_LITERAL("{}"));
    CHECK(holds(cache, "acme", ONE, 3, "{}"));
    CHECK(!holds(cache, "acme", ONE, 4, "{}"));
    CHECK(!holds(cache, "other", ONE, 3, "{}"));
    CHECK(!holds(cache, "acme", TWO, 3, "{}"));
    order_cache_put(cache, "acme", ONE, 4, SLICE_LITERAL("{4}"));
    CHECK(!holds(cache, "acme", ONE, 3, "{}"));
    CHECK(holds(cache, "acme", ONE, 4, "{4}"));
    order_cache_destroy(&cache);
    CHECK(cache == NULL);
}

static void one_place_holds_the_newest_of_those_that_share_it(void)
{
    struct order_cache *cache = order_cache_create(1, 100);
    CHECK_FATAL(cache != NULL);
    order_cache_put(cache, "acme", ONE, 1, SLICE_LITERAL("a"));
    order_cache_put(cache, "acme", TWO, 1, SLICE_LITERAL("b"));
    CHECK(!holds(cache, "acme", ONE, 1, "a"));
    CHECK(holds(cache, "acme", TWO, 1, "b"));
    order_cache_destroy(&cache);
}

static void what_is_too_long_is_not_kept_and_pushes_nothing_out(void)
{
    struct order_cache *cache = order_cache_create(1, 3);
    CHECK_FATAL(cache != NULL);
    order_cache_put(cache, "acme", ONE, 1, SLICE_LITERAL("abc"));
    order_cache_put(cache, "acme", TWO, 1, SLICE_LITERAL("abcd"));
    CHECK(holds(cache, "acme", ONE, 1, "abc"));
    order_cache_destroy(&cache);
}

TESTS("order_cache", CASE(a_text_is_found_by_tenant_id_and_version_together),
      CASE(one_place_holds_the_newest_of_those_that_share_it),
      CASE(what_is_too_long_is_not_kept_and_pushes_nothing_out))
