#include "policy_world.h"

#include "base/id.h"
#include "crypto/digest.h"
#include "policy/cases.h"
#include "policy/trial.h"
#include "policy/verdict.h"

#define RBAC    "policies/rbac.lua"
#define ROUTING "policies/routing.lua"

static const char may_order[] =
    "[{\"subject\":{\"id\":\"k1\",\"kind\":\"api_key\",\"tenant\":\"acme\","
    "\"roles\":[\"operator\"]},\"permission\":\"order.create\",\"tenant\":\"acme\","
    "\"route\":\"POST /v1/orders\",\"resource\":{}}]";
static const char other_tenant[] =
    "[{\"subject\":{\"id\":\"k1\",\"kind\":\"api_key\",\"tenant\":\"globex\","
    "\"roles\":[\"admin\"]},\"permission\":\"order.read\",\"tenant\":\"acme\"}]";
static const char two_adapters[] =
    "[{\"tenant\":\"acme\",\"type\":\"profile.provision\",\"needs\":[\"a\"]},"
    "[{\"name\":\"mpt\",\"aliases\":[],\"healthy\":true,\"capabilities\":[\"a\"]},"
    "{\"name\":\"atom\",\"aliases\":[],\"healthy\":true,\"capabilities\":[\"a\"]}]]";

static void a_decision_carries_its_reason_revision_and_the_digest_of_its_input(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question yes, no;
    char digest[DIGEST_TEXT_SIZE];
    world_wait(world, world_is_ready);
    world_ask(world, "authorize", may_order, &yes);
    world_ask(world, "authorize", other_tenant, &no);
    CHECK(!yes.done); /* Never from inside. */
    world_wait(world, world_is_idle);
    CHECK(yes.allow && !yes.failed);
    CHECK_TEXT(yes.reason, "the role operator may order.create");
    CHECK_INT(yes.revision, 7);
    CHECK(id_is_valid(yes.id) && id_is_valid(no.id) && strcmp(yes.id, no.id) != 0);
    CHECK(strncmp(yes.input, "[{\"permission\":", 15) == 0);
    digest_sha256_text(slice_of(yes.input), digest);
    CHECK_TEXT(yes.digest, digest);
    CHECK(!no.allow && !no.failed);
    CHECK_TEXT(no.reason, "the resource belongs to another tenant");
    world_end(&world);
}

/* The order of members is not part of the question. */
static void the_digest_does_not_depend_on_the_order_of_members(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question a, b;
    world_ask(world, "authorize", "[{\"permission\":\"x\",\"tenant\":\"t\"}]", &a);
    world_ask(world, "authorize", "[{\"tenant\":\"t\",\"permission\":\"x\"}]", &b);
    world_wait(world, world_is_idle);
    CHECK_TEXT(a.digest, b.digest);
    world_end(&world);
}

/* `value` is asked as it is, so that a part of it can be the one that is kept. */
static void ask_value(struct world *world, const json_t *value,
                      struct question *question)
{
    *question = (struct question){ .world = world, .asked_us = clock_mono_us() };
    world->open++;
    policy_ask(world->policy, "route", value, world_answered, question);
    world_wait(world, world_is_idle);
}

static void a_kept_part_changes_nothing_about_a_question(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question plain, kept, other;
    json_t *value = json_loads(two_adapters, 0, NULL);
    json_t *rest = json_loads(two_adapters, 0, NULL);
    CHECK_FATAL(value != NULL && rest != NULL);
    json_array_remove(json_array_get(rest, 1), 1);
    ask_value(world, value, &plain);
    policy_keep(world->policy, json_array_get(value, 1));
    ask_value(world, value, &kept);
    policy_keep(world->policy, json_array_get(rest, 1));
    ask_value(world, rest, &other);
    json_decref(value);
    json_decref(rest);
    CHECK_TEXT(plain.adapter, "atom");
    CHECK_TEXT(kept.adapter, "atom");
    CHECK_TEXT(kept.input, plain.input);
    CHECK_TEXT(kept.digest, plain.digest);
    CHECK_TEXT(other.adapter, "mpt");
    world_end(&world);
}

static void a_route_names_an_adapter_and_tells_of_all(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question chosen, none;
    world_ask(world, "route", two_adapters, &chosen);
    world_ask(world, "route", "[{\"tenant\":\"acme\",\"type\":\"x\"},[]]", &none);
    world_wait(world, world_is_idle);
    CHECK(chosen.allow && !chosen.failed);
    CHECK_TEXT(chosen.adapter, "atom");
    CHECK(strstr(chosen.result, "\"candidates\":[{") != NULL);
    CHECK(!none.allow && !none.failed);
    CHECK_TEXT(none.reason, "no adapter is loaded");
    CHECK_TEXT(none.adapter, "");
    world_end(&world);
}

/* Fail closed: nothing that goes wrong is a yes. */
static void what_goes_wrong_in_a_script_is_a_failure_with_its_words(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question error, unknown;
    world_ask(world, "authorize", "[{\"permission\":\"order.read\"}]", &error);
    world_ask(world, "decide", "[1]", &unknown);
    world_wait(world, world_is_idle);
    CHECK(error.failed && !error.allow);
    CHECK(strstr(error.reason, "the policy failed: rbac.lua:") != NULL);
    CHECK(unknown.failed && !unknown.allow);
    CHECK(strstr(unknown.reason, "no file defines the function 'decide'") != NULL);
    world_end(&world);
}

static void questions_open_at_the_end_fail(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    static struct question questions[10];
    for (int i = 0; i < 10; i++)
        world_ask(world, "authorize", may_order, &questions[i]);
    policy_destroy(&world->policy);
    for (int i = 0; i < 10; i++)
        CHECK(questions[i].done && questions[i].failed && !questions[i].allow);
    world_end(&world);
}

static void more_questions_than_the_queue_holds_fail_and_the_others_do_not(void)
{
    enum { MANY = 200 };
    struct world *world = world_start(RBAC, ROUTING);
    static struct question questions[MANY];
    unsigned allowed = 0, failed = 0;
    world_wait(world, world_is_ready);
    for (int i = 0; i < MANY; i++)
        world_ask(world, "authorize", may_order, &questions[i]);
    world_wait(world, world_is_idle);
    for (int i = 0; i < MANY; i++) {
        allowed += questions[i].allow && !questions[i].failed;
        failed += questions[i].failed && !questions[i].allow;
    }
    CHECK_INT(allowed + failed, MANY);
    CHECK(allowed >= world_limits.queue);
    CHECK(failed > 0);
    world_end(&world);
}

static void a_question_that_is_too_large_fails(void)
{
    struct world *world = world_start(RBAC, ROUTING);
    struct question large, other;
    char *text = malloc(1100000);
    CHECK_FATAL(text != NULL);
    memset(text, 'x', 1100000);
    memcpy(text, "[\"", 2);
    memcpy(text + 1100000 - 3, "\"]", 3);
    world_ask(world, "authorize", text, &large);
    world_ask(world, "authorize", may_order, &other);
    world_wait(world, world_is_idle);
    free(text);
    CHECK(large.failed && !large.allow);
    CHECK(strstr(large.reason, "the arguments are not JSON") != NULL);
    CHECK(other.allow);
    world_end(&world);
}

static void files_without_the_two_functions_are_never_ready(void)
{
    struct world *world = world_start("tests/policy/plain.lua",
                                      "tests/policy/plain.lua");
    struct question question;
    world_ask(world, "authorize", may_order, &question);
    policy_destroy(&world->policy);
    CHECK(question.failed);
    world_end(&world);
    world = world_start("tests/policy/plain.lua", "policies/.luacheckrc");
    world_ask(world, "authorize", may_order, &question);
    world_wait(world, world_is_idle);
    CHECK(question.failed);
    CHECK(!policy_is_ready(world->policy));
    world_end(&world);
}

/* ---- answers as such ---- */

static const struct {
    const char *function, *result, *words; /* NULL: fine. */
} answers[] = {
    { "authorize", "{\"allow\":true,\"reason\":\"x\"}", NULL },
    { "authorize", "{\"allow\":true,\"reason\":\"x\",\"more\":1}", NULL },
    { "authorize", "{\"allow\":1,\"reason\":\"x\"}", "true or false, found a number" },
    { "authorize", "{\"reason\":\"x\"}", "true or false, found nothing" },
    { "authorize", "{\"allow\":true}", "a sentence, found nothing" },
    { "authorize", "{\"allow\":true,\"reason\":\"\"}", "a sentence, found text" },
    { "authorize", "[true]", "a table, found a list" },
    { "authorize", "null", "a table, found null" },
    { "authorize", "{\"allow\":true", "not JSON" },
    { "authorize", "", "not JSON" },
    { "route", "{\"adapter\":\"atom\",\"reason\":\"x\"}", NULL },
    { "route", "{\"adapter\":null,\"reason\":\"x\"}", NULL },
    { "route", "{\"reason\":\"x\"}", NULL },
    { "route", "{\"adapter\":\"tim\",\"reason\":\"x\"}", "adapters offered" },
    { "route", "{\"adapter\":true,\"reason\":\"x\"}", "a name or nothing, found true" },
    { "route", "{\"adapter\":\"\",\"reason\":\"x\"}", "adapters offered" },
    { "delete", "{\"allow\":true,\"reason\":\"x\"}", "no function of a policy" },
};

static void an_answer_is_believed_only_in_its_exact_shape(void)
{
    json_t *args = json_loads(two_adapters, 0, NULL);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct err err = ERR_INIT;
        struct verdict verdict;
        bool ok = verdict_read(answers[i].function, args, slice_of(answers[i].result),
                               &verdict, &err);
        CHECK(ok == (answers[i].words == NULL));
        if (!ok && strstr(err.text, answers[i].words) == NULL)
            CHECK_TEXT(err.text, answers[i].words);
    }
    json_decref(args);
}

static void foreign_text_becomes_one_clean_line(void)
{
    static const char *const rows[][2] = {
        { "plain", "plain" },
        { "a\nb\x1b[2J\x7f", "a?b?[2J?" },
        { "\xe1\x80\x99\xe1\x80\xbc", "\xe1\x80\x99\xe1\x80\xbc" }, /* Burmese. */
        { "\xff\xc0\x80", "???" },
        { "\xed\xa0\x80", "???" },      /* A surrogate. */
        { "\xf4\x90\x80\x80", "????" }, /* Past the last code point. */
        { "\xe2\x82", "??" },
    };
    char text[40];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        verdict_clean(slice_of(rows[i][0]), text, sizeof text);
        CHECK_TEXT(text, rows[i][1]);
    }
    verdict_clean(slice_of("abc\xe2\x82\xac"), text, 6); /* Cut before, not inside. */
    CHECK_TEXT(text, "abc");
}

/* ---- trials and cases ---- */

struct failures {
    unsigned count;
    char last[600];
};

static void note_case(void *arg, const char *name, const char *why)
{
    struct failures *failures = arg;
    if (why == NULL)
        return;
    failures->count++;
    snprintf(failures->last, sizeof failures->last, "%.200s: %.380s", name, why);
}

static void the_shipped_policies_pass_their_cases_and_every_line_is_executed(void)
{
    static const char *const paths[] = { RBAC, ROUTING, "policies/rbac_test.lua",
                                         "policies/routing_test.lua" };
    struct err err = ERR_INIT;
    struct failures failures = { 0 };
    struct cases_total total = { 0 };
    struct trial *trial = trial_create(world_cell(), paths, 4, &err);
    CHECK_FATAL(trial != NULL);
    CHECK(cases_run(trial, "rbac_test.lua", note_case, &failures, &total, &err));
    CHECK(cases_run(trial, "routing_test.lua", note_case, &failures, &total, &err));
    CHECK_TEXT(failures.last, "");
    CHECK(total.passed > 200);
    CHECK_INT(total.failed, 0);
    for (int i = 0; i < 2; i++) {
        const char *name = strrchr(paths[i], '/') + 1;
        const json_t *lines = json_object_get(total.lines, name);
        const json_t *executed = json_object_get(total.executed, name);
        CHECK(json_array_size(lines) > 20);
        CHECK_INT(json_array_size(executed), json_array_size(lines));
    }
    cases_total_finish(&total);
    trial_destroy(&trial);
}

static void a_case_that_is_not_met_fails_with_both_sides(void)
{
    static const char *const paths[] = { RBAC, "tests/policy/plain.lua",
                                         "tests/policy/failing_test.lua" };
    static const char *const words[] = {
        "expected {\"allow\":true}, found {\"allow\":false,",
        "expected a reason with \"because\", found ",
        "failed: rbac.lua:",
        "expected to fail with \"moon\", failed: rbac.lua:",
        "expected to fail with \"moon\", but it did not",
        "expected {\"list\":[1]}, found ",
        "expected {\"allow\":null}, found ",
    };
    struct err err = ERR_INIT;
    struct cases_total total = { 0 };
    struct trial *trial = trial_create(world_cell(), paths, 3, &err);
    CHECK_FATAL(trial != NULL);
    struct failures failures = { 0 };
    CHECK(cases_run(trial, "failing_test.lua", note_case, &failures, &total, &err));
    CHECK_INT(total.failed, sizeof words / sizeof words[0]);
    CHECK_INT(total.passed, 1);
    CHECK(strstr(failures.last, words[6]) != NULL);
    CHECK(!cases_run(trial, "plain.lua", note_case, &failures, &total, &err));
    CHECK(strstr(err.text, "returns no list of cases") != NULL);
    cases_total_finish(&total);
    trial_destroy(&trial);
}

static void a_file_that_cannot_be_loaded_says_where(void)
{
    static const char *const rows[][2] = {
        { "loop", "loop.lua:2: more than" },
        { "memory", "of memory are needed" },
        { "parentheses", "parentheses.lua: C stack overflow" },
        { "syntax", "syntax.lua:3: " },
        { "error", "error.lua:2: no" },
        { "library", "'string' is a name of the library" },
        { "unknown", "unknown.lua:2: unknown name 'os'" },
        { "twice", "function 'route' is defined in two files" },
        { "bytecode", "attempt to load a binary chunk" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[200];
        struct err err = ERR_INIT;
        snprintf(path, sizeof path, "tests/policy/unloadable/%s.lua", rows[i][0]);
        const char *const paths[] = { "tests/policy/plain.lua", path };
        struct trial *trial = trial_create(world_cell(), paths, 2, &err);
        CHECK(trial == NULL);
        if (strstr(err.text, rows[i][1]) == NULL)
            CHECK_TEXT(err.text, rows[i][1]);
        trial_destroy(&trial);
    }
}

TESTS("policy",
      CASE(a_decision_carries_its_reason_revision_and_the_digest_of_its_input),
      CASE(the_digest_does_not_depend_on_the_order_of_members),
      CASE(a_kept_part_changes_nothing_about_a_question),
      CASE(a_route_names_an_adapter_and_tells_of_all),
      CASE(what_goes_wrong_in_a_script_is_a_failure_with_its_words),
      CASE(questions_open_at_the_end_fail),
      CASE(more_questions_than_the_queue_holds_fail_and_the_others_do_not),
      CASE(a_question_that_is_too_large_fails),
      CASE(files_without_the_two_functions_are_never_ready),
      CASE(an_answer_is_believed_only_in_its_exact_shape),
      CASE(foreign_text_becomes_one_clean_line),
      CASE(the_shipped_policies_pass_their_cases_and_every_line_is_executed),
      CASE(a_case_that_is_not_met_fails_with_both_sides),
      CASE(a_file_that_cannot_be_loaded_says_where))
