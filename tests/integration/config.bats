#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# vm.json, hypervisor.args and the options that say where logs go.

load ../support/integration

# vm.json as it was built, with absolute paths, and changed by a jq filter.
vm_json() {
	jq --arg build "$CC_BUILD_DIR" '.vm.kernel.path = $build + "/vmlinux" |
		.vm.initrd = $build + "/initramfs" | '"${1:-.}" "$CC_BUILD_DIR/vm.json"
}

# The arguments of c1's hypervisor, one a line.
hypervisor_arguments() {
	tr '\0' '\n' <"/proc/$(pgrep -P "$(jq .proxy.pid "$root/c1/state.json")")/cmdline"
}

logged() {
	grep -qF "$1" "$BATS_TEST_TMPDIR/log"
}

# The runtime as it would be installed beside files of ours, in $installed.
install_copy() {
	installed=$BATS_TEST_TMPDIR/installed
	mkdir "$installed"
	cp "$CC_BUILD_DIR"/cc-{oci-runtime,proxy,shim} "$installed/"
}

# installed_fails TEXT: `create` by it fails, and says so. In a mount namespace where $sysconf is a
# directory of ours.
installed_fails() {
	local ancestor=$sysconf

	until [ -d "$ancestor" ]; do
		ancestor=${ancestor%/*}
	done
	[ -n "$ancestor" ]
	# shellcheck disable=SC2016 # the inner shell's variables
	run -1 unshare --mount sh -c 'mount -t tmpfs tmpfs "$1" && mkdir -p "$2" &&
		cp -r "$3/." "$2" && shift 3 && exec "$@"' \
		sh "$ancestor" "$sysconf" "$BATS_TEST_TMPDIR/sysconf" \
		"$installed/cc-oci-runtime" --root "$root" --log "$BATS_TEST_TMPDIR/log" \
		create --bundle "$bundle" c1
	[[ $output = *"$1"* ]]
}

@test "vm.json and hypervisor.args: the bundle's, then the configured, then the default one" {
	local found sysconf

	# All of them are told when there is none.
	install_copy
	run -1 --separate-stderr "$installed/cc-oci-runtime" --root "$root" \
		--log "$BATS_TEST_TMPDIR/log" create --bundle "$bundle" c1
	found=${stderr#*": vm.json: not found in "}
	[[ $found = "$bundle, /"*"/cc-oci-runtime, $installed" ]]
	sysconf=${found#"$bundle, "}
	sysconf=${sysconf%", $installed"}

	# Each vm.json names a kernel that is not there; the error says which one was read.
	mkdir "$BATS_TEST_TMPDIR/sysconf"
	vm_json '.vm.kernel.path = "/no/kernel"' >"$installed/vm.json"
	installed_fails "$installed/vm.json: vm.kernel.path: /no/kernel"
	cp "$installed/vm.json" "$BATS_TEST_TMPDIR/sysconf/"
	installed_fails "$sysconf/vm.json: vm.kernel.path: /no/kernel"
	cp "$installed/vm.json" "$bundle/"
	installed_fails "$bundle/vm.json: vm.kernel.path: /no/kernel"
	bundle_set --argjson vm "$(vm_json '.vm.kernel.path = "/no/kernel"')" '.vm = $vm.vm'
	installed_fails "$bundle/config.json: vm.kernel.path: /no/kernel"

	# Each hypervisor.args has a tag that is not known.
	bundle_set --argjson vm "$(vm_json)" '.vm = $vm.vm'
	installed_fails "hypervisor.args: not found in $bundle, $sysconf, $installed"
	printf '%s\n' @QEMU_PATH@ @MOON@ >"$installed/hypervisor.args"
	installed_fails "$installed/hypervisor.args:2: unknown tag @MOON@"
	cp "$installed/hypervisor.args" "$BATS_TEST_TMPDIR/sysconf/"
	installed_fails "$sysconf/hypervisor.args:2: unknown tag @MOON@"
	cp "$installed/hypervisor.args" "$bundle/"
	installed_fails "$bundle/hypervisor.args:2: unknown tag @MOON@"
}

@test "the bundle's own files are used, and logged with their path" {
	vm_json '.vm.memory = 200 | .vm.moon = 1 | .vm.kernel.parameters += " moon=full"' \
		>"$bundle/vm.json"
	{
		cat "$CC_BUILD_DIR/hypervisor.args"
		printf '%s\n' "# ours" -rtc "clock=vm # and more"
	} >"$bundle/hypervisor.args"
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null
	logged "vm configuration: $bundle/vm.json"
	logged "hypervisor arguments: $bundle/hypervisor.args"
	logged "$bundle/vm.json: unknown key: vm.moon"

	hypervisor_arguments >"$BATS_TEST_TMPDIR/arguments"
	grep -A 1 -xF -e -m "$BATS_TEST_TMPDIR/arguments" | grep -qxF 200M
	grep -A 1 -xF -e -rtc "$BATS_TEST_TMPDIR/arguments" | grep -qxF clock=vm
	run -1 grep -F "#" "$BATS_TEST_TMPDIR/arguments"
	[ "$(cor exec c1 awk '/MemTotal/ { print ($2 < 200 * 1024 && $2 > 100 * 1024) }' \
		/proc/meminfo)" = 1 ]
	cor exec c1 grep -qw moon=full /proc/cmdline
	cor delete --force c1
}

@test "a vm object in config.json, in the runtime-spec's shape, goes before vm.json" {
	local arguments=$BATS_TEST_TMPDIR/arguments

	echo "not even JSON" >"$bundle/vm.json"
	# shellcheck disable=SC2016 # jq's variables
	bundle_set --argjson old "$(vm_json)" '.vm = {
		hypervisor: {path: $old.vm.path, parameters: ["-rtc", "clock=vm"]},
		kernel: {path: $old.vm.kernel.path, initrd: $old.vm.initrd,
			parameters: ($old.vm.kernel.parameters / " " + ["moon=new"])},
		hwConfig: {vcpus: 2, memory: 200000000}}'
	bundle_args sleep 1000
	cor --debug --global-log "$BATS_TEST_TMPDIR/global" \
		--hypervisor-log-dir "$BATS_TEST_TMPDIR/logs" \
		run --detach --bundle "$bundle" c1 </dev/null
	logged "vm configuration: $bundle/config.json"

	hypervisor_arguments >"$arguments"
	[ "$(tail -n 2 "$arguments")" = $'-rtc\nclock=vm' ]
	[ "$(cor exec c1 grep -c '^processor' /proc/cpuinfo)" = 2 ]
	[ "$(cor exec c1 awk '/MemTotal/ { print ($2 < 200000 && $2 > 100000) }' \
		/proc/meminfo)" = 1 ]
	cor exec c1 grep -qw moon=new /proc/cmdline

	# --debug says the whole command line; the global log has all of it too, and says whose it is.
	grep 'level=debug' "$BATS_TEST_TMPDIR/log" | grep -qF "clock=vm"
	grep -qE '^cc-oci-runtime\[[0-9]+\]: .*vm configuration: ' "$BATS_TEST_TMPDIR/global"
	cor --global-log "$BATS_TEST_TMPDIR/global" kill c1 KILL
	run -1 cor --global-log "$BATS_TEST_TMPDIR/global" state c2
	grep -F 'level=error' "$BATS_TEST_TMPDIR/global" | grep -qF 'c2'
	[ "$(grep -c 'does not exist' "$BATS_TEST_TMPDIR/global")" -eq 1 ]

	# The hypervisor's logs are where they were wanted, and outlive the container.
	[ ! -e "$root/c1/hypervisor.log" ]
	cor delete --force c1
	grep -q "agent ready" "$BATS_TEST_TMPDIR/logs/c1/hypervisor.log"
	[ -e "$BATS_TEST_TMPDIR/logs/c1/console.log" ]
}

@test "hypervisor.log and console.log tell what was said, and are bounded" {
	local log

	# Says much before it becomes the real one. The console is its descriptor 6.
	cat >"$bundle/qemu" <<-'END'
		#!/bin/sh
		head -c 3000000 /dev/zero | tr '\0' c >&6
		head -c 3000000 /dev/zero | tr '\0' h >&2
		echo "last words" >&2
		exec qemu-system-x86_64 "$@"
	END
	chmod 755 "$bundle/qemu"
	vm_json '.vm.path = "./qemu" | .vm.kernel.parameters |= sub("quiet "; "")' >"$bundle/vm.json"
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null
	for log in console hypervisor; do
		[ "$(stat -c %s "$root/c1/$log.log")" -le 1048576 ]
		[ "$(stat -c %s "$root/c1/$log.log.old")" -le 1048576 ]
		[ "$(stat -c %a "$root/c1/$log.log")" = 600 ]
		[ "$(find "$root/c1" -name "$log.log*" | wc -l)" -eq 2 ]
	done
	grep -qF "last words" "$root/c1/hypervisor.log"
	grep -aqF "Linux version" "$root/c1/console.log"
	cor delete --force c1
}

@test "an old template with its sockets by path runs, with a long --root too" {
	local filler

	cat >"$bundle/hypervisor.args" <<-'END'
		@QEMU_PATH@
		-name
		@NAME@
		-machine
		pc,accel=@ACCEL@
		-m
		@MEMORY@
		-kernel
		@KERNEL@
		-append
		@KERNEL_PARAMS@ @KERNEL_NET_PARAMS@
		-smp
		1,sockets=1,cores=1,threads=1
		-nodefaults

		-device
		virtio-serial-pci,id=serial0
		-device
		virtconsole,chardev=charconsole0,id=console0
		-chardev
		@CONSOLE_DEVICE@
		-chardev
		# shows that the hypervisor runs
		@PROCESS_SOCKET@
		#the agent's two ports
		-chardev
		socket,id=ctl,path=@AGENT_CTL_SOCKET@,server,nowait
		-device
		virtserialport,bus=serial0.0,nr=1,chardev=ctl,name=sh.hyper.channel.0
		-chardev
		socket,id=stdio,path=@AGENT_TTY_SOCKET@,server,nowait
		-device
		virtserialport,bus=serial0.0,nr=2,chardev=stdio,name=sh.hyper.channel.1
		@NETDEV@
		@NETDEV_PARAMS@
		@NETDEVICE@
		@NETDEVICE_PARAMS@
		-uuid
		@UUID@
		-qmp
		unix:@COMMS_SOCKET@,server,nowait
		-nographic
		-vga
		none
	END
	filler=$(head -c $((150 - ${#BATS_TEST_TMPDIR} - 1)) /dev/zero | tr '\0' r)
	root=$BATS_TEST_TMPDIR/$filler
	[ "${#root}" -eq 150 ]
	bundle_args sh -c 'read -r word; echo "$word"; exit 7'
	run -7 cor run --bundle "$bundle" c1 <<<"by path"
	[ "$output" = "by path" ]
	[ -z "$(ls -A "$root")" ]

	# And as the others do it, by descriptors; with an exec.
	rm "$bundle/hypervisor.args"
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null
	[ "$(cor exec c1 echo in)" = in ]
	cor delete --force c1
}
