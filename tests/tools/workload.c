/*
 * tests/tools/workload.c - an agent with a day's work: many calls of many kinds, the same for the same seed.
 *
 *   workload SOCKET CALLS INFLIGHT SEED
 *
 * Most read and write files of projects; some fail, some ask for what a rule refuses, a few for what a guard does.
 * Prints how many calls were answered; exit 1 when the other side hangs up early.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lines.h"

static unsigned next(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void put_call(FILE *out, long id, unsigned *state)
{
	static const char *const folders[] = { "src", "doc", "tests", "etc", "build" };
	unsigned kind = next(state) % 1000, project = next(state) % 40, file = next(state) % 5000;
	const char *folder = folders[next(state) % 5];

	fprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"tools/call\",\"params\":{", id);
	if (kind < 4)
		fprintf(out, "\"name\":\"echo\",\"arguments\":{\"text\":\"grant-%u\",\"role\":\"Global Administrator\"}}}\n", file);
	else if (kind < 30)
		fprintf(out, "\"name\":\"echo\",\"arguments\":{\"text\":\"/etc/service-%u\"}}}\n", project);
	else if (kind < 60)
		fputs("\"name\":\"fail\",\"arguments\":{}}}\n", out);
	else if (kind < 300)
		fprintf(out, "\"name\":\"env\",\"arguments\":{\"of\":\"project-%u\"}}}\n", project);
	else
		fprintf(out, "\"name\":\"echo\",\"arguments\":{\"text\":\"/srv/project-%u/%s/file-%u.txt\"}}}\n", project, folder, file);
}

/* Until the answer to some call has come; false: it never will. */
static bool hear(struct lines *in)
{
	size_t size;
	char *line;

	do
		line = line_next(in, &size);
	while (line && !memmem(line, size, "\"id\":", 5));
	return line;
}

static void greet(struct lines *in, FILE *out)
{
	fputs("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
	      "\"clientInfo\":{\"name\":\"workload\",\"version\":\"1\"}}}\n", out);
	fflush(out);
	if (!hear(in))
		exit(1);
	fputs("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n", out);
}

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct lines in = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
	long calls, inflight, sent = 0, done = 0;
	unsigned state;
	FILE *out;

	if (argc != 5)
		return 2;
	strncpy(to.sun_path, argv[1], sizeof(to.sun_path) - 1);
	if (in.fd < 0 || connect(in.fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(argv[1]);
		return 3;
	}
	out = fdopen(dup(in.fd), "w");
	calls = atol(argv[2]);
	inflight = atol(argv[3]);
	state = (unsigned)atol(argv[4]);
	for (greet(&in, out); done < calls; done++) {
		for (; sent < calls && sent - done < inflight; sent++)
			put_call(out, sent + 1, &state);
		if (!line_is_here(&in))
			fflush(out);
		if (!hear(&in))
			break;
	}
	printf("%ld\n", done);
	return done < calls;
}
