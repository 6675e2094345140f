#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/settings.h"
#include "launcher/custodian.h"
#include "launcher/launcher.h"

/* It has made its ledger when it answers. */
static int ask_service(char verifier[256], const struct paths *at, const char *tenant, struct err *e)
{
	scoped(reviewer) struct reviewer *r = NULL;

	(void)tenant;
	return reviewer_join(&r, at, e) < 0 ? -1 : custodian_vouch(verifier, r, e);
}

int cmd_init(int argc, char **argv, struct err *e)
{
	const char *tenant = "default";
	bool help = false;
	const struct option_row rows[] = {
		{ "tenant", "NAME", OPTION_TEXT, &tenant, "whose ledger (default: default)", NULL },
		{ "help", NULL, OPTION_FLAG, &help, "print this", NULL },
		{ 0 },
	};
	struct paths at;
	char verifier[256];
	int operands = options_read(argc, argv, rows, e);

	if (operands >= 0 && operands < argc)
		operands = err_set(e, ERR_INPUT, "takes no operand \"%s\"", argv[operands]);
	if (operands < 0)
		return usage_error("init", e);
	if (help) {
		puts("usage: reeve init [--tenant NAME]\n\n"
		     "Makes the ledger of a tenant and its signing key, and prints the verifier "
		     "key.\n"
		     "Run again, it prints the same key. Give that line to who is to check you.\n");
		options_print(rows);
		puts("\nexample:\n  reeve init > ~/agents/reeve.vkey");
		return EXIT_DONE;
	}
	if (settings_paths(&at, tenant, e) < 0 || (at.service ? ask_service : launch_init)(verifier, &at, tenant, e) < 0)
		return -1;
	if (at.service)
		fprintf(stderr, "ledger %s\nkey    that of uid %u, who records at %s\n", at.ledger, at.service_uid, at.socket);
	else
		fprintf(stderr, "ledger %s\nkey    %s (secret; %s)\n", at.ledger, at.key, access(at.key, F_OK) == 0 ?
			"runs do not need it: move it to a safe place" : "it was moved away: keep it safe");
	puts(verifier);
	return EXIT_DONE;
}
