/* resources.h - every resource's table of routes. To add one: a file and a row here. */
#ifndef API_RESOURCES_H
#define API_RESOURCES_H

#include "api/route.h"

extern const struct route_table order_routes;
extern const struct route_table profile_routes;
extern const struct route_table line_routes;
extern const struct route_table device_routes;
extern const struct route_table adapter_routes;
extern const struct route_table policy_routes;
extern const struct route_table audit_routes;
extern const struct route_table event_routes;
extern const struct route_table key_routes;
extern const struct route_table tenant_routes;
extern const struct route_table health_routes;
extern const struct route_table callback_routes;
extern const struct route_table document_routes;

/* clang-format off */
#define ROUTE_TABLES \
    &order_routes, &profile_routes, &line_routes, &device_routes, &adapter_routes, &policy_routes, \
    &audit_routes, &event_routes, &key_routes, &tenant_routes, &health_routes, \
    &callback_routes, &document_routes
/* clang-format on */

/* The rows of one file: ROUTES(order_routes, rows). */
#define ROUTES(name, array) \
    const struct route_table name = { (array), sizeof(array) / sizeof((array)[0]) }

#endif
