#include "check.h"

#include "adapter/breaker.h"
#include "order/order_state.h"
#include "order/plan.h"

/* Written apart from the table, from what TMF641 and the engine promise. */
struct arrow {
    enum order_state from;
    enum order_event event;
    enum order_state to;
};

/* clang-format off */
static const struct arrow arrows[] = {
    { ORDER_ACKNOWLEDGED, ORDER_EV_TAKEN,    ORDER_IN_PROGRESS },
    { ORDER_ACKNOWLEDGED, ORDER_EV_DEFERRED, ORDER_PENDING },
    { ORDER_ACKNOWLEDGED, ORDER_EV_HELD,     ORDER_HELD },
    { ORDER_ACKNOWLEDGED, ORDER_EV_CANCEL,   ORDER_CANCELLED },
    { ORDER_PENDING,      ORDER_EV_TAKEN,    ORDER_IN_PROGRESS },
    { ORDER_PENDING,      ORDER_EV_DEFERRED, ORDER_PENDING },
    { ORDER_PENDING,      ORDER_EV_HELD,     ORDER_HELD },
    { ORDER_PENDING,      ORDER_EV_CANCEL,   ORDER_ASSESSING_CANCELLATION },
    { ORDER_PENDING,      ORDER_EV_FAILED,   ORDER_FAILED },
    { ORDER_IN_PROGRESS,  ORDER_EV_TAKEN,    ORDER_IN_PROGRESS },
    { ORDER_IN_PROGRESS,  ORDER_EV_DEFERRED, ORDER_PENDING },
    { ORDER_IN_PROGRESS,  ORDER_EV_FINISHED, ORDER_COMPLETED },
    { ORDER_IN_PROGRESS,  ORDER_EV_FAILED,   ORDER_FAILED },
    { ORDER_IN_PROGRESS,  ORDER_EV_LEFTOVER, ORDER_PARTIAL },
    { ORDER_IN_PROGRESS,  ORDER_EV_HELD,     ORDER_HELD },
    { ORDER_IN_PROGRESS,  ORDER_EV_CANCEL,   ORDER_ASSESSING_CANCELLATION },
    { ORDER_HELD,         ORDER_EV_RESUMED,  ORDER_IN_PROGRESS },
    { ORDER_HELD,         ORDER_EV_FINISHED, ORDER_COMPLETED },
    { ORDER_HELD,         ORDER_EV_FAILED,   ORDER_FAILED },
    { ORDER_HELD,         ORDER_EV_LEFTOVER, ORDER_PARTIAL },
    { ORDER_HELD,         ORDER_EV_UNDO,     ORDER_PENDING_CANCELLATION },
    { ORDER_HELD,         ORDER_EV_UNDONE,   ORDER_CANCELLED },
    { ORDER_ASSESSING_CANCELLATION, ORDER_EV_TAKEN,    ORDER_ASSESSING_CANCELLATION },
    { ORDER_ASSESSING_CANCELLATION, ORDER_EV_DEFERRED, ORDER_ASSESSING_CANCELLATION },
    { ORDER_ASSESSING_CANCELLATION, ORDER_EV_UNDO,     ORDER_PENDING_CANCELLATION },
    { ORDER_ASSESSING_CANCELLATION, ORDER_EV_UNDONE,   ORDER_CANCELLED },
    { ORDER_ASSESSING_CANCELLATION, ORDER_EV_HELD,     ORDER_HELD },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_TAKEN,    ORDER_PENDING_CANCELLATION },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_DEFERRED, ORDER_PENDING_CANCELLATION },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_UNDONE,   ORDER_CANCELLED },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_KEPT,     ORDER_COMPLETED },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_LEFTOVER, ORDER_PARTIAL },
    { ORDER_PENDING_CANCELLATION,   ORDER_EV_HELD,     ORDER_HELD },
    { ORDER_COMPLETED,    ORDER_EV_CANCEL,   ORDER_ASSESSING_CANCELLATION },
};
/* clang-format on */
enum { ARROW_COUNT = sizeof arrows / sizeof arrows[0] };

static const struct arrow *arrow_of(int from, int event)
{
    for (int i = 0; i < ARROW_COUNT; i++)
        if ((int)arrows[i].from == from && (int)arrows[i].event == event)
            return &arrows[i];
    return NULL;
}

static void every_pair_of_state_and_event_does_what_the_list_says(void)
{
    for (int from = 0; from < ORDER_STATE_COUNT; from++) {
        for (int event = 0; event < ORDER_EVENT_COUNT; event++) {
            enum order_state to = ORDER_STATE_COUNT;
            struct err err = ERR_INIT;
            const struct arrow *arrow = arrow_of(from, event);
            bool moved = order_state_next((enum order_state)from,
                                          (enum order_event)event, &to, &err);
            CHECK(moved == (arrow != NULL));
            CHECK(moved ? to == arrow->to : err.code == ERR_CONFLICT);
        }
    }
}

/* A final state that could be left by itself would lose a client's "it is done". */
static void final_states_are_left_only_by_a_cancellation(void)
{
    for (int i = 0; i < ARROW_COUNT; i++)
        if (order_state_is_final(arrows[i].from))
            CHECK(arrows[i].event == ORDER_EV_CANCEL);
}

static void every_state_has_a_name_that_reads_back(void)
{
    for (int i = 0; i < ORDER_STATE_COUNT; i++) {
        enum order_state read;
        CHECK(order_state_read(order_state_name((enum order_state)i), &read));
        CHECK_INT(read, i);
    }
    enum order_state none;
    CHECK(!order_state_read("done", &none));
    CHECK(!order_state_read(NULL, &none));
}

/* ---- plans ---- */

static bool offers(const void *arg, const char *name)
{
    for (const char *const *at = arg; *at != NULL; at++)
        if (strcmp(*at, name) == 0)
            return true;
    return false;
}

static bool asks(const void *arg, const char *member)
{
    return strcmp(arg, member) == 0;
}

static void a_missing_capability_is_refused_by_name(void)
{
    const char *const offered[] = { "profile.confirm", "profile.release", NULL };
    const char *skipped[4];
    struct err err = ERR_INIT;
    struct plan_match match = { offers, offered, asks, "" };
    CHECK(!plan_fits(plan_of("profile.provision"), &match, skipped, &err));
    CHECK(strstr(err.text, "profile.order") != NULL);
    CHECK_TEXT(err.field, "/type");
}

static void steps_a_carrier_does_in_one_are_skipped(void)
{
    const char *const offered[] = { "profile.order", "profile.confirm", NULL };
    const char *skipped[4];
    struct err err = ERR_INIT;
    struct plan_match match = { offers, offered, asks, "" };
    CHECK(plan_fits(plan_of("profile.provision"), &match, skipped, &err));
    CHECK_TEXT(skipped[0], "profile.release");
    CHECK(skipped[1] == NULL);
    CHECK(plan_of("profile.nonsense") == NULL);
}

/* A carrier that confirms nothing would give out a profile without the code that was
 * asked for. */
static void a_confirmation_code_needs_a_carrier_that_confirms(void)
{
    const char *const offered[] = { "profile.order", NULL };
    const char *skipped[4];
    struct err err = ERR_INIT;
    struct plan_match without = { offers, offered, asks, "" };
    struct plan_match with = { offers, offered, asks, "confirmation_code" };
    CHECK(plan_fits(plan_of("profile.provision"), &without, skipped, &err));
    CHECK(!plan_fits(plan_of("profile.provision"), &with, skipped, &err));
    CHECK(strstr(err.text, "with a confirmation_code needs the capability "
                           "profile.confirm") != NULL);
}

/* ---- breaker ---- */

static struct breaker fresh_breaker(void)
{
    struct breaker breaker;
    struct breaker_limits limits = {
        .failures = 3, .window_ms = 1000, .open_ms = 5000, .probes = 2
    };
    breaker_init(&breaker, &limits);
    return breaker;
}

/* A carrier that is away does not come back because its adapter was reloaded. */
static void a_breaker_stays_open_over_a_reload(void)
{
    struct breaker old = fresh_breaker(), breaker = fresh_breaker();
    int64_t again = 0;
    while (old.state == BREAKER_CLOSED) {
        CHECK(breaker_allows(&old, 10, &again));
        breaker_note(&old, false, 10);
    }
    breaker.limits.open_ms = 7000;
    breaker_take_over(&breaker, &old);
    CHECK(!breaker_allows(&breaker, 6000, &again));
    CHECK_INT(again, 7010);                    /* By the newer manifest. */
    while (breaker_allows(&old, 9000, &again)) /* All its probes are out. */
        ;
    CHECK_INT(old.state, BREAKER_HALF_OPEN);
    breaker_take_over(&breaker, &old);
    CHECK(breaker_allows(&breaker, 9000, &again));
}

static void failures_open_a_breaker_and_fine_probes_close_it(void)
{
    struct breaker breaker = fresh_breaker();
    int64_t again = 0;
    for (int i = 0; i < 3; i++) {
        CHECK(breaker_allows(&breaker, 10 + i, &again));
        breaker_note(&breaker, false, 10 + i);
    }
    CHECK(!breaker_allows(&breaker, 100, &again));
    CHECK_INT(again, 5012);
    CHECK(breaker_allows(&breaker, 5012, &again));
    CHECK(breaker_allows(&breaker, 5012, &again));
    CHECK(!breaker_allows(&breaker, 5012, &again)); /* At most two probes are out. */
    CHECK(again > 5012);
    breaker_note(&breaker, true, 5020);
    CHECK_INT(breaker.state, BREAKER_HALF_OPEN);
    breaker_note(&breaker, true, 5021);
    CHECK_INT(breaker.state, BREAKER_CLOSED);
    CHECK_TEXT(breaker_state_name(breaker.state), "closed");
}

static void one_failed_probe_opens_it_again(void)
{
    struct breaker breaker = fresh_breaker();
    int64_t again = 0;
    for (int i = 0; i < 3; i++)
        breaker_note(&breaker, false, i);
    CHECK(breaker_allows(&breaker, 6000, &again));
    breaker_note(&breaker, false, 6001);
    CHECK(!breaker_allows(&breaker, 6002, &again));
    CHECK_INT(again, 11001);
}

static void failures_far_apart_do_not_add_up(void)
{
    struct breaker breaker = fresh_breaker();
    int64_t again = 0;
    breaker_note(&breaker, false, 0);
    breaker_note(&breaker, false, 500);
    breaker_note(&breaker, false, 1600);
    CHECK(breaker_allows(&breaker, 1700, &again));
    breaker_note(&breaker, true, 1700);
    breaker_note(&breaker, false, 1701);
    breaker_note(&breaker, false, 1702);
    CHECK(breaker_allows(&breaker, 1703, &again));
}

TESTS("order_state", CASE(every_pair_of_state_and_event_does_what_the_list_says),
      CASE(final_states_are_left_only_by_a_cancellation),
      CASE(every_state_has_a_name_that_reads_back),
      CASE(a_missing_capability_is_refused_by_name),
      CASE(steps_a_carrier_does_in_one_are_skipped),
      CASE(a_confirmation_code_needs_a_carrier_that_confirms),
      CASE(failures_open_a_breaker_and_fine_probes_close_it),
      CASE(a_breaker_stays_open_over_a_reload), CASE(one_failed_probe_opens_it_again),
      CASE(failures_far_apart_do_not_add_up))
