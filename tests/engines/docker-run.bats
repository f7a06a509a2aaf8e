#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `docker run`: foreground, exit statuses, standard streams, and what it finds around it.

load ../support/engines

setup_file() {
	engines_begin
	docker_start
}

teardown_file() {
	engines_end
}

@test "docker info shows the runtime" {
	docker info --format '{{json .Runtimes}}' | jq -e '.cor.path'
}

@test "run --rm: the output and the status are the process's" {
	run -42 --separate-stderr cor_run --rm busybox sh -c 'echo out; echo err >&2; exit 42'
	[ "$output" = out ]
	# shellcheck disable=SC2154 # bats' own
	[ "$stderr" = err ]
}
