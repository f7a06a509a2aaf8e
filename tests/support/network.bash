# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Network namespaces of a test's own, beside ../support/integration: $host stands for the host, whose
# links no test ever touches, and the runtime runs in it; $inside is the container's. They are removed
# by name. A bats file calls network_setup and network_teardown.

# What integration.bash sets.
# shellcheck disable=SC2154

network_setup() {
	integration_setup
	host=cct-$$-host
	inside=cct-$$-inside
	network_remove
	ip netns add "$host"
	ip netns add "$inside"
	ip -n "$host" link set lo up
	ip -n "$inside" link set lo up
	# Addresses are not tentative first: what two looks differ in is then ours.
	on_host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
	in_space sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
}

network_remove() {
	local name

	for name in "$host" "$inside"; do
		ip netns delete "$name" 2>/dev/null || true
	done
}

# What runs in them: servers of a test, which leftovers does not know.
network_processes() {
	local name

	for name in "$host" "$inside"; do
		ip netns pids "$name" 2>/dev/null || true
	done
}

network_teardown() {
	local status=0

	integration_teardown || status=1
	if [ -n "$(network_processes)" ]; then
		echo "processes are left in the namespaces:"
		network_processes | xargs ps -o pid,args -p
		network_processes | xargs kill -KILL
		status=1
	fi
	network_remove
	return $status
}

# on_host CMD…, in_space CMD…: in one of the two, with the test's own mounts and /sys.
on_host() {
	nsenter --net="/run/netns/$host" "$@"
}

in_space() {
	nsenter --net="/run/netns/$inside" "$@"
}

# The runtime, as `cor`, on this host.
hcor() {
	CC_TEST_ROOT=$root nsenter --net="/run/netns/$host" "$CC_BUILD_DIR/cc-oci-runtime" \
		--root "$root" --log "$BATS_TEST_TMPDIR/log" --agent-timeout 120 "$@" 3>&-
}

# pair NAME HOST-ADDRESS ADDRESS: a veth of the namespace, its other end, h-NAME, on the host.
pair() {
	ip link add "$1" netns "$inside" type veth peer name "h-$1" netns "$host"
	ip -n "$host" address add "$2" dev "h-$1"
	ip -n "$host" link set "h-$1" up
	ip -n "$inside" address add "$3" dev "$1"
	ip -n "$inside" link set "$1" up
	# The kernel has noticed its carrier.
	wait_until 60 has_link_local "$1"
}

has_link_local() {
	[ -n "$(ip -n "$inside" -6 address show dev "$1" scope link)" ]
}

# Links come while the VM runs: a machine that takes further devices.
bundle_hotplug() {
	bundle_set '.annotations["cc-oci-runtime.machine"] = "pc"'
}

# The bundle's network namespace, and what a container needs to look at it.
bundle_join() {
	# shellcheck disable=SC2016 # jq's variable
	bundle_set '(.linux.namespaces[] | select(.type == "network")).path = $path
		| .process.capabilities |= map_values(. + ["CAP_NET_RAW", "CAP_NET_ADMIN"])' \
		--arg path "/run/netns/$1"
}

# All of a namespace that a runtime could have changed: snapshot NAME
snapshot() {
	nsenter --net="/run/netns/$1" sh -c '
		ip -details -json link | jq "map(del(.stats64, .operstate, .link_netnsid))"
		ip -json address | jq "map(.addr_info)"
		ip -json route show table all
		ip -6 -json route show table all
		ip -json rule
		ip -json neighbour show nud permanent
		tc -json qdisc show'
}

# reaches FROM ADDRESS: a ping is answered within a minute (the guest has just come up).
reaches() {
	nsenter --net="/run/netns/$1" "$bundle/rootfs/bin/busybox" ping -c 1 -w 60 "$2" >/dev/null
}
