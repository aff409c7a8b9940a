/* policy_commands.h - esimctl policy check|test|eval: work on a policy before it is
 * signed, in the host's own policy cell, without a host.
 *
 * Data goes to standard output, what went wrong to standard error. */
#ifndef CTL_POLICY_COMMANDS_H
#define CTL_POLICY_COMMANDS_H

/* `argv[0]` is "policy", `argv[1]` the verb. Returns the exit code: 0 fine, 1 the policy
 * does not load, a case failed or the function ended with an error, 2 wrong usage. */
int ctl_policy(int argc, char **argv);

#endif
