/* Apart from keys: who only needs what nobody can guess links nothing that signs. */
#include <sodium.h>

#include "seal/seal.h"

void seal_random(void *out, size_t size)
{
	randombytes_buf(out, size);
}
