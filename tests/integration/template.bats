# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Templates: cloning, booting in their place, making them, and what can happen to them.

load ../support/integration

# From here on, the test has templates of its own (cor knows the variable).
own_store() {
	store=$BATS_TEST_TMPDIR/store
}

n_templates() {
	[ "$(cor template list --format json | jq length)" = "$1" ]
}

log_has() {
	grep -q "$1" "$BATS_TEST_TMPDIR/log"
}

no_makers() {
	! leftovers | grep -q ' template create --background '
}

@test "auto: the first boots and one template is made behind it, the next is a clone" {
	own_store
	bundle_args true
	# Two at once make one.
	cor run --bundle "$bundle" c1 &
	cor run --bundle "$bundle" c2
	wait $!
	log_has 'booting: there is no template'
	run ! log_has 'cloning template'
	wait_until 60 no_makers
	n_templates 1
	[ "$(ls -A "$store")" = "$(cor template list --format json | jq -r '.[0].key')" ]
	[ "$(stat -c %a "$store")" = 700 ]

	bundle_args uname -s
	run -0 cor run --bundle "$bundle" c3
	[ "$output" = Linux ]
	log_has 'cloning template'
}

@test "never boots, though there is a template; require fails where there is none" {
	bundle_args echo booted
	CC_TEMPLATE=never run -0 cor run --bundle "$bundle" c1
	[ "$output" = booted ]
	run ! log_has 'template'
	CC_TEMPLATE=require run -0 cor run --bundle "$bundle" c2
	log_has 'cloning template'

	own_store
	CC_TEMPLATE=require run -1 cor run --bundle "$bundle" c3
	[[ $output == *"a template is required: there is no template of this VM yet" ]]
	[ ! -e "$store" ]
}

# The hypervisor of a container.
hypervisor_of() {
	pgrep -P "$(jq .proxy.pid "$root/$1/state.json")"
}

@test "what is done to a template does not reach its clones; a damaged one costs nothing but time" {
	local key directory

	own_store
	key=$(cor template create)
	directory=$store/$key
	bundle_args sleep 1000
	cor run --detach --bundle "$bundle" c1
	# Sealed: neither written to, nor cut, nor removed.
	run ! dd if=/dev/zero of="$directory/ram" bs=4096 count=1 conv=notrunc
	run ! truncate --size 0 "$directory/ram"
	run ! rm "$directory/state"

	# As much as before, of the same time, but not the same.
	chattr -i "$directory"/*
	cp --preserve=timestamps "$directory/state" "$BATS_TEST_TMPDIR/state"
	dd if=/dev/zero of="$directory/state" bs=4096 count=4 conv=notrunc
	touch --reference "$BATS_TEST_TMPDIR/state" "$directory/state"
	bundle_args echo here
	run -0 --separate-stderr cor run --bundle "$bundle" c2
	[ "$output" = here ]
	[ "$(grep -c 'level=warning msg="template' "$BATS_TEST_TMPDIR/log")" = 1 ]
	log_has 'level=warning msg="template .*: state: another checksum: dropped, booting"'
	[ ! -e "$directory" ] || log_has "making template $key"
	[ "$(cor exec c1 echo alive)" = alive ]

	# A new one has been made; it goes while its clone runs.
	wait_until 60 no_makers
	n_templates 1
	bundle_args sleep 1000
	CC_TEMPLATE=require cor run --detach --bundle "$bundle" c3
	cor template remove --all
	n_templates 0
	[ "$(cor exec c3 echo alive)" = alive ]
}

@test "a template that does not restore: one warning, and the same container boots" {
	local key directory

	own_store
	key=$(cor template create)
	directory=$store/$key
	chattr -i "$directory"/*
	# Whole by all that can be checked, and still no state of a guest.
	head --bytes "$(stat -c %s "$directory/state")" /dev/zero >"$directory/state.new"
	cat "$directory/state.new" >"$directory/state"
	rm "$directory/state.new"
	# (jq would round the times.)
	sed -i -e "s/\"checksum\":\"[^\"]*/\"checksum\":\"$(sha256sum "$directory/state" | cut -c 1-64)/" \
		-e "s/\(\"state\":.*\"mtime\":\)[0-9]*/\1$(date --reference "$directory/state" +%s%N)/" \
		"$directory/meta.json"

	bundle_args echo here
	CC_TEMPLATE=require run -1 cor run --bundle "$bundle" c1
	[[ $output == *"a template is required: the template did not restore"* ]]
	log_has 'level=warning msg="template .*Not a migration stream.*: dropped, booting"'
	n_templates 0
}

@test "a full file system: no template and nothing of it, and containers run" {
	# A mount of the test's own, in a mount namespace that goes with it.
	run -0 unshare --mount bash -s "$BATS_TEST_TMPDIR" "$bundle" "$CC_BUILD_DIR" <<-'END'
		set -euo pipefail
		mkdir -m 0700 "$1/small"
		mount -t tmpfs -o size=16m,mode=0700 small "$1/small"
		cor() {
			CC_TEST_ROOT=$1/root "$3/cc-oci-runtime" --root "$1/root" --log "$1/log" \
				--template-dir "$1/small" --agent-timeout 120 "${@:4}" 3>&-
		}
		! cor "$@" template create || exit 1
		[[ $(ls "$1/small") == *.bad ]]
		cor "$@" run --bundle "$2" c1 </dev/null
		# It is not tried again for each container.
		! grep 'making template' "$1/log"
		[[ $(ls "$1/small") == *.bad ]]
	END
}

is_being_made() {
	compgen -G "$store/*.new/vm/hypervisor.log" >/dev/null
}

@test "a maker that is killed leaves nothing that lasts, and hinders nobody" {
	own_store
	CC_TEST_ROOT=$root "$CC_BUILD_DIR/cc-oci-runtime" --template-dir "$store" template create \
		--background --bundle "$bundle" 3>&- &
	wait_until 30 is_being_made
	kill -KILL $!
	wait_until 10 no_leftovers
	cor template create
	n_templates 1
	[ "$(find "$store" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
}

# Prints what must be a clone's own: what the kernel draws, and what is made of it.
own_script='
	head -c 16 /dev/urandom | od -An -tx1
	cat /proc/sys/kernel/random/boot_id /proc/sys/kernel/random/uuid
	mktemp -u XXXXXXXXXXXX
	exec sleep 1000
'

has_lines() {
	[ "$(cat "${@:2}" | wc -l)" = "$1" ]
}

@test "eight clones at once: what they draw and who they are is nobody else's" {
	local i pids=()

	bundle_args sh -c "$own_script"
	for i in {1..8}; do
		CC_TEMPLATE=require cor run --detach --bundle "$bundle" "c$i" \
			</dev/null >"$BATS_TEST_TMPDIR/out$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	wait_until 60 has_lines 32 "$BATS_TEST_TMPDIR"/out?
	for i in {1..8}; do
		# The guest's own: of the container is its root file system.
		cor exec --vm "c$i" cat /proc/1/root/etc/machine-id >>"$BATS_TEST_TMPDIR/out$i"
	done
	[ "$(cat "$BATS_TEST_TMPDIR"/out? | sort -u | wc -l)" = 40 ]
}

@test "a clone's clock is the host's, within 50 ms" {
	local seconds microseconds guest before after

	# The host's time of the files; the guest's own between them.
	bundle_args sh -c ': >/before; adjtimex >/time; : >/after'
	CC_TEMPLATE=require cor run --bundle "$bundle" c1
	seconds=$(sed -n 's/.*time.tv_sec: *//p' "$bundle/rootfs/time")
	microseconds=$(sed -n 's/.*time.tv_usec: *//p' "$bundle/rootfs/time")
	guest=$((seconds * 1000000 + microseconds))
	before=$(($(date --reference "$bundle/rootfs/before" +%s%N) / 1000))
	after=$(($(date --reference "$bundle/rootfs/after" +%s%N) / 1000))
	echo "$((guest - before)) us behind the first, $((after - guest)) us before the second"
	[ "$guest" -ge $((before - 50000)) ]
	[ "$guest" -le $((after + 50000)) ]
}

# memory_has PID TEXT: the guest's memory, as the hypervisor has it mapped.
memory_has() {
	local start end

	while IFS='- ' read -r start end _; do
		dd if="/proc/$1/mem" bs=1M iflag=skip_bytes,count_bytes skip=$((16#$start)) \
			count=$((16#$end - 16#$start)) 2>/dev/null
	done < <(grep '/ram$' "/proc/$1/maps") | grep -qaF -f <(echo "$2")
}

@test "a clone never sees another's memory" {
	local secret first second

	own_store
	cor template create
	secret=secret-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	bundle_args sh -c 'read -r secret; export secret; echo "$secret" >/dev/shm/file; exec sleep 1000'
	cor run --detach --bundle "$bundle" c1 <<<"$secret"
	first=$(hypervisor_of c1)
	wait_until 60 memory_has "$first" "$secret"

	# Beside it, and after it.
	bundle_args sleep 1000
	CC_TEMPLATE=require cor run --detach --bundle "$bundle" c2
	cor delete --force c1
	CC_TEMPLATE=require cor run --detach --bundle "$bundle" c3
	for second in c2 c3; do
		# That it would be found is what the first has shown.
		memory_has "$(hypervisor_of "$second")" sleep
		run ! memory_has "$(hypervisor_of "$second")" "$secret"
	done
	run ! grep -qaF "$secret" "$store"/*/ram
}

# Open files of the whole host.
open_files() {
	cut -f 1 /proc/sys/fs/file-nr
}

has_open_files() {
	[ "$(open_files)" -le "$1" ]
}

# bats test_tags=slow
@test "two hundred containers in a row leave no process, descriptor, mount or file" {
	local i files mounts

	bundle_args true
	CC_TEMPLATE=require cor run --bundle "$bundle" c0
	files=$(open_files)
	mounts=$(wc -l </proc/self/mountinfo)
	for i in {1..200}; do
		CC_TEMPLATE=require cor run --bundle "$bundle" "c$i"
	done
	no_leftovers
	[ -z "$(ls -A "$root")" ]
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
	# Others may have opened some meanwhile; one for each of ours would be seen.
	wait_until 30 has_open_files $((files + 100))
}
