// SPDX-License-Identifier: Apache-2.0
// The GGSN's side of Gn/Gp (GTPv1-C, TS 29.060). A PDP context is a session; secondary contexts are refused.
#include "gateway/access.h"

#include "base/clean.h"
#include "gateway/session_ip6.h"
#include "gateway/trace.h"

#include <ctype.h>
#include <stdio.h>

static void respond_cause(struct access *access, const struct gtp_request *request, uint32_t peer_teid, uint8_t cause)
{
	size_t len;

	if (!gtp1_refuse(&request->v1->header, peer_teid, cause, access->bytes, sizeof(access->bytes), &len))
		(void)gtp_endpoint_respond(access->endpoint, request->xact, access->bytes, len, access->gateway->now_ms);
	else
		gtp_endpoint_forget(access->endpoint, request->xact);
	access_settle(access);
}

static uint32_t sender_teid(const struct gtp_request *request)
{
	const struct gtp1_create_pdp_request *body = &request->v1->create_pdp_request;

	return request->v1->header.type == GTP1_CREATE_PDP_REQUEST && body->has.teid_control ? body->teid_control : 0;
}

// Conditional IEs that a first context cannot do without (TS 29.060 table 5).
static bool is_complete(const struct gtp1_create_pdp_request *body)
{
	return body->has.imsi && body->has.teid_control && body->has.end_user_address && body->has.apn;
}

static uint8_t pdn_type_of(const struct gtp1_eua *eua)
{
	switch (eua->pdp_type) {
	case GTP1_PDP_IPV4:
		return GTP2_PDN_IPV4;
	case GTP1_PDP_IPV6:
		return GTP2_PDN_IPV6;
	case GTP1_PDP_IPV4V6:
		return GTP2_PDN_IPV4V6;
	default:
		return GTP2_PDN_NON_IP;
	}
}

static void on_create(struct access *access, const struct gtp_request *request, struct session *session)
{
	const struct gtp1_create_pdp_request *body = &request->v1->create_pdp_request;
	struct pco_request ask;
	struct apn network;
	struct attach_request attach = {
		.gtp_version = 1,
		.ebi = body->nsapi,
		.rat = body->has.rat_type ? body->rat_type : (uint8_t)GTP_RAT_UTRAN,
		.control_peer = {.addr = body->sgsn_control, .port = GTP_C_PORT},
		.user_peer = body->sgsn_data,
		.user_teid = body->teid_data,
		.xact = request->xact,
	};

	(void)session;
	if (body->has.linked_nsapi || body->has.tft) {
		respond_cause(access, request, sender_teid(request), GTP1_CAUSE_SERVICE_NOT_SUPPORTED); // a secondary context
		return;
	}
	if (!is_complete(body)) {
		respond_cause(access, request, sender_teid(request), GTP1_CAUSE_MANDATORY_IE_MISSING);
		return;
	}
	if (body->sgsn_control.family != IP_V4 || body->sgsn_data.family != IP_V4) {
		respond_cause(access, request, sender_teid(request), GTP1_CAUSE_MANDATORY_IE_INCORRECT);
		return;
	}
	attach.imsi = tbcd_key(&body->imsi);
	attach.control_teid = body->teid_control;
	attach.pdn_type = pdn_type_of(&body->end_user_address);
	attach.has_dual_bearer = body->has.common_flags && gtp1_flag(&body->common_flags, GTP1_FLAG_DUAL_ADDRESS_BEARER);
	if (ip_addr_to_v4(&body->end_user_address.v4))
		attach.wanted = body->end_user_address.v4;
	network = apn_network_id(&body->apn);
	snprintf(attach.apn, sizeof(attach.apn), "%.*s", SESSION_APN - 1, network.text);
	for (char *c = attach.apn; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (body->has.msisdn)
		snprintf(attach.msisdn, sizeof(attach.msisdn), "%.16s", body->msisdn.digits);
	if (body->has.imeisv)
		snprintf(attach.imei, sizeof(attach.imei), "%.16s", body->imeisv.digits);
	if (body->has.rai)
		attach.serving_network = body->rai.plmn;
	if (body->has.ambr)
		attach.ambr = body->ambr;
	if (body->has.pco && !pco_request_read(&body->pco, &ask))
		attach.pco = &ask;
	attach.qos_len = (uint8_t)(body->qos.len < sizeof(attach.qos) ? body->qos.len : 0);
	if (attach.qos_len)
		memcpy(attach.qos, body->qos.data, attach.qos_len);
	session_attach(access->gateway, &ggsn_ops, &attach);
}

static uint16_t pdp_type_of(uint8_t pdn_type)
{
	return pdn_type == GTP2_PDN_IPV6 ? GTP1_PDP_IPV6 : pdn_type == GTP2_PDN_IPV4V6 ? GTP1_PDP_IPV4V6 : GTP1_PDP_IPV4;
}

// What was asked for, or one family of two and why (TS 29.060 7.7.1).
static uint8_t cause_of(const struct session *session)
{
	const struct attach_request *request = &session->attach->request;

	if (request->pdn_type == session->facts->pdn_type)
		return GTP1_CAUSE_REQUEST_ACCEPTED;
	return request->has_dual_bearer ? GTP1_CAUSE_NEW_PDP_TYPE_NETWORK_PREFERENCE
					: GTP1_CAUSE_NEW_PDP_TYPE_SINGLE_ADDRESS_BEARER_ONLY;
}

static void on_accepted(struct session *session)
{
	struct access *access = session->gateway->access;
	const struct attach_request *request = &session->attach->request;
	struct gtp1_create_pdp_response *body = &access->out.v1.create_pdp_response;
	struct gtp1_header header = {.type = GTP1_CREATE_PDP_REQUEST};
	struct ie_bytes pco = access_pco(session);

	gtp1_answer(&access->out.v1, &header, session->facts->control_teid);
	ie_set(body, cause) = cause_of(session);
	ie_set(body, reordering) = 0xfe; // not required; the spare bits are ones (7.7.6)
	ie_set(body, recovery) = access->restart_counter;
	ie_set(body, teid_data) = session->facts->local_teid;
	ie_set(body, teid_control) = session->facts->local_teid;
	ie_set(body, charging_id) = session->facts->local_teid;
	ie_set(body, end_user_address) = (struct gtp1_eua){.pdp_type = pdp_type_of(session->facts->pdn_type),
		.v4 = session->facts->address,
		.v6 = session_ip6_address(session)};
	if (pco.len)
		ie_set(body, pco) = pco;
	ie_set(body, ggsn_control) = session->gateway->options->gtp_address;
	ie_set(body, ggsn_data) = session->gateway->options->gtp_address;
	ie_set(body, qos) = (struct ie_bytes){.data = request->qos, .len = request->qos_len};
	if (request->ambr.uplink_kbps || request->ambr.downlink_kbps)
		ie_set(body, ambr) = request->ambr;
	access_respond(access, 1, request->xact);
}

static void on_refused(struct gateway *gateway, const struct attach_request *request, enum refusal refusal)
{
	struct gtp1_header header = {.type = GTP1_CREATE_PDP_REQUEST};
	struct access *access = gateway->access;

	gtp1_answer(&access->out.v1, &header, request->control_teid);
	ie_set(&access->out.v1.create_pdp_response, cause) = refusal_gtp1(refusal);
	access_respond(access, 1, request->xact);
}

// Delete PDP Context Request of the GGSN (TS 29.060 7.3.5): teardown, since the context stands alone.
static void on_release(struct session *session, enum refusal reason)
{
	struct access *access = session->gateway->access;
	struct gtp1_delete_pdp_request *body = &access->out.v1.delete_pdp_request;

	gtp1_request(&access->out.v1, GTP1_DELETE_PDP_REQUEST, session->facts->control_teid);
	if (refusal_gtp1(reason) == GTP1_CAUSE_REACTIVATION_REQUESTED)
		ie_set(body, cause) = GTP1_CAUSE_REACTIVATION_REQUESTED;
	ie_set(body, teardown) = 1;
	ie_set(body, nsapi) = session->facts->ebi;
	access_request(access, session);
}

const struct access_ops ggsn_ops = {.accepted = on_accepted, .refused = on_refused, .release = on_release};

static void on_update(struct access *access, const struct gtp_request *request, struct session *session)
{
	const struct gtp1_update_pdp_request *body = &request->v1->update_pdp_request;
	struct gtp1_update_pdp_response *answer = &access->out.v1.update_pdp_response;

	if (body->nsapi != session->facts->ebi) {
		respond_cause(access, request, session->facts->control_teid, GTP1_CAUSE_NON_EXISTENT);
		return;
	}
	access_move(session, &body->sgsn_control, body->has.teid_control ? body->teid_control : session->facts->control_teid);
	access_locate(session, body->has.rat_type ? body->rat_type : 0, body->has.rai ? &body->rai.plmn : NULL);
	session_move_user(session, body->teid_data, &body->sgsn_data);
	session_store(session);
	gtp1_answer(&access->out.v1, &request->v1->header, session->facts->control_teid);
	ie_set(answer, cause) = GTP1_CAUSE_REQUEST_ACCEPTED;
	ie_set(answer, recovery) = access->restart_counter;
	ie_set(answer, teid_data) = session->facts->local_teid;
	ie_set(answer, teid_control) = session->facts->local_teid;
	ie_set(answer, charging_id) = session->facts->local_teid;
	ie_set(answer, gsn_control) = session->gateway->options->gtp_address;
	ie_set(answer, gsn_data) = session->gateway->options->gtp_address;
	ie_set(answer, qos) = body->qos;
	access_respond(access, 1, request->xact);
	session_report(session);
}

static void on_delete(struct access *access, const struct gtp_request *request, struct session *session)
{
	if (request->v1->delete_pdp_request.nsapi != session->facts->ebi) {
		respond_cause(access, request, session->facts->control_teid, GTP1_CAUSE_NON_EXISTENT);
		return;
	}
	gtp1_answer(&access->out.v1, &request->v1->header, session->facts->control_teid);
	ie_set(&access->out.v1.delete_pdp_response, cause) = GTP1_CAUSE_REQUEST_ACCEPTED;
	access_respond(access, 1, request->xact);
	session_end(session, REFUSED_DEVICE, SESSION_TELL_LNS, NULL);
}

static void on_info_change(struct access *access, const struct gtp_request *request, struct session *session)
{
	access_locate(session, request->v1->ms_info_change_request.rat_type, NULL);
	gtp1_answer(&access->out.v1, &request->v1->header, session->facts->control_teid);
	ie_set(&access->out.v1.ms_info_change_response, cause) = GTP1_CAUSE_REQUEST_ACCEPTED;
	access_respond(access, 1, request->xact);
}

static const struct {
	uint8_t type;
	bool needs_session;
	void (*serve)(struct access *access, const struct gtp_request *request, struct session *session);
} requests[] = {
	{GTP1_CREATE_PDP_REQUEST, false, on_create},
	{GTP1_UPDATE_PDP_REQUEST, true, on_update},
	{GTP1_DELETE_PDP_REQUEST, true, on_delete},
	{GTP1_MS_INFO_CHANGE_REQUEST, true, on_info_change},
};

// The SIM moved to another SGSN, which names itself (TS 23.060 6.9.1.2.2); it knows the TEID, whose random part nobody can guess.
static struct session *moving_session(struct access *access, const struct gtp_request *request)
{
	struct session *session = session_find(access->gateway, request->v1->header.teid);

	if (request->v1->header.type != GTP1_UPDATE_PDP_REQUEST || !session || session->state != SESSION_UP ||
		session->facts->gtp_version != 1 || request->fault.cause ||
		!ip_addr_equal(&request->v1->update_pdp_request.sgsn_control, &request->from.addr))
		return NULL;
	return session;
}

void ggsn_on_request(struct access *access, const struct gtp_request *request)
{
	const struct gtp1_header *header = &request->v1->header;
	struct session *session = header->teid ? access_owned(access, header->teid, &request->from.addr, 1) : NULL;

	if (!session)
		session = moving_session(access, request);
	if (request->is_overload) {
		access->gateway->counters.refused[REFUSED_OVERLOAD]++;
		respond_cause(access, request, sender_teid(request), GTP1_CAUSE_NO_RESOURCES_AVAILABLE);
		return;
	}
	if (request->fault.cause) {
		respond_cause(
			access, request, session ? session->facts->control_teid : sender_teid(request), request->fault.cause);
		return;
	}
	for (size_t i = 0; i < array_len(requests); i++) {
		if (requests[i].type != header->type)
			continue;
		if (requests[i].needs_session && !session)
			respond_cause(access, request, 0, GTP1_CAUSE_NON_EXISTENT);
		else
			requests[i].serve(access, request, session);
		return;
	}
	respond_cause(access, request, session ? session->facts->control_teid : 0, GTP1_CAUSE_SERVICE_NOT_SUPPORTED);
}
