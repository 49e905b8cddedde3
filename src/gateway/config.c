// SPDX-License-Identifier: Apache-2.0
// The decoded configuration. Each kind of object has one row in config_kinds. A put decodes into a fresh object and only then
// replaces the old one, so a bad row changes nothing.
#include "gateway/config.h"

#include "base/clean.h"
#include "gateway/config_kinds.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < config_kind_count; i++)
		if (!strcmp(config_kinds[i].name, name))
			return &config_kinds[i];
	return NULL;
}

static struct strmap *kind_map(const struct config *config, const struct kind *kind)
{
	return (struct strmap *)((char *)config + kind->map);
}

struct config *config_new(void)
{
	return calloc(1, sizeof(struct config));
}

void config_free(struct config **config)
{
	if (!*config)
		return;
	for (size_t i = 0; i < config_kind_count; i++) {
		struct strmap *map = kind_map(*config, &config_kinds[i]);
		void *object;

		for (size_t at = 0; (object = strmap_next(map, &at));)
			config_kinds[i].free(object);
		strmap_fini(map);
	}
	strmap_fini(&(*config)->targets_of);
	strmap_fini(&(*config)->groups_of);
	map_fini(&(*config)->by_imsi);
	map_fini(&(*config)->kept);
	vec_free(&(*config)->gtp_peers);
	natpool_fini(&(*config)->public_addresses);
	vec_each (&(*config)->apns, apn)
		free(*apn);
	vec_free(&(*config)->apns);
	free(*config);
	*config = NULL;
}

int config_put(struct config *config, const char *name, const char *id, const json_t *data, char *why)
{
	const struct kind *kind = kind_find(name);
	void *object = NULL, *old;
	int error;

	snprintf(why, 160, "out of memory");
	if (!strcmp(name, "regionalGateway"))
		return config_decode_gateway(config, id, data, why);
	if (!kind)
		return 0; // a newer controller may know kinds that this gateway has no use for
	error = kind->decode(config, data, &object, why);
	if (error)
		return error;
	uuid_set(object, id); // each object begins with its id
	old = strmap_get(kind_map(config, kind), id);
	if (old && kind->succeeds)
		kind->succeeds(object, old);
	config_delete(config, name, id);
	error = strmap_put(kind_map(config, kind), ((struct uuid *)object)->text, object);
	if (error) {
		kind->free(object);
		return error;
	}
	if (kind->linked)
		kind->linked(config, object, true);
	return 0;
}

void config_delete(struct config *config, const char *name, const char *id)
{
	const struct kind *kind = kind_find(name);
	void *old = kind ? strmap_del(kind_map(config, kind), id) : NULL;

	if (!old)
		return;
	if (kind->linked)
		kind->linked(config, old, false);
	kind->free(old);
}

struct vslice_config *config_vslice(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->vslices, id->text);
}

struct target_config *config_target(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->targets, id->text);
}

struct target_config *config_target_first(const struct config *config, const struct uuid *vslice)
{
	return strmap_get(&config->targets_of, vslice->text);
}

struct group_config *config_group_first(const struct config *config, const struct uuid *vslice)
{
	return strmap_get(&config->groups_of, vslice->text);
}

struct policy_config *config_policy(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->policies, id->text);
}

struct steering_config *config_operator_policy(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->operator_policies, id->text);
}

struct steering_config *config_regional_policy(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->regional_policies, id->text);
}

struct group_config *config_group(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->groups, id->text);
}

struct endpoint_config *config_endpoint(const struct config *config, const struct uuid *id)
{
	return strmap_get(&config->endpoints, id->text);
}

struct endpoint_config *config_endpoint_by_imsi(const struct config *config, uint64_t key)
{
	return map_get(&config->by_imsi, key);
}

const struct lac_config *vslice_lac(const struct vslice_config *vslice, const struct uuid *id)
{
	vec_each (&vslice->lacs, lac) {
		if (uuid_equal(&lac->id, id))
			return lac;
	}
	return NULL;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return !strcmp(a->text, b->text);
}

void uuid_unpack(const uint8_t r[16], struct uuid *out)
{
	static const uint8_t none[16];

	if (!memcmp(r, none, sizeof(none)))
		uuid_set(out, NULL);
	else
		snprintf(out->text, sizeof(out->text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

void uuid_pack(const struct uuid *id, uint8_t out[16])
{
	size_t at = 0;

	memset(out, 0, 16);
	for (const char *c = id->text; c[0] && c[1] && at < 16; c++) {
		char pair[3] = {c[0], c[1], 0};

		if (*c == '-')
			continue;
		if (!isxdigit((unsigned char)c[0]) || !isxdigit((unsigned char)c[1])) {
			memset(out, 0, 16);
			return;
		}
		out[at++] = (uint8_t)strtoul(pair, NULL, 16);
		c++;
	}
}

void uuid_new(struct uuid *out)
{
	uint8_t r[16];

	if (getrandom(r, sizeof(r), 0) != sizeof(r))
		abort();
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	uuid_unpack(r, out);
}

void uuid_set(struct uuid *out, const char *text)
{
	snprintf(out->text, sizeof(out->text), "%s", text ? text : "");
}
