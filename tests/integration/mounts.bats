#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The mounts of config.json, seen from within.

load ../support/integration

# mounted PLACE PATTERN: the options of the mount there, optional fields and those of its file
# system, are like the pattern.
mounted() {
	local line

	line=$(awk -v place="$1" '$5 == place { $1 = $2 = $3 = ""; line = $0 } END { print line }' \
		"$BATS_TEST_TMPDIR/mountinfo")
	# shellcheck disable=SC2053 # it is a pattern
	[[ $line = $2 ]] || {
		echo "$1: \"$line\" is not like \"$2\""
		return 1
	}
}

@test "every option of a mount; places that are missing, links, files, other mounts" {
	mkdir -p "$bundle/vol/sub" "$bundle/rootfs/image/deep" "$bundle/rootfs/old"
	echo file >"$bundle/vol/file"
	echo kept >"$bundle/rootfs/image/deep/kept"
	chown 5:6 "$bundle/rootfs/image/deep/kept"
	chmod 4755 "$bundle/rootfs/image/deep/kept"
	ln -s kept "$bundle/rootfs/image/deep/link"
	chmod 711 "$bundle/rootfs/old"
	ln -s /gone/there "$bundle/rootfs/dangling"
	bundle_set '.root.readonly = true | .linux.rootfsPropagation = "rslave" | .mounts += [
		{destination: "/image", type: "tmpfs", options: ["tmpcopyup", "size=1m"]},
		{destination: "/old", type: "tmpfs"},
		{destination: "/new/deep", type: "tmpfs", source: "name",
			options: ["mode=1777", "uid=5", "gid=6", "nosuid", "strictatime"]},
		{destination: "/dangling", type: "tmpfs", options: ["noatime", "nodiratime"]},
		{destination: "/vol", type: "bind", source: "vol", options: ["rbind", "rshared", "nosuid", "noexec"]},
		{destination: "/vol/sub", type: "tmpfs", options: ["nodev", "nosymfollow"]},
		{destination: "/ro", type: "bind", source: "vol", options: ["bind", "ro"]},
		{destination: "/rro", type: "bind", source: "vol", options: ["rbind", "rro", "rnosuid", "unbindable"]},
		{destination: "/full", type: "tmpfs", options: ["ro", "mode=755"]},
		{destination: "/full/in/it", type: "bind", source: "vol", options: ["bind", "slave"]},
		{destination: "/etc/hosts", type: "bind", source: "vol/file", options: ["bind", "ro"]},
		{destination: "/new/file", type: "bind", source: "vol/file", options: ["bind"]},
		{destination: "/sysrw", type: "sysfs", source: "sysfs"},
		{destination: "/new/deep", options: ["remount", "bind", "ro"]},
		{destination: "/pts", type: "devpts", options: ["newinstance", "ptmxmode=0666", "gid=5"]}
		]'
	bundle_args sh -c 'cat /proc/self/mountinfo; exec 2>&1
		cd /image/deep && stat -c "copied %a %u %g %s" kept && readlink link
		stat -c "mode %a %n" /old /new/deep /full; cat /etc/hosts /new/file
		touch /vol/made && echo written; for i in / /ro /rro /full /new/deep /etc/hosts; do
			touch $i/x 2>&1 | sed "s|.*: |$i |"; done; touch /etc/hosts || true; ls -d /gone/there'
	run -0 cor run --bundle "$bundle" c1
	grep ' - ' <<<"$output" >"$BATS_TEST_TMPDIR/mountinfo"
	mounted / "*/ ro,nodev,relatime - 9p*"
	mounted /image "*/ /image rw,relatime - tmpfs tmpfs rw,size=1024k*"
	mounted /new/deep "*/new/deep ro,nosuid - tmpfs name *uid=5,gid=6*"
	mounted /gone/there "*/gone/there rw,noatime,nodiratime - tmpfs*"
	mounted /vol "*/vol rw,nosuid,nodev,noexec,relatime shared:* - 9p*"
	mounted /vol/sub "*/vol/sub rw,nodev,relatime,nosymfollow *- tmpfs*"
	mounted /ro "*/ro ro,nodev,relatime - 9p*"
	mounted /rro "*/rro ro,nosuid,nodev,relatime unbindable - 9p*"
	mounted /full "*/full ro,relatime - tmpfs*"
	mounted /full/in/it "*/full/in/it rw,nodev,relatime - 9p*"
	mounted /etc/hosts "*/etc/hosts ro,nodev,relatime - 9p*"
	mounted /sys "*/sys ro,nosuid,nodev,noexec,relatime - sysfs*"
	mounted /sysrw "*/sysrw rw,relatime - sysfs*"
	mounted /sys/fs/cgroup "*/ /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2*"
	mounted /dev/mqueue "*- mqueue mqueue*"
	mounted /pts "*- devpts *gid=5*ptmxmode=666*"
	[[ $output = *"copied 4755 5 6 5"*kept* ]]
	[[ $output = *"mode 711 /old"*"mode 1777 /new/deep"*"mode 755 /full"* ]]
	[[ $output = *$'file\nfile\nwritten'* ]]
	for place in / /ro /rro /full /new/deep; do
		[[ $output = *"$place Read-only file system"* ]]
	done
	[[ $output = *"touch: /etc/hosts: Read-only file system"*/gone/there ]]
	[ -e "$bundle/vol/made" ]
	[ "$(cat "$bundle/rootfs/image/deep/kept")" = kept ]
}

@test "a place that would lead out of the root stays in it; one that cannot be is named" {
	mkdir -p "$bundle/vol"
	ln -s /../../../../../../../../evil "$bundle/rootfs/up"
	ln -s ../../../../../../../relative "$bundle/rootfs/etc/down"
	ln -s loop "$bundle/rootfs/loop"
	bundle_set '.mounts += [
		{destination: "/up", type: "bind", source: "vol", options: ["bind"]},
		{destination: "/etc/down", type: "tmpfs"},
		{destination: "/a/../../../b", type: "tmpfs"}] |
		.linux.maskedPaths += ["/up", "/nowhere", "/etc/passwd"] | .linux.readonlyPaths += ["/etc/down"]'
	bundle_args sh -c 'grep -oE " /(evil|relative|b) " /proc/self/mountinfo; ls -A /evil | wc -l
		cat /etc/passwd; touch /relative/x 2>&1 | sed "s/.*: //"; test -c /etc/passwd && echo masked'
	run -0 cor run --bundle "$bundle" c1
	[[ $output = *" /evil "*" /relative "*" /b "* ]]
	[[ $output = *$'0\nRead-only file system\nmasked' ]]
	[ ! -e /evil ] && [ ! -e /relative ]

	bundle_set '.mounts += [{destination: "/loop", type: "tmpfs"}]'
	run -1 cor run --bundle "$bundle" c1
	[[ $output = *"mount /loop: make the mount point: too many levels of symbolic links"* ]]
	bundle_set '.mounts[-1] = {destination: "/x", type: "moonfs"}'
	run -1 cor run --bundle "$bundle" c1
	[[ $output = *"mount /x: type moonfs: no such device"* ]]
	bundle_set '.mounts[-1] = {destination: "/x", type: "tmpfs", options: ["size=lots"]}'
	run -1 cor run --bundle "$bundle" c1
	[[ $output = *"mount /x: option size=lots: invalid argument"* ]]
	bundle_set '.mounts[-1] = {destination: "/x", type: "bind", source: "vol", options: ["bind", "idmap"]}'
	run -1 cor run --bundle "$bundle" c1
	[[ $output = *"].options[1]: not possible: "* ]]
}
