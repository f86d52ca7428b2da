/**
 * @file clock.c  The time, and its jumps
 *
 * Our clock is never set, and goes on while the machine sleeps. libre's timers
 * use another clock: before libre 2.1 the wall clock, since then one that
 * stops in sleep. After a sleep, timers of the first kind are all due at once,
 * and those of the second are late. In both cases the registration may have
 * expired. A kernel timer reports when the wall clock is set, which also
 * happens on waking up. Then the clocks are compared. Nothing polls.
 *
 * If the process was busy when the machine fell asleep, libre's timers run
 * before it reads that descriptor. So whoever reports a failure asks first
 * whether there was a jump.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/timerfd.h>
#endif
#include "clock.h"
#include "compat.h"
#include "schedule.h"


enum {
	JUMP_MS = 1000,              /**< A smaller step is no jump          */
	SAME_MS = 10,                /**< Readings of the same moment        */
	READINGS = 10,               /**< That is tried so often             */
};

/** What the clocks say */
struct reading {
	int64_t asleep;              /**< Time spent in sleep so far [ms]    */
	int64_t wall;                /**< Wall clock minus ours [ms]         */
};

static struct {
	struct compat_fd cfd;
	struct tmr tmr;
	struct reading last;         /**< Jumps up to here were reported     */
	bool late;                   /**< Overdue timers run after a jump    */
	clock_jump_h *h;
} timing = { .cfd = { .fd = -1 } };


static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts))
		return 0;

	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}


/**
 * The time, for everything except libre's timers
 *
 * @return Time [ms], from an arbitrary start
 */
uint64_t clock_ms(void)
{
#ifdef CLOCK_BOOTTIME
	return (uint64_t)read_ms(CLOCK_BOOTTIME);
#else
	return (uint64_t)read_ms(CLOCK_MONOTONIC);
#endif
}


/**
 * Was an action so late that the process cannot have read its sockets
 * meanwhile? Then a missing answer is no evidence.
 *
 * @param due When the action was due [ms]
 *
 * @return True if it was
 */
bool clock_is_late(uint64_t due)
{
	return clock_ms() > due + STALL_MS;
}


#if defined(__linux__) && defined(TFD_TIMER_CANCEL_ON_SET)
/* The process may have to wait for its turn between two readings */
static struct reading compare(void)
{
	struct reading reading;
	int64_t now;

	for (unsigned i = 0; i < READINGS; i++) {

		now = (int64_t)clock_ms();
		reading.asleep = now - read_ms(CLOCK_MONOTONIC);
		reading.wall   = read_ms(CLOCK_REALTIME) - now;

		if ((int64_t)clock_ms() - now < SAME_MS)
			break;
	}

	return reading;
}


static int arm(void)
{
	/* the year 2242, if time_t is large enough */
	const struct itimerspec never = {
		.it_value.tv_sec = (time_t)INT32_MAX *
			(sizeof(time_t) > 4 ? 4 : 1),
	};

	return timerfd_settime(timing.cfd.fd, TFD_TIMER_ABSTIME |
			       TFD_TIMER_CANCEL_ON_SET, &never, NULL) ?
		errno : 0;
}


static bool has_slept(const struct reading *now)
{
	return now->asleep - timing.last.asleep >= JUMP_MS;
}


static bool was_set(const struct reading *now)
{
	const int64_t step = now->wall - timing.last.wall;

	return COMPAT_WALL_TIMERS && (step >= JUMP_MS || -step >= JUMP_MS);
}


static void jump_handler(void *arg);


static void report_jump(void)
{
	const struct reading now = compare(), last = timing.last;
	const bool slept = has_slept(&now), set = was_set(&now);

	timing.last = now;
	timing.late = slept || set;

	/* by then all timers have run that the jump has made due */
	if (timing.late)
		tmr_start(&timing.tmr, 0, jump_handler, NULL);

	if (slept)
		timing.h(now.asleep - last.asleep);
	else if (set)
		timing.h(0);
}


static void read_handler(int flags, void *arg)
{
	uint64_t n;
	ssize_t len;
	(void)flags;
	(void)arg;

	len = read(timing.cfd.fd, &n, sizeof(n));
	(void)len;                   /* ECANCELED: the clock was set*/
	(void)arm();
	report_jump();
}


static void jump_handler(void *arg)
{
	(void)arg;

	report_jump();
}


/**
 * Was there a jump that the handler was not called for yet, or just now? Then
 * what fails may have begun before the machine slept. The handler is called
 * soon.
 *
 * @return True if there was
 */
bool clock_has_jumped(void)
{
	struct reading now;

	if (timing.late || timing.cfd.fd < 0)
		return timing.late;

	now = compare();
	if (!has_slept(&now) && !was_set(&now))
		return false;

	tmr_start(&timing.tmr, 0, jump_handler, NULL);

	return true;
}


/**
 * Start to watch for jumps
 *
 * @param h Called after a jump
 *
 * @return 0 if success, otherwise errorcode
 */
int clock_open(clock_jump_h *h)
{
	int err;

	tmr_init(&timing.tmr);
	timing.h = h;
	timing.cfd.fd = timerfd_create(CLOCK_REALTIME,
				       TFD_NONBLOCK | TFD_CLOEXEC);
	if (timing.cfd.fd < 0)
		return errno;

	timing.last = compare();

	err = arm();
	if (!err)
		err = compat_fd_listen(&timing.cfd, read_handler, NULL);

	if (err) {
		(void)close(timing.cfd.fd);
		timing.cfd.fd = -1;
	}

	return err;
}
#else
int clock_open(clock_jump_h *h)
{
	tmr_init(&timing.tmr);
	timing.h = h;

	return ENOSYS;
}


bool clock_has_jumped(void)
{
	return false;
}
#endif


/** Stop watching */
void clock_close(void)
{
	tmr_cancel(&timing.tmr);
	compat_fd_close(&timing.cfd);
}
