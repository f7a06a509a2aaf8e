# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Templates: cloning, booting in their place, making them, and what can happen to them.

load ../support/integration

# From here on, the test has templates of its own (cor knows the variable).
own_store() {
	store=$BATS_TEST_TMPDIR/store
}

n_templates() {
	[ "$(cor template list --format json | jq length)" = "$1" ]
}

log_has() {
	grep -q "$1" "$BATS_TEST_TMPDIR/log"
}

no_makers() {
	! leftovers | grep -q ' template create --background '
}

@test "auto: the first boots and one template is made behind it, the next is a clone" {
	own_store
	bundle_args true
	# Two at once make one.
	cor run --bundle "$bundle" c1 &
	cor run --bundle "$bundle" c2
	wait $!
	log_has 'booting: there is no template'
	run ! log_has 'cloning template'
	wait_until 60 no_makers
	n_templates 1
	[ "$(ls -A "$store")" = "$(cor template list --format json | jq -r '.[0].key')" ]
	[ "$(stat -c %a "$store")" = 700 ]

	bundle_args uname -s
	run -0 cor run --bundle "$bundle" c3
	[ "$output" = Linux ]
	log_has 'cloning template'
}

@test "never boots, though there is a template; require fails where there is none" {
	bundle_args echo booted
	CC_TEMPLATE=never run -0 cor run --bundle "$bundle" c1
	[ "$output" = booted ]
	run ! log_has 'template'
	CC_TEMPLATE=require run -0 cor run --bundle "$bundle" c2
	log_has 'cloning template'

	own_store
	CC_TEMPLATE=require run -1 cor run --bundle "$bundle" c3
	[[ $output == *"a template is required: there is no template of this VM yet" ]]
	[ ! -e "$store" ]
}
