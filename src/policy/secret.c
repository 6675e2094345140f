#include "inspect/inspect.h"
#include "policy/rule.h"

bool secret_accepts(const json_t *value)
{
	return json_is_boolean(value);
}

enum held secret_holds(const struct test *t, const struct asked *q)
{
	return (inspect_shape(q->arg) != NULL) == json_is_true(t->value) ? HELD_YES : HELD_NO;
}
