-- SPDX-License-Identifier: PostgreSQL
--
-- The ledger of pg-copyin: which chunks are in this database, whose they are,
-- and what is still to be done.  pgpipe init makes it; by hand:
--
--	psql -v schema=pgpipe -f ledger.sql
--
-- Everything here may be read by anybody who is allowed to; only pg-copyin
-- writes it.  A statement ends with a semicolon at the end of a line.

create schema if not exists :"schema";

comment on schema :"schema" is 'ledger of pgpipe';

-- What these tables look like; a program that knows less leaves them alone.
create table if not exists :"schema".format (
	format integer primary key
);

-- A named job from one source into this database.  The open one of a name is
-- continued; a finished or abandoned one is history.
create table if not exists :"schema".run (
	id bigint generated always as identity primary key,
	name text not null,
	system text,			-- of the source
	timeline bigint,
	database text,
	restarted boolean not null,	-- begun with --restart
	begun timestamptz not null default pg_catalog.clock_timestamp(),
	listed timestamptz,		-- a whole list of its chunks has come
	finished timestamptz,		-- all of them are loaded
	abandoned timestamptz
);

create unique index if not exists run_open on :"schema".run (name)
	where finished is null and abandoned is null;

-- A loaded chunk.  The row commits with the chunk's rows, never without them.
-- (No foreign key to run: each chunk would lock and so rewrite that one row.)
create table if not exists :"schema".chunk (
	run bigint not null,
	chunk text not null,
	mode text not null,		-- replace, append or upsert
	system text,			-- the source
	database text,
	source_schema text not null,
	source_table text not null,
	source_oid text,
	source_filenode text,
	target_schema text not null,
	target_table text not null,
	target_oid oid,
	predicate text,			-- null: the whole relation
	slice jsonb,			-- null: not a slice
	slices jsonb,			-- of a hypertable's chunk: its place
	snapshot text,
	pg_snapshot text,
	lsn text,
	rows bigint,
	bytes bigint,
	digest text,
	loaded timestamptz,
	replaced timestamptz,		-- a later run has cleared its rows
	unlogged boolean not null default false, -- there is a mark in unlogged
	primary key (run, chunk)
);

create index if not exists chunk_target
	on :"schema".chunk (target_schema, target_table)
	where replaced is null;

-- A relation that arrives in slices: cleared once, then filled under one
-- snapshot.  within is the predicate of all its slices together.
create table if not exists :"schema".sliced (
	id bigint generated always as identity primary key,
	run bigint not null,
	system text,
	database text,
	source_schema text not null,
	source_table text not null,
	target_schema text not null,
	target_table text not null,
	target_oid oid not null,
	within text,
	identity text not null,		-- of the snapshot
	cleared timestamptz not null default pg_catalog.clock_timestamp(),
	completed timestamptz,
	unlogged boolean not null default false
);

create index if not exists sliced_target
	on :"schema".sliced (target_schema, target_table);

-- Marks of what was loaded into unlogged tables.  A crash takes the rows of
-- such tables and leaves the ledger; the marks go with the rows.
create unlogged table if not exists :"schema".unlogged (
	run bigint not null,
	piece text not null,		-- "chunk ID", "sliced NUMBER"
	primary key (run, piece)
);

-- Chunks of a run that failed and were not loaded since.
create table if not exists :"schema".failed (
	run bigint not null,
	chunk text not null,
	target_schema text not null,
	target_table text not null,
	process text not null,		-- who met the failure
	class integer not null,
	sqlstate text,
	message text not null,
	failed timestamptz not null default pg_catalog.clock_timestamp(),
	primary key (run, chunk)
);

-- Indexes that were dropped to load a table faster and wait to be built
-- again.  Their definitions are complete; each row goes with its index's
-- return.
create table if not exists :"schema".deferred (
	id bigint generated always as identity primary key,
	target_oid oid,			-- those of a dropped table are void
	target_schema text not null,
	target_table text not null,
	name text not null,
	definition text,		-- create index ...
	constraint_definition text,	-- alter table ... add constraint ...
	tablespace text not null,	-- '': the database's
	after jsonb not null,		-- comments, cluster mark, statistics
	dropped timestamptz not null default pg_catalog.clock_timestamp()
);

create index if not exists deferred_target
	on :"schema".deferred (target_schema, target_table);

-- New partitions that are being filled and are attached when they are whole.
create table if not exists :"schema".attaching (
	target_schema text not null,
	target_table text not null,
	parent_schema text not null,
	parent_table text not null,
	bound text not null,
	created timestamptz not null default pg_catalog.clock_timestamp(),
	primary key (target_schema, target_table)
);

-- What a ledger of format 1 lacks.
alter table :"schema".chunk add column if not exists slices jsonb;

insert into :"schema".format (format)
	select 2 where not exists (select from :"schema".format);

update :"schema".format set format = 2 where format < 2;
