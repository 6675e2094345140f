/*
 * reeve-recorder: the only writer of a ledger and the only holder of its signing key. It parses no
 * JSON, sees no network and executes nothing: it confines itself before it reads or opens anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "jail/jail.h"
#include "ledger/place.h"
#include "recorder/recorder.h"

enum { READY_FD = 3, EXIT_USAGE = 2, EXIT_COULD_NOT = 3 };

/* "-" in the place of a socket: it was made by who started us, and lies where else our word would go. */
static bool is_activated(char **args)
{
	return strcmp(args[2], "-") == 0;
}

static int ready(struct err *e)
{
	if (fd_write_all(READY_FD, "ready\n", 6, e) < 0)
		return err_in(e, "descriptor 3");
	close(READY_FD);
	return 0;
}

static int unlink_one(const char *path, struct err *e)
{
	return path && unlink(path) < 0 && errno != ENOENT ? err_sys(e, "socket %s", path) : 0;
}

/*
 * The sockets go first: who comes now starts a recorder of its own, and waits for our lock. Those that were passed to us
 * stay, and who comes now waits there.
 */
static int end(struct recorder *r, char **args, const struct recorder_options *o, struct err *e)
{
	if (!r->activated && (unlink_one(args[2], e) < 0 || unlink_one(o->review, e) < 0))
		return -1;
	fd_close(&r->listener);
	fd_close(&r->guests);
	return vault_finish(r->vault, e) < 0 ? -1 : ledger_finish(r->ledger, e);
}

static int make_doors(struct recorder *r, char **args, const struct recorder_options *o, struct err *e)
{
	if (listen_at(&r->listener, args[2], e) < 0)
		return -1;
	if (o->review && listen_for(&r->guests, o->review, o->group, e) < 0)
		return err_in(e, "for reviewers");
	return 0;
}

/* And whom it believes there. */
static int activate(struct recorder *r, const struct recorder_options *o, struct err *e)
{
	if (activated_doors(r, e) < 0 || claims_signers_load(r, o->signers, e) < 0)
		return -1;
	return owners_open(&r->owners, o->owners, e);
}

/* All that is ever opened is open when this returns. */
static int open_all(struct recorder *r, char **args, const struct recorder_options *o, struct err *e)
{
	if (vault_open_beside(&r->vault, args[0], args[1], signing_root(r->signing), e) < 0 || signers_open(&r->signers, args[0], true, e) < 0 || vouch_load(r, args[1], e) < 0)
		return -1;
	if (r->activated ? activate(r, o, e) < 0 : make_doors(r, args, o, e) < 0)
		return -1;
	return jail_self(JAIL_RECORDER_SERVING, e);
}

static int do_serve(char **args, const struct recorder_options *o, struct err *e)
{
	struct recorder r = { .listener = -1,
			      .guests = -1,
			      .stop = -1,
			      .activated = is_activated(args),
			      .tenant = o->tenant,
			      .rotation = { o->epoch_hours * UINT64_C(3600000000), o->epoch_records, 0, 0, 0 },
			      .idle_ns = o->idle_s * UINT64_C(1000000000) };
	int done = o->agent ? err_set(e, ERR_INPUT, "root=ssh-agent is for init: who serves needs no root")
			    : signing_open_at(&r.signing, args[1], o->credential, e);

	if (done == 0 && (done = place_claim(args[0], args[1], e)) == 0)
		done = ledger_open_by(&r.ledger, args[0], r.signing, NULL, e);
	if (done == LEDGER_BUSY) {
		err_set(e, ERR_LIMIT, "ledger %s is held by another recorder", args[0]);
		done = EXIT_BUSY;
	}
	if (done == LEDGER_OPENED && o->segment)
		ledger_segments(r.ledger, o->segment);
	if (done == LEDGER_OPENED && (open_all(&r, args, o, e) < 0 || (!r.activated && ready(e) < 0) || recorder_serve(&r, e) < 0 ||
				      end(&r, args, o, e) < 0))
		done = -1;
	recorder_free(&r);
	return done;
}

static int do_init(char **args, const struct recorder_options *o, struct err *e)
{
	return recorder_init(args, o, e);
}

static int do_revoke(char **args, const struct recorder_options *o, struct err *e)
{
	(void)o;
	return recorder_revoke(args, e);
}

static const struct word {
	const char *name, *takes;
	int operands;
	bool optional;	/* NAME=VALUE may follow */
	bool tells;	/* errors go to descriptor 3 too */
	int (*run)(char **args, const struct recorder_options *o, struct err *e);
} words[] = {
	{ "init", "LEDGERDIR KEYFILE TENANT [NAME=VALUE ...]", 3, true, true, do_init },
	{ "revoke", "LEDGERDIR KEYFILE ROOT RECORD|all|end WHY [read=group]", 5, true, true, do_revoke },
	{ "serve", "LEDGERDIR KEYFILE SOCKET|- [NAME=VALUE ...]", 3, true, true, do_serve },
};

static int usage(void)
{
	size_t i;

	for (i = 0; i < count_of(words); i++)
		log_say("usage: reeve-recorder %s %s", words[i].name, words[i].takes);
	return EXIT_USAGE;
}

/* A recorder outlives its runs' signals: it ends when the last of them has gone, and only then. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGXFSZ };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	size_t i;

	for (i = 0; i < count_of(ignored); i++)
		sigaction(ignored[i], &ignore, NULL);
}

/* The launcher reads one line there; it may have gone, and then nobody needs it. */
static void tell(const struct err *e)
{
	struct err ignored;
	scoped(buf) struct buf line = BUF(1024);

	if (fcntl(READY_FD, F_GETFD) >= 0 && text_visible(&line, e->text, strlen(e->text)) &&
	    buf_puts(&line, "\n") && fd_write_all(READY_FD, line.data, line.size, &ignored) < 0)
		return;
}

/*
 * A file can be given to a group by who is of it. Root will have no capability to do it otherwise a moment from now, so
 * it becomes of that group, and of no other; unless a run, which has none either, has started it, and is of that group.
 */
static int join_group(const struct recorder_options *o, struct err *e)
{
	if (!o->review || geteuid() != 0 || setgroups(1, &o->group) == 0 || group_member(o->group))
		return 0;
	return err_sys(e, "become of group %u", (unsigned)o->group);
}

static int run_word(const struct word *w, char **args, struct err *e)
{
	struct recorder_options o;

	if (recorder_options(&o, args + w->operands, e) < 0)
		return EXIT_USAGE;
	umask(o.group_reads ? 027 : 077);
	if (join_group(&o, e) < 0 || jail_self(JAIL_RECORDER, e) < 0 ||
	    seal_ready(e) < 0)
		return -1;
	return w->run(args, &o, e);
}

static const struct word *word_of(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < count_of(words); i++)
		if (strcmp(argv[1], words[i].name) == 0 &&
		    (argc == 2 + words[i].operands || (words[i].optional && argc > 2 + words[i].operands)))
			return &words[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };
	const struct word *w = word_of(argc, argv);
	int status;

	log_name("reeve-recorder");
	if (!w)
		return usage();
	ignore_signals();
	status = run_word(w, argv + 2, &e);
	if (status == 0)
		return 0;
	log_say("%s", e.text);
	if (w->tells && !is_activated(argv + 2))
		tell(&e);
	return status < 0 ? EXIT_COULD_NOT : status;
}
