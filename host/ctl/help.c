#include "ctl/help.h"

#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"

static bool is_first_of_noun(size_t index)
{
    const struct command *command = command_at(index), *before;
    for (size_t i = 0; i < index && (before = command_at(i)) != NULL; i++)
        if (strcmp(before->noun, command->noun) == 0)
            return false;
    return true;
}

static void list_verbs(const char *noun)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (strcmp(command->noun, noun) == 0)
            printf("  %-8s %-10s %-12s %s\n", command->noun, command->verb,
                   command->words == NULL ? "" : command->words, command->text);
}

void help_all(void)
{
    const struct command *command;
    printf("esimctl - orders, profiles, adapters and policies of an esimd host\n\n"
           "  esimctl order create --type profile.provision --plan basic --eid EID "
           "--wait 30s\n"
           "  esimctl order list --state held -o wide\n"
           "  esimctl profile qr ICCID\n\n"
           "Commands:\n");
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (is_first_of_noun(i))
            list_verbs(command->noun);
    printf("\nesimctl NOUN VERB --help says more; esimctl help exit-codes;\n"
           "esimctl completion bash|zsh|fish.\n");
}

bool help_noun(const char *noun)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        if (strcmp(command->noun, noun) != 0)
            continue;
        list_verbs(noun);
        return true;
    }
    return false;
}

static void list_flags(const struct flag *flags)
{
    for (; flags != NULL && flags->name != NULL; flags++) {
        char letter[8] = "    ";
        if (flags->letter != 0)
            letter[0] = '-', letter[1] = flags->letter, letter[2] = ',';
        printf("  %s--%s%s%-*s %s\n", letter, flags->name,
               flags->value == NULL ? "" : " ", (int)(26 - strlen(flags->name)),
               flags->value == NULL ? "" : flags->value, flags->text);
    }
}

void help_command(const struct command *command)
{
    if (command->example != NULL)
        printf("%s\n\n", command->example);
    printf("esimctl %s %s%s%s\n  %s\n\n", command->noun, command->verb,
           command->words == NULL ? "" : " ",
           command->words == NULL ? "" : command->words, command->text);
    if (command->flags != NULL)
        list_flags(command->flags);
    printf("For every command:\n");
    list_flags(common_flags);
}

void help_exit_codes(void)
{
    static const struct {
        int number;
        const char *text;
    } rows[] = {
#define X(id, number, text) { number, text },
        EXITS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        printf("%3d  %s\n", rows[i].number, rows[i].text);
}

void help_suggest(const char *noun, const char *verb)
{
    struct nearest nouns = { .wanted = noun };
    struct nearest verbs = { .wanted = verb == NULL ? "" : verb };
    bool known = false;
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
        nearest_try(&nouns, command->noun);
        if (strcmp(command->noun, noun) != 0)
            continue;
        known = true;
        nearest_try(&verbs, command->verb);
    }
    const char *near = nearest_name(known ? &verbs : &nouns);
    fprintf(stderr, "esimctl: there is no command \"%s%s%s\"", noun,
            verb == NULL ? "" : " ", verb == NULL ? "" : verb);
    if (near != NULL)
        fprintf(stderr, "; did you mean \"%s%s%s\"?", known ? noun : "",
                known ? " " : "", near);
    fprintf(stderr, "\n");
}

/* ---- completion ---- */

static void print_nouns(const char *between)
{
    for (size_t i = 0; command_at(i) != NULL; i++)
        if (is_first_of_noun(i))
            printf("%s%s", command_at(i)->noun, between);
}

static void print_verbs(const char *noun, const char *between)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (strcmp(command->noun, noun) == 0)
            printf("%s%s", command->verb, between);
}

static void complete_bash(void)
{
    printf("_esimctl() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        COMPREPLY=($(compgen -W '");
    print_nouns(" ");
    printf("help completion' -- \"$cur\")); return\n    fi\n"
           "    [ \"$COMP_CWORD\" -eq 2 ] || return\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        if (!is_first_of_noun(i))
            continue;
        printf("    %s) COMPREPLY=($(compgen -W '", command_at(i)->noun);
        print_verbs(command_at(i)->noun, " ");
        printf("' -- \"$cur\")) ;;\n");
    }
    printf("    esac\n}\ncomplete -o default -F _esimctl esimctl\n");
}

static void complete_zsh(void)
{
    printf("#compdef esimctl\nif (( CURRENT == 2 )); then\n    compadd ");
    print_nouns(" ");
    printf("help completion\nelif (( CURRENT == 3 )); then\n    case $words[2] in\n");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        if (!is_first_of_noun(i))
            continue;
        printf("    %s) compadd ", command_at(i)->noun);
        print_verbs(command_at(i)->noun, " ");
        printf(";;\n");
    }
    printf("    esac\nelse\n    _files\nfi\n");
}

static void complete_fish(void)
{
    const struct command *command;
    printf("complete -c esimctl -n __fish_use_subcommand -a '");
    print_nouns(" ");
    printf("help completion'\n");
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        printf(
            "complete -c esimctl -n '__fish_seen_subcommand_from %s' -a %s -d '%s'\n",
            command->noun, command->verb, command->text);
}

bool help_completion(const char *shell)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = { { "bash", complete_bash },
                   { "zsh", complete_zsh },
                   { "fish", complete_fish } };
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].name, shell) != 0)
            continue;
        shells[i].print();
        return true;
    }
    return false;
}
