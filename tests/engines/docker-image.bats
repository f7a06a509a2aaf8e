#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker's own work on files and images of containers that are ours: build, commit, cp, diff, export,
# import, load, save, tag.

# shellcheck disable=SC2016 # the variables of the containers' shells
# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	docker_start --default-runtime cor
}

teardown_file() {
	engines_end
}

@test "build with us as the default runtime: RUN, COPY, ENV, USER, and a step that fails" {
	local context=$BATS_TEST_TMPDIR/context

	[ "$(docker info --format '{{.DefaultRuntime}}')" = cor ]
	mkdir "$context"
	echo content >"$context/file"
	cat >"$context/Dockerfile" <<-'END'
		FROM busybox
		ENV GREETING=hello
		COPY file /data/file
		RUN echo "$GREETING" >/data/greeting && uname -r >/data/kernel && chown 1000:1000 /data
		USER 1000
		WORKDIR /data
		CMD ["cat", "greeting", "file"]
	END
	docker build --network none --tag built "$context"
	run -0 docker run --rm --network none built
	[ "$output" = $'hello\ncontent' ]
	# It was built in a virtual machine.
	[ "$(docker run --rm --network none built cat kernel)" != "$(uname -r)" ]
	[ "$(docker run --rm --network none built id -u)" = 1000 ]
	echo 'RUN exit 3' >>"$context/Dockerfile"
	run -3 docker build --network none "$context"
	[[ $output == *"returned a non-zero code: 3"* ]]
}

@test "cp both ways, diff, commit, export and import of a running container" {
	docker run -d --name cont --network none busybox sh -c \
		'echo new >/new; rm /etc/group; mkdir /tmp/d; echo up; exec sleep 1000'
	wait_until 60 logs_have cont up
	# What the guest has written is on the host at once, and the other way round.
	[ "$(docker cp cont:/new - | tar -xO)" = new ]
	echo from host >"$BATS_TEST_TMPDIR/f"
	docker cp "$BATS_TEST_TMPDIR/f" cont:/from-host
	[ "$(docker exec cont cat /from-host)" = "from host" ]
	run -0 docker diff cont
	[[ $output == *"A /new"* && $output == *"D /etc/group"* && $output == *"A /from-host"* ]]
	docker commit cont committed
	[ "$(docker run --rm --network none committed cat /new)" = new ]
	[ "$(docker inspect --format '{{.State.Status}}' cont)" = running ]
	docker export cont | tar -t | grep -qx new
	docker export cont | docker import - imported
	[ "$(docker run --rm --network none imported cat /from-host)" = "from host" ]
	docker tag imported other:1
	docker save --output "$BATS_TEST_TMPDIR/saved" other:1
	docker rmi other:1 imported
	docker load --input "$BATS_TEST_TMPDIR/saved"
	[ "$(docker run --rm --network none other:1 cat /new)" = new ]
	docker rm --force cont
}
