/* What is reeve's own stays so: also where a tool server could reach it, because nobody confined that one. */
#include <string.h>

#include "base/text.h"
#include "guard/inner.h"

enum { PATH = 4096 };

/* "/a//b/../c/./d" to "/a/c/d", behind the first `used` bytes: by text, for it may lie on another machine. */
static bool tidy(char out[PATH], size_t used, const char *text, size_t size)
{
	size_t i = 0, from;

	while (i < size) {
		for (; i < size && text[i] == '/'; i++)
			;
		for (from = i; i < size && text[i] != '/'; i++)
			;
		if (i == from || (i - from == 1 && text[from] == '.'))
			continue;
		if (i - from == 2 && memcmp(text + from, "..", 2) == 0) {
			while (used > 0 && out[--used] != '/')
				;
			continue;
		}
		if (used + (i - from) + 2 > PATH)
			return false;
		out[used++] = '/';
		memcpy(out + used, text + from, i - from);
		used += i - from;
	}
	out[used] = '\0';
	return true;
}

/* A project's own profile, which loosens nothing, but whose absence does. */
static bool holds_part(const char *path, const char *part)
{
	const char *at = path;
	size_t size = strlen(part);

	for (; (at = strstr(at, part)); at += size)
		if (at[-1] == '/' && (at[size] == '/' || !at[size]))
			return true;
	return false;
}

/* A relative path starts in the workspace, as policies take it. */
static bool path_of(char out[PATH], const struct told *t, const char *text, size_t size)
{
	const char *from = t->a->run ? t->a->run->party[PARTY_WORKSPACE] : NULL;
	size_t used = 0;

	if (text[0] != '/' && from && from[0] == '/' && from[1] && strlen(from) < PATH) {
		used = strlen(from);
		memcpy(out, from, used);
	}
	return tidy(out, used, text, size);
}

bool own_in_text(struct told *t, const char *text, size_t size)
{
	char path[PATH];
	size_t i;

	if (size > 7 && memcmp(text, "file://", 7) == 0) {
		text += 7;
		size -= 7;
	}
	if (size == 0 || size >= PATH || memchr(text, '\n', size) || !path_of(path, t, text, size))
		return false;
	for (i = 0; i < t->g->kept_count; i++)
		if ((t->g->kept[i].secret || !t->reads) && path_is_within(path, t->g->kept[i].path))
			return tell(t, GUARD_OWN_STATE);
	return !t->reads && memchr(text, ' ', size) == NULL && holds_part(path, ".reeve") &&
	       tell(t, GUARD_OWN_STATE);
}
