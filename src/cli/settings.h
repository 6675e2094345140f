/* cli/settings.h - what an operator sets for all his runs: config.json, reeve-config(5). */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "base/err.h"
#include "launcher/launcher.h"
#include "json/json.h"

enum { HOOK_WORDS = 32, SIGNED_BY = 32, SECOND_WORDS = 20 };

/* Zero: there is no such file, and nothing is set. */
struct settings {
	struct json_file file;
	char path[LAUNCH_TEXT + 64];
	const char *on_held[HOOK_WORDS + 1], *on_alert[HOOK_WORDS + 1];	/* [0] NULL: nobody is told */
	const char *syslog;		/* the socket where alerts are told, too; NULL: the usual one */
	bool no_syslog;
	const char *review_socket;	/* NULL: no reviewers but the owner */
	unsigned review_group;		/* the number of theirs */
	struct recorder_epoch epoch;
	struct recorder_service service;	/* socket NULL: a recorder of our own */
	const char *signed_by[SIGNED_BY];	/* who must have signed the policy, one of these; none: nobody need have */
	size_t signed_by_count;
	const char *second[SECOND_WORDS + 1];	/* who keeps a second record, as reeve-anchor(8) takes it; [0] NULL: nobody but the spine ... */
	bool spine;				/* ... if that does */
	size_t second_count, second_used;
	char second_text[8192];
};

/* The file of this folder, which need not be there. Everything in *out is its own. */
int settings_load(struct settings *out, const char *folder, struct err *e) must_use;
/* settings_second.c: what stands in its "second", if anything does. */
int settings_second(struct settings *s, const json_t *second, struct err *e) must_use;
void settings_free(struct settings *s);

/* settings_ledger.c: its member "ledger". */
int settings_ledger(struct settings *s, const json_t *ledger, struct err *e) must_use;

/* Where this tenant's things are, for whoever may start its recorder: also where other users review, if that is set. */
int settings_paths(struct paths *out, const char *tenant, struct err *e) must_use;

#endif
