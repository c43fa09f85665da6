/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rules.h - a user's rules file. */
#ifndef ML_QUERY_RULES_H
#define ML_QUERY_RULES_H

#include "query.h"

/* --acrn-formats FILE: read it into the query, if its rules are valid. INVALID
 * names the file. */
enum memlog_status ml_query_rules(struct memlog_query *query, const char *file,
				  struct memlog_err *err);

#endif
