#include "cli/cmd_profile.h"
int cmd_profile_learn(int argc, char **argv, struct err *e)
{
	(void)argc;
	(void)argv;
	return err_set(e, ERR_INPUT, "x");
}
