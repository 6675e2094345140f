#include "cli/ledger_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "launcher/launcher.h"

/* What a record holds was partly written by the agent, so it is read as strictly as any message. */
static int take_lines(const char *ledger, FILE *from, void (*each)(void *to, json_t *record),
		      void *to, struct err *e)
{
	scoped(mem) char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, from)) > 0) {
		scoped(json) json_t *record = NULL;

		if (json_read_message(&record, line, (size_t)size, e) < 0)
			return err_in(e, "what reeve-audit shows of %s", ledger);
		each(to, record);
	}
	return 0;
}

static void become_auditor(const char *ledger, uint64_t run, int out)
{
	char path[LAUNCH_TEXT + 64], programs[LAUNCH_TEXT], number[24];
	const char *argv[7] = { path, "show", ledger, "--json" };
	struct err ignored = { 0 };

	if (paths_programs(programs, &ignored) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	snprintf(path, sizeof(path), "%s/reeve-audit", programs);
	snprintf(number, sizeof(number), "%" PRIu64, run);
	if (run) {
		argv[4] = "--run";
		argv[5] = number;
	}
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(EXIT_FAILURE);
}

/* What it says on stderr goes where ours does: it names the ledger and what is wrong with it. */
static pid_t start_auditor(const char *ledger, uint64_t run, int *out, struct err *e)
{
	char programs[LAUNCH_TEXT];
	int ends[2];
	pid_t pid;

	if (paths_programs(programs, e) < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "a pipe");
	pid = fork();
	if (pid == 0)
		become_auditor(ledger, run, ends[1]);
	close(ends[1]);
	*out = ends[0];
	if (pid > 0)
		return pid;
	close(ends[0]);
	return err_sys(e, "start reeve-audit");
}

int ledger_lines(const char *ledger, uint64_t run, void (*each)(void *to, json_t *record), void *to,
		 struct err *e)
{
	int out = -1, status = 0, taken;
	char journal[LAUNCH_TEXT + 16];
	FILE *from;
	pid_t pid;

	snprintf(journal, sizeof(journal), "%s/journal", ledger);
	if (access(journal, F_OK) < 0 && errno == ENOENT) /* the folder alone may be there, for a socket */
		return err_set(e, ERR_INPUT, "%s: nothing has run yet, or in the ledger of another --tenant", ledger);
	pid = start_auditor(ledger, run, &out, e);
	if (pid < 0)
		return -1;
	from = fdopen(out, "r");
	taken = from ? take_lines(ledger, from, each, to, e) : err_sys(e, "a pipe");
	if (from)
		fclose(from);
	if (waitpid(pid, &status, 0) < 0 || taken < 0)
		return taken < 0 ? -1 : err_sys(e, "reeve-audit");
	return status == 0 ? 0 : err_set(e, ERR_INPUT, "reeve-audit cannot show %s", ledger);
}
