/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the clocks, and the calendar in both directions. The C library's calendar is not used: it takes a lock,
 * heeds the environment, and a listing formats a thousand times a page. */
#include "common/clock.h"

#include <time.h>

#define DAY_MS      86400000LL
#define YEAR_0_MS   (-62167219200000LL) /* 0000-01-01T00:00:00Z */
#define YEAR_10K_MS 253402300800000LL   /* 10000-01-01T00:00:00Z: four digits end here */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */

struct civil {
    int year, month, day; /* 1 to 12, 1 to 31 */
    int hour, minute, second, ms;
};

int64_t clock_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0000-03-01 to the first of March of `year`. Years that begin in March have their leap day last, so a
 * day's number in them depends on the month alone. year >= 0. */
static int64_t days_before(int64_t year)
{
    return year * 365 + year / 4 - year / 100 + year / 400;
}

static int64_t days_from_epoch(int year, int month, int day)
{
    int64_t from_march = (month + 9) % 12;         /* 0: March */
    int64_t y = (int64_t)year + 400 - (month < 3); /* one whole cycle more, so as to stay positive */
    return days_before(y) + (153 * from_march + 2) / 5 + day - 1 - days_before(400) - 719468;
}

static void split(int64_t ms, struct civil *c)
{
    if (ms < YEAR_0_MS)
        ms = YEAR_0_MS;
    if (ms >= YEAR_10K_MS)
        ms = YEAR_10K_MS - 1;
    int64_t day = (ms - YEAR_0_MS) / DAY_MS, rest = (ms - YEAR_0_MS) % DAY_MS; /* from 0000-01-01, both >= 0 */
    int64_t march_day =
        day + days_before(400) - 60; /* from -0400-03-01; -0400-03-01 to 0000-01-01: one leap day less */
    int64_t year = march_day * 400 / days_before(400);
    while (days_before(year + 1) <= march_day)
        year++;
    while (days_before(year) > march_day)
        year--;
    int64_t in_year = march_day - days_before(year);
    int64_t from_march = (5 * in_year + 2) / 153;
    c->day = (int)(in_year - (153 * from_march + 2) / 5 + 1);
    c->month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    c->year = (int)(year - 400 + (c->month < 3));
    c->hour = (int)(rest / 3600000);
    c->minute = (int)(rest / 60000 % 60);
    c->second = (int)(rest / 1000 % 60);
    c->ms = (int)(rest % 1000);
}

static bool join(const struct civil *c, int64_t *ms)
{
    /* Second 60 is a leap second (RFC 9110 section 5.6.7 and RFC 3339 allow it); it counts as the next minute's 0. */
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > days_in(c->year, c->month) || c->hour > 23 ||
        c->minute > 59 || c->second > 60)
        return false;
    int64_t seconds = c->hour * 3600 + c->minute * 60 + c->second;
    *ms = days_from_epoch(c->year, c->month, c->day) * DAY_MS + seconds * 1000 + c->ms;
    return true;
}

static char *put_digits(char *to, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + digits;
}

static char *put_time(char *to, const struct civil *c)
{
    to = put_digits(to, c->hour, 2);
    *to++ = ':';
    to = put_digits(to, c->minute, 2);
    *to++ = ':';
    return put_digits(to, c->second, 2);
}

void clock_iso8601(int64_t ms, char out[CLOCK_TEXT])
{
    struct civil c;
    split(ms, &c);
    out = put_digits(out, c.year, 4);
    *out++ = '-';
    out = put_digits(out, c.month, 2);
    *out++ = '-';
    out = put_digits(out, c.day, 2);
    *out++ = 'T';
    out = put_time(out, &c);
    *out++ = '.';
    out = put_digits(out, c.ms, 3);
    memcpy(out, "Z", 2);
}

void clock_http_date(int64_t ms, char out[CLOCK_TEXT])
{
    struct civil c;
    split(ms, &c);
    int64_t weekday = (days_from_epoch(c.year, c.month, c.day) % 7 + 7) % 7;
    memcpy(out, weekdays + 3 * weekday, 3);
    memcpy(out + 3, ", ", 2);
    out = put_digits(out + 5, c.day, 2);
    *out++ = ' ';
    memcpy(out, months + 3 * (c.month - 1), 3);
    out[3] = ' ';
    out = put_digits(out + 4, c.year, 4);
    *out++ = ' ';
    out = put_time(out, &c);
    memcpy(out, " GMT", 5);
}

/* The parsers eat *s from the left; each step that does not find what it wants says false, and that ends it. */

static bool eat(struct slice *s, const char *literal)
{
    if (!slice_starts(*s, slice_str(literal)))
        return false;
    *s = slice_from(*s, strlen(literal));
    return true;
}

static bool eat_digits(struct slice *s, size_t digits, int *out)
{
    int value = 0;
    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        value = value * 10 + (s->p[i] - '0');
    }
    *s = slice_from(*s, digits);
    *out = value;
    return true;
}

static bool eat_time(struct slice *s, struct civil *c)
{
    return eat_digits(s, 2, &c->hour) && eat(s, ":") && eat_digits(s, 2, &c->minute) && eat(s, ":") &&
           eat_digits(s, 2, &c->second);
}

static bool eat_month(struct slice *s, int *month)
{
    for (int i = 0; i < 12 && s->n >= 3; i++) {
        if (memcmp(s->p, months + 3 * i, 3) == 0) {
            *s = slice_from(*s, 3);
            *month = i + 1;
            return true;
        }
    }
    return false;
}

/* Milliseconds; further digits are dropped. */
static bool eat_fraction(struct slice *s, int *ms)
{
    int value = 0;
    size_t digits = 0;
    if (!eat(s, "."))
        return true;
    for (; digits < s->n && s->p[digits] >= '0' && s->p[digits] <= '9'; digits++)
        if (digits < 3)
            value = value * 10 + (s->p[digits] - '0');
    for (size_t i = digits; i < 3; i++)
        value *= 10;
    *s = slice_from(*s, digits);
    *ms = value;
    return digits > 0;
}

/* Minutes east of Greenwich: "Z", "+hh:mm" or "+hhmm". */
static bool eat_offset(struct slice *s, int *minutes)
{
    int hour, minute;
    if (eat(s, "Z") || eat(s, "z"))
        return true;
    bool west = s->n && s->p[0] == '-';
    if (!eat(s, west ? "-" : "+") || !eat_digits(s, 2, &hour))
        return false;
    (void)eat(s, ":");
    if (!eat_digits(s, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

bool clock_parse_iso8601(struct slice s, int64_t *ms)
{
    struct civil c = { 0 };
    int offset = 0;
    int64_t local;
    if (!eat_digits(&s, 4, &c.year) || !eat(&s, "-") || !eat_digits(&s, 2, &c.month) || !eat(&s, "-") ||
        !eat_digits(&s, 2, &c.day) || !(eat(&s, "T") || eat(&s, "t")) || !eat_time(&s, &c) ||
        !eat_fraction(&s, &c.ms) || !eat_offset(&s, &offset) || s.n || !join(&c, &local))
        return false;
    *ms = local - offset * 60000LL;
    return true;
}

/* Sun, 06 Nov 1994 08:49:37 GMT, behind the comma */
static bool eat_imf_date(struct slice s, struct civil *c)
{
    return eat(&s, " ") && eat_digits(&s, 2, &c->day) && eat(&s, " ") && eat_month(&s, &c->month) && eat(&s, " ") &&
           eat_digits(&s, 4, &c->year) && eat(&s, " ") && eat_time(&s, c) && eat(&s, " GMT") && s.n == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT, behind the comma. A year more than 50 years ahead is the last one with these two
 * digits (RFC 9110 section 5.6.7). */
static bool eat_rfc850_date(struct slice s, struct civil *c)
{
    struct civil now;
    if (!(eat(&s, " ") && eat_digits(&s, 2, &c->day) && eat(&s, "-") && eat_month(&s, &c->month) && eat(&s, "-") &&
          eat_digits(&s, 2, &c->year) && eat(&s, " ") && eat_time(&s, c) && eat(&s, " GMT") && s.n == 0))
        return false;
    split(clock_now_ms(), &now);
    c->year += now.year / 100 * 100;
    if (c->year > now.year + 50)
        c->year -= 100;
    return true;
}

/* Sun Nov  6 08:49:37 1994, behind the weekday */
static bool eat_asctime(struct slice s, struct civil *c)
{
    return eat(&s, " ") && eat_month(&s, &c->month) && eat(&s, " ") &&
           (eat(&s, " ") ? eat_digits(&s, 1, &c->day) : eat_digits(&s, 2, &c->day)) && eat(&s, " ") &&
           eat_time(&s, c) && eat(&s, " ") && eat_digits(&s, 4, &c->year) && s.n == 0;
}

bool clock_parse_http_date(struct slice s, int64_t *ms)
{
    struct civil imf = { 0 }, rfc850 = { 0 }, asc = { 0 };
    struct slice rest = s;
    slice_cut(&rest, ',');
    if (rest.p == NULL)
        return s.n > 3 && eat_asctime(slice_from(s, 3), &asc) && join(&asc, ms);
    if (eat_imf_date(rest, &imf))
        return join(&imf, ms);
    return eat_rfc850_date(rest, &rfc850) && join(&rfc850, ms);
}

bool clock_parse_amz(struct slice s, int64_t *ms)
{
    struct civil c = { 0 };
    return eat_digits(&s, 4, &c.year) && eat_digits(&s, 2, &c.month) && eat_digits(&s, 2, &c.day) && eat(&s, "T") &&
           eat_digits(&s, 2, &c.hour) && eat_digits(&s, 2, &c.minute) && eat_digits(&s, 2, &c.second) && eat(&s, "Z") &&
           s.n == 0 && join(&c, ms);
}
