/* adapter.h - what an adapter gives the host: one exported symbol, `esim_entry`.
 *
 * Build with hidden visibility. `nm -D` of an adapter shows esim_entry and libraries,
 * nothing else. The descriptor holds no pointers and lies in a section of its own, so
 * that `esim-adapter describe` reads it from the file without running code. */
#ifndef ESIM_ADAPTER_H
#define ESIM_ADAPTER_H

#include "esim/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_EXPORT  __attribute__((visibility("default")))
#define ESIM_SECTION __attribute__((section("esim.about"), used))

enum {
    ESIM_NAME_SIZE = 32,
    ESIM_VERSION_SIZE = 32,
    ESIM_SUMMARY_SIZE = 160,
    ESIM_CAPABILITY_SIZE = 32,
    ESIM_CAPABILITY_MAX = 32,
    ESIM_ABILITY_SIZE = 32,
    ESIM_ABILITY_MAX = 16,
    ESIM_MAGIC_SIZE = 8
};
#define ESIM_MAGIC "esimabt" /* Seven letters and the NUL. */

/* What this adapter is. All texts end in NUL. Lists end with an empty text. */
struct esim_about {
    char magic[ESIM_MAGIC_SIZE];
    uint32_t size;
    uint32_t abi;                    /* ESIM_ABI it was built against. */
    char name[ESIM_NAME_SIZE];       /* [a-z][a-z0-9-]*; equals the manifest's. */
    char version[ESIM_VERSION_SIZE]; /* Semantic version; equals the manifest's. */
    char summary[ESIM_SUMMARY_SIZE];
    uint32_t state_oldest; /* Operation states of these versions are accepted. */
    uint32_t state_newest; /* What this version writes. */
    char capabilities[ESIM_CAPABILITY_MAX][ESIM_CAPABILITY_SIZE];
    char abilities[ESIM_ABILITY_MAX][ESIM_ABILITY_SIZE];
};

/* Ability ids. Drafts live in esim/draft/ and get another id when they are frozen. */
#define ESIM_ABILITY_FLOWS   "esim.flows/1"   /* esim/flow.h, struct esim_flows */
#define ESIM_ABILITY_INBOUND "esim.inbound/1" /* esim/inbound.h, struct esim_inbound */
#define ESIM_ABILITY_SESSION "esim.session/1" /* esim/session.h, struct esim_sessions */
#define ESIM_ABILITY_PROBE   "esim.probe/1"   /* esim/flow.h, struct esim_flow */
#define ESIM_ABILITY_CHECK   "esim.check/1"   /* below, struct esim_check */

struct esim_entry {
    uint32_t size;
    uint32_t abi; /* First thing read; nothing else is trusted when it does not fit. */
    const struct esim_about *about;

    /* Called once, before the cell is locked: the only time files may be read (by a
     * library that warms up). `host` is kept until the process ends. 0 is success; any
     * other value ends the cell with "adapter refused to start". */
    int32_t (*start)(const struct esim_host *host);

    /* The struct behind an ability id, or NULL. The same answer every time. */
    const void *(*ability)(const char *id);
};

/* ESIM_ABILITY_CHECK: looks at settings before they are used. Returns NULL when they are
 * fine, else a problem whose `code` is the dotted path of the wrong setting and whose
 * `message` says what was expected and found. Secrets appear by name only. */
struct esim_check {
    uint32_t size;
    const struct esim_problem *(*settings)(struct esim_bytes settings_json);
};

extern ESIM_EXPORT const struct esim_entry esim_entry;

#ifdef __cplusplus
}
#endif
#endif
