#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Endpoint Groups of one Integrated VSlice with Routing Policies of their own: who may send where, whom the server reaches, and which SIM
# reaches which, is each group's own affair. Policies are edited while a TCP connection is alive through them.
. "$(dirname "$0")/../../lab/story.sh"

one=999700000000001 two=999700000000002
port=7100

groups() { # "open" may do all with the data centre; "closed" may send there, and nothing else
	order_fleet a
	order_fleet_peering a
	order_fleet_policy a open "$(flow uplink dc-a)" "$(flow downlink dc-a)"
	order_fleet_policy a closed "$(flow uplink dc-a)"
	order_fleet_group a cars open static
	order_fleet_group a vans closed static
	order_car cars $one
	order_car vans $two
	wait_for 5 has_address $one
	wait_for 5 has_address $two
	wait_for 10 fleet_ready a
}
attach() {
	sgsnemu_attach car1 $one
	sgw_attach car2 $two
}
only_the_open_one() {
	wait_for 5 reached a car1
	refuse reached a car2
}
meets() { in_ns "$1" ping -n -c 1 -W 1 "$(address_of "$2")"; } # PHONE PHONE
meets_not() { refuse meets "$@"; }
among_themselves() {
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(flow uplink "" '"transportProtocol": "icmp"'), $(flow uplink dc-a)]}"
	wait_for 5 meets car2 car1
	refuse meets car1 car2
}
moves() { # the SIM of the closed group moves to the open one, and is reached as those are
	api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointGroup": "cars"}'
	wait_for 5 reached a car2
	api PATCH "/endpoints/$(iccid_of $two)" <<<'{"endpointGroup": "vans"}'
	wait_for 5 refuse reached a car2
}
another_policy() { # the whole group gets another
	api PATCH /endpointgroups/vans <<<'{"routingPolicy": "open"}'
	wait_for 5 reached a car2
	api PATCH /endpointgroups/vans <<<'{"routingPolicy": "closed"}'
	wait_for 5 refuse reached a car2
}
talk_begins() { # a line every 0.1 s from the SIM, echoed by the server
	start echo-a a-server python3 -c "
import socketserver
class H(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile: self.wfile.write(line)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(('$SERVER', $port), H).serve_forever()"
	wait_for 5 tcp_bound a-server $port
	start talk car2 python3 -uc "
import socket, time
s = socket.create_connection(('$SERVER', $port), 5); s.settimeout(20); f = s.makefile('rb'); n = 0
while True:
    s.sendall(b'%d\n' % n); assert f.readline() == b'%d\n' % n; print('echo', n); n += 1; time.sleep(0.1)"
	wait_for 5 says talk 'echo 3'
}
goes_on() {
	local n
	n=$(grep -c echo "$LAB_WORK/talk.log")
	wait_for 10 says talk "echo $((n + 5))"
}
edited() { # rules before it, after it, and one that is not its business; the rule that carries it keeps its place in the world
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(rule uplink drop "" '"transportProtocol": "udp"'), $(flow uplink dc-a), $(rule downlink drop "" '"transportProtocol": "tcp", "destinationPortPattern": "22"')]}"
	goes_on
	api PATCH /routingpolicies/closed <<<"{\"rateLimitUplink\": \"1mbits\", \"routingPolicyRules\": [$(flow uplink dc-a '"transportProtocol": "tcp"')]}"
	goes_on
	api PATCH /routingpolicies/closed <<<"{\"rateLimitUplink\": \"unlimited\", \"routingPolicyRules\": [$(flow uplink dc-a)]}"
	goes_on
}
listens() { # a connection that the SIM opens, and on which only the server speaks from then on: a line at each touch of $LAB_WORK/news
	start news-a a-server python3 -uc "
import os, socket, time
s = socket.create_server(('$SERVER', $((port + 1)))); c, _ = s.accept(); n = 0
while True:
    if os.path.exists('$LAB_WORK/news'): os.unlink('$LAB_WORK/news'); c.sendall(b'news %d\n' % n); n += 1
    time.sleep(0.02)"
	wait_for 5 tcp_bound a-server $((port + 1))
	start listener car2 python3 -uc "
import socket
for line in socket.create_connection(('$SERVER', $((port + 1))), 5).makefile(): print(line, end='')"
	hears 0
}
hears() { # NUMBER: the server speaks, and the SIM has said nothing before
	touch "$LAB_WORK/news"
	wait_for 10 says listener "news $1"
}
edited_in_silence() { # what they are about is still allowed, by a rule at another place
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(rule uplink drop "" '"transportProtocol": "udp"'), $(flow uplink dc-a)]}"
	wait_for 5 is_taken /routingpolicies/closed
	hears 1
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(flow uplink dc-a)]}"
	wait_for 5 is_taken /routingpolicies/closed
	hears 2
}
unheard() { # a rule that lets no answers back ends it: the server speaks, and nobody hears
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(rule uplink forward dc-a)]}"
	wait_for 5 is_taken /routingpolicies/closed
	touch "$LAB_WORK/news"
	wait_for 5 refuse test -e "$LAB_WORK/news"
	in_ns a-server timeout 3 tcpdump -nc 1 -i eth0 "src $SERVER and tcp port $((port + 1))" # it repeats what is not acknowledged
	refuse says listener 'news 3'
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(flow uplink dc-a)]}"
}
cut() {
	api PATCH /routingpolicies/closed <<<"{\"routingPolicyRules\": [$(rule uplink drop "")]}"
	wait_for 5 refuse reaches car2 1
	reaches car1 1
}
counted() { # RULES: those of "open" have matched something, each
	api GET /routingpolicies/open | jq -e '[.routingPolicyRules[] | .packets > 0] | all'
}

lab_open "Endpoint Groups with policies of their own"
integrated_world a
step "two groups with two policies" groups
phone car1
phone car2
step "a SIM of each attaches" attach
step "both reach the server" reaches car1
step "both reach the server" reaches car2
step "the server reaches the SIM whose policy lets it, and no other" only_the_open_one
step "no SIM meets another" meets_not car1 car2
step "unless a rule without a target says so, and only for its group" among_themselves
step "a SIM that changes its group changes its policy" moves
step "a group that changes its policy changes it for its SIMs" another_policy
step "a TCP connection of a SIM" talk_begins
step "it lives on through edits of its policy" edited
step "a connection on which only the server speaks" listens
step "lives on too, and the SIM need not speak first" edited_in_silence
step "a rule that lets no answers back ends it" unheard
step "a rule that drops all cuts its group off, and no other" cut
step "each rule counts" wait_for 5 counted
step "the gateway is killed and comes back" stop slicegate-gateway KILL
step "the gateway is killed and comes back" gateway_start
step "whom the server reaches is as before" wait_for 10 only_the_open_one
the_end
