/**
 * @file verify.c  Verifies the certificates of servers where libre does not
 *
 * libre before 2.0 never does. Here it is done on the same conditions as
 * newer versions of Baresip have.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "line.h"
#include "verify.h"

#ifdef COMPAT_NEVER_VERIFIES
/* As Baresip from 1.1.0 on takes it */
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
 * Are certificates to be verified by us, since libre does not?
 *
 * @return True if they are
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
/* Of libre 1.1.0 only the SIP stack opens connections without a server name:
   its HTTP client sets one, its RTMP client verifies by itself */
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


/* libre does not tell which server a connection goes to, but the certificate
   has to be for one of those that our accounts name */
static bool is_for_server(X509 *x)
{
	struct le *le;

	for (le = list_head(line_list()); le; le = le->next) {

		const struct line *line = le->data;

		for (unsigned i = 0; i < line->serverc; i++) {
			if (is_for_host(x, line->serverv[i].host))
				return true;
		}

		if (line->asked.pending &&
		    is_for_host(x, line->asked.server.host))
			return true;

		if (is_for_uri(x, account_outbound(line->acc, 0)) ||
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


/**
 * Have the certificate of a SIP server verified, if Baresip is told to
 *
 * @param ssl TLS client whose server has not shown its certificate yet; may
 *            be called again for the same one
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
