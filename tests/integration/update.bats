#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `update`: limits of a container that runs, by flags and by document, in the guest and on the host;
# and what cannot be.

load ../support/integration

setup() {
	integration_setup
	id=update-$$-$BATS_TEST_NUMBER
}

# limits FILE…: of the container's cgroup in the guest, on one line.
limits() {
	cor exec "$id" sh -c 'cd /sys/fs/cgroup; for file; do echo $(cat $file); done | paste -sd "|"' \
		sh "$@"
}

# The host's file of a controller.
host() {
	cat "$(find "/sys/fs/cgroup/$1" -type d -name "$id-*")/$2"
}

refused() {
	run -1 --separate-stderr cor update "${@:2}" "$id"
	[[ $stderr = *"$1"* ]] || {
		echo "$stderr"
		return 1
	}
}

@test "update changes a container that runs, and refuses what its VM cannot give" {
	local pid

	bundle_args sleep 1000
	run -1 --separate-stderr cor update --pids-limit 5 "$id"
	[ "$stderr" = "cc-oci-runtime: container \"$id\" does not exist" ]
	cor create --bundle "$bundle" "$id" </dev/null
	cor update --pids-limit 30 "$id"
	cor start "$id"

	run -0 --separate-stderr cor update --memory 100m --memory-swap 200m \
		--memory-reservation 50m --cpu-quota 40000 --cpu-share 512 --cpuset-cpus 0 "$id"
	[ -z "$output$stderr" ]
	[ "$(limits memory.max memory.low cpu.max cpu.weight pids.max)" = \
		"104857600|52428800|40000 100000|20|30" ]
	[ "$(host memory memory.limit_in_bytes)" -eq $(((256 + 256) << 20)) ]
	[ "$(host cpu cpu.cfs_quota_us)" -eq 65000 ]
	[ "$(host cpu cpu.shares)" -eq 512 ]
	[ "$(host cpuset cpuset.cpus)" = 0 ]
	pid=$(pgrep --parent "$(jq .proxy.pid "$root/$id/state.json")")
	[ "$(sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$pid/status")" = 0 ]

	# As docker asks: a document on stdin, with 0 for what is to stay; then none of the limits.
	echo '{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0},
		"cpu": {"shares": 0, "quota": 50000, "period": 50000}, "pids": {"limit": 0},
		"blockIO": {"weight": 0}}' | cor update --resources - "$id"
	[ "$(limits memory.max cpu.max pids.max)" = "104857600|50000 50000|30" ]
	echo '{"memory": {"limit": -1, "swap": -1}, "cpu": {"quota": -1}, "pids": {"limit": -1}}' \
		>"$BATS_TEST_TMPDIR/resources"
	cor update --resources "$BATS_TEST_TMPDIR/resources" "$id"
	[ "$(limits memory.max cpu.max pids.max)" = "max|max 50000|max" ]
	[ "$(host cpu cpu.cfs_quota_us)" -eq -1 ]

	refused "memory.limit: 1073741824 bytes: the virtual machine, of 256 MiB, has" --memory 1g
	refused "cpu.quota: 100000 of 50000 µs: the virtual machine has 1 CPUs" --cpu-quota 100000
	refused 'update: --memory: expected a size such as 512m, found "x"' --memory x
	refused "linux.resources.memory.swap: it counts memory and swap" \
		--memory 20m --memory-swap 10m
	refused "cpu.realtimeRuntime: not possible: " --cpu-rt-runtime 1000
	refused "update: --l3-cache-schema: not possible: " --l3-cache-schema L3:0=f
	echo '{"memory": 5}' >"$BATS_TEST_TMPDIR/resources"
	refused "memory: expected an object, found a number" --resources "$BATS_TEST_TMPDIR/resources"
	[ "$(limits memory.max cpu.max pids.max)" = "max|max 50000|max" ]
	cor pause "$id"
	refused "cannot update a paused container" --pids-limit 5
	cor delete --force "$id"
	[ -z "$(find /sys/fs/cgroup -type d -name "$id-*")" ]
}
