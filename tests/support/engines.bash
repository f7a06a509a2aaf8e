# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The real engines, private to a bats file: each daemon has its own socket, data and state below
# $engines, and all of them share one network and one mount namespace of their own, so that the
# host's links, its iptables and its mounts are never touched. A file starts with
#
#	load ../support/engines
#
#	setup_file() {
#		engines_begin
#		docker_start            # containerd and dockerd; or containerd_start, or neither
#	}
#
#	teardown_file() {
#		engines_end
#	}
#
# and then uses docker, ctr and podman, the clients of these daemons. After
# the file nothing may be left: no process, cgroup or state directory; the file has failed if there is.
# $CC_ENGINES_RUNTIME runs the same tests with another runtime (a path), to see what the engine does
# with that one on this machine.

bats_require_minimum_version 1.5.0

source_dir=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${CC_BUILD_DIR:=$source_dir/build}"

# The folder is short, for the sake of socket paths, and found again by each test's process.
engines_paths() {
	engines=$BATS_FILE_TMPDIR/e
	docker_socket=$engines/docker.sock
	containerd_socket=$engines/containerd.sock
	# The runtime as the engines call it, and the cgroup below which all of theirs are.
	cor_path=$engines/cor
	cgroup_parent=cc-engines-${BATS_FILE_TMPDIR//[!A-Za-z0-9]/-}
	PATH=$engines/bin:$PATH
}

[ -z "${BATS_FILE_TMPDIR:-}" ] || engines_paths

# ---- namespaces

# inside COMMAND…: in the engines' network and mount namespaces, known by its environment.
inside() {
	CC_ENGINES=$engines nsenter --target "$(cat "$engines/holder.pid")" --net --mount -- "$@"
}

# A process that holds the namespaces. Its mounts come from the host's, and do not go back.
namespaces_start() {
	# shellcheck disable=SC2016 # the inner shell's
	CC_ENGINES=$engines unshare --net --mount --propagation slave -- \
		sh -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep infinity' sh "$engines/holder.pid" \
		</dev/null >/dev/null 2>&1 3>&- &
	wait_until 10 test -e "$engines/holder.pid"
	# As systemd has it: what is mounted later is seen by the proxies too.
	inside mount --make-rshared /
	inside ip link set lo up
	inside sysctl --quiet --write net.ipv4.ip_forward=1
	# crun knows version 1 and version 2, not both at once.
	! mountpoint --quiet /sys/fs/cgroup/unified || inside umount /sys/fs/cgroup/unified
}

# ---- daemons

# daemon_start NAME COMMAND…: its output is $engines/NAME.log, its pid in $engines/NAME.pid.
daemon_start() {
	local name=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	CC_ENGINES=$engines nsenter --target "$(cat "$engines/holder.pid")" --net --mount -- \
		sh -c 'echo $$ >"$0"; exec "$@"' "$engines/$name.pid" "$@" \
		</dev/null >>"$engines/$name.log" 2>&1 3>&- &
}

# daemon_end NAME [SIGNAL]: until it is gone.
daemon_end() {
	local pid

	[ -e "$engines/$1.pid" ] || return 0
	pid=$(cat "$engines/$1.pid")
	rm "$engines/$1.pid"
	kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
	wait_until 60 process_gone "$pid"
}

# A zombie counts as gone: its parent may be a test that has not looked yet.
process_gone() {
	local state

	state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || true
	[ -z "$state" ] || [ "$state" = Z ]
}

# The runtime, with what a loaded machine needs; the shims do not pass on much of an environment.
write_runtime() {
	local runtime=${CC_ENGINES_RUNTIME:-$CC_BUILD_DIR/cc-oci-runtime}
	local options="--agent-timeout 120 --hypervisor-log-dir '$engines/vm'"

	# For who names none (podman); a later one counts.
	options+=" --root '$engines/state'"
	options+=" --template-dir '$BATS_SUITE_TMPDIR/templates'"
	[ -z "${CC_ENGINES_RUNTIME:-}" ] || options=
	cat >"$cor_path" <<-END
		#!/bin/sh
		CC_ENGINES=$engines
		export CC_ENGINES
		exec '$runtime' $options "\$@"
	END
	chmod 755 "$cor_path"
}

containerd_start() {
	mkdir -p "$engines/containerd"
	cat >"$engines/containerd.toml" <<-END
		version = 2
		root = "$engines/containerd/root"
		state = "$engines/containerd/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
		[grpc]
		address = "$containerd_socket"
	END
	daemon_start containerd containerd --config "$engines/containerd.toml"
	wait_until 60 containerd_answers
}

containerd_answers() {
	ctr version >/dev/null 2>&1
}

dockerd_start() {
	daemon_start dockerd dockerd --containerd "$containerd_socket" --host "unix://$docker_socket" \
		--config-file "$engines/daemon.json" \
		--data-root "$engines/docker" --exec-root "$engines/d" \
		--pidfile "$engines/dockerd-own.pid" --cgroup-parent "/$cgroup_parent" \
		--add-runtime "cor=$cor_path" "$@"
	wait_until 60 docker_answers
}

docker_answers() {
	docker version >/dev/null 2>&1
}

# docker_start [DOCKERD-ARGUMENT…]: both daemons, and the image "busybox".
docker_start() {
	echo '{}' >"$engines/daemon.json"
	containerd_start
	dockerd_start "$@"
	docker import --change 'CMD ["sh"]' "$engines/busybox.tar" busybox >/dev/null
}

# ---- clients

# The clients of these daemons come first on PATH, as scripts: so whatever runs them finds them.
write_clients() {
	mkdir -p "$engines/bin"
	write_client docker --host "unix://$docker_socket" --config "$engines/docker-client"
	write_client ctr --address "$containerd_socket"
	write_client podman --root "$engines/podman" --runroot "$engines/podman-run" \
		--tmpdir "$engines/podman-tmp" --cgroup-manager cgroupfs --runtime "$cor_path"
}

# write_client NAME ARGUMENT…
write_client() {
	local name=$1
	shift
	cat >"$engines/bin/$name" <<-END
		#!/bin/sh
		CC_ENGINES=$engines CONTAINERS_CONF=$engines/containers.conf
		CONTAINERS_STORAGE_CONF=$engines/storage.conf
		export CC_ENGINES CONTAINERS_CONF CONTAINERS_STORAGE_CONF
		exec nsenter --target "\$(cat "$engines/holder.pid")" --net --mount --wdns="\$PWD" -- \
			$(command -v "$name") $* "\$@"
	END
	chmod 755 "$engines/bin/$name"
}

# cor_run ARGUMENT…: docker run with our runtime; networks are named by who wants one.
cor_run() {
	docker run --runtime cor --network none "$@"
}

# podman needs no daemon: what it reads, and the image "busybox".
podman_start() {
	mkdir -p "$engines/cni"
	cat >"$engines/storage.conf" <<-END
		[storage]
		driver = "overlay"
		graphroot = "$engines/podman"
		runroot = "$engines/podman-run"
	END
	cat >"$engines/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		[network]
		network_config_dir = "$engines/cni"
	END
	podman import --change 'CMD=["sh"]' "$engines/busybox.tar" busybox >/dev/null
}

# ---- a file's beginning and end

engines_begin() {
	# A test that hangs is one that has failed.
	export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-240}
	engines_paths
	mkdir -p "$engines"
	"$source_dir/quickstart" bundle "$engines/bundle" -- sh </dev/null 2>/dev/null
	tar -C "$engines/bundle/rootfs" -cf "$engines/busybox.tar" .
	write_runtime
	write_clients
	namespaces_start
}

engines_end() {
	local id status=0

	if [ -e "$engines/dockerd.pid" ]; then
		for id in $(docker ps --all --quiet); do
			docker rm --force --volumes "$id" >/dev/null || status=1
		done
	fi
	if [ -e "$engines/podman" ]; then
		podman rm --all --force --time 0 >/dev/null || status=1
	fi
	daemon_end dockerd || status=1
	daemon_end containerd || status=1
	[ ! -e "$engines/holder.pid" ] || wait_until 10 only_holder || {
		echo "# processes are left:" >&2
		engine_processes >&2
		status=1
	}
	engine_processes | while read -r id _; do
		kill -KILL "$id" 2>/dev/null || true
	done
	wait_until 10 no_cgroups || {
		echo "# cgroups are left:" >&2
		engine_cgroups >&2
		status=1
	}
	engine_cgroups | sort -r | xargs -r rmdir
	engine_state >&2
	[ -z "$(engine_state)" ] || status=1
	[ "$status" -eq 0 ] || engines_tell >&2
	return $status
}

# "PID COMMAND" of all that was started here: known by environment or command line, a shim (which
# shows the container's command, and has no environment) by the root that it sits in.
engine_processes() {
	local file pid

	{
		grep -lzFx -f <(echo "CC_ENGINES=$engines") /proc/[0-9]*/environ || true
		grep -lzF -f <(echo "$engines/") /proc/[0-9]*/cmdline || true
		find /proc/[0-9]*/exe -lname "$CC_BUILD_DIR/cc-shim" | sed 's|exe$|mountinfo|' |
			xargs -r grep -lF "$engines/" || true
	} 2>/dev/null | while read -r file; do
		pid=${file#/proc/}
		pid=${pid%%/*}
		echo "$pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done 2>/dev/null | sort -u
}

only_holder() {
	[ "$(engine_processes | cut -d ' ' -f 1)" = "$(cat "$engines/holder.pid")" ]
}

engine_cgroups() {
	find /sys/fs/cgroup -type d -path "*/$cgroup_parent/?*" 2>/dev/null || true
	find /sys/fs/cgroup -type d -name "$cgroup_parent" 2>/dev/null || true
}

# Those of containers; the parents that were asked for are the engines' to leave.
no_cgroups() {
	! engine_cgroups | grep -qE '[0-9a-f]{64}'
}

# State directories of ours that outlived their containers.
engine_state() {
	find "$engines/d" "$engines/containerd/state" "$engines/podman-run" -name state.json \
		-path '*run*' -size +0 2>/dev/null || true
}

# After a failure: what the logs have to say; of the engines, only what they complain about.
engines_tell() {
	local file

	for file in "$engines"/*.log "$engines"/vm/*/hypervisor.log; do
		[ -s "$file" ] || continue
		echo "# --- $file"
		grep -v 'level=info' "$file" | tail -n 12 | sed 's/^/# /'
	done
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
		sleep 0.2
	done
}

# inspect OBJECT TEMPLATE: one value of docker's own record.
inspect() {
	docker inspect --format "{{$2}}" "$1"
}

# is_status CONTAINER STATUS
is_status() {
	[ "$(inspect "$1" .State.Status)" = "$2" ]
}

# logs_have CONTAINER TEXT: a line of its output.
logs_have() {
	docker logs "$1" 2>&1 | grep -qxF -- "$2"
}
