#!/usr/bin/env bash
# Checks the session protocol with spin: the right model must hold, and each bug put back must break the property that
# is named. Prints "ok" or "not ok" for each; ends with 0 if all are ok. Searches are exhaustive, or they fail.
set -uo pipefail
model=$(cd "$(dirname "$0")" && pwd)
for tool in spin gcc; do
  if ! command -v "$tool" > /dev/null; then
    echo "NOT RUN: the session model, because there is no $tool here (Debian has it in the package $tool)"
    exit 0
  fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# search FOLDER COMPILER-OPTION PAN-OPTION SWITCH...: makes a checker for the model with these switches, and runs it.
search() {
  mkdir "$1" && cd "$1" || return
  local option=$2 pan=$3
  shift 3
  spin "$@" -a "$model/session.pml" > spin.log 2>&1 || { cat spin.log; return; }
  gcc -w -O0 "$option" -DNOREDUCE -DPRINTF -DMEMLIM=1000 -o pan pan.c || return
  # -E: where a run ends, the model itself judges whether it may.
  timeout -k 5 300 ./pan -E -n -m100000 $pan 2>&1
}

# verdict LABEL FOLDER COMPLAINT
verdict() {
  local states
  states=$(grep -oE '[0-9]+ states, stored' "$2.log" | grep -oE '^[0-9]+')
  if [ -z "$3" ]; then
    echo "ok: $1 (${states:-no} states)"
  else
    echo "not ok: $1: $3"
    tail -n 20 "$2.log" | sed 's/^/    /'
    touch "$work/failed"
  fi
}

# A search counts only if pan says that it was completed: within its memory, its depth and its time.
holds_as() {
  local option=$1 pan=$2 label=$3 folder complaint=
  shift 3
  folder=$(mktemp -u "$work/right.XXXXXX")
  search "$folder" "$option" "$pan" "$@" > "$folder.log"
  grep -qE '^pan: elapsed time' "$folder.log" || complaint='the search did not end'
  if grep -qE 'Search not completed|max search depth too small|MEMLIM|out of memory' "$folder.log"; then
    complaint='the search was not exhaustive'
  fi
  grep -qE 'errors: 0$' "$folder.log" || complaint=$(grep -E '^violated|non-progress cycle' "$folder.log" || echo 'no result')
  verdict "$label" "$folder" "$complaint"
}
holds() { (holds_as -DSAFETY '' "$@"); }
ends() { (holds_as -DNP -l "$@"); }

# breaks PROPERTY LABEL SWITCH...
breaks() {
  (
    property=$1 label=$2 folder=$(mktemp -u "$work/bug.XXXXXX") complaint=
    shift 2
    search "$folder" -DSAFETY '' -DONLY="$property" "$@" > "$folder.log"
    grep -qx "violated: $property" "$folder.log" || complaint="$property was not found to be violated"
    verdict "found by $property: $label" "$folder" "$complaint"
  )
}

one_way=-DSERVER_MESSAGES=0

right_model() {
  holds 'replay: 3 messages each way, 3 breaks' -DCLIENT_MESSAGES=3 -DSERVER_MESSAGES=3 -DBREAKS=3
  holds 'users who stop: 3 and 2 messages, 2 breaks' -DCLIENT_MESSAGES=3 -DSTOPPERS=3
  holds 'both end: 2 messages each way, 2 breaks' -DCLOSERS=3
  holds 'both close: 2 messages each way, 2 breaks' -DQUITTERS=3
  holds 'both close, with room for all or not: 2 and 1 messages, 1 break' \
    -DSERVER_MESSAGES=1 -DBREAKS=1 -DQUITTERS=3 -DSTOPPERS=3
  holds 'loss: 2 messages each way, 2 breaks, 2 dooms' -DDOOMS=2
  holds 'end and loss: 1 message each way, 2 breaks, 2 dooms' \
    -DCLIENT_MESSAGES=1 -DSERVER_MESSAGES=1 -DCLOSERS=3 -DDOOMS=2
  holds 'close and loss: 1 message each way, 2 breaks, 1 doom' \
    -DCLIENT_MESSAGES=1 -DSERVER_MESSAGES=1 -DQUITTERS=3 -DDOOMS=1
  ends 'no run is infinite: end and loss, 1 message from the client, 2 breaks, 1 doom' \
    -DCLIENT_MESSAGES=1 $one_way -DCLOSERS=3 -DDOOMS=1
  ends 'no run is infinite: replay, 2 messages each way, 2 breaks'
}

bugs() {
  breaks order '1. NEW or RESUME guessed from counters' -DBUG_GUESSED_NEW
  breaks fencing '2. epoch not compared' -DBUG_EPOCH_UNCHECKED
  breaks alarm '2. epoch not compared: R of a late HELLO ends a healthy session' -DBUG_EPOCH_UNCHECKED
  breaks order '3. data before WELCOME' -DBUG_EARLY_DATA
  breaks fencing '3. data before WELCOME: two sessions are shown' -DBUG_EARLY_DATA
  breaks order '4. R read before the old connection is given up' -DBUG_EARLY_R
  breaks order '4. a partial frame kept' -DBUG_PARTIAL_KEPT
  breaks confirmation '5. receipt taken for consumption' -DBUG_RECEIPT_CONFIRMED
  breaks counters '5. receipt taken for consumption' -DBUG_RECEIPT_CONFIRMED
  breaks unconfirmed_set '5. receipt taken for consumption, and then a loss' -DBUG_RECEIPT_CONFIRMED -DDOOMS=1 $one_way
  breaks order '6. replay from A' -DBUG_REPLAY_FROM_A
  breaks alarm '6. replay from A: positions tell' -DBUG_REPLAY_FROM_A
  breaks order '6. replay from A, data before ACK: positions tell too late' \
    -DBUG_REPLAY_FROM_A -DBUG_DATA_BEFORE_ACK -DALARM_STOPS
  holds '6. replay from A, but ACK first: positions tell in time' -DBUG_REPLAY_FROM_A -DALARM_STOPS -DONLY=order
  breaks clean_close '7. CLOSE before the replay' -DBUG_CLOSE_BEFORE_REPLAY -DCLOSERS=3
  breaks order '8. eviction at the bound' -DBUG_EVICTION -DCLIENT_MESSAGES=3 -DWIRE=3 $one_way
  breaks memory '8. no bound at all' -DBUG_EVICTION -DCLIENT_MESSAGES=3 $one_way
  breaks fencing 'a session shown at its HELLO' -DBUG_SHOWN_AT_ONCE
  breaks unconfirmed_set 'R of WELCOME taken for a confirmation' -DBUG_R_CONFIRMS -DDOOMS=1 $one_way
  breaks progress 'no ACK after attaching' -DBUG_NO_ACK_AFTER_ATTACHING -DCLIENT_MESSAGES=0
  breaks progress 'CLOSE not sent again after a break' -DBUG_CLOSE_ONCE -DCLOSERS=3
  breaks progress 'flag 1 not said again after a break' -DBUG_FLAG_ONCE -DCLOSERS=3
  breaks clean_close 'the server is done before flag 1 has come' -DBUG_DONE_TOO_EARLY -DCLOSERS=3
  breaks clean_close 'the client may be done first' -DBUG_EITHER_IS_DONE -DCLOSERS=3
  breaks cause 'no tombstone after a clean end' -DBUG_ENDED_FORGOTTEN -DCLOSERS=3
  breaks unconfirmed_set 'the C of a tombstone not read' -DBUG_TOMBSTONE_UNREAD -DDOOMS=1 $one_way
  breaks unconfirmed_set 'the C of a CLOSE with a code not read' -DBUG_CLOSE_UNREAD -DDOOMS=1 $one_way
  breaks unconfirmed_set 'consumption goes on after the loss' -DBUG_CONSUMED_AFTER_LOSS -DDOOMS=1 $one_way
  breaks progress 'after close(), arrivals are not told' -DBUG_ARRIVALS_UNTOLD -DQUITTERS=2 $one_way
  breaks alarm 'after close(), C goes back when there is no room' \
    -DBUG_COUNT_GOES_BACK -DQUITTERS=2 -DSTOPPERS=2 $one_way
  breaks confirmation 'after close(), arrivals are dropped by a loss' \
    -DBUG_ARRIVALS_DROPPED -DQUITTERS=2 -DDOOMS=1 $one_way
  breaks empty_set 'no promise: a client that missed DONE knows all that was consumed' -DCLOSERS=3 -DDOOMS=1 $one_way
}

bugs &
right_model
wait
[ ! -e "$work/failed" ]
