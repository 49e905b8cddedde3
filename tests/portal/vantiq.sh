#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# limit: 180
# The Vantiq Motors example, with a VPN back to their data centre, clicked through in Debian's Chromium from an empty store; then a SIM attaches and the portal shows it within a second, with
# the address that the LNS gave; then the tunnel secret is changed on one side only, and the portal says so in words.
# SHOTS=docs/guide/images tests/portal/vantiq.sh also makes pictures of the main pages.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
PRESHARED_KEY="a key that both routers know"
export EMAIL=anna@vantiq.example PASSWORD=diagnostics-for-cars
export CAR1="$one:$(iccid_of $one)" CAR2="$two:$(iccid_of $two)" SHOTS=${SHOTS:-}

vantiq_world() {
	mobile_network
	capture mobile n3
	customer vantiq
	capture vantiq wan
	link_up gateway peer-vantiq "$PEER_LOCAL/24"
	ip_in vantiq route del "$LAC"
	peer_strongswan_start vantiq "$PRESHARED_KEY" "$LAC/32"
	phone car1
	lns_l2tpns_start vantiq
	slicegate_up
	api POST /users <<<"{\"name\": \"Anna\", \"email\": \"$EMAIL\", \"password\": \"$PASSWORD\", \"role\": \"owner\"}"
}
browser_start() {
	export API GATEWAY=$LAB PEER_REMOTE PRESHARED_KEY IKE_PROPOSAL ESP_PROPOSAL LNS_NET LAC LNS TUNNEL_SECRET PPP_USER PPP_PASSWORD POOL_NET LAB_WORK BUILD
	start portal-browser gateway node "$LAB_DIR/../tests/portal/vantiq.mjs"
}
browser_says() { # PATTERN: or it has failed
	! says portal-browser FAILED || fail "the browser: $(sed -n '/FAILED/,$p' "$LAB_WORK/portal-browser.log")"
	says portal-browser "$1"
}
seen_within() { # MS
	local took
	took=$(sed -n 's/^seen after \(.*\) ms$/\1/p' "$LAB_WORK/portal-browser.log")
	echo "seen after $took ms"
	[ "$took" -le "$1" ]
}
browser_ends() { ended "$(pid_of portal-browser)"; }

dpkg-query -W $peer_strongswan_packages >/dev/null 2>&1 || skip "needs the packages $peer_strongswan_packages"
[ -x /usr/bin/chromium ] || skip "chromium is not installed"
[ -d "$LAB_DIR/../portal/node_modules/playwright-core" ] || skip "the portal's packages are not installed: tools/deps"
lab_open "Vantiq Motors orders \"Vantiq Diagnostics L2TP\" in the portal"
LAB_SUSPECTS=(portal-browser l2tpns-vantiq strongswan-vantiq slicegate-gateway)
lns_installed l2tpns
step "a mobile network, Vantiq's data centre with its VPN router and its LNS, a gateway and its controller" vantiq_world
step "a browser" browser_start
step "Anna signs in to an empty store" wait_for 30 browser_says '^signed in'
step "VSlice, Routing Target, Routing Policy, VSlice; LAC, LNS, Endpoint Group, SIM: ready" wait_for 60 browser_says '^ordered'
step "she looks at the SIM's page" wait_for 20 browser_says '^watching$'
step "the SIM attaches" sgsnemu_attach car1 $one
step "the page shows it, with the LNS's address" wait_for 20 browser_says '^seen'
step "within a second" seen_within 1000
step "the tunnel secret is changed on one side only: the VSlice says so in words" wait_for 60 browser_says '^told at the VSlice'
step "another SIM's page is open" wait_for 20 browser_says '^watching the other'
step "that SIM is refused" sgw_refused $two 72
step "its page says why, and what to mend" wait_for 20 browser_says '^told at the Endpoint'
step "the browser had nothing to complain of" wait_for 10 browser_says '^all done'
step "the first SIM, whose tunnel cannot come back, is let go" wait_for 60 sessions_are 0
the_end
