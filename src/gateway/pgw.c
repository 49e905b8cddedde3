// SPDX-License-Identifier: Apache-2.0
// The PGW's side of S5/S8 (GTPv2-C, TS 29.274). A session has one bearer, the default one: dedicated bearers are not made and not accepted.
//
// One TEID per session serves control and user plane. Each kind of request has a row in `requests`. A refusal names the offending IE where one
// is to blame (decode faults come from the engine).
#include "gateway/access.h"

#include "base/clean.h"
#include "gateway/session_ip6.h"
#include "gateway/trace.h"

#include <ctype.h>
#include <stdio.h>

LOG_CATEGORY(pgw);

static void respond_fault(struct access *access, const struct gtp_request *request, uint32_t peer_teid, struct ie_fault fault)
{
	size_t len;

	if (!gtp2_refuse(request->v2, peer_teid, &fault, access->bytes, sizeof(access->bytes), &len))
		(void)gtp_endpoint_respond(access->endpoint, request->xact, access->bytes, len, access->gateway->now_ms);
	else
		gtp_endpoint_forget(access->endpoint, request->xact);
	access_settle(access);
}

static void respond_cause(struct access *access, const struct gtp_request *request, uint32_t peer_teid, uint8_t cause)
{
	respond_fault(access, request, peer_teid, (struct ie_fault){.cause = cause});
}

static struct gtp2_fteid own_fteid(const struct session *session, enum gtp2_interface interface)
{
	return (struct gtp2_fteid){.interface = (uint8_t)interface,
		.teid = session->facts->local_teid,
		.v4 = session->gateway->options->gtp_address};
}

static uint32_t sender_teid(const struct gtp_request *request)
{
	const struct gtp2_create_session_request *body = &request->v2->create_session_request;

	return request->v2->header.type == GTP2_CREATE_SESSION_REQUEST && body->has.sender_fteid ? body->sender_fteid.teid : 0;
}

static const struct gtp2_bearer_to_create *default_bearer(const struct gtp2_create_session_request *body)
{
	return body->has.bearers ? &body->bearers[0] : NULL;
}

// The conditional IEs that a PGW cannot do without (TS 29.274 table 7.2.1-1). Type 0 when all are there.
static struct ie_fault missing_ie(const struct gtp2_create_session_request *body)
{
	const struct gtp2_bearer_to_create *bearer = default_bearer(body);

	if (!body->has.imsi)
		return ie_missing(2, 1, 0);
	if (!body->has.pdn_type && !body->has.paa)
		return ie_missing(2, 99, 0);
	if (!bearer)
		return ie_missing(2, 93, 0);
	if (!bearer->has.s5s8u_sgw_fteid) {
		struct ie_fault fault = ie_missing(2, 87, 2);

		fault.in_bearer = true;
		return fault;
	}
	return (struct ie_fault){0};
}

static void copy_apn(const struct apn *name, char out[SESSION_APN])
{
	struct apn network = apn_network_id(name);

	snprintf(out, SESSION_APN, "%.*s", SESSION_APN - 1, network.text);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static const struct ie_bytes *any_pco(const struct gtp2_create_session_request *body)
{
	return body->has.epco ? &body->epco : body->has.pco ? &body->pco : NULL;
}

static void on_create(struct access *access, const struct gtp_request *request, struct session *session)
{
	const struct gtp2_create_session_request *body = &request->v2->create_session_request;
	const struct gtp2_bearer_to_create *bearer = default_bearer(body);
	struct ie_fault fault = missing_ie(body);
	const struct ie_bytes *pco = any_pco(body);
	struct pco_request ask;
	struct attach_request attach = {
		.gtp_version = 2,
		.rat = body->rat_type,
		.control_peer = {.port = GTP_C_PORT},
		.is_epco = body->has.epco,
		.xact = request->xact,
	};

	(void)session;
	if (fault.cause) {
		respond_fault(access, request, sender_teid(request), fault);
		return;
	}
	attach.imsi = tbcd_key(&body->imsi);
	attach.ebi = bearer->ebi;
	attach.pdn_type = body->has.pdn_type ? body->pdn_type : body->paa.pdn_type;
	attach.control_peer.addr = body->sender_fteid.v4;
	attach.control_teid = body->sender_fteid.teid;
	attach.user_peer = bearer->s5s8u_sgw_fteid.v4;
	attach.user_teid = bearer->s5s8u_sgw_fteid.teid;
	if (attach.control_peer.addr.family != IP_V4 || attach.user_peer.family != IP_V4) {
		respond_fault(access, request, sender_teid(request),
			(struct ie_fault){.cause = GTP2_CAUSE_MANDATORY_IE_INCORRECT, .type = 87});
		return;
	}
	copy_apn(&body->apn, attach.apn);
	if (body->has.msisdn)
		snprintf(attach.msisdn, sizeof(attach.msisdn), "%.16s", body->msisdn.digits);
	if (body->has.mei)
		snprintf(attach.imei, sizeof(attach.imei), "%.16s", body->mei.digits);
	if (body->has.serving_network)
		attach.serving_network = body->serving_network;
	if (body->has.ambr)
		attach.ambr = body->ambr;
	attach.has_dual_bearer = body->has.indication && gtp2_indicates(&body->indication, GTP2_INDICATION_DAF);
	if (body->has.paa && ip_addr_to_v4(&body->paa.v4))
		attach.wanted = body->paa.v4;
	if (pco && !pco_request_read(pco, &ask))
		attach.pco = &ask;
	session_attach(access->gateway, &pgw_ops, &attach);
}

static void add_bearer(struct gtp2_create_session_response *body, const struct session *session)
{
	struct gtp2_bearer_created *bearer = ie_add(body, bearers);

	ie_set(bearer, ebi) = session->facts->ebi;
	ie_set(bearer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	ie_set(bearer, s5s8u_pgw_fteid) = own_fteid(session, GTP2_IF_S5S8U_PGW);
	ie_set(bearer, charging_id) = session->facts->local_teid;
}

// What was asked for, or one family of two and why (TS 29.274 8.4, TS 23.401 5.3.1.1).
static uint8_t cause_of(const struct session *session)
{
	const struct attach_request *request = &session->attach->request;

	if (request->pdn_type == session->facts->pdn_type)
		return GTP2_CAUSE_REQUEST_ACCEPTED;
	return request->has_dual_bearer ? GTP2_CAUSE_NEW_PDN_TYPE_NETWORK_PREFERENCE
					: GTP2_CAUSE_NEW_PDN_TYPE_SINGLE_ADDRESS_BEARER_ONLY;
}

static void on_accepted(struct session *session)
{
	struct access *access = session->gateway->access;
	const struct attach_request *request = &session->attach->request;
	struct gtp2_create_session_response *body = &access->out.v2.create_session_response;
	struct gtp2_header header = {.type = GTP2_CREATE_SESSION_REQUEST, .has_teid = true};
	struct ie_bytes pco = access_pco(session);

	gtp2_answer(&access->out.v2, &header, session->facts->control_teid);
	ie_set(body, cause) = (struct gtp2_cause){.value = cause_of(session)};
	ie_set(body, pgw_fteid) = own_fteid(session, GTP2_IF_S5S8C_PGW);
	ie_set(body, paa) = (struct gtp2_paa){.pdn_type = session->facts->pdn_type,
		.v4 = session->facts->address,
		.v6 = session_ip6_address(session),
		.v6_len = session->ip6 ? 64 : 0};
	ie_set(body, apn_restriction) = 0;
	if (request->ambr.uplink_kbps || request->ambr.downlink_kbps)
		ie_set(body, ambr) = request->ambr;
	if (pco.len && request->is_epco)
		ie_set(body, epco) = pco;
	else if (pco.len)
		ie_set(body, pco) = pco;
	ie_set(body, recovery) = access->restart_counter;
	add_bearer(body, session);
	access_respond(access, 2, request->xact);
}

static void on_refused(struct gateway *gateway, const struct attach_request *request, enum refusal refusal)
{
	struct gtp2_header header = {.type = GTP2_CREATE_SESSION_REQUEST, .has_teid = true};
	struct access *access = gateway->access;

	gtp2_answer(&access->out.v2, &header, request->control_teid);
	ie_set(&access->out.v2.create_session_response, cause) = (struct gtp2_cause){.value = refusal_gtp2(refusal)};
	access_respond(access, 2, request->xact);
}

static void on_release(struct session *session, enum refusal reason)
{
	struct access *access = session->gateway->access;
	struct gtp2_delete_bearer_request *body = &access->out.v2.delete_bearer_request;

	gtp2_request(&access->out.v2, GTP2_DELETE_BEARER_REQUEST, session->facts->control_teid);
	ie_set(body, linked_ebi) = session->facts->ebi;
	if (refusal_gtp2(reason) == GTP2_CAUSE_REACTIVATION_REQUESTED)
		ie_set(body, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REACTIVATION_REQUESTED};
	access_request(access, session);
}

const struct access_ops pgw_ops = {.accepted = on_accepted, .refused = on_refused, .release = on_release};

static void on_modify(struct access *access, const struct gtp_request *request, struct session *session)
{
	const struct gtp2_modify_bearer_request *body = &request->v2->modify_bearer_request;
	struct gtp2_modify_bearer_response *answer = &access->out.v2.modify_bearer_response;

	for (size_t i = 0; i < body->has.bearers; i++) {
		if (body->bearers[i].ebi != session->facts->ebi) {
			respond_cause(access, request, session->facts->control_teid, GTP2_CAUSE_CONTEXT_NOT_FOUND);
			return;
		}
	}
	if (body->has.sender_fteid)
		access_move(session, &body->sender_fteid.v4, body->sender_fteid.teid);
	access_locate(
		session, body->has.rat_type ? body->rat_type : 0, body->has.serving_network ? &body->serving_network : NULL);
	for (size_t i = 0; i < body->has.bearers; i++)
		if (body->bearers[i].has.s5s8u_sgw_fteid)
			session_move_user(session, body->bearers[i].s5s8u_sgw_fteid.teid, &body->bearers[i].s5s8u_sgw_fteid.v4);
	session_store(session);
	gtp2_answer(&access->out.v2, &request->v2->header, session->facts->control_teid);
	ie_set(answer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	ie_set(answer, linked_ebi) = session->facts->ebi;
	ie_set(answer, apn_restriction) = 0;
	ie_set(answer, recovery) = access->restart_counter;
	if (body->has.bearers) {
		struct gtp2_bearer_modified *bearer = ie_add(answer, bearers);

		ie_set(bearer, ebi) = session->facts->ebi;
		ie_set(bearer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
		ie_set(bearer, charging_id) = session->facts->local_teid;
	}
	access_respond(access, 2, request->xact);
	session_report(session);
}

static void on_delete(struct access *access, const struct gtp_request *request, struct session *session)
{
	const struct gtp2_delete_session_request *body = &request->v2->delete_session_request;

	if (body->has.linked_ebi && body->linked_ebi != session->facts->ebi) {
		respond_cause(access, request, session->facts->control_teid, GTP2_CAUSE_CONTEXT_NOT_FOUND);
		return;
	}
	gtp2_answer(&access->out.v2, &request->v2->header, session->facts->control_teid);
	ie_set(&access->out.v2.delete_session_response, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	ie_set(&access->out.v2.delete_session_response, recovery) = access->restart_counter;
	access_respond(access, 2, request->xact);
	session_end(session, REFUSED_DEVICE, SESSION_TELL_LNS, NULL);
}

static void on_change_notification(struct access *access, const struct gtp_request *request, struct session *session)
{
	access_locate(session, request->v2->change_notification_request.rat_type, NULL);
	gtp2_answer(&access->out.v2, &request->v2->header, session->facts->control_teid);
	ie_set(&access->out.v2.change_notification_response, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	access_respond(access, 2, request->xact);
}

// Suspend and Resume (CS fallback): packets wait or are lost in the mobile network; the session stays.
static void on_accept(struct access *access, const struct gtp_request *request, struct session *session)
{
	gtp2_answer(&access->out.v2, &request->v2->header, session->facts->control_teid);
	if (request->v2->header.type == GTP2_SUSPEND_NOTIFICATION)
		ie_set(&access->out.v2.suspend_acknowledge, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	else
		ie_set(&access->out.v2.resume_acknowledge, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	access_respond(access, 2, request->xact);
}

// Only the default bearer exists, and it is not changed or added to by the mobile network.
static void on_unsupported(struct access *access, const struct gtp_request *request, struct session *session)
{
	respond_cause(access, request, session ? session->facts->control_teid : 0, GTP2_CAUSE_SERVICE_NOT_SUPPORTED);
}

static const struct {
	uint8_t type;
	bool needs_session;
	void (*serve)(struct access *access, const struct gtp_request *request, struct session *session);
} requests[] = {
	{GTP2_CREATE_SESSION_REQUEST, false, on_create},
	{GTP2_MODIFY_BEARER_REQUEST, true, on_modify},
	{GTP2_DELETE_SESSION_REQUEST, true, on_delete},
	{GTP2_CHANGE_NOTIFICATION_REQUEST, true, on_change_notification},
	{GTP2_SUSPEND_NOTIFICATION, true, on_accept},
	{GTP2_RESUME_NOTIFICATION, true, on_accept},
	{GTP2_MODIFY_BEARER_COMMAND, true, on_unsupported},
	{GTP2_DELETE_BEARER_COMMAND, true, on_unsupported},
	{GTP2_BEARER_RESOURCE_COMMAND, true, on_unsupported},
	{GTP2_DELETE_PDN_SET_REQUEST, false, on_unsupported},
};

// An SGW change: the new SGW names itself and speaks for itself (TS 23.401 5.5.1.1.3). It knows the TEID, whose random part nobody can guess.
static struct session *moving_session(struct access *access, const struct gtp_request *request)
{
	const struct gtp2_modify_bearer_request *body = &request->v2->modify_bearer_request;
	struct session *session = session_find(access->gateway, request->v2->header.teid);

	if (request->v2->header.type != GTP2_MODIFY_BEARER_REQUEST || !body->has.sender_fteid || !session ||
		session->state != SESSION_UP || session->facts->gtp_version != 2 ||
		!ip_addr_equal(&body->sender_fteid.v4, &request->from.addr))
		return NULL;
	return session;
}

void pgw_on_request(struct access *access, const struct gtp_request *request)
{
	const struct gtp2_header *header = &request->v2->header;
	struct session *session =
		header->has_teid && header->teid ? access_owned(access, header->teid, &request->from.addr, 2) : NULL;

	if (!session)
		session = moving_session(access, request);
	if (request->is_overload) {
		access->gateway->counters.refused[REFUSED_OVERLOAD]++;
		respond_cause(access, request, sender_teid(request), GTP2_CAUSE_NO_RESOURCES_AVAILABLE);
		return;
	}
	if (request->fault.cause) {
		respond_fault(access, request, session ? session->facts->control_teid : sender_teid(request), request->fault);
		return;
	}
	for (size_t i = 0; i < array_len(requests); i++) {
		if (requests[i].type != header->type)
			continue;
		if (requests[i].needs_session && !session)
			respond_cause(access, request, 0, GTP2_CAUSE_CONTEXT_NOT_FOUND);
		else
			requests[i].serve(access, request, session);
		return;
	}
	on_unsupported(access, request, session);
}
