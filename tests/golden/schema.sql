-- SPDX-License-Identifier: PostgreSQL
-- A schema of all that the report's sections must tell, and of the names and
-- comments that break reports.  The result of collecting it is kept beside it.
\set ON_ERROR_STOP 1
set client_min_messages = warning;

create role golden_owner;
create role golden_reader;
create role "golden <b>&""odd""";
grant golden_reader to golden_owner with admin option;

-- What pgbench -i makes.
create table pgbench_accounts (aid integer not null, bid integer,
	abalance integer, filler character(84)) with (fillfactor = 100);
create table pgbench_branches (bid integer not null, bbalance integer,
	filler character(88)) with (fillfactor = 100);
create table pgbench_history (tid integer, bid integer, aid integer,
	delta integer, mtime timestamp without time zone, filler character(22));
create table pgbench_tellers (tid integer not null, bid integer,
	tbalance integer, filler character(84)) with (fillfactor = 100);
alter table pgbench_branches add primary key (bid);
alter table pgbench_tellers add primary key (tid);
alter table pgbench_accounts add primary key (aid);
alter table pgbench_tellers add constraint pgbench_tellers_bid_fkey
	foreign key (bid) references pgbench_branches;
alter table pgbench_accounts add constraint pgbench_accounts_bid_fkey
	foreign key (bid) references pgbench_branches;
alter table pgbench_history add constraint pgbench_history_bid_fkey
	foreign key (bid) references pgbench_branches;
alter table pgbench_history add constraint pgbench_history_tid_fkey
	foreign key (tid) references pgbench_tellers;
alter table pgbench_history add constraint pgbench_history_aid_fkey
	foreign key (aid) references pgbench_accounts;

create schema shop authorization golden_owner;
comment on schema shop is 'Orders | and what they hold';
grant usage on schema shop to golden_reader;
set search_path = shop;

create type mood as enum ('sad', 'so ''so''', '<happy>', '😀');
comment on type mood is 'How it went';
create type pair as (a integer, b text);
create type span as range (subtype = double precision);
create domain email as text collate "C" not null default 'nobody@example.org'
	constraint looks_like_one check (value ~ '@');

create function touch() returns trigger language plpgsql as
	$$ begin new.changed := pg_catalog.now(); return new; end $$;
create function total(a numeric, variadic more numeric[] default '{}')
	returns numeric language sql immutable strict parallel safe
	as 'select a + coalesce((select sum(m) from unnest(more) m), 0)';
comment on function total(numeric, numeric[]) is 'Adds | up <i>everything</i>';
create function secret() returns integer language sql security definer
	set search_path = '' as 'select 1';
create procedure nothing() language sql as '';
create aggregate product(numeric)
	(sfunc = numeric_mul, stype = numeric, initcond = '1');
revoke execute on function secret() from public;
grant execute on function secret() to golden_reader;

create sequence ticket as smallint start 5 increment by 5 maxvalue 100 cycle;
create sequence spare;

create table customer (
	id bigint generated always as identity (start 100) primary key,
	name text collate "C" not null,
	mail email,
	spirit mood default '<happy>',
	born date,
	full_name text generated always as (name || ' ' || 'Esq.') stored,
	boss bigint references customer on delete set null,
	changed timestamptz default now(),
	gone integer,
	constraint grown check (born is null or born < date '2020-01-01')
);
alter table customer drop column gone;
comment on table customer is '<script>alert("comment")</script> & <b>bold</b>';
comment on column customer.name is E'one | two\n<img src=x onerror=alert(1)>';
comment on constraint grown on customer is 'no <children>';
create index customer_lower on customer (lower(name), born desc)
	where boss is null;
comment on index customer_lower is 'by name, <em>folded</em>';
create unique index customer_mail on customer (mail) include (name);
alter table customer add constraint no_twins exclude using btree
	(changed with =);
alter table customer enable row level security;
create policy own on customer for select to golden_reader
	using (name = current_user);
create policy careful on customer as restrictive for update
	using (true) with check (spirit <> 'sad');
create trigger touched before update on customer for each row
	when (old.name is distinct from new.name) execute function touch();
create trigger asleep after insert on customer for each row
	execute function touch();
alter table customer disable trigger asleep;
grant select, insert on customer to golden_reader;
grant update (name, born) on customer to golden_reader;
grant select on customer to public;
grant delete on customer to "golden <b>&""odd""" with grant option;

create table product (
	code text, region text, price numeric(10,2) not null check (price >= 0),
	tags text[], doc jsonb, place point, during span, whole pair,
	primary key (region, code)
) with (autovacuum_vacuum_scale_factor = 0.05);
create unlogged table scratch (n serial, t text);
create rule stay as on delete to scratch do instead nothing;

-- Partitions: two levels, a default, a foreign key from all and one to all.
create table orders (
	id bigint not null, at timestamptz not null, region text not null,
	code text, customer bigint references customer on update cascade,
	note text,
	primary key (id, at, region),
	foreign key (region, code) references product (region, code)
) partition by range (at);
comment on table orders is 'Partitioned twice';
create table orders_2024 partition of orders
	for values from ('2024-01-01') to ('2025-01-01');
create table orders_2025 partition of orders
	for values from ('2025-01-01') to ('2026-01-01')
	partition by list (region);
create table orders_2025_eu partition of orders_2025 for values in ('eu');
create table orders_2025_us partition of orders_2025 for values in ('us')
	partition by hash (id);
create table orders_2025_us_0 partition of orders_2025_us
	for values with (modulus 2, remainder 0);
create table orders_2025_us_1 partition of orders_2025_us
	for values with (modulus 2, remainder 1);
create table orders_else partition of orders default;
create index orders_customer on orders (customer);
create index only_here on orders_2024 (note);
create table item (
	"order" bigint, at timestamptz, region text, n integer,
	foreign key ("order", at, region) references orders on delete cascade
);
alter table item add constraint later check (n > 0) not valid;
insert into orders select i, '2024-06-01'::timestamptz + i * interval '1 day',
	case when i % 2 = 0 then 'eu' else 'us' end
	from generate_series(1, 400) i;

-- Inheritance of the old kind: each is a table of its own.
create table animal (name text not null);
create table dog (bark integer) inherits (animal);

-- Views on views, one that is materialized, one that can be written through.
create view recent as select id, at, region from orders
	where at > '2024-01-01' with local check option;
create view recent_eu with (security_barrier) as
	select r.*, c.name from recent r left join customer c on c.id = r.id
	where r.region = 'eu';
comment on view recent_eu is 'A view on a view';
create materialized view tally as
	select region, count(*) as n from recent group by region;
create unique index tally_region on tally (region);
create view counted as select t.n, e.name from tally t, recent_eu e;

-- Names that are text to somebody else.
create schema "<script>alert('s')</script>";
comment on schema "<script>alert('s')</script>" is '</title><script>1</script>';
set search_path = "<script>alert('s')</script>";
create table "<script>alert(1)</script>" (
	"<b>" integer primary key, "a""quote" text, "pipe|pipe" text default '|',
	"new
line" text, "tab	tab" text, "😀" text, "עברית" text, "back`tick" text,
	"[x](javascript:alert(1))" text, "$1{x}%s\" text
);
comment on table "<script>alert(1)</script>" is E'line one\nline | two
--> <!-- ]]> </style> &amp; \u202Egnirts';
comment on column "<script>alert(1)</script>"."new
line" is 'two
lines';
create table "two
lines" ("of" integer references "<script>alert(1)</script>");
create table "a.b" ("c.d" text check ("c.d" <> '<br>'));
create table "ünï ""code"" | 表 😀 שלום" (x integer);
create view "v;drop table x--" as select "<b>" as "'" from "<script>alert(1)</script>";
create index "i <i>" on "<script>alert(1)</script>" ("pipe|pipe");
create function "f</pre>"("<in>" integer) returns integer language sql
	as $$ select '</script>'::text is null and "<in>" > 0; select 1 $$;
create type "<enum>" as enum ('</option>', '|');
create sequence "s""q";
reset search_path;

alter default privileges in schema shop grant select on tables to golden_reader;
create publication golden_pub for table shop.customer, pgbench_accounts;
alter table shop.customer owner to golden_owner;
vacuum analyze shop.orders, shop.customer, pgbench_accounts;
