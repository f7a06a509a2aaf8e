#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker swarm, with us as the default runtime: services, secrets, configs, a replaced container.

# shellcheck disable=SC2154 # of bats and of the harness

load ../support/engines

setup_file() {
	engines_begin
	docker_start --default-runtime cor
	docker swarm init --advertise-addr 127.0.0.1 >/dev/null
}

teardown_file() {
	docker swarm leave --force >/dev/null
	engines_end
}

# running SERVICE N: that many containers of it run.
running() {
	[ "$(docker ps --quiet --filter "label=com.docker.swarm.service.name=$1" | wc -l)" -eq "$2" ]
}

@test "a service: create, scale, update, a killed container replaced, rm; secrets and configs" {
	local id

	echo hush | docker secret create secret -
	echo told | docker config create config -
	docker service create --detach --name web --secret secret \
		--config source=config,target=/etc/told busybox sleep 1000
	wait_until 60 running web 1
	id=$(docker ps --quiet --filter label=com.docker.swarm.service.name=web)
	[ "$(inspect "$id" .HostConfig.Runtime)" = cor ]
	[ "$(docker exec "$id" cat /run/secrets/secret /etc/told)" = $'hush\ntold' ]
	docker service scale --detach web=2
	wait_until 60 running web 2
	docker kill "$id"
	wait_until 60 running web 2
	docker service update --detach --env-add A=1 --replicas 1 web
	wait_until 60 running web 1
	docker service rm web
	wait_until 60 running web 0
}
