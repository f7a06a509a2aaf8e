#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `events` and `list --all`: figures of guest and host, and memory that runs out.

load ../support/integration

@test "events tells figures of guest and host, the kill for want of memory, and ends with the container" {
	local events=$BATS_TEST_TMPDIR/events pid

	run -1 --separate-stderr cor events c1
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
	bundle_set '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 20}}'
	bundle_args sh -c 'while [ ! -e /go ]; do sleep 0.1; done
		(x=a; while true; do x=$x$x; done); sleep 2'
	cor run --detach --bundle "$bundle" c1
	run -1 --separate-stderr cor events --interval 5 c1
	[[ $stderr = *'events: --interval: expected a duration such as 5s, found "5"' ]]

	cor events --stats c1 | jq -e '.type == "stats" and .id == "c1" and (.data |
		(.memory.usage | .limit == 67108864 and .usage > 0 and .usage < .limit) and
		.cpu.usage.total > 0 and .pids.current >= 1 and .pids.limit == 20 and
		(.vm | .memory.usage > 10000000 and .memory.limit == (512 * 1048576) and
			.memory.guestTotal > 100000000 and .memory.overhead > 0 and
			.cpu.total > 0 and .cpu.overhead > 0))'

	cor list --all | awk 'NR == 1 { exit !($7 == "VCPUS" && $8 == "MEMORY" && $9 == "PSS" &&
		$10 == "PRIVATE") }'
	cor list --all | awk 'NR == 2 { exit !($7 == 1 && $8 == "256M" && $9 + 0 > 10 && $10 + 0 > 5) }'
	cor list --all --format json | jq -e '.[0].vm | .vcpus == 1 and .memory == 268435456 and
		.pss >= .private and .private > 0'

	cor pause c1
	cor events --stats c1 | jq -e '.data | keys == ["vm"]'
	cor resume c1

	cor events --interval 300ms c1 >"$events" &
	pid=$!
	wait_until 20 [ -s "$events" ]
	touch "$bundle/rootfs/go"
	wait "$pid"
	# The container lived on for a while, and its end is the stream's.
	jq -se 'map(.type) | (index("oom") as $i | $i > 0 and .[$i + 1] == "stats") and
		(map(select(. == "oom")) | length == 1)' "$events"
	has_status c1 stopped
	run -1 --separate-stderr cor events --stats c1
	[ "$stderr" = "cc-oci-runtime: container with id c1 is not running" ]
	[ "$(cor list --all | awk 'NR == 2 { print $7 }')" = - ]
}
