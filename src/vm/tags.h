/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The @TAG@s of hypervisor.args.
 *
 * A tag is @[A-Z_]+@; any other '@' is text. A path is put as it is when the tag is the whole
 * argument (`-kernel`, `@KERNEL@`), and with its commas doubled when it is part of one
 * (`…,path=@IMAGE@,…`), as QEMU's options need it. @ACCEL@ has its properties
 * ("tcg,thread=single,tb-size=128") only as a whole argument; in `pc,accel=@ACCEL@` there is no
 * room for them.
 */
#pragma once

#include <glib.h>

#include "vm/args.h"

/* One bit each, for sets of them. */
enum vm_tag {
	VM_TAG_ACCEL = 1 << 0,
	VM_TAG_AGENT_CTL_SOCKET = 1 << 1,
	VM_TAG_AGENT_TTY_SOCKET = 1 << 2,
	VM_TAG_COMMS_SOCKET = 1 << 3,
	VM_TAG_CONSOLE_DEVICE = 1 << 4,
	VM_TAG_CPUS = 1 << 5,
	VM_TAG_IMAGE = 1 << 6,
	VM_TAG_INITRD = 1 << 7,
	VM_TAG_KERNEL = 1 << 8,
	VM_TAG_KERNEL_PARAMS = 1 << 9,
	VM_TAG_MACHINE = 1 << 10,
	VM_TAG_MEMORY = 1 << 11,
	VM_TAG_NAME = 1 << 12,
	/* @NETDEVICE_PARAMS@: the template has a place for the network device. */
	VM_TAG_NETWORK = 1 << 13,
	VM_TAG_PROCESS_SOCKET = 1 << 14,
	VM_TAG_QEMU_PATH = 1 << 15,
	VM_TAG_SIZE = 1 << 16,
	VM_TAG_UUID = 1 << 17,
	VM_TAG_WORKLOAD_DIR = 1 << 18,
	/* The other tags of the network. */
	VM_TAG_NETWORK_PART = 1 << 19,
};

/* The names of the sockets in the state directory. */
#define VM_SOCKET_QMP	  "hypervisor.sock"
#define VM_SOCKET_CONSOLE "console.sock"
#define VM_SOCKET_PROCESS "process.sock"
#define VM_SOCKET_CONTROL "ga-ctl.sock"
#define VM_SOCKET_TTY	  "ga-tty.sock"

struct vm_tags {
	const struct vm_args_values *values;
	/* The binary, as far as it is known. */
	const char *hypervisor;
	/* The set of tags that the template has, anywhere. */
	guint placed;
};

/* Adds the tags of an argument to the set; an unknown one is an error. */
gboolean vm_tags_collect(
	const char *argument, guint *placed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The argument with its tags expanded. The caller frees. */
char *vm_tags_expand(
	const struct vm_tags *tags, const char *argument, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The path with its commas doubled. The caller frees. */
char *vm_tags_escape(const char *path);
/* The size in bytes of the configured image. */
gboolean vm_tags_image_size(const struct vm_config *config, guint64 *out_size,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
