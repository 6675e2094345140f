/* Two logs of this machine: journald by its own protocol, and whoever hears /dev/log, by RFC 5424. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "anchor/anchor.h"
#include "base/clock.h"

enum { LINE_MOST = 8192, PRIORITY = 10 * 8 + 5 /* authpriv.notice */ };

int local_read(struct duty *d, const char *value, struct err *e)
{
	if (value[0] != '/' || strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(e, ERR_INPUT, "%s=%.64s: expected the absolute path of a socket", d->kind->name, value);
	d->where = value;
	snprintf(d->name, sizeof(d->name), "%s", d->kind->name);
	return 0;
}

int local_begin(struct duty *d, struct err *e)
{
	d->out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return d->out < 0 ? err_sys(e, "socket") : 0;
}

/* Never waits: a log that does not read now is asked again later. By its name each time, since it may be made anew. */
static int send_to(const struct duty *d, const struct buf *b, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, d->where, strlen(d->where) + 1);
	if (b->over)
		return err_set(e, ERR_LIMIT, "no memory for a line");
	if (sendto(d->out, b->data, b->size, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)) >= 0)
		return 0;
	if (errno == EAGAIN)
		return err_set(e, ERR_SYSTEM, "%s does not read", d->where);
	return err_sys(e, "%s", d->where);
}

/* A value with a newline goes with its size, in 8 bytes. */
static void add_field(struct buf *b, const char *name, const char *value, size_t size)
{
	uint64_t little = size;

	buf_printf(b, "%s\n", name);
	buf_add(b, &little, sizeof(little));
	buf_add(b, value, size);
	buf_puts(b, "\n");
}

int journal_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	scoped(buf) struct buf b = BUF(2 * (size_t)LINE_MOST), line = BUF(LINE_MOST);
	struct sighting s;

	(void)out;
	if (!sighting_read(&s, j->note, j->note_size) || !sighting_line(&line, j->note, j->note_size))
		return err_set(e, ERR_PEER, "not a checkpoint");
	add_field(&b, "MESSAGE", line.data, line.size);
	buf_printf(&b, "PRIORITY=5\nSYSLOG_IDENTIFIER=reeve\nREEVE_LEDGER=%s\nREEVE_SIZE=%" PRIu64 "\nREEVE_ROOT=%s\n", s.origin,
		   s.at.size, s.root);
	add_field(&b, "REEVE_CHECKPOINT", j->note, j->note_size);
	return send_to(d, &b, e);
}

int syslog_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	scoped(buf) struct buf b = BUF(LINE_MOST);
	char stamp[32], host[256] = "-";

	(void)out;
	clock_stamp(stamp, clock_wall_us());
	if (gethostname(host, sizeof(host) - 1) < 0 || !seal_name_fits(host))
		snprintf(host, sizeof(host), "-");
	buf_printf(&b, "<%d>1 %s %s reeve %d checkpoint - ", PRIORITY, stamp, host, (int)getpid());
	if (!sighting_line(&b, j->note, j->note_size))
		return err_set(e, ERR_PEER, "not a checkpoint");
	return send_to(d, &b, e);
}
