/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sends its arguments, a line each, to the socket that NOTIFY_SOCKET names, as sd_notify(3) does.
 * Static: tests put it into containers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[8192] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (path == NULL) {
		fputs("notify-send: no NOTIFY_SOCKET\n", stderr);
		return 2;
	}
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	for (int i = 1; i < argc; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", argv[i]);
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof address) < 0) {
		perror("notify-send");
		return 1;
	}
	return 0;
}
