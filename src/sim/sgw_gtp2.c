// SPDX-License-Identifier: Apache-2.0
// The SIMs' GTPv2-C messages on S5/S8 (TS 29.274 7.2), as an SGW sends them.

#include "sim/sgw.h"
#include <stdio.h>
#include <string.h>

#define EBI 5
#define QCI_DEFAULT 9
#define ARP 0x3c // PCI set, priority 15, as for best effort

static const uint8_t uli[] = {
	0x18, 0x00, 0xf1, 0x10, 0x00, 0x01, 0x00, 0xf1, 0x10, 0x00, 0x07, 0x9b, 0xaf}; // TAI and ECGI in 001-01

static struct gtp2_fteid fteid(struct sgw *sgw, const struct sim *sim, uint8_t interface)
{
	return (struct gtp2_fteid){.interface = interface, .teid = sim_teid(sgw, sim), .v4 = sgw->sides[sim->side].address};
}

static size_t encode(struct sgw *sgw)
{
	size_t len = 0;

	return gtp2_encode(&sgw->v2, sgw->bytes, sizeof(sgw->bytes), &len) < 0 ? 0 : len;
}

static struct tbcd msisdn(const struct sgw *sgw, const struct sim *sim)
{
	struct tbcd out = {0};

	snprintf(out.digits, sizeof(out.digits), "%llu", (unsigned long long)(sgw->first_msisdn + sim_number(sgw, sim)));
	return out;
}

static size_t create(struct sgw *sgw, const struct sim *sim)
{
	static const uint8_t dual_address[] = {0x80, 0x00}; // DAF
	uint8_t pdn_type = (uint8_t)(GTP2_PDN_IPV4 + sgw->config.pdn_type);
	struct gtp2_create_session_request *ask = &sgw->v2.create_session_request;
	struct gtp2_bearer_to_create *bearer;

	gtp2_request(&sgw->v2, GTP2_CREATE_SESSION_REQUEST, 0);
	ie_set(ask, imsi) = sgw_imsi(sgw, sim);
	if (sgw->first_msisdn)
		ie_set(ask, msisdn) = msisdn(sgw, sim);
	ie_set(ask, uli) = IE_BYTES(uli);
	ie_set(ask, serving_network) = (struct plmn){.mcc = 1, .mnc = 1, .mnc_digits = 2};
	ie_set(ask, rat_type) = GTP_RAT_EUTRAN;
	ie_set(ask, sender_fteid) = fteid(sgw, sim, GTP2_IF_S5S8C_SGW);
	apn_parse(sgw->config.apn, &ie_set(ask, apn));
	ie_set(ask, selection_mode) = 0;
	ie_set(ask, pdn_type) = pdn_type;
	ie_set(ask, paa) =
		(struct gtp2_paa){.pdn_type = pdn_type, .v4 = {.family = IP_V4}, .v6 = {.family = IP_V6}, .v6_len = 64};
	if (pdn_type == GTP2_PDN_IPV4V6 && !sgw->config.single_address)
		ie_set(ask, indication) = IE_BYTES(dual_address);
	ie_set(ask, apn_restriction) = 0;
	ie_set(ask, ambr) = (struct gtp_ambr){.uplink_kbps = 10000, .downlink_kbps = 20000};
	ie_set(ask, pco) = sgw_pco(sgw, sim);
	bearer = ie_add(ask, bearers);
	ie_set(bearer, ebi) = EBI;
	ie_set(bearer, s5s8u_sgw_fteid) = fteid(sgw, sim, GTP2_IF_S5S8U_SGW);
	ie_set(bearer, qos) = (struct gtp2_qos){.arp = ARP, .qci = QCI_DEFAULT};
	ie_set(ask, recovery) = 1;
	return encode(sgw);
}

static size_t remove_session(struct sgw *sgw, const struct sim *sim)
{
	static const uint8_t operation[] = {0x08};
	struct gtp2_delete_session_request *ask = &sgw->v2.delete_session_request;

	gtp2_request(&sgw->v2, GTP2_DELETE_SESSION_REQUEST, sim->peer_teid);
	ie_set(ask, linked_ebi) = EBI;
	ie_set(ask, uli) = IE_BYTES(uli);
	ie_set(ask, indication) = IE_BYTES(operation);
	return encode(sgw);
}

static size_t move(struct sgw *sgw, const struct sim *sim)
{
	struct gtp2_modify_bearer_request *ask = &sgw->v2.modify_bearer_request;
	struct gtp2_bearer_to_modify *bearer;

	gtp2_request(&sgw->v2, GTP2_MODIFY_BEARER_REQUEST, sim->peer_teid);
	ie_set(ask, uli) = IE_BYTES(uli);
	ie_set(ask, serving_network) = (struct plmn){.mcc = 1, .mnc = 1, .mnc_digits = 2};
	ie_set(ask, rat_type) = GTP_RAT_EUTRAN;
	ie_set(ask, sender_fteid) = fteid(sgw, sim, GTP2_IF_S5S8C_SGW);
	bearer = ie_add(ask, bearers);
	ie_set(bearer, ebi) = EBI;
	ie_set(bearer, s5s8u_sgw_fteid) = fteid(sgw, sim, GTP2_IF_S5S8U_SGW);
	return encode(sgw);
}

static uint8_t answered(const struct gtp_response *response)
{
	const struct gtp2_cause *cause = response->v2 ? gtp2_message_cause(response->v2) : NULL;

	return cause ? cause->value : 0;
}

static uint8_t created(struct sgw *sgw, struct sim *sim, const struct gtp_response *response)
{
	const struct gtp2_create_session_response *told = &response->v2->create_session_response;
	uint8_t cause = answered(response);

	if (response->fault.cause)
		return response->fault.cause;
	if (!gtp2_cause_accepts(cause))
		return cause;
	if (!told->has.pgw_fteid || !told->has.paa || !told->has.bearers || !told->bearers[0].has.s5s8u_pgw_fteid)
		return GTP2_CAUSE_MANDATORY_IE_MISSING;
	sim->peer_teid = told->pgw_fteid.teid;
	sim->peer_control = ip_addr_to_v4(&told->pgw_fteid.v4);
	sim->peer_teid_user = told->bearers[0].s5s8u_pgw_fteid.teid;
	sim->peer_user = ip_addr_to_v4(&told->bearers[0].s5s8u_pgw_fteid.v4);
	sim->pdn_type = told->paa.pdn_type;
	sim->address = ip_addr_to_v4(&told->paa.v4);
	memcpy(sim->address6, told->paa.v6.bytes, sizeof(sim->address6));
	if (told->has.pco)
		sgw_pco_told(sim, &told->pco);
	return cause;
}

// The gateway takes a SIM's bearer away: the default bearer by its linked EBI, or that same one by its own number.
static struct sim *serve_delete(
	struct sgw *sgw, const struct gtp2_message *request, struct gtp2_delete_bearer_response *told, uint8_t *why)
{
	const struct gtp2_delete_bearer_request *ask = &request->delete_bearer_request;
	struct sim *sim = sgw_find(sgw, request->header.teid);

	if (!sim || sim->state != SIM_IN) {
		ie_set(told, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_CONTEXT_NOT_FOUND};
		return NULL;
	}
	ie_set(told, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	if (ask->has.linked_ebi)
		ie_set(told, linked_ebi) = ask->linked_ebi;
	for (uint8_t i = 0; i < ask->has.ebis; i++) {
		struct gtp2_bearer_result *bearer = ie_add(told, bearers);

		ie_set(bearer, ebi) = ask->ebis[i];
		ie_set(bearer, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
	}
	*why = ask->has.cause ? ask->cause.value : 0;
	return sim;
}

static size_t serve(struct sgw *sgw, const struct gtp_request *request, struct sim **released, uint8_t *why)
{
	const struct gtp2_message *ask = request->v2;
	struct sim *sim = sgw_find(sgw, ask->header.teid);
	struct ie_fault fault =
		request->fault.cause ? request->fault : (struct ie_fault){.cause = GTP2_CAUSE_SERVICE_NOT_SUPPORTED};
	uint32_t peer_teid = sim ? sim->peer_teid : 0;
	size_t len = 0;

	if (ask->header.type == GTP2_DELETE_BEARER_REQUEST && !request->fault.cause) {
		gtp2_answer(&sgw->v2, &ask->header, peer_teid);
		*released = serve_delete(sgw, ask, &sgw->v2.delete_bearer_response, why);
		return encode(sgw);
	}
	return gtp2_refuse(ask, peer_teid, &fault, sgw->bytes, sizeof(sgw->bytes), &len) < 0 ? 0 : len;
}

const struct sgw_version sgw_gtp2 = {
	.name = "GTPv2",
	.create = create,
	.remove = remove_session,
	.move = move,
	.created = created,
	.answered = answered,
	.serve = serve,
	.accepts = gtp2_cause_accepts,
	.cause_name = gtp2_cause_name,
};
