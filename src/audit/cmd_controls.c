/* controls: which packs there are, what is in one, and how each of its items stands in a ledger. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/controls.h"

static int is_pack(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot && strcmp(dot, ".json") == 0;
}

static int list_packs(const char *folder, struct err *e)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_pack, alphasort), i, done = 0;

	if (count < 0)
		return err_sys(e, "--packs %s", folder);
	for (i = 0; i < count; i++) {
		scoped(pack) struct pack p = { .items = NULL };

		*strrchr(names[i]->d_name, '.') = '\0';
		if (done == 0)
			done = pack_load(&p, folder, names[i]->d_name, e);
		if (done == 0)
			printf("%-16s %3zu items  %s\n", names[i]->d_name, pack_count(&p), json_text(p.file.root, "name"));
		free(names[i]);
	}
	free(names);
	return done;
}

static int tell_json(const struct item *i, bool asked, struct err *e)
{
	scoped(buf) struct buf line = BUF(1 << 20);
	scoped(json) json_t *all = json_pack("{s:s, s:s, s:s}", "pack", i->pack, "item", i->id, "about", i->about);
	json_t *shows = json_array();
	size_t at;

	for (at = 0; at < i->count; at++) {
		json_t *one = json_pack("{s:s, s:s, s:O}", "about", i->shows[at].about, "expect", expect_word(i->shows[at].expect),
					"where", i->shows[at].where);

		if (asked)
			json_object_set_new(one, "found", json_integer((json_int_t)i->shows[at].found));
		json_array_append_new(shows, one);
	}
	json_object_set_new(all, "shows", shows);
	if (asked)
		json_object_set_new(all, "met", json_boolean(item_met(i)));
	if (!json_write(&line, all))
		return err_set(e, ERR_SYSTEM, "no memory");
	printf("%.*s\n", (int)line.size, line.data);
	return 0;
}

static void tell(const struct item *i, bool asked)
{
	size_t at;

	printf("%-6s %s  %s\n", asked ? item_met(i) ? "ok" : "NOT" : "", i->id, i->about);
	for (at = 0; asked && at < i->count; at++)
		printf("%-6s %8" PRIu64 "  %s\n", shows_met(&i->shows[at]) ? "" : "  NOT", i->shows[at].found, i->shows[at].about);
}

/* `a` NULL: what it asks, not what it finds. */
static int list_items(bool *met, const struct pack *p, struct asked_ledger *a, const struct options *o, struct err *e)
{
	struct item item;
	size_t i;

	for (i = 0, *met = true; i < pack_count(p); i++) {
		if (pack_item(&item, p, i, e) < 0 || item_between(&item, o, e) < 0 || (a && item_ask(&item, a, NULL, NULL, e) < 0))
			return -1;
		*met = *met && (!a || item_met(&item));
		if (!o->json)
			tell(&item, a != NULL);
		else if (tell_json(&item, a != NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* Without a ledger: the packs, or one by --control. With one, how the items of --control PACK stand in it. */
int cmd_controls(const char *ledger, const struct options *o, struct err *e)
{
	scoped(asked_ledger) struct asked_ledger *a = NULL;
	scoped(pack) struct pack p = { .items = NULL };
	char folder[PACK_PATH], how[512];
	bool met;
	int status;

	if (ledger && !o->control) {
		err_set(e, ERR_INPUT, "controls of a ledger: say which, by --control PACK");
		return EXIT_USAGE;
	}
	if (packs_folder(folder, o->packs, e) < 0)
		return EXIT_USAGE;
	if (!o->control)
		return list_packs(folder, e);
	if (pack_load(&p, folder, o->control, e) < 0)
		return EXIT_USAGE;
	status = ledger ? asked_begin(&a, how, ledger, o, e) : 0;
	if (status != 0)
		return status;
	if (list_items(&met, &p, a, o, e) < 0)
		return -1;
	if (a)
		asked_passed(how, a);
	if (a)
		fprintf(stderr, "reeve-audit: %s\n", how);
	return met ? EXIT_WHOLE : EXIT_INTEGRITY;
}
