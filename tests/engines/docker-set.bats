#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A set of containers on networks of its own, as docker compose makes them.

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

# What a container runs to serve the text; and to get it. (busybox-static's wget crashes.)
serve='mkdir /www; echo "$0" >/www/index.html; exec httpd -f -h /www -p 80'
get='printf "GET / HTTP/1.0\r\n\r\n" | nc -w 20 "$0" 80 | tail -n 1'

# reaches CONTAINER HOST TEXT
reaches() {
	[ "$(docker exec "$1" sh -c "$get" "$2")" = "$3" ]
}

@test "networks of one's own: MTU, connect while running, a set of three containers" {
	local address

	docker network create --opt com.docker.network.driver.mtu=1400 front
	docker network create back
	docker run -d --name db --network back busybox sh -c "$serve" data
	docker run -d --name app --network front busybox sleep 1000
	docker network connect back app
	run -0 docker exec app sh -c 'cat /etc/resolv.conf /sys/class/net/eth0/mtu'
	[[ $output == *"nameserver 127.0.0.11"*$'\n'1400 ]]
	address=$(inspect db '.NetworkSettings.Networks.back.IPAddress')
	wait_until 60 reaches app "$address" data
	wait_until 60 reaches app db data
	# The third is on one of them only, and reaches the second alone.
	run -0 docker run --rm --network front busybox ping -c 1 -W 20 \
		"$(inspect app '.NetworkSettings.Networks.front.IPAddress')"
	run ! docker run --rm --network front busybox ping -c 1 -W 3 "$address"
	docker network disconnect back app
	docker rm --force app db
	docker network rm front back
}
