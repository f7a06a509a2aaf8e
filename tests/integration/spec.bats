#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `spec`: what it writes runs.

load ../support/integration

@test "the config.json of spec runs, with a read-only root and few rights" {
	rm "$bundle/config.json"
	(cd "$bundle" && cor spec)
	bundle_set '.process.terminal = false'
	bundle_args sh -c 'touch /file; grep CapEff /proc/self/status; hostname; ls /dev/pts'
	run -0 --separate-stderr cor run --bundle "$bundle" c1
	[[ $stderr == *"Read-only file system"* ]]
	[ "$output" = $'CapEff:\t0000000020000420\ncc-oci-runtime\nptmx' ]
	# Nothing in it is warned of, or unknown.
	run ! grep 'level=warning.*config.json' "$BATS_TEST_TMPDIR/log"
}
