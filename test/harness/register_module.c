/**
 * @file register_module.c  Registers by hand, and takes off the registrar
 *
 * A module for tests: Baresip has such commands from 3.x on only.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "compat.h"


static int for_all(int (*h)(struct ua *ua))
{
	struct le *le;
	int err = 0;

	for (le = list_head(uag_list()); le; le = le->next)
		err |= h(le->data);

	return err;
}


static int cmd_add(struct re_printf *pf, void *arg)
{
	(void)pf;
	(void)arg;
	return for_all(ua_register);
}


static int stop(struct ua *ua)
{
	ua_unregister(ua);
	return 0;
}


static int cmd_stop(struct re_printf *pf, void *arg)
{
	(void)pf;
	(void)arg;
	return for_all(stop);
}


static const struct cmd cmdv[] = {
{"test_register",   0, 0, "Register all accounts now",     cmd_add  },
{"test_unregister", 0, 0, "Take all off the registrar",    cmd_stop },
};


static int module_init(void)
{
	return cmd_register(baresip_commands(), cmdv, RE_ARRAY_SIZE(cmdv));
}


static int module_close(void)
{
	cmd_unregister(baresip_commands(), cmdv);
	return 0;
}


const struct mod_export exports = {
	"register", "application", module_init, module_close
};
