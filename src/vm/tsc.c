/* SPDX-License-Identifier: GPL-2.0-only */
/* The time stamp counter's frequency, from the processor or from /proc/cpuinfo. */
#include "vm/tsc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/fd.h"

#define SCALING_DIRECTORY "/sys/devices/system/cpu/cpu0/cpufreq"

enum {
	/* The first processor's part is shorter. */
	CPUINFO_READ = 4 << 10,
	KHZ_MAX = 20 * 1000 * 1000,
};

/* The ratio of the TSC to a crystal, and the crystal's frequency; many give only the first. */
static guint of_processor(void)
{
#if defined(__x86_64__) || defined(__i386__)
	guint denominator = 0;
	guint numerator = 0;
	guint crystal_hz = 0;
	guint unused = 0;

	if (__get_cpuid_count(0x15, 0, &denominator, &numerator, &crystal_hz, &unused) &&
		denominator > 0 && numerator > 0 && crystal_hz > 0) {
		guint64 khz = (guint64)crystal_hz * numerator / denominator / 1000;

		return khz <= KHZ_MAX ? (guint)khz : 0;
	}
#endif
	return 0;
}

guint vm_tsc_parse_cpuinfo(const char *text)
{
	const char *line = strstr(text, "\ncpu MHz");
	const char *colon = line != NULL ? strchr(line, ':') : NULL;
	gdouble mhz = colon != NULL ? g_ascii_strtod(colon + 1, NULL) : 0;

	return mhz > 0 && mhz <= KHZ_MAX / 1000 ? (guint)(mhz * 1000 + 0.5) : 0;
}

guint vm_tsc_khz(void)
{
	char text[CPUINFO_READ + 1];
	guint khz = of_processor();

	if (khz > 0 || access(SCALING_DIRECTORY, F_OK) == 0)
		return khz;

	auto_fd int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	gssize got = fd >= 0 ? read(fd, text, CPUINFO_READ) : -1;

	if (got < 0)
		return 0;
	text[got] = '\0';
	return vm_tsc_parse_cpuinfo(text);
}
