// SPDX-License-Identifier: Apache-2.0
#include "controller/api/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_TEXT >= CRYPT_OUTPUT_SIZE, "libcrypt's hashes fit");

static int make(const char *password, const char *setting, char out[PASSWORD_HASH_TEXT])
{
	struct crypt_data *data = calloc(1, sizeof(*data)); // too large for a thread's stack
	char *made = data ? crypt_r(password, setting, data) : NULL;
	int error = !data ? -ENOMEM : !made || *made == '*' ? -EINVAL : 0;

	if (!error)
		snprintf(out, PASSWORD_HASH_TEXT, "%s", made);
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return error;
}

int password_hash(const char *password, char out[PASSWORD_HASH_TEXT])
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];

	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting))) // libcrypt's own cost and randomness
		return -errno;
	return make(password, setting, out);
}

bool password_matches(const char *password, const char *hash)
{
	char made[PASSWORD_HASH_TEXT];
	unsigned differ = 0;

	if (!hash) {
		(void)!password_hash(password, made);
		explicit_bzero(made, sizeof(made));
		return false;
	}
	if (make(password, hash, made) || strlen(made) != strlen(hash))
		return false;
	for (size_t i = 0; made[i]; i++)
		differ |= (unsigned char)made[i] ^ (unsigned char)hash[i];
	explicit_bzero(made, sizeof(made));
	return !differ;
}
