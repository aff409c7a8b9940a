#include "ctl/policy_print.h"

#include <string.h>

#include "base/json.h"

enum { DEPTH_MAX = 200, INDENT_MOST = 20 };

/* One trace being printed: the locals last seen in each frame. */
struct printing {
    FILE *to;
    const struct trial *trial;
    const json_t *seen[DEPTH_MAX];
    int base, depth;
};

/* The text of a line, without its indentation. */
static struct slice source_line(const struct trial *trial, const char *file,
                                int64_t line)
{
    struct slice rest = trial_text(trial, file), text = SLICE_LITERAL("");
    for (int64_t i = 0; i < line; i++)
        text = slice_cut(&rest, '\n');
    while (text.size > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = (struct slice){ text.ptr + 1, text.size - 1 };
    return text;
}

static int indent_of(const struct printing *printing, int depth)
{
    int levels = depth - printing->base;
    return 2 * (levels < 0 ? 0 : levels > INDENT_MOST ? INDENT_MOST : levels);
}

/* What is new or other than at the line before in the same frame. */
static void print_changes(struct printing *printing, int depth, const json_t *locals)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)locals, name, value)
    {
        bool idle = strcmp(name, "_") == 0; /* Lua's name for what nobody reads. */
        if (idle || json_equal(json_object_get(printing->seen[depth], name), value))
            continue;
        fprintf(printing->to, "%22s%*s| %s = %s\n", "", indent_of(printing, depth), "",
                name, json_string_value(value));
    }
}

static void print_line(struct printing *printing, const json_t *line)
{
    int64_t number = json_int(line, "line", 0);
    int64_t given = json_int(line, "depth", 0);
    int depth = given < 0 ? 0 : given >= DEPTH_MAX ? DEPTH_MAX - 1 : (int)given;
    const char *file = json_text(line, "file");
    const json_t *locals = json_object_get(line, "locals");
    for (int deeper = depth + 1; deeper < DEPTH_MAX; deeper++)
        printing->seen[deeper] = NULL;
    if (printing->seen[depth] == NULL && json_text(line, "function") != NULL)
        fprintf(printing->to, "%22s%*sin %s\n", "", indent_of(printing, depth), "",
                json_text(line, "function"));
    print_changes(printing, depth, locals);
    printing->seen[depth] = locals;
    char place[80];
    snprintf(place, sizeof place, "%.60s:%lld", file == NULL ? "" : file,
             (long long)number);
    struct slice text = source_line(printing->trial, file == NULL ? "" : file, number);
    fprintf(printing->to, "%-20s  %*s%.*s\n", place, indent_of(printing, depth), "",
            (int)text.size, text.ptr);
}

void policy_print_trace(FILE *to, const struct trial *trial, const json_t *told)
{
    const json_t *trace = json_object_get(told, "trace"), *line;
    struct printing printing = { .to = to, .trial = trial };
    size_t i;
    printing.base = (int)json_int(json_array_get(trace, 0), "depth", 0);
    json_array_foreach((json_t *)trace, i, line) print_line(&printing, line);
    if (json_bool(told, "cut", false))
        fprintf(to, "... and more lines\n");
}

static bool has_number(const json_t *list, json_int_t number)
{
    size_t i;
    const json_t *value;
    json_array_foreach((json_t *)list, i,
                       value) if (json_integer_value(value) == number) return true;
    return false;
}

/* "12, 15-18": lines that follow each other in the list of lines with code are joined. */
static void print_missed(FILE *to, const json_t *lines, const json_t *executed)
{
    size_t count = json_array_size(lines);
    const char *before = "; not reached: ";
    for (size_t i = 0; i < count; i++) {
        json_int_t first = json_integer_value(json_array_get(lines, i)), last = first;
        if (has_number(executed, first))
            continue;
        while (i + 1 < count &&
               !has_number(executed, json_integer_value(json_array_get(lines, i + 1))))
            last = json_integer_value(json_array_get(lines, ++i));
        if (first == last)
            fprintf(to, "%s%lld", before, (long long)first);
        else
            fprintf(to, "%s%lld-%lld", before, (long long)first, (long long)last);
        before = ", ";
    }
}

void policy_print_coverage(FILE *to, const struct cases_total *total)
{
    const char *file;
    json_t *lines;
    json_object_foreach(total->lines, file, lines)
    {
        const json_t *executed = json_object_get(total->executed, file);
        size_t all = json_array_size(lines), reached = json_array_size(executed);
        fprintf(to, "%s: %zu of %zu lines (%zu %%)", file, reached, all,
                all == 0 ? 100 : 100 * reached / all);
        print_missed(to, lines, executed);
        fprintf(to, "\n");
    }
}
