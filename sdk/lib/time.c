#include <stdio.h>
#include <string.h>
#include <time.h>

#include "esim/exchange.h"
#include "lib.h"

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back: years begin in
 * March, so that the leap day is the last of them. No C library: it would want to read
 * the time zone, which a cell cannot. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
                         day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year = day_of_era -
                          (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * day_of_year + 2) / 153);
    *ret_day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *ret_month = shifted < 10 ? shifted + 3 : shifted - 9;
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

const char *esim_time_text(int64_t wall_ms)
{
    enum { LENGTH = sizeof "2026-01-02T03:04:05Z" };
    int64_t seconds = wall_ms / 1000 - (wall_ms % 1000 < 0);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int rest = (int)(seconds - days * 86400);
    int64_t year;
    int month, day;
    date_of(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        return NULL;
    char *text = lib_alloc(LENGTH + 24);
    if (text == NULL)
        return NULL;
    int length = snprintf(text, LENGTH + 24, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                          (int)year, month, day, rest / 3600, rest / 60 % 60,
                          rest % 60);
    return length == LENGTH - 1 ? text : NULL;
}

/* `count` digits at *from as a number; -1 when they are not there. */
static int number(const char **from, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*from)++) {
        if (**from < '0' || **from > '9')
            return -1;
        value = value * 10 + (**from - '0');
    }
    return value;
}

static bool mark(const char **from, const char *one_of)
{
    if (**from == '\0' || strchr(one_of, **from) == NULL)
        return false;
    (*from)++;
    return true;
}

/* RFC 3339 time-secfrac: milliseconds; further digits are dropped. */
static bool fraction(const char **from, int *ret)
{
    *ret = 0;
    if (**from != '.')
        return true;
    const char *first = ++*from;
    for (int weight = 100; **from >= '0' && **from <= '9'; (*from)++, weight /= 10)
        *ret += (**from - '0') * weight;
    return *from > first;
}

static bool offset(const char **from, int *ret_minutes)
{
    *ret_minutes = 0;
    if (mark(from, "Zz"))
        return true;
    int sign = **from == '-' ? -1 : 1;
    if (!mark(from, "+-"))
        return false;
    int hours = number(from, 2);
    bool colon = mark(from, ":");
    int minutes = number(from, 2);
    *ret_minutes = sign * (hours * 60 + minutes);
    return colon && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

static bool date_is_real(int year, int month, int day)
{
    int64_t year_again;
    int month_again, day_again;
    if (month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    date_of(days_of(year, month, day), &year_again, &month_again, &day_again);
    return year_again == year && month_again == month && day_again == day;
}

int64_t esim_time_read(const char *text)
{
    const char *at = text;
    if (at == NULL)
        return -1;
    int year = number(&at, 4);
    bool marks = mark(&at, "-");
    int month = number(&at, 2);
    marks = mark(&at, "-") && marks;
    int day = number(&at, 2);
    marks = mark(&at, "Tt ") && marks;
    int hour = number(&at, 2);
    marks = mark(&at, ":") && marks;
    int minute = number(&at, 2);
    marks = mark(&at, ":") && marks;
    int second = number(&at, 2), ms, minutes_east;
    if (!marks || !fraction(&at, &ms) || !offset(&at, &minutes_east) || *at != '\0' ||
        year < 0 || !date_is_real(year, month, day) || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        return -1;
    int64_t minutes = (int64_t)days_of(year, month, day) * 1440 + hour * 60 + minute;
    return ((minutes - minutes_east) * 60 + second) * 1000 + ms;
}

/* RFC 9110 5.6.7: IMF-fixdate, and the two old forms that must still be read. */
static int64_t http_date(const char *text)
{
    static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
                                         "%A, %d-%b-%y %H:%M:%S GMT",
                                         "%a %b %e %H:%M:%S %Y" };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm parts = { 0 };
        const char *end = strptime(text, forms[i], &parts);
        if (end == NULL || *end != '\0')
            continue;
        int64_t days = days_of(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
        return (days * 86400 + parts.tm_hour * 3600 + parts.tm_min * 60 +
                parts.tm_sec) *
               1000;
    }
    return -1;
}

int32_t esim_retry_after(const struct esim_reply *reply, int64_t now_ms)
{
    const char *value = esim_header_of(reply->headers, reply->header_count,
                                       "Retry-After");
    if (value == NULL || *value == '\0')
        return -1;
    int64_t seconds = 0;
    if (value[strspn(value, "0123456789")] == '\0') {
        for (const char *c = value; *c != '\0' && seconds <= INT32_MAX; c++)
            seconds = seconds * 10 + (*c - '0');
    } else {
        int64_t at = http_date(value);
        if (at < 0)
            return -1;
        seconds = at <= now_ms ? 0 : (at - now_ms + 999) / 1000;
    }
    return seconds > INT32_MAX ? INT32_MAX : (int32_t)seconds;
}
