#include <stdbool.h>
#include <stdio.h>

#include "cli/cli.h"
#include "launcher/launcher.h"

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
	if (paths_find(&at, tenant, e) < 0 || launch_init(verifier, &at, tenant, e) < 0)
		return -1;
	fprintf(stderr, "ledger %s\nkey    %s (secret: it stays here)\n", at.ledger, at.key);
	puts(verifier);
	return EXIT_DONE;
}
