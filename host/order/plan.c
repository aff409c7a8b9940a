#include "order/plan.h"

#include <string.h>

#include "esim/capability.h"

static const struct plan_step provision_steps[] = {
    { .capability = ESIM_PROFILE_ORDER, .undo = ESIM_PROFILE_CANCEL },
    { .capability = ESIM_PROFILE_CONFIRM,
      .optional = true,
      .needed_for = "confirmation_code" },
    { .capability = ESIM_PROFILE_RELEASE, .optional = true },
};

#define ONE_STEP(id, asked) \
    static const struct plan_step id[] = { { .capability = (asked) } }
ONE_STEP(cancel_steps, ESIM_PROFILE_CANCEL);
ONE_STEP(status_steps, ESIM_PROFILE_STATUS);
ONE_STEP(activate_steps, ESIM_LINE_ACTIVATE);
ONE_STEP(suspend_steps, ESIM_LINE_SUSPEND);
ONE_STEP(resume_steps, ESIM_LINE_RESUME);
ONE_STEP(terminate_steps, ESIM_LINE_TERMINATE);
ONE_STEP(usage_steps, ESIM_USAGE_READ);
ONE_STEP(sms_steps, ESIM_SMS_SEND);
ONE_STEP(list_steps, ESIM_DEVICE_LIST);
ONE_STEP(read_steps, ESIM_DEVICE_READ);
ONE_STEP(assign_steps, ESIM_DEVICE_ASSIGN);
ONE_STEP(install_steps, ESIM_DEVICE_ACTIVATE);
ONE_STEP(compliance_steps, ESIM_DEVICE_COMPLIANCE);
ONE_STEP(notify_steps, ESIM_DEVICE_NOTIFY);
ONE_STEP(sync_steps, ESIM_DEVICE_SYNC);
ONE_STEP(retire_steps, ESIM_DEVICE_RETIRE);
ONE_STEP(group_steps, ESIM_GROUP_CHANGE);
ONE_STEP(script_steps, ESIM_SCRIPT_DEPLOY);
ONE_STEP(config_steps, ESIM_CONFIG_DEPLOY);

/* clang-format off */
#define STEPS(table) .steps = (table), .step_count = sizeof(table) / sizeof(table)[0]
#define NEEDS(...) .needs = { __VA_ARGS__ }
#define SHOWS(...) .shows = { __VA_ARGS__ }
static const struct plan plans[] = {
    { .name = "profile.provision", STEPS(provision_steps), .yields = "activation_code",
      .text = "Order, confirm and release a profile; ends with an activation code." },
    { .name = "profile.cancel",    STEPS(cancel_steps),    NEEDS("iccid"),
      .text = "Give a profile back that was not downloaded." },
    { .name = "profile.status",    STEPS(status_steps),    NEEDS("iccid"), SHOWS("state", "eid", "at"),
      .text = "Ask the carrier for a profile's state." },
    { .name = "line.activate",     STEPS(activate_steps),  NEEDS("msisdn"), SHOWS("line_state", "carrier_ref"),
      .text = "Put a line into service." },
    { .name = "line.suspend",      STEPS(suspend_steps),   NEEDS("msisdn"), SHOWS("line_state"),
      .text = "Bar a line for a while." },
    { .name = "line.resume",       STEPS(resume_steps),    NEEDS("msisdn"), SHOWS("line_state"),
      .text = "Take a bar away." },
    { .name = "line.terminate",    STEPS(terminate_steps), NEEDS("msisdn"), SHOWS("line_state"),
      .text = "End a line for good." },
    { .name = "usage.read",        STEPS(usage_steps),     NEEDS("msisdn", "from", "to"), SHOWS("records"),
      .text = "Read a line's usage records." },
    { .name = "sms.send",          STEPS(sms_steps),       NEEDS("msisdn", "text"), SHOWS("message_id", "state"),
      .text = "Send a text message to the number." },
    { .name = "device.list",       STEPS(list_steps),      SHOWS("devices", "cursor", "at"),
      .text = "List an MDM's devices, or those that synchronised since a time." },
    { .name = "device.read",       STEPS(read_steps),      NEEDS("device_id"), SHOWS("devices", "at"),
      .text = "Ask an MDM for one device." },
    { .name = "device.assign",     STEPS(assign_steps),    NEEDS("device_id", "iccid"),
      SHOWS("assignment_id", "state", "targeting", "group_id", "pool_id", "would"),
      .text = "Hand a profile's activation code to a device through its MDM." },
    { .name = "device.activate",   STEPS(install_steps),   NEEDS("device_id", "carrier_url"), SHOWS("state", "would"),
      .text = "Have a device fetch its profile from the carrier." },
    { .name = "device.compliance", STEPS(compliance_steps), NEEDS("device_id"), SHOWS("compliance", "at", "policies"),
      .text = "Ask whether a device complies with its policies." },
    { .name = "device.notify",     STEPS(notify_steps),    NEEDS("device_id", "title", "text"), SHOWS("state", "would"),
      .text = "Show a message on a device." },
    { .name = "device.sync",       STEPS(sync_steps),      NEEDS("device_id"), SHOWS("state", "would"),
      .text = "Have a device report to its MDM now." },
    { .name = "device.retire",     STEPS(retire_steps),    NEEDS("device_id"), SHOWS("state", "would"),
      .text = "Take a device out of management, with the organisation's data on it." },
    { .name = "group.change",      STEPS(group_steps),     SHOWS("group_id", "state", "added", "removed", "would"),
      .text = "Make a group of devices, add devices to it, remove devices from it." },
    { .name = "script.deploy",     STEPS(script_steps),    NEEDS("name", "content", "group"),
      SHOWS("script_id", "state", "succeeded", "failed", "would"),
      .text = "Run a script on a group of devices." },
    { .name = "config.deploy",     STEPS(config_steps),    NEEDS("name", "settings", "group"),
      SHOWS("config_id", "state", "assignment_id", "would"),
      .text = "Give a group of devices a configuration profile." },
};
/* clang-format on */

enum { PLAN_COUNT = sizeof plans / sizeof plans[0] };

const struct plan *plan_of(const char *name)
{
    for (size_t i = 0; name != NULL && i < PLAN_COUNT; i++)
        if (strcmp(plans[i].name, name) == 0)
            return &plans[i];
    return NULL;
}

const struct plan *plan_at(size_t index)
{
    return index < PLAN_COUNT ? &plans[index] : NULL;
}

bool plan_step_is_needed(const struct plan_step *step,
                         bool (*has)(const void *request, const char *member),
                         const void *request)
{
    return !step->optional ||
           (step->needed_for != NULL && has(request, step->needed_for));
}

bool plan_fits(const struct plan *plan, const struct plan_match *match,
               const char **ret_skipped, struct err *err)
{
    size_t skipped = 0;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (match->can(match->adapter, step->capability))
            continue;
        if (plan_step_is_needed(step, match->has, match->request))
            return err_field(err, "/type",
                             "%s%s%s needs the capability %s, which this carrier's "
                             "adapter does not offer",
                             plan->name, step->optional ? " with a " : "",
                             step->optional ? step->needed_for : "", step->capability);
        ret_skipped[skipped++] = step->capability;
    }
    ret_skipped[skipped] = NULL;
    return true;
}
