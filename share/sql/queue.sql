-- SPDX-License-Identifier: PostgreSQL
--
-- The queues of pg-queue: which chunks are to be worked on, and what was
-- answered.  pg-queue put makes it, pgpipe init, too; by hand:
--
--	psql -v schema=pgpipe -f queue.sql
--
-- A chunk that is being worked on is one whose row is locked: whoever dies
-- gives it back.  A statement ends with a semicolon at the end of a line.

create schema if not exists :"schema";

-- What these tables look like; a program that knows less leaves them alone.
create table if not exists :"schema".queue_format (
	format integer primary key
);

create table if not exists :"schema".queue (
	name text primary key,
	run text not null,		-- what the pipelines' runs are named after
	snapshot text,			-- that ctid slices are taken under
	made timestamptz not null default pg_catalog.clock_timestamp()
);

create table if not exists :"schema".queued (
	id bigint generated always as identity primary key,
	queue text not null,
	relation text not null,		-- of the source
	piece text not null,		-- and which part of it, without bounds
	chunk text not null,		-- the id
	predicate text,
	line json not null,		-- as it came
	by_ctid boolean not null,
	rows bigint,			-- estimates
	bytes bigint,
	stamp text not null,		-- of the put that brought it
	state text not null default 'pending',	-- or done, or failed
	round integer not null default 1,	-- how often it was begun anew
	tries integer not null default 0,	-- that failed, in this round
	due timestamptz,		-- not before
	error json,			-- of the last try that failed
	answer text,			-- the result's status
	wrong boolean not null default false,	-- the answer is no
	result json,
	snapshot text,			-- that a ctid slice was done under
	worker text,			-- who did it: host and process
	began timestamptz,
	ended timestamptz,
	unique (queue, piece)
);

create index if not exists queued_pending
	on :"schema".queued (queue, bytes desc nulls last, id)
	where state = 'pending';

create index if not exists queued_relation
	on :"schema".queued (queue, relation);

-- What replaces a line as soon as who works on it is done with it.
create table if not exists :"schema".queue_next (
	queue text not null,
	piece text not null,
	chunk text not null,
	predicate text,
	line json not null,
	rows bigint,
	bytes bigint,
	stamp text not null,
	primary key (queue, piece)
);

-- Which round the slices by ctid of a table are of that come when others of it
-- were dropped that had been done.
create table if not exists :"schema".queue_round (
	queue text not null,
	relation text not null,
	round integer not null,
	primary key (queue, relation)
);

-- Background jobs of TimescaleDB that a queue has paused.
create table if not exists :"schema".queue_job (
	queue text not null,
	job integer not null,
	name text not null,
	paused timestamptz not null default pg_catalog.clock_timestamp(),
	primary key (queue, job)
);

insert into :"schema".queue_format (format)
	select 1 where not exists (select from :"schema".queue_format);
