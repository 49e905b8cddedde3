# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The laboratory: network namespaces, the programs that run in them, and the certainty that all of it goes away again.
# Source it, then `lab_open "title"`. It is the one harness under `make demo`, tests/smoke and tests/peers.
#
# A lab is a name, labPID, and every namespace is called labPID-something. Interfaces are born inside the namespaces that they
# join, so the host's own interfaces, routes and nftables are never touched, and any number of labs run side by side.
#
# What a lab holds is written down *before* it is made, in /run/slicegate-lab/labPID.STARTTIME/{programs,namespaces}. Leaving
# by any door (end, error, SIGINT, SIGTERM) undoes the list backwards; a lab that was killed with no chance to do so is
# undone by the next one, which knows from the pid and its start time that the owner is gone.
#
# Programs enter a namespace with nsenter and keep the host's mount namespace (the gateway pins namespaces of its own in
# /run/netns); one that needs other files under /etc gets a private mount namespace in its own lab/peers/*.sh.
#
# Every wait is for a condition and has a bound. Nothing sleeps a guessed time.

set -Eeuo pipefail
LAB_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-$LAB_DIR/../build/release}
LAB_RUN_ROOT=/run/slicegate-lab
exec 3>&1 # the story; the output of a step itself goes to its log

lab_open() { # TITLE
	[ "$(id -u)" = 0 ] || { echo "the lab makes network namespaces and needs root"; exit 77; }
	LAB=lab$$ LAB_WORK=$(mktemp -d "${TMPDIR:-/tmp}/slicegate-lab$$.XXXX")
	LAB_RUN=$LAB_RUN_ROOT/lab$$.$(lab_started $$)
	LAB_TITLE=$1 LAB_STEP='' LAB_LAST='' LAB_T0=$EPOCHREALTIME
	mkdir -p "$LAB_RUN_ROOT" /run/netns
	lab_sweep
	mkdir "$LAB_RUN"
	touch "$LAB_RUN/programs" "$LAB_RUN/namespaces"
	echo "$LAB_WORK" >"$LAB_RUN/work"
	trap lab_leave EXIT
	trap 'lab_failed $LINENO' ERR
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	echo "$LAB_TITLE" >&3
}

# --- telling the story

lab_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'; }

step() { # SENTENCE COMMAND...: runs it, says how it went and how long it took; its output goes to steps.log
	local t=$EPOCHREALTIME
	LAB_STEP=$1
	shift
	LAB_DOTS=''
	{ echo "== $LAB_STEP"; "$@"; } >>"$LAB_WORK/steps.log" 2>&1
	printf '%s  ok %6s s  %s\n' "${LAB_DOTS:+$'\r\e[K'}" "$(lab_since "$t")" "$LAB_STEP" >&3
	LAB_STEP=''
}

say() { printf '%s\n' "$@" >&3; } # LINE...

skip() { # REASON
	say "  skipped: $*"
	exit 77
}

fail() { # REASON
	echo "$*"
	say "  $*"
	return 1
}

lab_dot() { # a sign of life while a step waits, on a terminal only
	[ -t 3 ] || return 0
	[ -n "$LAB_DOTS" ] || printf '       ...    %s ' "$LAB_STEP" >&3
	LAB_DOTS=y
	printf . >&3
}

wait_for() { # SECONDS COMMAND...: until it succeeds, or fail saying what never came true
	local end=$((SECONDS + $1 * ${LAB_PATIENCE:-1})) n=0 # a guest without hardware help is slower
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS <= end)) || { fail "waited in vain for: $*"; return 1; }
		sleep 0.05
		((++n % 20)) && continue
		lab_dot
		no_daemon_died || return 1
	done
}

no_daemon_died() { # waiting for what a dead one would have done is of no use
	local name pid rest
	while read -r name pid rest; do
		[ "$pid" != "${LAB_STOPPED:-}" ] || continue
		case $name in slicegate-gateway | slicegate-controller) ! ended "$pid" || { fail "$name has ended"; return 1; } ;; esac
	done <"$LAB_RUN/programs"
}

never() { # SECONDS COMMAND...: it must go on failing for that long
	local end=$((SECONDS + $1))
	shift
	while ((SECONDS <= end)); do
		if "$@" >/dev/null 2>&1; then fail "came true and must not: $*"; return 1; fi
		sleep 0.1
	done
}

refuse() { # COMMAND...: it must fail
	if "$@"; then fail "succeeded and must not: $*"; return 1; fi
}

# --- namespaces

ns_add() { # NAME...
	local n
	for n; do
		echo "$LAB-$n" >>"$LAB_RUN/namespaces"
		ip netns add "$LAB-$n"
		ip -n "$LAB-$n" link set lo up
	done
}

in_ns() { # NAME COMMAND...
	local n=$1
	shift
	nsenter --net="/run/netns/$LAB-$n" -- "$@"
}

ip_in() { # NAME IP-ARGUMENTS...
	local n=$1
	shift
	ip -n "$LAB-$n" "$@"
}

veth() { # NS1 IF1 ADDRESSES1 NS2 IF2 ADDRESSES2: a cable between two namespaces; ADDRESSES separated by commas, or -
	ip link add "$2" netns "$LAB-$1" type veth peer name "$5" netns "$LAB-$4"
	link_up "$1" "$2" "$3"
	link_up "$4" "$5" "$6"
}

link_up() { # NS IF ADDRESSES
	local a
	for a in ${3//,/ }; do [ "$a" = - ] || ip_in "$1" addr add "$a" dev "$2"; done
	ip_in "$1" link set "$2" up
}

forwarding() { # NS...: it routes packets between its interfaces
	local n
	for n; do in_ns "$n" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'; done
}

udp_bound() { in_ns "$1" ss -Hlun "sport = :$2" | grep -q .; } # NS PORT
tcp_bound() { in_ns "$1" ss -Hltn "sport = :$2" | grep -q .; } # NS PORT
has_link() { ip_in "$1" link show "$2"; }                      # NS IF

# --- programs

lab_started() { # PID: its start time, which tells a reused pid apart; nothing once it has ended
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 !~ /[ZX]/ { print $20 }'
}

start() { # NAME NS COMMAND...: in the background, its output in NAME.log
	local name=$1 ns=$2
	shift 2
	setsid nsenter --net="/run/netns/$LAB-$ns" -- "$@" >>"$LAB_WORK/$name.log" 2>&1 </dev/null 3>&- &
	echo "$name $! $(lab_started $!)" >>"$LAB_RUN/programs"
}

pid_of() { awk -v n="$1" '$1 == n { p = $2 } END { print p }' "$LAB_RUN/programs"; } # NAME
ended() { [ -z "$(lab_started "$1")" ]; }                                           # PID: waited for or not

stop() { # NAME [SIGNAL]: ends it and forgets it; what is ours must end well
	local p status=0
	p=$(pid_of "$1")
	LAB_STOPPED=$p # its end is no surprise
	kill "-${2:-TERM}" "$p"
	wait_for 15 ended "$p"
	wait "$p" || status=$?
	sed -i "/^$1 $p /d" "$LAB_RUN/programs"
	case $1 in slicegate*) [ "$status" = 0 ] || [ "${2:-}" = KILL ] || fail "$1 ended with status $status" ;; esac
}


says() { grep -aqE -- "$2" "$LAB_WORK/$1.log"; } # NAME PATTERN: the program has written it

# --- leaving

lab_failed() { # LINE
	local line=$1
	trap - ERR
	LAB_FAULT="${LAB_STEP:-line $line}"
	exit 1
}

lab_leave() {
	local status=$?
	trap - EXIT ERR
	trap '' INT TERM HUP
	case $status in
	0 | 77 | 130 | 143) ;;
	*) say "  FAILED      ${LAB_FAULT:-${LAB_STEP:-status $status}}" ;;
	esac
	set +e
	exec 2>/dev/null # bash would announce every program that was killed
	lab_undo "$LAB_RUN"
	if [ "$status" = 0 ] && ! lab_sane; then status=1; fi
	if [ "$status" = 0 ] || [ "$status" = 77 ]; then
		rm -rf "$LAB_WORK"
	else
		case $status in 130 | 143) say "interrupted" ;; *) lab_tails ;; esac
		say "logs and captures are kept in $LAB_WORK"
	fi
	[ "$status" != 0 ] || say "${LAB_LAST:-passed in $(lab_since "$LAB_T0") s}"
	exit "$status"
}

lab_sane() { # no sanitizer found anything in a program of ours
	local f
	f=$(grep -lE 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$LAB_WORK"/*.log 2>/dev/null) || return 0
	say "  FAILED      a sanitizer spoke in: $f"
	grep -hE -A 12 'ERROR: (Address|Leak)Sanitizer|runtime error:' $f | head -40 >&3
	return 1
}

lab_tails() { # the last lines of what is likely to blame
	local f
	for f in steps slicegate-gateway slicegate-controller "${LAB_SUSPECTS[@]-}"; do
		[ -s "$LAB_WORK/$f.log" ] || continue
		say "--- $f.log"
		tail -n15 "$LAB_WORK/$f.log" | cut -c1-200 >&3
	done
}

lab_undo() { # RUN-DIRECTORY: ends the programs, latest first, and removes the namespaces with all that lives in them
	local name pid started ns n
	while read -r name pid started; do
		[ "$(lab_started "$pid")" = "$started" ] || continue
		kill "$pid" 2>/dev/null
		for ((n = 0; n < 100; n++)); do ended "$pid" && break; sleep 0.05; done
		ended "$pid" || kill -KILL "$pid" 2>/dev/null
	done < <(tac "$1/programs")
	while read -r ns; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done < <(lab_namespaces "$1")
	rm -rf "$1" "/sys/fs/bpf/slicegate/$(lab_id "$1")"
}

lab_id() { # RUN-DIRECTORY
	local id=${1##*/}
	echo "${id%.*}"
}

lab_namespaces() { # RUN-DIRECTORY: the lab's own, and the slices that its gateway made and could not remove
	local id=${1##*/}
	id=${id%.*}
	tac "$1/namespaces"
	slice_namespaces "$id"
}

slice_namespaces() { (cd /run/netns && compgen -G "sg-$1.*"; compgen -G "*.sg-$1.*") || true; } # GATEWAY: the slices that it made, and their annexes

lab_sweep() { # undoes labs whose owner is gone
	local d pid work
	for d in "$LAB_RUN_ROOT"/lab*.*; do
		[ -d "$d" ] || continue
		pid=${d##*/lab}
		[ "$(lab_started "${pid%.*}")" != "${pid#*.}" ] || continue
		work=$(cat "$d/work" 2>/dev/null || true)
		lab_undo "$d" || true
		[ -z "$work" ] || rm -rf "$work"
	done
}
