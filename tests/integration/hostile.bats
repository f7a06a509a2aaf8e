#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A container that is root with every capability, in no namespaces but its own mounts: it has its
# whole guest. What it can do to the host: nothing but lose its VM.

load ../support/integration

setup() {
	integration_setup
	bundle_set '.linux.namespaces = [{type: "mount"}] | .linux.maskedPaths = [] |
		.linux.readonlyPaths = [] | .process.noNewPrivileges = false | .mounts |= map(
			if .destination == "/sys" or .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end) |
		.process.capabilities = (["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID",
			"KILL", "SETGID", "SETUID", "SETPCAP", "MKNOD", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT",
			"SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "NET_ADMIN", "NET_RAW",
			"AUDIT_WRITE", "SETFCAP"] | map("CAP_" + .) |
			{bounding: ., permitted: ., effective: ., inheritable: .})'
}

# The host's processes of this test, and what they take, are few: "COUNT KIB".
host_memory() {
	local pid total=0 n=0

	while read -r pid _; do
		total=$((total + $(awk '/^Pss_Anon:/ { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
		n=$((n + 1))
	done < <(leftovers | grep -v qemu-system)
	echo "$n $total"
}

@test "its files are all that it reaches: links, dots, device nodes, the share itself" {
	echo secret >"$BATS_TEST_TMPDIR/secret"
	mkdir "$bundle/vol"
	bundle_set '.mounts += [{destination: "/vol", type: "bind", source: "vol", options: ["bind", "ro"]}]'
	# The share is mounted in the agent'"'"'s mount namespace, PID 1's.
	bundle_args sh -c '
		ln -s "$0/secret" /link; cat /link && echo READ
		ln -s "$0" /up; echo changed >/up/secret && echo WROTE
		cat /../../../../../../../../"$0"/secret && echo READ
		share=$(ls -d /proc/1/root/run/share); cat $share/../../../"$0"/secret && echo READ
		cd $share && for way in .. ../.. ../../../../../..; do cat $way/"$0"/secret && echo READ; done
		echo x >$share/new && echo WROTE; mkdir $share/c2 && echo WROTE; mv $share/c1 $share/c3 && echo WROTE
		rm -rf $share/c1/volume-* && echo WROTE; echo x >$share/c1/volume-*/vol/new && echo WROTE
		mount -o remount,rw,bind $share && echo x >$share/new && echo WROTE
		mount -o remount,rw,bind /vol && echo x >/vol/new && echo WROTE
		mknod /node b 1 0; chmod 666 /node; ln /link /hard
		cp /bin/busybox /suid && chmod 4777 /suid
		echo done' "$BATS_TEST_TMPDIR"
	run cor run --bundle "$bundle" c1
	[ "$status" -eq 0 ]
	[[ $output = *done ]]
	[[ $output != *READ* && $output != *WROTE* && $output != *secret?$'\n'* ]]
	[ "$(cat "$BATS_TEST_TMPDIR/secret")" = secret ]
	[ -z "$(ls -A "$bundle/vol")" ]
}

@test "floods of its ports end its VM, or nothing; the host's processes do not grow" {
	local before after

	# Into the control port, the tty port and its own output, from all sides.
	bundle_args sh -c 'yes | head -c 4000000 & dmesg -n 8 2>/dev/null
		for port in /sys/class/virtio-ports/*; do
			name=$(cat $port/name); dev=$(cat $port/dev)
			mknod "/port-$name" c ${dev%:*} ${dev#*:}
		done; ls /port-*; wait; echo ready
		mkdir /g; mount -t devtmpfs none /g; for i in 1 2 3; do
			head -c 30000000 /dev/urandom >/port-sh.hyper.channel.0
			head -c 30000000 /dev/urandom >/port-sh.hyper.channel.1; done
		while :; do echo "<0>flood" >/g/kmsg; done'
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	wait_until 60 grep -q ready "$BATS_TEST_TMPDIR/out"
	before=$(host_memory)
	sleep 5
	after=$(host_memory)
	echo "before: $before, after: $after"
	[ "${after% *}" -le "${before% *}" ]
	[ "${after#* }" -le $((${before#* } + 16384)) ]
	# The logs are bounded too.
	[ "$(du -sk "$root" | cut -f 1)" -lt 65536 ]
	run timeout 60 env CC_TEST_ROOT="$root" "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" state c1
	[ "$status" -eq 0 ]
	timeout 60 env CC_TEST_ROOT="$root" "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" delete --force c1
	no_leftovers
}

@test "an agent that is killed, a reboot: the container stops; a guest that halts is deleted" {
	bundle_args sh -c 'kill -9 1; kill -SEGV 1; reboot -f; sleep 600'
	cor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	wait_until 60 has_status c1 stopped
	cor delete c1
	wait_until 10 no_leftovers

	# A guest that stands still is no host's trouble either.
	bundle_args sh -c 'kill -STOP 1; echo stands; halt -f'
	cor run --detach --bundle "$bundle" c1 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1
	wait_until 60 grep -q stands "$BATS_TEST_TMPDIR/out"
	timeout 60 env CC_TEST_ROOT="$root" "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" delete --force c1
	wait_until 10 no_leftovers
}
