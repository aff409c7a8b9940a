#include "number.h"

#include <string.h>

#include "esim/exchange.h"

enum { DIGITS_LEAST = 4, DIGITS_MOST = 15 };

static bool is_digits(const char *text)
{
    size_t length = strlen(text);
    return length >= DIGITS_LEAST && length <= DIGITS_MOST &&
           strspn(text, "0123456789") == length;
}

const char *mpt_number_digits(const struct mpt_settings *settings, const char *number)
{
    if (number == NULL)
        return NULL;
    if (number[0] == '0' && number[1] != '0')
        number = esim_string(esim_format("%s%s", settings->country_code, number + 1));
    else if (number[0] == '+')
        number++;
    return is_digits(number) ? number : NULL;
}

const char *mpt_number_write(const struct mpt_settings *settings, const char *number)
{
    const char *digits = mpt_number_digits(settings, number);
    size_t code = strlen(settings->country_code);
    if (digits == NULL || settings->number_form == NUMBER_PLAIN)
        return digits;
    if (settings->number_form == NUMBER_PLUS)
        return esim_string(esim_format("+%s", digits));
    bool is_ours = strncmp(digits, settings->country_code, code) == 0;
    return is_ours ? esim_string(esim_format("0%s", digits + code)) : digits;
}

const char *mpt_number_key(const struct mpt_settings *settings, const char *number)
{
    const char *digits = mpt_number_digits(settings, number);
    return digits == NULL ? "" : esim_string(esim_format("n%s", digits));
}
