#include "carrier_app.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "smdp_stock.h"

enum { WORDS_MOST = 4, NUMBER_SIZE = 24, BUCKETS = 4096, MATCHING_BYTES = 8 };

enum line_state {
    LINE_UNKNOWN,
    LINE_ACTIVE,
    LINE_SUSPENDED,
    LINE_DELETED,
    LINE_STATES
};

struct phone_line {
    struct phone_line *next;
    char number[NUMBER_SIZE];
    enum line_state state;
};

struct carrier_app {
    const struct sandbox_options *options;
    struct ledger *ledger;
    struct smdp_stock *stock;
    struct smdp_type *type; /* NULL: none. */
    struct phone_line *lines[BUCKETS];
};

/* clang-format off */
static const char *const state_names[LINE_STATES] = {
    [LINE_UNKNOWN] = "UNKNOWN", [LINE_ACTIVE] = "ACTIVE",
    [LINE_SUSPENDED] = "SUSPENDED", [LINE_DELETED] = "DELETED",
};

/* What a command makes of a line: a state, or an error. */
struct effect { enum line_state to; const char *error; };
static const struct line_command {
    const char *word;
    struct effect effects[LINE_STATES];
} line_commands[] = {
    { "ACT", { [LINE_UNKNOWN]   = { LINE_ACTIVE, NULL },    [LINE_ACTIVE]  = { 0, "22" },
               [LINE_SUSPENDED] = { 0, "23" },              [LINE_DELETED] = { 0, "23" } } },
    { "SUS", { [LINE_UNKNOWN]   = { 0, "12" },              [LINE_ACTIVE]  = { LINE_SUSPENDED, NULL },
               [LINE_SUSPENDED] = { 0, "22" },              [LINE_DELETED] = { 0, "23" } } },
    { "RES", { [LINE_UNKNOWN]   = { 0, "12" },              [LINE_ACTIVE]  = { 0, "22" },
               [LINE_SUSPENDED] = { LINE_ACTIVE, NULL },    [LINE_DELETED] = { 0, "23" } } },
    { "DEL", { [LINE_UNKNOWN]   = { 0, "12" },              [LINE_ACTIVE]  = { LINE_DELETED, NULL },
               [LINE_SUSPENDED] = { LINE_DELETED, NULL },   [LINE_DELETED] = { 0, "22" } } },
};
/* clang-format on */

bool carrier_app_create(const struct sandbox_options *options, struct ledger *ledger,
                        struct carrier_app **ret, struct err *err)
{
    struct carrier_app *app = calloc(1, sizeof *app);
    if (app == NULL)
        return err_set(err, ERR_LIMIT, "no memory for the carrier");
    app->options = options;
    app->ledger = ledger;
    if (!smdp_stock_create(options->iccid_prefix, &options->stock, &app->stock, err)) {
        free(app);
        return false;
    }
    struct slice first = slice_of(options->stock.count > 0 ? options->stock.items[0]
                                                           : "");
    app->type = smdp_type_of(app->stock, slice_cut(&first, '='));
    *ret = app;
    return true;
}

void carrier_app_destroy(struct carrier_app **app)
{
    struct carrier_app *gone = *app;
    if (gone == NULL)
        return;
    *app = NULL;
    for (size_t i = 0; i < BUCKETS; i++) {
        while (gone->lines[i] != NULL) {
            struct phone_line *line = gone->lines[i];
            gone->lines[i] = line->next;
            free(line);
        }
    }
    smdp_stock_destroy(&gone->stock);
    free(gone);
}

/* ---- words ---- */

struct words {
    struct slice at[WORDS_MOST];
    size_t count;
};

static struct words words_of(struct slice command)
{
    struct words words = { .count = 0 };
    while (command.size > 0) {
        struct slice word = slice_cut(&command, ' ');
        if (word.size > 0 && words.count < WORDS_MOST)
            words.at[words.count++] = word;
    }
    return words;
}

/* The last word names the operation, whatever stands before it. */
static struct slice reference_of(const struct words *words)
{
    return words->count == 0 ? slice_of("-") : words->at[words->count - 1];
}

static void say(struct buf *reply, const char *word, const struct words *words,
                const char *rest)
{
    buf_add_text(reply, word);
    buf_add_char(reply, ' ');
    buf_add_slice(reply, reference_of(words));
    if (rest != NULL)
        buf_add_format(reply, " %s", rest);
}

static void note(struct carrier_app *app, const struct words *words, const char *what,
                 const char *state)
{
    json_t *members = json_object();
    json_object_set_new(
        members, "reference",
        json_stringn(reference_of(words).ptr, reference_of(words).size));
    json_put_text(members, "subject", what);
    json_put_text(members, "state", state);
    ledger_add(app->ledger, "state", members);
}

/* ---- lines ---- */

static struct phone_line *line_of(struct carrier_app *app, struct slice number)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < number.size; i++)
        hash = (hash ^ (uint8_t)number.ptr[i]) * 16777619u;
    struct phone_line **bucket = &app->lines[hash % BUCKETS];
    for (struct phone_line *line = *bucket; line != NULL; line = line->next)
        if (slice_is(number, line->number))
            return line;
    struct phone_line *line = calloc(1, sizeof *line);
    if (line == NULL || !slice_copy(number, line->number, sizeof line->number)) {
        free(line);
        return NULL;
    }
    line->next = *bucket;
    *bucket = line;
    return line;
}

static void do_line(struct carrier_app *app, const struct line_command *command,
                    const struct words *words, struct buf *reply)
{
    struct phone_line *line = words->count == 3 ? line_of(app, words->at[1]) : NULL;
    if (line == NULL) {
        say(reply, "ERR", words, "90");
        return;
    }
    const struct effect *effect = &command->effects[line->state];
    if (effect->error != NULL) {
        say(reply, "ERR", words, effect->error);
        return;
    }
    line->state = effect->to;
    note(app, words, line->number, state_names[line->state]);
    say(reply, "OK", words, NULL);
}

/* ---- profiles ---- */

static void make_matching_id(char ret[MATCHING_BYTES * 2 + 1])
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t random[MATCHING_BYTES];
    id_random(random, sizeof random);
    for (size_t i = 0; i < MATCHING_BYTES; i++) {
        ret[2 * i] = digits[random[i] >> 4];
        ret[2 * i + 1] = digits[random[i] & 15];
    }
    ret[MATCHING_BYTES * 2] = '\0';
}

static void do_profile(struct carrier_app *app, const struct words *words,
                       struct buf *reply)
{
    struct smdp_profile *profile = app->type == NULL || words->count != 3
                                       ? NULL
                                       : smdp_stock_pick(app->type);
    char iccid[ICCID_SIZE];
    if (profile == NULL) {
        say(reply, "ERR", words, words->count == 3 ? "31" : "90");
        return;
    }
    if (!slice_copy(words->at[1], profile->eid, sizeof profile->eid))
        profile->eid[0] = '\0';
    make_matching_id(profile->matching_id);
    profile->state = SMDP_RELEASED;
    smdp_iccid(app->stock, profile, iccid);
    note(app, words, iccid, smdp_state_name(profile->state));
    say(reply, "ESIM", words, iccid);
    buf_add_format(reply, " LPA:1$%s$%s", app->options->smdp_address,
                   profile->matching_id);
}

void carrier_app_do(struct carrier_app *app, struct slice command, struct buf *reply)
{
    struct words words = words_of(command);
    for (size_t i = 0;
         words.count > 0 && i < sizeof line_commands / sizeof line_commands[0]; i++) {
        if (slice_is(words.at[0], line_commands[i].word)) {
            do_line(app, &line_commands[i], &words, reply);
            return;
        }
    }
    if (words.count > 0 && slice_is(words.at[0], "ESIM"))
        do_profile(app, &words, reply);
    else
        say(reply, "ERR", &words, "90");
}

void carrier_app_put_off(struct slice command, struct buf *reply)
{
    struct words words = words_of(command);
    say(reply, "BUSY", &words, NULL);
}

/* ---- what a test looks at ---- */

json_t *carrier_app_lines(const struct carrier_app *app)
{
    json_t *all = json_object();
    for (size_t i = 0; i < BUCKETS; i++)
        for (const struct phone_line *line = app->lines[i]; line != NULL;
             line = line->next)
            if (line->state != LINE_UNKNOWN)
                json_put_text(all, line->number, state_names[line->state]);
    return all;
}

struct listing {
    const struct smdp_stock *stock;
    json_t *all;
};

static bool list_profile(void *arg, struct smdp_profile *profile)
{
    struct listing *listing = arg;
    char iccid[ICCID_SIZE];
    smdp_iccid(listing->stock, profile, iccid);
    json_t *one = json_object();
    json_put_text(one, "eid", profile->eid);
    json_put_text(one, "state", smdp_state_name(profile->state));
    json_object_set_new(listing->all, iccid, one);
    return true;
}

json_t *carrier_app_profiles(const struct carrier_app *app)
{
    struct listing listing = { app->stock, json_object() };
    smdp_stock_each(app->stock, list_profile, &listing);
    return listing.all;
}
