#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# CNI: the real plugins prepare a namespace, a container of ours uses it, and they find it unchanged.

# What network.bash sets.
# shellcheck disable=SC2154

load ../support/integration
load ../support/network

setup() {
	network_setup
	results=$BATS_TEST_TMPDIR/cni
	mkdir "$results"
	in_space ip link set lo down
	on_host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
}

teardown() {
	network_teardown
}

# plugin COMMAND INTERFACE CONFIG: runs the plugin of the configuration.
plugin() {
	CNI_COMMAND=$1 CNI_CONTAINERID=cct CNI_NETNS=/run/netns/$inside CNI_IFNAME=$2 \
		CNI_PATH=/usr/lib/cni on_host "/usr/lib/cni/$(jq -r .type <<<"$3")" <<<"$3" || {
		echo "$1 of $3 failed" >&2
		return 1
	}
}

# cni_add NAME INTERFACE PLUGIN…: a network of that list of plugins.
cni_add() {
	local name=$1 interface=$2 result=null config

	shift 2
	echo "$interface" >"$results/$name"
	for config; do
		jq -c . <<<"$config" >>"$results/$name"
		# shellcheck disable=SC2016 # jq's variables
		config=$(jq -c --arg name "$name" --argjson before "$result" \
			'{cniVersion: "0.4.0", name: $name} + . +
				(if $before == null then {} else {prevResult: $before} end)' <<<"$config")
		result=$(plugin ADD "$interface" "$config")
	done
	echo "$result" >"$results/$name.result"
}

# cni_again COMMAND NAME: CHECK or DEL, with the result of ADD.
cni_again() {
	local interface config list

	mapfile -t list <"$results/$2"
	interface=${list[0]}
	list=("${list[@]:1}")
	[ "$1" = CHECK ] || mapfile -t list < <(printf '%s\n' "${list[@]}" | tac)
	for config in "${list[@]}"; do
		# Of 1.1.1 (Debian 12) its CHECK fails for whatever is of one family, before any container.
		[ "$1" != CHECK ] || [[ $config != *'"type":"portmap"'* ]] || continue
		# shellcheck disable=SC2016 # jq's variables
		config=$(jq -c --arg name "$2" --slurpfile before "$results/$2.result" \
			'{cniVersion: "0.4.0", name: $name} + . + {prevResult: $before[0]}' <<<"$config")
		plugin "$1" "$interface" "$config"
	done
}

in_guest() {
	hcor exec c1 "$@"
}

@test "several networks by CNI: bridge, portmap, firewall, tuning, bandwidth; ptp; macvlan, static" {
	local name host_local='"type": "host-local", "dataDir": "'$BATS_TEST_TMPDIR/ipam'"'
	local networks=(lo one two three)

	ip link add master0 netns "$host" type veth peer name world0 netns "$host"
	ip -n "$host" link set master0 up
	ip -n "$host" link set world0 up
	ip -n "$host" address add 10.93.0.1/24 dev world0
	cni_add lo lo '{"type": "loopback"}'
	cni_add one eth0 \
		'{"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "ipam": {'"$host_local"',
			"subnet": "10.91.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}' \
		'{"type": "tuning", "mac": "02:aa:bb:cc:dd:01", "mtu": 1420}' \
		'{"type": "portmap", "runtimeConfig": {"portMappings": [{"hostPort": 8092, "containerPort": 80, "protocol": "tcp"}]}}' \
		'{"type": "firewall"}' \
		'{"type": "bandwidth", "ingressRate": 800000000, "ingressBurst": 80000000}'
	cni_add two eth1 '{"type": "ptp", "ipam": {'"$host_local"',
		"ranges": [[{"subnet": "10.92.0.0/24"}], [{"subnet": "fd92::/64"}]]}}'
	cni_add three eth2 '{"type": "macvlan", "master": "master0", "ipam": {"type": "static",
		"addresses": [{"address": "10.93.0.7/24"}]}}'
	bundle_join "$inside"
	# shellcheck disable=SC2016 # the guest's
	bundle_args sh -c 'mkdir /tmp/w; echo it works >/tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w'
	hcor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1

	in_guest ping -c 1 -w 60 10.91.0.1
	in_guest ping -c 1 -w 60 10.92.0.1
	in_guest ping -c 1 -w 60 10.93.0.1
	in_guest ping -6 -c 1 -w 60 fd92::1
	reaches "$host" 10.91.0.2
	reaches "$host" 10.92.0.2
	reaches "$host" 10.93.0.7
	in_guest ip link show eth0 | grep -q 02:aa:bb:cc:dd:01
	in_guest ip link show eth0 | grep -q 'mtu 1420'
	[ "$(on_host "$bundle/rootfs/bin/busybox" wget -q -O - http://10.91.0.2/)" = "it works" ]
	# By the published port, at an address of the host's.
	[ "$(on_host "$bundle/rootfs/bin/busybox" wget -q -O - http://10.91.0.1:8092/)" = "it works" ]

	for name in "${networks[@]}"; do
		cni_again CHECK "$name"
	done
	hcor delete --force c1
	for name in "${networks[@]}"; do
		cni_again CHECK "$name"
		cni_again DEL "$name"
	done
	[ "$(ip -n "$inside" -o link | wc -l)" -eq 1 ]
}
