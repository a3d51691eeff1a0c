-- SPDX-License-Identifier: PostgreSQL
-- What `make demo` copies: the shapes of table that people have.
\set ON_ERROR_STOP on
set client_min_messages = warning;
select pg_catalog.setseed(0.42) \g /dev/null

-- pgbench's accounts, ten branches of them.
create table accounts (
    aid      integer primary key,
    bid      integer not null,
    abalance integer,
    filler   character(84)
);
insert into accounts
select i, (i - 1) / 100000 + 1, (i::bigint * 7919) % 10007 - 5000, ''
  from pg_catalog.generate_series(1, 1000000) as i;

-- A time series: 100 devices, one reading a minute, for a week.
create table readings (
    time        timestamptz not null,
    device      integer not null,
    temperature double precision,
    humidity    numeric(5, 2)
);
insert into readings
select t, d, 20 + 5 * sin(extract(epoch from t) / 86400) + random(),
       round((50 + 20 * random())::numeric, 2)
  from pg_catalog.generate_series(timestamptz '2025-01-06', '2025-01-12 23:59',
           interval '1 minute') as t,
       pg_catalog.generate_series(1, 100) as d;
create index on readings (device, time desc);

-- Partitioned by month, with a default partition and an identity column.
create table events (
    id       bigint generated always as identity,
    at       date not null,
    kind     text not null,
    payload  jsonb,
    primary key (id, at)
) partition by range (at);
create table events_2025_01 partition of events
    for values from ('2025-01-01') to ('2025-02-01');
create table events_2025_02 partition of events
    for values from ('2025-02-01') to ('2025-03-01');
create table events_2025_03 partition of events
    for values from ('2025-03-01') to ('2025-04-01');
create table events_default partition of events default;
insert into events (at, kind, payload)
select date '2024-12-20' + i % 110,
       (array['login', 'order', 'payment', 'refund'])[1 + i % 4],
       pg_catalog.jsonb_build_object('n', i, 'ok', i % 3 = 0, 'note',
           case when i % 10 = 0 then null else pg_catalog.md5(i::text) end)
  from pg_catalog.generate_series(1, 200000) as i;

-- Names that must be quoted, an enum, an array, a generated column, long text
-- that is stored out of line, and every kind of odd value.
create type mood as enum ('sad', 'ok', 'happy');
create table "Customer Notes" (
    "Id"      uuid primary key,
    "order"   mood[],
    "Weight"  double precision,
    "Text"    text,
    "Length"  integer generated always as (pg_catalog.length("Text")) stored,
    "Doc"     jsonb
);
insert into "Customer Notes" ("Id", "order", "Weight", "Text", "Doc")
select pg_catalog.md5(i::text)::uuid,
       case i % 3 when 0 then null when 1 then array['sad', 'ok']::mood[]
           else array[null, 'happy']::mood[] end,
       case i % 5 when 0 then 'NaN' when 1 then 'Infinity' when 2 then '-0'
           else random() end,
       case when i % 50 = 0
           then (select pg_catalog.string_agg(pg_catalog.md5((i + n)::text), E'\t\n')
                   from pg_catalog.generate_series(1, 300) as n)
           else 'größe ' || i end,
       pg_catalog.jsonb_build_object('tags', array['a', 'b', i::text], 'deep',
           pg_catalog.jsonb_build_object('null', null, 'pi', 3.14159265358979))
  from pg_catalog.generate_series(1, 20000) as i;

-- Empty, and without any column: both are tables.
create table "empty" (nothing integer);
create table no_columns ();
insert into no_columns default values;

analyze;
