#include "ctl/order_follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/client.h"
#include "order/order_state.h"

struct following {
    struct ctl *ctl;
    const char *id;
    const char *wanted; /* NULL: any end will do. */
    bool quiet;
    char subject[64];
    char state[32]; /* As seen last. */
};

static bool is_over(const struct following *following)
{
    enum order_state state;
    if (following->wanted != NULL && strcmp(following->state, following->wanted) == 0)
        return true;
    return order_state_read(following->state, &state) &&
           (order_state_is_final(state) || state == ORDER_HELD);
}

static int look(struct following *following)
{
    json_t *order = NULL;
    char *path = client_path("/v1/orders/", following->id, "");
    struct ask ask = { .method = "GET", .path = path == NULL ? "" : path };
    int code = client_json(following->ctl->client, &ask, &order);
    free(path);
    const char *state = json_text(order, "state");
    if (state != NULL &&
        !slice_copy(slice_of(state), following->state, sizeof following->state))
        following->state[0] = '\0';
    json_decref(order);
    return code;
}

static void show_event(const struct following *following, const json_t *event)
{
    if (following->quiet)
        return;
    if (following->ctl->form == OUTPUT_JSON || following->ctl->form == OUTPUT_JSONL) {
        json_dumpf(event, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        const char *time = json_text(event, "time"), *type = json_text(event, "type");
        printf("%s  %-24s ", time == NULL ? "" : time, type == NULL ? "" : type);
        json_dumpf(json_object_get(event, "data"), stdout,
                   JSON_COMPACT | JSON_ENCODE_ANY);
        putchar('\n');
    }
    fflush(stdout);
}

/* An event of the order's state carries it; "order.completed" names it too. */
static bool on_event(void *arg, const json_t *event)
{
    struct following *following = arg;
    const char *subject = json_text(event, "subject");
    if (subject == NULL || strcmp(subject, following->subject) != 0)
        return true;
    show_event(following, event);
    const char *state = json_text(json_object_get(event, "data"), "state");
    if (state != NULL &&
        !slice_copy(slice_of(state), following->state, sizeof following->state))
        following->state[0] = '\0';
    return !is_over(following);
}

static int verdict(const struct following *following)
{
    if (following->wanted == NULL || strcmp(following->state, following->wanted) == 0)
        return EXIT_DONE;
    fprintf(stderr, "esimctl: order %s is %s\n", following->id, following->state);
    return EXIT_OTHERWISE;
}

/* Where the log stands now, so that the stream begins there. */
static int newest_event(struct ctl *ctl, int64_t *ret)
{
    json_t *page = NULL;
    struct ask ask = { .method = "GET", .path = "/v1/events?limit=1" };
    int code = client_json(ctl->client, &ask, &page);
    *ret = json_int(page, "newest", 0);
    json_decref(page);
    return code;
}

static int follow(struct following *following, int64_t after, int64_t timeout_ms)
{
    char path[160];
    struct err err = ERR_INIT;
    int length = snprintf(path, sizeof path, "/v1/events?after=%lld&resource=%s",
                          (long long)after, following->subject);
    if (length < 0 || (size_t)length >= sizeof path)
        return EXIT_TROUBLE;
    if (client_follow(following->ctl->client, path, timeout_ms, on_event, following,
                      &err))
        return verdict(following);
    return ctl_fail(err.code == ERR_TIMEOUT ? EXIT_TIMEOUT : EXIT_AWAY, &err);
}

static int run(struct ctl *ctl, const char *id, const char *wanted, bool quiet,
               int64_t timeout_ms)
{
    struct following following = {
        .ctl = ctl, .id = id, .wanted = wanted, .quiet = quiet
    };
    int64_t after = 0;
    int length = snprintf(following.subject, sizeof following.subject, "order/%s", id);
    int code = length < 0 ? EXIT_TROUBLE : EXIT_DONE;
    if (code == EXIT_DONE)
        code = newest_event(ctl, &after);
    if (code == EXIT_DONE)
        code = look(&following);
    if (code != EXIT_DONE)
        return code;
    if (!quiet)
        printf("%s is %s\n", following.subject, following.state);
    fflush(stdout);
    if (is_over(&following))
        return verdict(&following);
    return follow(&following, after, timeout_ms);
}

int order_watch(struct ctl *ctl, const char *id)
{
    return run(ctl, id, NULL, false, 0);
}

int order_wait(struct ctl *ctl, const char *id)
{
    const char *wanted = ctl_flag(ctl, "for");
    int64_t timeout_ms = ctl_flag_ms(ctl, "timeout", 60000);
    if (timeout_ms < 0)
        return EXIT_USAGE;
    if (wanted == NULL)
        wanted = "state=completed";
    if (strncmp(wanted, "state=", 6) != 0) {
        fprintf(stderr, "esimctl: --for is state=STATE, not \"%s\"\n", wanted);
        return EXIT_USAGE;
    }
    return run(ctl, id, wanted + 6, true, timeout_ms);
}
