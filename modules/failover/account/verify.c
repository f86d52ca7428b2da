/**
 * @file verify.c  Verifies the certificates of servers where libre does not
 *
 * libre before 2.0 never verifies. This file verifies under the same
 * conditions as newer versions of Baresip. Those verify the host of the URI
 * that the request is routed by. For an SRV target that must be the configured
 * name, since DNS is not signed: RFC 5922 section 7.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "line.h"
#include "verify.h"

#ifdef COMPAT_NEVER_VERIFIES
/* As in Baresip since 1.1.0 */
static bool is_told_to_verify(void)
{
	char cafile[256] = "";
	bool told;

	(void)conf_get_str(conf_cur(), "sip_cafile", cafile, sizeof(cafile));
	told = str_isset(cafile);
	(void)conf_get_bool(conf_cur(), "sip_verify_server", &told);

	return told;
}
#endif


/**
 * Must we verify certificates, since libre does not?
 *
 * @return True if we must
 */
bool verify_is_wanted(void)
{
#ifdef COMPAT_NEVER_VERIFIES
	return is_told_to_verify();
#else
	return false;
#endif
}


#ifdef FAILOVER_OPENSSL
#include <openssl/ssl.h>
#include <openssl/x509v3.h>


#ifdef COMPAT_NEVER_VERIFIES
/* In libre 1.1.0 only the SIP stack connects without a server name. The HTTP
   client sets one. The RTMP client verifies certificates itself. */
static bool is_sip(const SSL *ssl)
{
	const BIO *bio = SSL_get_wbio(ssl);

	return bio && !str_cmp(BIO_method_name(bio), "tcp_send") &&
		!SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) &&
		SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE;
}


static bool is_for_host(X509 *x, const char *host)
{
	struct sa sa;

	if (!sa_set_str(&sa, host, 0))
		return X509_check_ip_asc(x, host, 0) == 1;

	return X509_check_host(x, host, 0,
			       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
			       NULL) == 1;
}


static bool is_for_uri(X509 *x, const char *str)
{
	struct uri uri;
	struct pl pl;
	char host[256];

	pl_set_str(&pl, str ? str : "");

	return !uri_decode(&uri, &pl) &&
		!pl_strcpy(&uri.host, host, sizeof(host)) &&
		is_for_host(x, host);
}


/* libre does not tell which server a connection goes to. The certificate must
   be for one of the servers in our accounts. */
static bool is_for_server(X509 *x)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		const struct line *line = le->data;

		for (unsigned i = 0; i < line->serverc; i++) {
			if (is_for_host(x,
					server_identity(&line->serverv[i])))
				return true;
		}

		if (line->asked && line->asked->pending &&
		    is_for_host(x, line->asked->server.host))
			return true;

		if ((line->unmanaged &&
		     is_for_uri(x, account_outbound(line->acc, 0))) ||
		    is_for_uri(x, account_outbound(line->acc, 1)) ||
		    is_for_uri(x, account_aor(line->acc)))
			return true;
	}

	return false;
}


static int verify_handler(int ok, X509_STORE_CTX *ctx)
{
	if (!ok || X509_STORE_CTX_get_error_depth(ctx) > 0 ||
	    is_for_server(X509_STORE_CTX_get_current_cert(ctx)))
		return ok;

	X509_STORE_CTX_set_error(ctx, X509_V_ERR_HOSTNAME_MISMATCH);

	return 0;
}
#endif


#ifndef COMPAT_NEVER_VERIFIES
static bool is_uri_of(const char *str, const char *host)
{
	struct uri uri;
	struct pl pl;

	pl_set_str(&pl, str ? str : "");

	return !uri_decode(&uri, &pl) && !pl_strcasecmp(&uri.host, host);
}


/* Is this host written in the account line, or being tested? */
static bool is_written(const struct line *line, const char *host)
{
	for (unsigned i = 0; i < line->serverc; i++) {
		if (!line->serverv[i].srv &&
		    !str_casecmp(line->serverv[i].host, host))
			return true;
	}

	if (line->asked && line->asked->pending &&
	    !str_casecmp(line->asked->server.host, host))
		return true;

	return is_uri_of(account_aor(line->acc), host) ||
		(line->unmanaged &&
		 (is_uri_of(account_outbound(line->acc, 0), host) ||
		  is_uri_of(account_outbound(line->acc, 1), host)));
}


static void add_identity(SSL *ssl, unsigned *n, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	if (!*n)
		(void)X509_VERIFY_PARAM_set1_host(param, host, 0);
	else
		(void)X509_VERIFY_PARAM_add1_host(param, host, 0);

	++*n;
}


static void add_identities(SSL *ssl, unsigned *n, const struct line *line,
			   const char *host)
{
	for (unsigned i = 0; i < line->serverc; i++) {

		const struct server *srv = &line->serverv[i];

		if (!srv->srv || str_casecmp(srv->host, host))
			continue;

		/* the server must show this name's certificate: set SNI */
		if (!*n && SSL_in_before(ssl))
			(void)SSL_set_tlsext_host_name(ssl, srv->srv);

		add_identity(ssl, n, srv->srv);
	}
}


static void set_identity(SSL *ssl, const char *host)
{
	unsigned n = 0;
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next)
		add_identities(ssl, &n, le->data, host);

	for (le = list_head(line_list()); n && le; le = le->next) {
		if (is_written(le->data, host)) {
			add_identity(ssl, &n, host);
			break;
		}
	}
}
#endif


/**
 * Verify the certificate of an SRV target for the configured name. Names of
 * several accounts may have the same target.
 *
 * @param ssl TLS client that has not received the server's certificate yet;
 *            call once
 */
void verify_identity(struct ssl_st *ssl)
{
#ifdef COMPAT_NEVER_VERIFIES
	(void)ssl;
#else
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	char host[256];

	/* libre sets it together with the name to verify */
	if (name && SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) {
		(void)str_ncpy(host, name, sizeof(host));
		set_identity(ssl, host);
	}
#endif
}


/**
 * Verify the certificate of a SIP server, if Baresip is configured to
 *
 * @param ssl TLS client that has not received the server's certificate yet;
 *            may be called again for the same one
 */
void verify_server(struct ssl_st *ssl)
{
#ifdef COMPAT_NEVER_VERIFIES
	if (is_sip(ssl) && verify_is_wanted())
		SSL_set_verify(ssl, SSL_VERIFY_PEER, verify_handler);
#else
	(void)ssl;
#endif
}
#endif
