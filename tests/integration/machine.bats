#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The machine: the distribution's kernel on pc, memory that goes back, the timeline. (The small
# kernel's are in tests/microvm.)

load ../support/integration

hypervisor_of() {
	pgrep -P "$(jq .proxy.pid "$root/$1/state.json")"
}

@test "the distribution's kernel runs on pc" {
	jq --arg dir "$CC_BUILD_DIR" '.vm.kernel.path = $dir + "/vmlinux"
		| .vm.initrd = $dir + "/initramfs"' "$CC_BUILD_DIR/vm.json" >"$bundle/vm.json"
	bundle_args sleep 600
	cor run --detach --bundle "$bundle" c1

	run tr '\0' '\n' </proc/"$(hypervisor_of c1)"/cmdline
	[[ $output == *$'-machine\npc'* ]]
	[[ $output == *virtio-9p-pci* ]]
	run cor exec c1 uname -r
	[[ $output == *-amd64 ]]
}

# In KiB, what the container's hypervisor has to itself.
private_memory() {
	awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$(hypervisor_of "$1")/smaps_rollup"
}

has_at_most() {
	[ "$(private_memory "$1")" -le "$2" ]
}

@test "memory that a container frees goes back to the host" {
	local before full

	bundle_args sleep 600
	# A clone's memory is the template's.
	CC_TEMPLATE=never cor run --detach --bundle "$bundle" c1
	before=$(private_memory c1)
	cor exec c1 dd if=/dev/zero of=/dev/shm/file bs=1M count=60
	full=$(private_memory c1)
	[ "$full" -ge $((before + 50 * 1024)) ]
	cor exec c1 rm /dev/shm/file
	wait_until 60 has_at_most c1 $((full - 40 * 1024))
}

@test "the timeline has create, start, exec and delete, in all four programs" {
	local trace=$BATS_TEST_TMPDIR/trace.json name

	bundle_args sleep 600
	cor --trace "$trace" create --bundle "$bundle" c1
	cor --trace "$trace" start c1
	CC_TRACE=$trace cor exec c1 true
	cor --trace "$trace" delete --force c1

	# Without the closing bracket, as Chrome's format allows; each line is an event.
	[ "$(head -n 1 "$trace")" = "[" ]
	tail -n +2 "$trace" | sed 's/,$//' | jq --slurp --exit-status \
		'all(.ph == "M" or (.ph == "X" and .ts > 0 and .dur >= 0))'

	run --separate-stderr cor trace "$trace"
	[ "$status" -eq 0 ]
	for name in "cc-oci-runtime create" "cc-oci-runtime start" "cc-oci-runtime exec" \
		"cc-oci-runtime delete" "cc-proxy c1" cc-shim guest; do
		[[ $output == *"$name ("* ]]
	done
	# The guest's own words for what the proxy asked it, within what the proxy saw.
	[ "$(grep -c 'NEWCONTAINER' "$trace")" -ge 3 ]
	[ "$(grep -c 'DESTROYPOD' "$trace")" -ge 2 ]
}

@test "a trace that cannot be written is an error before anything is made" {
	run cor --trace /nonexistent/trace.json run --bundle "$bundle" c1
	[ "$status" -eq 1 ]
	[ "$output" = "cc-oci-runtime: trace to /nonexistent/trace.json: No such file or directory" ]

	run cor trace /dev/null/x
	[ "$status" -eq 1 ]
	echo '{"ph":"X"}' >"$BATS_TEST_TMPDIR/bad"
	run cor trace "$BATS_TEST_TMPDIR/bad"
	[ "$status" -eq 1 ]
	[ "$output" = "cc-oci-runtime: $BATS_TEST_TMPDIR/bad:1: name: missing" ]
}
