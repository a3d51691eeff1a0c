/* SPDX-License-Identifier: PostgreSQL */
/*
 * CRC32C (Castagnoli), the server's own checksum: the polynomial 0x1EDC6F41
 * bit-reversed.  x86 has an instruction for it (SSE 4.2), and ARMv8 mostly;
 * everywhere else eight tables take eight bytes at a time.
 */
#include <string.h>

#include "data/filehash.h"

/*
 * A table's entry is linear in the bits of its index, so that eight numbers
 * (of the indexes 1, 2, 4 ... 128) make the 256.
 */
#define PICK(i, bit, value) ((i) & (1u << (bit)) ? UINT32_C(value) : 0)
#define E(i, a, b, c, d, e, f, g, h)                                     \
	(PICK(i, 0, a) ^ PICK(i, 1, b) ^ PICK(i, 2, c) ^ PICK(i, 3, d) ^ \
	    PICK(i, 4, e) ^ PICK(i, 5, f) ^ PICK(i, 6, g) ^ PICK(i, 7, h))
#define E4(i, ...)                                                       \
	E(i, __VA_ARGS__), E(i + 1, __VA_ARGS__), E(i + 2, __VA_ARGS__), \
	    E(i + 3, __VA_ARGS__)
#define E16(i, ...)                                                         \
	E4(i, __VA_ARGS__), E4(i + 4, __VA_ARGS__), E4(i + 8, __VA_ARGS__), \
	    E4(i + 12, __VA_ARGS__)
#define E64(i, ...)                                    \
	E16(i, __VA_ARGS__), E16(i + 16, __VA_ARGS__), \
	    E16(i + 32, __VA_ARGS__), E16(i + 48, __VA_ARGS__)
#define TABLE(...)                                                 \
	{                                                          \
		E64(0u, __VA_ARGS__), E64(64u, __VA_ARGS__),       \
		    E64(128u, __VA_ARGS__), E64(192u, __VA_ARGS__) \
	}

/* NOLINTBEGIN(misc-redundant-expression): what a bit picks may be nothing */
static const uint32_t tables[8][256] = {
    TABLE(0xF26B8303, 0xE13B70F7, 0xC79A971F, 0x8AD958CF, 0x105EC76F,
	0x20BD8EDE, 0x417B1DBC, 0x82F63B78),
    TABLE(0x13A29877, 0x274530EE, 0x4E8A61DC, 0x9D14C3B8, 0x3FC5F181,
	0x7F8BE302, 0xFF17C604, 0xFBC3FAF9),
    TABLE(0xA541927E, 0x4F6F520D, 0x9EDEA41A, 0x38513EC5, 0x70A27D8A,
	0xE144FB14, 0xC76580D9, 0x8B277743),
    TABLE(0xDD45AAB8, 0xBF672381, 0x7B2231F3, 0xF64463E6, 0xE964B13D,
	0xD725148B, 0xABA65FE7, 0x52A0C93F),
    TABLE(0x38116FAC, 0x7022DF58, 0xE045BEB0, 0xC5670B91, 0x8F2261D3,
	0x1BA8B557, 0x37516AAE, 0x6EA2D55C),
    TABLE(0xEF306B19, 0xDB8CA0C3, 0xB2F53777, 0x6006181F, 0xC00C303E,
	0x85F4168D, 0x0E045BEB, 0x1C08B7D6),
    TABLE(0x68032CC8, 0xD0065990, 0xA5E0C5D1, 0x4E2DFD53, 0x9C5BFAA6,
	0x3D5B83BD, 0x7AB7077A, 0xF56E0EF4),
    TABLE(0x493C7D27, 0x9278FA4E, 0x211D826D, 0x423B04DA, 0x847609B4,
	0x0D006599, 0x1A00CB32, 0x34019664),
};
/* NOLINTEND(misc-redundant-expression) */

static uint32_t
load32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

uint32_t
crc32c_add_plain(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (; n >= 8; p += 8, n -= 8) {
		uint32_t a = load32(p) ^ crc, b = load32(p + 4);

		crc = tables[7][a & 255] ^ tables[6][a >> 8 & 255] ^
		    tables[5][a >> 16 & 255] ^ tables[4][a >> 24] ^
		    tables[3][b & 255] ^ tables[2][b >> 8 & 255] ^
		    tables[1][b >> 16 & 255] ^ tables[0][b >> 24];
	}
	for (; n > 0; p++, n--)
		crc = tables[0][(crc ^ *p) & 255] ^ crc >> 8;
	return crc;
}

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t
add_sse42(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t wide = crc, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, sizeof(word));
		wide = _mm_crc32_u64(wide, word);
	}
	crc = (uint32_t)wide;
	for (; n > 0; p++, n--)
		crc = _mm_crc32_u8(crc, *p);
	return crc;
}

uint32_t
crc32c_add(uint32_t crc, const void *bytes, size_t n)
{
	if (__builtin_cpu_supports("sse4.2"))
		return add_sse42(crc, bytes, n);
	return crc32c_add_plain(crc, bytes, n);
}

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

uint32_t
crc32c_add(uint32_t crc, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, sizeof(word));
		crc = __crc32cd(crc, word);
	}
	for (; n > 0; p++, n--)
		crc = __crc32cb(crc, *p);
	return crc;
}

#else

uint32_t
crc32c_add(uint32_t crc, const void *bytes, size_t n)
{
	return crc32c_add_plain(crc, bytes, n);
}

#endif
