/* SPDX-License-Identifier: GPL-2.0-only */
/* Expands templates with a made-up configuration. */
#include "tests/support/expand.h"

#include <string.h>

#include "tests/unit/runner.h"

static char *no_parameters[] = {NULL};

struct vm_config default_config(void)
{
	return (struct vm_config){
		.source = "/e/vm.json",
		.hypervisor_path = "/q",
		.hypervisor_parameters = no_parameters,
		.kernel_path = "/k",
		.kernel_parameters = "quiet",
		.initrd_path = "/i",
		.machine = "auto",
		.memory_mib = 256,
		.cpus = 1,
	};
}

struct vm_args *expand_as(
	const struct vm_config *config, enum vm_accel accel, const char *text, GError **error)
{
	const struct vm_args_values values = {
		.config = config,
		.accel = accel,
		.name = "c1",
		.uuid = UUID,
		.state_directory = "/s",
		.share_directory = "/s/share",
	};

	return vm_args_expand(text, strlen(text), "/e/hypervisor.args", &values, error);
}

struct vm_args *expand_good(const struct vm_config *config, enum vm_accel accel, const char *text)
{
	g_autoptr(GError) error = NULL;
	struct vm_args *args = expand_as(config, accel, text, &error);

	test_succeeds(args != NULL, error);
	return args;
}

struct vm_args *expand(const char *text)
{
	const struct vm_config config = default_config();

	return expand_good(&config, VM_ACCEL_KVM, text);
}

void argv_begins(const struct vm_args *args, const char *lines)
{
	g_autofree char *joined = g_strjoinv("\n", args->argv);
	g_autofree char *start = g_strndup(joined, strlen(lines));

	ck_assert_str_eq(start, lines);
}

void argv_is(const struct vm_args *args, const char *lines)
{
	g_autofree char *joined = g_strjoinv("\n", args->argv);

	ck_assert_str_eq(joined, lines);
}

gboolean argv_has(const struct vm_args *args, const char *text)
{
	g_autofree char *joined = g_strjoinv("\n", args->argv);
	g_autofree char *framed = g_strdup_printf("\n%s\n", joined);

	return strstr(framed, text) != NULL;
}
