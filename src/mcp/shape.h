/* mcp/shape.h - what the readers and writers of messages share; private to mcp. */
#ifndef MCP_SHAPE_H
#define MCP_SHAPE_H

#include "mcp/mcp.h"

/* Are all members of the object among these words (NULLs are passed over), spelt exactly so? */
bool shape_has_only(const json_t *object, const char *const *words, size_t count);

/* A text as a JSON string; what is not text is made visible. */
bool shape_write_text(struct buf *out, const char *text);

#endif
