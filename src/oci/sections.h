/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of config.json that the guest gets (docs/agent-protocol.md, "oci"). */
#pragma once

#include "oci/spec.h"

/*
 * A new object, the caller's, with deep copies of ociVersion, process, root, hostname, domainname,
 * mounts, linux, annotations and those hooks that run in the container's namespaces, as far as the
 * document has them, and with the bundle's path. bind_sources has spec->n_mounts entries: where one
 * is not NULL it replaces that mount's source. Destinations are the absolute ones of spec->mounts.
 */
JsonObject *oci_spec_guest_sections(const struct oci_spec *spec, const char *const *bind_sources);

/*
 * In such sections, linux.namespaces[i].path becomes owners[i], the id of a container that is in
 * the VM already, or goes where that is NULL. owners has an element for each namespace.
 */
void oci_sections_place_namespaces(JsonObject *sections, GPtrArray *owners);

/* In such sections, process.env has this NAME=VALUE, and no other of that name. */
void oci_sections_set_variable(JsonObject *sections, const char *variable);
