/* evidence: what shows that one control operated over a time, for who was not there and has no reeve. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/evidence.h"

/* PACK:ITEM. Items may hold colons, packs do not. */
static int find_item(struct item *out, struct pack *p, const struct options *o, struct err *e)
{
	char folder[PACK_PATH], name[128];
	const char *colon = strchr(o->control, ':');
	size_t at;

	if (!colon || !colon[1] || snprintf(name, sizeof(name), "%.*s", (int)(colon - o->control), o->control) >= (int)sizeof(name))
		return err_set(e, ERR_INPUT, "--control %.80s: expected PACK:ITEM, such as PCI-DSS-4.0.1:6.3.2", o->control);
	if (packs_folder(folder, o->packs, e) < 0 || pack_load(p, folder, name, e) < 0 || pack_find(&at, p, colon + 1, e) < 0 ||
	    pack_item(out, p, at, e) < 0)
		return -1;
	return item_between(out, o, e);
}

/* With a call its run and its other half, without which nobody can read it. */
static int want(void *to, const struct joined *j, struct err *e)
{
	const struct record *const all[] = { j->own, j->run, j->other };
	struct evidence *v = to;
	size_t i;

	for (i = 0; i < count_of(all); i++)
		if (all[i] && leaves_want(v->leaves, all[i]->value[FIELD_N].number, e) < 0)
			return -1;
	if (leaves_count(v->leaves) > EVIDENCE_MOST)
		return err_set(e, ERR_INPUT, "more than %d records: narrow it by --from and --to", EVIDENCE_MOST);
	return 0;
}

static int make_folder(struct evidence *v, struct err *e)
{
	if (mkdir(v->folder, 0755) < 0)
		return errno == EEXIST ? err_set(e, ERR_INPUT, "%s is there already: name a folder that is not", v->folder)
				       : err_sys(e, "%s", v->folder);
	v->dir = open(v->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return v->dir < 0 ? err_sys(e, "%s", v->folder) : 0;
}

static int make(struct evidence *v, const char *ledger, struct asked_ledger *a, const char *how, struct err *e)
{
	v->records = asked_records(a);
	v->proof = calloc(1, sizeof(*v->proof));
	if (!v->proof)
		return err_sys(e, "memory for proofs");
	if (leaves_new(&v->leaves, v->records, e) < 0 || item_ask(&v->item, a, want, v, e) < 0 || make_folder(v, e) < 0)
		return -1;
	if (evidence_prove(v, ledger, e) < 0 || evidence_tell(v, how, e) < 0)
		return err_in(e, "%s is not whole: it has no README.md", v->folder);
	return 0;
}

static int told(const struct evidence *v)
{
	size_t i;

	for (i = 0; i < v->item.count; i++)
		printf("%-6s %8" PRIu64 "  %s\n", shows_met(&v->item.shows[i]) ? "ok" : "NOT", v->item.shows[i].found,
		       v->item.shows[i].about);
	printf("%s: %" PRIu64 " records with their proofs are in %s\n", item_met(&v->item) ? "as expected" : "NOT as expected",
	       leaves_count(v->leaves), v->folder);
	return item_met(&v->item) ? EXIT_WHOLE : EXIT_INTEGRITY;
}

int cmd_evidence(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	scoped(pack) struct pack p = { .items = NULL };
	char how[512], key[SEAL_VERIFIER_TEXT];
	struct seal_verifier verifier;
	scoped(evidence) struct evidence v = { .folder = o->second, .key = key, .dir = -1, .v = &verifier, .options = o };
	int status;

	if (!o->key || !o->control) {
		err_set(e, ERR_INPUT, "evidence needs --key KEY and --control PACK:ITEM");
		return EXIT_USAGE;
	}
	if (find_item(&v.item, &p, o, e) < 0)
		return EXIT_USAGE;
	if (key_read(&verifier, o->key, e) < 0)
		return -1;
	seal_verifier_text(key, &verifier);
	status = asked_begin(&a, how, ledger, o, e);
	if (status != 0)
		return status;
	return make(&v, ledger, a, how, e) < 0 ? -1 : told(&v);
}
