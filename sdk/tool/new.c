/* new: the template, with its name put in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "esim/adapter.h"
#include "tool.h"

enum { FILE_BYTES = 256 << 10, PATH_SIZE = 4096, DATE_SIZE = 32 };

static const char *const files[] = { "Makefile",      "adapter.c", "manifest.yaml",
                                     "settings.json", "README.md", ".gitignore" };

struct scaffold {
    const char *name, *into;
    char template[PATH_SIZE];
    char sdk[PATH_SIZE]; /* "" when pkg-config knows by itself. */
    char today[DATE_SIZE], next_year[DATE_SIZE];
};

static bool name_is_good(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < ESIM_NAME_SIZE && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* Installed, or in the folder where it was built. */
static bool find_one(const char *const *places, size_t count, char *ret, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (tool_beside(places[i], ret, size) && access(ret, R_OK) == 0)
            return true;
    return false;
}

static bool find_template(struct scaffold *scaffold, struct err *err)
{
    static const char *const templates[] = { "../share/esim/template",
                                             "../../sdk/template" };
    static const char *const sdks[] = { "pkgconfig", "../lib/pkgconfig" };
    if (!find_one(templates, 2, scaffold->template, sizeof scaffold->template))
        return err_set(err, ERR_NOT_FOUND, "the template was not found near %s",
                       scaffold->template);
    if (!find_one(sdks, 2, scaffold->sdk, sizeof scaffold->sdk))
        scaffold->sdk[0] = '\0';
    return true;
}

static void write_date(int days_ahead, char ret[DATE_SIZE])
{
    time_t when = (time_t)(clock_wall_ms() / 1000) + (time_t)days_ahead * 86400;
    struct tm date = { 0 };
    if (gmtime_r(&when, &date) == NULL ||
        strftime(ret, DATE_SIZE, "%Y-%m-%dT00:00:00Z", &date) == 0)
        ret[0] = '\0';
}

static void fill_in(const struct scaffold *scaffold, struct slice text, struct buf *ret)
{
    const struct {
        const char *mark, *value;
    } marks[] = { { "@NAME@", scaffold->name },
                  { "@SDK@", scaffold->sdk }, /* Where pkg-config finds the SDK. */
                  { "@NOT_BEFORE@", scaffold->today },
                  { "@EXPIRES@", scaffold->next_year } };
    enum { MARKS = sizeof marks / sizeof marks[0] };
    while (text.size > 0) {
        size_t at = 0, taken = 1;
        while (at < MARKS && !slice_starts(text, marks[at].mark))
            at++;
        if (at < MARKS) {
            buf_add_text(ret, marks[at].value);
            taken = strlen(marks[at].mark);
        } else {
            buf_add_char(ret, text.ptr[0]);
        }
        text = (struct slice){ text.ptr + taken, text.size - taken };
    }
}

static bool write_one(const struct scaffold *scaffold, const char *file,
                      struct err *err)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    struct buf text, filled;
    int length = snprintf(from, sizeof from, "%s/%s", scaffold->template, file);
    bool fits = length > 0 && (size_t)length < sizeof from;
    length = snprintf(to, sizeof to, "%s/%s", scaffold->into, file);
    if (!fits || length < 0 || (size_t)length >= sizeof to)
        return err_set(err, ERR_LIMIT, "%s is too long a path", scaffold->into);
    if (access(to, F_OK) == 0)
        return err_set(err, ERR_CONFLICT, "%s is there already", to);
    buf_init(&filled, FILE_BYTES);
    bool ok = tool_read_file(from, FILE_BYTES, &text, err);
    if (ok) {
        fill_in(scaffold, buf_slice(&text), &filled);
        ok = tool_write_file(to, buf_slice(&filled), err);
    }
    buf_finish(&text);
    buf_finish(&filled);
    return ok;
}

static bool scaffold(struct scaffold *scaffold, struct err *err)
{
    if (!name_is_good(scaffold->name))
        return err_set(err, ERR_INVALID,
                       "%s is no adapter's name: lower-case letters, digits and -, a "
                       "letter first, at most %d",
                       scaffold->name, ESIM_NAME_SIZE - 1);
    write_date(0, scaffold->today);
    write_date(365, scaffold->next_year);
    if (!find_template(scaffold, err))
        return false;
    if (mkdir(scaffold->into, 0777) != 0 && errno != EEXIST)
        return err_errno(err, "making %s", scaffold->into);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (!write_one(scaffold, files[i], err))
            return false;
    printf("%s: now `make -C %s check`\n", scaffold->into, scaffold->into);
    return true;
}

int tool_new(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct scaffold made = { .name = argc > 1 ? argv[1] : NULL };
    bool has_into = argc == 4 && strcmp(argv[2], "--into") == 0;
    made.into = has_into ? argv[3] : made.name;
    if (made.name == NULL || (argc != 2 && !has_into))
        err_set(&err, ERR_INVALID, "new needs NAME [--into FOLDER]");
    else if (scaffold(&made, &err))
        return EXIT_GOOD;
    return tool_complain(&err);
}
