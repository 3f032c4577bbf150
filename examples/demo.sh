#!/bin/sh
# Starts the sandbox and runs the shop through its stories; B is the build folder.
set -u
: "${B:=build/release}"
folder=$(mktemp -d "${TMPDIR:-/tmp}/payroute-demo.XXXXXX") || exit 1
trap 'rm -rf "$folder"' EXIT
"$B/shop" "$B/payroute-sandbox" "$folder"
