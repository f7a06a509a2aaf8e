#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker's networks: the bridge, ports, networks of one's own with names, and sets of containers.

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

# answers URL TEXT: from where docker's own networks are.
answers() {
	[ "$(inside "$engines/bundle/rootfs/bin/busybox" wget -qO- -T 5 "$1" 2>/dev/null)" = "$2" ]
}

@test "the bridge: address, route, a published port, the network of another, none, host" {
	local address

	docker run -d --name web --publish 8080:80 busybox sh -c \
		'mkdir /www; echo page >/www/index.html; exec httpd -f -h /www -p 80'
	address=$(inspect web .NetworkSettings.IPAddress)
	wait_until 60 answers "http://$address/" page
	answers http://127.0.0.1:8080/ page
	[[ $(docker port web) == *"80/tcp -> 0.0.0.0:8080"* ]]
	run -0 docker exec web ip -4 addr show eth0
	[[ $output == *"inet $address/16"* && $output == *"mtu 1500"* ]]
	run -0 docker run --rm busybox wget -qO- -T 20 "http://$address/"
	[ "$output" = page ]
	run -0 docker run --rm --network none busybox ip -o link
	[[ $output == *"1: lo"* && $output != *eth0* ]]
	docker rm --force web
}

@test "a network of one's own: names, MTU, connect while running, a set of three containers" {
	docker network create --opt com.docker.network.driver.mtu=1400 front
	docker network create back
	docker run -d --name db --network back busybox sh -c \
		'mkdir /www; echo data >/www/index.html; exec httpd -f -h /www -p 80'
	docker run -d --name app --network front busybox sh -c 'sleep 1000'
	docker network connect back app
	run -0 docker exec app sh -c 'cat /etc/resolv.conf; cat /sys/class/net/eth0/mtu'
	[[ $output == *"nameserver 127.0.0.11"*$'\n'1400 ]]
	wait_until 60 docker exec app wget -qO- -T 10 http://db/
	[ "$(docker exec app wget -qO- -T 20 http://db/)" = data ]
	# The third is on one of them only, and reaches the second by its name.
	run -0 docker run --rm --network front busybox ping -c 1 -W 20 app
	run ! docker run --rm --network front busybox wget -qO- -T 5 http://db/
	docker network disconnect back app
	docker rm --force app db
	docker network rm front back
}
