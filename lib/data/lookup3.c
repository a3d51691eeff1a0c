/* SPDX-License-Identifier: PostgreSQL */
/*
 * lookup3: twelve bytes at a time are added to three words, which are then
 * mixed; the length is in the words from the start.
 */
#include "data/lookup3.h"

#include <string.h>

#include "data/digest.h"

static inline uint32_t
rotate(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

/* Four bytes of any alignment, the lowest first. */
static inline uint32_t
word(const unsigned char *p)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
#else
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
#endif
}

#define MIX_STEP(x, y, z, by)             \
	do {                              \
		(x) -= (z);               \
		(x) ^= rotate((z), (by)); \
		(z) += (y);               \
	} while (0)

#define MIX(a, b, c)                   \
	do {                           \
		MIX_STEP(a, b, c, 4);  \
		MIX_STEP(b, c, a, 6);  \
		MIX_STEP(c, a, b, 8);  \
		MIX_STEP(a, b, c, 16); \
		MIX_STEP(b, c, a, 19); \
		MIX_STEP(c, a, b, 4);  \
	} while (0)

#define FINAL_STEP(x, y, by)              \
	do {                              \
		(x) ^= (y);               \
		(x) -= rotate((y), (by)); \
	} while (0)

static inline uint64_t
final(uint32_t a, uint32_t b, uint32_t c)
{
	FINAL_STEP(c, b, 14);
	FINAL_STEP(a, c, 11);
	FINAL_STEP(b, a, 25);
	FINAL_STEP(c, b, 16);
	FINAL_STEP(a, c, 4);
	FINAL_STEP(b, a, 14);
	FINAL_STEP(c, b, 24);
	return (uint64_t)b << 32 | c;
}

/*
 * The last up to eleven bytes.  The lowest byte of c is not theirs, so that
 * what would be its bytes 0 to 2 goes to 1 to 3.
 */
static inline uint64_t
last(uint32_t a, uint32_t b, uint32_t c, const unsigned char *p, size_t n)
{
	unsigned char block[12] = {0};

	memcpy(block, p, n);
	a += word(block);
	b += word(block + 4);
	c += word(block + 8) << 8;
	return final(a, b, c);
}

static inline uint32_t
begin(uint64_t total)
{
	/* The server's lengths are of type int. */
	return 0x9e3779b9U + (uint32_t)total + 3923095U;
}

uint64_t
digest_hash(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t a, b, c;

	a = b = c = begin(n);
	for (; n >= 12; p += 12, n -= 12) {
		a += word(p);
		b += word(p + 4);
		c += word(p + 8);
		MIX(a, b, c);
	}
	return last(a, b, c, p, n);
}

void
lookup3_start(struct lookup3 *h, uint64_t total)
{
	h->a = h->b = h->c = begin(total);
	h->nheld = 0;
}

static const unsigned char *
take_blocks(struct lookup3 *h, const unsigned char *p, size_t blocks)
{
	uint32_t a = h->a, b = h->b, c = h->c;

	for (; blocks > 0; blocks--, p += 12) {
		a += word(p);
		b += word(p + 4);
		c += word(p + 8);
		MIX(a, b, c);
	}
	h->a = a;
	h->b = b;
	h->c = c;
	return p;
}

void
lookup3_add(struct lookup3 *h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t part = sizeof(h->held) - h->nheld;

	if (n == 0)
		return;
	if (n < part)
		part = n;
	memcpy(h->held + h->nheld, p, part);
	h->nheld += part;
	if (h->nheld < sizeof(h->held))
		return;
	(void)take_blocks(h, h->held, 1);
	p = take_blocks(h, p + part, (n - part) / 12);
	h->nheld = (n - part) % 12;
	memcpy(h->held, p, h->nheld);
}

uint64_t
lookup3_end(struct lookup3 *h)
{
	return last(h->a, h->b, h->c, h->held, h->nheld);
}
