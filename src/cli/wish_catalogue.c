/* The catalogue of a run: which folder, which files, about whom; all of it checked before anything
 * starts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalogue/catalogue.h"
#include "cli/wish.h"

void wish_find_catalogue(struct wish *w)
{
	const char *policy = w->policy, *slash = policy ? strrchr(policy, '/') : NULL;
	char *room = w->catalogue_room;
	size_t size = sizeof(w->catalogue_room);
	struct stat st;

	if (w->catalogue)
		snprintf(room, size, "%s", w->catalogue);
	else if (!policy)
		snprintf(room, size, "%s/policies/catalogue", w->config);
	else if (stat(policy, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(room, size, "%s/catalogue", policy);
	else
		snprintf(room, size, "%.*scatalogue", slash ? (int)(slash - policy) + 1 : 0,
			 policy);
}

/* On the joined socket a tool is SERVER__TOOL: who cannot tell two servers apart calls the wrong
 * one. */
static int check_names(const struct tools *t, struct err *e)
{
	size_t i, j;

	for (i = 0; i < tools_count(t); i++)
		for (j = 0; j < i; j++)
			if (catalogue_alike(tools_server_name(t, i), tools_server_name(t, j)))
				return err_set(e, ERR_INPUT,
					       "tool servers %s and %s have names that look alike: "
					       "rename one",
					       tools_server_name(t, j), tools_server_name(t, i));
	return 0;
}

static size_t server_named(const struct tools *t, const char *name)
{
	size_t i;

	for (i = 0; i < tools_count(t) && strcmp(tools_server_name(t, i), name) != 0; i++)
		;
	return i;
}

/* Together, as the broker will have them. */
static int add_file(struct catalogue **all, struct wish *w, const struct policy_file *f,
		    struct err *e)
{
	struct catalogue_bytes *to = &w->catalogues[w->ask.catalogue_count];
	char about[CATALOGUE_SERVER];
	size_t server;

	if (catalogue_server(about, f->path, f->bytes, f->size, e) < 0)
		return -1;
	server = server_named(w->read_tools, about);
	if (server == tools_count(w->read_tools))
		return 0;
	if (!all[server] && catalogue_new(&all[server], about, e) < 0)
		return -1;
	*to = (struct catalogue_bytes){ server, f->name, f->bytes, f->size };
	w->ask.catalogue_count++;
	return catalogue_add(all[server], f->path, f->bytes, f->size, e);
}

int wish_read_catalogue(struct wish *w, struct err *e)
{
	struct catalogue *all[TOOLS_SERVERS] = { NULL };
	size_t i;
	int done = 0;

	wish_find_catalogue(w);
	if (check_names(w->read_tools, e) < 0)
		return -1;
	if (!w->catalogue && access(w->catalogue_room, F_OK) < 0)
		return 0;
	if (policy_dir_load(&w->words, w->catalogue_room, e) < 0)
		return err_in(e, "catalogue");
	w->catalogues = calloc(w->words.count + 1, sizeof(*w->catalogues));
	if (!w->catalogues)
		return err_sys(e, "memory for catalogues");
	for (i = 0; done == 0 && i < w->words.count; i++)
		done = add_file(all, w, &w->words.at[i], e);
	for (i = 0; i < TOOLS_SERVERS; i++)
		catalogue_free(all[i]);
	w->ask.catalogues = w->catalogues;
	return done < 0 ? err_in(e, "catalogue") : 0;
}
