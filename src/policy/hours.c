/* When a rule speaks: days and hours of a clock that stands at a fixed distance from UTC. */
#include <string.h>

#include "base/text.h"
#include "policy/rule.h"

enum { DAY = 24 * 60 };

static const char *const day_words[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static bool read_two(unsigned *out, const char *text)
{
	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return false;
	*out = (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
	return true;
}

/* "08:30"; "24:00" is the end of the day. */
static bool read_minute(unsigned *out, const char *text)
{
	unsigned hour, minute;

	if (!read_two(&hour, text) || text[2] != ':' || !read_two(&minute, text + 3))
		return false;
	*out = hour * 60 + minute;
	return minute < 60 && *out <= DAY;
}

static bool read_span(struct span *out, const char *text)
{
	return text && strlen(text) == 11 && read_minute(&out->from, text) && text[5] == '-' &&
	       read_minute(&out->to, text + 6) && out->from != out->to && out->from < DAY &&
	       out->to > 0;
}

static bool read_day(unsigned *days, const char *text)
{
	size_t i;

	for (i = 0; text && i < count_of(day_words); i++)
		if (strcmp(day_words[i], text) == 0) {
			*days |= 1U << i;
			return true;
		}
	return false;
}

static bool read_offset(int *out, const char *text)
{
	unsigned minutes;

	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') ||
	    !read_minute(&minutes, text + 1) || minutes > 14 * 60)
		return false;
	*out = text[0] == '-' ? -(int)minutes : (int)minutes;
	return true;
}

/* -1: *wrong is the member that is not as it should be. */
int hours_read(struct hours *out, const json_t *time, const char **wrong)
{
	const json_t *days = json_object_get(time, "days"), *hours = json_object_get(time, "hours"),
		     *offset = json_object_get(time, "offset");
	size_t i;

	*wrong = "days";
	for (i = 0; i < names_count(days); i++)
		if (!read_day(&out->days, names_at(days, i)))
			return -1;
	if (days && out->days == 0)
		return -1;
	out->days = days ? out->days : 0x7f;
	*wrong = "hours";
	if (hours && (names_count(hours) == 0 || names_count(hours) > SPANS))
		return -1;
	for (; out->count < names_count(hours); out->count++)
		if (!read_span(&out->spans[out->count], names_at(hours, out->count)))
			return -1;
	*wrong = "offset";
	return !offset || read_offset(&out->offset, json_string_value(offset)) ? 0 : -1;
}

enum held hours_hold(const struct hours *h, uint64_t wall_us)
{
	int64_t minutes = (int64_t)(wall_us / 60000000) + h->offset;
	unsigned day = (unsigned)((minutes / DAY + 4) % 7), now = (unsigned)(minutes % DAY);
	bool within = h->count == 0;
	const struct span *s;
	size_t i;

	if (wall_us == 0 || minutes < 0)
		return HELD_UNKNOWN;
	for (i = 0; i < h->count && !within; i++) {
		s = &h->spans[i];
		within = s->from < s->to ? now >= s->from && now < s->to
					 : now >= s->from || now < s->to;
	}
	return within && (h->days & (1U << day)) ? HELD_YES : HELD_NO;
}
