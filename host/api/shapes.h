/* shapes.h - the shapes of what the API takes and gives, as tables (member.h).
 *
 * Threads  Constant. */
#ifndef API_SHAPES_H
#define API_SHAPES_H

#include "api/member.h"

extern const struct schema shape_problem;
extern const struct schema shape_problem_kind;
extern const struct schema shape_order_new;
extern const struct schema shape_order;
extern const struct schema shape_order_page;
extern const struct schema shape_order_resolve;
extern const struct schema shape_profile;
extern const struct schema shape_profile_page;
extern const struct schema shape_activation_code;
extern const struct schema shape_line;
extern const struct schema shape_line_page;
extern const struct schema shape_managed_device;
extern const struct schema shape_device_page;
extern const struct schema shape_adapter;
extern const struct schema shape_adapter_list;
extern const struct schema shape_adapter_health;
extern const struct schema shape_adapter_reload;
extern const struct schema shape_policy;
extern const struct schema shape_policy_list;
extern const struct schema shape_audit_page;
extern const struct schema shape_audit_verdict;
extern const struct schema shape_event_page;
extern const struct schema shape_key_new;
extern const struct schema shape_key_made;
extern const struct schema shape_key_list;
extern const struct schema shape_tenant_new;
extern const struct schema shape_tenant;
extern const struct schema shape_tenant_list;
extern const struct schema shape_health;

#endif
