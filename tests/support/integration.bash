# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every integration test shares. A bats file starts with
#
#	load ../support/integration
#
# and has in each test: $bundle, a busybox bundle of its own (without a terminal); $root, a --root of
# its own; cor, the runtime with that root. After each test all of its containers are deleted, and
# it has failed when a process, a mount or a file of theirs is left.

bats_require_minimum_version 1.5.0

source_dir=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${CC_BUILD_DIR:=$source_dir/build}"

setup() {
	integration_setup
}

teardown() {
	integration_teardown
}

integration_setup() {
	root=$BATS_TEST_TMPDIR/root
	bundle=$BATS_TEST_TMPDIR/bundle
	bundle_new "$bundle"
}

# The runtime. Its log is $BATS_TEST_TMPDIR/log; the agent may take long on a loaded machine. What
# it starts is known by its environment (see leftovers), and holds no descriptor of bats'.
cor() {
	set_runtime
	CC_TEST_ROOT=$root "${runtime[@]}" "$@" 3>&-
}

# Sets runtime: the program with the test's global options.
set_runtime() {
	runtime=("$CC_BUILD_DIR/cc-oci-runtime" --root "$root" --log "$BATS_TEST_TMPDIR/log"
		--template "$(template_mode)" --template-dir "${store:-$BATS_SUITE_TMPDIR/templates}"
		--agent-timeout 120)
}

# VMs are clones of the suite's template (setup_suite.bash), unless the test says otherwise by
# CC_TEMPLATE, or its bundle has a VM of its own: what boots only once is not worth a template.
template_mode() {
	if [ -n "${CC_TEMPLATE:-}" ]; then
		echo "$CC_TEMPLATE"
	elif [ -e "$bundle/vm.json" ] || [ -e "$bundle/hypervisor.args" ] ||
		grep -qs '"vm"\|"cc-oci-runtime\.' "$bundle/config.json"; then
		echo never
	else
		echo auto
	fi
}

# ---- bundles

# bundle_new DIR [CMD…]: another bundle; the default command is sh.
bundle_new() {
	local directory=$1
	shift
	[ $# -gt 0 ] || set -- sh
	"$source_dir/quickstart" bundle "$directory" -- "$@" </dev/null 2>/dev/null
}

# bundle_set FILTER [JQ-ARGUMENT…]: edits config.json of $bundle, as in
# bundle_set '.hostname = $name' --arg name x
bundle_set() {
	jq "$@" "$bundle/config.json" >"$bundle/config.json.new"
	mv "$bundle/config.json.new" "$bundle/config.json"
}

# bundle_args CMD [ARG…]: what the container runs.
bundle_args() {
	# shellcheck disable=SC2016 # jq's variable
	jq '.process.args = $ARGS.positional' "$bundle/config.json" --args -- "$@" \
		>"$bundle/config.json.new"
	mv "$bundle/config.json.new" "$bundle/config.json"
}

# ---- waiting

# wait_until SECONDS COMMAND…: until the command succeeds; fails when it has not in that time.
wait_until() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || {
			echo "still not so: $*"
			return 1
		}
		sleep 0.1
	done
}

# Member of the state object of a container: state_of ID status
state_of() {
	cor state "$1" | jq -r ".$2"
}

has_status() {
	[ "$(state_of "$1" status)" = "$2" ]
}

# ---- what must not be left

# The processes of this test's root: "PID COMMAND" a line. They are known by their environment or
# command line; the shim, which shows the container's command and has no environment, by its file.
leftovers() {
	local file pid

	# The patterns come by a file: grep's own command line must not match.
	{
		grep -lzFx -f <(echo "CC_TEST_ROOT=$root") /proc/[0-9]*/environ || true
		grep -lzF -f <(echo "$root/") /proc/[0-9]*/cmdline || true
		find /proc/[0-9]* -maxdepth 1 -name exe -lname "$CC_BUILD_DIR/cc-shim" || true
	} 2>/dev/null | sort -u | while read -r file; do
		pid=${file#/proc/}
		pid=${pid%/*}
		echo "$pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done 2>/dev/null | sort -u
}

# Templates that are being made in the background are nobody's business here any more.
end_makers() {
	local pid words

	leftovers | while read -r pid words; do
		[[ $words != *" template create --background "* ]] || kill "$pid"
	done
}

no_leftovers() {
	[ -z "$(leftovers)" ]
}

# Mount points below this test's root, in the host's mount namespace.
mounts_left() {
	awk -v root="$root/" 'index($5, root) == 1 { print $5 }' /proc/self/mountinfo
}

integration_teardown() {
	local id status=0

	[ -n "${BATS_TEST_COMPLETED:-}" ] || integration_tell
	for id in $(cor list -q 2>/dev/null); do
		cor delete --force "$id" || status=1
	done
	end_makers
	[ -z "${store:-}" ] || cor template remove --all || status=1
	wait_until 5 no_leftovers || {
		echo "processes are left:"
		leftovers
		leftovers | while read -r pid _; do
			kill -KILL "$pid"
		done
		status=1
	}
	if [ -n "$(mounts_left)" ]; then
		echo "mounts are left:"
		mounts_left
		mounts_left | xargs -r umount -l
		status=1
	fi
	if [ -d "$root" ] && [ -n "$(ls -A "$root")" ]; then
		echo "files are left:"
		find "$root"
		status=1
	fi
	return $status
}

# After a failure: what the logs have to say.
integration_tell() {
	local file

	for file in "$BATS_TEST_TMPDIR/log" "$root"/*/*.log; do
		[ -s "$file" ] || continue
		echo "--- $file"
		tail -n 30 "$file"
	done
}
