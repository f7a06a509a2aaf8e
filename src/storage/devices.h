/* SPDX-License-Identifier: GPL-2.0-only */
/* `linux.devices` as far as they are the host's: a guest has devices of its own. */
#pragma once

#include "oci/spec.h"

/*
 * A block device that the host has (an entry of `directory`, /sys/dev/block) cannot be had in the
 * guest, where its number is nothing or another disk's: an error. Where every device is allowed, as
 * engines write it for privileged containers with all that the host has, it is a warning. Numbers
 * that the host does not have make a node, as the specification wants it.
 */
gboolean storage_check_devices(const struct oci_spec *spec, const char *directory,
	GError **error) G_GNUC_WARN_UNUSED_RESULT;
