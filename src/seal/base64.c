#include <sodium.h>

#include "seal/seal.h"

bool seal_base64_add(struct buf *out, const void *bytes, size_t size)
{
	size_t room = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);

	if (!buf_reserve(out, room))
		return false;
	sodium_bin2base64(out->data + out->size, room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
	out->size += room - 1; /* without its NUL */
	return true;
}

bool seal_base64_read(void *out, size_t *size, size_t most, const char *text, size_t text_size)
{
	return sodium_base642bin(out, most, text, text_size, NULL, size, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0;
}
