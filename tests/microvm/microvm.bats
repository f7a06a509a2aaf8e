#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The small kernel on a microvm. Needs the kernel of `make guest-kernel`, so it is a suite of its own
# (`make check-microvm`), which fails without it.

load ../support/integration

# The bundle's own vm.json names the kernel, whatever the build's does.
setup() {
	integration_setup
	jq --arg dir "$CC_BUILD_DIR" '.vm.kernel.path = $dir + "/vmlinux-small"
		| .vm.initrd = $dir + "/initramfs"' "$CC_BUILD_DIR/vm.json" >"$bundle/vm.json"
}

# The command line of the container's hypervisor, one argument a line.
hypervisor_arguments() {
	tr '\0' '\n' <"/proc/$(pgrep -P "$(jq .proxy.pid "$root/$1/state.json")")/cmdline"
}

@test "the small kernel runs on a microvm, with its clock and without hot-plug" {
	bundle_args sleep 600
	cor run --detach --bundle "$bundle" c1

	run hypervisor_arguments c1
	[[ $output == *$'-machine\nmicrovm,acpi=off'* ]]
	[[ $output == *virtio-serial-device* && $output == *virtio-9p-device* ]]

	run cor exec c1 sh -c 'uname -r; cat /sys/devices/system/clocksource/clocksource0/current_clocksource'
	[[ ${lines[0]} == *-guest ]]
	# tsc-early, in the first second.
	[[ ${lines[1]} == tsc* ]]

	# The emulated TSC has the frequency that the kernel was told: no second is longer than ours.
	run cor exec c1 sh -c 'a=$(date +%s); sleep 3; echo $(($(date +%s) - a))'
	[ "$output" -ge 3 ] && [ "$output" -le 4 ]
}

@test "what docker's images need is built in" {
	bundle_set '.linux.namespaces |= map(select(.type != "cgroup"))
		| .process.args = ["sh", "-c", $script]' --arg script '
		for fs in overlay ext4 erofs squashfs fuse 9p tmpfs mqueue hugetlbfs; do
			grep -qw "$fs" /proc/filesystems || echo "no $fs"
		done
		for controller in cpuset cpu io memory hugetlb pids rdma misc; do
			grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers || echo "no $controller"
		done
		for namespace in cgroup ipc mnt net pid time user uts; do
			[ -e /proc/self/ns/$namespace ] || echo "no $namespace"
		done
		for table in /proc/net/ip_tables_names /proc/net/ip6_tables_names /proc/net/if_inet6; do
			[ -e $table ] || echo "no $table"
		done
		grep -q ^Seccomp: /proc/self/status || echo "no seccomp"
		echo checked'
	run --separate-stderr cor run --bundle "$bundle" c1
	[ "$status" -eq 0 ]
	[ "$output" = checked ]
}

@test "a guest that ends by itself ends its microvm at once" {
	bundle_args sh -c 'exit 7'
	run cor run --bundle "$bundle" c1
	[ "$status" -eq 7 ]
	no_leftovers
}

@test "where devices will be plugged, the small kernel runs on pc" {
	jq '.vm.hotplug = true' "$bundle/vm.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/vm.json"
	bundle_args sleep 600
	cor run --detach --bundle "$bundle" c1

	run hypervisor_arguments c1
	[[ $output == *$'-machine\npc'* ]]
	[[ $output == *virtio-9p-pci* ]]
	run cor exec c1 uname -r
	[[ $output == *-guest ]]
}

@test "the annotation goes before vm.json" {
	jq '.vm.machine = "microvm"' "$bundle/vm.json" >"$bundle/new"
	mv "$bundle/new" "$bundle/vm.json"
	bundle_set '.annotations["cc-oci-runtime.machine"] = "pc" | .process.args = ["sleep", "600"]'
	cor run --detach --bundle "$bundle" c1
	run hypervisor_arguments c1
	[[ $output == *$'-machine\npc'* ]]
}
