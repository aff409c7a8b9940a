/* esimctl - the command line of an esimd host. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/help.h"
#include "ctl/options.h"
#include "ctl/place.h"
#include "ctl/policy_commands.h"

static int run_online(struct ctl *ctl)
{
    struct place place;
    struct err err = ERR_INIT;
    if (!place_find(ctl, &place, &err))
        return ctl_fail(EXIT_USAGE, &err);
    ctl->client = client_create(&place, &err);
    explicit_bzero(place.token, sizeof place.token);
    if (ctl->client == NULL)
        return ctl_fail(EXIT_TROUBLE, &err);
    int code = ctl->command->run(ctl);
    client_destroy(&ctl->client);
    return code;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct ctl ctl = { .command = command, .form = OUTPUT_TABLE };
    struct err err = ERR_INIT;
    if (!options_read(&ctl, argc, argv, &err))
        return ctl_fail(EXIT_USAGE, &err);
    if (ctl_flag(&ctl, "help") != NULL) {
        help_command(command);
        return EXIT_DONE;
    }
    return run_online(&ctl);
}

static int help(const char *about)
{
    if (about == NULL)
        help_all();
    else if (strcmp(about, "exit-codes") == 0)
        help_exit_codes();
    else if (!help_noun(about)) {
        help_suggest(about, NULL);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
           strcmp(word, "-h") == 0;
}

static int choose(int argc, char **argv)
{
    if (argc < 2 || is_help(argv[1]))
        return help(argc < 3 ? NULL : argv[2]);
    if (strcmp(argv[1], "completion") == 0)
        return argc == 3 && help_completion(argv[2]) ? EXIT_DONE : EXIT_USAGE;
    if (strcmp(argv[1], "health") == 0 && (argc < 3 || argv[2][0] == '-'))
        return run(command_of("health", "show"), argc - 2, argv + 2);
    const struct command *command = argc < 3 ? NULL : command_of(argv[1], argv[2]);
    if (command != NULL && command->run == NULL)
        return ctl_policy(argc - 1, argv + 1);
    if (command != NULL)
        return run(command, argc - 3, argv + 3);
    if (argc >= 3 && is_help(argv[2]))
        return help(argv[1]);
    if (argc < 3 && help_noun(argv[1]))
        return EXIT_USAGE;
    help_suggest(argv[1], argc < 3 ? NULL : argv[2]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    json_start();
    return choose(argc, argv);
}
