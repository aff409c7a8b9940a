/* faulty.h - what the adapters with one fault each have in common: an entry with one
 * flow, ESIM_PROFILE_STATUS, whose step function is `fault`. They are plain C on the
 * ABI alone, so that a fault is all they do. */
#ifndef TESTS_ADAPTERS_FAULTY_H
#define TESTS_ADAPTERS_FAULTY_H

#include <string.h>

#include "esim/adapter.h"
#include "esim/capability.h"
#include "esim/flow.h"

static const struct esim_host *host;

/* clang-format off */
#define FAULTY(adapter_name, fault) FAULTY_ENTRY(adapter_name, fault, ESIM_ABI, start)

#define FAULTY_ENTRY(adapter_name, fault, abi_number, start_function)              \
    static const struct esim_flow flow_list[] = {                                  \
        { .size = sizeof flow_list[0], .capability = ESIM_PROFILE_STATUS,          \
          .step = fault },                                                         \
    };                                                                             \
    FAULTY_FLOWS(adapter_name, flow_list, abi_number, start_function)

#define FAULTY_FLOWS(adapter_name, list, abi_number, start_function)               \
    ESIM_SECTION static const struct esim_about about = {                          \
        .magic = ESIM_MAGIC, .size = sizeof about, .abi = ESIM_ABI,                \
        .name = adapter_name, .version = "1.0.0", .summary = "A fault for tests.", \
        .state_oldest = 1, .state_newest = 1,                                      \
        .capabilities = { ESIM_PROFILE_STATUS },                                   \
        .abilities = { ESIM_ABILITY_FLOWS },                                       \
    };                                                                             \
    static const struct esim_flows flows = { sizeof flows,                         \
                                             sizeof list / sizeof list[0], list }; \
    static const void *ability(const char *id)                                     \
    {                                                                              \
        return strcmp(id, ESIM_ABILITY_FLOWS) == 0 ? &flows : NULL;                \
    }                                                                              \
    const struct esim_entry esim_entry = {                                         \
        .size = sizeof esim_entry, .abi = abi_number, .about = &about,             \
        .start = start_function, .ability = ability,                               \
    }
/* clang-format on */

static inline int32_t start(const struct esim_host *given)
{
    host = given;
    return 0;
}

/* A good ending, for the steps in which the fault does not show. */
static inline void answer_done(struct esim_answer *answer, const char *result)
{
    answer->action = ESIM_END;
    answer->outcome = ESIM_DONE;
    answer->result = (struct esim_bytes){ result, strlen(result) };
}

/* The step's input says what to do, so that one object serves several tests. */
static inline int asked_for(const struct esim_step *step, const char *what)
{
    return step->input.size > 0 &&
           memmem(step->input.ptr, step->input.size, what, strlen(what)) != NULL;
}

#endif
