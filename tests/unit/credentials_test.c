#include "check.h"

#include "adapter/credentials.h"

enum { NOW_MS = 1000000, WAIT_MS = 300000 };

static struct credentials some;

static void begin(void)
{
    credentials_finish(&some);
    credentials_init(&some, WAIT_MS);
}

static bool may(const char *tenant, const char *use, int64_t after_ms)
{
    return credentials_stop(&some, tenant, use, NOW_MS + after_ms) == NULL;
}

/* A password that is wrong is wrong for each order: people are told of it once. */
static void a_refusal_is_news_once(void)
{
    begin();
    CHECK(credentials_refuse(&some, "", "capability:a", "wrong", NOW_MS));
    CHECK(!credentials_refuse(&some, "", "capability:a", "wrong", NOW_MS + 1));
    CHECK(!credentials_refuse(&some, "", "capability:b", "wrong", NOW_MS + 2));
    CHECK(credentials_refuse(&some, "acme", "capability:a", "wrong", NOW_MS));
    CHECK(credentials_accept(&some, "", "capability:b"));
    CHECK(credentials_trouble(&some, "") == NULL);
    CHECK(credentials_trouble(&some, "acme") != NULL);
    CHECK(!credentials_accept(&some, "", "capability:b"));
    CHECK(credentials_refuse(&some, "", "capability:a", "wrong", NOW_MS + 3));
}

/* An account is locked after a few wrong passwords: one try a wait, whatever comes. */
static void what_was_refused_is_tried_once_a_while(void)
{
    begin();
    CHECK(may("", "capability:a", 0));
    credentials_refuse(&some, "", "capability:a", "wrong", NOW_MS);
    CHECK(!may("", "capability:a", 1));
    CHECK(!may("", "capability:a", WAIT_MS - 1));
    CHECK(may("", "capability:a", WAIT_MS));
    CHECK(!may("", "capability:a", WAIT_MS + 1)); /* It is out. */
    CHECK(may("", "capability:b", 1));
    CHECK(may("acme", "capability:a", 1));
}

/* One function denied must not be forgotten because others are allowed. */
static void what_was_not_refused_proves_nothing(void)
{
    begin();
    credentials_refuse(&some, "", "capability:a", "denied", NOW_MS);
    CHECK(!credentials_accept(&some, "", "capability:b"));
    CHECK_TEXT(credentials_trouble(&some, "")->use, "capability:a");
}

static void the_oldest_refusal_is_the_one_to_show(void)
{
    begin();
    credentials_refuse(&some, "", "session:x", "unauthorised: no such user", NOW_MS);
    credentials_refuse(&some, "", "capability:a", "denied", NOW_MS + 1);
    CHECK_TEXT(credentials_trouble(&some, "")->reason, "no such user");
    CHECK_INT(credentials_trouble(&some, "")->since_ms, NOW_MS);
}

/* A reload may bring the right password: it is tried at once, and told only if it is. */
static void a_newer_version_tries_at_once_and_tells_nobody_twice(void)
{
    struct credentials fresh;
    begin();
    credentials_refuse(&some, "", "capability:a", "wrong", NOW_MS);
    credentials_init(&fresh, WAIT_MS);
    credentials_renew(&fresh, &some);
    CHECK(credentials_stop(&fresh, "", "capability:a", NOW_MS + 1) == NULL);
    CHECK(!credentials_refuse(&fresh, "", "capability:a", "wrong", NOW_MS + 2));
    CHECK_INT(credentials_trouble(&fresh, "")->since_ms, NOW_MS);
    CHECK(credentials_accept(&fresh, "", "capability:a"));
    credentials_finish(&fresh);
}

static void a_long_reason_is_cut(void)
{
    char reason[2 * CREDENTIALS_REASON_SIZE];
    begin();
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    credentials_refuse(&some, "", "token:t", reason, NOW_MS);
    CHECK_INT(strlen(credentials_trouble(&some, "")->reason),
              CREDENTIALS_REASON_SIZE - 1);
    credentials_finish(&some);
}

TESTS("credentials", CASE(a_refusal_is_news_once),
      CASE(what_was_refused_is_tried_once_a_while),
      CASE(what_was_not_refused_proves_nothing),
      CASE(the_oldest_refusal_is_the_one_to_show),
      CASE(a_newer_version_tries_at_once_and_tells_nobody_twice),
      CASE(a_long_reason_is_cut))
