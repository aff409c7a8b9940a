/* The table of sides: one row each. */
#include "sandbox.h"

const struct sandbox_side *const sandbox_sides[] = { &graph_side, &mytel_side,
                                                     &smdp_side, &smsc_side,
                                                     &soap_side };
const size_t sandbox_side_count = sizeof sandbox_sides / sizeof sandbox_sides[0];
