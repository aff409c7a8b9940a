#include "profile/identifier.h"

#include <assert.h>
#include <string.h>

#include "profile/number_plan.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at_start(struct slice text)
{
    size_t count = 0;
    while (count < text.size && is_digit(text.ptr[count]))
        count++;
    return count;
}

/* "expected <wanted>, found 12 digits" or "..., found 'x' at position 3". */
static bool refuse(struct slice text, const char *field, const char *wanted,
                   struct err *err)
{
    size_t digits = digits_at_start(text);
    if (digits == text.size)
        return err_field(err, field, "expected %s, found %zu digits", wanted, digits);
    unsigned char c = (unsigned char)text.ptr[digits];
    if (c < 0x20 || c > 0x7e)
        return err_field(err, field, "expected %s, found byte 0x%02x at position %zu",
                         wanted, c, digits + 1);
    return err_field(err, field, "expected %s, found '%c' at position %zu", wanted, c,
                     digits + 1);
}

static void copy_digits(struct slice text, char *ret)
{
    memcpy(ret, text.ptr, text.size);
    ret[text.size] = '\0';
}

/* ISO/IEC 7812-1 annex B, over all digits with the check digit last. */
static bool luhn_holds(const char *digits)
{
    unsigned sum = 0;
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        unsigned digit = (unsigned)(digits[size - 1 - i] - '0');
        unsigned twice = digit * 2;
        sum += i % 2 == 0 ? digit : twice / 10 + twice % 10;
    }
    return sum % 10 == 0;
}

/* ---- ICCID ---- */

enum { ICCID_LEAST = 18, ICCID_MOST = 20 };

static const struct {
    const char *name;
    const char *wanted;
    size_t least, most;
    size_t padded_to;
} iccid_forms[ICCID_FORM_COUNT] = {
    /* clang-format off */
    [ICCID_PLAIN] = { "plain", "18 to 20 digits", 18, 20, 0 },
    [ICCID_19]    = { "19",    "19 digits",       19, 19, 0 },
    [ICCID_19F]   = { "19F",   "19 or 20 digits", 19, 20, ICCID_MOST },
    [ICCID_20]    = { "20",    "20 digits",       20, 20, 0 },
    /* clang-format on */
};

bool iccid_read(struct slice text, const char *field, struct iccid *ret,
                struct err *err)
{
    struct slice digits = { text.ptr, digits_at_start(text) };
    struct slice rest = { text.ptr + digits.size, text.size - digits.size };
    bool padded = digits.size < ICCID_MOST && slice_is_nocase(rest, "F");
    if (rest.size != 0 && !padded)
        return refuse(text, field, "18 to 20 digits and at most one final F", err);
    if (digits.size < ICCID_LEAST || digits.size > ICCID_MOST)
        return refuse(digits, field, "18 to 20 digits", err);
    copy_digits(digits, ret->digits);
    ret->luhn_ok = luhn_holds(ret->digits);
    return true;
}

bool iccid_write(const struct iccid *iccid, enum iccid_form form, const char *field,
                 char ret[ICCID_SIZE], struct err *err)
{
    assert(form < ICCID_FORM_COUNT);
    size_t size = strlen(iccid->digits);
    if (size < iccid_forms[form].least || size > iccid_forms[form].most)
        return err_field(err, field, "this peer takes ICCIDs of %s, this one has %zu",
                         iccid_forms[form].wanted, size);
    memcpy(ret, iccid->digits, size);
    while (size < iccid_forms[form].padded_to)
        ret[size++] = 'F';
    ret[size] = '\0';
    return true;
}

const char *iccid_form_name(enum iccid_form form)
{
    assert(form < ICCID_FORM_COUNT);
    return iccid_forms[form].name;
}

bool iccid_form_read(const char *name, enum iccid_form *ret)
{
    for (int form = 0; form < ICCID_FORM_COUNT; form++) {
        if (name != NULL && strcmp(iccid_forms[form].name, name) == 0) {
            *ret = (enum iccid_form)form;
            return true;
        }
    }
    return false;
}

static void swap_nibbles(char text[ICCID_SIZE])
{
    for (size_t i = 0; i + 1 < ICCID_SIZE; i += 2) {
        char low = text[i];
        text[i] = text[i + 1];
        text[i + 1] = low;
    }
}

void iccid_to_file(const struct iccid *iccid, char ret[ICCID_SIZE])
{
    size_t size = strlen(iccid->digits);
    memcpy(ret, iccid->digits, size);
    memset(ret + size, 'F', ICCID_MOST - size);
    ret[ICCID_MOST] = '\0';
    swap_nibbles(ret);
}

bool iccid_from_file(struct slice hex, const char *field, struct iccid *ret,
                     struct err *err)
{
    char text[ICCID_SIZE];
    if (hex.size != 2 * ICCID_FILE_BYTES || !slice_copy(hex, text, sizeof text))
        return err_field(err, field,
                         "expected 20 hexadecimal characters of EF_ICCID, found %zu",
                         hex.size);
    swap_nibbles(text);
    size_t size = ICCID_MOST;
    while (size > ICCID_LEAST && (text[size - 1] == 'F' || text[size - 1] == 'f'))
        size--;
    return iccid_read(slice_bytes(text, size), field, ret, err);
}

/* ---- EID ---- */

enum { EID_DIGITS = 32 };

bool eid_read(struct slice text, const char *field, char ret[EID_SIZE], struct err *err)
{
    if (text.size != EID_DIGITS || digits_at_start(text) != EID_DIGITS)
        return refuse(text, field, "32 digits", err);
    unsigned remainder = 0;
    for (size_t i = 0; i < EID_DIGITS; i++)
        remainder = (remainder * 10 + (unsigned)(text.ptr[i] - '0')) % 97;
    if (remainder != 1)
        return err_field(err, field,
                         "expected an EID whose value mod 97 is 1, found %u: "
                         "a digit is wrong",
                         remainder);
    copy_digits(text, ret);
    return true;
}

/* ---- IMEI ---- */

enum { IMEI_DEVICE_DIGITS = 14, IMEI_DIGITS = 15, IMEISV_DIGITS = 16 };

bool imei_read(struct slice text, const char *field, struct imei *ret, struct err *err)
{
    if (text.size < IMEI_DEVICE_DIGITS || text.size > IMEISV_DIGITS ||
        digits_at_start(text) != text.size)
        return refuse(text, field, "14, 15 or 16 digits", err);
    copy_digits(text, ret->digits);
    ret->kind = (enum imei_kind)(text.size - IMEI_DEVICE_DIGITS);
    ret->luhn_ok = ret->kind != IMEI_WHOLE || luhn_holds(ret->digits);
    return true;
}

bool imei_is_same_device(const struct imei *a, const struct imei *b)
{
    return memcmp(a->digits, b->digits, IMEI_DEVICE_DIGITS) == 0;
}

/* ---- MSISDN ---- */

enum { E164_LEAST = 7, E164_MOST = 15 };

/* A prefix that the country does not have is not there. */
static bool drop_prefix(struct slice *text, const char *prefix)
{
    if (prefix[0] == '\0' || !slice_starts(*text, prefix))
        return false;
    *text = slice_bytes(text->ptr + strlen(prefix), text->size - strlen(prefix));
    return true;
}

static bool give_e164(const char *country, struct slice national, char ret[MSISDN_SIZE])
{
    size_t size = strlen(country);
    assert(1 + size + national.size < MSISDN_SIZE);
    ret[0] = '+';
    memcpy(ret + 1, country, size);
    copy_digits(national, ret + 1 + size);
    return true;
}

static bool national_read(struct slice national, const struct number_plan *plan,
                          const char *field, char ret[MSISDN_SIZE], struct err *err)
{
    bool mobile = slice_starts(national, plan->mobile);
    uint32_t least = mobile ? plan->least_mobile : plan->least;
    uint32_t most = mobile ? plan->most_mobile : plan->most;
    if (national.size < least || national.size > most)
        return err_field(
            err, field, "expected %u to %u digits after +%s for a %s, found %zu", least,
            most, plan->country, mobile ? "mobile number" : "number", national.size);
    return give_e164(plan->country, national, ret);
}

/* `number` begins with a country code. */
static bool global_read(struct slice number, const struct number_plan *plan,
                        const char *field, char ret[MSISDN_SIZE], struct err *err)
{
    if (plan != NULL && drop_prefix(&number, plan->country))
        return national_read(number, plan, field, ret, err);
    if (number.size < E164_LEAST || number.size > E164_MOST)
        return refuse(number, field, "7 to 15 digits after the international prefix",
                      err);
    if (number.ptr[0] == '0')
        return err_field(err, field, "expected a country code, found a leading 0");
    return give_e164("", number, ret);
}

bool msisdn_read(struct slice text, const struct number_plan *plan, const char *field,
                 char ret[MSISDN_SIZE], struct err *err)
{
    struct slice number = text;
    bool is_global = drop_prefix(&number, "+");
    if (number.size == 0 || digits_at_start(number) != number.size)
        return refuse(number, field, "a telephone number of digits, with or without +",
                      err);
    if (is_global || (plan != NULL && drop_prefix(&number, plan->international)))
        return global_read(number, plan, field, ret, err);
    if (plan != NULL && drop_prefix(&number, plan->trunk))
        return national_read(number, plan, field, ret, err);
    if (plan != NULL && drop_prefix(&number, plan->country) &&
        slice_starts(number, plan->mobile))
        return national_read(number, plan, field, ret, err);
    return err_field(err, field,
                     "expected a telephone number with its country (+%s...), "
                     "found one without",
                     plan == NULL ? "" : plan->country);
}
