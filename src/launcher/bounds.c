/* What the broker is told of how much may be asked, and of how much of an answer is passed on. */
#include "launcher/run.h"

enum { RUN = 0xffff, CONNECTION = 0xfffe };

static int tell(struct run *r, uint16_t whose, const struct tools_bounds *bounds, struct err *e)
{
	uint8_t body[64];
	struct pack b = { .at = body, .room = sizeof(body) };
	int kind;

	pack_number(&b, whose, 2);
	pack_number(&b, bounds->text, 1);
	pack_number(&b, bounds->result, 8);
	for (kind = 0; kind < QUOTAS; kind++)
		pack_number(&b, bounds->quota.most[kind], 8);
	must(!b.over);
	return wire_send(&r->broker, MSG_BOUNDS, 0, body, b.size, NULL, 0, e);
}

int bounds_tell(struct run *r, struct err *e)
{
	const struct tools *t = r->ask->tools;
	struct tools_bounds bounds = { 0 };
	size_t i;

	tools_quota(&bounds.quota, t, "run");
	if (tell(r, RUN, &bounds, e) < 0)
		return -1;
	tools_quota(&bounds.quota, t, "connection");
	if (tell(r, CONNECTION, &bounds, e) < 0)
		return -1;
	for (i = 0; i < tools_count(t); i++) {
		tools_server_amounts(&bounds, t, i);
		if (tell(r, (uint16_t)i, &bounds, e) < 0)
			return -1;
	}
	return 0;
}
