/**
 * @file sleep_shim.c  Lets a process believe that the machine was asleep
 *
 * Preloaded. At SIGUSR2 the clocks that run on in sleep jump ahead by SLEEP_S
 * seconds, the monotonic ones do not, and a timer that is to end when the
 * clock is set ends: what the kernel does on waking up. The wall clock alone
 * is set by SET_S seconds. With UNTOLD set the timer does not end before
 * SIGPWR: a process that was busy looks at its own timers first.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static atomic_long asleep_s, set_s;
static atomic_int timer = -1;


static void tell(int sig)
{
	const unsigned long long one = 1;
	(void)sig;

	if (timer >= 0 && write(timer, &one, sizeof(one)) < 0)
		abort();
}


static void wake_up(int sig)
{
	const char *asleep = getenv("SLEEP_S"), *set = getenv("SET_S");

	asleep_s += asleep ? atol(asleep) : 0;
	set_s    += set ? atol(set) : 0;
	if (!getenv("UNTOLD"))
		tell(sig);
}


__attribute__((constructor)) static void start(void)
{
	(void)signal(SIGUSR2, wake_up);
	(void)signal(SIGPWR, tell);
}


int timerfd_create(int clockid, int flags)
{
	(void)clockid;
	(void)flags;

	return timer = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}


int timerfd_settime(int fd, int flags, const struct itimerspec *new_value,
		    struct itimerspec *old_value)
{
	(void)fd;
	(void)flags;
	(void)new_value;
	(void)old_value;

	return 0;
}


int clock_gettime(clockid_t id, struct timespec *ts)
{
	const int err = (int)syscall(SYS_clock_gettime, id, ts);

	if (!err && (id == CLOCK_REALTIME || id == CLOCK_BOOTTIME))
		ts->tv_sec += asleep_s;
	if (!err && id == CLOCK_REALTIME)
		ts->tv_sec += set_s;

	return err;
}


int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;
	(void)tz;

	if (clock_gettime(CLOCK_REALTIME, &ts))
		return -1;

	tv->tv_sec  = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;

	return 0;
}
