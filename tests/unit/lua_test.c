/* The sandbox in this process, so that the sanitizers see it; the locked process
 * around it, and what only a killed process can end, are in policy_test.c. */
#include "check.h"

#include <jansson.h>

#include "base/clock.h"
#include "cell/inside/lua_sandbox.h"

static const struct sandbox_limits limits = {
    .memory_bytes = 8 << 20,
    .instructions = 1000000,
    .result_bytes = 16 << 10,
};

static struct sandbox *load(const char *text, struct err *err)
{
    struct sandbox *sandbox = sandbox_create(&limits, err);
    CHECK_FATAL(sandbox != NULL);
    if (!sandbox_load(sandbox, "a.lua", slice_of(text), err) ||
        !sandbox_freeze(sandbox, err))
        sandbox_destroy(&sandbox);
    return sandbox;
}

/* What f(args) answers: JSON, or "error: " and the message. Kept until the next call. */
static const char *ask(struct sandbox *sandbox, const char *args)
{
    static char text[40000];
    struct err err = ERR_INIT;
    struct buf reply;
    buf_init(&reply, 32 << 10);
    bool ok = sandbox_call(sandbox, slice_of("f"), slice_of(args), &reply, &err);
    snprintf(text, sizeof text, "%s%s", ok ? "" : "error: ", ok ? reply.ptr : err.text);
    buf_finish(&reply);
    return text;
}

/* The same, of a file that is only this text. */
static const char *run(const char *text, const char *args)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load(text, &err);
    static char refused[600];
    snprintf(refused, sizeof refused, "refused: %s", err.text);
    if (sandbox == NULL)
        return refused;
    const char *answer = ask(sandbox, args);
    sandbox_destroy(&sandbox);
    return answer;
}

static void check_says(const char *answer, const char *words)
{
    if (strstr(answer, words) == NULL)
        CHECK_TEXT(answer, words);
}

static void json_comes_back_as_it_went_in(void)
{
    const char *same = "{\"a\":[1,2.5,true,\"x\",[],{}],\"big\":9007199254740993,"
                       "\"e\":[],\"o\":{\"k\":-1}}";
    char args[200];
    snprintf(args, sizeof args, "[%s]", same);
    CHECK_TEXT(run("function f(v) return v end", args), same);
    CHECK_TEXT(run("function f(v) return v end", "[{\"gone\":null,\"l\":[1,null]}]"),
               "{\"l\":[1,null]}");
    CHECK_TEXT(run("function f() return { a = {}, b = list {} } end", "[]"),
               "{\"a\":{},\"b\":[]}");
}

static void a_result_that_is_no_json_is_an_error_with_a_reason(void)
{
    static const char *const rows[][2] = {
        { "function f() return { f } end", "has a function in it" },
        { "function f() return { 1, nil, 3 } end", "holes" },
        { "function f() return { 1, a = 2 } end", "other keys" },
        { "function f() return { [true] = 1 } end", "neither text nor a list index" },
        { "function f() local t = {} t.t = t return t end", "contains itself" },
        { "function f() return 0/0 end", "not finite" },
        { "function f() return '\\xff' end", "not UTF-8" },
        { "function f() return { ['\\xff'] = 1 } end", "not UTF-8" },
        { "function f() return ('x'):rep(60000) end", "too large" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *answer = run(rows[i][0], "[]");
        CHECK(strncmp(answer, "error: ", 7) == 0);
        check_says(answer, rows[i][1]);
    }
}

/* The grammar of RFC 8259, no more and no less. */
static void arguments_that_are_no_json_array_are_refused(void)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[1,",
        "[1]]",
        "[1] x",
        "[,]",
        "[1,]",
        "[01]",
        "[-]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[1e]",
        "[0x1]",
        "[tru]",
        "[nan]",
        "['a']",
        "[\"a]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "[\"\n\"]",
        "[\"\\ud800\"]",
        "[\"\\udc00\"]",
        "[\"\\ud800\\u0041\"]",
        "[{a:1}]",
        "[{\"a\"}]",
        "[{\"a\":}]",
        "[{\"a\":1,}]",
        "[{\"a\" 1}]",
        "[1e999]",
        "[9223372036854775808]",
        "[-9223372036854775809]",
    };
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load("function f(...) return select('#', ...) end", &err);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_says(ask(sandbox, bad[i]), "error: the arguments are not JSON");
    CHECK_TEXT(ask(sandbox, " [ 1 , null , {} ] "), "3");
    check_says(ask(sandbox, "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), "too many");
    char deep[200] = { 0 };
    memset(deep, '[', 40);
    memset(deep + 40, ']', 40);
    check_says(ask(sandbox, deep), "nested deeper than 32");
    sandbox_destroy(&sandbox);
}

static void numbers_and_escapes_are_read_exactly(void)
{
    const char *same = "function f(v) return v end";
    CHECK_TEXT(run(same, "[-9223372036854775808]"), "-9223372036854775808");
    CHECK_TEXT(run(same, "[9223372036854775807]"), "9223372036854775807");
    CHECK_TEXT(run(same, "[-2.5e-1]"), "-0.25");
    CHECK_TEXT(run(same, "[0]"), "0");
    CHECK_TEXT(run(same, "[\"\\u00e9\\u20ac\\ud83d\\ude00\\n\\/\\\"\"]"),
               "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\n/\\\"\"");
    CHECK_TEXT(run("function f(v) return #v end", "[\"\\u0000a\"]"), "2");
}

static void an_error_names_its_file_and_line(void)
{
    CHECK_TEXT(run("function f(r)\n  return r.subject.id\nend", "[{}]"),
               "error: a.lua:2: attempt to index a nil value (field 'subject')");
    CHECK_TEXT(run("function f()\n  return roels\nend", "[]"),
               "error: a.lua:2: unknown name 'roels'");
    CHECK_TEXT(run("function f() error({}) end", "[]"),
               "error: the script ended with a table as its error");
    CHECK_TEXT(run("function f() error('a\\n\\27[31m\\xff', 0) end", "[]"),
               "error: a??[31m?");
    CHECK_TEXT(run("x = = 1", "[]"), "refused: a.lua:1: unexpected symbol near '='");
    CHECK_TEXT(run("x = 1", "[]"), "error: no file defines the function 'f'");
}

/* However a script hides it, the next decision starts from the same memory. */
static void nothing_is_kept_between_decisions(void)
{
    static const char *const hiding[] = {
        "local n = 0 function f() n = n + 1 return n end",
        "local t = { n = 0 } function f() t.n = t.n + 1 return t.n end",
        "local t = {} function f() t[#t + 1] = 1 return #t end",
        "local function g() local n = 0 return function() n = n + 1 return n end end\n"
        "local h = g() function f() return h() end",
        "local n = 0 function f() n = n + 1 if n > 1 then return n end error('x') end",
    };
    for (size_t i = 0; i < sizeof hiding / sizeof hiding[0]; i++) {
        struct err err = ERR_INIT;
        struct sandbox *sandbox = load(hiding[i], &err);
        CHECK_FATAL(sandbox != NULL);
        char first[100];
        snprintf(first, sizeof first, "%s", ask(sandbox, "[]"));
        for (int again = 0; again < 3; again++)
            CHECK_TEXT(ask(sandbox, "[]"), first);
        sandbox_destroy(&sandbox);
    }
}

static void setting_a_global_while_deciding_is_an_error(void)
{
    check_says(run("function f() count = 1 end", "[]"), "keeps nothing");
    check_says(run("function f() string.len = f end", "[]"), "read-only");
    check_says(run("function f() _ENV.f = 1 end", "[]"), "global 'f'");
    check_says(run("string = 1", "[]"), "is a name of the library");
}

static void what_reaches_outside_is_not_there(void)
{
    static const char *const names[] = {
        "load",
        "loadstring",
        "dofile",
        "loadfile",
        "require",
        "package",
        "debug",
        "io",
        "os",
        "coroutine",
        "pcall",
        "xpcall",
        "collectgarbage",
        "setmetatable",
        "getmetatable",
        "rawset",
        "next",
        "print",
        "_G",
        "warn",
        "string.dump",
        "string.pack",
        "math.random",
        "table.foreach",
        "utf8.load",
    };
    char text[100];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(text, sizeof text, "local x = %s function f() return x == nil end",
                 names[i]);
        const char *answer = run(text, "[]");
        if (strstr(answer, "unknown name") == NULL)
            CHECK_TEXT(answer, "true");
    }
    check_says(run("\x1bLua", "[]"), "binary chunk");
}

/* A decision must not depend on the hash seed, on addresses or on the machine. */
static void the_same_input_gives_the_same_answer_everywhere(void)
{
    CHECK_TEXT(run("function f(t) local k = {} for a in pairs(t) do k[#k + 1] = a end\n"
                   "return table.concat(k, ' ') end",
                   "[{\"z\":1,\"b\":2,\"a\":3,\"m\":4}]"),
               "\"a b m z\"");
    CHECK_TEXT(
        run("function f() local s = '' for k in pairs { 5, 4, x = 1, [9] = 2 } do"
            " s = s .. k end return s end",
            "[]"),
        "\"129x\"");
    CHECK_TEXT(run("function f() return tostring({}) .. tostring(f) .. tostring(null) "
                   "end",
                   "[]"),
               "\"tablefunctionnull\"");
    CHECK(strstr(run("function f() return ('%s'):format({}) end", "[]"), "error") !=
          NULL);
    check_says(run("function f() return ('%p'):format('') end", "[]"), "%p");
    check_says(run("function f() return ('%%%p'):format('') end", "[]"), "%p");
    check_says(run("function f() return ('\\0%p'):format('') end", "[]"), "zero byte");
    CHECK_TEXT(run("function f() return ('%5.2f %s %d%%'):format(1, nil, 3) end", "[]"),
               "\" 1.00 nil 3%\"");
    check_says(run("function f(t) for k in pairs { [f] = 1 } do end end", "[]"),
               "no order");
}

static void repeating_text_is_capped(void)
{
    CHECK_TEXT(run("function f() return #('ab'):rep(32768) end", "[]"), "65536");
    check_says(run("function f() return ('ab'):rep(32769) end", "[]"), "64 KiB");
    check_says(run("function f() return ('a'):rep(1 << 62) end", "[]"), "64 KiB");
    check_says(run("function f() return (''):rep(1 << 62, 'abc') end", "[]"), "64 KiB");
    CHECK_TEXT(run("function f() return ('a'):rep(-1) end", "[]"), "\"\"");
}

static void a_loop_ends_at_its_instruction_budget_and_the_next_decision_goes_on(void)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load("function f(n)\n for i = 1, n do end return n\nend",
                                   &err);
    CHECK_FATAL(sandbox != NULL);
    CHECK_TEXT(ask(sandbox, "[1e15]"),
               "error: a.lua:2: more than 1000000 instructions");
    CHECK_TEXT(ask(sandbox, "[7]"), "7");
    sandbox_destroy(&sandbox);
    CHECK_TEXT(run("while true do end", "[]"),
               "refused: a.lua:1: more than 1000000 instructions");
}

static void memory_ends_at_its_cap_and_the_next_decision_goes_on(void)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load(
        "function f(n) local t = {} for i = 1, n do t[i] = { i } end return #t end",
        &err);
    CHECK_FATAL(sandbox != NULL);
    for (int again = 0; again < 3; again++) {
        CHECK_TEXT(ask(sandbox, "[300000]"),
                   "error: more than 8192 KiB of memory are needed");
        CHECK_TEXT(ask(sandbox, "[100]"), "100");
    }
    sandbox_destroy(&sandbox);
}

/* Garbage is collected within one decision: only what lives counts. */
static void garbage_does_not_count_as_memory(void)
{
    CHECK_TEXT(run("function f() local s for i = 1, 100000 do s = { i, 'x' .. i } end "
                   "return s[1] end",
                   "[]"),
               "100000");
}

static void two_files_may_not_define_the_same_function(void)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = sandbox_create(&limits, &err);
    CHECK_FATAL(sandbox != NULL);
    const char *text = "local x = 1 function f() return x end";
    CHECK(sandbox_load(sandbox, "a.lua", slice_of(text), &err));
    CHECK(sandbox_load(sandbox, "b.lua", slice_of(text), &err));
    CHECK(!sandbox_freeze(sandbox, &err));
    CHECK_TEXT(err.text, "function 'f' is defined in two files");
    sandbox_destroy(&sandbox);
}

/* Explaining must not change the decision, and its lines are those executed. */
static void an_explanation_shows_lines_and_locals_in_order(void)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load("function f(n)\n"
                                   "  local twice = n * 2\n"
                                   "  if twice > 4 then\n"
                                   "    return 'big'\n"
                                   "  end\n"
                                   "  return 'small'\n"
                                   "end",
                                   &err);
    CHECK_FATAL(sandbox != NULL);
    struct buf reply;
    buf_init(&reply, 1 << 20);
    CHECK(sandbox_explain(sandbox, slice_of("f"), slice_of("[3]"), true, &reply, &err));
    json_t *told = json_loadb(reply.ptr, reply.size, 0, NULL);
    json_t *trace = json_object_get(told, "trace");
    CHECK_TEXT(json_string_value(json_object_get(told, "result")), "big");
    CHECK(json_object_get(told, "error") == NULL);
    CHECK_INT(json_array_size(trace), 3);
    json_t *last = json_array_get(trace, 2);
    CHECK_INT(json_integer_value(json_object_get(last, "line")), 4);
    json_t *locals = json_object_get(last, "locals");
    CHECK_TEXT(json_string_value(json_object_get(locals, "twice")), "6");
    json_decref(told);
    buf_clear(&reply);
    CHECK(
        sandbox_explain(sandbox, slice_of("f"), slice_of("[{}]"), false, &reply, &err));
    CHECK(strstr(reply.ptr, "\"error\":\"a.lua:2: ") != NULL);
    buf_clear(&reply);
    CHECK(sandbox_lines(sandbox, &reply, &err));
    CHECK_TEXT(reply.ptr, "{\"a.lua\":[2,3,4,6]}");
    buf_finish(&reply);
    sandbox_destroy(&sandbox);
}

static void what_a_file_returned_can_be_asked(void)
{
    struct err err = ERR_INIT;
    struct sandbox *sandbox = load("return { { name = 'a case' } }", &err);
    CHECK_FATAL(sandbox != NULL);
    struct buf reply;
    buf_init(&reply, 1000);
    CHECK(sandbox_returned(sandbox, slice_of("a.lua"), &reply, &err));
    CHECK_TEXT(reply.ptr, "[{\"name\":\"a case\"}]");
    buf_clear(&reply);
    CHECK(sandbox_returned(sandbox, slice_of("b.lua"), &reply, &err));
    CHECK_TEXT(reply.ptr, "null");
    buf_finish(&reply);
    sandbox_destroy(&sandbox);
}

TESTS("lua", CASE(json_comes_back_as_it_went_in),
      CASE(a_result_that_is_no_json_is_an_error_with_a_reason),
      CASE(arguments_that_are_no_json_array_are_refused),
      CASE(numbers_and_escapes_are_read_exactly),
      CASE(an_error_names_its_file_and_line), CASE(nothing_is_kept_between_decisions),
      CASE(setting_a_global_while_deciding_is_an_error),
      CASE(what_reaches_outside_is_not_there),
      CASE(the_same_input_gives_the_same_answer_everywhere),
      CASE(repeating_text_is_capped),
      CASE(a_loop_ends_at_its_instruction_budget_and_the_next_decision_goes_on),
      CASE(memory_ends_at_its_cap_and_the_next_decision_goes_on),
      CASE(garbage_does_not_count_as_memory),
      CASE(two_files_may_not_define_the_same_function),
      CASE(an_explanation_shows_lines_and_locals_in_order),
      CASE(what_a_file_returned_can_be_asked))
