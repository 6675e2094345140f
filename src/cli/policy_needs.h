/* cli/policy_needs.h - what rules ask of people, in words, and whether two policies ask the same. */
#ifndef CLI_POLICY_NEEDS_H
#define CLI_POLICY_NEEDS_H

#include "base/buf.h"
#include "model/model.h"

/* "2 of finance-leads, alice@example.com; after 30m also of cfo@example.com; within 1h" */
void policy_need_put(struct buf *out, const struct review_need *n);

/* Whatever the rules are called that ask for it. */
bool policy_needs_same(const struct verdict *a, const struct verdict *b);

#endif
