/* SPDX-License-Identifier: GPL-2.0-only */
/* The shim's view of the file system: the container's root, and nothing else of the host. */
#pragma once

#include <stdbool.h>

/*
 * Enters a mount namespace of our own whose root is the directory of the descriptor, which is
 * closed. Without such a descriptor (an exec's shim), or the right to do so, all stays as it is;
 * false when it went half-way.
 */
bool root_enter(int directory);
