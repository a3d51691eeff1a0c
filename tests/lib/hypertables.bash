# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# Hypertables for the tests, beside lib/timescale.bash: owned on both sides by a
# role that is no superuser, which is who the tools connect as.
#
#   hyper_setup                 roles, schemas, $SRC and $DST as that role
#   metrics [SRC|DST]           the fixture: May 2023, hourly, in five chunks
#   chunks HT [CONDITION]       chunk lines of the source's HT
#   ended                       add the end line to lines
#   bounds FROM UNTIL           cut lines of "time" by bounds ('' for none)
#   copy                        lines on stdin to the target; results in "results"
#   same HT                     the same rows on both sides
#   count SIDE HT, statuses SIDE HT, rows of a hypertable, its chunks' statuses
#   invalidations SIDE          how many are in the logs of continuous aggregates

hyper_setup() {
	local side
	for side in src dst; do
		pg_sql $side "do \$\$ begin create role own login; exception
			when duplicate_object then null; end \$\$" 2>/dev/null
		pg_sql "$side/$DB" "alter database $DB owner to own;
			grant all on schema public to own" >/dev/null
	done
	SRC=${SRC/user=postgres/user=own} DST=${DST/user=postgres/user=own}
	export SRC DST
}

src_own() { src_as own "$1"; }
dst_own() { dst_as own "$1"; }
both_own() { src_own "$1" >/dev/null && dst_own "$1" >/dev/null; }

make_metrics() {
	both_own "create table metrics (time timestamptz not null,
			device_id text, val float8);
		select create_hypertable('metrics', 'time',
			chunk_time_interval => interval '7 days')"
}

compress_by_device() {
	both_own "alter table metrics set (timescaledb.compress,
		timescaledb.compress_segmentby = 'device_id',
		timescaledb.compress_orderby = 'time desc')"
}

may() {	# SIDE
	"$1_own" "insert into metrics select t, 'device ' || (i % 3), i
		from generate_series('2023-05-01'::timestamptz, '2023-05-31 23:00',
			interval '1 hour') with ordinality as x (t, i)"
}

compress_all() {	# SIDE [CONDITION]
	"$1_own" "select compress_chunk(format('%I.%I', chunk_schema,
			chunk_name)::regclass)
		from timescaledb_information.chunks
		where hypertable_name = 'metrics' and not is_compressed
		and ${2:-true} order by range_start" >/dev/null
}

chunks() {	# HYPERTABLE OR VIEW [CONDITION]
	src "select json_build_object('chunk', pg_catalog.format('%s/%I.%I', '$1',
			k.chunk_schema, k.chunk_name),
		'source', 'hypertable', 'schema', k.chunk_schema,
		'table', k.chunk_name,
		'parent', json_build_object('schema', k.hypertable_schema,
			'table', k.hypertable_name),
		'view', v.v, 'slices', s.s, 'slice', null, 'where', null,
		'compressed', k.is_compressed, 'rows', null, 'bytes', null)
	from timescaledb_information.chunks k
	cross join lateral (
		select json_object_agg(j.key,
			json_build_array(j.value ->> 0, j.value ->> 1)) s
		from _timescaledb_functions.show_chunk(format('%I.%I',
			k.chunk_schema, k.chunk_name)::regclass) z,
			jsonb_each(z.slices) j) s
	left join lateral (
		select json_build_object('schema', view_schema,
			'table', view_name) v
		from timescaledb_information.continuous_aggregates
		where materialization_hypertable_schema = k.hypertable_schema
		and materialization_hypertable_name = k.hypertable_name) v on true
	where '$1'::regclass = case when v.v is null
		then format('%I.%I', k.hypertable_schema, k.hypertable_name)
		else format('%I.%I', v.v ->> 'schema', v.v ->> 'table')
		end::regclass
	and ${2:-true} order by k.range_start, k.range_start_integer, k.chunk_name"
}

ended() {
	jq -c . | awk '{ print } END {
		printf "{\"end\":\"pg-chunks\",\"lines\":%d}\n", NR }'
}

# Lines of chunks outside of the bounds go; those that a bound cuts get "where".
bounds() {	# FROM UNTIL
	local from=0 until=9000000000000000
	[ -z "$1" ] || from=$(date -ud "$1" +%s)000000
	[ -z "$2" ] || until=$(date -ud "$2" +%s)000000
	jq -c --argjson f "$from" --argjson u "$until" --arg from "$1" --arg until "$2" '
		(.slices.time | map(tonumber)) as [$lo, $hi]
		| select($lo < $u and $f < $hi)
		| .where = ([if $lo < $f then "\"time\" >= \u0027\($from)\u0027" else empty end,
			if $u < $hi then "\"time\" < \u0027\($until)\u0027" else empty end]
			| if length > 0 then join(" and ") else null end)
		| .chunk += (if .where then "[\($from),\($until))" else "" end)'
}

copy() {	# [OPTIONS OF PG-COPYIN]
	local codes
	# shellcheck disable=SC2086 # several options
	{
		pg-copyout -d "$SRC" ${OUT_OPTIONS:-} 2>out.err |
			pg-copyin -d "$DST" "$@" >results 2>in.err
		codes="${PIPESTATUS[*]}"
	} || :
	if [ "$codes" != "${COPY_CODES:-0 0}" ]; then
		echo "copy: exits $codes"
		cat out.err in.err
		return 1
	fi
}

count() { "$1" "select count(*) from $2"; }

same() {	# HYPERTABLE
	local query="select count(*), sum(('x' || substr(md5(r::text), 1, 15))::bit(60)::bigint) from $1 r"
	is "$(dst "$query")" "$(src "$query")" "$1 differs"
}

statuses() {	# SIDE HYPERTABLE
	"$1" "select _timescaledb_functions.chunk_status(format('%I.%I',
			chunk_schema, chunk_name)::regclass)
		from timescaledb_information.chunks
		where format('%I.%I', hypertable_schema, hypertable_name)::regclass
			= '$2'::regclass
		order by range_start, range_start_integer, chunk_name" | paste -sd' '
}

# The tables that hold a hypertable's batches, in order.
compressed_tables() {	# SIDE HYPERTABLE
	"$1" "select format('%I.%I', b.schema_name, b.table_name)
		from _timescaledb_catalog.chunk c
		join _timescaledb_catalog.chunk b on b.id = c.compressed_chunk_id
		join timescaledb_information.chunks i on i.chunk_schema = c.schema_name
		and i.chunk_name = c.table_name
		where format('%I.%I', i.hypertable_schema, i.hypertable_name)::regclass
			= '$2'::regclass
		order by i.range_start, i.range_start_integer, i.chunk_name"
}

invalidations() {	# SIDE
	"$1" "select (select count(*) from
		_timescaledb_catalog.continuous_aggs_hypertable_invalidation_log)"
}

# The structure and bytes of all compressed chunks of a hypertable.
batches_of() {	# SIDE HYPERTABLE
	local relation
	compressed_tables "$1" "$2" |
		while read -r relation; do
			"$1" "select b::text from $relation b order by 1" </dev/null
			"$1" "select attname, format_type(atttypid, atttypmod), attstorage,
				attstattarget, attnotnull from pg_attribute
				where attrelid = '$relation'::regclass and attnum > 0
				order by attnum; select reloptions from pg_class
				where oid = '$relation'::regclass;
				select replace(pg_get_indexdef(indexrelid), i.relname, 'i')
				from pg_index join pg_class i on i.oid = indexrelid
				where indrelid = '$relation'::regclass order by 1" </dev/null |
				sed 's/compress_hyper_[0-9_]*_chunk[a-z0-9_]*/T/g'
		done
}

# What TimescaleDB knows of the compression of each chunk.
sizes_of() {	# SIDE HYPERTABLE
	"$1" "select z.uncompressed_heap_size, z.uncompressed_toast_size,
			z.uncompressed_index_size, z.compressed_heap_size,
			z.compressed_toast_size, z.compressed_index_size,
			z.numrows_pre_compression, z.numrows_post_compression
		from _timescaledb_catalog.compression_chunk_size z
		join _timescaledb_catalog.chunk c on c.id = z.chunk_id
		join timescaledb_information.chunks i on i.chunk_schema = c.schema_name
		and i.chunk_name = c.table_name
		where format('%I.%I', i.hypertable_schema, i.hypertable_name)::regclass
			= '$2'::regclass
		order by i.range_start, i.range_start_integer"
}
