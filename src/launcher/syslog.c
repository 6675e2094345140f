/*
 * Alerts for syslog: one datagram each (RFC 5424), facility "log audit", to whoever has the socket. It is neither waited
 * for nor asked: what it has no room for it does not get, and that is said once. The record is in the ledger.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "launcher/run.h"

enum { PRIORITY = 13 * 8 + 4, LINE = 16384, HOST = 256 };

/* The broker writes visible text; one that was taken over, or a policy's own words, make no second line of it either. */
static void one_line(struct buf *line)
{
	size_t i;

	for (i = 0; i < line->size; i++)
		if ((unsigned char)line->data[i] < ' ' || line->data[i] == 0x7f)
			line->data[i] = '?';
}

static int send_line(const char *path, const struct buf *line)
{
	scoped(fd) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	if (fd < 0 || sendto(fd, line->data, line->size, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -1;
	return 0;
}

/* 32473 is the number that RFC 5612 gives to examples: reeve has none of its own. */
void syslog_tell(struct run *r, uint64_t record, const char *what, const char *json, size_t size)
{
	scoped(buf) struct buf line = BUF(LINE);
	char time[32], host[HOST] = "-";

	if (!r->ask->syslog)
		return;
	if (gethostname(host, sizeof(host) - 1) < 0 || !*host || strpbrk(host, " \n"))
		snprintf(host, sizeof(host), "-");
	clock_stamp(time, clock_wall_us());
	while (size > 0 && json[size - 1] == '\n')
		size--;
	buf_printf(&line, "<%d>1 %s %s reeve %d alert [reeve@32473 n=\"%llu\" run=\"%llu\"] %s ", PRIORITY, time, host,
		   (int)getpid(), (unsigned long long)record, (unsigned long long)r->index, what);
	buf_add(&line, json, size);
	one_line(&line);
	if (!line.over && send_line(r->ask->syslog, &line) == 0)
		return;
	if (!r->unlogged)
		log_say("alerts are not in syslog: %s: %s. This is said once; the ledger has every alert", r->ask->syslog,
			line.over ? "the line is too long" : strerror(errno));
	r->unlogged = true;
}
