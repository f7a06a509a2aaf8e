#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# `logs` and `console`: the hypervisor's words and the guest's, kept and as they come.

load ../support/integration

# Says something on the guest's console.
say() {
	cor exec --vm c1 sh -c "printf '<1>$1\n' >/dev/kmsg"
}

holds() {
	grep -q "$2" "$BATS_TEST_TMPDIR/$1"
}

@test "logs and console have what was said, and follow what is said, until the VM ends" {
	local logs console

	bundle_args sleep 1000
	cor --hypervisor-log-dir "$BATS_TEST_TMPDIR/kept" run --detach --bundle "$bundle" c1 \
		</dev/null >/dev/null 2>&1
	say 'word one'
	wait_until 20 holds kept/c1/console.log 'word one'
	run -0 --separate-stderr cor logs c1
	[[ ${lines[0]} == "==> $BATS_TEST_TMPDIR/kept/c1/hypervisor.log <==" ]]
	[[ $output == *"agent ready"*"==> $BATS_TEST_TMPDIR/kept/c1/console.log <=="*"word one"* ]]

	cor logs --follow c1 >"$BATS_TEST_TMPDIR/logs" 3>&- &
	logs=$!
	# The terminal must not be told anything by a guest.
	script --quiet --flush --return --command "$CC_BUILD_DIR/cc-oci-runtime --root $root console c1" \
		/dev/null >"$BATS_TEST_TMPDIR/console" 3>&- </dev/null &
	console=$!
	wait_until 20 holds logs 'word one'
	wait_until 20 holds console 'word one'
	say 'word two\033[31m'
	wait_until 20 holds logs 'word two'
	wait_until 20 holds console 'word two.*\[31m'
	run ! grep -q $'\033' "$BATS_TEST_TMPDIR/console"
	# A log that is begun anew is followed on.
	mv "$BATS_TEST_TMPDIR/kept/c1/console.log" "$BATS_TEST_TMPDIR/kept/c1/console.log.old"
	echo 'word three' >"$BATS_TEST_TMPDIR/kept/c1/console.log"
	wait_until 20 holds logs 'word three'

	cor kill c1 KILL
	wait "$logs"
	wait "$console"
	cor delete c1
	run -1 --separate-stderr cor logs c1
	[[ $stderr == *'container "c1" does not exist' ]]
	run -0 --separate-stderr cor --hypervisor-log-dir "$BATS_TEST_TMPDIR/kept" logs c1
	[[ $output == *"word one"*"word two"*"word three"* ]]
}
