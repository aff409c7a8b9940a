#include "cell/inside/adapter_load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "cell/inside/talk.h"

static const struct esim_entry *find_entry(int fd)
{
    char path[32];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    void *object = length < 0 ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        talk_fail("the object cannot be loaded: %s", dlerror());
    const struct esim_entry *entry = dlsym(object, "esim_entry");
    if (entry == NULL)
        talk_fail("the object has no symbol esim_entry: it is not an adapter");
    if (entry->abi != ESIM_ABI)
        talk_fail("the adapter was built for ABI %u, this host has %u", entry->abi,
                  ESIM_ABI);
    if (entry->size < sizeof *entry || entry->about == NULL || entry->start == NULL ||
        entry->ability == NULL)
        talk_fail("esim_entry has %u bytes, %zu are needed, and none may be NULL",
                  entry->size, sizeof *entry);
    return entry;
}

static void read_about(const struct esim_entry *entry, struct esim_about *ret)
{
    const struct esim_about *about = entry->about;
    if (memcmp(about->magic, ESIM_MAGIC, sizeof about->magic) != 0)
        talk_fail("the descriptor does not begin with \"%s\"", ESIM_MAGIC);
    if (about->size < sizeof *about || about->abi != ESIM_ABI)
        talk_fail("the descriptor has %u bytes for ABI %u, this host needs %zu for %u",
                  about->size, about->abi, sizeof *about, ESIM_ABI);
    *ret = *about;
    /* A text without its NUL would be read past its end by everyone after us. */
    ret->name[sizeof ret->name - 1] = '\0';
    ret->version[sizeof ret->version - 1] = '\0';
    ret->summary[sizeof ret->summary - 1] = '\0';
    for (size_t i = 0; i < ESIM_CAPABILITY_MAX; i++)
        ret->capabilities[i][ESIM_CAPABILITY_SIZE - 1] = '\0';
    for (size_t i = 0; i < ESIM_ABILITY_MAX; i++)
        ret->abilities[i][ESIM_ABILITY_SIZE - 1] = '\0';
}

static bool is_listed(const char *list, size_t element, size_t most, const char *name)
{
    for (size_t i = 0; i < most && list[i * element] != '\0'; i++)
        if (strcmp(list + i * element, name) == 0)
            return true;
    return false;
}

/* An ability's struct when the descriptor lists it. Its first member is `size`. */
static const void *ability(const struct esim_entry *entry,
                           const struct adapter *adapter, const char *id, size_t size)
{
    bool listed = is_listed(adapter->about.abilities[0], ESIM_ABILITY_SIZE,
                            ESIM_ABILITY_MAX, id);
    const uint32_t *found = entry->ability(id);
    if (listed != (found != NULL))
        talk_fail(listed ? "ability %s is listed but not there"
                         : "ability %s is there but not listed",
                  id);
    if (found != NULL && *found < size)
        talk_fail("ability %s has %u bytes, %zu are needed", id, *found, size);
    return found;
}

static void add_flow(struct adapter *adapter, const struct esim_flow *flow)
{
    if (flow->size < sizeof *flow || flow->capability == NULL || flow->step == NULL)
        talk_fail("flow %u is not filled in", adapter->flow_count);
    if (adapter_flow(adapter, slice_of(flow->capability)) != NULL)
        talk_fail("capability %s has two flows", flow->capability);
    if (adapter->flow_count == ADAPTER_FLOWS_MAX)
        talk_fail("there are more than %d flows", ADAPTER_FLOWS_MAX);
    adapter->flows[adapter->flow_count++] = *flow;
}

/* A list is walked by its first element's size: it may be of a newer header. */
static const void *element(const void *list, uint32_t index)
{
    const uint32_t *first = list;
    return (const char *)list + (size_t)index * *first;
}

static void read_flows(const struct esim_entry *entry, struct adapter *adapter)
{
    const char(*listed)[ESIM_CAPABILITY_SIZE] = adapter->about.capabilities;
    const struct esim_flows *flows = ability(entry, adapter, ESIM_ABILITY_FLOWS,
                                             sizeof *flows);
    for (uint32_t i = 0; flows != NULL && i < flows->count; i++) {
        const struct esim_flow *flow = element(flows->flows, i);
        add_flow(adapter, flow);
        if (!is_listed(listed[0], ESIM_CAPABILITY_SIZE, ESIM_CAPABILITY_MAX,
                       flow->capability))
            talk_fail("capability %s has a flow but is not in the descriptor",
                      flow->capability);
    }
    for (size_t i = 0; i < ESIM_CAPABILITY_MAX && listed[i][0] != '\0'; i++)
        if (adapter_flow(adapter, slice_of(listed[i])) == NULL)
            talk_fail("capability %s is in the descriptor but has no flow", listed[i]);
    const struct esim_flow *probe = ability(entry, adapter, ESIM_ABILITY_PROBE,
                                            sizeof *probe);
    if (probe != NULL)
        add_flow(adapter, probe);
}

static void read_sessions(const struct esim_entry *entry, struct adapter *adapter)
{
    const struct esim_sessions *all = ability(entry, adapter, ESIM_ABILITY_SESSION,
                                              sizeof *all);
    for (uint32_t i = 0; all != NULL && i < all->count; i++) {
        const struct esim_session *session = element(all->sessions, i);
        if (i == ADAPTER_SESSIONS_MAX)
            talk_fail("there are more than %d sessions", ADAPTER_SESSIONS_MAX);
        if (session->size < sizeof *session || session->name == NULL ||
            session->frame == NULL || session->step == NULL)
            talk_fail("session %u is not filled in", i);
        adapter->sessions[adapter->session_count++] = *session;
    }
}

void adapter_load(int fd, const struct esim_host *host, struct adapter *ret)
{
    const struct esim_entry *entry = find_entry(fd);
    memset(ret, 0, sizeof *ret);
    read_about(entry, &ret->about);
    int32_t refused = entry->start(host);
    if (refused != 0)
        talk_fail("adapter refused to start (%d)", refused);
    read_flows(entry, ret);
    read_sessions(entry, ret);
    ret->inbound = ability(entry, ret, ESIM_ABILITY_INBOUND, sizeof *ret->inbound);
    ret->check = ability(entry, ret, ESIM_ABILITY_CHECK, sizeof *ret->check);
}

const struct esim_flow *adapter_flow(const struct adapter *adapter,
                                     struct slice capability)
{
    for (uint32_t i = 0; i < adapter->flow_count; i++)
        if (slice_is(capability, adapter->flows[i].capability))
            return &adapter->flows[i];
    return NULL;
}

const struct esim_session *adapter_session(const struct adapter *adapter,
                                           struct slice name)
{
    for (uint32_t i = 0; i < adapter->session_count; i++)
        if (slice_is(name, adapter->sessions[i].name))
            return &adapter->sessions[i];
    return NULL;
}
