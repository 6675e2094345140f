/* Who may approve what is held in a run, and who is told that it is. */
#include <stdlib.h>
#include <string.h>

#include "cli/wish.h"

static int list_groups(struct wish *w, struct err *e)
{
	struct reviewers_list list;
	size_t count = 0, i;

	while (reviewers_list(&list, w->reviewers, count))
		count++;
	w->groups = calloc(count + 1, sizeof(*w->groups));
	if (!w->groups)
		return err_sys(e, "memory for reviewers");
	for (i = 0; i < count && reviewers_list(&list, w->reviewers, i); i++)
		w->groups[i] = (struct review_group){ list.name, list.members, list.count };
	w->ask.groups = w->groups;
	w->ask.group_count = count;
	return 0;
}

int wish_read_reviewers(struct wish *w, struct err *e)
{
	const char *bytes;
	size_t size;

	if (reviewers_load(&w->reviewers, w->config, e) < 0 || list_groups(w, e) < 0)
		return -1;
	bytes = reviewers_signers(w->reviewers, &size);
	w->ask.signers = size ? bytes : NULL;
	w->ask.signers_size = size;
	return 0;
}

/* What is set for all runs, and what the command line says instead. */
int wish_read_settings(struct wish *w, struct err *e)
{
	if (settings_load(&w->settings, w->config, e) < 0)
		return -1;
	w->ask.epoch = w->settings.epoch;
	w->ask.review_socket = w->settings.review_socket;
	w->ask.review_group = w->settings.review_group;
	w->ask.second = w->settings.second[0] ? w->settings.second : NULL;
	w->ask.spine = w->settings.spine;
	w->ask.service = w->settings.service;
	w->ask.on_alert = w->settings.on_alert[0] ? w->settings.on_alert : NULL;
	w->ask.syslog = w->settings.no_syslog ? NULL : w->settings.syslog ? w->settings.syslog : "/dev/log";
	if (w->on_held && !*w->on_held)
		return err_set(e, ERR_INPUT, "--on-held needs a command");
	if (w->on_held) {
		w->held_words[0] = "sh";
		w->held_words[1] = "-c";
		w->held_words[2] = w->on_held;
		w->ask.on_held = w->held_words;
	} else if (w->settings.on_held[0]) {
		w->ask.on_held = w->settings.on_held;
	}
	return 0;
}
