/* SPDX-License-Identifier: GPL-2.0-only */
/* Big-endian integers in byte arrays of any alignment: how every wire format here spells a number.
 */
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t bytes_get_u32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof value);
	return be32toh(value);
}

static inline uint64_t bytes_get_u64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof value);
	return be64toh(value);
}

static inline void bytes_put_u32(uint8_t *to, uint32_t value)
{
	value = htobe32(value);
	memcpy(to, &value, sizeof value);
}

static inline void bytes_put_u64(uint8_t *to, uint64_t value)
{
	value = htobe64(value);
	memcpy(to, &value, sizeof value);
}
