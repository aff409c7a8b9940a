#include "ctl/options.h"

#include <string.h>

#include "base/slice.h"
#include "conf/nearest.h"

/* clang-format off */
const struct flag common_flags[] = {
    { "output",     'o', "FORM", "table, wide, json, jsonl, yaml, csv or name" },
    { "context",    0,   "NAME", "a context of ~/.config/esim/context.yaml" },
    { "url",        0,   "URL",  "the host, over HTTP" },
    { "socket",     0,   "PATH", "the host, over its Unix socket" },
    { "token-file", 0,   "PATH", "the file that holds the API key" },
    { "tenant",     0,   "NAME", "act in this tenant (superadmin)" },
    { "help",       'h', NULL,   "say how the command is used" },
    { NULL },
};
/* clang-format on */

static const struct flag *find_in(const struct flag *flags, struct slice name,
                                  char letter)
{
    for (; flags != NULL && flags->name != NULL; flags++)
        if (letter != 0 ? flags->letter == letter : slice_is(name, flags->name))
            return flags;
    return NULL;
}

static const struct flag *find(const struct ctl *ctl, struct slice name, char letter)
{
    const struct flag *flag = find_in(ctl->command->flags, name, letter);
    return flag != NULL ? flag : find_in(common_flags, name, letter);
}

static bool say_unknown(const struct ctl *ctl, struct slice name, struct err *err)
{
    char wanted[64] = "";
    bool fits = slice_copy(name, wanted, sizeof wanted);
    struct nearest nearest = { .wanted = fits ? wanted : "" };
    for (const struct flag *f = ctl->command->flags; f != NULL && f->name != NULL; f++)
        nearest_try(&nearest, f->name);
    for (const struct flag *f = common_flags; f->name != NULL; f++)
        nearest_try(&nearest, f->name);
    const char *near = nearest_name(&nearest);
    return err_set(err, ERR_INVALID, "there is no flag --%.*s%s%s%s", (int)name.size,
                   name.ptr == NULL ? "" : name.ptr, near == NULL ? "" : "; --",
                   near == NULL ? "" : near, near == NULL ? "" : "?");
}

static bool keep(struct ctl *ctl, const char *name, const char *value, struct err *err)
{
    if (ctl->flag_count == FLAGS_MAX)
        return err_set(err, ERR_LIMIT, "too many flags");
    ctl->flag_names[ctl->flag_count] = name;
    ctl->flag_values[ctl->flag_count++] = value;
    return true;
}

/* `*at` is the index of the flag; moves on when the value is the next word. */
static bool take_flag(struct ctl *ctl, int argc, char **argv, int *at, struct err *err)
{
    const char *word = argv[*at];
    bool is_long = word[1] == '-';
    struct slice rest = slice_of(word + 2);
    struct slice name = is_long ? slice_cut(&rest, '=') : slice_of(word + 1);
    const char *value = is_long ? rest.ptr : (word[2] != '\0' ? word + 2 : NULL);
    const struct flag *flag = find(ctl, name, is_long ? 0 : word[1]);
    if (flag == NULL)
        return say_unknown(ctl, name, err);
    if (flag->value == NULL)
        return value == NULL
                   ? keep(ctl, flag->name, "", err)
                   : err_set(err, ERR_INVALID, "--%s takes no value", flag->name);
    if (value == NULL && *at + 1 < argc)
        value = argv[++*at];
    return value != NULL
               ? keep(ctl, flag->name, value, err)
               : err_set(err, ERR_INVALID, "--%s needs %s", flag->name, flag->value);
}

static bool check_words(const struct ctl *ctl, struct err *err)
{
    const struct command *command = ctl->command;
    if (ctl->word_count >= command->words_least &&
        ctl->word_count <= command->words_most)
        return true;
    return err_set(err, ERR_INVALID, "usage: esimctl %s %s %s", command->noun,
                   command->verb, command->words == NULL ? "" : command->words);
}

bool options_read(struct ctl *ctl, int argc, char **argv, struct err *err)
{
    bool flags_ended = false;
    for (int i = 0; i < argc; i++) {
        bool is_flag = !flags_ended && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_flag && strcmp(argv[i], "--") == 0) {
            flags_ended = true;
        } else if (is_flag) {
            if (!take_flag(ctl, argc, argv, &i, err))
                return false;
        } else if (ctl->word_count == WORDS_MAX) {
            return err_set(err, ERR_INVALID, "too many words");
        } else {
            ctl->words[ctl->word_count++] = argv[i];
        }
    }
    const char *form = ctl_flag(ctl, "output");
    if (form != NULL && !output_form_read(form, &ctl->form))
        return err_set(err, ERR_INVALID, "there is no output form \"%s\"", form);
    return ctl_flag(ctl, "help") != NULL || check_words(ctl, err);
}
