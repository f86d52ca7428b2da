/**
 * @file baresip.c  A stand-in for Baresip, for the fuzzers
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#define _GNU_SOURCE 1
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include "baresip.h"
#include "descriptors.h"


enum {
	START_MS = 1000000,
	ROUNDS   = 4,                /**< Of the main loop, until all is done*/
	STEPS    = 16,               /**< That time passes in                */
	FDS      = 256,              /**< Descriptors that are looked at     */
	LIMIT    = 4096,             /**< ... and that there may be: what
					  libre has not ended keeps some     */
	CMDS     = 4,
};

extern const struct mod_export exports;        /* of failover.c */

static struct {
	struct conf *conf;
	struct list ual;
	ua_event_h *eventh;
	void *eventarg;
	const struct cmd *cmdv[CMDS];
	size_t cmdc[CMDS];
	char folder[64];
	uint64_t now;
	unsigned rounds;
	int ready;                   /**< A descriptor to read from          */
	uint32_t random;
} self;


/* Log: what is printed is formatted, and seen by nobody */

static void log_text(const char *fmt, va_list ap)
{
	char *text = NULL;

	must(!re_vsdprintf(&text, fmt, ap));
	mem_deref(text);
}


void info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(fmt, ap);
	va_end(ap);
}


void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_text(fmt, ap);
	va_end(ap);
}


/* Time. libre asks tmr_jiffies(), the module clock_gettime() */

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);

uint64_t tmr_jiffies(void)
{
	return self.now;
}


int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	if (id != CLOCK_BOOTTIME && id != CLOCK_MONOTONIC)
		return __real_clock_gettime(id, ts);

	ts->tv_sec  = (time_t)(self.now / 1000);
	ts->tv_nsec = (long)(self.now % 1000) * 1000000;

	return 0;
}


/* The fuzzer has few, and a look at all that there may be takes long */

size_t __wrap_descriptors_open(int fdv[DESCRIPTORS_MAX]);

size_t __wrap_descriptors_open(int fdv[DESCRIPTORS_MAX])
{
	for (int i = 0; i < FDS; i++)
		fdv[i] = i;

	return FDS;
}


/* The same each time, so that what is found is found again */
uint32_t rand_u32(void)
{
	self.random = self.random * 1664525u + 1013904223u;

	return self.random >> 8 ^ self.random << 16;
}


/* There always is something to read, so the main loop does not wait */
static void round_handler(int flags, void *arg)
{
	(void)flags;
	(void)arg;

	if (++self.rounds >= ROUNDS)
		re_cancel();
}


/** Do what is due */
void baresip_run(void)
{
	self.rounds = 0;
	must(!fd_listen(self.ready, FD_READ, round_handler, NULL));
	must(!re_main(NULL));
	fd_close(self.ready);
}


/** Let time pass, timer by timer */
void baresip_pass(uint32_t ms)
{
	const uint64_t end = self.now + ms;

	while (self.now < end) {
		self.now += ms / STEPS + 1;
		if (self.now > end)
			self.now = end;
		baresip_run();
	}
}


/* Config */

struct conf *conf_cur(void)
{
	return self.conf;
}


int conf_path_get(char *path, size_t sz)
{
	return re_snprintf(path, sz, "%s", self.folder) < 0 ? ENOMEM : 0;
}


/** Every line that is neither empty nor a comment, as Baresip does it */
int conf_parse(const char *filename, confline_h *ch, void *arg)
{
	char text[512];
	FILE *f = fopen(filename, "r");

	if (!f)
		return errno;

	while (fgets(text, sizeof(text), f)) {

		struct pl line;

		text[strcspn(text, "\n")] = '\0';
		pl_set_str(&line, text);
		if (*text && *text != '#')
			(void)ch(&line, arg);
	}

	(void)fclose(f);

	return 0;
}


/* Events and commands */

int uag_event_register(ua_event_h *eh, void *arg)
{
	self.eventh   = eh;
	self.eventarg = arg;

	return 0;
}


void uag_event_unregister(ua_event_h *eh)
{
	must(eh == self.eventh);
	self.eventh = NULL;
}


const char *uag_event_str(enum ua_event ev)
{
	static const char *const namev[] = {
		"REGISTERING", "REGISTER_OK", "REGISTER_FAIL",
		"UNREGISTERING", "SHUTDOWN", "CALL_INCOMING",
		"CALL_LOCAL_SDP", "CALL_ESTABLISHED", "CALL_CLOSED",
	};

	return (size_t)ev < RE_ARRAY_SIZE(namev) ? namev[ev] : "?";
}


void baresip_event(struct ua *ua, int ev, struct call *call, const char *text)
{
	if (self.eventh)
		self.eventh(ua, (enum ua_event)ev, call, text, self.eventarg);
}


void ua_event(struct ua *ua, enum ua_event ev, struct call *call,
	      const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)re_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);

	baresip_event(ua, (int)ev, call, text);
}


struct commands *baresip_commands(void)
{
	return NULL;
}


int cmd_register(struct commands *commands, const struct cmd *cmdv,
		 size_t cmdc)
{
	(void)commands;

	for (unsigned i = 0; i < CMDS; i++) {
		if (self.cmdv[i])
			continue;
		self.cmdv[i] = cmdv;
		self.cmdc[i] = cmdc;
		return 0;
	}

	return ENOMEM;
}


void cmd_unregister(struct commands *commands, const struct cmd *cmdv)
{
	(void)commands;

	for (unsigned i = 0; i < CMDS; i++) {
		if (self.cmdv[i] == cmdv)
			self.cmdv[i] = NULL;
	}
}


const struct cmd *cmd_find_long(const struct commands *commands,
				const char *name)
{
	(void)commands;

	for (unsigned i = 0; i < CMDS; i++) {
		for (size_t j = 0; self.cmdv[i] && j < self.cmdc[i]; j++) {
			if (!str_cmp(self.cmdv[i][j].name, name))
				return &self.cmdv[i][j];
		}
	}

	return NULL;
}


static int print_handler(const char *p, size_t size, void *arg)
{
	return mbuf_write_mem(arg, (const uint8_t *)p, size);
}


/** Write a file of Baresip's */
void baresip_write(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *f;

	must(re_snprintf(path, sizeof(path), "%s/%s", self.folder, name) > 0);
	f = fopen(path, "w");
	must(f && fwrite(text, 1, len, f) == len && !fclose(f));
}


/** Run a command, as ctrl_tcp does */
int baresip_command(struct mbuf *out, const char *name, const char *prm)
{
	const struct cmd *cmd = cmd_find_long(NULL, name);
	struct re_printf pf = { print_handler, out };
	char *text = NULL;
	struct cmd_arg arg = { 0 };
	int err;

	if (!cmd)
		return ENOENT;

	must(!str_dup(&text, prm));
	arg.prm = text;
	err = cmd->h(&pf, &arg);
	mem_deref(text);

	return err;
}


/* Accounts */

static void account_destructor(void *arg)
{
	struct account *acc = arg;

	mem_deref(acc->line);
	mem_deref(acc->aor);
	mem_deref(acc->outbound);
	mem_deref(acc->medianat);
}


int account_auth(const struct account *acc, char **username, char **password,
		 const char *realm)
{
	(void)acc;
	(void)realm;

	return str_dup(username, "alice") || str_dup(password, "secret");
}


int account_set_outbound(struct account *acc, const char *ob, unsigned ix)
{
	must(ix == 0);
	acc->outbound = mem_deref(acc->outbound);

	return ob ? str_dup(&acc->outbound, ob) : 0;
}


int account_set_regint(struct account *acc, uint32_t regint)
{
	acc->regint = regint;

	return 0;
}


struct sip_addr *account_laddr(const struct account *acc)
{
	return (struct sip_addr *)&acc->laddr;
}


uint32_t account_regint(const struct account *acc)
{
	return acc->regint;
}


uint32_t account_pubint(const struct account *acc)
{
	(void)acc;

	return 0;
}


const char *account_aor(const struct account *acc)
{
	return acc->aor;
}


const char *account_outbound(const struct account *acc, unsigned ix)
{
	return ix ? NULL : acc->outbound;
}


/* No name server is known: nothing is looked up */
struct network *baresip_network(void)
{
	return NULL;
}


struct dnsc *net_dnsc(const struct network *net)
{
	(void)net;

	return NULL;
}


const char *account_medianat(const struct account *acc)
{
	return acc->medianat;
}


int account_set_medianat(struct account *acc, const char *mnatid)
{
	acc->medianat = mem_deref(acc->medianat);

	return mnatid ? str_dup(&acc->medianat, mnatid) : 0;
}


static int print_aor(struct re_printf *pf, const struct uri *uri)
{
	struct uri u = *uri;

	u.password = u.params = u.headers = pl_null;

	return uri_encode(pf, &u);
}


static int decode(struct account *acc)
{
	struct pl pl;
	int err;

	pl_set_str(&pl, acc->line);
	err = sip_addr_decode(&acc->laddr, &pl);
	if (err || acc->laddr.params.l == 0)
		return EINVAL;

	acc->regint = 3600;
	if (!msg_param_decode(&acc->laddr.params, "regint", &pl))
		acc->regint = pl_u32(&pl);
	if (!msg_param_decode(&acc->laddr.params, "outbound", &pl))
		(void)pl_strdup(&acc->outbound, &pl);

	return re_sdprintf(&acc->aor, "%H", print_aor, &acc->laddr.uri);
}


static void ua_destructor(void *arg)
{
	struct ua *ua = arg;

	list_unlink(&ua->le);
	mem_deref(ua->acc);
}


/** An account line, as Baresip reads it */
int baresip_add_account(const char *line, size_t len)
{
	struct pl pl = { line, len < LINE_MAX_SIZE ? len : LINE_MAX_SIZE - 1 };
	struct ua *ua = mem_zalloc(sizeof(*ua), ua_destructor);
	int err;

	must(ua != NULL);
	ua->acc = mem_zalloc(sizeof(*ua->acc), account_destructor);
	must(ua->acc && !pl_strdup(&ua->acc->line, &pl));

	err = decode(ua->acc);
	if (err) {
		mem_deref(ua);
		return err;
	}

	(void)re_snprintf(ua->cuser, sizeof(ua->cuser), "u%u",
			  list_count(&self.ual));
	list_append(&self.ual, &ua->le, ua);

	return 0;
}


struct list *uag_list(void)
{
	return &self.ual;
}


struct ua *uag_find_aor(const char *aor)
{
	struct le *le;

	for (le = list_head(&self.ual); le; le = le->next) {

		struct ua *ua = le->data;

		if (!str_cmp(ua->acc->aor, aor))
			return ua;
	}

	return NULL;
}


/* Begin and end */

/* Whatever addresses a text names: nothing leaves this process */
static void open_network(void)
{
	struct ifreq req = { .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		(void)re_fprintf(stderr, "a network of its own: %m\n", errno);
		exit(1);
	}

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	(void)re_snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	must(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &req));
	(void)close(fd);
}


/** Once; the folder is the caller's to remove: run.sh */
void baresip_init(void)
{
	const struct rlimit limit = { LIMIT, LIMIT };
	const char *tmp = getenv("TMPDIR");

	open_network();
	must(!setrlimit(RLIMIT_NOFILE, &limit));
	must(re_snprintf(self.folder, sizeof(self.folder), "%s/fuzz-XXXXXX",
			 tmp ? tmp : "/tmp") > 0);
	must(mkdtemp(self.folder) != NULL);
	must(!libre_init());
	self.ready = eventfd(1, EFD_CLOEXEC);
	must(self.ready >= 0);
	baresip_run();
}


/** Before the accounts */
void baresip_open(const char *config, size_t len)
{
	self.now = START_MS;
	self.random = 1;
	must(!conf_alloc_buf(&self.conf, (const uint8_t *)config, len));
}


/** After them */
int baresip_load(void)
{
	return exports.init();
}


/** As Baresip ends; nothing is left but the folder */
void baresip_close(void)
{
	struct le *le;

	for (le = list_head(&self.ual); le; le = le->next) {
		baresip_event(le->data, EV_SHUTDOWN, NULL, "");
		phone_forget(le->data);
	}

	phone_stop();
	must(!exports.close());
	phone_close();
	list_flush(&self.ual);
	self.conf = mem_deref(self.conf);
}
