/* SPDX-License-Identifier: PostgreSQL */
/*
 * One type is error value, control flow and exit status at once.
 *
 * A function that can fail returns a status.  Whoever first detects a
 * failure reports it (base/log.h) and returns its class; callers pass the
 * status on unchanged and add a detail only where they know more.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

typedef enum status {
	STATUS_OK = 0,	  /* done */
	STATUS_NO = 1,	  /* done, and the answer is no */
	STATUS_USAGE = 2, /* the request or the input was not understood */
	STATUS_FAIL = 3,  /* failed, and would fail again */
	STATUS_RETRY = 4  /* failed, and trying again may work */
} status;

#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * The status that a program reports which met both: bad input outranks a
 * failure, a lasting failure outranks a passing one, any failure outranks
 * a no.
 */
status status_worse(status a, status b);

#endif
