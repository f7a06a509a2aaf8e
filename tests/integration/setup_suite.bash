# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Once, around all tests: the template of a VM as the build's vm.json has it, of which the tests'
# containers are clones (see cor in ../support/integration.bash).

# template_command ACTION…
template_command() {
	local build

	build=${CC_BUILD_DIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
	"$build/cc-oci-runtime" --template-dir "$BATS_SUITE_TMPDIR/templates" --agent-timeout 120 \
		template "$@"
}

setup_suite() {
	template_command create >/dev/null
}

# Its files are immutable: bats could not remove them.
teardown_suite() {
	template_command remove --all
}
