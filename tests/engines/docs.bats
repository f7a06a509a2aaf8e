#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The commands of docs/engines.md, word for word.

# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	docker_start
	podman_start
	# The runtime is where the page says, in these namespaces.
	mkdir "$engines/usr-bin"
	cp "$cor_path" "$engines/usr-bin/cc-oci-runtime"
	inside mount -t overlay -o "lowerdir=$engines/usr-bin:/usr/bin" overlay /usr/bin
}

teardown_file() {
	engines_end
}

# block NAME: the commands of that block.
block() {
	sed -n "/^\`\`\`sh $1\$/,/^\`\`\`\$/p" "$source_dir/docs/engines.md" | sed '1d;$d'
}

# follow NAME: runs them one after the other, and fails with the first that does.
follow() {
	local commands

	commands=$(block "$1")
	[ -n "$commands" ]
	run -0 inside env PATH="$PATH" sh -exc "${commands//\/tmp\/rootfs/$engines/bundle/rootfs}"
	grep -qx hello <<<"$output"
}

@test "docker" {
	follow docker
}

@test "containerd" {
	follow containerd
}

@test "podman" {
	follow podman
}
