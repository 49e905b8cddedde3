// SPDX-License-Identifier: Apache-2.0
// Sessions: the checks at the door, the indexes, the durable record, the end. What happens toward the LNS in between is in dial.c.
#include "gateway/session_ip6.h"

#include "base/clean.h"
#include "gateway/access.h"
#include "gateway/apply.h"
#include "gateway/capture/capture.h"
#include "gateway/integrated.h"
#include "gateway/rescue.h"
#include "gateway/steering.h"
#include "gateway/trace.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(session);

struct session *session_find(const struct gateway *gateway, uint32_t local_teid)
{
	return sessions_get(&gateway->sessions, local_teid);
}

static bool apn_is_accepted(const struct config *config, const char *apn)
{
	if (!config->apns.count)
		return true;
	vec_each (&config->apns, name) {
		if (!strcmp(*name, apn))
			return true;
	}
	return false;
}

// Why the SIM may not have a session, or REFUSED_NONE with `*vslice`, `*lac` and `*endpoint` found.
static enum refusal check_subscription(struct gateway *gateway, const struct attach_request *request, struct vslice **vslice,
	const struct endpoint_config **endpoint, char *why, size_t size)
{
	const struct config *config = gateway->config;
	const struct group_config *group;
	const struct vslice_config *vslice_cfg;
	enum refusal steered;
	struct lac *lac;

	if (!config || !config->revision)
		return REFUSED_NO_CONFIG;
	*endpoint = config_endpoint_by_imsi(config, request->imsi);
	if (!*endpoint)
		return REFUSED_UNKNOWN_IMSI;
	if ((*endpoint)->status != ENDPOINT_ACTIVE) {
		snprintf(why, size, "it is %s", endpoint_status_name((*endpoint)->status));
		return REFUSED_NOT_ACTIVE;
	}
	group = config_group(config, &(*endpoint)->group);
	if (!group)
		return REFUSED_NO_GROUP;
	vslice_cfg = config_vslice(config, &group->vslice);
	*vslice = vslice_cfg ? apply_wanted(gateway, vslice_cfg) : NULL;
	if (!*vslice)
		return REFUSED_NO_VSLICE;
	steered = steering_check(config, group, vslice_cfg, &request->serving_network, request->rat, why, size);
	if (steered)
		return steered;
	if (!apn_is_accepted(config, request->apn)) {
		snprintf(why, size, "\"%s\"", request->apn);
		return REFUSED_APN;
	}
	if (vslice_cfg->type == VSLICE_INTEGRATED)
		return integrated_check(*vslice, group, request, why, size);
	if (uuid_is_none(&vslice_cfg->default_policy))
		return REFUSED_NO_POLICY;
	if (!vslice_cfg->lnss.count)
		return REFUSED_NO_LNS;
	lac = *vslice ? vslice_find_lac(*vslice, &group->lac) : NULL;
	if (*vslice && !lac)
		return REFUSED_NO_LAC;
	if (!*vslice || !(*vslice)->ready || !lac->dp) {
		snprintf(why, size, "%s", *vslice ? (*vslice)->message : "");
		return REFUSED_SLICE;
	}
	return REFUSED_NONE;
}

// A SIM has one session per bearer identity and one per access point name. A request for an identity that is taken replaces the old session
// (TS 29.274 7.2.1, TS 29.060 7.3.1). The same name under another identity: from the same node it is a second connection and refused; from
// another node the old session is a left-over of a SIM that moved, and goes.
static enum refusal check_other_sessions(struct gateway *gateway, const struct attach_request *request)
{
	struct session *session = sessions_of(&gateway->sessions, request->imsi), *next;

	for (; session; session = next) {
		next = session_older(session);
		if (session->facts->ebi == request->ebi && session->facts->gtp_version == request->gtp_version) {
			gateway->counters.attach_repeated++;
			session_end(session, REFUSED_REPLACED, SESSION_TELL_LNS, NULL);
		} else if (session->facts->ebi == request->ebi ||
			(!strcmp(session->apn->text, request->apn) &&
				!ip_addr_equal(&session->facts->control_peer.addr, &request->control_peer.addr))) {
			gateway->counters.attach_repeated++;
			session_end(session, REFUSED_REPLACED, SESSION_TELL_BOTH, "the SIM came back by another way");
		} else if (!strcmp(session->apn->text, request->apn)) {
			return REFUSED_APN_TAKEN;
		}
	}
	return REFUSED_NONE;
}

// One line that a person can act upon: what happened, what was said, what to mend. Words that would be said twice are said once.
static json_t *verdict_of(enum refusal refusal, const char *why, const char *advice)
{
	const char *words = refusal_words(refusal);
	bool same = !*why || !strncmp(why, words, strlen(words));

	return json_sprintf(
		"%s%s%s%s%s", same && *why ? "" : words, same ? "" : ": ", why, *advice ? ". To mend it: " : "", advice);
}

// What the LNS said, in numbers, for who counts failures; nothing where it said nothing.
static void add_cause(json_t *row, const struct attach *attach)
{
	const struct advice_cause *cause = &attach->cause;
	const struct {
		const char *name;
		unsigned code;
	} codes[] = {
		{"resultCode", cause->cdn ? cause->cdn : cause->stop},
		{"errorCode", cause->error},
		{"disconnectCause", cause->disconnect},
	};

	for (size_t i = 0; i < array_len(codes); i++)
		if (codes[i].code)
			json_object_set_new(row, codes[i].name, json_integer(codes[i].code));
	if (*attach->last.text)
		json_object_set_new(row, "lns", json_string(attach->last.text));
}

static void refuse(struct gateway *gateway, const struct access_ops *access, const struct attach_request *request,
	enum refusal refusal, const struct endpoint_config *endpoint, const char *why, const struct attach *attach,
	struct trace *trace)
{
	const char *advice = advice_for(refusal, attach ? &attach->cause : NULL);
	const char *about = endpoint ? endpoint->id.text : NULL;
	struct tbcd imsi = {0};
	json_t *row;

	if (attach && attach->is_test)
		about = attach->test_lns.text;
	else
		gateway->counters.refused[refusal]++;
	tbcd_from_key(request->imsi, &imsi);
	log_info("attach refused imsi=%s apn=%s reason=%s why=\"%s%s%s\"", imsi.digits, request->apn, refusal_name(refusal),
		refusal_words(refusal), *why ? ": " : "", why);
	access->refused(gateway, request, refusal);
	if (!report_is_on(gateway->report))
		return;
	row = json_pack("{s:s, s:s, s:o, s:b, s:o, s:o}", "row", "attach", "imsi", imsi.digits, "startedAt", json_time(wall_ms()),
		"ok", 0, "verdict", verdict_of(refusal, why, advice), "steps", trace_steps(trace));
	if (row && about)
		json_object_set_new(row, "endpoint", json_string(about));
	if (row && attach) {
		add_cause(row, attach);
		if (attach->tried_count)
			json_object_set_new(row, "vslice", json_string(attach->vslice.text));
	}
	report_add(gateway->report, row);
	link_kick(gateway->link);
}

static void attach_fill(struct session *session, const struct attach_request *request)
{
	struct attach *attach = session->attach;

	attach->request = *request;
	attach->request.pco = NULL;
	attach->started_ms = session->gateway->now_ms;
	attach->try_ms = WHEEL_NEVER;
	attach->must_answer = true;
	if (request->pco) {
		attach->pco = *request->pco;
		attach->request.pco = &attach->pco;
	}
	session->create_xact = request->xact;
}

static void facts_fill(struct session_record *facts, const struct attach_request *request)
{
	struct uuid id;

	uuid_new(&id);
	uuid_pack(&id, facts->id);
	facts->started_wall_ms = wall_ms();
	facts->imsi = request->imsi;
	facts->gtp_version = request->gtp_version;
	facts->ebi = request->ebi;
	facts->rat = request->rat;
	facts->serving_network = request->serving_network;
	facts->control_peer = request->control_peer;
	facts->control_teid = request->control_teid;
	facts->user_peer = request->user_peer;
	facts->user_teid = request->user_teid;
	memcpy(facts->msisdn, request->msisdn, sizeof(facts->msisdn));
}

static void keep_bytes(struct attach *attach, size_t *used, struct ie_bytes *value)
{
	if (*used + value->len > sizeof(attach->pco_bytes))
		value->len = 0;
	if (value->len)
		memcpy(attach->pco_bytes + *used, value->data, value->len);
	value->data = attach->pco_bytes + *used;
	*used += value->len;
}

// The PCO's values point into the datagram, which is gone soon: they are copied.
static void keep_pco(struct attach *attach)
{
	struct pco_request *pco = &attach->pco;
	size_t used = 0;

	keep_bytes(attach, &used, &pco->pap_user);
	keep_bytes(attach, &used, &pco->pap_password);
	keep_bytes(attach, &used, &pco->chap_name);
	keep_bytes(attach, &used, &pco->chap_challenge);
	keep_bytes(attach, &used, &pco->chap_response);
	for (size_t i = 0; i < pco->ipcp_count; i++)
		for (size_t j = 0; j < pco->ipcp[i].count; j++)
			keep_bytes(attach, &used, &pco->ipcp[i].options[j].raw);
}

static int session_make(struct session *session, const struct attach_request *request, const struct uuid *endpoint)
{
	struct gateway *gateway = session->gateway;
	struct session_record facts;
	int error;

	session->attach = calloc(1, sizeof(*session->attach));
	session->apn = apn_ref(&gateway->apns, request->apn);
	if (!session->attach || !session->apn || session_draft(session) || session_open_line(session))
		return -ENOMEM;
	facts = *session->facts;
	facts_fill(&facts, request);
	uuid_pack(endpoint, facts.endpoint);
	uuid_pack(&session->vslice->id, facts.vslice);
	facts.apn = session->apn->index;
	error = dp_teid_take(gateway->dp, gateway->now_ms, &facts.local_teid);
	if (error)
		return error;
	session_change(session, &facts);
	error = sessions_put(&gateway->sessions, session);
	if (error)
		dp_teid_give(gateway->dp, facts.local_teid, gateway->now_ms);
	return error;
}

int session_new(struct gateway *gateway, const struct access_ops *access, const struct attach_request *request,
	struct vslice *vslice, const struct uuid *endpoint, struct session **out)
{
	struct session *session = pool_take(&gateway->session_pool);
	int error;

	if (!session)
		return -ENOMEM;
	session->gateway = gateway;
	session->access = access;
	session->vslice = vslice;
	session->way = vslice->integrated ? &session_integrated : &session_over_lns;
	session->state = SESSION_DIALING;
	session->state_index = NO_RECORD;
	error = session_make(session, request, endpoint);
	if (error) {
		apn_unref(&gateway->apns, &session->apn);
		free(session->attach);
		session_close_line(session);
		session_free_facts(session);
		pool_give(&gateway->session_pool, session);
		return error;
	}
	attach_fill(session, request);
	session->attach->vslice = vslice->id;
	keep_pco(session->attach);
	gateway->attaching++;
	*out = session;
	return 0;
}

static struct trace *trace_begin(const struct gateway *gateway, const struct attach_request *request)
{
	struct trace *trace = report_is_on(gateway->report) ? trace_new(gateway->now_ms) : NULL;
	char peer[IP_END_TEXT];

	trace_add(trace, gateway->now_ms, TRACE_GTP, TRACE_IN, "%s from %s, APN %s, %s %u, RAT %s",
		request->gtp_version == 2 ? "Create Session Request" : "Create PDP Context Request",
		ip_end_text(&request->control_peer, peer), request->apn, request->gtp_version == 2 ? "EBI" : "NSAPI",
		request->ebi, gtp_rat_name(request->rat));
	if (request->pco && request->pco->has_pap)
		trace_add(trace, gateway->now_ms, TRACE_PCO, TRACE_IN, "the device sends PAP, user \"%.*s\"",
			request->pco->pap_user.len, (const char *)request->pco->pap_user.data);
	if (request->pco && request->pco->has_chap_response)
		trace_add(trace, gateway->now_ms, TRACE_PCO, TRACE_IN, "the device sends CHAP, name \"%.*s\"",
			request->pco->chap_name.len, (const char *)request->pco->chap_name.data);
	return trace;
}

void session_attach(struct gateway *gateway, const struct access_ops *access, const struct attach_request *request)
{
	const struct endpoint_config *endpoint = NULL;
	struct trace *trace = trace_begin(gateway, request);
	struct vslice *vslice = NULL;
	struct session *session;
	enum refusal refusal = REFUSED_NONE;
	char why[200] = "";

	gateway->counters.attach_requests++;
	if (gateway->stopping)
		refusal = REFUSED_SHUTDOWN;
	else if (gateway->attaching >= gateway->options->max_attaching)
		refusal = REFUSED_OVERLOAD;
	if (!refusal)
		refusal = check_subscription(gateway, request, &vslice, &endpoint, why, sizeof(why));
	if (!refusal && (request->pdn_type < GTP2_PDN_IPV4 || request->pdn_type > GTP2_PDN_IPV4V6))
		refusal = REFUSED_PDN_TYPE;
	if (!refusal)
		refusal = check_other_sessions(gateway, request);
	if (!refusal && session_new(gateway, access, request, vslice, &endpoint->id, &session))
		refusal = REFUSED_NO_MEMORY;
	if (refusal) {
		refuse(gateway, access, request, refusal, endpoint, why, NULL, trace);
		trace_free(&trace);
		return;
	}
	session->attach->trace = trace;
	access_link(session);
	session->way->dial(session);
}

// What a SYN may ask for: as the settings say, by default what the MTU leaves after the headers of IPv4 and TCP.
static uint16_t tcp_mss_of(const struct session *session)
{
	const struct l2tp_settings *settings = session->profile ? session->profile->settings : NULL;

	switch (settings ? settings->tcp_mss_clamp : MSS_CLAMP_AUTO) {
	case MSS_CLAMP_OFF:
		return 0;
	case MSS_CLAMP_FIXED:
		return (uint16_t)settings->tcp_mss;
	default:
		return session->facts->mtu > 40 ? (uint16_t)(session->facts->mtu - 40) : 0;
	}
}

void session_take_profile(struct session *session, struct profile *profile)
{
	uint16_t mss = tcp_mss_of(session);

	profile_unref(&session->profile);
	session->profile = profile_ref(profile);
	if (session->line && session->line->started)
		ppp_link_reconfigure(&session->line->ppp, &profile->ppp);
	if (session->dp && mss != tcp_mss_of(session))
		session_install(session);
}

void session_install(struct session *session)
{
	const struct policy_config *policy = session_policy(session);
	struct dp_session_spec spec = {
		.local_teid = session->facts->local_teid,
		.peer_teid = session->facts->user_teid,
		.peer = {.addr = session->facts->user_peer, .port = GTP_U_PORT},
		.ue = session->facts->address,
		.mtu = session->facts->mtu,
		.tcp_mss = tcp_mss_of(session),
	};
	int error;

	if (session->ip6) {
		spec.ue6 = session_ip6_prefix(session->ip6->prefix);
		spec.ue6_delegated = session->ip6->delegated;
	}
	for (size_t i = 0; i < array_len(spec.limits) && policy; i++)
		spec.limits[i] = (struct dp_limit){policy->rate_bps[i], policy->discard_percent[i]};
	session->way->fill(session, &spec);
	error = session->dp ? dp_session_update(session->dp, &spec) : dp_session_add(session->gateway->dp, &spec, &session->dp);
	if (error)
		session_end(session, REFUSED_NO_MEMORY, SESSION_TELL_BOTH, "the data plane has no room");
	else if (session->gateway->captures)
		capture_installed(session);
}

void session_move_user(struct session *session, uint32_t teid, const struct ip_addr *peer)
{
	struct session_record facts = *session->facts;

	if (facts.user_teid == teid && ip_addr_equal(&facts.user_peer, peer))
		return;
	facts.user_teid = teid;
	facts.user_peer = *peer;
	session_change(session, &facts);
	if (session->dp)
		session_install(session);
}

static void attach_end(struct session *session, enum refusal refusal, const char *why)
{
	struct gateway *gateway = session->gateway;
	struct attach *attach = session->attach;

	if (attach->must_answer) {
		attach->must_answer = false;
		refuse(gateway, session->access, &attach->request, refusal,
			gateway->config ? config_endpoint_by_imsi(gateway->config, session->facts->imsi) : NULL, why ? why : "",
			attach, attach->trace);
	}
	trace_free(&attach->trace);
	explicit_bzero(attach->pco_bytes, sizeof(attach->pco_bytes));
	free(attach);
	session->attach = NULL;
	gateway->attaching--;
}

void session_attach_done(struct session *session)
{
	session->attach->must_answer = false;
	attach_end(session, REFUSED_NONE, NULL);
}

void session_end(struct session *session, enum refusal reason, enum session_tell tell, const char *why)
{
	struct gateway *gateway = session->gateway;
	bool was_up = session->state == SESSION_UP;
	struct dp_counters counters = {0};
	struct tbcd imsi = {0};

	if (session->state == SESSION_ENDING)
		return;
	session->state = SESSION_ENDING;
	if (session->dp)
		dp_session_del(&session->dp, &counters);
	else if (session->rescue)
		counters = *rescue_counters(session);
	if (was_up) {
		gateway->established--;
		gateway->counters.sessions_ended++;
		gateway->counters.ended[reason]++;
		tbcd_from_key(session->facts->imsi, &imsi);
		log_info("session ended imsi=%s vslice=%s reason=%s why=\"%s\"", imsi.digits, session->vslice->moniker,
			refusal_name(reason), why ? why : refusal_words(reason));
		session_report_end(session, &counters, why ? why : refusal_words(reason));
	}
	if (session->attach) {
		if (tell == SESSION_TELL_NOBODY) // it will be asked again, and the next process answers
			session->attach->must_answer = false;
		attach_end(session, reason, why);
	}
	if (was_up && tell & SESSION_TELL_ACCESS)
		session->access->release(session, reason);
	rescue_forget(session);
	session->way->end(session, tell, reason);
	// A peer may use the sequence number again; an answer that gives a session that is gone helps nobody. A refusal stays for repeats.
	if (was_up && session->create_xact)
		gtp_endpoint_forget(gateway->access->endpoint, session->create_xact);
	session_close_line(session);
	access_unlink(session);
	sessions_del(&gateway->sessions, session);
	dp_teid_give(gateway->dp, session->facts->local_teid, gateway->now_ms);
	session_free_facts(session);
	apn_unref(&gateway->apns, &session->apn);
	profile_unref(&session->profile);
	if (session->secrets)
		explicit_bzero(session->secrets, sizeof(*session->secrets));
	free(session->secrets);
	free(session->ip6);
	pool_give(&gateway->session_pool, session);
}
