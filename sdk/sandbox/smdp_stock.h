/* smdp_stock.h - the profiles of the SM-DP+: so many of each type, by ICCID.
 *
 * An ICCID is prefix, two digits of type, a serial number and a Luhn digit: 19 digits.
 * So any ICCID of the stock is known without being stored; a profile takes memory only
 * once it has been ordered.
 *
 * Threads  The loop's. */
#ifndef SANDBOX_SMDP_STOCK_H
#define SANDBOX_SMDP_STOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "crypto/digest.h"
#include "options.h"
#include "smdp_state.h"

enum {
    ICCID_SIZE = 20, /* 19 digits and the NUL. */
    EID_SIZE = 33,
    MATCHING_ID_SIZE = 65,
    REQUESTER_SIZE = 65
};

struct smdp_type;

struct smdp_profile {
    struct smdp_type *type;
    struct smdp_profile *next_free; /* Available again after cancelOrder. */
    bool is_listed;                 /* It is among the free ones. */
    uint64_t serial;
    enum smdp_state state;
    bool is_default_smdp; /* Confirmed with an empty matching id. */
    bool is_padded;       /* The operator writes this ICCID with the pad F. */
    unsigned tries_left;  /* Of the confirmation code. */
    char eid[EID_SIZE];   /* "": none bound. */
    char matching_id[MATCHING_ID_SIZE];
    char requester[REQUESTER_SIZE];
    char confirmation[DIGEST_TEXT_SIZE]; /* SHA-256 of the code, "": none. */
};

struct smdp_stock;

/* `specs`: "TYPE=N" each. `prefix` is kept until the stock is destroyed. */
bool smdp_stock_create(const char *prefix, const struct option_list *specs,
                       struct smdp_stock **ret, struct err *err);
void smdp_stock_destroy(struct smdp_stock **stock);

/* NULL when there is no such type. */
struct smdp_type *smdp_type_of(struct smdp_stock *stock, struct slice name);
const char *smdp_type_name(const struct smdp_type *type);

/* Some Available profile of the type; NULL when there is none. */
struct smdp_profile *smdp_stock_pick(struct smdp_type *type);

/* The profile with that ICCID (pad and all); NULL when it is not of this stock. */
struct smdp_profile *smdp_stock_find(struct smdp_stock *stock, struct slice iccid);

void smdp_iccid(const struct smdp_stock *stock, const struct smdp_profile *profile,
                char ret[ICCID_SIZE]);

/* After its state has become Available: forgets the order and may be picked again. */
void smdp_stock_return(struct smdp_profile *profile);

/* A new matching id. */
void smdp_match_make(char ret[MATCHING_ID_SIZE]);

/* The one in "1$address$matching id$oid$flag", perhaps after "LPA:"; the address is not
 * looked at. */
bool smdp_match_read(const char *activation_code, char ret[MATCHING_ID_SIZE]);

/* Profiles by their matching id. False from smdp_match_add when it is taken. */
bool smdp_match_add(struct smdp_stock *stock, struct smdp_profile *profile);
void smdp_match_remove(struct smdp_stock *stock, struct smdp_profile *profile);
struct smdp_profile *smdp_match_find(struct smdp_stock *stock, const char *matching_id);

/* Calls `visit` for each profile that was ever ordered, until it says false. */
void smdp_stock_each(struct smdp_stock *stock,
                     bool (*visit)(void *arg, struct smdp_profile *profile), void *arg);

#endif
