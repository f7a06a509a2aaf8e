# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154 # work: of start; peers, elapsed: of peers.bash
#
# What is measured. A row NAME has measure_NAME, called once a round, which leaves samples in
# microseconds (or what unit_of says), perhaps prepare_NAME, called once before, and its line in the
# tables below.

all_rows=(ready run exec state list kill delete many pss all64)
# Not a matter of time: once is enough.
rows_once=(all64)

declare -A title_of=(
	[ready]="create to agent ready"
	[run]="run true, until all is gone"
	[exec]="exec true in a running container"
	[state]="state"
	[list]="list of 200"
	[kill]="kill"
	[delete]="delete of a stopped container"
	[many]="8 at once, all running"
	[pss]="PSS of one more, 8 running (QEMU, proxy, shim)"
	[all64]="64 at once: how many run"
)

declare -A unit_of=([pss]=KiB [all64]=containers)

# "LEFT <= FACTOR RIGHT": the median of the ratios, round by round; "LEFT <= NUMBER" the median;
# ">=" likewise.
declare -A aims_of=(
	[ready]="clone <= 1.25 bare"
	[run]="clone <= 1.25 bare;clone <= 1 runsc"
	[exec]="clone <= 2 runc"
	[state]="clone <= 1.5 crun"
	[list]="clone <= 1.5 crun;clone <= 2.5 list100"
	[kill]="clone <= 1.5 crun"
	[delete]="clone <= 1.5 crun"
	[many]="clone <= 1.25 bare"
	[pss]="clone <= 24576"
	[all64]="clone >= 64"
)

many_count=8
all_count=64

# ---- starting

# From the runtime's start to the end of its wait for the agent, by the timeline; the floor's is
# from before QEMU is started to its guest's first answer.
measure_ready() {
	local peer trace=$work/trace

	for peer in clone boot; do
		rm -f "$trace"
		timed runtime "$peer" --trace "$trace" create --bundle "$work/sleep" ready
		sample ready "$peer" "$(tail -n +2 "$trace" | sed 's/,$//' | jq --slurp '
			(map(select(.name == "wait_for_agent")) | last | .ts + .dur) -
			(map(select(.name == "create")) | last | .ts) | floor')"
		runtime "$peer" delete --force ready
	done
	sample ready bare "$(floor clone | cut -d ' ' -f 1)"
}

measure_run() {
	local peer

	for peer in "${peers[@]}"; do
		if [ "$peer" = bare ]; then
			sample run bare "$(floor clone | cut -d ' ' -f 3)"
			continue
		fi
		timed runtime "$peer" run --bundle "$work/true" run
		sample run "$peer" "$elapsed"
	done
}

# ---- a running container

# Started by the first row that wants it; $running_peers have one.
prepare_running() {
	local peer

	[ ${#running_peers[@]} -eq 0 ] || return 0
	for peer in clone runc crun runsc; do
		is_here "$peer" || continue
		runtime "$peer" run --detach --bundle "$work/sleep" running </dev/null >/dev/null
		running_peers+=("$peer")
	done
}
running_peers=()

measure_on_running() {
	local row=$1 peer
	shift

	for peer in "${running_peers[@]}"; do
		timed runtime "$peer" "$@"
		sample "$row" "$peer" "$elapsed"
	done
}

prepare_exec() { prepare_running; }
prepare_state() { prepare_running; }
prepare_kill() { prepare_running; }
measure_exec() { measure_on_running exec exec running true; }
measure_state() { measure_on_running state state running; }
# CONT changes nothing.
measure_kill() { measure_on_running kill kill running CONT; }

# ---- many that have stopped

# copies MODEL ROOT N: the record of a stopped container, under N names; a name within it too.
copies() {
	local model=$1 root=$2 n=$3 i

	mkdir -p "$root"
	for ((i = 0; i < n; i++)); do
		cp -r "$model" "$root/c$i"
		[ ! -e "$root/c$i/state.json" ] || sed -i "s/\"model\"/\"c$i\"/" "$root/c$i/state.json"
	done
}

# A container that has ended, and is not deleted.
stopped_model() {
	runtime "$1" run --detach --bundle "$work/true" "$2" </dev/null >/dev/null
	until runtime "$1" state "$2" | jq --exit-status '.status == "stopped"' >/dev/null; do
		sleep 0.05
	done
}

prepare_list() {
	stopped_model clone model
	copies "$work/root/model" "$work/list100" 100
	copies "$work/root/model" "$work/list200" 200
	runtime clone delete model
	is_here crun || return 0
	stopped_model crun model
	copies "$work/crun/model" "$work/list-crun" 200
	runtime crun delete model
}

measure_list() {
	timed "$build/cc-oci-runtime" --root "$work/list200" list
	sample list clone "$elapsed"
	timed "$build/cc-oci-runtime" --root "$work/list100" list
	sample list list100 "$elapsed"
	is_here crun || return 0
	timed crun --root "$work/list-crun" list
	sample list crun "$elapsed"
}

measure_delete() {
	local peer

	for peer in clone runc crun runsc; do
		is_here "$peer" || continue
		stopped_model "$peer" stopped
		timed runtime "$peer" delete stopped
		sample delete "$peer" "$elapsed"
	done
}

# ---- many that run

# start_many PREFIX N: so many at once; fails when one does. Sets elapsed.
start_many() {
	local begin=${EPOCHREALTIME/./} i pid status=0
	local -a pids=()

	for ((i = 0; i < $2; i++)); do
		runtime clone run --detach --bundle "$work/sleep" "$1$i" </dev/null >/dev/null &
		pids+=($!)
	done
	started=0
	for pid in "${pids[@]}"; do
		if wait "$pid"; then
			started=$((started + 1))
		else
			status=1
		fi
	done
	elapsed=$((${EPOCHREALTIME/./} - begin))
	return $status
}

end_many() {
	local i

	for ((i = 0; i < $2; i++)); do
		runtime clone delete --force "$1$i" &
	done
	wait
}

measure_many() {
	local i

	start_many many "$many_count" || fail "8 at once: only $started run"
	sample many clone "$elapsed"
	end_many many $many_count
	for ((i = 0; i < many_count; i++)); do
		floor clone >"$work/floor-$i" &
	done
	wait
	# The last to have run true.
	sample many bare "$(cut -d ' ' -f 2 "$work"/floor-[0-9]* | sort -n | tail -n 1)"
}

# All processes of the containers with this prefix.
pss_of() {
	local state proxy

	# shellcheck disable=SC2016 # awk's
	for state in "$work/root/$1"*/state.json; do
		proxy=$(jq .proxy.pid "$state")
		echo "$proxy"
		pgrep -P "$proxy"
		jq .shim.pid "$state"
	done | sed 's|.*|/proc/&/smaps_rollup|' | xargs awk '/^Pss:/ { sum += $2 } END { print sum }'
}

measure_pss() {
	local before

	start_many pss $many_count || fail "8 at once: only $started run"
	before=$(pss_of pss)
	runtime clone run --detach --bundle "$work/sleep" pss$many_count </dev/null >/dev/null
	sample pss clone $(($(pss_of pss) - before))
	end_many pss $((many_count + 1))
}

measure_all64() {
	start_many all $all_count || true
	sample all64 clone "$started"
	end_many all $all_count
}
