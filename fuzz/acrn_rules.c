/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acrn_rules.c - a user's file of rules, and an entry to make text of: the first
 * 32 bytes are the entry. */
#include "format/acrn/template.h"
#include "liblook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ml_acrn_event event;
	struct ml_acrn_rules *rules;
	char line[ML_ACRN_LINE];
	struct look_memory m;
	const char *rule;
	size_t len;

	if (size < ML_ACRN_ENTRY)
		return 0;
	ml_acrn_event_load(data, &event);
	look_memory_init(&m, 64u << 20);
	if (!ml_acrn_rules_create(&m.alloc, (const char *)data + ML_ACRN_ENTRY,
				  size - ML_ACRN_ENTRY, &rules, NULL)) {
		rule = ml_acrn_rules_find(rules, event.id, &len);
		if (rule)
			LOOK_CHECK(ml_acrn_template(rule, len, &event, line) <=
				   sizeof(line));
		ml_acrn_rules_destroy(rules);
	}
	/* any bytes are a template */
	LOOK_CHECK(ml_acrn_template((const char *)data + ML_ACRN_ENTRY,
				    size - ML_ACRN_ENTRY, &event,
				    line) <= sizeof(line));
	LOOK_CHECK(!m.now && !m.blocks);
	return 0;
}
