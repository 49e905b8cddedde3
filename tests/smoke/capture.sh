#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# A capture of a SIM, of the tunnel and of the LNS: tshark finds the attach and the traffic, by whichever path it goes, and no secret.
PPP_AUTH=pap # so that a password is on the wire at all
. "$(dirname "$0")/../../lab/story.sh"

imsi=999700000000001 other=999700000000002

begin() { # NAME OPTIONS...: into NAME.pcapng; returns when the gateway's first octets have come
	local name=$1
	shift
	start "slicegate-capture-$name" gateway "$BUILD/src/cli/slicegate" --token-file "$LAB_WORK/admin.token" capture run "$@" "$LAB_WORK/$name.pcapng"
	wait_for 10 test -s "$LAB_WORK/$name.pcapng"
}
has() { # NAME FILTER: a packet that tshark knows as this
	[ "$(tshark -r "$LAB_WORK/$1.pcapng" -Y "$2" 2>>"$LAB_WORK/tshark.log" | wc -l)" -gt 0 ] || fail "not in the capture: $2"
}
on() { echo "frame.interface_name == \"$1\" && $2"; } # LEVEL FILTER

has_attach() {
	has "$1" "$(on gtp 'gtp.message == 0x10')" # Create PDP Context, and its answer
	has "$1" "$(on gtp 'gtp.message == 0x11')"
	has "$1" "$(on l2tp 'l2tp.avp.message_type == 10')" # ICRQ, ICRP, ICCN
	has "$1" "$(on l2tp 'l2tp.avp.message_type == 11')"
	has "$1" "$(on l2tp 'l2tp.avp.message_type == 12')"
	has "$1" "$(on l2tp 'pap.code == 1')"
	has "$1" "$(on l2tp 'ipcp')"
}
has_traffic() {
	local type
	for type in 8 0; do # echo and its answer, as the SIM, the mobile network and the LNS have it
		has "$1" "$(on ip "icmp.type == $type")"
		has "$1" "$(on gtp "icmp.type == $type")"
		has "$1" "$(on l2tp "icmp.type == $type")"
	done
}
has_detach() { has "$1" "$(on gtp 'gtp.message == 0x14')" && has "$1" "$(on l2tp 'l2tp.avp.message_type == 14')"; }
on_the_wire() { grep -qa "$1" "$LAB_WORK/a.wan.pcap" && grep -qa "$1" "$LAB_WORK/mobile.n3.pcap"; } # TEXT
no_secret() { # NAME...
	local name
	for name; do
		refuse grep -qaE "$PPP_PASSWORD|$TUNNEL_SECRET" "$LAB_WORK/$name.pcapng"
		# What TCP sends twice is no fault of the capture's: tshark is not to put streams together.
		tshark -r "$LAB_WORK/$name.pcapng" -o tcp.desegment_tcp_streams:FALSE -V >"$LAB_WORK/$name.txt" 2>/dev/null
		grep -q 'Secrets in this packet were zeroed' "$LAB_WORK/$name.txt" || [ "$name" != sim ]
		refuse grep -q 'Malformed' "$LAB_WORK/$name.txt"
	done
}
only_the_sim() { # NAME: nobody else's packets are in it
	refuse has "$1" "ip.addr == $(address_of car2)"
}
capture_ended() { api GET "/captures/$1" | jq -e '.state.moniker == "ended"'; }
download() { in_ns gateway curl -sS -H "Authorization: Bearer $(cat "$LAB_WORK/admin.token")" "$API/api/v1/captures/$1/download" -o "$LAB_WORK/$2.pcapng"; }
lns_capture() { # of all tunnels to it, so small that a file fills it
	id=$(api POST /captures <<<'{"vslice": "diagnostics-a", "lns": "LNS a", "levels": ["l2tp"], "octets": 100000, "seconds": 60}' | jq -er .)
	moves_file car1 500000
	wait_for 10 capture_ended "$id"
	api GET "/captures/$id" | jq -e '.reason == "its size was reached" and .size <= 100600 and .packets > 50'
	download "$id" lns
	has lns "l2tp && ip.src == $LNS"
	has lns "tcp"
	api DELETE "/captures/$id"
}
gone() { api GET /captures | jq -e 'length == 0'; }
refused_captures() { # one thing at a time, a level that there is, no more time than allowed
	refuse api POST /captures <<<'{}'
	refuse api POST /captures <<<"{\"endpoint\": \"$(iccid_of $imsi)\", \"levels\": [\"wifi\"]}"
	refuse api POST /captures <<<"{\"endpoint\": \"$(iccid_of $imsi)\", \"seconds\": 86400}"
	refuse api POST /captures <<<'{"tunnel": "00000000-0000-7000-8000-000000000000"}'
}

lab_open "What a SIM, a tunnel and an LNS send and get can be captured"
world a
step "the order of customer a" order a $imsi $other
step "redirects can be taken on both sides" fast_cables a
phone car1
phone car2
step "another SIM attaches (GTPv2)" sgw_attach car2 $other
step "a capture of the SIM begins before it attaches" begin sim --endpoint "$(iccid_of $imsi)" --seconds 60
step "the SIM attaches" sgsnemu_attach car1 $imsi
step "one of the tunnel begins too" begin tunnel --tunnel "$(session $imsi .tunnel.id)" --levels l2tp,ip
step "both SIMs reach the server, and a file goes up and down" eval "reaches car1 && reaches car2 && moves_file car1 100000"
step "the SIM detaches" sgsnemu_detach car1
step "its session is gone" wait_for 5 sessions_are 1
step "the captures have all that came before they are stopped" eval "wait_for 5 has_detach sim && stop slicegate-capture-sim INT && stop slicegate-capture-tunnel INT"
step "the SIM's has the attach" has_attach sim
step "and the traffic, on each level" has_traffic sim
step "and nothing of the other SIM" only_the_sim sim
step "the tunnel's has both SIMs" eval "has tunnel '$(on ip "ip.addr == $(address_of car2)")' && has tunnel 'l2tp.avp.message_type == 14'"
step "the password was on the wire, and is in no capture" eval "on_the_wire '$PPP_PASSWORD' && no_secret sim tunnel"
step "what makes no sense is refused in words" refused_captures
step "the SIM attaches again" sgsnemu_attach car1 $imsi
step "a capture of the LNS ends at its size and is downloaded" lns_capture
step "no capture is left, and the SIM still reaches the server" eval "gone && reaches car1 && sgsnemu_detach car1 && sgw_detach car2"
the_end
