#include "smdp_stock.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

enum { TYPE_NAME_SIZE = 64, STOCK_MOST = 10000000 };

struct smdp_type {
    char name[TYPE_NAME_SIZE];
    unsigned number; /* In the ICCID. */
    uint64_t size;
    uint64_t fresh; /* Serials from here on were never picked by type. */
    struct smdp_profile **by_serial;
    struct smdp_profile *free;
};

struct smdp_stock {
    const char *prefix;
    struct smdp_type types[OPTION_LIST_MAX];
    size_t type_count;
    void *by_matching_id; /* tsearch(3) */
};

/* ---- ICCIDs ---- */

static int luhn_digit(const char *digits, size_t size)
{
    int sum = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = digits[size - 1 - i] - '0';
        if (i % 2 == 0)
            digit = digit > 4 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return (10 - sum % 10) % 10;
}

static void iccid_write(const char *prefix, unsigned type, uint64_t serial,
                        char ret[ICCID_SIZE])
{
    enum { BODY = ICCID_SIZE - 2 };
    int size = snprintf(ret, ICCID_SIZE, "%s%02u", prefix, type % 100);
    snprintf(ret + size, (size_t)(ICCID_SIZE - size), "%0*" PRIu64, BODY - size,
             serial);
    ret[BODY] = (char)('0' + luhn_digit(ret, BODY));
    ret[BODY + 1] = '\0';
}

void smdp_iccid(const struct smdp_stock *stock, const struct smdp_profile *profile,
                char ret[ICCID_SIZE])
{
    iccid_write(stock->prefix, profile->type->number, profile->serial, ret);
}

/* Type and serial of an ICCID of this stock. */
static struct smdp_type *iccid_read(struct smdp_stock *stock, struct slice iccid,
                                    uint64_t *ret_serial)
{
    char padded[ICCID_SIZE + 1] = "";
    char again[ICCID_SIZE];
    uint64_t number = 0;
    size_t prefix = strlen(stock->prefix);
    if (!slice_copy(iccid, padded, sizeof padded) || strlen(padded) < ICCID_SIZE - 1)
        return NULL;
    if (padded[ICCID_SIZE - 1] == 'F')
        padded[ICCID_SIZE - 1] = '\0';
    if (!slice_u64(slice_bytes(padded + prefix, 2), &number) ||
        number >= stock->type_count)
        return NULL;
    struct smdp_type *type = &stock->types[number];
    if (!slice_u64(slice_bytes(padded + prefix + 2, ICCID_SIZE - 4 - prefix),
                   ret_serial) ||
        *ret_serial >= type->size)
        return NULL;
    iccid_write(stock->prefix, type->number, *ret_serial, again);
    return strcmp(padded, again) == 0 ? type : NULL;
}

/* ---- making and finding ---- */

static bool type_add(struct smdp_stock *stock, const char *spec, struct err *err)
{
    struct slice count = slice_of(spec);
    struct slice name = slice_cut(&count, '=');
    struct smdp_type *type = &stock->types[stock->type_count];
    if (!slice_u64(count, &type->size) || type->size == 0 || type->size > STOCK_MOST ||
        name.size == 0 || !slice_copy(name, type->name, sizeof type->name))
        return err_field(err, "stock", "expected TYPE=N with N from 1 to %d, found %s",
                         STOCK_MOST, spec);
    type->by_serial = calloc(type->size, sizeof *type->by_serial);
    if (type->by_serial == NULL)
        return err_set(err, ERR_LIMIT, "no memory for %" PRIu64 " profiles",
                       type->size);
    type->number = (unsigned)stock->type_count++;
    return true;
}

bool smdp_stock_create(const char *prefix, const struct option_list *specs,
                       struct smdp_stock **ret, struct err *err)
{
    struct smdp_stock *stock = calloc(1, sizeof *stock);
    if (stock == NULL)
        return err_set(err, ERR_LIMIT, "no memory for the stock");
    stock->prefix = prefix;
    for (size_t i = 0; i < specs->count; i++) {
        if (!type_add(stock, specs->items[i], err)) {
            smdp_stock_destroy(&stock);
            return false;
        }
    }
    *ret = stock;
    return true;
}

static void keep_node(void *node)
{
    (void)node; /* The profiles are freed by their types. */
}

void smdp_stock_destroy(struct smdp_stock **stock)
{
    if (*stock == NULL)
        return;
    tdestroy((*stock)->by_matching_id, keep_node);
    for (size_t i = 0; i < (*stock)->type_count; i++) {
        struct smdp_type *type = &(*stock)->types[i];
        for (uint64_t serial = 0; serial < type->size; serial++)
            free(type->by_serial[serial]);
        free(type->by_serial);
    }
    free(*stock);
    *stock = NULL;
}

struct smdp_type *smdp_type_of(struct smdp_stock *stock, struct slice name)
{
    for (size_t i = 0; i < stock->type_count; i++)
        if (slice_is(name, stock->types[i].name))
            return &stock->types[i];
    return NULL;
}

const char *smdp_type_name(const struct smdp_type *type)
{
    return type->name;
}

static struct smdp_profile *profile_at(struct smdp_type *type, uint64_t serial)
{
    struct smdp_profile *profile = type->by_serial[serial];
    if (profile != NULL)
        return profile;
    profile = calloc(1, sizeof *profile);
    if (profile == NULL)
        return NULL;
    profile->type = type;
    profile->serial = serial;
    type->by_serial[serial] = profile;
    return profile;
}

struct smdp_profile *smdp_stock_pick(struct smdp_type *type)
{
    while (type->fresh < type->size) {
        struct smdp_profile *profile = profile_at(type, type->fresh++);
        if (profile == NULL ||
            (profile->state == SMDP_AVAILABLE && !profile->is_listed))
            return profile;
    }
    while (type->free != NULL) {
        struct smdp_profile *profile = type->free;
        type->free = profile->next_free;
        profile->is_listed = false;
        if (profile->state == SMDP_AVAILABLE)
            return profile;
    }
    return NULL;
}

struct smdp_profile *smdp_stock_find(struct smdp_stock *stock, struct slice iccid)
{
    uint64_t serial = 0;
    struct smdp_type *type = iccid_read(stock, iccid, &serial);
    return type != NULL ? profile_at(type, serial) : NULL;
}

void smdp_stock_return(struct smdp_profile *profile)
{
    struct smdp_type *type = profile->type;
    bool is_listed = profile->is_listed;
    struct smdp_profile *next_free = profile->next_free;
    *profile = (struct smdp_profile){ .type = type,
                                      .serial = profile->serial,
                                      .is_listed = true,
                                      .next_free = next_free };
    if (is_listed)
        return;
    profile->next_free = type->free;
    type->free = profile;
}

/* ---- matching ids ---- */

/* Four groups of five out of 32 letters and digits without look-alikes: 100 bits. */
void smdp_match_make(char ret[MATCHING_ID_SIZE])
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    unsigned char random[20];
    size_t at = 0;
    id_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        if (i > 0 && i % 5 == 0)
            ret[at++] = '-';
        ret[at++] = letters[random[i] % (sizeof letters - 1)];
    }
    ret[at] = '\0';
}

bool smdp_match_read(const char *text, char ret_matching_id[MATCHING_ID_SIZE])
{
    struct slice rest = slice_of(text);
    if (slice_starts(rest, "LPA:"))
        slice_cut(&rest, ':');
    struct slice format = slice_cut(&rest, '$');
    struct slice address = slice_cut(&rest, '$');
    return slice_is(format, "1") && address.size > 0 &&
           slice_copy(slice_cut(&rest, '$'), ret_matching_id, MATCHING_ID_SIZE);
}

static int by_matching_id(const void *a, const void *b)
{
    const struct smdp_profile *left = a;
    const struct smdp_profile *right = b;
    return strcmp(left->matching_id, right->matching_id);
}

bool smdp_match_add(struct smdp_stock *stock, struct smdp_profile *profile)
{
    struct smdp_profile *const *found = tsearch(profile, &stock->by_matching_id,
                                                by_matching_id);
    return found != NULL && *found == profile;
}

void smdp_match_remove(struct smdp_stock *stock, struct smdp_profile *profile)
{
    if (profile->matching_id[0] != '\0')
        tdelete(profile, &stock->by_matching_id, by_matching_id);
}

struct smdp_profile *smdp_match_find(struct smdp_stock *stock, const char *matching_id)
{
    struct smdp_profile wanted = { .state = SMDP_AVAILABLE };
    if (!slice_copy(slice_of(matching_id), wanted.matching_id,
                    sizeof wanted.matching_id))
        return NULL;
    struct smdp_profile *const *found = tfind(&wanted, &stock->by_matching_id,
                                              by_matching_id);
    return found != NULL ? *found : NULL;
}

void smdp_stock_each(struct smdp_stock *stock,
                     bool (*visit)(void *arg, struct smdp_profile *profile), void *arg)
{
    for (size_t i = 0; i < stock->type_count; i++) {
        struct smdp_type *type = &stock->types[i];
        for (uint64_t serial = 0; serial < type->size; serial++)
            if (type->by_serial[serial] != NULL && !visit(arg, type->by_serial[serial]))
                return;
    }
}
