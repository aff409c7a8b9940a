#include "carrier_app.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "phones.h"
#include "smdp_stock.h"

enum { WORDS_MOST = 4 };

struct carrier_app {
    const struct sandbox_options *options;
    struct ledger *ledger;
    struct smdp_stock *stock;
    struct smdp_type *type; /* When none is named. NULL: none. */
    struct phones *phones;
};

/* clang-format off */
/* What a command makes of a line: a state, or an error. */
struct effect { enum phone_state to; const char *error; };
static const struct line_command {
    const char *word;
    struct effect effects[PHONE_STATE_COUNT];
} line_commands[] = {
    { "ACT", { [PHONE_UNKNOWN]   = { PHONE_ACTIVE, NULL },    [PHONE_ACTIVE]  = { 0, "22" },
               [PHONE_SUSPENDED] = { 0, "23" },               [PHONE_DELETED] = { 0, "23" } } },
    { "SUS", { [PHONE_UNKNOWN]   = { 0, "12" },               [PHONE_ACTIVE]  = { PHONE_SUSPENDED, NULL },
               [PHONE_SUSPENDED] = { 0, "22" },               [PHONE_DELETED] = { 0, "23" } } },
    { "RES", { [PHONE_UNKNOWN]   = { 0, "12" },               [PHONE_ACTIVE]  = { 0, "22" },
               [PHONE_SUSPENDED] = { PHONE_ACTIVE, NULL },    [PHONE_DELETED] = { 0, "23" } } },
    { "DEL", { [PHONE_UNKNOWN]   = { 0, "12" },               [PHONE_ACTIVE]  = { PHONE_DELETED, NULL },
               [PHONE_SUSPENDED] = { PHONE_DELETED, NULL },   [PHONE_DELETED] = { 0, "22" } } },
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
    app->phones = phones_create();
    if (app->phones == NULL)
        err_set(err, ERR_LIMIT, "no memory for the lines");
    if (app->phones == NULL ||
        !smdp_stock_create(options->iccid_prefix, &options->stock, &app->stock, err)) {
        carrier_app_destroy(&app);
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
    phones_destroy(&gone->phones);
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

/* `name` is iccid or msisdn. */
static void note(struct carrier_app *app, const struct words *words, const char *name,
                 const char *subject, const char *from, const char *to)
{
    struct slice reference = reference_of(words);
    json_t *members = json_object();
    json_put_text(members, name, subject);
    json_put_text(members, "from", from);
    json_put_text(members, "to", to);
    json_object_set_new(members, "by", json_stringn(reference.ptr, reference.size));
    ledger_add(app->ledger, "state", members);
}

/* ---- lines ---- */

static void do_line(struct carrier_app *app, const struct line_command *command,
                    const struct words *words, struct buf *reply)
{
    struct phone *phone = words->count == 3 ? phone_of(app->phones, words->at[1])
                                            : NULL;
    if (phone == NULL) {
        say(reply, "ERR", words, "90");
        return;
    }
    const struct effect *effect = &command->effects[phone->state];
    if (effect->error != NULL) {
        say(reply, "ERR", words, effect->error);
        return;
    }
    note(app, words, "msisdn", phone->number, phone_state_name(phone->state),
         phone_state_name(effect->to));
    phone->state = effect->to;
    say(reply, "OK", words, NULL);
}

/* ---- profiles ---- */

/* ESIM EID [TYPE] REF: NULL, or the error. */
static const char *pick(const struct carrier_app *app, const struct words *words,
                        struct smdp_profile **ret)
{
    if (words->count < 3)
        return "90";
    struct smdp_type *type = words->count == 3 ? app->type
                                               : smdp_type_of(app->stock, words->at[2]);
    if (type == NULL)
        return words->count == 3 ? "31" : "32";
    *ret = smdp_stock_pick(type);
    return *ret == NULL ? "31" : NULL;
}

static void do_profile(struct carrier_app *app, const struct words *words,
                       struct buf *reply)
{
    struct smdp_profile *profile = NULL;
    char iccid[ICCID_SIZE];
    const char *error = pick(app, words, &profile);
    if (error != NULL) {
        say(reply, "ERR", words, error);
        return;
    }
    if (!slice_copy(words->at[1], profile->eid, sizeof profile->eid))
        profile->eid[0] = '\0';
    smdp_match_make(profile->matching_id);
    smdp_iccid(app->stock, profile, iccid);
    note(app, words, "iccid", iccid, smdp_state_name(profile->state),
         smdp_state_name(SMDP_RELEASED));
    profile->state = SMDP_RELEASED;
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

static bool list_phone(void *all, const struct phone *phone)
{
    if (phone->state != PHONE_UNKNOWN)
        json_put_text(all, phone->number, phone_state_name(phone->state));
    return true;
}

json_t *carrier_app_lines(const struct carrier_app *app)
{
    json_t *all = json_object();
    phones_each(app->phones, list_phone, all);
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
