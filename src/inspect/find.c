#include "inspect/held.h"
#include "json/json.h"

enum { TEXTS_MOST = 64 << 20 };

enum inspect_found find_in(struct scan *s, const struct inspect_held *h, const json_t *value,
			   const char **name)
{
	scoped(buf) struct buf texts = BUF(TEXTS_MOST);
	const struct secret *one;

	if (!joined_texts(&texts, value) || !scan_begin(s, h, texts.size))
		return INSPECT_UNSURE;
	scan_text(s, texts.data, texts.size);
	one = scan_found(s);
	*name = one ? one->name : NULL;
	if (one)
		return INSPECT_FOUND;
	return s->unsure ? INSPECT_UNSURE : INSPECT_NONE;
}

enum inspect_found inspect_find(const struct inspect_held *h, const json_t *value,
				const char **name)
{
	struct scan s = { 0 };
	enum inspect_found found;

	*name = NULL;
	if (inspect_held_count(h) == 0 || !value)
		return INSPECT_NONE;
	found = find_in(&s, h, value, name);
	scan_end(&s);
	return found;
}
