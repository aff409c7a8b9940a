#include "ctl/command.h"

#include <stdio.h>
#include <string.h>

#include "base/slice.h"

static const struct command *const tables[] = {
    order_commands,   profile_commands, line_commands,   device_commands,
    adapter_commands, policy_commands,  audit_commands,  event_commands,
    key_commands,     tenant_commands,  health_commands,
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

const struct command *command_at(size_t index)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        for (const struct command *c = tables[i]; c->noun != NULL; c++)
            if (index-- == 0)
                return c;
    return NULL;
}

const struct command *command_of(const char *noun, const char *verb)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(i)) != NULL; i++)
        if (strcmp(command->noun, noun) == 0 && strcmp(command->verb, verb) == 0)
            return command;
    return NULL;
}

const char *ctl_flag(const struct ctl *ctl, const char *name)
{
    for (size_t i = ctl->flag_count; i-- > 0;)
        if (strcmp(ctl->flag_names[i], name) == 0)
            return ctl->flag_values[i];
    return NULL;
}

int64_t ctl_flag_ms(const struct ctl *ctl, const char *name, int64_t otherwise)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }
    };
    const char *text = ctl_flag(ctl, name);
    if (text == NULL)
        return otherwise;
    uint64_t number;
    size_t digits = strspn(text, "0123456789");
    bool fine = slice_u64(slice_bytes(text, digits), &number) && number < 1000000000;
    for (size_t i = 0; fine && i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].unit, text + digits) == 0)
            return (int64_t)number * units[i].ms;
    fprintf(stderr, "esimctl: --%s is a number with ms, s, m or h, not \"%s\"\n", name,
            text);
    return -1;
}

int ctl_fail(int code, const struct err *err)
{
    fprintf(stderr, "esimctl: %s\n", err->text);
    return code;
}
