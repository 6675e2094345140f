/*
 * A witness that refuses a good signature is behind by some epochs (reeve-witness(8), add-epoch). Which it knows it does not
 * say; but what it cosigned last tells, and of handovers that it is shown it takes the next one alone, so that is tried
 * first, and after it the newest, and each before that: one that it takes, or answers with its size, is where to go on from.
 */
#include "anchor/talk.h"

enum { PROOF_MOST = 16 << 10 };

/* Of those until `end` the first that it may not have followed yet, by what we know of it. */
static size_t first_behind(const struct talk *t, size_t end)
{
	uint64_t size;
	size_t i;

	for (i = 0; i < end && hashes_handover(&size, t->hashes, i) && size < t->known; i++)
		;
	return i;
}

static size_t count_until(const struct talk *t, uint64_t most)
{
	uint64_t size;
	size_t i;

	for (i = 0; hashes_handover(&size, t->hashes, i) && size <= most; i++)
		;
	return i;
}

/* One handover. Where what it has seen is of another size than we thought, again from there, unless that is behind it. */
static int show(long *status, struct talk *t, size_t i, const struct job *j, struct err *e)
{
	int again;

	for (again = 0; again < 2; again++) {
		scoped(buf) struct buf body = BUF(2 * PROOF_MOST);
		uint64_t size = 0;

		hashes_handover(&size, t->hashes, i);
		if (size < t->known) {
			*status = 422;
			return 0;
		}
		if (talk_growth(&body, t, size, e) < 0 || hashes_proof(&body, t->hashes, i, e) < 0 ||
		    talk_post(status, t, "add-epoch", &body, e) < 0)
			return -1;
		if (*status != 409)
			break;
		if (talk_size(t, j->size, e) < 0)
			return -1;
	}
	if (*status == 200)
		hashes_handover(&t->known, t->hashes, i);
	return 0;
}

static int no_way(long status, struct err *e)
{
	if (status == 404 || status == 405)
		return err_set(e, ERR_INPUT, "it does not believe the key that signs this ledger (403), and follows no handover: "
					     "its operator has to give it the key");
	return err_set(e, ERR_INPUT, "it does not believe the key that signs this ledger (403), nor a handover to it (%ld)", status);
}

/* Taken, or had already: then the next is to be tried. */
static bool is_behind(long status)
{
	return status == 200 || status == 422;
}

/* Where it is, as the handover to go on with. What we thought that it knows is forgotten for the search. */
static int find(size_t *at, struct talk *t, size_t end, const struct job *j, struct err *e)
{
	size_t i = first_behind(t, end);
	long status = 403;

	if (i < end && show(&status, t, i, j, e) < 0)
		return -1;
	if (status == 403)
		t->known = 0;
	for (*at = end; status == 403 && *at > 0; --*at) {
		i = *at - 1;
		if (show(&status, t, i, j, e) < 0)
			return -1;
	}
	*at = i + 1;
	return is_behind(status) ? 0 : no_way(status, e);
}

int talk_handovers(struct talk *t, const struct job *j, struct err *e)
{
	size_t end = count_until(t, j->size), i = 0;
	long status = 0;

	if (find(&i, t, end, j, e) < 0)
		return -1;
	for (; i < end; i++) {
		if (show(&status, t, i, j, e) < 0)
			return -1;
		if (!is_behind(status))
			return no_way(status, e);
	}
	return 0;
}
