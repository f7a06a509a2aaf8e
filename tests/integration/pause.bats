#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `pause` and `resume`: a container that stands still, what can be done to it meanwhile; and one whose
# memory runs out.

load ../support/integration

tick() {
	cat "$bundle/rootfs/tick" 2>/dev/null || echo 0
}

has_ticked() {
	[ "$(tick)" -gt "$1" ]
}

@test "a paused container stands still, refuses what it cannot do, and goes on" {
	local before pid status=0

	bundle_args sh -c 'trap "echo got > /signal" USR1; i=0
		while true; do i=$((i+1)); echo $i > /tick; sleep 0.1; done'
	run -1 --separate-stderr cor pause c1
	[ "$stderr" = 'cc-oci-runtime: container "c1" does not exist' ]
	cor run --detach --bundle "$bundle" c1
	run -1 --separate-stderr cor resume c1
	[ "$stderr" = "cc-oci-runtime: container not paused: running" ]
	wait_until 20 has_ticked 1

	run -0 --separate-stderr cor pause c1
	[ -z "$output$stderr" ]
	has_status c1 paused
	[ "$(cor list -f json | jq -r '.[0].status')" = paused ]
	before=$(tick)
	sleep 1
	[ "$(tick)" = "$before" ]
	run -1 --separate-stderr cor pause c1
	[ "$stderr" = "cc-oci-runtime: container not running or created: paused" ]
	run -1 --separate-stderr cor exec c1 true
	[[ $stderr = *"cannot exec in a paused container (use --ignore-paused to override)" ]]
	run -1 --separate-stderr cor delete c1
	[[ $stderr = *"cannot delete container c1 that is not stopped: paused" ]]
	# Both wait for the container to go on.
	cor kill c1 USR1
	cor exec --ignore-paused c1 sh -c 'exit 5' &
	pid=$!

	run -0 --separate-stderr cor resume c1
	[ -z "$output$stderr" ]
	has_status c1 running
	wait_until 20 has_ticked "$before"
	wait_until 20 [ -s "$bundle/rootfs/signal" ]
	wait "$pid" || status=$?
	[ "$status" -eq 5 ]

	# SIGKILL does not wait.
	cor pause c1
	cor kill c1 KILL
	wait_until 20 has_status c1 stopped
	cor delete c1
}

@test "a created container is paused as well; a paused one is deleted by force" {
	cor create --bundle "$bundle" c1 </dev/null
	cor pause c1
	run -1 --separate-stderr cor start c1
	[[ $stderr = *"cannot start a paused container" ]]
	cor resume c1
	has_status c1 created
	cor pause c1
	cor delete --force c1
	[ -z "$(cor list -q)" ]
	no_leftovers
}

# Registers on the cgroup as an engine does, and prints a line when memory has run out in it.
watch_oom() {
	perl -e '
		use IO::Handle;
		my $efd = syscall(290, 0, 0); # eventfd2(2)
		open(my $oom, "<", "$ARGV[0]/memory.oom_control") or die;
		open(my $control, ">", "$ARGV[0]/cgroup.event_control") or die;
		syswrite($control, "$efd " . fileno($oom)) or die;
		open(my $event, "<&=", $efd) or die;
		STDOUT->autoflush(1);
		print "watching\n";
		sysread($event, my $count, 8) == 8 or die;
		print -d $ARGV[0] ? "oom\n" : "gone\n";' "$1" 3>&-
}

@test "memory that runs out in the guest is seen on the host, where engines look" {
	local directory status=0 watcher id=oom-$$

	bundle_set '.linux.resources.memory = {limit: 33554432}'
	bundle_args sh -c '(x=a; while true; do x=$x$x; done); exit 7'
	cor create --bundle "$bundle" "$id" </dev/null
	directory=$(find /sys/fs/cgroup/memory -type d -name "$id-*")
	watch_oom "$directory" >"$BATS_TEST_TMPDIR/watch" &
	watcher=$!
	wait_until 10 grep -q watching "$BATS_TEST_TMPDIR/watch"
	cor start "$id"
	wait "$watcher"
	grep -qx oom "$BATS_TEST_TMPDIR/watch"
	wait_until 20 has_status "$id" stopped
	grep -q "container $id: out of memory" "$root/$id/hypervisor.log"
	cor delete "$id"

	# The exit status is the container's own; and the limit of a VM is none of its neighbour's.
	cor run --bundle "$bundle" "$id" || status=$?
	[ "$status" -eq 7 ]
}
