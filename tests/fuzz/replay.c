// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target once over every file of the directories given: the corpus as a test, without libFuzzer.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (1 << 20)

static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	size_t len;

	if (!file) {
		perror(path);
		return -1;
	}
	bytes = malloc(INPUT_MAX);
	len = bytes ? fread(bytes, 1, INPUT_MAX, file) : 0;
	fclose(file);
	// The exact size, so that ASan sees a read past the end.
	bytes = len ? realloc(bytes, len) : bytes;
	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *entry;

		if (!dir) {
			perror(argv[i]);
			return 1;
		}
		while ((entry = readdir(dir))) {
			char path[4096];

			if (entry->d_type != DT_REG)
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			if (replay_file(path) < 0)
				return 1;
			count++;
		}
		closedir(dir);
	}
	printf("%u inputs\n", count);
	return count ? 0 : 1;
}
