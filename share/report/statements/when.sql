-- The extension can be there while its library is not loaded: its settings are not
-- known then.
select case when not exists (
	select from pg_catalog.pg_settings s
	where s.name = 'pg_stat_statements.max')
then 'pg_stat_statements is not in shared_preload_libraries' end
