#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/log.h"

static const struct command {
	const char *name, *takes, *does;
	int fewest, most;	/* operands */
	int (*run)(const char *ledger, const struct options *o, struct err *e);
} commands[] = {
	{ "verify", "LEDGER --key KEY", "prove that it is whole, unaltered", 1, 1, cmd_verify },
	{ "show", "LEDGER", "tell what was done, run by run", 1, 1, cmd_show },
	{ "publish", "LEDGER DIR --key KEY", "bring DIR up to date: C2SP tiles", 2, 2, cmd_publish },
	{ "proof", "LEDGER N --key KEY", "prove record N; of a DIR N-M too", 2, 2, cmd_proof },
	{ "proof", "--check FILE --key KEY", "check a proof, without a ledger", 0, 0, cmd_proof },
	{ "query", "LEDGER --where ..", "calls that match, with outcomes", 1, 1, cmd_query },
	{ "who", "LEDGER N", "who did N, for whom, which rule", 2, 2, cmd_who },
	{ "did", "LEDGER AGENT", "what an agent did, all of it", 2, 2, cmd_did },
	{ "absent", "LEDGER --where ..", "prove that nothing matches", 1, 1, cmd_absent },
	{ "stats", "LEDGER", "counts: refusals, repeats, ...", 1, 1, cmd_stats },
	{ "index", "LEDGER", "make its index, check all of it", 1, 1, cmd_index },
	{ "export", "LEDGER --as FORM", "every record for a log collector", 1, 1, cmd_export },
	{ "reconcile", "LEDGER --with LOG ..", "hold it against another's log", 1, 1, cmd_reconcile },
	{ "trace", "LEDGER N", "one call, and what came of it", 2, 2, cmd_trace },
	{ "report", "LEDGER --key KEY", "one HTML file that checks itself", 1, 1, cmd_report },
	{ "replay", "LEDGER RUN", "what the agent asked, and got", 2, 2, cmd_replay },
	{ "evidence", "LEDGER DIR --control C", "records and proofs for a control", 2, 2, cmd_evidence },
	{ "controls", "[LEDGER] --control P", "packs, and how a ledger stands", 0, 1, cmd_controls },
	{ "growth", "LEDGER SIZE --key KEY", "since SIZE, as a witness asks", 2, 2, cmd_growth },
	{ "spine", "SPINE [DIR] --key KEY", "every ledger it knows is there", 1, 2, cmd_spine },
	{ "trust", "--key KEY", "print it as a C2SP tlog-policy", 0, 0, cmd_trust },
};

/* Without `takes` it is a flag; "where" may be given again and again. */
static const struct option_row {
	const char *name, *takes, *does;
	size_t at;
} rows[] = {
	{ "key", "KEY", "file with the verifier key, or the key itself", offsetof(struct options, key) },
	{ "head", "N[:ROOT]", "verify: size (and root) that the ledger had before", offsetof(struct options, head) },
	{ "checkpoint", "FILE", "verify: the same, as a signed checkpoint", offsetof(struct options, checkpoint) },
	{ "signers", "FILE", "verify: who may review, as ssh's allowed_signers", offsetof(struct options, signers) },
	{ "second", "FILE", "verify: a log that has seen checkpoints of it", offsetof(struct options, sightings) },
	{ "trust", "FILE", "verify: logs and witnesses, as a C2SP tlog-policy", offsetof(struct options, trust) },
	{ "check", "FILE", "proof: the proof to check", offsetof(struct options, check) },
	{ "epochs", "VIEW", "proof --check, trust: a view whose epochs lead on", offsetof(struct options, epochs) },
	{ "epoch", "N", "growth: of the handover to epoch N", offsetof(struct options, epoch) },
	{ "run", "N", "show: only this run", offsetof(struct options, run) },
	{ "where", "NAME=PAT", "a field; also != < >; * any run; repeatable", offsetof(struct options, where) },
	{ "from", "TIME", "UTC: 2026-11-21 or 2026-11-21T04:30:00Z", offsetof(struct options, from) },
	{ "to", "TIME", "up to, and not including, that time", offsetof(struct options, to) },
	{ "text", "TEXT", "it stands in some text of the record", offsetof(struct options, text) },
	{ "after", "N", "records behind record N: the next page", offsetof(struct options, after) },
	{ "limit", "N", "at most so many", offsetof(struct options, limit) },
	{ "index", "FILE", "where its index lies; else in the user's cache", offsetof(struct options, index) },
	{ "no-index", NULL, "look nothing up in a cache: read the ledger", offsetof(struct options, no_index) },
	{ "no-states", NULL, "nor go by signed states: read all that is asked", offsetof(struct options, no_states) },
	{ "as", "FORM", "export: jsonl, csv, cef, syslog (RFC 5424) or ocsf", offsetof(struct options, as) },
	{ "cursor", "FILE", "export: how far it has come; the next goes on there", offsetof(struct options, cursor) },
	{ "with", "FILE", "reconcile: the other side's log, - for standard input", offsetof(struct options, with) },
	{ "map", "FILE", "reconcile: how its lines are read", offsetof(struct options, map) },
	{ "control", "PACK:ITEM", "evidence: which; controls: PACK", offsetof(struct options, control) },
	{ "payloads", "FILE", "replay: what reeve ledger reveal --json has printed", offsetof(struct options, payloads) },
	{ "packs", "DIR", "evidence, controls: where packs are, if not installed", offsetof(struct options, packs) },
	{ "follow", NULL, "publish, query, did, export: go on as it grows", offsetof(struct options, follow) },
	{ "csv", NULL, "query, did: as CSV", offsetof(struct options, csv) },
	{ "color", "WHEN", "auto, always or never", offsetof(struct options, color) },
	{ "json", NULL, "for programs; show, proof: the record as it is stored", offsetof(struct options, json) },
};

static int help(void)
{
	size_t i;

	puts("reeve-audit: read and prove a ledger; never writes to it.\n");
	for (i = 0; i < count_of(commands); i++)
		printf("  reeve-audit %-9s %-22s %s\n", commands[i].name, commands[i].takes, commands[i].does);
	puts("\nLEDGER is a ledger's directory or a copy of its journal. What each takes:\n  reeve-audit WORD --help\n");
	puts("Example:\n  reeve-audit verify ~/.local/state/reeve/ledgers/default \\\n"
	     "      --key ~/.local/state/reeve/keys/default.pub\n\n"
	     "verify and publish exit 0 whole, 1 altered, 2 usage, 3 could not, 4 wrong key or\n"
	     "signature, 5 records missing at the end, 6 intents open, 7 unfinished tail,\n9 a payload missing or changed, 10 records under a revoked key, 11 no quorum of\nwitnesses as --trust asks.");
	return 0;
}

/* Asked for behind a word. */
static int help_options(void)
{
	size_t i;

	puts("Options; reeve-audit(1) and reeve-ledger(5) say which word takes which.\n");
	for (i = 0; i < count_of(rows); i++)
		printf("  --%-10s %-9s %s\n", rows[i].name, rows[i].takes ? rows[i].takes : "", rows[i].does);
	puts("\nExample:\n  reeve-audit query LEDGER --where verdict=refuse --from 2026-11-20 --limit 20");
	return 0;
}

static int wrong_usage(const char *why, const char *what)
{
	log_say("%s%s; try reeve-audit --help", why, what);
	return EXIT_USAGE;
}

static int set_option(struct options *o, char **args, int *used)
{
	const char *name = args[0] + 2, *equals = strchr(name, '=');
	size_t size = equals ? (size_t)(equals - name) : strlen(name), i;
	const char **to;

	for (i = 0; i < count_of(rows); i++) {
		if (strlen(rows[i].name) != size || strncmp(rows[i].name, name, size) != 0)
			continue;
		if (!rows[i].takes) {
			*(bool *)(void *)((char *)o + rows[i].at) = true;
			return equals ? -1 : 0;
		}
		*used += equals ? 0 : 1;
		if (!equals && !args[1])
			return -1;
		to = (const char **)(void *)((char *)o + rows[i].at);
		if (to == o->where && o->where_count == count_of(o->where))
			return -1;
		if (to == o->where)
			to += o->where_count++;
		*to = equals ? equals + 1 : args[1];
		return 0;
	}
	return -1;
}

/* "auto" is settled here, once: colour on a terminal that did not ask for none. */
static bool settle_color(struct options *o)
{
	static const char *const words[] = { "auto", "always", "never" };
	size_t i;

	if (!o->color)
		o->color = "auto";
	for (i = 0; i < count_of(words) && strcmp(words[i], o->color) != 0; i++)
		;
	if (i == 0)
		o->color = isatty(STDOUT_FILENO) ? "always" : "never";
	return i < count_of(words);
}

static int run_command(const struct command *c, const char *ledger, const struct options *o)
{
	struct err e = { .kind = ERR_NONE };
	int status = seal_ready(&e) < 0 ? -1 : c->run(ledger, o, &e);

	if (e.kind && status != EXIT_WHOLE)
		log_say("%s", e.text);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0)
		return EXIT_COULD_NOT;
	return status < 0 ? EXIT_COULD_NOT : status;
}

/* The form of a word that takes so many operands; NULL and *why if there is none. */
static const struct command *find_command(const char **why, const char *name, int operands)
{
	size_t i;

	*why = "there is no word ";
	for (i = 0; i < count_of(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (operands >= commands[i].fewest && operands <= commands[i].most)
			return &commands[i];
		*why = operands < commands[i].fewest ? "which ledger? Too few words behind " : "too many words behind ";
	}
	return NULL;
}

/* Operands into `ledger` and `second`, the rest into options. -1: said what is wrong. */
static int read_arguments(const char **ledger, struct options *o, char **argv, int argc)
{
	int at, count = 0;

	for (at = 2; at < argc; at++) {
		if (strncmp(argv[at], "--", 2) == 0) {
			if (set_option(o, argv + at, &at) < 0)
				return -wrong_usage("unknown or incomplete option ", argv[at] ? argv[at] : argv[at - 1]);
		} else if (count == 2) {
			return -wrong_usage("one ledger at a time: ", argv[at]);
		} else {
			*(count++ == 0 ? ledger : &o->second) = argv[at];
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	struct options o = { .json = false };
	const char *ledger = NULL, *why;
	const struct command *c;
	int at, operands;

	log_name("reeve-audit");
	if (argc < 2)
		return wrong_usage("say what to do", "");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return help();
	for (at = 2; at < argc; at++)
		if (strcmp(argv[at], "--help") == 0)
			return help_options();
	operands = read_arguments(&ledger, &o, argv, argc);
	if (operands < 0)
		return -operands;
	c = find_command(&why, argv[1], operands);
	if (!c)
		return wrong_usage(why, argv[1]);
	if (!settle_color(&o))
		return wrong_usage("--color takes auto, always or never, not ", o.color);
	return run_command(c, ledger, &o);
}
