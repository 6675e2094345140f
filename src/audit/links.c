/*
 * The keys that a log's own lines lead to. A line of a handover brings the record that names the new key, the last one of the
 * tree that is signed; so with the root's key alone, or with what a ledger still has of its epochs, one follows from the other,
 * also behind what was rolled back.
 */
#include <stdlib.h>
#include <string.h>

#include "audit/proof.h"
#include "audit/sightings.h"

static bool is_record(struct link *l, const char *origin, const struct proof_of *p)
{
	const struct field_value *key, *ledger, *former;
	struct err ignored = { .kind = ERR_NONE };
	char room[RECORD_MOST];
	struct record r;

	if (entry_read(&r, room, p->record, p->record_size, &ignored) < 0 || r.kind != RECORD_EPOCH ||
	    r.value[FIELD_N].number != p->index || !r.value[FIELD_EPOCH].set || r.value[FIELD_EPOCH].number == 0)
		return false;
	key = &r.value[FIELD_KEY];
	ledger = &r.value[FIELD_LEDGER];
	former = &r.value[FIELD_FORMER];
	l->epoch = r.value[FIELD_EPOCH].number;
	l->former = former->set ? former->number : 0;
	l->by_root = r.value[FIELD_REVOKED].set;
	l->size = p->index + 1;
	return former->set == (l->epoch > 1) && ledger->set && ledger->size == strlen(origin) &&
	       memcmp(ledger->text, origin, ledger->size) == 0 && key->set &&
	       seal_verifier_read(&l->key, key->text, key->size, &ignored) == 0 && strcmp(l->key.name, origin) == 0;
}

int link_read(struct link **out, const char *origin, const char *line, size_t size, struct err *e)
{
	scoped(buf) struct buf text = BUF(PROOF_MOST);
	struct err ignored = { .kind = ERR_NONE };
	struct link l = { .epoch = 0 };
	struct proof_of p = { 0 };
	struct sighting s;

	*out = NULL;
	if (!sighting_proof(&text, line, size) || proof_parse(&p, text.data, text.size, &ignored) < 0 ||
	    !sighting_read(&s, p.note, p.note_size))
		return 0;
	p.head = s.at;
	if (proof_place(&p, &ignored) < 0 || !is_record(&l, origin, &p))
		return 0;
	*out = malloc(sizeof(**out));
	if (!*out)
		return err_sys(e, "memory for a handover");
	**out = l;
	return 0;
}

static bool is_signed(const struct seen *one, const struct seal_verifier *v)
{
	struct err ignored = { .kind = ERR_NONE };
	struct checkpoint c;

	return checkpoint_open(&c, v, one->note, strlen(one->note), &ignored) == 0;
}

/* Who hands over to it, as far as the record says; of two histories that both go on from there, either. */
static const struct seal_verifier *before(struct link **of, const struct sightings *s, const struct epochs *by, const struct link *l)
{
	const struct epoch *own = l->epoch <= by->count - by->handing ? &by->all[l->epoch - 1] : NULL;
	size_t i;

	*of = NULL;
	if (own && own->record == l->former)
		return &own->key;
	for (i = s->link_count; i-- > 0;)
		if (s->links[i]->epoch == l->epoch - 1 && s->links[i]->size == l->former + 1) {
			*of = s->links[i];
			return &(*of)->key;
		}
	return NULL;
}

/* Its thief could have signed it: the root alone could revoke, so that nobody hides by it what was there. */
static bool is_revoked(const struct epochs *by, size_t at)
{
	while (at > 0 && !by->all[at].revoked && !by->all[at].by_root)
		at--;
	return by->all[at].revoked > 0;
}

static bool is_there(const struct sightings *s, const struct link *l)
{
	size_t i;

	for (i = s->link_count; i-- > 0;)
		if (s->links[i]->size == l->size && memcmp(s->links[i]->key.key, l->key.key, sizeof(l->key.key)) == 0)
			return true;
	return false;
}

void links_join(struct sightings *s, const struct epochs *by)
{
	const struct seal_verifier *who;
	struct link *l, *former;
	size_t i;

	s->link_count = 0;
	for (i = 0; i < s->count; i++) {
		l = s->all[i].link;
		if (!l || is_there(s, l))
			continue;
		who = before(&former, s, by, l);
		if (!who || !is_signed(&s->all[i], l->by_root ? &by->all[0].key : who) || !is_signed(&s->all[i], &l->key))
			continue;
		l->until = UINT64_MAX;
		l->revoked = !l->by_root && (former ? former->revoked : is_revoked(by, l->epoch - 1));
		if (former && former->until > l->size)
			former->until = l->size;
		s->links[s->link_count++] = l;
	}
}

const struct link *links_sign(const struct sightings *s, const struct seen *one)
{
	const struct link *l;
	size_t i;

	for (i = s->link_count; i-- > 0;) {
		l = s->links[i];
		if (l->size <= one->at.size && one->at.size <= l->until && is_signed(one, &l->key))
			return l;
	}
	return NULL;
}
