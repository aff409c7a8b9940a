/* Each script in tests/policy/hostile/ is a signed policy gone bad: its authorize must
 * end, refused, within the budget and 100 ms (reliability.md, promise 7), while route,
 * in the same policy, goes on as if nothing were. */
#include "policy_world.h"

#include <dirent.h>

#define FOLDER "tests/policy/hostile"

enum { OTHERS = 24, SCRIPTS_LEAST = 40 };

static const char some_args[] = "[{\"subject\":{\"id\":\"u\",\"roles\":[\"admin\"]},"
                                "\"route\":\"GET /v1/orders\",\"tenant\":\"acme\"}]";
static const char other_args[] = "[{\"plan\":\"basic\"},[{\"name\":\"atom\"}]]";

static int is_script(const struct dirent *entry)
{
    return strstr(entry->d_name, ".lua") != NULL;
}

static void complain(const char *name, const char *what, const struct question *attack)
{
    fprintf(stderr, "%s: %s (after %lld us: %s)\n", name, what,
            (long long)attack->took_us, attack->reason);
    CHECK(!"a hostile script got its way");
}

static void check_script(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    struct world *world = world_start(path, "tests/policy/plain.lua");
    struct question attack;
    static struct question others[OTHERS];
    world_wait(world, world_is_ready);
    world_ask(world, "authorize", some_args, &attack);
    for (int i = 0; i < OTHERS; i++)
        world_ask(world, "route", other_args, &others[i]);
    world_wait(world, world_is_idle);
    if (!attack.failed || attack.allow)
        complain(name, "was not refused", &attack);
    if (attack.took_us > (WALL_MS + GRACE_MS) * 1000)
        complain(name, "took too long", &attack);
    for (int i = 0; i < OTHERS; i++)
        if (others[i].failed || strcmp(others[i].adapter, "atom") != 0)
            complain(name, "broke another decision", &others[i]);
    world_end(&world);
}

static void a_hostile_script_is_ended_within_its_budget_and_the_others_go_on(void)
{
    struct dirent **names;
    int count = scandir(FOLDER, &names, is_script, alphasort);
    CHECK(count >= SCRIPTS_LEAST);
    for (int i = 0; i < count; i++) {
        check_script(names[i]->d_name);
        free(names[i]);
    }
    free(names);
}

/* What waits behind a decision that hangs in a pattern moves to the spare cell long
 * before the deadline kills the first one. */
static void decisions_behind_one_that_hangs_do_not_wait_for_its_end(void)
{
    struct world *world = world_start(FOLDER "/pattern_backtrack.lua",
                                      "tests/policy/plain.lua");
    struct question attack;
    static struct question others[OTHERS];
    unsigned before = 0;
    world_wait(world, world_is_ready);
    world_ask(world, "route", other_args, &others[0]);
    world_wait(world, world_is_idle);
    world_ask(world, "authorize", some_args, &attack);
    for (int i = 0; i < OTHERS; i++)
        world_ask(world, "route", other_args, &others[i]);
    world_wait(world, world_is_idle);
    CHECK(attack.failed);
    CHECK(strstr(attack.reason, "its cell hung") != NULL);
    for (int i = 0; i < OTHERS; i++)
        before += !others[i].failed && others[i].took_us < attack.took_us;
    CHECK_INT(before, OTHERS);
    world_end(&world);
}

/* A cell that was killed comes back, as often as it takes. */
static void a_policy_outlives_any_number_of_hung_decisions(void)
{
    struct world *world = world_start(FOLDER "/pattern_balanced.lua",
                                      "tests/policy/plain.lua");
    for (int i = 0; i < 5; i++) {
        struct question attack, other;
        world_ask(world, "authorize", some_args, &attack);
        world_ask(world, "route", other_args, &other);
        world_wait(world, world_is_idle);
        CHECK(attack.failed && !attack.allow);
        CHECK(!other.failed);
    }
    world_end(&world);
}

TESTS("policy_hostile",
      CASE(a_hostile_script_is_ended_within_its_budget_and_the_others_go_on),
      CASE(decisions_behind_one_that_hangs_do_not_wait_for_its_end),
      CASE(a_policy_outlives_any_number_of_hung_decisions))
