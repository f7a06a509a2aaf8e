/* SPDX-License-Identifier: GPL-2.0-only */
/* To hexadecimal digits and back. */
#include "agent/hex.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

char *hex_encode(const uint8_t *data, size_t size)
{
	char *text = malloc(2 * size + 1);

	if (text == NULL)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	text[2 * size] = '\0';
	return text;
}

/* -1: not a digit. */
static int value_of(char digit)
{
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

uint8_t *hex_decode(const char *text, size_t *out_size)
{
	size_t size = strlen(text) / 2;
	uint8_t *data = malloc(size + 1);

	if (data == NULL)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		int high = value_of(text[2 * i]);
		int low = value_of(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(data);
			return NULL;
		}
		data[i] = (uint8_t)(high << 4 | low);
	}
	*out_size = size;
	return data;
}
