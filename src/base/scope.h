/* base/scope.h - what a function owns, it gives back on every path out. */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include <stdlib.h>

#define scoped(what) __attribute__((cleanup(leave_##what)))

/* Hand ownership on: the value, and NULL left behind. */
#define take(pp)	__extension__({			\
	__typeof__(*(pp)) taken_ = *(pp);		\
	*(pp) = NULL;					\
	taken_;						\
})

#define SCOPED(name, type, release)			\
	static inline void leave_##name(type *at)	\
	{						\
		if (*at)				\
			release(*at);			\
	}

SCOPED(mem, char *, free)

#endif
