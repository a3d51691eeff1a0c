-- SPDX-License-Identifier: PostgreSQL
-- api: 1
-- about: tables that stand alone
-- for: true

select s.relid, null as root, null as parent, null as bound, null as range,
	null as part, null as predicate, null as rows, null as bytes,
	false as compressed, null as refuse
from selected s
