/*
 * reeve-witness: a second memory, of somebody else. It opens its key, its states and its socket, and is confined before
 * it hears the first stranger: it then makes files in its own folder and moves bytes, and nothing else.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "jail/jail.h"
#include "witness/witness.h"

enum { EXIT_USAGE = 2, EXIT_COULD_NOT = 3, MEMORY = 512 << 20 };

struct options {
	const char *listen, *key, *state, *logs, *name;
};

static const struct option_row {
	const char *name, *takes, *does;
	size_t at;
} rows[] = {
	{ "key", "FILE", "its own key, which init makes", offsetof(struct options, key) },
	{ "state", "DIR", "what was cosigned, a file for each log", offsetof(struct options, state) },
	{ "logs", "FILE", "whom to witness: lines \"log VERIFIER-KEY\" (C2SP tlog-policy)", offsetof(struct options, logs) },
	{ "listen", "WHERE", "serve: ADDRESS:PORT or /PATH of a socket; else systemd's", offsetof(struct options, listen) },
	{ "name", "NAME", "init: its name, as a URL without scheme: witness.example/1", offsetof(struct options, name) },
};

static int print_key(const struct witness *w, struct err *e)
{
	char text[SEAL_VERIFIER_TEXT];

	seal_cosigner_text(text, seal_key_verifier(w->key));
	return printf("%s\n", text) < 0 || fflush(stdout) != 0 ? err_sys(e, "standard output") : 0;
}

static int do_init(struct witness *w, const struct options *o, struct err *e)
{
	if (access(o->key, F_OK) < 0) {
		if (!o->name || !seal_name_fits(o->name))
			return err_set(e, ERR_INPUT, "there is no key %s yet; to make one, init needs --name, without blanks and plus", o->key);
		if (seal_cosigner_make(o->key, o->name, e) < 0)
			return -1;
	}
	if (seal_cosigner_load(&w->key, o->key, e) < 0 || origins_open(w, o->logs, o->state, true, e) < 0)
		return -1;
	return print_key(w, e);
}

/* A second one with the same states could sign what the first has not seen. */
static int lock_folder(const struct witness *w, const char *path, struct err *e)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = openat(w->folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);	/* held to the end */

	if (fd < 0)
		return err_sys(e, "--state %s", path);
	return fcntl(fd, F_OFD_SETLK, &all) < 0 ? err_set(e, ERR_LIMIT, "--state %s: another witness is at work there", path) : 0;
}

/* Nothing is silently weaker. */
static int confine(const struct witness *w, struct err *e)
{
	int held = jail_self_memory(MEMORY, e) < 0 ? -1 : jail_self_folder(w->folder, e);

	if (held == JAIL_NO_LANDLOCK)
		log_say("this kernel has no Landlock: only its list of system calls confines this program");
	return held < 0 ? -1 : jail_self(JAIL_WITNESS, e);
}

static int do_serve(struct witness *w, const struct options *o, struct err *e)
{
	scoped(fd) int listener = -1;
	char where[128];

	if (seal_cosigner_load(&w->key, o->key, e) < 0 || origins_open(w, o->logs, o->state, false, e) < 0 ||
	    lock_folder(w, o->state, e) < 0 || listen_at(&listener, o->listen, e) < 0)
		return -1;
	listen_name(where, listener);
	if (confine(w, e) < 0)
		return -1;
	printf("listening on %s\n", where);
	fflush(stdout);
	return web_serve(w, fd_take(&listener), e);
}

static const struct word {
	const char *name, *takes;
	int (*run)(struct witness *w, const struct options *o, struct err *e);
} words[] = {
	{ "init", "--key FILE --state DIR --logs FILE [--name NAME]", do_init },
	{ "serve", "--key FILE --state DIR --logs FILE [--listen WHERE]", do_serve },
};

static int help(void)
{
	size_t i;

	puts("reeve-witness: cosigns checkpoints of ledgers (C2SP tlog-witness, tlog-cosignature).\n");
	for (i = 0; i < count_of(words); i++)
		printf("  reeve-witness %-5s %s\n", words[i].name, words[i].takes);
	puts("");
	for (i = 0; i < count_of(rows); i++)
		printf("  --%-6s %-5s %s\n", rows[i].name, rows[i].takes, rows[i].does);
	puts("\ninit makes what is not there yet, key and states, and prints the verifier key.\n\nExample:\n"
	     "  reeve-witness init --key w.key --state st --logs logs --name w.example/1\n"
	     "  reeve-witness serve --key w.key --state st --logs logs --listen 127.0.0.1:8080");
	return 0;
}

/* NULL: said what is wrong. */
static const struct word *read_words(struct options *o, int argc, char **argv)
{
	const struct word *w = NULL;
	size_t i;
	int at;

	for (i = 0; argc > 1 && i < count_of(words); i++)
		if (strcmp(argv[1], words[i].name) == 0)
			w = &words[i];
	for (at = 2; w && at < argc; at += 2) {
		for (i = 0; i < count_of(rows); i++)
			if (strncmp(argv[at], "--", 2) == 0 && strcmp(argv[at] + 2, rows[i].name) == 0)
				break;
		if (i == count_of(rows) || at + 1 == argc) {
			log_say("unknown or incomplete option %s; try reeve-witness --help", argv[at]);
			return NULL;
		}
		*(const char **)(void *)((char *)o + rows[i].at) = argv[at + 1];
	}
	if (w && o->key && o->state && o->logs)
		return w;
	log_say(w ? "%s needs --key, --state and --logs; try reeve-witness --help" : "say init or serve; try reeve-witness --help",
		w ? w->name : "");
	return NULL;
}

int main(int argc, char **argv)
{
	struct err e = { .kind = ERR_NONE };
	struct options o = { .key = NULL };
	struct witness w = { .folder = -1 };
	const struct word *word;
	int status;

	log_name("reeve-witness");
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return help();
	word = read_words(&o, argc, argv);
	if (!word)
		return EXIT_USAGE;
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	umask(077);
	status = seal_ready(&e) < 0 ? -1 : word->run(&w, &o, &e);
	witness_close(&w);
	if (status == 0)
		return 0;
	log_say("%s", e.text);
	return EXIT_COULD_NOT;
}
