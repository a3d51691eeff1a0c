# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests of continuous aggregates, beside timescale.bash.
#
#   cagg_lines DSN [VIEW...]  the lines of a database's continuous aggregates, all
#                             of them or those named, with their end line
#   watermark DSN VIEW        as the type of its time column prints it; empty: none

# What pg-chunks --caggs says, without it.
cagg_lines() {	# DSN [VIEW...]
	local dsn=$1 names
	shift
	names=$(jq -nc '$ARGS.positional' --args -- "$@")
	psql -XAtq -d "$dsn" -v names="$names" <<-'SQL' | jq -c .
		with recursive named as (
			select c.mat_hypertable_id as id, c.parent_mat_hypertable_id as below,
				c.user_view_schema as s, c.user_view_name as v, c.raw_hypertable_id,
				c.materialized_only as sealed, d.column_type::text as type,
				w.watermark as w,
				case d.column_type::text
				when 'timestamp with time zone' then case when w.watermark > -210866803200000000
					then _timescaledb_functions.to_timestamp(w.watermark)::text end
				when 'timestamp without time zone' then case when w.watermark > -210866803200000000
					then _timescaledb_functions.to_timestamp_without_timezone(w.watermark)::text end
				when 'date' then case when w.watermark > -210866803200000000
					then _timescaledb_functions.to_date(w.watermark)::text end
				when 'bigint' then case when w.watermark > -9223372036854775808 then w.watermark::text end
				when 'integer' then case when w.watermark > -2147483648 then w.watermark::text end
				else case when w.watermark > -32768 then w.watermark::text end
				end as watermark
			from _timescaledb_catalog.continuous_agg c
			join _timescaledb_catalog.continuous_aggs_watermark w using (mat_hypertable_id)
			join _timescaledb_catalog.hypertable h on h.id = c.mat_hypertable_id
			join timescaledb_information.dimensions d on d.hypertable_schema = h.schema_name
				and d.hypertable_name = h.table_name and d.dimension_number = 1
		), levels as (
			select id, 0 as level from named where below is null
			union all
			select n.id, l.level + 1 from named n join levels l on n.below = l.id
		), chosen as (
			select * from named join levels using (id)
			where :'names' = '[]' or v in (select jsonb_array_elements_text(:'names'))
		)
		select json_build_object('cagg', quote_ident(s) || '.' || quote_ident(v), 'source', 'cagg',
			'schema', s, 'view', v, 'parent', json_build_object('schema', h.schema_name, 'table', h.table_name),
			'level', level, 'type', type, 'watermark', watermark, 'materialized_only', sealed,
			'system', (select system_identifier::text from pg_control_system()), 'timeline', 1,
			'database', current_database())
		from (select * from chosen order by id desc) c
		join _timescaledb_catalog.hypertable h on h.id = c.raw_hypertable_id;
		select json_build_object('end', 'pg-chunks', 'lines', count(*))
		from timescaledb_information.continuous_aggregates
		where :'names' = '[]' or view_name in (select jsonb_array_elements_text(:'names'));
	SQL
}

watermark() {	# DSN VIEW
	cagg_lines "$@" | jq -r 'select(.cagg) | .watermark // ""'
}
