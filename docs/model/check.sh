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
  timeout -k 5 120 ./pan -E -n -m100000 $pan 2>&1
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
  holds 'both close: 2 messages each way, 2 breaks' -DCLOSERS=3
  holds 'the server closes, users who stop: 2 and 1 messages, 2 breaks' -DSERVER_MESSAGES=1 -DCLOSERS=2 -DSTOPPERS=3
  holds 'loss: 2 messages each way, 2 breaks, 2 dooms' -DDOOMS=2
  holds 'close and loss: 1 message each way, 2 breaks, 2 dooms' \
    -DCLIENT_MESSAGES=1 -DSERVER_MESSAGES=1 -DCLOSERS=3 -DDOOMS=2 -DSTOPPERS=3
  ends 'no run is infinite: close and loss, 1 message from the client, 2 breaks, 2 dooms' \
    -DCLIENT_MESSAGES=1 $one_way -DCLOSERS=3 -DDOOMS=2
  ends 'no run is infinite: replay, 2 messages each way, 2 breaks'
}

bugs() {
  breaks order '1. NEW or RESUME guessed from counters' -DBUG_GUESSED_NEW
  breaks fencing '2. epoch not checked' -DBUG_EPOCH_UNCHECKED
  breaks alarm '2. epoch not checked: R of a late HELLO ends a healthy session' -DBUG_EPOCH_UNCHECKED
  breaks order '3. data before WELCOME' -DBUG_EARLY_DATA
  breaks order '4. R read before the old connection is destroyed' -DBUG_EARLY_R
  breaks order '4. a partial frame kept' -DBUG_PARTIAL_KEPT
  breaks confirmation '5. receipt taken for consumption' -DBUG_RECEIPT_CONFIRMED
  breaks counters '5. receipt taken for consumption' -DBUG_RECEIPT_CONFIRMED
  breaks unconfirmed_set '5. receipt taken for consumption, and then a restart' -DBUG_RECEIPT_CONFIRMED -DDOOMS=1 $one_way
  breaks order '6. replay from A' -DBUG_REPLAY_FROM_A
  breaks clean_close '7. CLOSE without S' -DBUG_CLOSE_WITHOUT_S -DCLOSERS=3
  breaks order '8. eviction at the bound' -DBUG_EVICTION -DCLIENT_MESSAGES=3 $one_way
  breaks memory '8. no bound at all' -DBUG_EVICTION -DCLIENT_MESSAGES=3 $one_way
  breaks cause 'a repeated NEW opens another session' -DBUG_NEW_OPENS_ANOTHER
  breaks progress 'no ACK after attaching' -DBUG_NO_ACK_AFTER_ATTACHING
  breaks progress 'CLOSE not repeated after a break' -DBUG_CLOSE_ONCE -DCLOSERS=3
  breaks cause 'the client ends first' -DBUG_CLIENT_ENDS_FIRST -DCLOSERS=3 -DBREAKS=1
  breaks unconfirmed_set 'R of WELCOME taken for a confirmation' -DBUG_R_CONFIRMS -DDOOMS=1
  breaks unconfirmed_set 'the C of a tombstone not read' -DBUG_TOMBSTONE_UNREAD -DDOOMS=1 $one_way
  breaks unconfirmed_set 'consumption goes on after the loss' -DBUG_CONSUMED_AFTER_LOSS -DDOOMS=1 $one_way
  breaks fencing 'tombstone forgotten before the last HELLO' -DBUG_TOMBSTONE_TOO_SHORT -DDOOMS=2 $one_way
  breaks order '6. replay from A, data before ACK: the check of positions comes too late' \
    -DBUG_REPLAY_FROM_A -DBUG_DATA_BEFORE_ACK -DALARM_STOPS
  holds '6. replay from A, but ACK first: the check of positions comes in time' \
    -DBUG_REPLAY_FROM_A -DALARM_STOPS -DONLY=order
}

bugs &
right_model
wait
[ ! -e "$work/failed" ]
