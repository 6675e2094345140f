/* base/attr.h - the seven words we say to the compiler beyond ISO C. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define must_use	  __attribute__((warn_unused_result))
#define never_null	  __attribute__((nonnull))
#define never_returns	  __attribute__((noreturn))
#define may_be_unused	  __attribute__((unused))
#define falls_through	  __attribute__((fallthrough))
#define always_inlined	  inline __attribute__((always_inline))

#define count_of(array) (sizeof(array) / sizeof((array)[0]))

#endif
