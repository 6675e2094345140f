#include <sodium.h>
#include <string.h>

#include "seal/ssh_parts.h"

enum { POINT = crypto_sign_PUBLICKEYBYTES, KIND_SHOWN = 40 };

static const struct {
	const char *kind;
	bool hardware;
} kinds[] = {
	{ "ssh-ed25519", false },
	{ "sk-ssh-ed25519@openssh.com", true },
};

bool ssh_take_number(uint32_t *out, struct ssh_bytes *from)
{
	const uint8_t *at = from->at;

	if (from->left < 4)
		return false;
	*out = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	from->at += 4;
	from->left -= 4;
	return true;
}

bool ssh_take_string(struct ssh_bytes *out, struct ssh_bytes *from)
{
	struct ssh_bytes rest = *from;
	uint32_t size;

	if (!ssh_take_number(&size, &rest) || size > rest.left)
		return false;
	*out = (struct ssh_bytes){ rest.at, size };
	from->at = rest.at + size;
	from->left = rest.left - size;
	return true;
}

bool ssh_is(const struct ssh_bytes *b, const char *text)
{
	return b->left == strlen(text) && memcmp(b->at, text, b->left) == 0;
}

/* A kind comes from a stranger: its letters may reach a terminal, nothing else of it. */
static int other_kind(const struct ssh_bytes *kind, struct err *e)
{
	char shown[KIND_SHOWN + 1];
	size_t i;

	for (i = 0; i < kind->left && i < KIND_SHOWN; i++)
		shown[i] = kind->at[i] > ' ' && kind->at[i] < 0x7f ? (char)kind->at[i] : '?';
	shown[i] = '\0';
	return err_set(e, ERR_INPUT, "a key of kind \"%s\": reeve takes ssh-ed25519 and sk-ssh-ed25519@openssh.com; make one with "
		       "ssh-keygen -t ed25519 or ed25519-sk", shown);
}

static size_t kind_of(const struct ssh_bytes *kind)
{
	size_t i;

	for (i = 0; i < count_of(kinds) && !ssh_is(kind, kinds[i].kind); i++)
		;
	return i;
}

int ssh_kind_known(const struct ssh_bytes *kind, struct err *e)
{
	return kind_of(kind) < count_of(kinds) ? 0 : other_kind(kind, e);
}

/* ssh-keygen gives no key another application; a key of some web site is not for signing here. */
static bool is_application(const struct ssh_bytes *b)
{
	size_t i;

	for (i = 0; i < b->left && b->at[i] > ' ' && b->at[i] < 0x7f; i++)
		;
	return i == b->left && b->left >= 4 && memcmp(b->at, "ssh:", 4) == 0;
}

int ssh_key_read(struct ssh_key *out, const uint8_t *bytes, size_t size, struct err *e)
{
	struct ssh_bytes from = { bytes, size }, kind, point;
	struct ssh_key k = { .kind = NULL };
	size_t i;

	if (!ssh_take_string(&kind, &from))
		return err_set(e, ERR_INPUT, "not a public key of SSH");
	i = kind_of(&kind);
	if (i == count_of(kinds))
		return other_kind(&kind, e);
	k.kind = kinds[i].kind;
	k.hardware = kinds[i].hardware;
	if (!ssh_take_string(&point, &from) || point.left != POINT ||
	    (k.hardware && !ssh_take_string(&k.application, &from)) || from.left != 0)
		return err_set(e, ERR_INPUT, "not a whole %s key, or more than one; copy it again", k.kind);
	if (k.hardware && !is_application(&k.application))
		return err_set(e, ERR_INPUT, "a key for an application other than \"ssh:...\"; make one with ssh-keygen -t ed25519-sk");
	if (!crypto_core_ed25519_is_valid_point(point.at))
		return err_set(e, ERR_INPUT, "not a usable Ed25519 key");
	k.point = point.at;
	*out = k;
	return 0;
}

/* `*` any text, `?` any one byte. No more work than size of one times size of the other. */
static bool pattern_holds(const char *pattern, size_t size, const char *text)
{
	const char *end = pattern + size, *star = NULL, *from = NULL;

	while (*text) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (pattern < end && (*pattern == '?' || *pattern == *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
}

bool ssh_patterns_hold(const char *list, const char *text)
{
	bool held = false, not;
	size_t size;

	for (;; list += size + 1) {
		size = strcspn(list, ",");
		not = list[0] == '!';
		if (size > not && pattern_holds(list + not, size - not, text)) {
			if (not)
				return false;	/* wherever it stands */
			held = true;
		}
		if (list[size] == '\0')
			return held;
	}
}
