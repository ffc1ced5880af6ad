#!/bin/sh
# make-secrets.sh <keys directory> <redis directory>: makes what is not there yet, and changes nothing that is.
# The files can be read by every user of a container that sees their directory, as Sundial and Redis have users of their own.
set -eu
umask 022

random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }
# make <file> <text>: in one step, so that a start that was cut off leaves no half of a key.
make() {
  [ -s "$1" ] || { printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; }
}

make "$1/check.keys" "compose-check=$(random)"
make "$1/admin.keys" "compose-admin=$(random)"
make "$2/password" "$(random)"
make "$2/redis.conf" "requirepass $(cat "$2/password")"
