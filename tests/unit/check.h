/* check.h - a CUnit program in one line per test, whose exit code tells the truth.
 *
 *   TESTS("cell", CASE(a_crash_costs_one_call), CASE(...))
 *
 * defines main. CUnit's basic runner ignores failures in its exit code, so it is made
 * from the counts. The last line is "suite: N passed, N failed". A test's name is a
 * sentence about behaviour. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

struct check_case {
    const char *name;
    void (*run)(void);
};
#define CASE(function)      \
    {                       \
#function, function \
    }

/* What CUnit's own macros lack: say both sides. */
#define CHECK(condition)       CU_ASSERT(condition)
#define CHECK_FATAL(condition) CU_ASSERT_FATAL(condition)
#define CHECK_TEXT(actual, expected)                                                \
    do {                                                                            \
        const char *check_a = (actual), *check_e = (expected);                      \
        if (check_a == NULL || strcmp(check_a, check_e) != 0)                       \
            fprintf(stderr, "%s:%d: \"%s\", expected \"%s\"\n", __FILE__, __LINE__, \
                    check_a == NULL ? "(null)" : check_a, check_e);                 \
        CU_ASSERT(check_a != NULL && strcmp(check_a, check_e) == 0);                \
    } while (0)
#define CHECK_INT(actual, expected)                                               \
    do {                                                                          \
        long long check_a = (long long)(actual), check_e = (long long)(expected); \
        if (check_a != check_e)                                                   \
            fprintf(stderr, "%s:%d: %lld, expected %lld\n", __FILE__, __LINE__,   \
                    check_a, check_e);                                            \
        CU_ASSERT(check_a == check_e);                                            \
    } while (0)

static inline int check_run(const char *suite, const struct check_case *cases,
                            size_t count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    CU_pSuite made = CU_add_suite(suite, NULL, NULL);
    for (size_t i = 0; i < count; i++)
        CU_add_test(made, cases[i].name, cases[i].run);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_tests_failed();
    unsigned ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    printf("%s: %u passed, %u failed\n", suite, ran - failed, failed);
    return failed != 0 || ran != count;
}

#define TESTS(suite, ...)                                                 \
    int main(void)                                                        \
    {                                                                     \
        static const struct check_case cases[] = { __VA_ARGS__ };         \
        return check_run((suite), cases, sizeof cases / sizeof cases[0]); \
    }

#endif
