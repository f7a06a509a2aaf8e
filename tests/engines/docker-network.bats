#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# docker's networks: bridges, names, ports, addresses, and networks that come and go.

# What engines.bash sets.
# shellcheck disable=SC2154

load ../support/engines

setup_file() {
	# The distribution's docker, where there is another one too: its daemon is the one we start.
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
	engines_begin
	docker_start
}

teardown_file() {
	daemon_end names
	engines_end
}

# net_run ARGUMENT…: docker run with our runtime.
net_run() {
	docker run --runtime cor "$@"
}

busybox() {
	inside "$engines/bundle/rootfs/bin/busybox" "$@"
}

# name_server ADDRESS: every name has the address 10.55.0.222 there, and no other kind of record.
name_server() {
	cat >"$engines/names" <<-'END'
		#!/bin/bash
		query=$(dd bs=512 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
		question=${query:24}
		if [ "${question: -8:4}" = 0001 ]; then
			answer=${query:0:4}81800001000100000000${question}c00c000100010000003c00040a3700de
		else
			answer=${query:0:4}81800001000000000000$question
		fi
		printf %b "$(sed 's/../\\x&/g' <<<"$answer")"
	END
	chmod +x "$engines/names"
	daemon_start names socat "UDP4-RECVFROM:53,bind=$1,fork" "EXEC:$engines/names"
	wait_until 60 busybox nslookup -type=a x.example "$1"
}

@test "the default bridge: address, gateway, traffic both ways, a published port, --mac-address, --dns, --add-host" {
	local address

	net_run --detach --name web --publish 8081:80 --mac-address 02:42:ac:11:00:99 \
		--dns 10.9.9.9 --add-host there:10.1.2.3 busybox \
		sh -c 'echo it works >/index.html; httpd -f -p 80 -h /'
	address=$(docker inspect --format '{{.NetworkSettings.IPAddress}}' web)
	[[ $(docker exec web ip address show eth0) == *"inet $address/16"* ]]
	[[ $(docker exec web ip link show eth0) == *02:42:ac:11:00:99* ]]
	[[ $(docker exec web ip route) == *"default via 172.17.0.1 dev eth0"* ]]
	docker exec web ping -c 1 -w 60 172.17.0.1
	wait_until 60 busybox wget -q -O - "http://$address/"
	[ "$(busybox wget -q -O - http://127.0.0.1:8081/)" = "it works" ]
	[ "$(docker exec web cat /etc/resolv.conf | grep nameserver)" = "nameserver 10.9.9.9" ]
	docker exec web grep -E '10.1.2.3\s+there' /etc/hosts
	docker rm --force web
}

@test "--network none has lo alone" {
	run -0 net_run --rm --network none busybox ip -o link
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"lo: <LOOPBACK,UP"* ]]
}

@test "a network of one's own: --ip, names by docker's server, and by those that it asks" {
	docker network create --subnet 10.55.0.0/24 own
	# A server outside, which docker asks from the container's namespace.
	name_server 10.55.0.1
	net_run --detach --name one --network own --ip 10.55.0.77 --network-alias also busybox \
		sleep 1000
	run -0 net_run --rm --network own --dns 10.55.0.1 busybox sh -c '
		grep nameserver /etc/resolv.conf
		nslookup one; nslookup also; ping -c 1 -w 60 one
		# The first one may find the gateway not known yet.
		until nslookup -type=a outside.example | grep 10.55.0.222; do sleep 0.2; done
		# By TCP: a length, then the same question.
		printf "\0\025\075\001\001\0\0\001\0\0\0\0\0\0\003one\0\0\001\0\001" |
			nc -w 20 127.0.0.11 53 | od -An -v -tx1 | tr -d " \n"'
	[[ $output == *"nameserver 127.0.0.11"* ]]
	[[ $output == *"Address"*"10.55.0.77"* ]]
	[[ $output == *"1 packets received"* ]]
	[[ $output == *"10.55.0.222"* ]]
	# The address of "one", 10.55.0.77.
	[[ $output == *0a37004d* ]]
	docker rm --force one
	daemon_end names
	docker network rm own
}

@test "--network container: a second VM is refused by the name of the first" {
	local id

	id=$(net_run --detach --name first busybox sleep 1000)
	run ! net_run --rm --network container:first busybox true
	[[ $output == *"the network namespace is the one of container \"$id\""* ]]
	docker rm --force first
}

@test "network connect and disconnect while it runs" {
	docker network create --subnet 10.56.0.0/24 later
	net_run --detach --name mover busybox sleep 1000
	docker network connect --ip 10.56.0.9 later mover
	wait_until 60 docker exec mover sh -c 'ip address | grep "inet 10.56.0.9/24"'
	docker exec mover ping -c 1 -w 60 10.56.0.1
	docker network disconnect later mover
	wait_until 60 docker exec mover sh -c '! ip link | grep eth1'
	docker exec mover ping -c 1 -w 60 172.17.0.1
	docker rm --force mover
	docker network rm later
}
