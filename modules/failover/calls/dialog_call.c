/**
 * @file dialog_call.c  Which dialog is that of a call?
 *
 * Baresip tells a call's Call-ID, but not its tags. Two calls of an account
 * may have one Call-ID: who is called by a group of phones that he is in
 * himself has his own call come in, and the far end of a call may place
 * another one. So a dialog is given its call when that is established.
 *
 * Copyright (C) 2026 The failover authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "dialog.h"
#include "dialog_call.h"
#include "line.h"
#include "media.h"


static bool may_be_of(const struct dialog *dlg, const struct line *line,
		      const struct call *call)
{
	return dlg->line == line && !dlg->call &&
		dlg->incoming != call_is_outgoing(call) &&
		!str_cmp(dlg->callid, call_id(call));
}


static struct dialog *find_free(const struct line *line,
				const struct call *call, bool confirmed)
{
	struct le *le;

	for (le = list_head(dialog_list(call_id(call))); le; le = le->next) {

		struct dialog *dlg = le->data;

		if (may_be_of(dlg, line, call) &&
		    (dlg->confirmed || !confirmed))
			return dlg;
	}

	return NULL;
}


/* Might a dialog be that of another call as well? */
static bool is_like_another(const struct line *line, const struct call *call)
{
	struct le *le;

	for (le = list_head(ua_calls(line->ua)); le; le = le->next) {

		const struct call *other = le->data;

		if (other != call &&
		    !str_cmp(call_id(other), call_id(call)) &&
		    call_is_outgoing(other) == call_is_outgoing(call))
			return true;
	}

	return false;
}


/**
 * A call is up
 *
 * @param line Line
 * @param call Call
 */
void dialog_call_established(const struct line *line, struct call *call)
{
	struct dialog *dlg = call_id(call) ? find_free(line, call, true) :
		NULL;

	if (!dlg)
		return;

	dlg->call = call;
	dlg->established = true;
	(void)media_alloc(&dlg->media, line->ua, call, dlg->callid);
}


/**
 * Find the dialog of a call that is up
 *
 * @param callid Call-ID
 * @param call   Call, may have been freed
 *
 * @return Dialog, NULL if there is none
 */
struct dialog *dialog_call_find(const char *callid, const struct call *call)
{
	struct le *le;

	for (le = list_head(dialog_list(callid)); le; le = le->next) {

		struct dialog *dlg = le->data;

		if (dlg->call == call && !str_cmp(dlg->callid, callid))
			return dlg;
	}

	return NULL;
}


/**
 * A call has ended. If it never was up, its dialog may be found all the same.
 *
 * @param line Line
 * @param call Call
 *
 * @return Its dialog, NULL if there is none
 */
struct dialog *dialog_call_closed(const struct line *line, struct call *call)
{
	struct dialog *dlg;

	if (!call_id(call))
		return NULL;

	dlg = dialog_call_find(call_id(call), call);
	if (dlg)
		dlg->call = NULL;
	else if (!is_like_another(line, call))
		dlg = find_free(line, call, false);

	return dlg;
}
