#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Makes ./configure from configure.ac.
set -eu
cd "$(dirname "$0")"

for needed in autoreconf:autoconf automake:automake pkg-config:pkg-config; do
	command -v "${needed%:*}" >/dev/null || {
		echo "autogen.sh: ${needed%:*} is missing: install the package ${needed#*:}" >&2
		exit 1
	}
done
mkdir -p m4
exec autoreconf --force --install --warnings=all
