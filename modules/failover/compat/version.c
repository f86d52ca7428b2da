/**
 * @file version.c  Is this the Baresip that the module was built for?
 *
 * Structures and arguments differ between versions, but a module is loaded
 * without a check of that. This file must work in every Baresip. So it
 * includes none of their headers, and every function may be missing.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "version.h"

#define WEAK __attribute__((weak))

const char *sys_libre_version_get(void) WEAK;
const char *baresip_version(void) WEAK;                /* since 4.0         */
int  bevent_register(void) WEAK;                       /* since 3.15        */
int  module_event(void) WEAK;                          /* since 1.1         */
void warning(const char *fmt, ...) WEAK;               /* before 4.0        */
void _warning(bool safe, const char *fmt, ...) WEAK;   /* since 4.0         */

/* The newest libre in all live tests, see measured.md */
#ifndef FAILOVER_TESTED
#define FAILOVER_TESTED 410
#endif

#ifdef FAILOVER_UPSTREAM
#define BUILT_BARESIP FAILOVER_BARESIP
#else
#define BUILT_BARESIP 100              /* or 1.1, see baresip_decl.h        */
#endif


/** "4.10.0" as 410, 0 if it has another form */
static unsigned number(const char *version)
{
	unsigned major, minor;

	if (!version || sscanf(version, "%u.%u", &major, &minor) != 2)
		return 0;

	return major * 100 + minor;
}


static const char *libre_now(void)
{
	const char *version = NULL;

	if (sys_libre_version_get)
		version = sys_libre_version_get();

	return version ? version : "of unknown version";
}


/** Baresip's version, if it is known */
static const char *baresip_now(void)
{
	if (baresip_version)
		return baresip_version();

	if (bevent_register)
		return "3.15 or later";

	return module_event ? "1.1 or later" : "1.0";
}


/** Before 4.0 Baresip does not tell its version; check its functions */
static bool baresip_fits(void)
{
	if (BUILT_BARESIP >= 400)
		return number(baresip_now()) == BUILT_BARESIP;

	return !baresip_version &&
		(bevent_register != NULL) == (BUILT_BARESIP >= 315);
}


static void say(const char *text)
{
	if (_warning)
		_warning(false, "%s\n", text);
	else if (warning)
		warning("%s\n", text);
	else
		(void)fprintf(stderr, "%s\n", text);
}


/* It may work all the same, but nobody has tested it */
static void say_if_untested(void)
{
	char text[256];

	if (FAILOVER_LIBRE <= FAILOVER_TESTED)
		return;

	(void)snprintf(text, sizeof(text), "failover: libre %s is newer than"
		       " any that this module was tested with (%d.%d)",
		       libre_now(), FAILOVER_TESTED / 100,
		       FAILOVER_TESTED % 100);
	say(text);
}


/**
 * Compare the version at compile time with the one that has loaded the module.
 * The first two numbers must be the same.
 *
 * @return 0 if they are, otherwise ENOTSUP, with a log line
 */
int version_check(void)
{
	char text[256], built[32] = "1.0 or 1.1";

	if (number(libre_now()) == FAILOVER_LIBRE && baresip_fits()) {
		say_if_untested();
		return 0;
	}

	if (BUILT_BARESIP != 100)
		(void)snprintf(built, sizeof(built), "%d.%d",
			       BUILT_BARESIP / 100, BUILT_BARESIP % 100);

	(void)snprintf(text, sizeof(text), "failover: not active: built for"
		       " Baresip %s with libre %d.%d, but this is Baresip %s"
		       " with libre %s", built, FAILOVER_LIBRE / 100,
		       FAILOVER_LIBRE % 100, baresip_now(), libre_now());
	say(text);

	return ENOTSUP;
}
