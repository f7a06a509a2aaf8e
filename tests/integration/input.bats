#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Bad input: one line that says what and where, status 1, and nothing left. Few of these get as far
# as a virtual machine.

load ../support/integration

# refused TEXT CMD…: the command fails with status 1 and one line on stderr with the text in it,
# which is the last error of the log too. Nothing is left.
refused() {
	local text=$1 log=$BATS_TEST_TMPDIR/log.json

	shift
	rm -f "$log"
	run -1 --separate-stderr cor --log "$log" --log-format json "$@"
	echo "expected: $text"
	echo "found:    $stderr"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr = "cc-oci-runtime: "*"$text"* ]]
	[ "cc-oci-runtime: $(jq -rs 'map(select(.level == "error")) | last.msg' "$log")" = "$stderr" ]
	[ -z "$(ls -A "$root" 2>/dev/null)" ]
	no_leftovers
}

# config_refused TEXT: `create` with config.json as it is now; TEXT is what follows its path.
config_refused() {
	refused "$bundle/config.json: $1" create --bundle "$bundle" c1
}

# each_refused: from stdin, lines of a jq filter, which is done to a good config.json, and the
# message that this brings, apart by " => ".
each_refused() {
	local line

	cp "$bundle/config.json" "$BATS_TEST_TMPDIR/good.json"
	while read -r line; do
		echo "$line"
		jq "${line%% => *}" "$BATS_TEST_TMPDIR/good.json" >"$bundle/config.json"
		config_refused "${line#* => }"
	done
}

@test "a bundle or config.json that is not there is refused" {
	refused "$BATS_TEST_TMPDIR/none/config.json: No such file or directory" \
		create --bundle "$BATS_TEST_TMPDIR/none" c1
	refused "$BATS_TEST_TMPDIR/none/config.json: No such file or directory" \
		run --detach --bundle "$BATS_TEST_TMPDIR/none" c1
	rm "$bundle/config.json"
	config_refused "No such file or directory"
	mkdir "$bundle/config.json"
	config_refused "Is a directory"
	# Without a log too.
	run -1 --separate-stderr "$CC_BUILD_DIR/cc-oci-runtime" --root "$root" \
		create --bundle "$bundle" c1
	[ "$stderr" = "cc-oci-runtime: $bundle/config.json: Is a directory" ]
	[ -z "$output" ]
}

@test "a config.json that is not JSON is refused" {
	printf '' >"$bundle/config.json"
	config_refused "not JSON: empty"
	echo 'ociVersion: "1.0.2"' >"$bundle/config.json"
	config_refused "not JSON: "
	echo '{"ociVersion": "1.0.2",' >"$bundle/config.json"
	config_refused "not JSON: line 1:23: "
	echo '["1.0.2"]' >"$bundle/config.json"
	config_refused "expected an object"
	echo '{} {}' >"$bundle/config.json"
	config_refused "not JSON: more behind its end"
	printf '{"ociVersion": "1.0.2\377"}' >"$bundle/config.json"
	config_refused "not JSON: not UTF-8"
	head -c 100000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
	config_refused "not accepted: nested too deep"
	head -c 5000000 /dev/zero | tr '\0' ' ' >"$bundle/config.json"
	config_refused "larger than 4194304 bytes"
}

@test "embedded NULs in config.json are refused" {
	printf '{"ociVersion": "1.0.2"\0}' >"$bundle/config.json"
	config_refused "not JSON: a NUL byte"
	echo '{"ociVersion": "1.0.2\u0000"}' >"$bundle/config.json"
	config_refused 'not accepted: a string with \u0000'
}

@test "wrong types in config.json are refused by their path" {
	each_refused <<-'END'
		.ociVersion = 1 => ociVersion: expected a string, found a number
		.process = [] => process: expected an object, found an array
		.process.args = "sh" => process.args: expected an array, found a string
		.process.args[1] = 7 => process.args[1]: expected a string, found a number
		.process.args = [null] => process.args[0]: expected a string, found null
		.process.cwd = true => process.cwd: expected a string, found true or false
		.process.env = {} => process.env: expected an array, found an object
		.process.env[1] = [] => process.env[1]: expected a string, found an array
		.process.terminal = "no" => process.terminal: expected true or false, found a string
		.process.consoleSize = 80 => process.consoleSize: expected an object, found a number
		.process.user = "root" => process.user: expected an object, found a string
		.process.user.uid = "0" => process.user.uid: expected a whole number, found a string
		.process.user.gid = 1.5 => process.user.gid: expected a whole number, found a number
		.process.user.additionalGids = 5 => process.user.additionalGids: expected an array
		.root = "rootfs" => root: expected an object, found a string
		.root.path = 1 => root.path: expected a string, found a number
		.root.readonly = 1 => root.readonly: expected true or false, found a number
		.hostname = {} => hostname: expected a string, found an object
		.mounts = {} => mounts: expected an array, found an object
		.mounts[1] = "/dev" => mounts[1]: expected an object, found a string
		.mounts[2].destination = 2 => mounts[2].destination: expected a string, found a number
		.mounts[2].options = "ro" => mounts[2].options: expected an array, found a string
		.annotations = [] => annotations: expected an object, found an array
		.annotations.a = 1 => annotations.a: expected a string, found a number
		.linux = [] => linux: expected an object, found an array
		.linux.namespaces = "pid" => linux.namespaces: expected an array, found a string
		.linux.namespaces[1].type = 3 => linux.namespaces[1].type: expected a string
		.vm = "qemu" => vm: expected an object, found a string
	END
}

@test "what is missing in config.json is named" {
	each_refused <<-'END'
		{} => ociVersion: missing
		del(.ociVersion) => ociVersion: missing
		del(.process) => process: missing
		del(.process.args) => process.args: missing
		.process.args = null => process.args: missing
		.process.args = [] => process.args: empty
		.process.args = [""] => process.args[0]: empty
		del(.process.cwd) => process.cwd: missing
		del(.root) => root: missing
		del(.root.path) => root.path: missing
		.root.path = "" => root.path: empty
		del(.mounts[3].destination) => mounts[3].destination: missing
		del(.linux.namespaces[0].type) => linux.namespaces[0].type: missing
	END
}

@test "values in config.json that cannot be are refused by their path" {
	each_refused <<-END
		.ociVersion = "2.0.0" => ociVersion: not supported: "2.0.0" (1.x is)
		.ociVersion = "10.0.0" => ociVersion: not supported: "10.0.0" (1.x is)
		.ociVersion = "one" => ociVersion: not a version: "one"
		.ociVersion = "" => ociVersion: not a version: ""
		.process.cwd = "tmp" => process.cwd: not absolute: "tmp"
		.process.cwd = "" => process.cwd: not absolute: ""
		.process.user.uid = -1 => process.user.uid: -1 is not between 0 and 4294967294
		.process.user.gid = 4294967295 => process.user.gid: 4294967295 is not between
		.process.user.additionalGids = [-5] => process.user.additionalGids[0]: not a group id
		.root.path = "nowhere" => root.path: $bundle/nowhere: No such file or directory
		.root.path = "/no/where" => root.path: /no/where: No such file or directory
		.root.path = "config.json" => root.path: $bundle/config.json: Not a directory
		.mounts[0] = {"destination": "/x", "type": "bind", "source": "/no/where"} => mounts[0].source: /no/where: No such file or directory
		.linux.namespaces[0].type = "moon" => linux.namespaces[0].type: unknown: "moon"
		.linux.namespaces[1].path = "x" => linux.namespaces[1].path: not absolute: "x"
		.linux.namespaces[1].path = "/no/where" => linux.namespaces[1].path: network namespace /no/where: No such file or directory
		.linux.namespaces[1].path = "/etc/passwd" => linux.namespaces[1].path: /etc/passwd: not a network namespace
		.linux.namespaces += [{"type": "pid"}] => linux.namespaces[6].type: given twice: "pid"
	END
}

@test "a terminal that nobody can have is refused" {
	bundle_set '.process.terminal = true'
	refused "process.terminal: cannot allocate tty if detached without setting --console-socket" \
		create --bundle "$bundle" c1
	refused "process.terminal: stdin is not a terminal" run --bundle "$bundle" c1 </dev/null
	refused "$BATS_TEST_TMPDIR/none.sock" \
		create --bundle "$bundle" --console-socket "$BATS_TEST_TMPDIR/none.sock" c1
	bundle_set '.process.terminal = false'
	refused "--console-socket: process.terminal is not true" \
		create --bundle "$bundle" --console-socket "$BATS_TEST_TMPDIR/none.sock" c1
}

@test "bad container ids are refused by every command" {
	local id long

	long=$(head -c 2000 /dev/zero | tr '\0' x)
	for id in "" . .. / a/b "a b" $'a\nb' 'a"b' 'ä' "$long" "${long:0:256}"; do
		refused "container id: " create --bundle "$bundle" "$id"
		[ "${#stderr}" -lt 200 ]
	done
	id=../c1
	refused "container id: " run --bundle "$bundle" "$id"
	refused "container id: " start "$id"
	refused "container id: " state "$id"
	refused "container id: " kill "$id"
	refused "container id: " kill --all "$id" KILL
	refused "container id: " delete "$id"
	refused "container id: " delete --force "$id"
	refused "container id: " exec "$id" true
}

# vm_refused FILTER TEXT: `create` with vm.json, in the bundle, changed so; TEXT follows its path and "vm".
vm_refused() {
	jq "$1" "$BATS_TEST_TMPDIR/vm.json" >"$bundle/vm.json"
	refused "$bundle/vm.json: vm$2" create --bundle "$bundle" c1
}

# vm.json as it was built, with absolute paths.
good_vm() {
	jq --arg build "$CC_BUILD_DIR" '.vm.kernel.path = $build + "/vmlinux" |
		.vm.initrd = $build + "/initramfs"' "$CC_BUILD_DIR/vm.json"
}

@test "a missing kernel, initrd, image or QEMU, and bad values in vm.json are refused" {
	good_vm >"$BATS_TEST_TMPDIR/vm.json"
	touch "$bundle/not-executable"
	vm_refused '.vm.kernel.path = "/no/kernel"' ".kernel.path: /no/kernel: No such file or directory"
	vm_refused '.vm.kernel.path = "kernel"' ".kernel.path: $bundle/kernel: No such file or directory"
	vm_refused '.vm.kernel.path = "/etc"' ".kernel.path: /etc: not a regular file"
	vm_refused 'del(.vm.kernel)' ".kernel.path: missing"
	vm_refused '.vm.initrd = "/no/initrd"' ".initrd: /no/initrd: No such file or directory"
	vm_refused 'del(.vm.initrd)' ".initrd: missing"
	vm_refused '.vm.image = "/no/image"' ".image: /no/image: No such file or directory"
	vm_refused '.vm.image = {"path": "/etc/passwd", "format": "qcow2"}' \
		'.image.format: not supported: "qcow2"'
	vm_refused '.vm.path = "/no/qemu"' ".path: /no/qemu: No such file or directory"
	vm_refused '.vm.path = "no-such-qemu"' ".path: no-such-qemu: not found on PATH"
	vm_refused '.vm.path = "./not-executable"' ".path: $bundle/not-executable: Permission denied"
	vm_refused 'del(.vm.path)' ".path: missing"
	vm_refused '.vm.memory = "1G"' ".memory: expected a whole number, found a string"
	vm_refused '.vm.memory = 1' ".memory: 1 is not between 32 and"
	vm_refused '.vm.cpus = 0' ".cpus: 0 is not between 1 and 255"
	vm_refused '.vm.agentTimeout = 0' ".agentTimeout: 0 is not between 1 and"
	vm_refused '.vm.accel = "warp"' ".accel: "
	vm_refused '.vm = 5' ": expected an object, found a number"
	vm_refused '{}' ": missing"
	echo "no JSON" >"$bundle/vm.json"
	refused "$bundle/vm.json: not JSON" create --bundle "$bundle" c1
}

@test "a missing kernel, initrd or QEMU in config.json's own vm object is refused" {
	bundle_set --argjson good "$(good_vm)" '.vm = $good.vm'
	each_refused <<-'END'
		.vm.kernel.path = "/no/kernel" => vm.kernel.path: /no/kernel: No such file or directory
		.vm.initrd = "/no/initrd" => vm.initrd: /no/initrd: No such file or directory
		.vm.path = "/no/qemu" => vm.path: /no/qemu: No such file or directory
		.vm = {"hypervisor": {"path": "/no/qemu"}, "kernel": {"path": "/etc/passwd", "initrd": "/etc/passwd"}} => vm.path: /no/qemu: No such file or directory
		.vm = {"hypervisor": {"path": 4}} => vm.hypervisor.path: expected a string, found a number
	END
}

# args_refused LINES TEXT: `create` with hypervisor.args, in the bundle, of these lines.
args_refused() {
	printf '%b' "$1" >"$bundle/hypervisor.args"
	refused "$bundle/hypervisor.args:$2" create --bundle "$bundle" c1
}

@test "a hypervisor.args that cannot be used is refused, by its line" {
	args_refused '# moon\n@QEMU_PATH@\n\n-name\n@MOON@\n' '5: unknown tag @MOON@'
	args_refused '@MOON@/qemu\n' '1: unknown tag @MOON@'
	args_refused '' ' empty: no hypervisor'
	args_refused '# nothing\n\n' ' empty: no hypervisor'
	args_refused '-name\n@NAME@\n' '1: the first line must be the hypervisor, not an option'
	args_refused 'no-such-qemu\n' '1: no-such-qemu: not found on PATH'
	args_refused '@QEMU_PATH@\n-drive\nfile=@IMAGE@\n' '3: @IMAGE@: '
	args_refused '@QEMU_PATH@\n-name\n\0000\n' ' has a NUL byte'
	args_refused '@QEMU_PATH@\n-name\n\0377\n' ' not UTF-8'
	printf '%s\n' /no/qemu -name @NAME@ >"$bundle/hypervisor.args"
	refused "/no/qemu" create --bundle "$bundle" c1
}

# hypervisor LINE…: a script of these lines is the hypervisor of the bundle.
hypervisor() {
	printf '%s\n' '#!/bin/sh' "$@" >"$bundle/qemu"
	chmod 755 "$bundle/qemu"
	good_vm | jq '.vm.path = "./qemu"' >"$bundle/vm.json"
}

@test "a QEMU that exits at once: its words are in the message" {
	hypervisor 'echo "qemu: no such machine: moon" >&2' 'exit 7'
	refused "exit status 7: qemu: no such machine: moon" create --bundle "$bundle" c1
	refused "exit status 7: qemu: no such machine: moon" run --bundle "$bundle" c1

	hypervisor 'echo "first"; echo "second" >&2; printf "\033[31mthird"' 'exit 1'
	refused "exit status 1: first;second; [31mthird" create --bundle "$bundle" c1
	hypervisor 'exit 0'
	refused "exit status 0" create --bundle "$bundle" c1
	hypervisor 'kill -SEGV $$'
	refused "killed by signal 11" create --bundle "$bundle" c1
	# Many words are cut, and still one line.
	hypervisor 'seq 100000' 'exit 3'
	refused ";100000" create --bundle "$bundle" c1
	[ "${#stderr}" -lt 4096 ]

	# The real one with an option that it does not know.
	good_vm >"$bundle/vm.json"
	{
		cat "$CC_BUILD_DIR/hypervisor.args"
		echo "-moon"
	} >"$bundle/hypervisor.args"
	refused "-moon: invalid option" create --bundle "$bundle" c1
}

@test "an agent that never gets ready: a deadline ends it" {
	local start=$SECONDS

	# A kernel that finds no init stays where it is: without panic= it does not restart.
	mkdir "$BATS_TEST_TMPDIR/empty"
	(cd "$BATS_TEST_TMPDIR/empty" && find . | cpio --quiet -o -H newc) >"$bundle/empty.cpio"
	good_vm | jq '.vm.initrd = "empty.cpio" | .vm.kernel.parameters = "quiet"' >"$bundle/vm.json"
	refused "the agent did not answer within 2000 ms" \
		--agent-timeout 2 create --bundle "$bundle" c1
	# As vm.json says it; a hypervisor that does nothing at all.
	hypervisor 'exec sleep 1000'
	jq '.vm.agentTimeout = 1' "$bundle/vm.json" >"$bundle/vm.json.new"
	mv "$bundle/vm.json.new" "$bundle/vm.json"
	refused "the agent did not answer within 1000 ms" \
		--agent-timeout 0 run --bundle "$bundle" c1
	[ $((SECONDS - start)) -lt 20 ]
}

@test "what only the guest can refuse is one line too" {
	bundle_set '.process.rlimits = [{"type": "RLIMIT_MOON", "hard": 1, "soft": 1}]'
	refused "RLIMIT_MOON" create --bundle "$bundle" c1
}

@test "unknown commands and options, and wrong numbers of arguments are refused" {
	refused 'no command "moon"; see cc-oci-runtime --help' moon
	refused 'no command "moon"; see cc-oci-runtime --help' help moon
	refused "no command given; see cc-oci-runtime --help"
	refused "create: Unknown option --moon" create --moon c1
	refused "run: Unknown option -m" run -m c1
	refused "create: Missing argument for --bundle" create --bundle
	refused "create: an argument is missing; usage: cc-oci-runtime create" create
	refused "create: too many arguments; usage: " create c1 "$bundle" more
	refused "start: too many arguments" start c1 c2
	refused "state: an argument is missing" state
	refused "list: too many arguments" list c1
	refused "exec: give a command, or --process FILE" exec c1
	refused "--accel: " --accel warp create --bundle "$bundle" c1
	refused "--agent-timeout: expected up to 3600 seconds, found -1" --agent-timeout=-1 create c1

	# These end before there is a log.
	run -1 --separate-stderr cor --moon list
	[ "$stderr" = "cc-oci-runtime: Unknown option --moon" ]
	run -1 --separate-stderr cor --agent-timeout soon list
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 --separate-stderr cor --log-format xml list
	[ "$stderr" = 'cc-oci-runtime: --log-format: expected text or json, found "xml"' ]
	run -1 --separate-stderr cor --log "$BATS_TEST_TMPDIR/none/log" list
	[[ $stderr = *"open log $BATS_TEST_TMPDIR/none/log: No such file or directory" ]]
}

@test "a process.json that cannot be used is refused" {
	local file=$BATS_TEST_TMPDIR/process.json

	refused "$file: No such file or directory" exec --process "$file" c1
	echo '[]' >"$file"
	refused "$file: expected an object" exec --process "$file" c1
	echo '{"cwd": "/"}' >"$file"
	refused "$file: args: missing" exec --process "$file" c1
	echo '{"args": ["sh"], "cwd": "x"}' >"$file"
	refused "$file: cwd: not absolute: \"x\"" exec --process "$file" c1
	echo '{"args": ["sh"], "cwd": "/"}' >"$file"
	refused 'container "c1" does not exist' exec --process "$file" c1
	refused 'container "c1" does not exist' exec c1 true
}

@test "checkpoint and restore take runc's options, and say why they refuse" {
	run -1 --separate-stderr cor checkpoint --image-path /x --work-path /y --parent-path /z \
		--leave-running --tcp-established --ext-unix-sk --shell-job --lazy-pages --status-fd 3 \
		--page-server a:1 --file-locks --pre-dump --manage-cgroups-mode soft --empty-ns network \
		--auto-dedup none
	[[ $stderr == *'container "none" does not exist' ]]
	run -1 --separate-stderr cor restore --console-socket /x --image-path /x --work-path /y \
		--tcp-established --ext-unix-sk --shell-job --file-locks --manage-cgroups-mode soft \
		--bundle /b --detach --pid-file /p --no-subreaper --no-pivot --empty-ns network \
		--auto-dedup --lazy-pages --lsm-profile a:b --lsm-mount-context c none
	[[ $stderr == *'restore: not possible: '* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1 </dev/null >/dev/null 2>&1
	run -1 --separate-stderr cor checkpoint --image-path "$BATS_TEST_TMPDIR/image" c1
	[[ $stderr == *'checkpoint: not possible: QEMU saves no virtual machine whose 9p share is mounted'* ]]
	[ ! -e "$BATS_TEST_TMPDIR/image" ]
	has_status c1 running
}
