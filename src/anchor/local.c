/*
 * Two logs of this machine: journald by its own protocol, and whoever hears /dev/log, by RFC 5424. Of checkpoints they get the
 * newest, but of those that hand over to another key each, with the record that says to which: so whoever has the log alone
 * knows by whom its later lines must be signed. The ledger is the queue of them: what a place lacks is read there.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "anchor/witness.h"
#include "base/clock.h"

enum { LINE_MOST = 8192, PROOF_MOST = 16 << 10, PRIORITY = 10 * 8 + 5 /* authpriv.notice */ };

typedef int tell_log(const struct duty *d, const struct buf *line, const char *note, size_t size, struct err *e);

int local_read(struct duty *d, const char *value, struct err *e)
{
	if (value[0] != '/' || strlen(value) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(e, ERR_INPUT, "%s=%.64s: expected the absolute path of a socket", d->kind->name, value);
	d->where = value;
	snprintf(d->name, sizeof(d->name), "%s", d->kind->name);
	return 0;
}

/* A log may be behind for a moment, when it is told of many: for so long. */
int local_begin(struct duty *d, struct err *e)
{
	const struct timeval most = { .tv_sec = 1 };

	d->out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return d->out < 0 || setsockopt(d->out, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)) < 0 ? err_sys(e, "socket") : 0;
}

/* A log that does not read now is asked again later. By its name each time, since it may be made anew. */
static int send_to(const struct duty *d, const struct buf *b, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, d->where, strlen(d->where) + 1);
	if (b->over)
		return err_set(e, ERR_LIMIT, "no memory for a line");
	if (sendto(d->out, b->data, b->size, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)) >= 0)
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

static int tell_journal(const struct duty *d, const struct buf *line, const char *note, size_t size, struct err *e)
{
	scoped(buf) struct buf b = BUF(2 * (size_t)LINE_MOST);
	struct sighting s;

	if (!sighting_read(&s, note, size))
		return err_set(e, ERR_PEER, "not a checkpoint");
	add_field(&b, "MESSAGE", line->data, line->size);
	buf_printf(&b, "PRIORITY=5\nSYSLOG_IDENTIFIER=reeve\nREEVE_LEDGER=%s\nREEVE_SIZE=%" PRIu64 "\nREEVE_ROOT=%s\n", s.origin,
		   s.at.size, s.root);
	add_field(&b, "REEVE_CHECKPOINT", note, size);
	return send_to(d, &b, e);
}

static int tell_syslog(const struct duty *d, const struct buf *line, const char *note, size_t size, struct err *e)
{
	scoped(buf) struct buf b = BUF(2 * (size_t)LINE_MOST);
	char stamp[32], host[256] = "-";

	(void)note;
	(void)size;
	clock_stamp(stamp, clock_wall_us());
	if (gethostname(host, sizeof(host) - 1) < 0 || !seal_name_fits(host))
		snprintf(host, sizeof(host), "-");
	buf_printf(&b, "<%d>1 %s %s reeve %d checkpoint - ", PRIORITY, stamp, host, (int)getpid());
	buf_add(&b, line->data, line->size);
	return send_to(d, &b, e);
}

/* The i-th handover, as a line with its proof. */
static int tell_handover(struct duty *d, size_t i, tell_log *tell, struct err *e)
{
	scoped(buf) struct buf proof = BUF(PROOF_MOST), line = BUF(LINE_MOST);
	const char *note;
	size_t size;

	if (hashes_proof(&proof, d->hashes, i, e) < 0)
		return -1;
	if (!sighting_handover(&line, &note, &size, proof.data, proof.size))
		return err_set(e, ERR_LIMIT, "a handover is too long for a line");
	return tell(d, &line, note, size, e);
}

/* All that the place lacks. */
static int tell_handovers(struct duty *d, const struct job *j, tell_log *tell, struct err *e)
{
	uint64_t had = d->told > j->had ? d->told : j->had, size;
	size_t i;

	if (j->handed <= had)
		return 0;
	if ((!d->hashes && hashes_new(&d->hashes, d->of->ledger, e) < 0) || hashes_to(d->hashes, j->handed, e) < 0)
		return -1;
	for (i = 0; hashes_handover(&size, d->hashes, i) && size <= j->handed; i++) {
		if (size <= had)
			continue;
		if (tell_handover(d, i, tell, e) < 0)
			return -1;
		d->told = size;
	}
	return 0;
}

static int bring(struct duty *d, const struct job *j, tell_log *tell, struct err *e)
{
	scoped(buf) struct buf line = BUF(LINE_MOST);

	if (!sighting_line(&line, j->note, j->note_size))
		return err_set(e, ERR_PEER, "not a checkpoint");
	return tell(d, &line, j->note, j->note_size, e) < 0 ? -1 : tell_handovers(d, j, tell, e);
}

int journal_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	(void)out;
	return bring(d, j, tell_journal, e);
}

int syslog_bring(struct duty *d, const struct job *j, struct done *out, struct err *e)
{
	(void)out;
	return bring(d, j, tell_syslog, e);
}
