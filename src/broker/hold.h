/* broker/hold.h - calls that wait for a person: what stands held, beyond the calls that wait for it. */
#ifndef BROKER_HOLD_H
#define BROKER_HOLD_H

#include "broker/broker.h"

enum {
	HOLDS_RUN = 64,		/* that may stand in one run */
	HOLDS_SESSION = 32,	/* calls of one connection that may wait: half of what it may have in flight */
	HOLDS_BYTES = 16 << 20,	/* that all together may keep: the others must not wait for them */
	HOLD_PAYLOAD = (4 << 20) + (64 << 10),
	HOLD_ASKED = 1024,	/* as field asked_of */
	HOLD_VOTES = 24,	/* approvals of one call that the recorder takes */
	HOLD_PROGRESS_MS = 15000,
};

#define HOLD_TAGS (UINT64_C(1) << 63)	/* apart from those of records */

/* It lives on when nobody waits: the agent may ask again, and then what was decided holds. */
struct hold {
	TAILQ_ENTRY(hold) next;
	uint64_t tag, index;	/* index: 0 until its record is durable */
	enum hold_state state;	/* as the recorder said last */
	struct call *doing;	/* for which its one use is being recorded */
	bool stale;		/* the policy it was held under is in force no more */
	char digest[SEAL_DIGEST_TEXT], policy[SEAL_DIGEST_TEXT];
	struct buf key;		/* what an ask must share with it besides: server, tool, rule, asked_of; each with its NUL */
	size_t asked;		/* where asked_of begins in there */
	char what[256];		/* SERVER/TOOL, visible */
	char who[160], why[320];/* of the last decision, visible */
	unsigned within_s;
	uint64_t began_ns, expires_us;	/* as far as the recorder has told; wall clock */
	uint64_t next_ns;	/* when more people are asked; UINT64_MAX: never */
	json_t *told;		/* owned: what the operator's hook gets */
};

/* hold_again.c: is it still to be done, now that it is approved? */
enum hold_again { HOLD_REFUSED, HOLD_ASKS_MORE, HOLD_DO };

enum hold_again hold_judge_again(struct call *c, struct hold *h);
void hold_keep_answers(struct call *c);
bool hold_looks_again(const struct call *c);	/* first where its paths lie now must be asked */
int hold_look_again(struct call *c, struct err *e) must_use;

/* hold_tell.c: what people and agents are told. */
int hold_describe(struct hold *h, const struct call *c, struct err *e) must_use;
int hold_tell(struct broker *b, struct hold *h, struct err *e) must_use;	/* the launcher: who is asked now */
void hold_progress(struct call *c, uint64_t now_ns);	/* its agent, if that wants to hear of it */
void hold_until(char out[32], const struct hold *h);

/* hold_end.c: how a wait ends. */
int hold_settle(struct broker *b, struct hold *h, struct err *e) must_use;	/* as its state is now */
int hold_refuse(struct call *c, enum reason reason, struct err *e) must_use;	/* c->text says why */
int hold_let_go(struct call *c, const char *why, struct err *e) must_use;	/* it is held, and not refused */
void hold_forget(struct broker *b, struct hold *h);

#endif
