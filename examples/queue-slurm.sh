#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# One queue, worked on by a Slurm array: each task is a worker.
#
#	pg-chunks -d "$SRC" metrics | pg-queue put -d "$DST"
#	job=$(sbatch --parsable --export=ALL,SRC,DST examples/queue-slurm.sh)
#	sbatch --dependency=afterany:"$job" --wrap \
#		'pg-queue results -d "$DST" | pg-checksum -d "$DST"'
#
# Ten minutes before its time is over a task is told to stop: it finishes the
# chunks in flight and leaves the others to whoever comes next.
#SBATCH --job-name=pg-queue
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@600
#SBATCH --requeue
set -eu
: "${SRC:?}" "${DST:?}"

exec pg-queue work -d "$DST" -j "${SLURM_CPUS_PER_TASK:-4}" --progress=lines -- \
	'pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
