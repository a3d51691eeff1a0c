/* SPDX-License-Identifier: PostgreSQL */
/*
 * Messages for people, on stderr, in PostgreSQL's style: lower case, no
 * full stop, names quoted, the reason given.
 *
 *	pg-copyin: error: could not open "x": No such file or directory
 *	pg-copyin: hint: ...
 *
 * Every message is written with one write(2), so that threads and the
 * stages of a pipe do not mix within a line.  Whatever the arguments hold
 * (names from a database are hostile), no control character reaches the
 * terminal: bytes below 0x20, 0x7f and the C1 controls (U+0080..U+009F) are
 * shown as \xHH, invalid UTF-8 too.  Passwords are never passed here.
 *
 * All functions are safe from any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Name the program (kept by reference) in every message. */
void log_init(const char *program);
const char *log_program(void);

/* -q: warnings and errors only.  -v: log_verbose speaks. */
void log_set_quiet(bool quiet);
void log_set_verbose(bool verbose);
bool log_is_quiet(void);
bool log_is_verbose(void);

void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warning(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_detail(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_hint(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);	  /* not under -q */
void log_verbose(const char *fmt, ...) PRINTF_LIKE(1, 2); /* only under -v */

/* A progress bar on the terminal's current line (no newline, plain text); a
 * message or a line of stdout that comes next erases it first. */
void log_bar(const char *line);
void log_erase_bar(void);

/* What a program exits with that ends for want of memory: STATUS_FAIL unless
 * told, where somebody else's contract gives 3 another meaning. */
void log_set_last_exit(int code);
int log_last_exit(void);

/* Our own mistake, never the world's: report and abort(3). */
#define BUG(...) log_bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void log_bug(const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
