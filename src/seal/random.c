/* In a file of its own, so that who only needs a number nobody guesses links no signing. */
#include <sodium.h>

#include "seal/seal.h"

void seal_random(void *out, size_t size)
{
	randombytes_buf(out, size);
}
