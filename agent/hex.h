/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes as hexadecimal digits, in which JSON carries them. */
#pragma once

#include <stdint.h>
#include <stddef.h>

/* The caller frees; NULL: out of memory. */
char *hex_encode(const uint8_t *data, size_t size);
/* The same back: *out_size bytes, which the caller frees; NULL when the text is something else. */
uint8_t *hex_decode(const char *text, size_t *out_size);
