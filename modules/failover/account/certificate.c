/**
 * @file certificate.c  Why a TLS connection failed
 *
 * libre reports each failed TLS handshake as "Protocol error". OpenSSL knows
 * the cause. It calls this file when an SSL object is made
 * (CRYPTO_get_ex_new_index(3)) and during the handshake
 * (SSL_set_info_callback(3)). The cause is stored here. When libre then
 * reports the error, in the same turn of the main loop, it is read.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>
#include <pthread.h>
#include "certificate.h"
#include "compat.h"
#include "error.h"
#include "foreign.h"
#include "verify.h"

#ifdef FAILOVER_OPENSSL
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>


enum {
	NAMES_SIZE = 64,             /**< Of names shown to the user         */
	CAUSE_SIZE = 120,            /**< Fits a reason                      */
};

/** A TLS connection, from before its handshake until it ends */
struct peer {
	struct le le;
	SSL *ssl;                    /**< Not referenced: owns this peer     */
	bool watched;
};

static struct {
	struct list peerl;
	struct tmr tmr;              /**< Starts to watch new ones           */
	struct tmr tmr_forget;
	pthread_t thread;            /**< The main loop's                    */
	int ix;                      /**< Index of a peer in its SSL object  */
	bool blind;                  /**< Not all connections are seen       */
	char cause[CAUSE_SIZE];      /**< Of the latest failure, or empty    */
} cert = { .ix = -1 };


static void peer_destructor(void *arg)
{
	struct peer *peer = arg;

	list_unlink(&peer->le);
}


static void name_append(char *names, const ASN1_STRING *name)
{
	size_t pos = strlen(names);

	if (pos && pos + 2 < NAMES_SIZE) {
		names[pos++] = ',';
		names[pos++] = ' ';
	}

	foreign_clean(&names[pos], NAMES_SIZE - pos,
		   (const char *)ASN1_STRING_get0_data(name),
		   (size_t)ASN1_STRING_length(name));
}


static void common_name(X509 *x, char *names)
{
	X509_NAME *subject = X509_get_subject_name(x);
	const int i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (i >= 0)
		name_append(names, X509_NAME_ENTRY_get_data(
				    X509_NAME_get_entry(subject, i)));
}


/* The names that a certificate is for. RFC 6125 section 6.4.4: the alternative
   names if there are any, else the common name. */
static void names_of(X509 *x, char *names)
{
	GENERAL_NAMES *gens;

	names[0] = '\0';

	gens = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(gens); i++) {

		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(gens, i);

		if (gen->type == GEN_DNS)
			name_append(names, gen->d.dNSName);
	}

	GENERAL_NAMES_free(gens);

	if (!names[0])
		common_name(x, names);
}


static void describe_name(char *cause, const SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
	char names[NAMES_SIZE] = "";

	if (sk_X509_num(chain) > 0)
		names_of(sk_X509_value(chain, 0), names);

	(void)re_snprintf(cause, CAUSE_SIZE,
			  "certificate is for another name (%s)",
			  names[0] ? names : "none");
}


static void describe_certificate(char *cause, const SSL *ssl, long result)
{
	const char *text;

	switch (result) {

	case X509_V_ERR_CERT_HAS_EXPIRED:
		text = "has expired";
		break;

	case X509_V_ERR_CERT_NOT_YET_VALID:
		text = "is not valid yet";
		break;

	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		describe_name(cause, ssl);
		return;

	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		text = "is self-signed, not signed by a known authority";
		break;

	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		text = "is not signed by a known authority";
		break;

	default:
		(void)re_snprintf(cause, CAUSE_SIZE,
				  "certificate not accepted: %s",
				  X509_verify_cert_error_string(result));
		return;
	}

	(void)re_snprintf(cause, CAUSE_SIZE, "certificate %s", text);
}


static void describe_handshake(char *cause, unsigned long code)
{
	const char *text = ERR_reason_error_string(code);

	switch (ERR_GET_REASON(code)) {

	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_UNKNOWN_PROTOCOL:
		text = "the server does not speak TLS on this port";
		break;

	default:
		break;
	}

	(void)re_snprintf(cause, CAUSE_SIZE, "TLS handshake failed: %s",
			  text ? text : "unknown error");
}


static void forget_handler(void *arg)
{
	(void)arg;

	cert.cause[0] = '\0';
}


static void note_failure(const SSL *ssl)
{
	const unsigned long code = ERR_peek_error();
	const long result = SSL_get_verify_result(ssl);

	/* no error: it waits for the network */
	if (!code)
		return;

	if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
	    result != X509_V_OK)
		describe_certificate(cert.cause, ssl, result);
	else
		describe_handshake(cert.cause, code);

	/* a later failure has a cause of its own */
	tmr_start(&cert.tmr_forget, 0, forget_handler, NULL);
}


static void info_handler(const SSL *ssl, int where, int ret)
{
	if (SSL_is_server(ssl) || !pthread_equal(pthread_self(), cert.thread))
		return;

	/* at each step: the first one may be over before we watch */
	if (where == SSL_CB_CONNECT_LOOP && !SSL_is_init_finished(ssl))
		verify_server((SSL *)(intptr_t)ssl);
	else if (where == SSL_CB_CONNECT_EXIT && ret <= 0)
		note_failure(ssl);
}


/* The new SSL objects are complete now. No server has answered yet: an answer
   is read in a later turn of the main loop. */
static void watch_handler(void *arg)
{
	struct le *le;
	(void)arg;

	for (le = list_head(&cert.peerl); le; le = le->next) {

		struct peer *peer = le->data;

		if (peer->watched || SSL_is_dtls(peer->ssl))
			continue;

		if (SSL_get_info_callback(peer->ssl))
			cert.blind = true;
		else
			SSL_set_info_callback(peer->ssl, info_handler);

		verify_identity(peer->ssl);
		peer->watched = true;
	}
}


static void new_handler(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int ix,
			long argl, void *argp)
{
	struct peer *peer;
	(void)ptr;
	(void)argl;
	(void)argp;

	if (!pthread_equal(pthread_self(), cert.thread))
		return;

	peer = mem_zalloc(sizeof(*peer), peer_destructor);
	if (!peer || !CRYPTO_set_ex_data(ad, ix, peer)) {
		cert.blind = true;
		mem_deref(peer);
		return;
	}

	peer->ssl = parent;

	list_append(&cert.peerl, &peer->le, peer);
	tmr_start(&cert.tmr, 0, watch_handler, NULL);
}


static void free_handler(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int ix,
			 long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)ix;
	(void)argl;
	(void)argp;

	mem_deref(ptr);
}


/**
 * Start to store why TLS connections fail
 *
 * @return 0 if success, otherwise errorcode
 */
int certificate_open(void)
{
	tmr_init(&cert.tmr);
	tmr_init(&cert.tmr_forget);
	cert.thread = pthread_self();
	cert.cause[0] = '\0';

	cert.ix = SSL_get_ex_new_index(0, NULL, new_handler, NULL,
				       free_handler);

	cert.blind = cert.ix < 0;

	return cert.blind ? ENOMEM : 0;
}


/** Stop that */
void certificate_close(void)
{
	struct le *le;

	tmr_cancel(&cert.tmr);
	tmr_cancel(&cert.tmr_forget);

	if (cert.ix >= 0)
		(void)CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, cert.ix);
	cert.ix = -1;

	for (le = list_head(&cert.peerl); le; le = le->next) {

		const struct peer *peer = le->data;

		if (SSL_get_info_callback(peer->ssl) == info_handler)
			SSL_set_info_callback(peer->ssl, NULL);
	}

	list_flush(&cert.peerl);
}


/**
 * May there be TLS connections that are not watched? Then it is not known
 * which ones are watched.
 *
 * @return True if there may be such connections
 */
bool certificate_is_blind(void)
{
	return cert.blind;
}


static const char *latest_cause(void)
{
	return cert.cause;
}
#else
int certificate_open(void)
{
	return 0;
}


void certificate_close(void)
{
}


bool certificate_is_blind(void)
{
	return true;
}


static const char *latest_cause(void)
{
	return "";
}
#endif


/**
 * The cause of an error, if it is that of a TLS handshake that has just failed
 *
 * @param text Error text of Baresip or libre
 *
 * @return The cause if it is known, else the same text; valid until the next
 *         turn of the main loop
 */
const char *certificate_reason(const char *text)
{
	return latest_cause()[0] && error_is(text, EPROTO) ?
		latest_cause() : text;
}
