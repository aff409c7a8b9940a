/* How the sandbox's Mytel side reads frames and values: PROTOCOL.md's own examples, and
 * what is wrong in each way. */
#include "check.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/err.h"
#include "conf/file.h"
#include "../../sdk/sandbox/mytel_tags.h"
#include "../../sdk/sandbox/mytel_wire.h"

enum { EXAMPLES = 16, FIRST_CRITICAL = 13 };

static int digit_of(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : c - 'A' + 10;
}

/* The hex between "```hex" and "```"; what follows it stays in `text`. */
static bool next_example(const char **text, struct buf *ret)
{
    const char *at = strstr(*text, "```hex\n");
    if (at == NULL)
        return false;
    buf_clear(ret);
    for (at += 7; *at != '`'; at++)
        if (isxdigit((unsigned char)at[0]) && isxdigit((unsigned char)at[1])) {
            buf_add_char(ret, (char)(digit_of(at[0]) << 4 | digit_of(at[1])));
            at++;
        }
    *text = at + 3;
    return true;
}

static void every_example_of_the_document_is_a_frame(void)
{
    struct err err = ERR_INIT;
    struct buf document, example, again;
    buf_init(&document, 1 << 20);
    buf_init(&example, FRAME_MOST);
    buf_init(&again, FRAME_MOST);
    CHECK_FATAL(file_read("plugins/mytel/PROTOCOL.md", &document, &err));
    const char *text = document.ptr;
    int count = 0;
    while (next_example(&text, &example)) {
        count++;
        CHECK_INT(frame_length(buf_slice(&example)), example.size);
        struct frame frame = frame_read(buf_slice(&example));
        CHECK(frame.is_sound);
        CHECK_INT(values_check(frame.body),
                  count == FIRST_CRITICAL ? VALUES_CRITICAL : VALUES_FINE);
        frame_begin(&again, frame.type, frame.answers);
        buf_add_slice(&again, frame.body);
        frame_end(&again);
        frame_stamp(again.ptr, again.size, frame.sequence);
        CHECK(slice_equal(buf_slice(&again), buf_slice(&example)));
    }
    CHECK_INT(count, EXAMPLES);
    buf_finish(&document);
    buf_finish(&example);
    buf_finish(&again);
}

static void the_checksum_is_castagnolis(void)
{
    char zeros[32] = { 0 }, ones[32];
    memset(ones, 0xFF, sizeof ones);
    CHECK_INT(frame_checksum(slice_of("123456789")), 0xE3069283);
    CHECK_INT(frame_checksum(slice_bytes(zeros, 32)), 0x8A9136AA); /* RFC 3720 B.4 */
    CHECK_INT(frame_checksum(slice_bytes(ones, 32)), 0x62A8AB43);
}

static void a_length_is_told_as_soon_as_it_is_there(void)
{
    char head[] = "MY\1\1\0\0\0\x14";
    CHECK_INT(frame_length(slice_bytes(head, 7)), 0);
    CHECK_INT(frame_length(slice_bytes(head, 8)), 20);
    head[7] = 19;
    CHECK_INT(frame_length(slice_bytes(head, 8)), -1);
    head[5] = 1; /* 65536 + 19 */
    CHECK_INT(frame_length(slice_bytes(head, 8)), -1);
    head[7] = 0;
    CHECK_INT(frame_length(slice_bytes(head, 8)), 65536);
    head[0] = 'm';
    CHECK_INT(frame_length(slice_bytes(head, 8)), -1);
}

#define LIST(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
static const struct {
    struct slice list;
    enum values_flaw flaw;
} lists[] = {
    { LIST(""), VALUES_FINE },
    { LIST("\0\3\0\1\1"), VALUES_FINE },
    { LIST("\x80\3\0\1\1"), VALUES_FINE },   /* Known, with C. */
    { LIST("\x02\x99\0\1\1"), VALUES_FINE }, /* Unknown: skipped. */
    { LIST("\x82\x99\0\1\1"), VALUES_CRITICAL },
    { LIST("\x01\3\0\5\x82\x99\0\1\1"), VALUES_CRITICAL }, /* Inside of PARAMS. */
    { LIST("\0\3\0\1\1\0\3\0\1\1"), VALUES_MALFORMED },    /* Twice. */
    { LIST("\2\x43\0\0\2\x43\0\0"), VALUES_FINE },         /* RECORD is a list. */
    { LIST("\0\3\0\2\0\1"), VALUES_MALFORMED },            /* Too long. */
    { LIST("\0\3\0\0"), VALUES_MALFORMED },
    { LIST("\0\3\0\1"), VALUES_MALFORMED }, /* Reaches past the list. */
    { LIST("\0\3\0"), VALUES_MALFORMED },
    { LIST("\0\1\0\1\0"), VALUES_BAD },   /* PROTOCOL_LEAST 0. */
    { LIST("\2\x0A\0\1\2"), VALUES_BAD }, /* FINAL_STATE 2. */
    { LIST("\2\x0A\0\1\x9"), VALUES_FINE },
    { LIST("\2\x0B\0\1\0"), VALUES_BAD },
    { LIST("\2\x22\0\1\5"), VALUES_BAD },
    { LIST("\2\x09\0\1\2"), VALUES_BAD },
    { LIST("\2\3\0\x08"
           "9597712345"),
      VALUES_MALFORMED },
    { LIST("\2\3\0\x08"
           "95977123"),
      VALUES_FINE },
    { LIST("\2\3\0\x08"
           "9597712x"),
      VALUES_BAD },
    { LIST("\0\x10\0\2\xC3\xA9"), VALUES_FINE },
    { LIST("\0\x10\0\3\xE2\x82\xAC"), VALUES_FINE },
    { LIST("\0\x10\0\4\xF0\x9F\x98\x80"), VALUES_FINE },
    { LIST("\0\x10\0\1\x1F"), VALUES_BAD },
    { LIST("\0\x10\0\1\x7F"), VALUES_BAD },
    { LIST("\0\x10\0\2\xC0\xAF"), VALUES_BAD }, /* Overlong. */
    { LIST("\0\x10\0\3\xE0\x80\xAF"), VALUES_BAD },
    { LIST("\0\x10\0\3\xED\xA0\x80"), VALUES_BAD },     /* A surrogate. */
    { LIST("\0\x10\0\4\xF4\x90\x80\x80"), VALUES_BAD }, /* Above U+10FFFF. */
    { LIST("\0\x10\0\2\xE2\x82"), VALUES_BAD },         /* Cut. */
    { LIST("\0\x10\0\1\x80"), VALUES_BAD },
    { LIST("\0\x10\0\1\xFF"), VALUES_BAD },
    { LIST("\0\x0A\0\2\0\0"), VALUES_BAD }, /* HEARTBEAT_S 0. */
    /* The worst counts, wherever it stands. */
    { LIST("\2\x22\0\1\5\x82\x99\0\0"), VALUES_CRITICAL },
    { LIST("\x82\x99\0\0\0\3\0\0"), VALUES_MALFORMED },
    /* Four containers in each other, and five. */
    { LIST("\1\3\0\x0C\1\3\0\x08\1\3\0\4\1\3\0\0"), VALUES_FINE },
    { LIST("\1\3\0\x10\1\3\0\x0C\1\3\0\x08\1\3\0\4\1\3\0\0"), VALUES_MALFORMED },
};

static void each_wrong_list_is_wrong_in_its_way(void)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        /* A copy of the exact size, so that reading past it is seen. */
        char *copy = malloc(lists[i].list.size + 1);
        memcpy(copy, lists[i].list.ptr, lists[i].list.size);
        enum values_flaw flaw = values_check(slice_bytes(copy, lists[i].list.size));
        if (flaw != lists[i].flaw)
            fprintf(stderr, "list %zu\n", i);
        CHECK_INT(flaw, lists[i].flaw);
        free(copy);
    }
}

static void what_is_written_is_found_again(void)
{
    struct buf out;
    struct slice value;
    buf_init(&out, FRAME_MOST);
    values_put_number(&out, TAG_WINDOW, 0x1234);
    size_t params = values_open(&out, TAG_PARAMS);
    values_put_text(&out, TAG_MSISDN, "95977123456");
    values_put_text(&out, TAG_PLAN, "");
    values_close(&out, params);
    values_put_number(&out, TAG_EXPIRES, UINT64_C(0x0102030405060708));
    CHECK_INT(values_check(buf_slice(&out)), VALUES_FINE);
    CHECK_INT(values_number(buf_slice(&out), TAG_WINDOW), 0x1234);
    CHECK_INT(values_number(buf_slice(&out), TAG_EXPIRES), 0x0102030405060708);
    CHECK_FATAL(values_find(buf_slice(&out), TAG_PARAMS, &value));
    CHECK(slice_is(values_text(value, TAG_MSISDN), "95977123456"));
    CHECK(!values_has(value, TAG_PLAN));
    CHECK(!values_has(buf_slice(&out), TAG_MSISDN)); /* It is inside. */
    buf_finish(&out);
}

TESTS("sandbox mytel wire", CASE(every_example_of_the_document_is_a_frame),
      CASE(the_checksum_is_castagnolis), CASE(a_length_is_told_as_soon_as_it_is_there),
      CASE(each_wrong_list_is_wrong_in_its_way), CASE(what_is_written_is_found_again))
