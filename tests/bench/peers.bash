# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # work, build, here: of start
#
# Who is measured, and how each is called:
#   clone  this runtime, from a template        boot   this runtime, without
#   bare   QEMU alone (floor.c)                 runc crun runsc   Debian's

# Sorts the peers that can run here into $peers; the others, with the reason, into $absent.
peers=(clone boot bare)
absent=()

# runtime PEER ARGUMENT…: the peer's command, which leaves its stderr in the log.
runtime() {
	local peer=$1
	shift
	case $peer in
	clone) "$build/cc-oci-runtime" --root "$work/root" --log "$work/log" \
		--template-dir "$work/templates" --template auto "$@" ;;
	boot) "$build/cc-oci-runtime" --root "$work/boot" --log "$work/log" --template never "$@" ;;
	runc | crun) "$peer" --root "$work/$peer" "$@" ;;
	# Its network and cgroups need a host that is set up for it; its better platforms need KVM, or
	# are younger than Debian's.
	runsc) runsc --root "$work/runsc" --platform=ptrace --network=none --ignore-cgroups "$@" ;;
	esac 2>>"$work/errors"
}

is_here() {
	[[ " ${peers[*]} " == *" $1 "* ]]
}

# Runs the peer and sets $elapsed to the microseconds that it took.
timed() {
	local begin=${EPOCHREALTIME/./} status=0

	"$@" </dev/null >/dev/null || status=$?
	elapsed=$((${EPOCHREALTIME/./} - begin))
	[ $status -eq 0 ] || fail "failed with status $status: $*; see above"
}

# sample ROW PEER VALUE: one measured value.
sample() {
	mkdir -p "$work/samples/$1"
	echo "$3" >>"$work/samples/$1/$2"
}

# ---- bundles

# bundle DIR COMMAND…: a busybox bundle without a terminal.
bundle() {
	local directory=$1
	shift
	"$here/../../quickstart" bundle "$directory" -- "$@" </dev/null >/dev/null 2>&1
}

# ---- bare QEMU

# The command line of a VM that this runtime boots, for floor.c: its own init laid over the
# initramfs, its own share, a network device that leads nowhere.
prepare_floor() {
	local i pid

	runtime boot run --detach --bundle "$work/sleep" floor
	pid=$(pgrep -P "$(jq .proxy.pid "$work/boot/floor/state.json")")
	mapfile -d '' -t floor_arguments <"/proc/$pid/cmdline"
	# Where it finds itself when its working directory is another.
	floor_arguments[0]=$(readlink "/proc/$pid/exe")
	floor_memory=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^-m$/{n;s/M$//p}')
	runtime boot delete --force floor

	${CC:-cc} -std=gnu11 -O2 -I"$here/../../src" -o "$work/floor" "$here/floor.c"
	${CC:-cc} -std=gnu11 -O2 -static -I"$here/../../src" -o "$work/init" "$here/floor-init.c"
	mkdir -p "$work/share"
	cp -a "$work/true/rootfs" "$work/share/"
	for i in "${!floor_arguments[@]}"; do
		case ${floor_arguments[i]} in
		*/initramfs)
			(cd "$work" && echo init | cpio -o -H newc --quiet) |
				cat "${floor_arguments[i]}" - >"$work/initramfs"
			floor_arguments[i]=$work/initramfs
			;;
		local,id=*,path=*) floor_arguments[i]=${floor_arguments[i]/path=*,security/path=$work/share,security} ;;
		tap,id=*,fd=*)
			floor_arguments[i]=${floor_arguments[i]/tap,/hubport,}
			floor_arguments[i]=${floor_arguments[i]/,fd=/,hubid=}
			;;
		*free-page-reporting=on) floor_arguments[i]=${floor_arguments[i]/%on/off} ;;
		esac
	done
	floor make || fail "bare QEMU: $(tail -n 1 "$work/errors")"
}

# floor make|clone|boot: prints what floor.c prints.
floor() {
	"$work/floor" "$1" "$work/floor-ram" "$work/floor-state" "$floor_memory" \
		"${floor_arguments[@]}" 2>>"$work/errors"
}

# ---- all of them

# Whether the peer runs the bundle at all; the reason is its own last words.
try_peer() {
	local peer=$1

	if ! command -v "$peer" >/dev/null; then
		absent+=("$peer: not installed")
	elif : >"$work/errors" && runtime "$peer" run --bundle "$work/true" try </dev/null >/dev/null; then
		peers+=("$peer")
	else
		absent+=("$peer: $(tail -n 1 "$work/errors")")
	fi
}

peers_prepare() {
	local peer

	bundle "$work/true" true
	bundle "$work/sleep" sleep 3600
	for peer in runc crun runsc; do
		try_peer "$peer"
	done
	: >"$work/errors"
	prepare_floor
	runtime clone template create >/dev/null || fail "no template: $(tail -n 1 "$work/errors")"
}

# Ends all that still runs.
peers_stop() {
	local peer id quiet=-q

	for peer in "${peers[@]}"; do
		[ "$peer" != bare ] || continue
		[ "$peer" != runsc ] || quiet=-quiet
		for id in $(runtime "$peer" list $quiet 2>/dev/null); do
			runtime "$peer" delete --force "$id" >/dev/null 2>&1 || true
		done
	done
}
