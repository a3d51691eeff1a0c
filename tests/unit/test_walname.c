/* SPDX-License-Identifier: PostgreSQL */
/* Names of WAL files. */
#include "data/walname.h"

#include "tap.h"

#define MB ((uint32_t)1 << 20)

static void
kinds(void)
{
	static const struct {
		const char *name;
		enum wal_file kind;
	} names[] = {{"000000010000000000000002", WAL_SEGMENT},
	    {"000000010000000000000002.partial", WAL_PARTIAL},
	    {"00000002.history", WAL_HISTORY},
	    {"000000010000000000000002.00000028.backup", WAL_BACKUP_HISTORY},
	    {"00000001000000000000000", WAL_OTHER},
	    {"0000000100000000000000023", WAL_OTHER},
	    {"00000001000000000000000g", WAL_OTHER},
	    {"00000001000000000000000a", WAL_OTHER},
	    {"0000002.history", WAL_OTHER}, {"", WAL_OTHER},
	    {"000000010000000000000002.gz", WAL_OTHER},
	    {"000000010000000000000002.00000028.backupx", WAL_OTHER},
	    {"RECOVERYXLOG", WAL_OTHER}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_number(wal_file_kind(names[i].name), names[i].kind,
		    names[i].name);
}

static void
there_and_back(const char *name, uint32_t size, uint32_t timeline, uint64_t lsn)
{
	char text[WAL_NAME];
	uint32_t tli = 0;
	uint64_t segment = 0;

	ok(wal_name_parse(name, size, &tli, &segment), "%s is one", name);
	is_number(tli, timeline, "its timeline");
	is_number(segment * size, lsn, "where it begins");
	wal_name_show(text, tli, segment, size);
	is_text(text, name, "and back");
}

static void
names(void)
{
	uint32_t tli;
	uint64_t segment;

	there_and_back("000000010000000000000002", 16 * MB, 1, 0x2000000);
	/* The last of a log, and the first of the next. */
	there_and_back("0000000A00000001000000FF", 16 * MB, 10,
	    UINT64_C(0x1FF000000));
	there_and_back("0000000A0000000200000000", 16 * MB, 10,
	    UINT64_C(0x200000000));
	there_and_back("000000010000000000000003", 1024 * MB, 1, 0xC0000000);
	there_and_back("000000010000000000000FFF", 1 * MB, 1, 0xFFF00000);
	ok(!wal_name_parse("000000010000000000000100", 16 * MB, &tli, &segment),
	    "a log of 16 MB segments has only 256");
	ok(!wal_name_parse("000000010000000000000004", 1024 * MB, &tli,
	       &segment),
	    "a log of 1 GB segments has only 4");
	ok(!wal_name_parse("000000000000000000000001", 16 * MB, &tli, &segment),
	    "no timeline is 0");
	ok(!wal_name_parse("00000002.history", 16 * MB, &tli, &segment),
	    "a history file is no segment");
	is_number(wal_name_timeline("0000001F.history"), 31, "its timeline");
	is_number(wal_name_timeline("readme"), 0, "none");
}

static void
lsns(void)
{
	static const char *const bad[] = {"", "/", "0/", "/0", "0/0 ", " 0/0",
	    "123456789/0", "0/123456789", "0/0/0", "0x1/0", "g/0", "00"};
	char text[WAL_LSN];
	uint64_t lsn = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!wal_lsn_parse(bad[i], &lsn), "no LSN: \"%s\"", bad[i]);
	ok(wal_lsn_parse("16/B374d848", &lsn) && lsn == UINT64_C(0x16B374D848),
	    "both cases");
	wal_lsn_show(text, lsn);
	is_text(text, "16/B374D848", "as the server shows it");
	ok(wal_lsn_parse("FFFFFFFF/FFFFFFFF", &lsn) && lsn == UINT64_MAX,
	    "the last");
	wal_lsn_show(text, UINT64_MAX);
	is_text(text, "FFFFFFFF/FFFFFFFF", "fits");
}

static void
ranges(void)
{
	is_number(wal_first_segment(0x2000028, 16 * MB), 2, "the first");
	is_number(wal_last_segment(0x3000000, 16 * MB), 2,
	    "an end on a boundary needs nothing of the next");
	is_number(wal_last_segment(0x3000001, 16 * MB), 3, "a byte more does");
	ok(wal_size_valid(1 * MB) && wal_size_valid(1024 * MB) &&
		wal_size_valid(16 * MB),
	    "sizes");
	ok(!wal_size_valid(0) && !wal_size_valid(24 * MB) &&
		!wal_size_valid(2048ull * MB),
	    "no sizes");
}

int
main(void)
{
	kinds();
	names();
	lsns();
	ranges();
	return tap_done();
}
