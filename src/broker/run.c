/* A broker from the first message of the launcher to DONE. */
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/log.h"
#include "broker/broker.h"

/* Left to itself jansson seeds its hash tables from a file, which we may not open. */
static void seed_tables(void)
{
	size_t seed = 0;

	must(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
	json_object_seed(seed | 1);
}

struct broker *broker_new(int channel, struct err *e)
{
	struct broker *b = calloc(1, sizeof(*b));

	if (!b) {
		err_sys(e, "memory for the broker");
		return NULL;
	}
	b->launcher = (struct wire){ channel, ROLE_BROKER, ROLE_LAUNCHER, PHASE_STARTING };
	b->recorder = (struct wire){ -1, ROLE_BROKER, ROLE_RECORDER, PHASE_RUNNING };
	b->porter = (struct wire){ -1, ROLE_BROKER, ROLE_PORTER, PHASE_RUNNING };
	commits_begin(&b->commits, &b->recorder);
	quota_open(&b->quota.may);
	quota_open(&b->connection_quota);
	TAILQ_INIT(&b->calls);
	TAILQ_INIT(&b->dead);
	TAILQ_INIT(&b->asking);
	TAILQ_INIT(&b->holding);
	TAILQ_INIT(&b->holds);
	return policy_new(&b->policy, e) < 0 || guards_new(&b->guards, e) < 0 ? NULL : b;
}

static int serve(struct broker *b, struct err *e)
{
	struct err unheard = { 0 };

	if (setup_hear(b, e) < 0) {
		if (wire_send_text(&b->launcher, MSG_REJECT, 0, e->text, &unheard) < 0)
			log_say("%s", unheard.text);
		return -1;
	}
	if (wire_send(&b->launcher, MSG_READY, 0, NULL, 0, NULL, 0, e) < 0)
		return -1;
	return loop_run(b, e);
}

/* What is left in memory goes with the process: nothing is freed here that exit does not free. */
int broker_run(int channel, struct err *e)
{
	struct broker *b;

	seed_tables();
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL); /* who hangs up is an error of one write */
	b = broker_new(channel, e);
	return b ? serve(b, e) : -1;
}
