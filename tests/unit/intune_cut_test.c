/* Each exchange that may be done once only, with its reply cut at every byte, replaced by
 * noise, or lost: it is never asked again before something else has looked whether it
 * was done (promise 3 of the reliability list). */
#include "check.h"

#include "intune_play.h"

/* A Graph that answers each exchange by its row's name; what is not listed is empty. */
struct answer_row {
    const char *name;
    int status;
    const char *reply;
};

/* clang-format off */
static const struct answer_row answers[] = {
    { "device",       200, "{\"id\":\"d\",\"deviceName\":\"PC\",\"azureADDeviceId\":\"aad\"}" },
    { "directory",    200, LIST("{\"id\":\"obj\"}") },
    { "group_find",   200, LIST("") },
    { "group_create", 201, "{\"id\":\"grp\",\"displayName\":\"n\"}" },
    { "member_add",   204, "" },
    { "pool_find",    200, LIST("") },
    { "pool_create",  201, "{\"id\":\"pool\",\"activationCodeCount\":1}" },
    { "pool_assign",  200, LIST("{\"id\":\"a\",\"target\":{\"groupId\":\"grp\"}}") },
    { "states",       200, LIST("{\"deviceName\":\"PC\",\"state\":\"installed\"}") },
    { "activate",     204, "" },
    { "look",         200, "{\"id\":\"d\"}" },
    { "notify",       204, "" },
    { "find",         200, LIST("") },
    { "create",       201, "{\"id\":\"scr\",\"displayName\":\"n\"}" },
    { "assign",       204, "" },
    { "start",        200, "{\"id\":\"grp\"}" },
    { "read_back",    200, "{\"id\":\"c\",\"omaSettings\":[{}],\"assignments\":[{\"id\":\"a\",\"target\":{\"groupId\":\"g\"}}]}" },
};

static const struct { const char *capability, *input; } plays[] = {
    { ESIM_DEVICE_ASSIGN, "{\"device_id\":\"d\",\"iccid\":\"" ICCID "\",\"activation_code\":\"1$a.b$C\"}" },
    { ESIM_DEVICE_ACTIVATE, "{\"device_id\":\"d\",\"carrier_url\":\"https://c.example\"}" },
    { ESIM_DEVICE_NOTIFY, "{\"device_id\":\"d\",\"title\":\"t\",\"text\":\"x\"}" },
    { ESIM_SCRIPT_DEPLOY, "{\"name\":\"n\",\"content\":\"c\",\"group\":\"g\"}" },
    { ESIM_GROUP_CHANGE, "{\"name\":\"n\",\"add\":[\"d\"],\"remove\":[\"e\"]}" },
    { ESIM_CONFIG_DEPLOY, "{\"name\":\"n\",\"group\":\"g\",\"settings\":[{\"uri\":\"./x\",\"value\":1}]}" },
};
/* clang-format on */

static const struct answer_row *answer_of(const char *name)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(answers[i].name, name) == 0)
            return &answers[i];
    return NULL;
}

/* What becomes of the first reply to the exchange `name`. */
struct cut {
    const char *name;
    int status;   /* 0: lost. */
    size_t bytes; /* So much of the body arrives. */
    bool noise;
};

/* Watches one operation: how often the exchange was asked, and whether anybody looked in
 * between. */
struct watch {
    const struct cut *cut;
    unsigned asked;
    bool looked;
    char name[32];
};

static struct esim_reply reply_to(struct watch *watch, const struct esim_ask *ask)
{
    (void)!snprintf(watch->name, sizeof watch->name, "%.*s", (int)ask->name.size,
                    ask->name.ptr);
    const struct answer_row *row = answer_of(watch->name);
    struct esim_reply reply = { .size = sizeof reply,
                                .status = row == NULL ? 200 : row->status,
                                .body = bytes(row == NULL ? "{}" : row->reply) };
    if (strcmp(watch->name, watch->cut->name) != 0) {
        watch->looked = watch->looked || ask->repeat == ESIM_SAFE;
        return reply;
    }
    CHECK_INT(ask->repeat, ESIM_ONCE);
    CHECK(watch->asked == 0 || watch->looked);
    watch->looked = false;
    if (watch->asked++ > 0)
        return reply;
    reply.status = watch->cut->status;
    reply.body.size = watch->cut->bytes;
    if (watch->cut->noise)
        reply.body = bytes("\x01\xff<html>");
    return reply;
}

/* Plays until the operation ends; a NOT_YET begins anew, as the host would. */
static unsigned play_cut(size_t which, const struct cut *cut)
{
    struct watch watch = { .cut = cut };
    struct play play = { .capability = plays[which].capability,
                         .input = plays[which].input,
                         .settings = "{\"tries\":2,\"follow_hours\":1}" };
    struct esim_step step = first_step(&play);
    struct esim_reply reply;
    start();
    arena_reset(kept);
    for (int i = 0; i < 100; i++) {
        struct esim_answer answer = { .size = sizeof answer };
        arena_reset(memory);
        flow_of(play.capability)(&step, &answer);
        step.state = keep(answer.state);
        step.reply = NULL;
        if (answer.action == ESIM_END && answer.outcome != ESIM_NOT_YET)
            break;
        if (answer.action == ESIM_END) {
            step = first_step(&play);
            watch.looked = false; /* It must look again. */
        } else if (answer.action == ESIM_WAIT) {
            step.event = ESIM_TIMER;
            step.now_ms = answer.until_ms;
        } else {
            reply = reply_to(&watch, &answer.ask);
            step.event = reply.status == 0 ? ESIM_QUERY : ESIM_REPLY;
            step.reply = reply.status == 0 ? NULL : &reply;
        }
    }
    return watch.asked;
}

static void a_reply_cut_at_any_byte_is_looked_into(void)
{
    static const struct {
        size_t play;
        const char *name;
    } rows[] = { { 0, "group_create" }, { 0, "pool_create" }, { 1, "activate" },
                 { 2, "notify" },       { 3, "create" },      { 4, "group_create" },
                 { 5, "create" } };
    static const int statuses[] = { 200, 201, 500, 502, 504 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = strlen(answer_of(rows[i].name)->reply);
        for (size_t at = 0; at < sizeof statuses / sizeof statuses[0]; at++)
            for (size_t end = 0; end <= size; end++) {
                struct cut cut = { rows[i].name, statuses[at], end, false };
                CHECK(play_cut(rows[i].play, &cut) >= 1);
            }
        struct cut noise = { rows[i].name, 201, 0, true };
        struct cut lost = { rows[i].name, 0, 0, false };
        CHECK(play_cut(rows[i].play, &noise) >= 1);
        CHECK(play_cut(rows[i].play, &lost) >= 1);
    }
}

/* Graph cannot be asked which messages it sent: one sending, whatever comes back. */
static void a_message_is_never_sent_a_second_time(void)
{
    static const int statuses[] = { 0, 200, 204, 400, 403, 500, 502, 504 };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct cut cut = { "notify", statuses[i], 0, false };
        CHECK_INT(play_cut(2, &cut), 1);
    }
}

TESTS("intune_cut", CASE(a_reply_cut_at_any_byte_is_looked_into),
      CASE(a_message_is_never_sent_a_second_time), CASE(memory_goes_back_to_the_host))
