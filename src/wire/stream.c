/* SPDX-License-Identifier: GPL-2.0-only */
/* Encodes and decodes the notes about streams: u8 kind, then its fields. */
#include "wire/stream.h"

#include "wire/bytes.h"

/* The size of a kind's payload; 0 for what is no kind. */
static size_t note_size(unsigned kind)
{
	switch (kind) {
	case NOTE_WINDOW:
		return 1 + 8 + 4;
	case NOTE_CLOSED:
		return 1 + 8;
	case NOTE_WINSIZE:
	case NOTE_SIGNAL:
	case NOTE_EXIT:
		return 1 + 4;
	default:
		return 0;
	}
}

size_t note_encode(const struct note *note, uint8_t out[NOTE_SIZE_MAX])
{
	out[0] = note->kind;
	switch (note->kind) {
	case NOTE_WINDOW:
		bytes_put_u64(out + 1, note->seq);
		bytes_put_u32(out + 9, note->value);
		break;
	case NOTE_CLOSED:
		bytes_put_u64(out + 1, note->seq);
		break;
	case NOTE_WINSIZE:
		bytes_put_u32(out + 1, (uint32_t)note->rows << 16 | note->columns);
		break;
	case NOTE_SIGNAL:
	case NOTE_EXIT:
		bytes_put_u32(out + 1, note->value);
		break;
	}
	return note_size(note->kind);
}

bool note_decode(const uint8_t *payload, size_t size, struct note *out_note)
{
	if (size == 0 || size != note_size(payload[0]))
		return false;

	struct note note = {.kind = payload[0]};

	switch (note.kind) {
	case NOTE_WINDOW:
		note.seq = bytes_get_u64(payload + 1);
		note.value = bytes_get_u32(payload + 9);
		break;
	case NOTE_CLOSED:
		note.seq = bytes_get_u64(payload + 1);
		break;
	case NOTE_WINSIZE:
		note.rows = bytes_get_u32(payload + 1) >> 16;
		note.columns = bytes_get_u32(payload + 1) & 0xffff;
		break;
	case NOTE_SIGNAL:
	case NOTE_EXIT:
		note.value = bytes_get_u32(payload + 1);
		break;
	}
	*out_note = note;
	return true;
}
