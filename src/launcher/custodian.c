#include "launcher/custodian.h"

#include <string.h>

#include "launcher/reviewing.h"

enum { SALT = 32, ALL = 3 };

static void pack_word(struct pack *p, const char *text)
{
	pack_text(p, text ? text : "", text ? strlen(text) : 0);
}

int custodian_ask(struct buf *lines, struct reviewer *r, const struct custodian_asks *a, struct err *e)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct unpack u;
	const char *text;
	size_t size;

	pack_number(&p, a->act, 1);
	pack_word(&p, a->class);
	pack_word(&p, a->first);
	pack_word(&p, a->last);
	pack_word(&p, a->why);
	if (p.over || (a->why && strlen(a->why) > CUSTODIAN_WHY))
		return err_set(e, ERR_LIMIT, "say why in at most %d bytes", CUSTODIAN_WHY);
	if (wire_send(&r->wire, MSG_DESTROY, ++r->tag, body, p.size, NULL, 0, e) < 0 || reviewer_hear(r, e) < 0)
		return -1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	text = unpack_text(&u, &size);
	if (r->msg.type != MSG_DESTROYED || !unpack_done(&u))
		return reviewer_misspoke(r, e);
	*lines = BUF(CUSTODIAN_LINES);
	return buf_add(lines, text, size) ? 0 : err_set(e, ERR_SYSTEM, "no memory");
}

/* What is about to come. 1: that was all. */
static int hear_one(struct revealed *one, uint8_t salt[SALT], struct reviewer *r, struct err *e)
{
	struct unpack u;
	const char *text;
	uint64_t how;
	size_t size;

	if (reviewer_hear(r, e) < 0)
		return -1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	how = unpack_number(&u, 1);
	one->index = unpack_number(&u, 8);
	one->size = unpack_number(&u, 8);
	text = unpack_text(&u, &size);
	if (r->msg.type != MSG_REVEALED || !unpack_done(&u) || how > ALL || one->size > PAYLOAD_MOST ||
	    (how == REVEALED_HERE && size != SALT))
		return reviewer_misspoke(r, e);
	if (how == REVEALED_HERE)
		memcpy(salt, text, SALT);
	one->salt = salt;
	one->how = (enum revealed_how)how;
	return how == ALL;
}

static int hear_bytes(struct buf *out, struct revealed *one, struct reviewer *r, struct err *e)
{
	out->size = 0;
	while (out->size < one->size) {
		if (reviewer_hear(r, e) < 0)
			return -1;
		if (r->msg.type != MSG_PIECE || r->msg.size == 0 || r->msg.size > one->size - out->size)
			return reviewer_misspoke(r, e);
		if (!buf_add(out, r->msg.body, r->msg.size))
			return err_set(e, ERR_SYSTEM, "no memory for a payload");
	}
	one->bytes = out->size ? out->data : "";
	return 0;
}

int custodian_reveal(uint64_t *access, struct reviewer *r, uint64_t first, uint64_t last, const char *why,
		     int (*each)(void *to, const struct revealed *one, struct err *e), void *to, struct err *e)
{
	scoped(buf) struct buf bytes = BUF(PAYLOAD_MOST);
	uint8_t body[512], salt[SALT];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct revealed one = { .index = 0 };
	int all;

	pack_number(&p, first, 8);
	pack_number(&p, last, 8);
	pack_word(&p, why);
	if (p.over)
		return err_set(e, ERR_LIMIT, "say why in fewer words");
	if (wire_send(&r->wire, MSG_REVEAL, ++r->tag, body, p.size, NULL, 0, e) < 0)
		return -1;
	while ((all = hear_one(&one, salt, r, e)) == 0)
		if ((one.how == REVEALED_HERE && hear_bytes(&bytes, &one, r, e) < 0) || each(to, &one, e) < 0)
			return -1;
	*access = one.index;
	return all < 0 ? -1 : 0;
}

int custodian_vouch(char verifier[256], struct reviewer *r, struct err *e)
{
	struct unpack u;

	if (wire_send(&r->wire, MSG_VOUCH, ++r->tag, NULL, 0, NULL, 0, e) < 0 || reviewer_hear(r, e) < 0)
		return -1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	if (r->msg.type != MSG_VOUCHED || !unpack_copy(&u, verifier, 256) || !unpack_done(&u))
		return reviewer_misspoke(r, e);
	return 0;
}

int custodian_rotate(uint64_t *epoch, uint64_t *index, char verifier[256], struct reviewer *r, struct err *e)
{
	struct unpack u;

	if (wire_send(&r->wire, MSG_ROTATE, ++r->tag, NULL, 0, NULL, 0, e) < 0 || reviewer_hear(r, e) < 0)
		return -1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	*epoch = unpack_number(&u, 8);
	*index = unpack_number(&u, 8);
	return r->msg.type == MSG_ROTATED && unpack_copy(&u, verifier, 256) && unpack_done(&u) ? 0 : reviewer_misspoke(r, e);
}

int custodian_access(uint64_t *index, struct reviewer *r, const char *what, const char *why, struct err *e)
{
	uint8_t body[512];
	struct pack p = { .at = body, .room = sizeof(body) };
	struct unpack u;

	pack_word(&p, what);
	pack_word(&p, why);
	if (p.over)
		return err_set(e, ERR_LIMIT, "say what for in fewer words");
	if (wire_send(&r->wire, MSG_ACCESS, ++r->tag, body, p.size, NULL, 0, e) < 0 || reviewer_hear(r, e) < 0)
		return -1;
	u = (struct unpack){ .at = r->msg.body, .left = r->msg.size };
	*index = unpack_number(&u, 8);
	return r->msg.type == MSG_ACCESSED && unpack_done(&u) ? 0 : reviewer_misspoke(r, e);
}
