/* address.h - which addresses an outbound call may connect to.
 *
 * DNS decides where a name leads; without this check a name under someone else's control
 * reaches the host's own network.
 *
 * Threads  Any. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for a globally reachable unicast address; false for loopback, link-local,
 * private, shared, multicast, reserved and documentation ranges (IANA special-purpose
 * registries, RFC 6890), also when they are wrapped in an IPv6 form of IPv4, and for
 * every family but IPv4 and IPv6. */
bool address_is_public(const struct sockaddr *address);

#endif
