#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The benchmark runs, so that it is there when somebody wants figures. What it measures is not
# looked at: this machine may be busy.

load ../support/integration

@test "tests/bench/start measures, and writes its JSON" {
	local json=$BATS_TEST_TMPDIR/bench.json

	run "$source_dir/tests/bench/start" --build "$CC_BUILD_DIR" --rounds 2 --only ready,run,state \
		--json "$json"
	[ "$status" -eq 0 ]
	[[ $output == *"run true, until all is gone, ms"* ]]
	[[ $output == *"aim: clone <= 1.25 x bare: "* ]]
	jq --exit-status '.rounds == 2 and (.rows | map(.name)) == ["ready", "run", "state"] and
		all(.rows[]; .peers.clone.samples | length == 2) and
		all(.rows[0:2][]; (.peers.bare.median > 0) and (.aims[0].met != null))' "$json"
	# What it has started is gone.
	[ -z "$(find /run -maxdepth 1 -name 'cc-bench-*' -newer "$bundle/config.json")" ]
}

@test "tests/bench/start names what it does not know" {
	run "$source_dir/tests/bench/start" --build "$CC_BUILD_DIR" --only run,fly
	[ "$status" -eq 1 ]
	[[ $output == "bench: --only: no row fly, of: "* ]]
	run "$source_dir/tests/bench/start" --build "$CC_BUILD_DIR" --rounds many
	[ "$status" -eq 1 ]
	[ "$output" = "bench: --rounds: expected a number, found many" ]
}
