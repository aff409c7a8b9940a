#include "check.h"

#include "profile/profile_state.h"

/* Written from the standard's prose, not from the table under test: "from: event > to".
 * Everything not listed must be refused. */
static const char *const profile_arrows[] = {
    "Available: downloadOrder > Allocated",
    "Available: downloadOrder (EID) > Linked",
    "Allocated: confirmOrder > Confirmed",
    "Linked: confirmOrder > Confirmed",
    "Allocated: confirmOrder (release) > Released",
    "Linked: confirmOrder (release) > Released",
    "Confirmed: releaseProfile > Released",
    "Released: package fetched > Downloaded",
    "Released: download failed > Error",
    "Downloaded: package fetched > Downloaded",
    "Downloaded: install succeeded > Installed",
    "Downloaded: install failed > Error",
    "Downloaded: download failed > Error",
    "Allocated: cancelOrder (Available) > Available",
    "Linked: cancelOrder (Available) > Available",
    "Confirmed: cancelOrder (Available) > Available",
    "Released: cancelOrder (Available) > Available",
    "Error: cancelOrder (Available) > Available",
    "Allocated: cancelOrder (Unavailable) > Unavailable",
    "Linked: cancelOrder (Unavailable) > Unavailable",
    "Confirmed: cancelOrder (Unavailable) > Unavailable",
    "Released: cancelOrder (Unavailable) > Unavailable",
    "Error: cancelOrder (Unavailable) > Unavailable",
};
static const char *const device_copy_arrows[] = {
    "pending: install > installed",     "pending: delete > deleted",
    "pending: memory reset > deleted",  "installed: enable > enabled",
    "installed: delete > deleted",      "installed: memory reset > deleted",
    "enabled: disable > disabled",      "enabled: memory reset > deleted",
    "disabled: enable > enabled",       "disabled: delete > deleted",
    "disabled: memory reset > deleted",
};
static const char *const line_arrows[] = {
    "PROVISIONED: activate > ACTIVE", "PROVISIONED: terminate > DELETED",
    "ACTIVE: suspend > SUSPENDED",    "ACTIVE: terminate > DELETED",
    "SUSPENDED: resume > ACTIVE",     "SUSPENDED: terminate > DELETED",
};

static bool is_listed(const char *const *arrows, size_t count, const char *arrow)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(arrows[i], arrow) == 0)
            return true;
    }
    return false;
}

/* Every state with every event: an allowed pair is an arrow of the list, a refused pair
 * names both and leaves the out parameter alone. */
#define CHECK_MACHINE(prefix, states, events, arrows)                               \
    do {                                                                            \
        size_t allowed = 0, count = sizeof(arrows) / sizeof(arrows)[0];             \
        for (int s = 0; s < (states); s++) {                                        \
            for (int e = 0; e < (events); e++) {                                    \
                struct err err = ERR_INIT;                                          \
                enum prefix##_state to = (enum prefix##_state)s;                    \
                const char *from = prefix##_state_name((enum prefix##_state)s);     \
                const char *event = prefix##_event_name((enum prefix##_event)e);    \
                if (prefix##_state_next((enum prefix##_state)s,                     \
                                        (enum prefix##_event)e, &to, &err)) {       \
                    char arrow[128];                                                \
                    CHECK(snprintf(arrow, sizeof arrow, "%s: %s > %s", from, event, \
                                   prefix##_state_name(to)) > 0);                   \
                    CHECK(is_listed(arrows, count, arrow));                         \
                    allowed++;                                                      \
                } else {                                                            \
                    CHECK_INT(err.code, ERR_CONFLICT);                              \
                    CHECK(strstr(err.text, from) != NULL);                          \
                    CHECK(strstr(err.text, event) != NULL);                         \
                    CHECK_INT(to, s);                                               \
                }                                                                   \
            }                                                                       \
        }                                                                           \
        CHECK_INT(allowed, count);                                                  \
    } while (0)

static void a_profile_moves_only_as_sgp_22_says(void)
{
    CHECK_MACHINE(profile, PROFILE_STATE_COUNT, PROFILE_EVENT_COUNT, profile_arrows);
}

/* An enabled profile is never deleted as it stands: SGP.22 wants it disabled first. */
static void a_copy_on_a_device_moves_only_as_listed(void)
{
    CHECK_MACHINE(device_copy, DEVICE_COPY_STATE_COUNT, DEVICE_COPY_EVENT_COUNT,
                  device_copy_arrows);
}

static void a_line_moves_only_as_listed_and_never_out_of_deleted(void)
{
    CHECK_MACHINE(line, LINE_STATE_COUNT, LINE_EVENT_COUNT, line_arrows);
}

static void a_refusal_reads_as_a_sentence_with_both_names(void)
{
    struct err err = ERR_INIT;
    enum profile_state state = PROFILE_INSTALLED;
    CHECK(!profile_state_next(PROFILE_INSTALLED, PROFILE_EV_CANCELLED, &state, &err));
    CHECK_TEXT(err.text,
               "a profile in state Installed does not allow cancelOrder (Available)");
    enum line_state line = LINE_DELETED;
    CHECK(!line_state_next(LINE_DELETED, LINE_EV_ACTIVATED, &line, &err));
    CHECK_TEXT(err.text, "a line in state DELETED does not allow activate");
}

static void every_state_is_found_by_its_own_name_only(void)
{
    for (int s = 0; s < PROFILE_STATE_COUNT; s++) {
        enum profile_state found = PROFILE_STATE_COUNT;
        CHECK(profile_state_read(profile_state_name((enum profile_state)s), &found));
        CHECK_INT(found, s);
    }
    enum profile_state profile = PROFILE_ERROR;
    enum device_copy_state copy = DEVICE_COPY_PENDING;
    enum line_state line = LINE_ACTIVE;
    CHECK(!profile_state_read("available", &profile));
    CHECK(!profile_state_read("", &profile));
    CHECK(!profile_state_read(NULL, &profile));
    CHECK(!device_copy_state_read("Enabled", &copy));
    CHECK(!line_state_read("CLOSED", &line));
    CHECK_INT(profile, PROFILE_ERROR);
    CHECK(device_copy_state_read("deleted", &copy) && copy == DEVICE_COPY_DELETED);
    CHECK(line_state_read("SUSPENDED", &line) && line == LINE_SUSPENDED);
}

/* A carrier tells states, not events: the host asks whether one step explains it. */
static void one_event_explains_a_told_state_or_none_does(void)
{
    CHECK(profile_state_leads_to(PROFILE_RELEASED, PROFILE_DOWNLOADED));
    CHECK(profile_state_leads_to(PROFILE_DOWNLOADED, PROFILE_DOWNLOADED));
    CHECK(!profile_state_leads_to(PROFILE_RELEASED, PROFILE_INSTALLED));
    CHECK(!profile_state_leads_to(PROFILE_RELEASED, PROFILE_RELEASED));
    CHECK(!profile_state_leads_to(PROFILE_UNAVAILABLE, PROFILE_AVAILABLE));
}

TESTS("profile_state", CASE(a_profile_moves_only_as_sgp_22_says),
      CASE(a_copy_on_a_device_moves_only_as_listed),
      CASE(a_line_moves_only_as_listed_and_never_out_of_deleted),
      CASE(a_refusal_reads_as_a_sentence_with_both_names),
      CASE(every_state_is_found_by_its_own_name_only),
      CASE(one_event_explains_a_told_state_or_none_does))
