#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/metric.h"
#include "base/slice.h"

static void an_error_says_what_was_being_done_at_each_level(void)
{
    struct err err = ERR_INIT;
    CHECK(!err_field(&err, "/device/eid", "expected 32 digits, found %d", 31));
    CHECK(!err_wrap(&err, "reading order %s", "7"));
    CHECK_TEXT(err.text, "reading order 7: expected 32 digits, found 31");
    CHECK_TEXT(err.field, "/device/eid");
    CHECK_INT(err.code, ERR_INVALID);
}

/* A cap that is only nearly kept is no cap. */
static void an_arena_refuses_past_its_limit_and_stays_usable(void)
{
    struct arena *arena = arena_create(4096);
    CHECK_FATAL(arena != NULL);
    CHECK(arena_alloc(arena, 4000) != NULL);
    CHECK(arena_alloc(arena, 200) == NULL);
    CHECK(arena_alloc(arena, (size_t)-1) == NULL);
    CHECK(arena_alloc(arena, 16) != NULL);
    arena_reset(arena);
    CHECK(arena_alloc(arena, 4096) != NULL);
    arena_destroy(&arena);
    CHECK(arena == NULL);
}

static void a_buf_that_reached_its_limit_says_so_once_at_the_end(void)
{
    struct buf buf;
    buf_init(&buf, 8);
    buf_add_text(&buf, "12345678");
    CHECK(buf_ok(&buf));
    buf_add_char(&buf, '9');
    buf_add_text(&buf, "");
    CHECK(!buf_ok(&buf));
    CHECK_TEXT(buf.ptr, "12345678");
    CHECK(buf_take(&buf) == NULL);
}

static void numbers_are_whole_and_do_not_wrap(void)
{
    uint64_t number = 5;
    CHECK(slice_u64(SLICE_LITERAL("18446744073709551615"), &number));
    CHECK(number == UINT64_MAX);
    CHECK(!slice_u64(SLICE_LITERAL("18446744073709551616"), &number));
    CHECK(!slice_u64(SLICE_LITERAL("-1"), &number));
    CHECK(!slice_u64(SLICE_LITERAL(""), &number));
    CHECK(!slice_u64(SLICE_LITERAL("7 "), &number));
}

static void ids_made_later_sort_later_and_are_valid(void)
{
    char first[ID_SIZE], second[ID_SIZE];
    clock_set_for_test(1700000000000);
    id_new(first);
    clock_move_for_test(1);
    id_new(second);
    clock_set_for_test(0);
    CHECK(id_is_valid(first) && id_is_valid(second));
    CHECK(strcmp(first, second) < 0);
    CHECK(!id_is_valid("0190"));
    first[0] = 'G';
    CHECK(!id_is_valid(first));
}

static void times_are_written_as_rfc_3339(void)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(1767323045678, text);
    CHECK_TEXT(text, "2026-01-02T03:04:05.678Z");
}

/* Last-wins on duplicate keys lets two readers of one document disagree. */
static void json_with_duplicate_keys_or_deep_nesting_is_refused(void)
{
    struct err err = ERR_INIT;
    CHECK(json_read(SLICE_LITERAL("{\"a\":1,\"a\":2}"), &err) == NULL);
    char deep[256];
    memset(deep, '[', sizeof deep);
    CHECK(json_read(slice_bytes(deep, sizeof deep), &err) == NULL);
    CHECK_TEXT(err.text, "JSON is nested deeper than 64 levels");
    json_t *fine = json_read(SLICE_LITERAL("{\"a\":\"[[[[\\\"[[\"}"), &err);
    CHECK(fine != NULL);
    json_decref(fine);
}

static void json_is_written_without_needless_escapes(void)
{
    struct buf buf;
    buf_init(&buf, 1000);
    json_t *value = json_pack("{ss}", "u", "a/b \xe1\x80\x99 \"q\"");
    json_write(value, &buf);
    CHECK_TEXT(buf.ptr, "{\"u\":\"a/b \xe1\x80\x99 \\\"q\\\"\"}");
    json_decref(value);
    buf_finish(&buf);
}

/* Its words and its status, as a supervisor sees them. */
static void what_has_no_memory_for_its_value_ends_with_one_line(void)
{
    char words[256] = { 0 };
    int ends[2], status = 0;
    CHECK_FATAL(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        memory_need(true);
        memory_need(false);
        _exit(0);
    }
    close(ends[1]);
    CHECK(read(ends[0], words, sizeof words - 1) > 0);
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), MEMORY_EXIT);
    CHECK_TEXT(words, "{\"level\":\"error\",\"event\":\"memory.used_up\"}\n");
}

static void metrics_keep_labels_bounded(void)
{
    static struct metric family = {
        .kind = METRIC_COUNTER, .name = "test_total", .help = "Test.", .label = "l"
    };
    char label[32];
    for (int i = 0; i < METRIC_SERIES_MAX + 20; i++) {
        CHECK(snprintf(label, sizeof label, "v%d", i) > 0);
        metric_count(&family, label, NULL);
    }
    CHECK_INT(metric_read(metric_series(&family, "other", NULL)), 21);
    struct buf out;
    buf_init(&out, 1 << 20);
    metric_render(&out);
    CHECK(strstr(out.ptr, "# TYPE test_total counter\n") != NULL);
    CHECK(strstr(out.ptr, "test_total{l=\"v3\"} 1\n") != NULL);
    buf_finish(&out);
}

TESTS("base", CASE(an_error_says_what_was_being_done_at_each_level),
      CASE(an_arena_refuses_past_its_limit_and_stays_usable),
      CASE(a_buf_that_reached_its_limit_says_so_once_at_the_end),
      CASE(numbers_are_whole_and_do_not_wrap),
      CASE(ids_made_later_sort_later_and_are_valid),
      CASE(times_are_written_as_rfc_3339),
      CASE(json_with_duplicate_keys_or_deep_nesting_is_refused),
      CASE(json_is_written_without_needless_escapes), CASE(metrics_keep_labels_bounded),
      CASE(what_has_no_memory_for_its_value_ends_with_one_line))
