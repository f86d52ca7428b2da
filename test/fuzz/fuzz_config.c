/**
 * @file fuzz_config.c  Any config file and any account lines
 *
 * The config file, byte 0x1e, accounts one a line. The module has to start,
 * and what it says of them has to be text.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "baresip.h"


enum {
	END      = 0x1e,
	SIZE     = 4096,
	ACCOUNTS = 8,
	PASS_MS  = 40000,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	baresip_init();

	return 0;
}


static struct pl next(struct pl *rest, char end)
{
	const char *p = pl_strchr(rest, end);
	struct pl pl = *rest;

	if (p)
		pl.l = (size_t)(p - rest->p);

	pl_advance(rest, (ssize_t)pl.l + (p ? 1 : 0));

	return pl;
}


static void ask(const char *name)
{
	struct mbuf *out = mbuf_alloc(1024);
	const int err = baresip_command(out, name, "");

	if (!err && !strcmp(name, "failover_json"))
		output_check_json(out);
	else if (strcmp(name, "failover_diff"))  /* has the files' bytes */
		output_check(out);

	mem_deref(out);
}


static void ask_all(void)
{
	ask("failover");
	ask("failover_json");
	ask("failover_history");
	ask("failover_diff");
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl rest = { (const char *)data, size }, config;
	struct sa dns;
	unsigned n = 0;

	if (size > SIZE)
		return 0;

	must(!sa_set_str(&dns, "127.0.0.1", 53));
	config = next(&rest, END);

	baresip_write("config", config.p, config.l);
	baresip_write("accounts", rest.p, rest.l);
	baresip_open(config.p, config.l);
	phone_open(&dns);

	while (rest.l && n < ACCOUNTS) {

		struct pl line = next(&rest, '\n');

		n += !baresip_add_account(line.p, line.l);
	}

	must(!baresip_load());
	baresip_run();
	ask_all();

	for (struct le *le = list_head(uag_list()); le; le = le->next)
		(void)ua_register(le->data);

	baresip_pass(PASS_MS);
	ask_all();
	baresip_close();

	return 0;
}
