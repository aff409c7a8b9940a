/* esim-adapter - for whoever writes an adapter: scaffold, look, check, sign. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tool.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *usage, *text;
} commands[] = {
    { "new", tool_new, "NAME [--into FOLDER]",
      "Writes a small adapter that builds alone against the installed SDK." },
    { "describe", tool_describe, "X.so [--json]",
      "Reads what the object says of itself, without running it." },
    { "check", tool_check,
      "X.so [--settings FILE] [--secrets FILE] [--input CAPABILITY=FILE] [--json]",
      "Runs the contract tests, each twice and in processes of its own." },
    { "sign", tool_sign, "MANIFEST --key KEY [--object X.so]",
      "Fills in digest and size, raises the revision, signs with minisign." },
};

static int help(FILE *to, int code)
{
    fprintf(to, "esim-adapter - for whoever writes an adapter\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "\n  esim-adapter %s %s\n      %s\n", commands[i].name,
                commands[i].usage, commands[i].text);
    fprintf(to, "\nExit code: 0 good, 1 the verdict is bad, 2 wrong usage.\n");
    return code;
}

int main(int argc, char **argv)
{
    json_start();
    if (argc < 2)
        return help(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help(stdout, EXIT_GOOD);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "esim-adapter: there is no command %s\n\n", argv[1]);
    return help(stderr, EXIT_USAGE);
}
