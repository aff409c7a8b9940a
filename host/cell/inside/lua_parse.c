#include "cell/inside/lua_parse.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cell/inside/lua_json.h"

/* First guesses of a table's size: most of our objects and lists are smaller. */
enum { MEMBERS_GUESS = 8, ELEMENTS_GUESS = 4, NUMBER_BYTES = 128 };

struct parser {
    lua_State *lua;
    const char *start, *at, *end;
    int depth;
};

static _Noreturn void fail(struct parser *parser, const char *what)
{
    luaL_error(parser->lua, "the arguments are not JSON: %s at byte %d", what,
               (int)(parser->at - parser->start));
    abort(); /* luaL_error does not return. */
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\t' ||
                                        *parser->at == '\n' || *parser->at == '\r'))
        parser->at++;
}

/* The next character that is no space, 0 at the end. */
static char peek(struct parser *parser)
{
    skip_space(parser);
    return parser->at < parser->end ? *parser->at : '\0';
}

static bool accept(struct parser *parser, char wanted)
{
    if (peek(parser) != wanted || parser->at == parser->end)
        return false;
    parser->at++;
    return true;
}

static void expect(struct parser *parser, char wanted, const char *what)
{
    if (!accept(parser, wanted))
        fail(parser, what);
}

static unsigned hex4(struct parser *parser)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++, parser->at++) {
        char c = parser->at < parser->end ? *parser->at : '\0';
        if (c >= '0' && c <= '9')
            value = value * 16 + (unsigned)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            value = value * 16 + (unsigned)((c | 32) - 'a' + 10);
        else
            fail(parser, "a bad \\u escape");
    }
    return value;
}

/* After "\u": one code point, from two escapes where it is a surrogate pair. */
static unsigned long code_point(struct parser *parser)
{
    unsigned long high = hex4(parser);
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || parser->end - parser->at < 6 || parser->at[0] != '\\' ||
        parser->at[1] != 'u')
        fail(parser, "half a surrogate pair");
    parser->at += 2;
    unsigned long low = hex4(parser);
    if (low < 0xDC00 || low > 0xDFFF)
        fail(parser, "half a surrogate pair");
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static void add_utf8(luaL_Buffer *buffer, unsigned long c)
{
    if (c < 0x80) {
        luaL_addchar(buffer, (char)c);
        return;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xC0, 0xE0, 0xF0 };
    luaL_addchar(buffer, (char)(lead[more] | (c >> (6 * more))));
    while (more-- > 0)
        luaL_addchar(buffer, (char)(0x80 | ((c >> (6 * more)) & 0x3F)));
}

/* After the backslash. */
static void add_escaped(struct parser *parser, luaL_Buffer *buffer)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = parser->at < parser->end ? *parser->at : '\0';
    const char *found = c == '\0' ? NULL : strchr(from, c);
    if (found != NULL) {
        parser->at++;
        luaL_addchar(buffer, to[found - from]);
    } else if (c == 'u') {
        parser->at++;
        add_utf8(buffer, code_point(parser));
    } else {
        fail(parser, "an unknown escape");
    }
}

/* The end of the run of bytes that stand for themselves. */
static const char *plain_end(const struct parser *parser)
{
    const char *at = parser->at;
    while (at < parser->end && *at != '"' && *at != '\\' && (unsigned char)*at >= ' ')
        at++;
    return at;
}

static void push_escaped_text(struct parser *parser)
{
    luaL_Buffer buffer;
    luaL_buffinit(parser->lua, &buffer);
    for (;;) {
        const char *end = plain_end(parser);
        luaL_addlstring(&buffer, parser->at, (size_t)(end - parser->at));
        parser->at = end;
        if (end == parser->end || (*end != '"' && *end != '\\'))
            fail(parser, "text without an end");
        parser->at++;
        if (*end == '"')
            break;
        add_escaped(parser, &buffer);
    }
    luaL_pushresult(&buffer);
}

/* After the opening quote. */
static void push_text(struct parser *parser)
{
    const char *end = plain_end(parser);
    if (end == parser->end || *end != '"') {
        push_escaped_text(parser);
        return;
    }
    lua_pushlstring(parser->lua, parser->at, (size_t)(end - parser->at));
    parser->at = end + 1;
}

static size_t skip_digits(struct parser *parser)
{
    const char *first = parser->at;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9')
        parser->at++;
    return (size_t)(parser->at - first);
}

/* Walks over a number of RFC 8259 section 6; true when it is an integer. */
static bool skip_number(struct parser *parser)
{
    accept(parser, '-');
    bool zero = parser->at < parser->end && *parser->at == '0';
    size_t digits = skip_digits(parser);
    if (digits == 0 || (zero && digits > 1))
        fail(parser, "an unexpected character");
    bool integer = true;
    if (parser->at < parser->end && *parser->at == '.') {
        parser->at++;
        integer = false;
        if (skip_digits(parser) == 0)
            fail(parser, "a number without digits after its point");
    }
    if (parser->at < parser->end && (*parser->at | 32) == 'e') {
        parser->at++;
        integer = false;
        if (parser->at < parser->end && (*parser->at == '+' || *parser->at == '-'))
            parser->at++;
        if (skip_digits(parser) == 0)
            fail(parser, "a number without digits in its exponent");
    }
    return integer;
}

static bool read_integer(struct slice text, lua_Integer *ret)
{
    bool negative = text.ptr[0] == '-';
    uint64_t number;
    struct slice digits = { text.ptr + negative, text.size - negative };
    if (!slice_u64(digits, &number) || number > (uint64_t)INT64_MAX + negative)
        return false;
    *ret = (lua_Integer)(negative ? 0 - number : number);
    return true;
}

static void push_number(struct parser *parser)
{
    const char *first = parser->at;
    bool is_integer = skip_number(parser);
    struct slice text = { first, (size_t)(parser->at - first) };
    lua_Integer integer;
    char copy[NUMBER_BYTES];
    if (is_integer) {
        if (!read_integer(text, &integer))
            fail(parser, "an integer that is too large");
        lua_pushinteger(parser->lua, integer);
        return;
    }
    if (!slice_copy(text, copy, sizeof copy) || !isfinite(strtod(copy, NULL)))
        fail(parser, "a number that is too large");
    lua_pushnumber(parser->lua, strtod(copy, NULL));
}

static bool accept_word(struct parser *parser, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(parser->end - parser->at) < length ||
        memcmp(parser->at, word, length) != 0)
        return false;
    parser->at += length;
    return true;
}

static void push_value(struct parser *parser);

static void push_array(struct parser *parser)
{
    lua_State *lua = parser->lua;
    lua_createtable(lua, ELEMENTS_GUESS, 0);
    lua_json_mark_list(lua);
    lua_Integer count = 0;
    if (accept(parser, ']'))
        return;
    do {
        push_value(parser);
        if (lua_isnil(lua, -1)) {
            lua_pop(lua, 1);
            lua_pushlightuserdata(lua, NULL);
        }
        lua_rawseti(lua, -2, ++count);
    } while (accept(parser, ','));
    expect(parser, ']', "an array without an end");
}

static void push_object(struct parser *parser)
{
    lua_State *lua = parser->lua;
    lua_createtable(lua, 0, MEMBERS_GUESS);
    if (accept(parser, '}'))
        return;
    do {
        expect(parser, '"', "a member without a name");
        push_text(parser);
        expect(parser, ':', "a member without a value");
        push_value(parser);
        lua_rawset(lua, -3);
    } while (accept(parser, ','));
    expect(parser, '}', "an object without an end");
}

static void push_word(struct parser *parser)
{
    if (accept_word(parser, "true"))
        lua_pushboolean(parser->lua, 1);
    else if (accept_word(parser, "false"))
        lua_pushboolean(parser->lua, 0);
    else if (accept_word(parser, "null"))
        lua_pushnil(parser->lua);
    else
        push_number(parser);
}

static void push_value(struct parser *parser)
{
    if (++parser->depth > LUA_PARSE_DEPTH_MAX)
        luaL_error(parser->lua, "the arguments are nested deeper than %d levels",
                   LUA_PARSE_DEPTH_MAX);
    luaL_checkstack(parser->lua, 6, "the arguments are nested too deep");
    switch (peek(parser)) {
    case '{':
        parser->at++;
        push_object(parser);
        break;
    case '[':
        parser->at++;
        push_array(parser);
        break;
    case '"':
        parser->at++;
        push_text(parser);
        break;
    default:
        push_word(parser);
        break;
    }
    parser->depth--;
}

int lua_parse_args(lua_State *lua, struct slice text)
{
    struct parser parser = {
        .lua = lua, .start = text.ptr, .at = text.ptr, .end = text.ptr + text.size
    };
    int count = 0;
    expect(&parser, '[', "no array");
    if (!accept(&parser, ']')) {
        do {
            if (++count > LUA_PARSE_ARGS_MAX)
                fail(&parser, "too many arguments");
            push_value(&parser);
        } while (accept(&parser, ','));
        expect(&parser, ']', "an array without an end");
    }
    if (peek(&parser) != '\0' || parser.at != parser.end)
        fail(&parser, "something after the array");
    return count;
}
