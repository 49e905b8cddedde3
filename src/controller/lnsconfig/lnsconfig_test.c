// SPDX-License-Identifier: Apache-2.0
#include "controller/lnsconfig/lnsconfig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "controller/lnsconfig/template.h"

static char why[200];

// A text with the name "a" of value "1", "none" of none, and the list "item" of two.
static void assert_written(const char *source, const char *wanted)
{
	struct template_scope scope = {0}, items[2] = {0};
	struct template_list list = {.name = "item", .items = items, .count = 2};
	struct text out = {0};
	int error;

	template_set(&scope, "a", "%d", 1);
	template_set(&scope, "none", "%s", "");
	template_set(&items[0], "n", "x");
	template_set(&items[1], "n", "y");
	template_set(&items[1], "a", "2");
	error = template_write(&out, source, &scope, &list, why, sizeof(why));
	assert_string_equal(error ? why : out.bytes ? out.bytes : "", wanted);
	text_fini(&out);
	template_scope_fini(&scope);
	template_scope_fini(&items[0]);
	template_scope_fini(&items[1]);
}

static void test_holes(void **state)
{
	assert_written("v=%{a}%{none}%{a} %\n%%# not said\n", "v=11 %\n");
	assert_written("%{b}\n", "there is no: b");
	assert_written("%{a\n", "a hole that does not close: %{a");
}

static void test_blocks(void **state)
{
	assert_written("%%if a\nyes\n%%else\nno\n%%end\n%%if none\nyes\n%%else\nno\n%%end\n", "yes\nno\n");
	assert_written("%%if a=1\n1\n%%end\n%%if a=2\n2\n%%end\n%%if a!=2\nnot 2\n%%end\n", "1\nnot 2\n");
	assert_written("%%if none\n%%if a\nx\n%%else\ny\n%%end\n%{nothing}\n%%end\nz\n", "z\n");
	assert_written("%%each item\n%{n}%{a}\n%%if a=2\ntwo\n%%end\n%%end\n.\n", "x1\ny2\ntwo\n.\n");
	assert_written("%%if none\n%%each item\n%{n}\n%%end\n%%end\n.\n", ".\n");
}

static void test_faults_of_templates(void **state)
{
	assert_written("%%if a\n", "an end is missing: %%end");
	assert_written("%%end\n", "ends nothing: %%end");
	assert_written("%%each thing\n%%end\n", "there is no list: thing");
	assert_written("%%whatever\n", "no such directive: %%whatever");
	assert_written("%%if b\n%%end\n", "there is no: b");
}

static struct vslice *make_vslice(int64_t auth, bool secret)
{
	struct vslice *vslice = object_new(&noun_vslice);
	struct lac *lac;
	struct lns *lns;

	field_text_set(&vslice->object.moniker, "vantiq");
	field_text_set(&vslice->object.name, "Vantiq");
	vslice->type = VSLICE_L2TP;
	vslice->settings.ppp_auth = auth;
	for (int i = 0; i < 2; i++) {
		lac = field_rows_add(&noun_lac, &vslice->lacs);
		field_text_set(&lac->object.moniker, i ? "lac-2" : "lac-1");
		field_text_set(&lac->address, i ? "10.64.0.2" : "10.64.0.1");
		if (secret)
			field_text_set(&lac->tunnel_secret, "never-shown");
	}
	lns = field_rows_add(&noun_lns, &vslice->lnss);
	field_text_set(&lns->object.moniker, "lns-1");
	field_text_set(&lns->address, "10.65.0.1");
	return vslice;
}

static char *written(const struct lnsconfig_kind *kind, const struct vslice *vslice, bool one_lac)
{
	struct text out = {0};

	assert_int_equal(lnsconfig_write(&out, kind, vslice, field_rows_at(&noun_lns, &vslice->lnss, 0),
				 one_lac ? field_rows_at(&noun_lac, &vslice->lacs, 1) : NULL),
		0);
	return text_take(&out, NULL);
}

// Every template, with every kind of authentication, with and without secret, hiding, proxy and echo.
static void test_every_template_is_whole(void **state)
{
	for (const struct lnsconfig_kind *kind = lnsconfig_kinds; kind->moniker; kind++)
		for (int64_t auth = LINK_AUTH_NONE; auth <= LINK_AUTH_PCO; auth++)
			for (int bits = 0; bits < 16; bits++) {
				struct vslice *vslice = make_vslice(auth, bits & 1);
				_cleanup_free_ char *text = NULL, *one = NULL;

				vslice->settings.hide_avps = !!(bits & 2);
				vslice->settings.proxy_lcp = !!(bits & 4);
				vslice->settings.ppp_echo_interval_s = bits & 8 ? 30 : 0;
				text = written(kind, vslice, false);
				one = written(kind, vslice, true);
				assert_non_null(strstr(text, "10.65.0.1"));
				assert_null(strstr(text, "never-shown"));
				assert_null(strstr(text, "%{}"));
				assert_true(!!strstr(text, "<TUNNEL-SECRET>") == !!(bits & 1));
				assert_null(strstr(one, "10.64.0.1"));
				assert_true(kind->is_tested || strstr(text, "Not run: "));
				object_free(&noun_vslice, vslice);
			}
}

static void test_what_must_match_stands_there(void **state)
{
	struct vslice *vslice = make_vslice(LINK_AUTH_CHAP, true);
	_cleanup_free_ char *text = NULL;

	field_text_set(&vslice->settings.lac_host_name, "our-lac");
	vslice->settings.ppp_mru = 1400;
	text = written(lnsconfig_kind_find("IOS-XE"), vslice, false);
	assert_non_null(strstr(text, " terminate-from hostname our-lac\n"));
	assert_non_null(strstr(text, " l2tp tunnel password 0 <TUNNEL-SECRET>\n"));
	assert_non_null(strstr(text, " ppp authentication chap\n"));
	assert_non_null(strstr(text, " ip mtu 1400\n"));
	assert_non_null(strstr(text, " ip tcp adjust-mss 1360\n"));
	assert_null(lnsconfig_kind_find("ios"));
	object_free(&noun_vslice, vslice);
}

static void test_an_lns_s_own_settings_hold(void **state)
{
	struct vslice *vslice = make_vslice(LINK_AUTH_CHAP, true);
	struct lns *lns = field_rows_at(&noun_lns, &vslice->lnss, 0);
	_cleanup_free_ char *text = NULL;

	lns->settings.ppp_auth = LINK_AUTH_PAP;
	field_text_set(&lns->settings.lac_host_name, "its-lac");
	text = written(lnsconfig_kind_find("ios-xe"), vslice, false);
	assert_non_null(strstr(text, " ppp authentication pap\n"));
	assert_non_null(strstr(text, " terminate-from hostname its-lac\n"));
	object_free(&noun_vslice, vslice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_faults_of_templates),
		cmocka_unit_test(test_every_template_is_whole),
		cmocka_unit_test(test_what_must_match_stands_there),
		cmocka_unit_test(test_an_lns_s_own_settings_hold),
	};

	return cmocka_run_group_tests_name("controller/lnsconfig", tests, NULL, NULL);
}
