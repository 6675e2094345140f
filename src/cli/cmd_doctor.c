/* reeve doctor: what this machine gives a jail, what each missing layer costs, and what mends it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/rows.h"
#include "cli/settings.h"
#include "json/json.h"
#include "launcher/doctor.h"

static const char *const states[] = {
	[DOCTOR_FINE] = "fine", [DOCTOR_NOTE] = "note", [DOCTOR_MISSING] = "missing"
};

static void say_costs(const char *costs, const char *fix)
{
	if (costs)
		row_print(10, 7, "costs:", costs);
	if (fix[0])
		row_print(10, 7, "fix:", fix);
}

static void say_fact(const struct doctor_fact *f)
{
	printf("%-7s %-12s %.58s\n", states[f->state], f->name, f->value);
	say_costs(f->costs, f->fix);
}

static void say_layer(const struct doctor_layer *l)
{
	const char *state = l->is.tested ? "fine" : l->is.obtained ? "untried" : "missing";

	printf("%-7s %-12s %s, %s\n", state, l->name,
	       l->is.obtained ? "obtained" : "not obtained", l->is.tested ? "tested" : "untested");
	say_costs(l->costs, l->fix);
}

static void say_all(const struct doctor *d)
{
	size_t i, used = 0;
	char words[160] = "";

	puts("what there is:");
	for (i = 0; i < d->fact_count; i++)
		say_fact(&d->facts[i]);
	puts("\nlayers, in a jail that was built and thrown away:");
	for (i = 0; i < d->layer_count; i++)
		say_layer(&d->layers[i]);
	if (d->jail.kind != ERR_NONE)
		printf("\nno jail stands here: %s\n", d->jail.text);
	for (i = 0; i < d->layer_count && used < sizeof(words); i++)
		if (!d->layers[i].is.obtained)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s", used ? "," : "",
						 d->layers[i].name);
	if (used)
		printf("\nto run here all the same:\n  reeve run --without=%s ...\n", words);
	else if (d->jail.kind == ERR_NONE)
		puts("\nevery layer can be had");
}

static json_t *fact_json(const struct doctor_fact *f)
{
	return json_pack("{ssssss}", "name", f->name, "state", states[f->state], "value", f->value);
}

static json_t *layer_json(const struct doctor_layer *l)
{
	return json_pack("{sssbsbsi}", "name", l->name, "obtained", l->is.obtained, "tested", l->is.tested,
			 "detail", (int)l->is.detail);
}

/* Appends; members that have nothing to say are left out. */
static void add(json_t *list, json_t *one, const char *costs, const char *fix)
{
	if (costs)
		json_object_set_new(one, "costs", json_string(costs));
	if (fix[0])
		json_object_set_new(one, "fix", json_string(fix));
	json_array_append_new(list, one);
}

static int write_all(const struct doctor *d, struct err *e)
{
	scoped(json) json_t *root = json_pack("{sssbs[]s[]}", "reeve", "doctor/1", "fine", doctor_is_fine(d),
					      "facts", "layers");
	struct buf text = BUF(1 << 16);
	size_t i;
	bool done;

	for (i = 0; i < d->fact_count; i++)
		add(json_object_get(root, "facts"), fact_json(&d->facts[i]), d->facts[i].costs,
		    d->facts[i].fix);
	for (i = 0; i < d->layer_count; i++)
		add(json_object_get(root, "layers"), layer_json(&d->layers[i]), d->layers[i].costs,
		    d->layers[i].fix);
	if (d->jail.kind != ERR_NONE)
		json_object_set_new(root, "jail", json_string(d->jail.text));
	done = root && json_write(&text, root) && fwrite(text.data, 1, text.size, stdout) == text.size &&
	       putchar('\n') == '\n' && fflush(stdout) == 0;
	buf_free(&text);
	return done ? 0 : err_sys(e, "doctor: standard output");
}

static void print_help(const struct option_row *rows)
{
	puts("usage: reeve doctor [--json]\n\n"
	     "Tries every layer of a jail on this machine, and says what each missing one\n"
	     "costs and what mends it. Starts no agent and writes nothing.\n");
	options_print(rows);
	puts("\nexit status: 0 every layer can be had, 1 something is missing, 3 could not look\n\n"
	     "example:\n  reeve doctor --json | jq '.layers[] | select(.obtained | not)'");
}

/* A configuration that cannot be read is a run's to complain of. */
static void look_service(struct doctor *d)
{
	struct settings s = { 0 };
	struct err ignored = { .kind = ERR_NONE };
	char folder[LAUNCH_TEXT];

	if (paths_config(folder, &ignored) == 0 && settings_load(&s, folder, &ignored) == 0 && s.service.socket)
		doctor_look_service(d, &s.service);
	settings_free(&s);
}

int cmd_doctor(int argc, char **argv, struct err *e)
{
	bool help = false, as_json = false;
	const struct option_row rows[] = {
		{ "json", NULL, OPTION_FLAG, &as_json, "one JSON object", NULL },
		{ "help", NULL, OPTION_FLAG, &help, "print this", NULL },
		{ 0 },
	};
	int operands = options_read(argc, argv, rows, e);
	struct doctor d = { 0 };

	if (operands >= 0 && operands < argc)
		operands = err_set(e, ERR_INPUT, "takes no operand \"%s\"", argv[operands]);
	if (operands < 0)
		return usage_error("doctor", e);
	if (help) {
		print_help(rows);
		return EXIT_DONE;
	}
	look_service(&d);
	doctor_look(&d);
	if (as_json && write_all(&d, e) < 0)
		return -1;
	if (!as_json)
		say_all(&d);
	if (fflush(stdout) != 0)
		return err_sys(e, "doctor: standard output");
	return doctor_is_fine(&d) ? EXIT_DONE : EXIT_DIFFERS;
}
