#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Cgroups: where the processes on the host sit, what limits them, what limits the container in the
# guest, how large the VM is, and that nothing stays.

load ../support/integration

setup() {
	integration_setup
	id=cgroup-$$-$BATS_TEST_NUMBER
	parent=cc-test-$$-$BATS_TEST_NUMBER
}

teardown() {
	local status=0

	integration_teardown || status=1
	if [ -n "$(cgroups "$id")" ]; then
		echo "cgroups are left:"
		cgroups "$id"
		status=1
	fi
	# As runc, we leave what is above the container's own.
	cgroups "$parent" | xargs -r rmdir
	return $status
}

# The directories of this name, in all hierarchies.
cgroups() {
	awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo | while read -r mount; do
		find "$mount" -type d \( -name "$1" -o -name "$1-????????" \)
	done
}

# The directory of the container in the hierarchy of a controller.
of() {
	find "/sys/fs/cgroup/$1" -type d -name "$id"
}

has_members() {
	[ "$(wc -l <"$(of memory)/cgroup.procs")" -eq "$1" ]
}

@test "shim, proxy and hypervisor sit in the cgroup, an exec's shim too; limits hold on both sides" {
	local directory pid members

	[ -d /sys/fs/cgroup/memory ] || skip "no cgroup v1 here"
	# shellcheck disable=SC2016 # jq's variables
	bundle_set '.linux.cgroupsPath = $path | .linux.resources += {
		memory: {limit: 201326592, swap: 201326592, reservation: 104857600},
		cpu: {shares: 512, quota: 50000, period: 100000, cpus: "0"},
		pids: {limit: 20}, blockIO: {weight: 0}, unified: {"memory.high": "150000000"},
		devices: [{allow: false, access: "rwm"}]} |
		.process.capabilities |= with_entries(.value += ["CAP_MKNOD"])' \
		--arg path "/$parent/$id"
	bundle_args sleep 1000
	cor run --detach --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$bundle" "$id"
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(cgroups "$id" | wc -l)" -eq "$(grep -cE ' - cgroup2? ' /proc/self/mountinfo)" ]
	for directory in $(cgroups "$id"); do
		[[ $directory = */$parent/$id ]]
		mapfile -t members <"$directory/cgroup.procs"
		[ ${#members[@]} -eq 3 ]
		[[ " ${members[*]} " = *" $pid "* ]]
	done
	# A VM of twice the default, since the guest's kernel lives in it too; and what runs it.
	[ "$(cat "$(of memory)/memory.limit_in_bytes")" -eq $(((512 + 256) << 20)) ]
	[ "$(cat "$(of memory)/memory.soft_limit_in_bytes")" -eq 104857600 ]
	[ "$(cat "$(of cpu)/cpu.cfs_quota_us")" -eq 75000 ]
	[ "$(cat "$(of cpu)/cpu.shares")" -eq 512 ]
	[ "$(cat "$(of cpuset)/cpuset.cpus")" = 0 ]

	run -0 --separate-stderr cor exec "$id" sh -c 'cd /sys/fs/cgroup
		cat memory.max memory.low memory.high cpu.weight cpu.max pids.max
		grep -c ^processor /proc/cpuinfo
		[ "$(awk "/MemTotal/ { print \$2 }" /proc/meminfo)" -gt 400000 ] && echo large'
	[ "$output" = $'201326592\n104857600\n149999616\n20\n50000 100000\n20\n1\nlarge' ]

	# A node can be made of any device, and used of those that every container has.
	run --separate-stderr cor exec "$id" sh -c 'mknod /dev/memory c 1 1 && head -c 1 /dev/memory
		head -c 1 /dev/urandom | wc -c'
	[ "$output" = 1 ]
	[ "$stderr" = "head: /dev/memory: Operation not permitted" ]

	cor exec "$id" sleep 1000 &
	wait_until 20 has_members 4
	kill -TERM "$(tail -n 1 "$(of memory)/cgroup.procs")"
	wait "$!" || true
	cor delete --force "$id"
	[ -z "$(cgroups "$id")" ]
}

@test "without a path the cgroup is below our own; a create that dies leaves none" {
	local own pid

	bundle_args sleep 1000
	cor create --bundle "$bundle" "$id" </dev/null
	own=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
	[[ $(cgroups "$id") = *"/sys/fs/cgroup/memory${own%/}/$id-"* ]]
	cor delete "$id"
	[ -z "$(cgroups "$id")" ]

	# Killed while the guest boots; then the id is taken again.
	cor create --bundle "$bundle" "$id" </dev/null &
	pid=$!
	wait_until 20 [ -e "$root/$id/state.json" ]
	pkill -KILL --parent "$pid" cc-oci-runtime || kill -KILL "$pid"
	wait "$pid" || true
	wait_until 10 no_leftovers
	cor delete --force "$id"
	[ -z "$(cgroups "$id")" ]
}

@test "a limit that cannot be is an error that names it, and leaves nothing" {
	bundle_set '.linux.resources.cpu = {cpus: "4000"}'
	run -1 --separate-stderr cor run --bundle "$bundle" "$id"
	[[ $stderr = *'linux.resources.cpu.cpus: write "4000" to '* ]]
	[ -z "$(cgroups "$id")" ]
	bundle_set '.linux.resources.cpu = {} | .linux.resources.memory = {limit: 5, swap: 4}'
	run -1 --separate-stderr cor run --bundle "$bundle" "$id"
	[[ $stderr = *"linux.resources.memory.swap: it counts memory and swap"* ]]
	bundle_set '.linux.resources.memory = {} | .linux.resources.hugepageLimits =
		[{pageSize: "7MB", limit: 0}]'
	run -1 --separate-stderr cor run --bundle "$bundle" "$id"
	[[ $stderr = *"linux.resources: this guest has no hugetlb.7MB.max"* ]]
	[ -z "$(cgroups "$id")" ]
}

@test "--systemd-cgroup without systemd says so" {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	run -1 --separate-stderr cor --systemd-cgroup run --bundle "$bundle" "$id"
	[[ $stderr = *"--systemd-cgroup: systemd is not the init system here"* ]]
	[ ! -e "$root/$id" ]
}

@test "where no cgroup can be made, a warning says so, and the guest's limits hold alone" {
	bundle_set '.linux.resources.pids = {limit: 20}'
	bundle_args cat /sys/fs/cgroup/pids.max
	# In a mount namespace of its own, all of them are read-only.
	# shellcheck disable=SC2016 # the inner shell's
	CC_TEST_ROOT=$root run -0 --separate-stderr unshare --mount -- sh -c '
		awk "/ - cgroup2? / { print \$5 }" /proc/self/mountinfo | while read -r mount; do
			mount -o remount,bind,ro "$mount"
		done
		exec "$@"' sh "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" --agent-timeout 120 \
		run --bundle "$bundle" "$id" 3>&-
	[ "$output" = 20 ]
	[[ $stderr = *"limits hold in the guest alone"* ]]
	[ -z "$(cgroups "$id")" ]
}
