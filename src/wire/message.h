/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages of the control channel, by number and name (docs/agent-protocol.md, "Messages"). */
#pragma once

#include <stdint.h>

#include "base/hypervisor.h"

enum message_type {
	MESSAGE_GETVERSION = 0,
	MESSAGE_STARTPOD = 1,
	MESSAGE_DESTROYPOD = 4,
	MESSAGE_EXECCMD = 6,
	MESSAGE_READY = 8,
	MESSAGE_ACK = 9,
	MESSAGE_ERROR = 10,
	MESSAGE_WINSIZE = 11,
	MESSAGE_PING = 12,
	MESSAGE_NEXT = 14,
	MESSAGE_WRITEFILE = 15,
	MESSAGE_READFILE = 16,
	MESSAGE_NEWCONTAINER = 17,
	MESSAGE_KILLCONTAINER = 18,
	MESSAGE_ONLINECPUMEM = 19,
	MESSAGE_SETUPINTERFACE = 20,
	MESSAGE_SETUPROUTE = 21,
	MESSAGE_REMOVECONTAINER = 22,
	MESSAGE_PROCESSASYNCEVENT = 23,
	MESSAGE_SIGNALPROCESS = 24,
	MESSAGE_DELETEINTERFACE = 25,
	/* Ours, with the feature "wait-start": lets a prepared container run. */
	MESSAGE_START = 100,
	/* Ours, with the feature "clone": the first message to a guest out of a template. */
	MESSAGE_CLONE = 101,
	/* From the guest, with "notify": what a container says of itself (sd_notify(3)). */
	MESSAGE_NOTIFY = 114,
	/* With "stats": figures of a container. */
	MESSAGE_STATS = 102,
	/* With "pause": a container's processes stand still, and go on. */
	MESSAGE_PAUSE = 103,
	MESSAGE_RESUME = 104,
	/* With "update": other limits for a container that runs. */
	MESSAGE_UPDATE = 105,
	/* With "events": processes were killed for want of memory. */
	MESSAGE_OOM = 106,
	/* With "ps": the processes of a container. */
	MESSAGE_PS = 107,
	/* With "trace": tells spans from now on; the answer is the guest's clock. */
	MESSAGE_TRACE = 117,
	MESSAGE_TRACEEVENT = 118,
	/* With "netplan": what the guest's network is, from now on. */
	MESSAGE_NETPLAN = 108,
	/* Questions to the plan's resolver, and the answers to them. */
	MESSAGE_DNSQUERY = 109,
	MESSAGE_DNSREPLY = 110,
};

/* Versions that GETVERSION answers. */
enum {
	/* From here on processes have ids, and their end is a PROCESSASYNCEVENT. */
	AGENT_VERSION_PROCESS_IDS = 4243,
	/* From here on the answer carries an object with features and limits. */
	AGENT_VERSION_OURS = 1000000,
};

#define AGENT_FEATURE_OCI	 "oci"
#define AGENT_FEATURE_WINDOW	 "window"
#define AGENT_FEATURE_WAIT_START "wait-start"
#define AGENT_FEATURE_CLONE	 "clone"
#define AGENT_FEATURE_NOTIFY	 "notify"
#define AGENT_FEATURE_STATS	 "stats"
#define AGENT_FEATURE_PAUSE	 "pause"
#define AGENT_FEATURE_UPDATE	 "update"
#define AGENT_FEATURE_EVENTS	 "events"
#define AGENT_FEATURE_PS	 "ps"
#define AGENT_FEATURE_TRACE	 "trace"
#define AGENT_FEATURE_HANGUP	 "hangup"
#define AGENT_FEATURE_VM_EXEC	 "vm-exec"
#define AGENT_FEATURE_NETPLAN	 "netplan"

/* Codes in the object that an ERROR of our agent carries: {"message":…,"code":…}. */
#define AGENT_ERROR_FAILED	"failed"
#define AGENT_ERROR_NOT_FOUND	"not-found"
#define AGENT_ERROR_EXEC_ENOENT "exec-not-found"
#define AGENT_ERROR_EXEC_EACCES "exec-denied"

enum message_direction {
	MESSAGE_TO_GUEST = 1,
	MESSAGE_FROM_GUEST = 2,
	MESSAGE_BOTH = 3,
};

struct message_info {
	uint32_t type;
	const char *name;
	enum message_direction direction;
};

/* The entry of a message, or NULL when the number or name is none of the protocol's. */
const struct message_info *message_by_type(uint32_t type);
const struct message_info *message_by_name(const char *name);
