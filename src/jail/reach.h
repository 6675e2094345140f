/*
 * jail/reach.h - between a jail's init, which stops connect(2) and its kin where there is no network of the jail's
 * own, and the proxy: what a program wants to reach, and whether it may. SOCK_SEQPACKET, one struct a message.
 */
#ifndef JAIL_REACH_H
#define JAIL_REACH_H

#include <stdint.h>

enum reach_kind {
	REACH_STREAM = 1,	/* the descriptor is one end of a TCP connection to ourselves: for that address */
	REACH_PROXY,		/* the same, for the proxy itself */
	REACH_DNS_STREAM,	/* the same, for a name server */
	REACH_DATAGRAM,		/* ... of a SOCK_SEQPACKET pair: each message is a datagram */
	REACH_DNS,		/* the same, and each is a question to a name server */
	REACH_UNIX,		/* ... of a SOCK_STREAM pair */
	REACH_KINDS
};

enum { REACH_PATH = 112 };

/* Init asks; with it travels the end that is the proxy's, if it may be. */
struct reach_ask {
	uint64_t id;
	uint8_t kind;			/* enum reach_kind */
	uint8_t family;			/* 4, 6; 0: a path */
	uint16_t port;			/* of this machine's order */
	uint8_t address[16];		/* of the network's; 4: the first four */
	char path[REACH_PATH];		/* REACH_UNIX: as the profile names it */
};

/* The proxy answers, once. An id that init does not know (any more) is nothing to mind. */
struct reach_answer {
	uint64_t id;
	int32_t error;			/* 0: yes, and bytes flow; otherwise the errno that the program is told */
	uint32_t zero;
};

#endif
