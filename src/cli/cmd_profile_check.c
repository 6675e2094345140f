#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/cmd_profile.h"
#include "cli/profiles.h"
#include "cli/rows.h"
#include "json/json.h"

struct check {
	const char *threshold, *workspace;
	bool json, help;
	unsigned most; /* tenths; 100: any */
	json_t *all;   /* one object a file */
};

static void add_point(void *to, const struct profile_point *point)
{
	json_t *row = json_object();

	json_object_set_new(row, "id", json_string(point->id));
	json_object_set_new(row, "weight", json_real(point->tenths / 10.0));
	json_object_set_new(row, "what", json_string(point->what));
	json_object_set_new(row, "names",
			    json_string(point->names ? point->names : "too many to name"));
	json_object_set_new(row, "instead", json_string(point->instead));
	json_array_append_new(to, row);
}

static void print_points(json_t *points)
{
	char left[64], said[9000];
	json_t *row;
	size_t i;

	json_array_foreach(points, i, row) {
		if (json_real_value(json_object_get(row, "weight")) > 0)
			snprintf(left, sizeof(left), "%3.1f  %s",
				 json_real_value(json_object_get(row, "weight")),
				 json_text(row, "id"));
		else
			snprintf(left, sizeof(left), "note %s", json_text(row, "id"));
		snprintf(said, sizeof(said), "%s%s%s", json_text(row, "names"),
			 *json_text(row, "names") ? ": " : "", json_text(row, "what"));
		row_print(2, 24, left, said);
		snprintf(said, sizeof(said), "lower it: %s", json_text(row, "instead"));
		row_print(2, 24, "", said);
	}
}

static int check_one(struct check *c, const char *name, struct err *e)
{
	scoped(profile) struct profile *p = NULL;
	json_t *row, *points;
	char path[PATH_MAX];
	unsigned tenths;

	if (profile_read(&p, path, name, e) < 0)
		return -1;
	row = json_object();
	points = json_array();
	tenths = profile_exposure(p, c->workspace, add_point, points);
	json_object_set_new(row, "file", json_string(path));
	json_object_set_new(row, "profile", json_string(profile_name(p)));
	json_object_set_new(row, "exposure", json_real(tenths / 10.0));
	json_object_set_new(row, "points", points);
	json_array_append_new(c->all, row);
	if (!c->json) {
		printf("%s: exposure %u.%u of 10\n", path, tenths / 10, tenths % 10);
		print_points(points);
	}
	return tenths > c->most ? EXIT_DIFFERS : EXIT_DONE;
}

static int check_all(struct check *c, char **names, struct err *e)
{
	scoped(buf) struct buf out = BUF(1 << 22);
	int status = EXIT_DONE, one;

	for (; *names; names++) {
		one = check_one(c, *names, e);
		if (one < 0) {
			fflush(stdout);
			log_say("%s", e->text);
			one = EXIT_USAGE;
		}
		status = one > status ? one : status;
	}
	if (c->json && json_write(&out, c->all) && buf_puts(&out, "\n"))
		fwrite(out.data, 1, out.size, stdout);
	return status;
}

/* "2", "2.5": tenths of 0 to 10. */
static int read_threshold(struct check *c, struct err *e)
{
	const char *text = c->threshold;
	char *end = NULL;
	double value;

	c->most = 100;
	if (!text)
		return 0;
	value = text[0] >= '0' && text[0] <= '9' && !strpbrk(text, "xXeE") ? strtod(text, &end)
									   : -1;
	if (!end || *end || value < 0 || value > 10)
		return err_set(e, ERR_INPUT,
			       "--threshold takes a number from 0 to 10, not \"%.40s\"", text);
	c->most = (unsigned)(value * 10 + 1e-6);
	return 0;
}

static int help(const struct option_row *rows)
{
	printf("usage: reeve profile check [options] NAME|FILE...\n\n");
	options_print(rows);
	printf("\nexposure is 0 (best) to 10: the sum of what each point weighs.\n"
	       "exit status: 0, 1 above the threshold, 2 a profile is malformed.\n"
	       "\nexample:\n  reeve profile check --threshold 2 ~/agents/mine.json\n");
	return EXIT_DONE;
}

int cmd_profile_check(int argc, char **argv, struct err *e)
{
	struct check c = { .threshold = NULL };
	const struct option_row rows[] = {
		{ "threshold", "N", OPTION_TEXT, &c.threshold, "the most exposure that is accepted",
		  NULL },
		{ "workspace", "DIR", OPTION_TEXT, &c.workspace,
		  "judge it with this as workspace, too", NULL },
		{ "json", NULL, OPTION_FLAG, &c.json, "for programs", NULL },
		{ "help", NULL, OPTION_FLAG, &c.help, "print this", NULL },
		{ 0 },
	};
	int first = options_anywhere(argc, argv, rows, e), status;
	char workspace[PATH_MAX];

	if (first >= 0 && c.help)
		return help(rows);
	if (first >= 0 && first == argc)
		first = err_set(e, ERR_INPUT, "which NAME or FILE?");
	if (first >= 0 && c.workspace && !realpath(c.workspace, workspace))
		first = err_sys(e, "--workspace %s", c.workspace);
	if (first < 0 || read_threshold(&c, e) < 0)
		return profile_usage("check", e);
	c.workspace = c.workspace ? workspace : NULL;
	c.all = json_array();
	status = check_all(&c, argv + first, e);
	json_decref(c.all);
	return status;
}
