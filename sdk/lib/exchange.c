/* A flow as a table of exchanges. The state is {"at": row, "query": true?, "vars": {}}. */
#include <string.h>

#include "esim/exchange.h"
#include "lib.h"

/* Rows asked in one step: a table that goes round without asking anything is a slip. */
enum { HOPS_MAX = 64 };

struct table {
    const struct esim_exchange *rows;
    size_t count;
};

static const struct esim_exchange *find(struct table table, const char *name)
{
    for (size_t i = 0; name != NULL && i < table.count; i++)
        if (strcmp(table.rows[i].name, name) == 0)
            return &table.rows[i];
    return NULL;
}

/* Nothing has been sent at the start; later nobody can be sure. */
static void end_by_mistake(struct esim_talk *talk, const char *code,
                           const char *message)
{
    if (talk->step->event == ESIM_START)
        esim_refused(talk, code, NULL, "%s", message);
    else
        esim_unknown(talk, code, NULL, "%s", message);
}

static json_t *object_of(struct esim_bytes text)
{
    json_t *value = text.size == 0 ? json_object() : esim_json_read(text);
    return json_is_object(value) ? value : NULL;
}

static void write_state(struct esim_talk *talk, const struct esim_exchange *row)
{
    json_t *state = json_object();
    esim_json_put(state, "at", row->name);
    if (talk->query)
        json_object_set_new(state, "query", json_true());
    json_object_set(state, "vars", talk->vars);
    talk->answer->state = esim_json_write(state);
}

/* The row's name and class are the table's to fill in. */
static void finish_action(struct esim_talk *talk, const struct esim_exchange *row)
{
    struct esim_answer *answer = talk->answer;
    if (answer->action == ESIM_ASK) {
        answer->ask.repeat = row->repeat;
        answer->ask.name = lib_bytes(row->name);
    } else if (answer->action == ESIM_SEND) {
        answer->send.repeat = row->repeat;
        answer->send.name = lib_bytes(row->name);
    }
    if (answer->action != ESIM_END)
        write_state(talk, row);
}

static bool may_ask(struct esim_talk *talk, const struct esim_exchange *row)
{
    if (row != NULL && (!talk->query || row->repeat == ESIM_SAFE))
        return true;
    end_by_mistake(talk, "adapter_bug",
                   row == NULL ? "This adapter goes to an exchange it does not have. "
                                 "Tell its author, and check the order by hand."
                               : "This adapter queries with an exchange that changes "
                                 "things. Tell its author, and check by hand.");
    return false;
}

/* Asks row after row until one answers. */
static void ask_next(struct esim_talk *talk, struct table table)
{
    for (int hops = 0; !talk->over && talk->next != NULL && hops < HOPS_MAX; hops++) {
        const struct esim_exchange *row = find(table, talk->next);
        talk->next = NULL;
        if (!may_ask(talk, row))
            return;
        row->ask(talk);
        if (talk->over)
            finish_action(talk, row);
    }
    if (!talk->over)
        end_by_mistake(talk, "adapter_bug",
                       "This adapter did not say what comes next. Tell its author, and "
                       "check the order by hand.");
}

static void begin_query(struct esim_talk *talk, const struct esim_exchange *row)
{
    talk->query = true;
    if (row->query != NULL)
        esim_go(talk, row->query);
    else
        esim_unknown(talk, "no_query", NULL,
                     "The answer to %s was lost and this carrier offers no way to ask "
                     "whether it was done. Check with the carrier, then decide.",
                     row->name);
}

/* What an event means for the row that the state stands at. */
static void dispatch(struct esim_talk *talk, const struct esim_exchange *row)
{
    esim_event event = talk->step->event;
    if (event == ESIM_QUERY)
        begin_query(talk, row);
    else if (event == ESIM_AGAIN)
        esim_go(talk, row->name);
    else
        row->tell(talk);
}

static const struct esim_exchange *read_state(struct esim_talk *talk,
                                              struct table table)
{
    json_t *state = object_of(talk->step->state);
    const struct esim_exchange *row = find(table, esim_json_text(state, "at"));
    json_t *vars = json_object_get(state, "vars");
    if (row == NULL || !json_is_object(vars)) {
        esim_unknown(talk, "state_unknown", NULL,
                     "This version of the adapter cannot read the operation's state. "
                     "Bring back the version that wrote it, or check by hand.");
        return NULL;
    }
    talk->vars = vars;
    talk->query = json_is_true(json_object_get(state, "query"));
    return row;
}

static bool read_inputs(struct esim_talk *talk)
{
    talk->input = object_of(talk->step->input);
    talk->settings = object_of(talk->step->settings);
    talk->secrets = object_of(talk->step->secrets);
    talk->vars = json_object();
    if (talk->input != NULL && talk->settings != NULL && talk->secrets != NULL)
        return true;
    end_by_mistake(talk, "bad_input",
                   "Input, settings or secrets are not JSON objects.");
    return false;
}

static void run(struct esim_talk *talk, struct table table)
{
    if (!read_inputs(talk))
        return;
    if (talk->step->event == ESIM_START) {
        talk->next = table.rows[0].name;
    } else {
        const struct esim_exchange *row = read_state(talk, table);
        if (row != NULL)
            dispatch(talk, row);
    }
    if (!talk->over)
        ask_next(talk, table);
}

/* Half a value may be anywhere in the answer: say nothing but that. */
static void end_by_shortage(const struct esim_step *step, struct esim_answer *answer)
{
    bool is_start = step->event == ESIM_START;
    *answer = (struct esim_answer){
        .size = sizeof *answer,
        .action = ESIM_END,
        .outcome = is_start ? ESIM_NOT_YET : ESIM_UNKNOWN,
        .problem = { .size = sizeof answer->problem,
                     .retry_after_s = -1,
                     .code = lib_bytes("memory"),
                     .message = lib_bytes("The step used up its memory. Raise "
                                          "limits.memory in the manifest.") },
    };
}

void esim_exchange_step(const struct esim_exchange *table, size_t count,
                        const struct esim_step *step, struct esim_answer *answer)
{
    struct esim_talk talk = { .step = step, .answer = answer };
    lib_forget_shortage();
    run(&talk, (struct table){ table, count });
    if (lib_is_short())
        end_by_shortage(step, answer);
}
