/**
 * @file fuzz_command.c  Any commands, one a line
 *
 * Two accounts, with files that failover_save may write. What is printed has
 * to be text, JSON where it says so, and without passwords.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "baresip.h"

#define SECRET "kept-to-ourselves"

static const char config[] =
	"# of the phone\nsip_listen\t127.0.0.1\nfailover_retries\t2\n"
	"failover_http_password\t" SECRET "\n";

static const char *const accountv[] = {
	"<sip:alice@127.0.0.1>;auth_pass=" SECRET ";regint=60"
	";outbound=\"sip:127.0.0.1:5080\";outbound2=\"sip:127.0.0.1:5081\"",
	"<sip:carol@127.0.0.1>;auth_pass=" SECRET ";regint=60"
	";outbound=\"sip:127.0.0.1:5080;transport=tcp\""
	";outbound2=\"sip:127.0.0.1:5081\""
	";failover_servers=\"sip:127.0.0.1:5082,sip:127.0.0.1:5083\"",
};

enum {
	SIZE     = 4096,
	COMMANDS = 32,
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


static void begin(void)
{
	char text[1024];
	struct sa dns;

	must(!sa_set_str(&dns, "127.0.0.1", 53));
	baresip_write("config", config, strlen(config));
	must(re_snprintf(text, sizeof(text), "#\n%s\n%s\n", accountv[0],
			 accountv[1]) > 0);
	baresip_write("accounts", text, strlen(text));

	baresip_open(config, strlen(config));
	phone_open(&dns);
	for (size_t i = 0; i < RE_ARRAY_SIZE(accountv); i++)
		must(!baresip_add_account(accountv[i], strlen(accountv[i])));
	must(!baresip_load());
	baresip_run();
}


static void command(struct pl line, const uint8_t *data, size_t size)
{
	struct mbuf *out = mbuf_alloc(1024);
	const char *space = pl_strchr(&line, ' ');
	char *name = NULL, *prm = NULL;
	struct pl pl = line;
	int err;

	if (space) {
		pl.l = (size_t)(space - line.p);
		pl_advance(&line, (ssize_t)pl.l + 1);
		must(!pl_strdup(&prm, &line));
	}
	must(!pl_strdup(&name, &pl));

	err = baresip_command(out, name, prm ? prm : "");
	if (!err && !strcmp(name, "failover_json"))
		output_check_json(out);
	else if (strcmp(name, "failover_diff"))  /* has the files' bytes */
		output_check(out);
	output_check_secret(out, SECRET, data, size);

	mem_deref(out);
	mem_deref(name);
	mem_deref(prm);
	baresip_run();
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pl all = { (const char *)"failover_json", 13 };
	struct pl rest = { (const char *)data, size };
	unsigned n = 0;

	if (size > SIZE)
		return 0;

	begin();

	while (rest.l && n++ < COMMANDS) {

		const char *lf = pl_strchr(&rest, '\n');
		struct pl line = rest;

		if (lf)
			line.l = (size_t)(lf - rest.p);
		command(line, data, size);
		pl_advance(&rest, (ssize_t)line.l + (lf ? 1 : 0));
	}

	baresip_pass(1000);
	command(all, data, size);
	baresip_close();

	return 0;
}
