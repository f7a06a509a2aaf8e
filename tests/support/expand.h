/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates expanded with a made-up configuration, for unit tests. */
#pragma once

#include <glib.h>

#include "vm/args.h"

#define UUID "5e3b1d7c-0f0a-4a54-9a57-6f9b5d3c2a11"
/* A machine without firmware of its own: what is appended is the same on every host. */
#define BARE "/q\n-machine\nq35\n"

/* As vm.json has it, but for paths that name nothing: "/q", "/k", "/i". */
struct vm_config default_config(void);
/* Container "c1" in the state directory /s; the template is "/e/hypervisor.args". */
struct vm_args *expand_as(
	const struct vm_config *config, enum vm_accel accel, const char *text, GError **error);
/* The same, asserting that it succeeds. */
struct vm_args *expand_good(const struct vm_config *config, enum vm_accel accel, const char *text);
/* With the default configuration under KVM. */
struct vm_args *expand(const char *text);
/* Asserts that the arguments begin with these lines. */
void argv_begins(const struct vm_args *args, const char *lines);
/* Asserts that the arguments are these lines. */
void argv_is(const struct vm_args *args, const char *lines);
/* Whether the arguments, as lines with a newline around, have the text. */
gboolean argv_has(const struct vm_args *args, const char *text);
