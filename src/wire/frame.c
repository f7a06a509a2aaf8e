/* SPDX-License-Identifier: GPL-2.0-only */
/* Encodes and decodes the frames of the agent channels. */
#include "wire/frame.h"

#include "wire/bytes.h"

static enum frame_result check_length(
	uint32_t length, size_t header_size, size_t limit, size_t available)
{
	if (length < header_size || length > limit)
		return FRAME_BAD;
	return available < length ? FRAME_SHORT : FRAME_OK;
}

enum frame_result control_frame_decode(
	const uint8_t *data, size_t size, struct control_frame *out_frame, size_t *out_used)
{
	if (size < CONTROL_HEADER_SIZE)
		return FRAME_SHORT;

	uint32_t length = bytes_get_u32(data + 4);
	enum frame_result result =
		check_length(length, CONTROL_HEADER_SIZE, CONTROL_FRAME_MAX, size);

	if (result == FRAME_OK) {
		*out_frame = (struct control_frame){
			.type = bytes_get_u32(data),
			.payload = data + CONTROL_HEADER_SIZE,
			.payload_size = length - CONTROL_HEADER_SIZE,
		};
		*out_used = length;
	}
	return result;
}

enum frame_result tty_frame_decode(
	const uint8_t *data, size_t size, struct tty_frame *out_frame, size_t *out_used)
{
	if (size < TTY_HEADER_SIZE)
		return FRAME_SHORT;

	uint32_t length = bytes_get_u32(data + 8);
	enum frame_result result = check_length(length, TTY_HEADER_SIZE, TTY_FRAME_MAX, size);

	if (result == FRAME_OK) {
		*out_frame = (struct tty_frame){
			.seq = bytes_get_u64(data),
			.payload = data + TTY_HEADER_SIZE,
			.payload_size = length - TTY_HEADER_SIZE,
		};
		*out_used = length;
	}
	return result;
}

void control_header_encode(
	uint8_t header[CONTROL_HEADER_SIZE], uint32_t type, uint32_t payload_size)
{
	bytes_put_u32(header, type);
	bytes_put_u32(header + 4, CONTROL_HEADER_SIZE + payload_size);
}

void tty_header_encode(uint8_t header[TTY_HEADER_SIZE], uint64_t seq, uint32_t payload_size)
{
	bytes_put_u64(header, seq);
	bytes_put_u32(header + 8, TTY_HEADER_SIZE + payload_size);
}
