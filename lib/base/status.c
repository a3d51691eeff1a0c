/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which of two statuses a program reports that met both.
 */
#include "base/status.h"

static int
rank(status s)
{
	switch (s) {
	case STATUS_OK:
		return 0;
	case STATUS_NO:
		return 1;
	case STATUS_RETRY:
		return 2;
	case STATUS_FAIL:
		return 3;
	case STATUS_USAGE:
		return 4;
	}
	return 3;
}

status
status_worse(status a, status b)
{
	return rank(a) >= rank(b) ? a : b;
}
