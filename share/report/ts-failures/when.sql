-- The view shows each role the failures of its own jobs, and all to the owner of the
-- database: an empty list would not mean that there are none.
select case when not pg_catalog.pg_has_role((
	select d.datdba from pg_catalog.pg_database d
	where d.datname = pg_catalog.current_database()), 'member')
then 'only the owner of the database sees the failures of all jobs' end
