#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `run`: a container's process with its output, input and exit status.

load ../support/integration

@test "run prints what the process prints" {
	bundle_args echo hello
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ "$output" = hello ]
	[ -z "$stderr" ]
}

@test "run exits with the status of the process" {
	bundle_args sh -c 'exit 42'
	run -42 cor run --bundle "$bundle" c1
}

@test "run passes stdin, and its end" {
	bundle_args cat
	output=$(printf 'one\ntwo\n' | cor run --bundle "$bundle" c1)
	[ "$output" = $'one\ntwo' ]
}

@test "run keeps stdout and stderr apart" {
	bundle_args sh -c 'echo out; echo err >&2'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "run leaves nothing behind, without delete" {
	bundle_args true
	cor run --bundle "$bundle" c1
	wait_until 5 no_leftovers
	[ "$(cor list -q)" = "" ]
}
