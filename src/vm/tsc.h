/* SPDX-License-Identifier: GPL-2.0-only */
/* The frequency of the host's time stamp counter. */
#pragma once

#include <glib.h>

/*
 * In kHz; 0: not known. What TCG's guest reads as its TSC is the host's. The processor's own word
 * (CPUID leaf 15H) goes first, then /proc/cpuinfo's: on a host without frequency scaling, which
 * is what most hosts without KVM are, being guests, "cpu MHz" is the TSC's.
 */
guint vm_tsc_khz(void);

/* From the text of a /proc/cpuinfo, its first processor's. */
guint vm_tsc_parse_cpuinfo(const char *text);
