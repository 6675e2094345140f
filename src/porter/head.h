/* porter/head.h - the head of one HTTP request, read strictly: pure functions of its bytes. */
#ifndef PORTER_HEAD_H
#define PORTER_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	HEAD_MOST = 16 << 10,	/* bytes of a head, with the empty line that ends it */
	HEAD_LINES = 100,
	HEAD_PARAMS = 32,	/* Mcp-Param-* lines */
};

/* Borrowed from the head's bytes; at NULL: not there. */
struct span {
	const char *at;
	size_t size;
};

enum head_method { HEAD_POST, HEAD_GET, HEAD_DELETE, HEAD_OTHER };

/* The lines that mean something to us; each may stand once. All others are let by and never looked at. */
enum head_line {
	HEAD_HOST, HEAD_ORIGIN, HEAD_LENGTH, HEAD_CODING, HEAD_TYPE, HEAD_ENCODING, HEAD_ACCEPT, HEAD_EXPECT,
	HEAD_SESSION, HEAD_VERSION, HEAD_MCP_METHOD, HEAD_MCP_NAME,
	HEAD_KNOWN
};

struct head_param {
	struct span name, value;	/* name: what follows Mcp-Param- */
};

struct head {
	enum head_method method;
	struct span target;
	struct span line[HEAD_KNOWN];
	struct head_param params[HEAD_PARAMS];
	size_t param_count;
	size_t size;		/* bytes of the head itself */
	uint64_t length;	/* of the body; 0: none, or chunked */
	bool chunked;
};

/* Why a request is turned away. */
struct head_fault {
	unsigned status;
	const char *text;	/* a constant */
};

enum head_got { HEAD_BAD, HEAD_MORE, HEAD_WHOLE };

/*
 * As much of it as there is. HEAD_MORE: nothing is wrong yet. HEAD_BAD: *fault says why; what follows on this
 * connection cannot be trusted to be the next request.
 */
enum head_got head_read(struct head *out, const char *bytes, size_t size, struct head_fault *fault) must_use;

/* Is it for us, from a program and not from a web page, and in a form we take? */
bool head_judge(const struct head *h, uint16_t port, size_t body_most, struct head_fault *fault) must_use;

bool span_is(struct span s, const char *text);		/* exactly */
bool span_is_word(struct span s, const char *text);	/* whatever the case of its letters */

#endif
