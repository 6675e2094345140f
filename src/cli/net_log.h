/* cli/net_log.h - the connections of one run, out of the records of a ledger. */
#ifndef CLI_NET_LOG_H
#define CLI_NET_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/json.h"

/* What was asked and what was said of it, and how it ended; both owned, the second may be NULL. */
struct net_seen {
	json_t *asked, *outcome;
};

struct net_log {
	uint64_t wanted;	/* 0: the last run */
	uint64_t run;		/* whose these are; 0: none yet */
	bool over, lost;	/* the run is; there was no memory */
	struct net_seen *seen;	/* owned, in the order they were asked for */
	size_t count, room;
};

/* For ledger_lines(). */
void net_log_take(void *log, json_t *record);
void net_log_free(struct net_log *l);

enum net_said { NET_SAID_ALLOW, NET_SAID_REFUSE, NET_SAID_FAILED, NET_SAIDS };

enum net_said net_log_said(const struct net_seen *s);
const char *net_said_word(enum net_said s);

/* The smallest rule that would allow what no rule does, in `room` bytes. false: there is none. */
bool net_log_smallest(char *out, size_t room, const struct net_seen *s);

/* "example.com:443 GET /x", visible and within `most` bytes, the NUL included. */
void net_log_where(char *out, size_t most, const struct net_seen *s);

/* net_log_print.c: for people; as JSON, one a line. */
void net_log_print(const struct net_log *l, bool refused);
int net_log_json(const struct net_log *l, bool refused, struct err *e) must_use;

#endif
