/*
 * tests/tools/mcp_client.c - a stream of MCP tool calls, for tests and for measuring.
 *
 *   mcp_client SOCKET|- CALLS INFLIGHT TOOL PREFIX [SERVER ARGV...]
 *
 * Speaks to a unix socket, or with "-" to a server it starts over pipes. Each call carries
 * {"id": PREFIX-n}. Every answer is written to stdout as "PREFIX-n"; at the end, on stderr, one line:
 * calls, seconds, p50 and p99 in microseconds. Exit 1 when the other side hangs up early.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void connect_to(const char *path, struct lines *in, FILE **out)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror(path);
		exit(3);
	}
	*in = (struct lines){ .fd = fd };
	*out = fdopen(dup(fd), "w");
}

static void start(char **argv, struct lines *in, FILE **out)
{
	int to[2], from[2];

	if (pipe(to) < 0 || pipe(from) < 0)
		exit(3);
	if (fork() == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		close(to[1]);
		close(from[0]);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	*in = (struct lines){ .fd = from[0] };
	*out = fdopen(to[1], "w");
}

/* The id of the next answer; -1: hung up. Notifications are passed over. */
static long hear(struct lines *in)
{
	json_t *message, *id;
	long got = -2;
	size_t size;
	char *line;

	while (got == -2) {
		line = line_next(in, &size);
		if (!line)
			return -1;
		message = json_loadb(line, size, 0, NULL);
		id = json_object_get(message, "id");
		if (json_is_integer(id))
			got = (long)json_integer_value(id);
		json_decref(message);
	}
	return got;
}

static int greet(struct lines *in, FILE *out)
{
	fputs("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
	      "\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"mcp_client\",\"version\":\"1\"}}}\n",
	      out);
	fflush(out);
	if (hear(in) != 0)
		return -1;
	fputs("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n", out);
	fflush(out);
	return 0;
}

int main(int argc, char **argv)
{
	long calls, inflight, sent = 0, done = 0, id;
	double *began, *took, start_us;
	struct lines in;
	FILE *out;

	if (argc < 6)
		return 2;
	if (strcmp(argv[1], "-") == 0)
		start(argv + 6, &in, &out);
	else
		connect_to(argv[1], &in, &out);
	calls = atol(argv[2]);
	inflight = atol(argv[3]);
	began = calloc((size_t)calls + 2, sizeof(*began));
	took = calloc((size_t)calls + 2, sizeof(*took));
	if (greet(&in, out) < 0)
		return 1;
	start_us = now_us();
	while (done < calls) {
		for (; sent < calls && sent - done < inflight; sent++) {
			began[sent] = now_us();
			fprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"tools/call\",\"params\":{\"name\":"
				     "\"%s\",\"arguments\":{\"id\":\"%s-%ld\"}}}\n",
				sent + 1, argv[4], argv[5], sent + 1);
		}
		fflush(out);
		do {
			id = hear(&in);
			if (id < 1 || id > calls)
				return 1;
			took[done++] = now_us() - began[id - 1];
			printf("%s-%ld\n", argv[5], id);
			if (inflight == 1 || done % 16 == 0)
				fflush(stdout);
		} while (done < sent && line_is_here(&in));
	}
	qsort(took, (size_t)calls, sizeof(*took), by_value);
	fprintf(stderr, "calls %ld seconds %.6f p50 %.1f p99 %.1f\n", calls, (now_us() - start_us) / 1e6,
		took[calls / 2], took[calls * 99 / 100]);
	return 0;
}
