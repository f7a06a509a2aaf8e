#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The network: a guest has what its namespace has, and nothing else of the host is changed.

load ../support/integration
load ../support/network

setup() {
	network_setup
}

teardown() {
	network_teardown
}

# in_guest CMD…: its output; the test fails when it does.
in_guest() {
	hcor exec c1 "$@"
}

# guest_has TEXT CMD…: the output of the command in the guest has the text.
guest_has() {
	local text=$1 got

	shift
	got=$(in_guest "$@")
	[[ $got == *"$text"* ]] || {
		echo "no \"$text\" in:"
		echo "$got"
		return 1
	}
}

# What the namespace is now, against what it was.
is_as_before() {
	diff <(echo "$before") <(snapshot "$1")
}

guest_lacks() {
	! guest_has "$@" >/dev/null
}

@test "a guest has its namespace's links, before create, between create and start, and while it runs" {
	local before

	pair eth0 10.77.0.1/24 10.77.0.2/24
	ip -n "$inside" link set eth0 down
	ip -n "$inside" link set eth0 address 02:11:22:33:44:55 mtu 1400 up
	ip -n "$inside" address add fd77::2/64 dev eth0 nodad
	ip -n "$host" address add fd77::1/64 dev h-eth0 nodad
	ip -n "$inside" address add 10.99.0.9/32 dev lo
	ip -n "$inside" route add default via 172.16.9.1 dev eth0 onlink src 10.77.0.2 metric 50
	ip -n "$inside" route add 10.66.0.0/16 dev eth0 scope link table 77
	ip -n "$inside" -6 route add fd66::/48 via fd77::1 dev eth0 metric 9
	ip -n "$inside" rule add from 10.77.0.0/24 table 77 priority 500
	ip -n "$inside" neighbour add 10.77.0.77 lladdr 02:00:00:00:00:77 dev eth0
	ip link add bridge0 netns "$inside" type bridge
	before=$(snapshot "$inside")
	bundle_join "$inside"
	bundle_hotplug
	bundle_args sleep 1000
	hcor create --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	reaches "$host" 10.77.0.2
	reaches "$host" fd77::2

	pair eth1 10.78.0.1/24 10.78.0.2/24
	hcor start c1
	guest_has "mtu 1400" ip link show eth0
	guest_has "link/ether 02:11:22:33:44:55" ip link show eth0
	guest_has "inet 10.77.0.2/24 scope global eth0" ip address
	guest_has "inet6 fd77::2/64 scope global" ip address
	guest_has "inet 10.99.0.9/32 scope global lo" ip address
	guest_has "inet 10.78.0.2/24 scope global eth1" ip address
	guest_has "default via 172.16.9.1 dev eth0  src 10.77.0.2  metric 50 onlink" ip route
	guest_has "10.66.0.0/16 dev eth0 scope link" ip route show table 77
	guest_has "fd66::/48 via fd77::1 dev eth0  metric 9" ip -6 route
	guest_has "from 10.77.0.0/24 lookup 77" ip rule
	guest_has "10.77.0.77 dev eth0 lladdr 02:00:00:00:00:77" ip neigh
	guest_lacks bridge0 ip link
	grep -q 'bridge0 is not joined to the VM: it is a bridge' "$root/c1/hypervisor.log"
	in_guest ping -c 1 -w 60 10.78.0.1
	in_guest ping -6 -c 1 -w 60 fd77::1

	pair eth2 10.79.0.1/24 10.79.0.2/24
	wait_until 60 guest_has "inet 10.79.0.2/24" ip address
	reaches "$host" 10.79.0.2
	ip -n "$inside" address add 10.79.1.2/24 dev eth2
	ip -n "$inside" address delete 10.79.0.2/24 dev eth2
	wait_until 60 guest_has "inet 10.79.1.2/24" ip address
	guest_lacks "10.79.0.2" ip address

	# Removed, and there again with another address.
	ip -n "$inside" link delete eth1
	wait_until 60 guest_lacks eth1 ip link
	pair eth1 10.80.0.1/24 10.80.0.2/24
	wait_until 60 guest_has "inet 10.80.0.2/24" ip address
	reaches "$host" 10.80.0.2
	reaches "$host" 10.77.0.2

	hcor delete --force c1
	ip -n "$inside" link delete eth1
	ip -n "$inside" link delete eth2
	is_as_before "$inside"
}

@test "links of other kinds are joined too: macvlan, tap, one without an address" {
	ip link add parent0 netns "$host" type veth peer name other0 netns "$host"
	ip -n "$host" link set parent0 up
	ip -n "$host" link set other0 up
	ip -n "$host" address add 10.81.0.1/24 dev other0
	ip -n "$host" link add mv0 link parent0 type macvlan mode bridge
	ip -n "$host" link set mv0 netns "$inside"
	ip -n "$inside" address add 10.81.0.2/24 dev mv0
	ip -n "$inside" link set mv0 up
	ip -n "$inside" tuntap add dev tap9 mode tap
	ip -n "$inside" link set tap9 up
	ip link add bare0 netns "$inside" type veth peer name h-bare0 netns "$host"
	bundle_join "$inside"
	bundle_hotplug
	bundle_args sleep 1000
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	reaches "$host" 10.81.0.2
	guest_has "tap9: <" ip link
	guest_has "bare0: <BROADCAST,MULTICAST>" ip link
}

@test "a hook fills the namespace that the runtime makes; a sysctl of the net applies" {
	cat >"$BATS_TEST_TMPDIR/hook" <<-END
		#!/bin/bash
		pid=\$(jq .pid)
		ip link add eth0 netns "\$pid" type veth peer name h-hook
		ip address add 10.82.0.1/24 dev h-hook
		ip link set h-hook up
		nsenter -t "\$pid" -n ip address add 10.82.0.2/24 dev eth0
		nsenter -t "\$pid" -n ip link set eth0 up
	END
	chmod +x "$BATS_TEST_TMPDIR/hook"
	# shellcheck disable=SC2016 # jq's variable
	bundle_set '.hooks.prestart = [{"path": $hook}]
		| .linux.sysctl = {"net.ipv4.ping_group_range": "0 77",
			"net.ipv4.conf.eth0.forwarding": "1"}' --arg hook "$BATS_TEST_TMPDIR/hook"
	bundle_args sleep 1000
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	reaches "$host" 10.82.0.2
	guest_has "inet 10.82.0.2/24" ip address
	guest_has 77 cat /proc/sys/net/ipv4/ping_group_range
	guest_has 1 cat /proc/sys/net/ipv4/conf/eth0/forwarding
}

@test "with the host's namespace or none nothing of the host's network changes, also after a crash" {
	local before pid

	ip link add h-eth0 netns "$host" address 02:00:00:00:00:11 type veth peer name out0 netns "$inside"
	ip -n "$host" address add 10.83.0.1/24 dev h-eth0
	ip -n "$host" link set h-eth0 up
	ip -n "$host" route add default via 10.83.0.254
	ip -n "$host" rule add from 10.83.0.0/24 table 7
	before=$(snapshot "$host")

	bundle_args sleep 1000
	# The host's by path, by /proc, and by no entry at all.
	bundle_join "$host"
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	is_as_before "$host"
	pid=$(pgrep -f "cc-proxy --state-dir $root/c1")
	kill -KILL "$pid"
	wait_until 60 has_status c1 stopped
	hcor delete c1
	is_as_before "$host"

	bundle_set '.linux.namespaces |= map(select(.type != "network"))'
	hcor create --bundle "$bundle" c2 </dev/null >/dev/null 2>&1 &
	wait_until 60 test -e "$root/c2/hypervisor.log"
	kill -KILL "$(pgrep -f "cc-proxy --state-dir $root/c2")"
	run ! wait $!
	is_as_before "$host"
}

@test "what a killed proxy has left in a namespace goes with delete, and a second VM is refused by name" {
	local before

	pair eth0 10.84.0.1/24 10.84.0.2/24
	before=$(snapshot "$inside")
	bundle_join "$inside"
	bundle_args sleep 1000
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	run ! hcor run --bundle "$bundle" c2
	[[ $output == *'the network namespace is the one of container "c1"'* ]]
	reaches "$host" 10.84.0.2

	kill -KILL "$(pgrep -f "cc-proxy --state-dir $root/c1")"
	wait_until 60 has_status c1 stopped
	run ! is_as_before "$inside"
	hcor delete c1
	is_as_before "$inside"
}

@test "a user network, without a namespace or by choice: out to the world, ports in, the host as it was" {
	local before served

	pair world0 10.90.0.1/24 10.90.0.2/24
	mkdir "$BATS_TEST_TMPDIR/www"
	echo "hello from outside" >"$BATS_TEST_TMPDIR/www/index.html"
	# Not by in_space: that would be a shell, and its end not the server's.
	nsenter --net="/run/netns/$inside" "$bundle/rootfs/bin/busybox" httpd -f -p 10.90.0.2:80 \
		-h "$BATS_TEST_TMPDIR/www" 3>&- &
	served=$!
	before=$(snapshot "$host")
	bundle_set '.linux.namespaces |= map(select(.type != "network"))
		| .annotations["cc-oci-runtime.ports"] = "127.0.0.1:8088:80"'
	# shellcheck disable=SC2016 # the guest's
	bundle_args sh -c 'wget -q -O - http://10.90.0.2/ && mkdir /tmp/w && echo from inside >/tmp/w/index.html &&
		httpd -p 80 -h /tmp/w && exec sleep 1000'
	hcor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	wait_until 60 grep -q "hello from outside" "$BATS_TEST_TMPDIR/out"
	wait_until 60 on_host "$bundle/rootfs/bin/busybox" wget -q -O "$BATS_TEST_TMPDIR/in" http://127.0.0.1:8088/
	grep -q "from inside" "$BATS_TEST_TMPDIR/in"
	guest_has "inet 10.0.2.15/24" ip address
	is_as_before "$host"
	hcor delete --force c1

	# By choice, with a namespace of its own, which stays empty.
	bundle_set '.linux.namespaces += [{"type": "network"}]
		| .annotations["cc-oci-runtime.network"] = "user"'
	bundle_args wget -q -O - http://10.90.0.2/
	run -0 --separate-stderr hcor run --bundle "$bundle" c2
	[ "$output" = "hello from outside" ]
	kill "$served"
	run ! wait "$served"
	is_as_before "$host"
}

# killed_create N: create, in which the runtime and the proxy are each killed at their Nth sendto(2),
# which is how netlink requests are sent. Fails when all of it has come to its end.
killed_create() {
	local tracer pid_file=$BATS_TEST_TMPDIR/pid

	rm -f "$pid_file"
	CC_TEST_ROOT=$root strace --follow-forks --quiet=all --output=/dev/null \
		--trace=sendto --inject="sendto:signal=KILL:when=$1" \
		nsenter --net="/run/netns/$host" "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" \
		--template-dir "$BATS_SUITE_TMPDIR/templates" --agent-timeout 120 \
		create --bundle "$bundle" --pid-file "$pid_file" c1 </dev/null >/dev/null 2>&1 3>&- &
	tracer=$!
	wait_until 120 create_has_ended "$tracer" "$pid_file"
	[ ! -e "$pid_file" ]
}

# create_has_ended PID FILE: it has written its pid file, or is gone with all that it started.
create_has_ended() {
	[ -e "$2" ] || ! kill -0 "$1" 2>/dev/null
}

@test "a create that is killed after any of its netlink requests leaves nothing in the namespace" {
	local before n=0

	pair eth0 10.86.0.1/24 10.86.0.2/24
	before=$(snapshot "$inside")
	bundle_join "$inside"
	bundle_args sleep 1000
	while killed_create $((++n)); do
		echo "request $n"
		hcor delete --force c1
		wait_until 20 is_as_before "$inside"
	done
	hcor delete --force c1
	echo "$n requests"
	# The tap, its filter, the link's, and what was read before them.
	[ "$n" -gt 8 ]
	is_as_before "$inside"
}

@test "a create that gets no tap says so, and leaves nothing in the namespace" {
	local before

	pair eth0 10.86.0.1/24 10.86.0.2/24
	before=$(snapshot "$inside")
	bundle_join "$inside"
	run ! unshare --mount sh -c 'mount --bind /dev/null /dev/net/tun && exec nsenter --net="$0" "$@"' \
		"/run/netns/$host" "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" create --bundle "$bundle" c2
	[[ $output == *"network: make a tap: "* ]]
	is_as_before "$inside"
}

@test "a container outlives the name of its namespace, and is deleted without it" {
	pair eth0 10.87.0.1/24 10.87.0.2/24
	bundle_join "$inside"
	bundle_args sleep 1000
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	ip netns delete "$inside"
	reaches "$host" 10.87.0.2
	ip -n "$host" link delete h-eth0
	wait_until 60 guest_lacks eth0 ip link
	hcor delete --force c1
}
