#!/usr/bin/env bash
# SPDX-License-Identifier: PostgreSQL
# Backfill hypertables of TimescaleDB into another database, while the application
# writes to both:
#
#   SRC=CONN DST=CONN examples/backfill.sh UNTIL [OPTION...] HYPERTABLE...
#
# Rows before UNTIL are copied, and proved; the continuous aggregates built on the
# hypertables are refreshed up to where the source's are.  OPTIONs and HYPERTABLEs
# are those of pg-chunks; --cascade-up copies what is materialised, too.  JOBS says how
# many chunks are copied at once.  FROM is pg-refresh's --from: "start", where the
# target's policies have refreshed newer rows already.
#
# Before: the target has the schema, its continuous aggregates were made with no data,
# and the application has been writing to both since before UNTIL.
#
# If it is stopped, run it again: what is done is not done twice.  The target's
# background jobs stay paused until it has come to its end, for a policy must not
# refresh what is only half there.
set -euo pipefail

[ $# -ge 2 ] || {
	sed -n '3,5p' "$0" >&2
	exit 2
}
export SRC=${SRC:?names the source} DST=${DST:?names the target}
until=$1
shift

say() { echo "--- $*" >&2; }

say 'pause the jobs of the target'
pg-queue pause-jobs -d "$DST"

say 'list the chunks, and queue them'
pg-chunks -d "$SRC" --until "$until" "$@" | pg-queue put -d "$DST"

say 'copy them; more hosts may run this very line'
# shellcheck disable=SC2016 # each pipeline's own shell expands them
pg-queue work -d "$DST" -j "${JOBS:-2}" --wait -- \
	'pg-copyout -d "$SRC" | pg-copyin -d "$DST"'

# What the target had to compress otherwise than the source, and what the source has
# dropped meanwhile, no digest proves: both sides are compared below.
say 'prove the copy'
pg-queue results -d "$DST" | { pg-checksum -d "$DST" || [ $? -eq 1 ]; } |
	jq -es 'all(.status != "differ" and .status != "missing")' >/dev/null

say 'refresh the continuous aggregates'
pg-chunks -d "$SRC" --caggs --if-exists --cascade-up "$@" |
	pg-refresh --source "$SRC" --target "$DST" -j "${JOBS:-2}" \
		${FROM:+--from "$FROM"} >/dev/null

say 'compare both sides, with what is materialised'
pg-chunks -d "$SRC" --until "$until" --cascade-up "$@" |
	pg-checksum --source "$SRC" --target "$DST" -j "${JOBS:-2}" >/dev/null

say 'resume the jobs, and forget the queue'
pg-queue resume-jobs -d "$DST"
pg-queue clear -d "$DST"
say 'done'
