# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The engines' containers are clones of the same template as those of the other suite.

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/../integration/setup_suite.bash"
