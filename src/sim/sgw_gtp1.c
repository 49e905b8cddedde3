// SPDX-License-Identifier: Apache-2.0
// The SIMs' GTPv1-C messages on Gn/Gp (TS 29.060 7.3), as an SGSN sends them.

#include "sim/sgw.h"
#include <stdio.h>
#include <string.h>

#define NSAPI 5

// Background class, best effort (TS 24.008 10.5.6.5), with the allocation/retention priority of TS 29.060 7.7.34 in front.
static const uint8_t qos[] = {0x03, 0x23, 0x93, 0x1f, 0x73, 0x96, 0x40, 0x40, 0x74, 0x83, 0x10, 0x40};
static const uint8_t uli[] = {0x00, 0x00, 0xf1, 0x10, 0x00, 0x01, 0x00, 0x02}; // CGI in 001-01

static size_t encode(struct sgw *sgw)
{
	size_t len = 0;

	return gtp1_encode(&sgw->v1, sgw->bytes, sizeof(sgw->bytes), &len) < 0 ? 0 : len;
}

static size_t create(struct sgw *sgw, const struct sim *sim)
{
	static const uint16_t pdp_types[] = {GTP1_PDP_IPV4, GTP1_PDP_IPV6, GTP1_PDP_IPV4V6};
	static const uint8_t dual_address[] = {GTP1_FLAG_DUAL_ADDRESS_BEARER};
	struct gtp1_create_pdp_request *ask = &sgw->v1.create_pdp_request;
	const struct ip_addr *own = &sgw->sides[sim->side].address;

	gtp1_request(&sgw->v1, GTP1_CREATE_PDP_REQUEST, 0);
	ie_set(ask, imsi) = sgw_imsi(sgw, sim);
	ie_set(ask, rai) = (struct gtp1_rai){.plmn = {.mcc = 1, .mnc = 1, .mnc_digits = 2}, .lac = 1, .rac = 1};
	ie_set(ask, recovery) = 1;
	ie_set(ask, selection_mode) = 0;
	ie_set(ask, teid_data) = sim_teid(sgw, sim);
	ie_set(ask, teid_control) = sim_teid(sgw, sim);
	ie_set(ask, nsapi) = NSAPI;
	ie_set(ask, charging_characteristics) = 0x0800;
	ie_set(ask, end_user_address) = (struct gtp1_eua){.pdp_type = pdp_types[sgw->config.pdn_type]};
	if (sgw->config.pdn_type == 2 && !sgw->config.single_address)
		ie_set(ask, common_flags) = IE_BYTES(dual_address);
	apn_parse(sgw->config.apn, &ie_set(ask, apn));
	ie_set(ask, pco) = sgw_pco(sgw, sim);
	ie_set(ask, sgsn_control) = *own;
	ie_set(ask, sgsn_data) = *own;
	if (sgw->first_msisdn)
		snprintf(ie_set(ask, msisdn).digits, sizeof(ask->msisdn.digits), "%llu",
			(unsigned long long)(sgw->first_msisdn + sim_number(sgw, sim)));
	ie_set(ask, qos) = IE_BYTES(qos);
	ie_set(ask, rat_type) = GTP_RAT_UTRAN;
	ie_set(ask, uli) = IE_BYTES(uli);
	return encode(sgw);
}

static size_t remove_context(struct sgw *sgw, const struct sim *sim)
{
	struct gtp1_delete_pdp_request *ask = &sgw->v1.delete_pdp_request;

	gtp1_request(&sgw->v1, GTP1_DELETE_PDP_REQUEST, sim->peer_teid);
	ie_set(ask, teardown) = 1;
	ie_set(ask, nsapi) = NSAPI;
	return encode(sgw);
}

static size_t move(struct sgw *sgw, const struct sim *sim)
{
	struct gtp1_update_pdp_request *ask = &sgw->v1.update_pdp_request;
	const struct ip_addr *own = &sgw->sides[sim->side].address;

	gtp1_request(&sgw->v1, GTP1_UPDATE_PDP_REQUEST, sim->peer_teid);
	ie_set(ask, recovery) = 1;
	ie_set(ask, teid_data) = sim_teid(sgw, sim);
	ie_set(ask, teid_control) = sim_teid(sgw, sim);
	ie_set(ask, nsapi) = NSAPI;
	ie_set(ask, sgsn_control) = *own;
	ie_set(ask, sgsn_data) = *own;
	ie_set(ask, qos) = IE_BYTES(qos);
	ie_set(ask, rat_type) = GTP_RAT_UTRAN;
	return encode(sgw);
}

static uint8_t answered(const struct gtp_response *response)
{
	return response->v1 ? gtp1_message_cause(response->v1) : 0;
}

static uint8_t created(struct sgw *sgw, struct sim *sim, const struct gtp_response *response)
{
	const struct gtp1_create_pdp_response *told = &response->v1->create_pdp_response;
	uint8_t cause = answered(response);

	if (response->fault.cause)
		return response->fault.cause;
	if (!gtp1_cause_accepts(cause))
		return cause;
	if (!told->has.teid_control || !told->has.end_user_address)
		return GTP1_CAUSE_MANDATORY_IE_MISSING;
	sim->peer_teid = told->teid_control;
	sim->peer_teid_user = told->teid_data;
	sim->peer_control = ip_addr_to_v4(&told->ggsn_control);
	sim->peer_user = ip_addr_to_v4(&told->ggsn_data);
	sim->pdn_type = told->end_user_address.pdp_type == GTP1_PDP_IPV4V6 ? GTP2_PDN_IPV4V6
		: told->end_user_address.pdp_type == GTP1_PDP_IPV6	   ? GTP2_PDN_IPV6
									   : GTP2_PDN_IPV4;
	sim->address = ip_addr_to_v4(&told->end_user_address.v4);
	memcpy(sim->address6, told->end_user_address.v6.bytes, sizeof(sim->address6));
	if (told->has.pco)
		sgw_pco_told(sim, &told->pco);
	return cause;
}

static size_t serve(struct sgw *sgw, const struct gtp_request *request, struct sim **released, uint8_t *why)
{
	const struct gtp1_message *ask = request->v1;
	struct sim *sim = sgw_find(sgw, ask->header.teid);
	bool is_in = sim && sim->state == SIM_IN;
	uint8_t cause = is_in ? GTP1_CAUSE_REQUEST_ACCEPTED : GTP1_CAUSE_NON_EXISTENT;
	size_t len = 0;

	if (request->fault.cause)
		cause = request->fault.cause;
	if (is_in && ask->header.type == GTP1_DELETE_PDP_REQUEST && cause == GTP1_CAUSE_REQUEST_ACCEPTED) {
		gtp1_answer(&sgw->v1, &ask->header, sim->peer_teid);
		ie_set(&sgw->v1.delete_pdp_response, cause) = cause;
		*released = sim;
		*why = ask->delete_pdp_request.has.cause ? ask->delete_pdp_request.cause : 0;
		return encode(sgw);
	}
	if (ask->header.type != GTP1_DELETE_PDP_REQUEST && is_in)
		cause = GTP1_CAUSE_SERVICE_NOT_SUPPORTED;
	return gtp1_refuse(&ask->header, sim ? sim->peer_teid : 0, cause, sgw->bytes, sizeof(sgw->bytes), &len) < 0 ? 0 : len;
}

const struct sgw_version sgw_gtp1 = {
	.name = "GTPv1",
	.create = create,
	.remove = remove_context,
	.move = move,
	.created = created,
	.answered = answered,
	.serve = serve,
	.accepts = gtp1_cause_accepts,
	.cause_name = gtp1_cause_name,
};
