/* Payloads between brokers and the vault: which class and day they are of, and what of them a record says. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "recorder/recorder.h"

static bool is_text(const struct field_value *v, const char *text)
{
	return v->set && v->size == strlen(text) && memcmp(v->text, text, v->size) == 0;
}

int vault_open_beside(struct vault **out, const char *dir, const char *key_path, const struct seal_verifier *root, struct err *e)
{
	char path[PATH_MAX];

	if (signing_beside(path, key_path, ".vault", e) < 0)
		return -1;
	return vault_open(out, dir, path, root->name, NULL, e);
}

/* What is to be approved is what the record is about: nothing else is ever shown as that. */
static bool is_of_digest(const struct record *record, const void *bytes, size_t size)
{
	char found[SEAL_DIGEST_TEXT];

	seal_digest(found, size ? bytes : "", size);
	return is_text(&record->value[FIELD_DIGEST], found);
}

/* The record of a payload that is stored: until it is appended it borrows from r->place. */
static int put(struct recorder *r, const struct buf *payload, struct record *record, struct err *e)
{
	const struct field_value *class = &record->value[FIELD_RETENTION];
	struct vault_at at = { .class = VAULT_OPERATIONAL, .day = (unsigned)(clock_wall_us() / 86400000000u) };

	if (class->set && !vault_class_read(&at.class, class->text, class->size))
		return err_set(e, ERR_PEER, "a payload of a class that there is not: %.*s", (int)class->size, class->text);
	if (vault_put(&r->place, r->vault, &at, ledger_order(r->ledger)->next, payload->data, payload->size, e) < 0)
		return -1;
	record_text(record, FIELD_COMMITMENT, r->place.commitment);
	record_text(record, FIELD_SEALED, r->place.sealed);
	record_text(record, FIELD_VAULT, r->place.where);
	return 0;
}

int vault_keep(struct recorder *r, const struct client *c, uint64_t tag, struct record *record, struct err *e)
{
	if (c->payload_tag != tag || (c->payload.size == 0 && !c->payload.over))
		return 0;
	if (is_text(&record->value[FIELD_RETENTION], "none") ||
	    (record->kind == RECORD_HELD && !is_of_digest(record, c->payload.data, c->payload.size)))
		return 0;
	if (c->payload.over)
		return err_set(e, ERR_LIMIT, "no memory for a payload");
	return put(r, &c->payload, record, e);
}

/* What is shown to whoever has to decide is what the record committed to, or it is not shown. */
bool vault_recall(struct recorder *r, struct hold *h)
{
	struct err e = { .kind = ERR_NONE };
	char commitment[BOX_COMMITMENT_TEXT];
	struct vault_plain p = { 0 };
	size_t size;

	if (!h->record.value[FIELD_VAULT].set || vault_get(&p, r->vault, h->index, &e) != VAULT_GOT)
		return false;
	size = p.size - BOX_SALT;
	box_commitment(commitment, p.bytes, p.bytes + BOX_SALT, size);
	if (is_text(&h->record.value[FIELD_COMMITMENT], commitment) && is_of_digest(&h->record, p.bytes + BOX_SALT, size))
		h->payload = malloc(size + 1);
	if (h->payload) {
		memcpy(h->payload, p.bytes + BOX_SALT, size);
		h->payload_size = size;
	}
	vault_plain_free(&p);
	return h->payload != NULL;
}
