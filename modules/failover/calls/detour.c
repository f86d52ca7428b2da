/**
 * @file detour.c  A request of a dialog, printed for another server
 *
 * The request is as libre has sent it, but the dead hop is replaced. It keeps
 * its branch, so that libre matches the answer (RFC 3261 section 17.1.3), and
 * its Call-ID, tags, CSeq and body. Via is printed anew, and so is Contact
 * where the transport or the address differ, and where it names a connection.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <sys/socket.h>
#include "connection.h"
#include "detour.h"
#include "dialog.h"
#include "dialog_via.h"
#include "line.h"


/* From libre 3.3 on, Contact and Via name the connection's own port */
static bool names_connection(const struct detour *det)
{
	return COMPAT_OWN_PORT && det->tp != SIP_TRANSP_UDP;
}


static void use_own_port(struct detour *det)
{
	struct sa local;

	sa_init(&local, AF_UNSPEC);
	local.len = sizeof(local.u);
	if (!getsockname(connection_latest(&det->dst), &local.u.sa,
			 &local.len))
		sa_set_port(&det->laddr, sa_port(&local));
}


/**
 * Find the way to a server
 *
 * @param det    Way
 * @param dlg    Dialog
 * @param server Server that is in use by now
 *
 * @return 0 if success, EAGAIN if nothing was sent to that server yet or its
 *         connection is not there, otherwise errorcode
 */
int detour_find(struct detour *det, const struct dialog *dlg, unsigned server)
{
	const struct server *srv = line_server(dlg->line, server);
	int err;

	if (!sa_isset(&srv->addr, SA_ALL))
		return EAGAIN;

	det->tp  = server_transp(srv);
	det->dst = srv->addr;

	/* libre would not check the name in the certificate of a new one */
	if (det->tp != SIP_TRANSP_UDP &&
	    connection_state(&det->dst) == CONNECTION_NONE)
		return EAGAIN;

	err = sip_transp_laddr(uag_sip(), &det->laddr, det->tp, &det->dst);
	if (!err && names_connection(det))
		use_own_port(det);

	return err;
}


static int print_via(struct mbuf *mb, const struct detour *det,
		     const struct pl *branch)
{
	return mbuf_printf(mb, "Via: SIP/2.0/%s %J;branch=%r;rport\r\n",
			   sip_transp_name(det->tp), &det->laddr, branch);
}


/* libre's Contact is of one transport, and one of our addresses or
   connections */
static bool keeps_contact(const struct detour *det, const struct sip_msg *req)
{
	struct sa via;

	return !names_connection(det) && req->via.tp == det->tp &&
		!sa_set(&via, &req->via.sentby, 0) &&
		sa_cmp(&via, &det->laddr, SA_ADDR);
}


static int print_contact(struct mbuf *mb, const struct detour *det,
			 const struct sip_hdr *hdr)
{
	struct sip_contact contact;
	struct sip_addr addr;
	char *user = NULL;
	int err;

	err = sip_addr_decode(&addr, &hdr->val);
	if (err)
		return err;

	err = pl_strdup(&user, &addr.uri.user);
	if (err)
		return err;

	sip_contact_set(&contact, user, &det->laddr, det->tp);
	err = mbuf_printf(mb, "%H", sip_contact_print, &contact);
	mem_deref(user);

	return err;
}


static bool is_credentials(const struct sip_hdr *hdr)
{
	return hdr->id == SIP_HDR_AUTHORIZATION ||
		hdr->id == SIP_HDR_PROXY_AUTHORIZATION;
}


static int print_headers(struct mbuf *mb, const struct detour *det,
			 const struct sip_msg *req)
{
	struct le *le;
	int err = 0;

	for (le = list_head(&req->hdrl); le && !err; le = le->next) {

		const struct sip_hdr *hdr = le->data;

		if (hdr->id == SIP_HDR_VIA || hdr->id == SIP_HDR_ROUTE ||
		    (det->auth && is_credentials(hdr)))
			continue;

		if (hdr->id == SIP_HDR_CONTACT && !keeps_contact(det, req))
			err = print_contact(mb, det, hdr);
		else
			err = mbuf_printf(mb, "%r: %r\r\n", &hdr->name,
					  &hdr->val);
	}

	return err;
}


/* A request that answers a challenge has a branch of our own */
static const struct pl *request_branch(struct pl *pl, const struct detour *det,
				       const struct sip_msg *req)
{
	if (!det->branch[0])
		return &req->via.branch;

	pl_set_str(pl, det->branch);

	return pl;
}


static int print_auth(struct mbuf *mb, const struct detour *det,
		      const struct sip_msg *req)
{
	char *uri = NULL;
	char *met = NULL;
	int err;

	err  = pl_strdup(&uri, &req->ruri);
	err |= pl_strdup(&met, &req->met);
	if (!err)
		err = sip_auth_encode(mb, det->auth, met, uri);

	mem_deref(met);
	mem_deref(uri);

	return err;
}


/* The Request-URI is the remote target as libre has it now; where there is no
   route, it is the server itself that is exchanged */
static int print_start(struct mbuf *mb, const struct detour *det,
		       const struct dialog *dlg, unsigned server,
		       const struct sip_msg *req, const char *met,
		       const struct pl *branch)
{
	struct mbuf *routes = NULL;
	char *uri = NULL;
	int err;

	err = dialog_via(dlg, server, &uri, &routes);
	if (err)
		return err;

	if (routes->end)
		err = mbuf_printf(mb, "%s %r SIP/2.0\r\n", met, &req->ruri);
	else
		err = mbuf_printf(mb, "%s %s SIP/2.0\r\n", met, uri);

	err |= print_via(mb, det, branch);
	err |= mbuf_write_mem(mb, routes->buf, routes->end);

	mem_deref(routes);
	mem_deref(uri);

	return err;
}


/**
 * Print a request of libre's for another server
 *
 * @param mbp    Pointer to the packet, to be dereferenced
 * @param det    Way to that server
 * @param dlg    Dialog
 * @param server Server
 * @param req    Request, as libre has sent it
 *
 * @return 0 if success, ENOENT if the request does not go through a server of
 *         the account, otherwise errorcode
 */
int detour_print(struct mbuf **mbp, const struct detour *det,
		 const struct dialog *dlg, unsigned server,
		 const struct sip_msg *req)
{
	struct mbuf *mb = mbuf_alloc(1024);
	char *met = NULL;
	struct pl branch;
	int err;

	if (!mb)
		return ENOMEM;

	err = pl_strdup(&met, &req->met);
	if (err)
		goto out;

	err  = print_start(mb, det, dlg, server, req, met,
			   request_branch(&branch, det, req));
	if (det->auth)
		err |= print_auth(mb, det, req);
	err |= print_headers(mb, det, req);
	err |= mbuf_write_str(mb, "\r\n");
	err |= mbuf_write_mem(mb, mbuf_buf(req->mb), mbuf_get_left(req->mb));
	mb->pos = 0;

 out:
	mem_deref(met);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


/* The ACK of a 2xx has the credentials of the request, section 13.2.2.4 */
static int print_credentials(struct mbuf *mb, const struct detour *det,
			     const struct sip_msg *req)
{
	struct le *le;
	int err = 0;

	if (det->auth)
		return print_auth(mb, det, req);

	for (le = list_head(&req->hdrl); le && !err; le = le->next) {

		const struct sip_hdr *hdr = le->data;

		if (is_credentials(hdr))
			err = mbuf_printf(mb, "%r: %r\r\n", &hdr->name,
					  &hdr->val);
	}

	return err;
}


/* That of a failure belongs to the request's transaction, section 17.1.1.3 */
static const struct pl *ack_branch(char *buf, size_t size, struct pl *pl,
				   const struct detour *det,
				   const struct sip_msg *req,
				   const struct sip_msg *answer)
{
	if (answer->scode >= 300)
		return request_branch(pl, det, req);

	(void)re_snprintf(buf, size, "z9hG4bK%016llx", rand_u64());
	pl_set_str(pl, buf);

	return pl;
}


static int print_ack_end(struct mbuf *mb, const struct sip_msg *req,
			 const struct sip_msg *answer)
{
	return mbuf_printf(mb, "Max-Forwards: 70\r\n"
			   "To: %r\r\n"
			   "From: %r\r\n"
			   "Call-ID: %r\r\n"
			   "CSeq: %u ACK\r\n"
			   "Content-Length: 0\r\n\r\n",
			   &answer->to.val, &req->from.val, &req->callid,
			   req->cseq.num);
}


/**
 * Print the ACK of an INVITE that has made the detour
 *
 * @param mbp    Pointer to the packet, to be dereferenced
 * @param det    Way that the request has gone
 * @param dlg    Dialog
 * @param server Server that has answered
 * @param req    Request, as libre has sent it
 * @param answer Final answer
 *
 * @return 0 if success, otherwise errorcode
 */
int detour_print_ack(struct mbuf **mbp, const struct detour *det,
		     const struct dialog *dlg, unsigned server,
		     const struct sip_msg *req, const struct sip_msg *answer)
{
	struct mbuf *mb = mbuf_alloc(512);
	char buf[32];
	struct pl pl;
	int err;

	if (!mb)
		return ENOMEM;

	err  = print_start(mb, det, dlg, server, req, "ACK",
			   ack_branch(buf, sizeof(buf), &pl, det, req,
				      answer));
	err |= print_credentials(mb, det, req);
	err |= print_ack_end(mb, req, answer);
	mb->pos = 0;

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}


static bool route_handler(const struct sip_hdr *hdr, const struct sip_msg *msg,
			  void *arg)
{
	(void)msg;

	return 0 != mbuf_printf(arg, "Route: %r\r\n", &hdr->val);
}


/**
 * Print the ACK of an INVITE that its own server has refused, and whose
 * answer is kept from libre (RFC 3261 section 17.1.1.3)
 *
 * @param mbp    Pointer to the packet, to be dereferenced
 * @param req    INVITE, as libre has sent it
 * @param answer Final answer, 300 to 699
 *
 * @return 0 if success, otherwise errorcode
 */
int detour_print_refusal_ack(struct mbuf **mbp, const struct sip_msg *req,
			     const struct sip_msg *answer)
{
	struct mbuf *mb = mbuf_alloc(512);
	int err;

	if (!mb)
		return ENOMEM;

	err  = mbuf_printf(mb, "ACK %r SIP/2.0\r\n"
			   "Via: %r\r\n", &req->ruri, &req->via.val);
	err |= sip_msg_hdr_apply(req, true, SIP_HDR_ROUTE, route_handler,
				 mb) ? ENOMEM : 0;
	err |= print_ack_end(mb, req, answer);
	mb->pos = 0;

	if (err)
		mem_deref(mb);
	else
		*mbp = mb;

	return err;
}
