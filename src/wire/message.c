/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of the control channel's messages. */
#include "wire/message.h"

#include <stddef.h>
#include <string.h>

static const struct message_info messages[] = {
	{MESSAGE_GETVERSION, "GETVERSION", MESSAGE_TO_GUEST},
	{MESSAGE_STARTPOD, "STARTPOD", MESSAGE_TO_GUEST},
	{MESSAGE_DESTROYPOD, "DESTROYPOD", MESSAGE_TO_GUEST},
	{MESSAGE_EXECCMD, "EXECCMD", MESSAGE_TO_GUEST},
	/* Towards the guest, READY asks for a rescan of the PCI bus. */
	{MESSAGE_READY, "READY", MESSAGE_BOTH},
	{MESSAGE_ACK, "ACK", MESSAGE_FROM_GUEST},
	{MESSAGE_ERROR, "ERROR", MESSAGE_FROM_GUEST},
	{MESSAGE_WINSIZE, "WINSIZE", MESSAGE_TO_GUEST},
	{MESSAGE_PING, "PING", MESSAGE_TO_GUEST},
	{MESSAGE_NEXT, "NEXT", MESSAGE_FROM_GUEST},
	{MESSAGE_WRITEFILE, "WRITEFILE", MESSAGE_TO_GUEST},
	{MESSAGE_READFILE, "READFILE", MESSAGE_TO_GUEST},
	{MESSAGE_NEWCONTAINER, "NEWCONTAINER", MESSAGE_TO_GUEST},
	{MESSAGE_KILLCONTAINER, "KILLCONTAINER", MESSAGE_TO_GUEST},
	{MESSAGE_ONLINECPUMEM, "ONLINECPUMEM", MESSAGE_TO_GUEST},
	{MESSAGE_SETUPINTERFACE, "SETUPINTERFACE", MESSAGE_TO_GUEST},
	{MESSAGE_SETUPROUTE, "SETUPROUTE", MESSAGE_TO_GUEST},
	{MESSAGE_REMOVECONTAINER, "REMOVECONTAINER", MESSAGE_TO_GUEST},
	{MESSAGE_PROCESSASYNCEVENT, "PROCESSASYNCEVENT", MESSAGE_FROM_GUEST},
	{MESSAGE_SIGNALPROCESS, "SIGNALPROCESS", MESSAGE_TO_GUEST},
	{MESSAGE_DELETEINTERFACE, "DELETEINTERFACE", MESSAGE_TO_GUEST},
	{MESSAGE_START, "START", MESSAGE_TO_GUEST},
	{MESSAGE_PS, "PS", MESSAGE_TO_GUEST},
};

const struct message_info *message_by_type(uint32_t type)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

const struct message_info *message_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		if (strcmp(messages[i].name, name) == 0)
			return &messages[i];
	return NULL;
}
