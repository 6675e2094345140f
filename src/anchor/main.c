/*
 * reeve-anchor: tells others how far a ledger has come, so that whoever can change the ledger would have to change what they
 * keep, too. It holds no key; what it says of them the recorder writes down.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor/anchor.h"
#include "base/fd.h"
#include "base/log.h"

enum { EXIT_USAGE = 2, EXIT_COULD_NOT = 3, GIVEN_FD = 3 };

static int read_number(uint64_t *out, const char *name, const char *value, uint64_t most, struct err *e)
{
	char *end;

	*out = strtoull(value, &end, 10);
	if (value[0] < '1' || value[0] > '9' || *end || *out > most)
		return err_set(e, ERR_INPUT, "%s=%.32s: expected a number from 1 to %llu", name, value, (unsigned long long)most);
	return 0;
}

static int add_duty(struct charge *c, const struct duty_kind *kind, const char *value, struct err *e)
{
	struct duty *d = &c->duties[c->count];

	if (c->count == DUTIES)
		return err_set(e, ERR_LIMIT, "more than %d places to tell", DUTIES);
	*d = (struct duty){ .kind = kind, .of = c, .fd = -1, .out = -1 };
	if (kind->read(d, value, e) < 0)
		return -1;
	c->count++;
	return 0;
}

static int read_option(struct charge *c, const char *word, struct err *e)
{
	const char *equals = strchr(word, '=');
	size_t size = equals ? (size_t)(equals - word) : 0;
	const struct duty_kind *kind = duty_kind_of(word, size);

	if (kind)
		return add_duty(c, kind, equals + 1, e);
	if (size == 5 && strncmp(word, "every", 5) == 0)
		return read_number(&c->every_s, "every", equals + 1, EVERY_MOST_S, e);
	if (size == 6 && strncmp(word, "quorum", 6) == 0)
		return read_number(&c->quorum, "quorum", equals + 1, DUTIES, e);
	if (size == 5 && strncmp(word, "state", 5) == 0)
		c->state = equals + 1;
	else if (size == 3 && strncmp(word, "key", 3) == 0)
		c->key = equals + 1;
	else
		return err_set(e, ERR_INPUT, "%.64s: no option of reeve-anchor keep", word);
	return 0;
}

/* Whoever started us may have given us connections, since their names can be gone by now: to the spine's recorder, to ours. */
static int hear_connections(struct charge *c, struct err *e)
{
	struct wire w = { .fd = GIVEN_FD, .me = ROLE_ANCHOR, .peer = ROLE_LAUNCHER, .now = PHASE_STARTING };
	struct msg *m = malloc(sizeof(*m));
	int got = m ? WIRE_MESSAGE : err_sys(e, "memory");

	while (got == WIRE_MESSAGE && c->recorder < 0) {
		got = wire_receive(&w, m, true, e);
		if (got == WIRE_MESSAGE)
			*(m->body[0] ? &c->spine : &c->recorder) = m->fds[0];
	}
	free(m);
	close(GIVEN_FD);
	return got == WIRE_CLOSED ? err_set(e, ERR_PEER, "no connection came on descriptor %d", GIVEN_FD) : got < 0 ? -1 : 0;
}

static int connect_recorder(struct charge *c, const char *path, struct err *e)
{
	if (strcmp(path, "-") != 0)
		return anchor_dial(&c->recorder, path, true, e);
	if (hear_connections(c, e) < 0)
		return -1;
	return anchor_greet(c->recorder, true, e);
}

static int open_known(int *out, const char *path, struct err *e)
{
	if (path)
		*out = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	return path && *out < 0 ? err_sys(e, "%s", path) : 0;
}

/* All places have their process before this one gives up what it takes to make one. */
static int start_all(struct charge *c, struct err *e)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (duty_start(c, &c->duties[i], e) < 0)
			return -1;
	fd_close(&c->spine);
	return jail_self(JAIL_ANCHOR, e);
}

static int do_keep(char **args, struct err *e)
{
	struct charge *c = calloc(1, sizeof(*c));
	char **word;
	int done = 0;

	if (!c)
		return err_sys(e, "memory");
	*c = (struct charge){ .ledger = args[1], .every_s = EVERY_S, .spine = -1, .recorder = -1, .known = -1 };
	for (word = args + 2; done == 0 && *word; word++)
		done = read_option(c, *word, e);
	if (done == 0 && (connect_recorder(c, args[0], e) < 0 || open_known(&c->known, c->state, e) < 0 || start_all(c, e) < 0))
		done = -1;
	if (done == 0) {
		known_read(c);
		done = keep_run(c, e);
	}
	free(c);
	return done;
}

static int do_enter(char **args, struct err *e)
{
	return jail_self(JAIL_ANCHOR, e) < 0 ? -1 : spine_enter_ledger(args, e);
}

static const struct word {
	const char *name, *takes;
	int fewest;
	bool more;
	int (*run)(char **args, struct err *e);
} words[] = {
	{ "keep", "SOCKET LEDGER [NAME=VALUE ...]", 2, true, do_keep },
	{ "enter", "LEDGER SPINESOCKET KEYFILE", 3, false, do_enter },
};

static int usage(void)
{
	size_t i;

	for (i = 0; i < count_of(words); i++)
		log_say("usage: reeve-anchor %s %s", words[i].name, words[i].takes);
	return EXIT_USAGE;
}

/* It ends when the recorder hangs up, as that does after its last run: not by what is meant for an agent. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	size_t i;

	for (i = 0; i < count_of(ignored); i++)
		sigaction(ignored[i], &ignore, NULL);
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };
	size_t i;
	int done;

	log_name("reeve-anchor");
	for (i = 0; argc > 1 && i < count_of(words); i++) {
		if (strcmp(argv[1], words[i].name) != 0)
			continue;
		if (argc < 2 + words[i].fewest || (!words[i].more && argc > 2 + words[i].fewest))
			return usage();
		ignore_signals();
		done = seal_ready(&e) < 0 ? -1 : words[i].run(argv + 2, &e);
		if (done < 0)
			log_say("%s", e.text);
		return done < 0 ? EXIT_COULD_NOT : 0;
	}
	return usage();
}
