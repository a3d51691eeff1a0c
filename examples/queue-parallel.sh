#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# One queue, worked on by many hosts: GNU parallel starts a worker on each and
# prints what they say.  Run it again after anything went wrong: what is done
# stays done.
#
#	SRC='host=old dbname=app' DST='host=new dbname=app' \
#		examples/queue-parallel.sh host1,host2,: metrics
#
# ":" is this machine; PARALLEL_SSH says how the others are reached.  SRC and DST
# must mean the same servers on all of them; passwords belong into ~/.pgpass.
set -eu
: "${SRC:?}" "${DST:?}"
hosts=$1
shift

pg-chunks -d "$SRC" "$@" | pg-queue put -d "$DST"

# --onall with no argument to spread: the same command on every host.  A host that
# fails does not stop the others, who take over what it leaves.
parallel --nonall --sshlogin "$hosts" --env SRC --env DST --tag --line-buffer \
	"pg-queue work -d \"\$DST\" -j ${JOBS:-2} --wait -- \
	'pg-copyout -d \"\$SRC\" | pg-copyin -d \"\$DST\"'" ||
	echo "$0: a worker failed; the queue knows what is left" >&2

# Says whether everything is done, and proves it.
pg-queue results -d "$DST" | pg-checksum -d "$DST"
pg-queue clear -d "$DST"
