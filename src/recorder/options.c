/* What whoever starts a serving recorder may set: NAME=VALUE behind its operands, one row each. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "base/text.h"
#include "recorder/recorder.h"

struct option {
	const char *name, *takes;
	int (*set)(struct recorder_options *o, const char *value, struct err *e);
};

static int set_review(struct recorder_options *o, const char *value, struct err *e)
{
	o->review = value;
	return *value ? 0 : err_set(e, ERR_INPUT, "review= without a path");
}

static int set_group(struct recorder_options *o, const char *value, struct err *e)
{
	char *end;
	unsigned long gid = strtoul(value, &end, 10);

	o->group = (gid_t)gid;
	return *value && !*end && gid < UINT32_MAX ? 0 : err_set(e, ERR_INPUT, "group=%s: no number of a group", value);
}

static int set_read(struct recorder_options *o, const char *value, struct err *e)
{
	o->group_reads = true;
	return strcmp(value, "group") == 0 ? 0 : err_set(e, ERR_INPUT, "read=%s: expected group, or no read=", value);
}

static int set_tenant(struct recorder_options *o, const char *value, struct err *e)
{
	o->tenant = value;
	return text_is_name(value) ? 0 : err_set(e, ERR_INPUT, "tenant=%s: no name of a tenant", value);
}

static int set_owners(struct recorder_options *o, const char *value, struct err *e)
{
	o->owners = value;
	return *value == '/' ? 0 : err_set(e, ERR_INPUT, "owners=%s: expected the absolute path of a list", value);
}

static int set_signers(struct recorder_options *o, const char *value, struct err *e)
{
	o->signers = value;
	return *value == '/' ? 0 : err_set(e, ERR_INPUT, "signers=%s: expected the absolute path of a list", value);
}

static int set_idle(struct recorder_options *o, const char *value, struct err *e)
{
	char *end;
	unsigned long seconds = strtoul(value, &end, 10);

	o->idle_s = (unsigned)seconds;
	return *value >= '0' && *value <= '9' && !*end && seconds <= 86400 ? 0
		       : err_set(e, ERR_INPUT, "idle=%s: expected seconds, at most a day of them", value);
}

static int set_segment(struct recorder_options *o, const char *value, struct err *e)
{
	char *end;

	o->segment = strtoull(value, &end, 10);
	return *value && !*end && o->segment ? 0 : err_set(e, ERR_INPUT, "segment-bytes=%s: no size", value);
}

static int read_count(uint64_t *out, const char *name, const char *value, uint64_t most, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtoull(value, &end, 10);
	return *value >= '0' && *value <= '9' && !*end && !errno && *out > 0 && *out <= most ? 0
		       : err_set(e, ERR_INPUT, "%s=%s: expected a number from 1 to %" PRIu64, name, value, most);
}

static int set_epoch_hours(struct recorder_options *o, const char *value, struct err *e)
{
	return read_count(&o->epoch_hours, "epoch-hours", value, EPOCH_HOURS_MOST, e);
}

static int set_epoch_records(struct recorder_options *o, const char *value, struct err *e)
{
	return read_count(&o->epoch_records, "epoch-records", value, EPOCH_RECORDS_MOST, e);
}

bool recorder_root(struct recorder_options *o, const char *value)
{
	static const char CREDENTIAL[] = "credential:";

	if (strcmp(value, "ssh-agent") == 0 || strncmp(value, "ssh-agent:SHA256:", 17) == 0)
		o->agent = value + (value[9] ? 10 : 9);
	else if (strncmp(value, CREDENTIAL, sizeof(CREDENTIAL) - 1) == 0 && seal_credential_fits(value + sizeof(CREDENTIAL) - 1))
		o->credential = value + sizeof(CREDENTIAL) - 1;
	else
		return false;
	return true;
}

static int set_root(struct recorder_options *o, const char *value, struct err *e)
{
	return recorder_root(o, value) ? 0 : err_set(e, ERR_INPUT, "root=%s: expected credential: and the name of a credential of systemd's, or ssh-agent[:SHA256:...]", value);
}

static const struct option options[] = {
	{ "review", "SOCKET", set_review },
	{ "group", "GID", set_group },
	{ "read", "group", set_read },
	{ "tenant", "NAME", set_tenant },
	{ "owners", "FILE", set_owners },
	{ "signers", "FILE", set_signers },
	{ "idle", "SECONDS", set_idle },
	{ "root", "credential:NAME|ssh-agent[:SHA256:FINGERPRINT]", set_root },
	{ "segment-bytes", "BYTES", set_segment },
	{ "epoch-hours", "HOURS", set_epoch_hours },
	{ "epoch-records", "RECORDS", set_epoch_records },
};

static int read_one(struct recorder_options *o, const char *word, struct err *e)
{
	size_t i, size;

	for (i = 0; i < count_of(options); i++) {
		size = strlen(options[i].name);
		if (strncmp(word, options[i].name, size) == 0 && word[size] == '=')
			return options[i].set(o, word + size + 1, e);
	}
	return err_set(e, ERR_INPUT, "%s: no option of reeve-recorder", word);
}

int recorder_options(struct recorder_options *out, char **words, struct err *e)
{
	struct recorder_options o = { .group = (gid_t)-1, .epoch_hours = EPOCH_HOURS, .epoch_records = EPOCH_RECORDS };

	for (; *words; words++)
		if (read_one(&o, *words, e) < 0)
			return -1;
	if (o.review && o.group == (gid_t)-1)
		return err_set(e, ERR_INPUT, "review= needs group=");
	*out = o;
	return 0;
}
