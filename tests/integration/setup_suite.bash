# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Once, before all tests: the template of a VM as the build's vm.json has it, of which the tests'
# containers are clones (see cor in ../support/integration.bash).

setup_suite() {
	local source_dir

	source_dir=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	: "${CC_BUILD_DIR:=$source_dir/build}"
	"$CC_BUILD_DIR/cc-oci-runtime" --template-dir "$CC_BUILD_DIR/templates" \
		--agent-timeout 120 template create >/dev/null
}
