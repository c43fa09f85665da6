/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libquery.h - queries for tests. */
#ifndef LIBQUERY_H
#define LIBQUERY_H

#include "memlog.h"

/* A query of a library; fails the test when there is none. */
struct memlog_query *query_new(void);

#endif
