/**
 * @file resolve.c  The SRV records of a name
 *
 * The lookup is the one that libre makes for each request, RFC 3263 section 4.
 * Without a given transport it asks for NAPTR. Then it asks for the SRV
 * records of that transport, or, without NAPTR, of the first transport that
 * has any. So libre would choose the same transport. A truncated answer is
 * requested again over TCP (RFC 2181 section 9), which libre does not do.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include "nameserver.h"
#include "resolve.h"


enum {
	MAX_NAMESERVERS = 16,
};


/** Transports in the order in which libre looks for their records */
static const struct {
	enum sip_transp tp;
	const char *srv;             /**< Prefix of the name                 */
	const char *naptr;           /**< RFC 3263 section 4.1               */
} transpv[] = {
	{SIP_TRANSP_TLS, "_sips._tcp", "SIPS+D2T"},
	{SIP_TRANSP_TCP, "_sip._tcp",  "SIP+D2T"},
	{SIP_TRANSP_UDP, "_sip._udp",  "SIP+D2U"},
};

struct resolve {
	struct dns_query *query;
	char *host;
	size_t transp;               /**< Current index in `transpv`         */
	bool given;                  /**< No other is asked for              */
	char *name;                  /**< Name of the SRV records            */
	bool cut;                    /**< The answer was truncated           */
	struct sa nsv[MAX_NAMESERVERS];/**< To ask over TCP                  */
	uint32_t nsc;
	struct srv srvv[SRV_MAX];
	size_t srvc;
	uint32_t ttl_s;              /**< Lowest TTL, UINT32_MAX: none       */
	resolve_h *h;
	void *arg;
};

static int ask_srv(struct resolve *resolve, const char *name);
static int ask_over_tcp(struct resolve *resolve);


static void destructor(void *arg)
{
	struct resolve *resolve = arg;

	mem_deref(resolve->query);
	mem_deref(resolve->host);
	mem_deref(resolve->name);
}


/* The handler may free the lookup */
static void end(struct resolve *resolve, int err)
{
	const struct resolved res = {
		.err   = err,
		.srvv  = resolve->srvv,
		.srvc  = resolve->srvc,
		.tp    = transpv[resolve->transp].tp,
		.ttl_s = resolve->ttl_s == UINT32_MAX ? 0 : resolve->ttl_s,
		.cut   = resolve->cut,
	};

	resolve->h(&res, resolve->arg);
}


static bool has_socket(enum sip_transp tp, int af)
{
	struct sa dst, laddr;

	sa_init(&dst, af);

	return !sip_transp_laddr(uag_sip(), &laddr, tp, &dst);
}


static bool is_supported(enum sip_transp tp)
{
	return has_socket(tp, AF_INET) || has_socket(tp, AF_INET6);
}


static void note_ttl(struct resolve *resolve, int64_t ttl)
{
	if (ttl >= 0 && ttl < resolve->ttl_s)
		resolve->ttl_s = (uint32_t)ttl;
}


/* How long an empty answer is valid, RFC 2308 section 5 */
static bool soa_handler(struct dnsrr *rr, void *arg)
{
	note_ttl(arg, MIN(rr->ttl, (int64_t)rr->rdata.soa.ttlmin));

	return true;
}


static bool srv_handler(struct dnsrr *rr, void *arg)
{
	struct resolve *resolve = arg;
	struct srv *srv = &resolve->srvv[resolve->srvc];

	if (resolve->srvc == SRV_MAX)
		return true;

	srv->priority = rr->rdata.srv.pri;
	srv->weight   = rr->rdata.srv.weight;
	srv->port     = rr->rdata.srv.port;
	str_ncpy(srv->host, rr->rdata.srv.target, sizeof(srv->host));
	++resolve->srvc;

	note_ttl(resolve, rr->ttl);

	return false;
}


static int ask_transp(struct resolve *resolve)
{
	char name[SRV_HOST_SIZE];

	if (re_snprintf(name, sizeof(name), "%s.%s",
			transpv[resolve->transp].srv, resolve->host) < 0)
		return ENAMETOOLONG;

	return ask_srv(resolve, name);
}


/* Ask for the next transport, ENOENT if there is none */
static int ask_next(struct resolve *resolve)
{
	while (!resolve->given && ++resolve->transp < RE_ARRAY_SIZE(transpv)) {
		if (is_supported(transpv[resolve->transp].tp))
			return ask_transp(resolve);
	}

	return ENOENT;
}


/* NXDOMAIN is an answer; SERVFAIL, REFUSED and others tell nothing */
static bool is_answer(const struct dnshdr *hdr)
{
	return hdr && (hdr->rcode == DNS_RCODE_OK ||
		       hdr->rcode == DNS_RCODE_NAME_ERR);
}


static void no_records(struct resolve *resolve, struct list *authl)
{
	const size_t transp = resolve->transp;
	int err;

	(void)dns_rrlist_apply(authl, NULL, DNS_TYPE_SOA, DNS_CLASS_IN, false,
			       soa_handler, resolve);

	err = ask_next(resolve);
	if (!err)
		return;

	resolve->transp = transp;
	end(resolve, err == ENOENT ? 0 : err);
}


/* If TCP fails, the truncated answer is used */
static void srv_answer_handler(int err, const struct dnshdr *hdr,
			       struct list *ansl, struct list *authl,
			       struct list *addl, void *arg)
{
	struct resolve *resolve = arg;
	const bool over_tcp = resolve->cut;
	(void)addl;

	if (!err && !is_answer(hdr))
		err = EBADMSG;

	if (!err) {
		resolve->cut  = hdr->tc;
		resolve->srvc = 0;
		(void)dns_rrlist_apply(ansl, NULL, DNS_TYPE_SRV, DNS_CLASS_IN,
				       false, srv_handler, resolve);
	}

	if (resolve->cut && !over_tcp && !ask_over_tcp(resolve))
		return;

	if (resolve->srvc)
		end(resolve, 0);
	else if (err)
		end(resolve, err);
	else
		no_records(resolve, authl);
}


static int ask_over_tcp(struct resolve *resolve)
{
	resolve->nsc = nameserver_list(resolve->nsv, MAX_NAMESERVERS);

	compat_forget_answers();

	return dnsc_query_srv(&resolve->query, net_dnsc(baresip_network()),
			      resolve->name, DNS_TYPE_SRV, DNS_CLASS_IN,
			      IPPROTO_TCP, resolve->nsv, &resolve->nsc, true,
			      srv_answer_handler, resolve);
}


static int ask_srv(struct resolve *resolve, const char *name)
{
	resolve->cut  = false;
	resolve->name = mem_deref(resolve->name);

	if (str_dup(&resolve->name, name))
		return ENOMEM;

	return dnsc_query(&resolve->query, net_dnsc(baresip_network()), name,
			  DNS_TYPE_SRV, DNS_CLASS_IN, true,
			  srv_answer_handler, resolve);
}


static bool naptr_handler(struct dnsrr *rr, void *arg)
{
	struct resolve *resolve = arg;

	for (size_t i = 0; i < RE_ARRAY_SIZE(transpv); i++) {

		if (str_casecmp(rr->rdata.naptr.services, transpv[i].naptr) ||
		    !is_supported(transpv[i].tp))
			continue;

		resolve->transp = i;
		resolve->given  = true;
		note_ttl(resolve, rr->ttl);

		return true;
	}

	return false;
}


/* A name server that refuses NAPTR, which is rare, counts as one without */
static void naptr_answer_handler(int err, const struct dnshdr *hdr,
				 struct list *ansl, struct list *authl,
				 struct list *addl, void *arg)
{
	struct resolve *resolve = arg;
	struct dnsrr *rr = NULL;
	(void)authl;

	if (!err && hdr && hdr->rcode == DNS_RCODE_SRV_FAIL)
		err = EBADMSG;

	if (err) {
		end(resolve, err);
		return;
	}

	dns_rrlist_sort(ansl, DNS_TYPE_NAPTR, 0);
	rr = dns_rrlist_apply(ansl, NULL, DNS_TYPE_NAPTR, DNS_CLASS_IN, false,
			      naptr_handler, resolve);

	if (rr)
		(void)dns_rrlist_apply(addl, rr->rdata.naptr.replace,
				       DNS_TYPE_SRV, DNS_CLASS_IN, true,
				       srv_handler, resolve);

	if (rr && !resolve->srvc) {
		err = ask_srv(resolve, rr->rdata.naptr.replace);
	}
	else if (!rr) {
		resolve->transp = (size_t)-1;
		err = ask_next(resolve);
	}
	else {
		end(resolve, 0);
		return;
	}

	if (err) {
		resolve->transp = 0;
		end(resolve, err);
	}
}


static int begin(struct resolve *resolve, enum sip_transp tp)
{
	if (tp == SIP_TRANSP_NONE)
		return dnsc_query(&resolve->query,
				  net_dnsc(baresip_network()), resolve->host,
				  DNS_TYPE_NAPTR, DNS_CLASS_IN, true,
				  naptr_answer_handler, resolve);

	for (size_t i = 0; i < RE_ARRAY_SIZE(transpv); i++) {
		if (transpv[i].tp == tp)
			resolve->transp = i;
	}

	resolve->given = true;

	return ask_transp(resolve);
}


/**
 * Look up the SRV records of a name
 *
 * @param resolvep Returns the lookup; mem_deref() before its end cancels it
 * @param host     Name
 * @param tp       UDP, TCP or TLS; SIP_TRANSP_NONE: DNS chooses
 * @param h        Called at the end, never from this function
 * @param arg      Handler argument
 *
 * @return 0 if success, otherwise errorcode
 */
int resolve_start(struct resolve **resolvep, const char *host,
		  enum sip_transp tp, resolve_h *h, void *arg)
{
	struct resolve *resolve;
	int err;

	resolve = mem_zalloc(sizeof(*resolve), destructor);
	if (!resolve)
		return ENOMEM;

	resolve->ttl_s = UINT32_MAX;
	resolve->h     = h;
	resolve->arg   = arg;

	err = str_dup(&resolve->host, host);
	if (!err)
		err = begin(resolve, tp);

	if (err)
		mem_deref(resolve);
	else
		*resolvep = resolve;

	return err;
}
