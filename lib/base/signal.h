/* SPDX-License-Identifier: PostgreSQL */
/*
 * SIGINT, SIGTERM and SIGHUP end work at a safe point first, the second
 * one at once, a third by its default action.  A handler sets a flag and
 * writes a byte to a pipe.  What comes within 0.2 s counts as the same request.
 * Signals that were ignored when the program started stay so.
 */
#ifndef BASE_SIGNAL_H
#define BASE_SIGNAL_H

#include <stdbool.h>

void signal_init(void);
/* The signal that asked for the stop, 0 for none. */
int signal_stop(void);
/* True after the second one: give up now (connections are dropped). */
bool signal_abort(void);
/* A descriptor that becomes and stays readable once a stop was asked for,
 * for poll(2); another one for abort. */
int signal_stop_fd(void);
int signal_abort_fd(void);
/* Raise the stopping signal again with its default action, if there was
 * one, so that the shell sees the truth. */
void signal_raise_again(void);

#endif
