/* CRC-32C (Castagnoli, as iSCSI: RFC 3720): by the processor where it can, else four bits at a time. */
#include <string.h>

#include "ledger/ledger.h"

static const uint32_t nibble[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t by_table(uint32_t sum, const uint8_t *at, size_t size)
{
	for (; size > 0; at++, size--) {
		sum ^= *at;
		sum = sum >> 4 ^ nibble[sum & 15];
		sum = sum >> 4 ^ nibble[sum & 15];
	}
	return sum;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_processor(uint32_t sum, const uint8_t *at,
							       size_t size)
{
	uint64_t wide = sum, word;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	for (sum = (uint32_t)wide; size > 0; at++, size--)
		sum = __builtin_ia32_crc32qi(sum, *at);
	return sum;
}
#endif

uint32_t crc32c(uint32_t sum, const void *bytes, size_t size)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_processor(~sum, bytes, size);
#endif
	return ~by_table(~sum, bytes, size);
}
