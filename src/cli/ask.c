// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

char *ask_secret(const char *question)
{
	struct termios shown, hidden;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &shown) < 0)
		return NULL;
	hidden = shown;
	hidden.c_lflag &= (tcflag_t)~ECHO;
	fputs(question, stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	len = getline(&line, &room, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	if (len < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}
