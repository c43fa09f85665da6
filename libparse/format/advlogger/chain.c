/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * chain.c - the logs that go on with another.
 *
 * Before the operating system starts, firmware with headers of version 6 copies the log
 * into reserved memory and leaves the new address in the old header.
 */
#include "advlogger.h"
#include "base/limits.h"

static bool adv_chain_has(const struct memlog_logs *logs,
			  enum memlog_space space, uint64_t addr)
{
	size_t i;

	for (i = 0; i < logs->count; i++)
		if (logs->logs[i]->pub.n_extents &&
		    logs->logs[i]->extents->space == space &&
		    logs->logs[i]->extents->addr == addr)
			return true;
	return false;
}

/* Add the log at addr, if there is one; *ret_next: where the next one is. */
static enum memlog_status adv_chain_add(struct memlog_logs *logs,
					const struct ml_log *seed,
					struct memlog_image *image,
					uint64_t addr, uint64_t *ret_next,
					struct memlog_err *err)
{
	uint8_t head[ADV_PROBE_LEN];
	struct ml_found found = { .extent = *seed->extents };
	struct ml_probe probe = { .bytes = head,
				  .space = seed->extents->space,
				  .addr = addr };
	struct ml_log probed = { .pub = seed->pub, .fmt = seed->fmt };
	struct ml_log *log;
	enum memlog_status s;
	uint32_t id;

	*ret_next = 0;
	probed.pub.reason[0] = '\0';
	found.extent.addr = addr;
	if (ml_image_fill(image, probe.space, addr, head, sizeof(head),
			  &probe.len, NULL) ||
	    probe.len < ADV_PROBE_MIN ||
	    ml_advlogger_probe(&probe, &probed, &found, NULL))
		return MEMLOG_OK;
	*ret_next = ml_advlogger(&probed)->next;
	if (adv_chain_has(logs, probe.space, addr))
		return MEMLOG_OK;
	s = ml_logs_add(logs, seed->fmt, &log, err);
	if (s)
		return s;
	id = log->pub.id;
	log->pub = probed.pub;
	log->pub.flags |= seed->pub.flags & MEMLOG_LOG_GUESSED;
	log->pub.id = log->pub.group = id;
	log->pub.n_extents = 0;
	memcpy(log->priv, probed.priv, sizeof(log->priv));
	s = ml_log_add_extent(logs, log, &found.extent, err);
	if (s) {
		ml_logs_drop_last(logs);
		return s == MEMLOG_NOT_MINE ? MEMLOG_OK : s;
	}
	ml_log_settle(logs, log, image);
	return MEMLOG_OK;
}

/* Addresses are the guest's: in the memory of a process they lead nowhere. */
enum memlog_status ml_advlogger_expand(struct memlog_logs *logs,
				       struct ml_log *log,
				       struct memlog_image *image,
				       struct memlog_err *err)
{
	enum memlog_space space = log->extents->space;
	uint64_t next = ml_advlogger(log)->next;
	enum memlog_status s = MEMLOG_OK;
	unsigned int i;

	if (space != MEMLOG_PHYS && space != MEMLOG_VIRT)
		return MEMLOG_OK;
	for (i = 0; i < ML_ADVLOGGER_CHAIN && next && !s; i++)
		s = adv_chain_add(logs, log, image, next, &next, err);
	return s;
}
