/* broker/alert_state.h - what is known of each alert; shared by alert.c and alert_holds.c alone. */
#ifndef BROKER_ALERT_STATE_H
#define BROKER_ALERT_STATE_H

#include "broker/alert.h"

enum { ALERT_STEPS = 64, SEEN_TEXT = 256 };

/* How often within a time: in steps, of which the last and 64 before it count. */
struct steps {
	uint32_t of[ALERT_STEPS + 1];
	uint64_t last, sum;
};

/* What was judged, as far as a record will say it. */
struct seen {
	enum action_kind kind;
	enum reason reason;
	bool doubted;
	char server[SEEN_TEXT], tool[SEEN_TEXT], rule[SEEN_TEXT], guard[SEEN_TEXT], category[SEEN_TEXT], class[SEEN_TEXT];
};

struct alert_state {
	const struct alert *is;
	uint64_t quiet_key, rate_key;	/* in the history */
	struct steps asked, refused;
	uint64_t count;			/* of what holds, as it was found last */
	uint64_t held_ns;		/* when it did last; 0: never */
	uint64_t wall_us;		/* when it was looked at last */
	bool raised;			/* it holds since it was told of */
	uint64_t quiet_ns;		/* until then nobody is told */
	uint64_t waiting;		/* so many wait to be told; 0: none */
	struct seen first;		/* the first of them */
};

struct alerts {
	struct history *shared;
	struct alert_state of[ALERTS], before[ALERTS];	/* before: while another policy takes over */
	size_t count;
	struct {
		uint64_t key, at_ns;
	} calls[ALERT_CALLS];		/* a ring */
	size_t next, kept;
	bool hears_calls;		/* some alert asks what is alike */
};

/* One that has been judged. */
struct judged {
	const struct action *a;
	const struct verdict *v;
	uint64_t now_ns, key;
	bool key_known;
};

void steps_add(struct steps *s, uint64_t within_ns, uint64_t now_ns, unsigned count);

/* Does it hold with this one? Sets s->count. What cannot be told is not taken for nothing. */
enum held alert_holds(struct alerts *x, struct alert_state *s, const struct judged *j);
bool alert_is_event(const struct alert *a);	/* it has no end: each one counts */
/* Has it ended meanwhile? Asked before this one counts. */
bool alert_ended(struct alerts *x, struct alert_state *s, const struct judged *j);

#endif
