/* wire_device.h - a managedDevice in our own words. */
#ifndef INTUNE_WIRE_DEVICE_H
#define INTUNE_WIRE_DEVICE_H

#include <jansson.h>
#include <stdbool.h>

/* What is asked of a managedDevice (v1.0): the value of $select. */
extern const char device_select[];

/* {"device_id","name","user","os",...,"last_sync"}: members that Graph does not fill are
 * left out. NULL: not a device. A new reference. */
json_t *device_read(const json_t *item);

/* hardwareInformation.esimIdentifier (beta), when it is an EID; else NULL. */
const char *device_eid(const json_t *item);

/* The newest result of this action on a device; NULL: none. */
const json_t *device_action(const json_t *item, const char *name);

#endif
