#include "api/adapter_sight.h"

#include <stdlib.h>

struct adapter_sight {
    struct directory *directory;
    const struct adapter_snapshot *snapshot; /* A reference of ours. */
    json_t *for_policy;
};

struct adapter_sight *adapter_sight_create(struct directory *directory)
{
    struct adapter_sight *view = calloc(1, sizeof *view);
    if (view != NULL)
        view->directory = directory;
    return view;
}

static void drop(struct adapter_sight *view)
{
    if (view->snapshot != NULL)
        directory_release(view->snapshot);
    json_decref(view->for_policy);
    view->for_policy = NULL;
}

void adapter_sight_destroy(struct adapter_sight **view)
{
    if (*view == NULL)
        return;
    drop(*view);
    free(*view);
    *view = NULL;
}

const struct adapter_snapshot *adapter_sight_now(struct adapter_sight *view)
{
    const struct adapter_snapshot *now = directory_take(view->directory);
    if (now == view->snapshot) {
        directory_release(now);
        return view->snapshot;
    }
    drop(view);
    view->snapshot = now;
    view->for_policy = json_deep_copy(now->for_policy);
    return now;
}

json_t *adapter_sight_for_policy(struct adapter_sight *view)
{
    return view->for_policy;
}
