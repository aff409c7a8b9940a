#include "ends.h"

/* Two cells want a word. An order that is there already (EXISTS) may be our own, sent
 * by a try whose answer was lost: it is looked for. And a question that failed says
 * nothing about the order: NOT_YET there would send the order again, so it is asked
 * LATER, and only ABSENT sends again. */
/* clang-format off */
static const enum reaction reactions[CALL_KIND_COUNT][MEANING_COUNT] = {
    [CALL_ORDER]  = { [MEANS_DONE]    = REACT_DONE,    [MEANS_REFUSED] = REACT_REFUSED,
                      [MEANS_NOT_YET] = REACT_NOT_YET, [MEANS_UNKNOWN] = REACT_LOST,
                      [MEANS_ABSENT]  = REACT_REFUSED, [MEANS_EXISTS]  = REACT_FIND,
                      [MEANS_ALREADY] = REACT_FIND,    [MEANS_PENDING] = REACT_FIND },
    [CALL_FIND]   = { [MEANS_DONE]    = REACT_DONE,    [MEANS_REFUSED] = REACT_UNKNOWN,
                      [MEANS_NOT_YET] = REACT_LATER,   [MEANS_UNKNOWN] = REACT_LATER,
                      [MEANS_ABSENT]  = REACT_NOT_YET, [MEANS_EXISTS]  = REACT_UNKNOWN,
                      [MEANS_ALREADY] = REACT_UNKNOWN, [MEANS_PENDING] = REACT_LATER },
    [CALL_CHANGE] = { [MEANS_DONE]    = REACT_DONE,    [MEANS_REFUSED] = REACT_REFUSED,
                      [MEANS_NOT_YET] = REACT_NOT_YET, [MEANS_UNKNOWN] = REACT_LOST,
                      [MEANS_ABSENT]  = REACT_REFUSED, [MEANS_EXISTS]  = REACT_REFUSED,
                      [MEANS_ALREADY] = REACT_DONE,    [MEANS_PENDING] = REACT_LOST },
    [CALL_READ]   = { [MEANS_DONE]    = REACT_DONE,    [MEANS_REFUSED] = REACT_REFUSED,
                      [MEANS_NOT_YET] = REACT_NOT_YET, [MEANS_UNKNOWN] = REACT_NOT_YET,
                      [MEANS_ABSENT]  = REACT_REFUSED, [MEANS_EXISTS]  = REACT_REFUSED,
                      [MEANS_ALREADY] = REACT_REFUSED, [MEANS_PENDING] = REACT_NOT_YET },
};
/* clang-format on */

static enum reaction of_lost(const struct call *call, enum call_kind kind)
{
    if (call->operation.repeat != ESIM_ONCE)
        return REACT_NOT_YET;
    return kind == CALL_ORDER ? REACT_FIND : REACT_UNKNOWN;
}

/* "There is none" after a try that may have been done may be that try's own work. */
static bool may_be_our_work(const struct call *call, enum call_kind kind,
                            const struct call_answer *answer)
{
    return kind == CALL_CHANGE && call->operation.repeat == ESIM_IDEMPOTENT &&
           call->talk->step->attempt > 1 &&
           (answer->verdict.meaning == MEANS_ABSENT ||
            answer->verdict.meaning == MEANS_EXISTS);
}

enum reaction reaction_of(const struct call *call, enum call_kind kind,
                          const struct call_answer *answer)
{
    if (may_be_our_work(call, kind, answer))
        return REACT_UNKNOWN;
    enum reaction reaction = reactions[kind][answer->verdict.meaning];
    return reaction == REACT_LOST ? of_lost(call, kind) : reaction;
}

void end_by(const struct call *call, enum reaction reaction,
            const struct call_answer *answer)
{
    const struct verdict *verdict = &answer->verdict;
    if (reaction == REACT_REFUSED)
        esim_refused(call->talk, verdict->name, answer->carrier_code, "%s",
                     verdict->message);
    else if (reaction == REACT_NOT_YET)
        esim_not_yet(call->talk, answer->retry_after_s, verdict->name,
                     answer->carrier_code, "%s", verdict->message);
    else
        esim_unknown(call->talk, verdict->name, answer->carrier_code,
                     "%s It may have been done: ask the carrier, then accept or cancel "
                     "the order.",
                     verdict->message);
}
