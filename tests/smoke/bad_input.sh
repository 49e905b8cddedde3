#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034
# Each missing mandatory IE has its own cause; another version is told so; rubbish is dropped and harms nobody; a stranger is not heard.
. "$(dirname "$0")/../../lab/story.sh"

good=999700000000001 two=999700000000002
lacking() { gtp create2 $good "$APN" --without "$1" | tee /dev/stderr | jq -e ".cause == 70 and .offending == $2"; } # IE NUMBER
lacking1() { gtp create1 $good "$APN" --without "$1" | tee /dev/stderr | jq -e '.cause == 202'; }                   # IE
newer() { gtp raw 6801000400000100 --patience 2 | tee /dev/stderr | jq -e '.type == 3'; } # Echo Request of version 3
rubbish() { # from the LNS's address: cut short, another version, an unknown tunnel, half an AVP, half of PPP
	in_ns a python3 - "$LNS" "$LAC" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 0))
		for text in ("00", "c802", "c80200000000000000000000", "c802000c0000000000000000", "c8020010000100000000000080080000",
		             "0002ffffffffff03c021", "ff" * 12, "c803000c0000000000000000", "0002"):
		    s.sendto(bytes.fromhex(text), (sys.argv[2], 1701))
	END
}

lab_open "Bad input"
GTP_PEERS="$SGW/32\", \"$SGW2/32"
world a
step "the order of customer a" order a $good $two
phone car2
step "a SIM attaches" sgw_attach car2 $two

step "GTPv2 without a sender F-TEID: 70, naming IE 87" lacking fteid 87
step "GTPv2 without a RAT type: 70, naming IE 82" lacking rat 82
step "GTPv2 without a bearer context: 70, naming IE 93" lacking bearer 93
step "GTPv1 without a user address: mandatory IE missing (202)" lacking1 eua
step "GTPv1 without a QoS profile: mandatory IE missing (202)" lacking1 qos
step "GTP of a version to come: Version Not Supported" newer
step "rubbish gets no answer" refuse gtp raw 48 4820 "4820ffff0000000000000100" "4820$(head -c 200 /dev/urandom | od -An -v -tx1 | tr -d " \n")" --patience 1
step "a peer that is not in gtpPeers is not heard" refuse in_ns mobile "$LAB_DIR/gtp.py" echo2 "$SGSN" "$GTP_GATEWAY" --patience 1
step "rubbish to the LAC's port" rubbish
step "the SIM was not harmed by any of it" reaches car2
step "one session" sessions_are 1
the_end
