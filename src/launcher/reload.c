/*
 * SIGHUP: the policy is read again while the run goes on. Who reads and checks it is who did before the run began;
 * here it is handed to the broker, all of it or the reason why not, and what the broker says is told to the operator.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "launcher/run.h"

/* Is there a terminal that is ours by job control, and still there? One that hung up is nobody's any more. */
static bool has_terminal(void)
{
	scoped(fd) int tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	return tty >= 0;
}

void reload_begin(struct run *r)
{
	r->reload.terminal = has_terminal();
}

/*
 * The kernel itself sends it when a terminal hangs up, and a shell that heard of that sends it on: neither means the
 * policy. A person or a service manager who does has his terminal still, or never had one.
 */
bool reload_wanted(const struct run *r, const struct signalfd_siginfo *s)
{
	return s->ssi_signo == SIGHUP && s->ssi_code != SI_KERNEL && r->ask->reload && (!r->reload.terminal || has_terminal());
}

static int send_rules(struct run *r, const struct policy_bytes *p, struct err *e)
{
	uint8_t body[512];
	struct pack b = { .at = body, .room = sizeof(body) };
	scoped(fd) int fd = -1;

	pack_text(&b, p->name, strlen(p->name));
	if (b.over)
		return err_set(e, ERR_LIMIT, "policy %.64s…: too long a name", p->name);
	if (fd_of_bytes(&fd, "policy", p->bytes, p->size, e) < 0)
		return -1;
	return wire_send(&r->broker, MSG_RULES, 0, body, b.size, &fd, 1, e);
}

/* What cannot be read is told as well: the broker records that it was tried. */
static int send_all(struct run *r, const struct policy_set *fresh, const char *why, struct err *e)
{
	const char *by = !why && fresh->by ? fresh->by : "";
	char digest[SEAL_DIGEST_TEXT] = "";
	uint8_t body[512];
	struct pack b = { .at = body, .room = sizeof(body) };
	size_t i;

	if (wire_send(&r->broker, MSG_RELOAD, 0, NULL, 0, NULL, 0, e) < 0)
		return -1;
	for (i = 0; !why && i < fresh->count; i++)
		if (send_rules(r, &fresh->at[i], e) < 0)
			return -1;
	if (!why)
		record_policy(digest, fresh);
	why = why ? why : "";
	pack_text(&b, digest, strlen(digest));
	pack_text(&b, why, text_cut(why, strlen(why), 255));
	pack_text(&b, by, strlen(by));
	must(!b.over);
	return wire_send(&r->broker, MSG_ADOPT, 0, body, b.size, NULL, 0, e);
}

/* One at a time: what is asked for meanwhile is read when the broker has answered. */
int reload_now(struct run *r, struct err *e)
{
	struct policy_set fresh = { 0 };
	struct err why = { 0 };
	int done;

	if (r->ending)
		return 0;
	r->reload.again = r->reload.asked;
	if (r->reload.asked)
		return 0;
	done = r->ask->reload(r->ask->reload_with, &fresh, &why);
	if (done == 0)
		done = policies_keep(&r->at, &fresh, &why);
	r->reload.asked = true;
	return send_all(r, &fresh, done < 0 ? why.text : NULL, e);
}

int reload_answered(struct run *r, struct err *e)
{
	int size = (int)r->msg.size - 4;

	if (!r->reload.asked || size < 0)
		return err_set(e, ERR_PEER, "ADOPTED, though nothing was to be");
	r->reload.asked = false;
	if (size == 0)
		log_say("the policy was read again, and is in force from here on");
	else
		log_say("the policy was read again, and the old one stays in force: %.*s", size, (const char *)r->msg.body + 4);
	return r->reload.again ? reload_now(r, e) : 0;
}
