/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * limits.h - every bound on the work that a hostile image can cause, by name,
 * with its reason. Sizes in bytes.
 */
#ifndef ML_BASE_LIMITS_H
#define ML_BASE_LIMITS_H

#include "limits_linux.h"
#include "limits_output.h"

/* Inputs of fuzzers are small, and so are some limits for them: reached more often, and in
 * less time. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define ML_FUZZ_OR(small, limit) (small)
#else
#define ML_FUZZ_OR(small, limit) (limit)
#endif

/* Memory is searched and counted in pages of this size, whatever the guest
 * uses: firmware aligns its buffers to 4 KiB on every architecture. */
#define ML_PAGE 4096u

/* Logs kept per image. A real one has a handful; a hostile one can hold
 * millions of valid headers. */
#define ML_MAX_LOGS 4096u

/* Threads that search: a mapped window of 64 MiB has work for this many. */
#define ML_MAX_THREADS 16u

/* Extents of all logs of an image: one for a plain ring, else one per CPU or page. */
#define ML_MAX_EXTENTS (1u << 20)

/* How far into a file the first progress code is looked for, what a pipe has at once;
 * and the longest text of a virtual machine monitor. */
#define ML_PORTS_LOOK (128u << 10)
#define ML_PORTS_TEXT (UINT64_C(1) << 40)

/* In the log of monitors: lives of machines, from creation to reset, and what comes after
 * these is of the last one; of them those that may go on, of monitors without the number
 * of a process, which a line is compared with in pairs, and of those with one. */
#define ML_PORT_LIVES	  65536u
#define ML_PORT_ACTIVE	  64u
#define ML_PORT_PROCESSES 1024u

/* A line of text is split into records of at most this size, so that memory
 * does not grow with a log that has no line ends. */
#define ML_MAX_LINE 4096u

/* Bytes of records kept for the newest N: far more than a person reads. */
#define ML_MAX_NEWEST (64u << 20)

/* A regular expression: its length in bytes, nested parentheses, and characters
 * when repeats are written out, as the C library does. */
#define ML_MAX_REGEX   1024u
#define ML_REGEX_DEPTH 32u
#define ML_REGEX_COST  512u

/* Regular expressions of one command: more than anybody types. */
#define ML_MAX_PATTERNS 16u

/* Matches that are highlighted in one piece of a line. */
#define ML_MAX_HIGHLIGHTS 64u

/* For each byte of a hostile text the C library may keep 10 KiB of states, and
 * 1 KiB more for each character of the expression. KEPT is how many KiB, until
 * they are dropped between two lines, for all expressions together. */
#define ML_REGEX_STATE 10u
#define ML_REGEX_KEPT  (128u << 10)

/* Bytes of a file that are at several addresses are searched and printed once;
 * where a range or the start of a log says that others are wanted, this many
 * times. No tool writes such a dump. */
#define ML_REPEATS 4u

/* The same for logs of one format that overlap, which real ones do not, if the file is smaller
 * than this, or there is none. */
#define ML_OVERLAP_LEAST (UINT64_C(4) << 20)

/* Memory of an image in an extract: every known log is below 4 MiB, and the
 * file is meant to be sent by mail. */
#define ML_MAX_EXTRACT (256u << 20)

/* Parts of an extract before those that touch are joined, and pieces of memory that are
 * looked at for it: those of a log are usually one. */
#define ML_EXTRACT_PARTS  (1u << 18)
#define ML_EXTRACT_PIECES (1u << 22)

/* Program headers of one ELF image. QEMU with paging=true writes one per 4 KiB
 * mapping: 70,000 were seen. */
#define ML_MAX_PHDRS (1u << 22)

/* Bytes of PT_LOADs that are compared with others at the same addresses, all of an image
 * together: /proc/vmcore has the kernel twice, some 50 MiB, a debug kernel 100. */
#define ML_OVERLAP_COMPARED (128u << 20)

/* Page tables of CPUs that are walked to check where memory without a header is: those of
 * 4096 CPUs for 16 parts of the file that have such tables. There are one or two. */
#define ML_ORPHAN_WALKS (1u << 16)

/* Logs that an extract names in a note, each of which is looked at, and bytes of a
 * line of it. */
#define ML_NAMED_LOGS 64u
#define ML_NAMED_LINE 96u

/* ELF notes shown, bytes that are kept of them and their descriptions, bytes of the
 * largest, and bytes of notes that are read. The notes of a CPU with what is said of them
 * take 2 KiB, in a process with AVX-512 5 KiB for each thread; Linux lists up to 4 MiB of
 * names of mapped files, and QEMU allows 1 MiB of VMCOREINFO. */
#define ML_MAX_NOTES	  65536u
#define ML_MAX_NOTE_BYTES (12u << 20)
#define ML_MAX_NOTE	  (4u << 20)
#define ML_MAX_NOTES_READ (64u << 20)

/* The largest rings of OVMF, header included: families A and B have 4 MiB, C has 2
 * MiB, and as much for the index that our firmware puts into the header. */
#define ML_OVMF_MAX (4u << 20)

/* The largest AdvancedLogger, header included: 4 MiB is usual, and a live log is copied
 * up to this size. */
#define ML_ADVLOGGER_MAX (64u << 20)

/* Logs that go on with another in a chain: the firmware follows as many. */
#define ML_ADVLOGGER_CHAIN 3u

/* Bytes of these logs that are compared with others, and pairs that are looked at. A real
 * image has three or four logs. */
#define ML_ADVLOGGER_COMPARED (UINT64_C(256) << 20)
#define ML_ADVLOGGER_PAIRS    (1u << 24)

/* Logs of different boots that are put in order by their dates. */
#define ML_ADVLOGGER_BOOTS 64u

/* OVMF logs whose text is compared with another's; each reads up to an early
 * ring: a real image has two or three, a hostile one thousands. */
#define ML_OVMF_COMPARED 64u

/* Pairs of logs checked for whether to compare them, and pieces of memory
 * walked around logs, for all logs of one image together: what 4096 logs need
 * at most. */
#define ML_OVMF_PAIRS  (1u << 24)
#define ML_OVMF_RANGES (1u << 24)

/* Pieces of memory walked through the text of all logs of one image, to count
 * what is missing: a real log is in a few. */
#define ML_TEXT_RANGES (1u << 24)

/* Bytes of logs that are looked at page by page, all logs of one image together,
 * to tell which pages are their own: 64 rings of ACRN's trace have 256 MiB. */
#define ML_LOOKED_AT (1u << 30)

/* Bytes of logs that are looked at to tell how far their text goes, all logs of one image
 * together; the same again for each copy of a live one. */
#define ML_SETTLED (1u << 28)

/* Text in which a resume from suspend to RAM would be mentioned: it is a few
 * KiB after the start of a boot. */
#define ML_OVMF_RESUME 65536u

/* Likely places that one format may return: some for each run of memory. */
#define ML_LIKELY_PLACES 64u

/* Pieces of memory walked to find those, and how many of them may be large. */
#define ML_LIKELY_RANGES 4096u
#define ML_LIKELY_RUNS	 8u

/* A search downwards from a likely place continues this far past the last log,
 * to find its neighbours. */
#define ML_LIKELY_PAST (32u << 20)

/* A slow image with at most this much memory is searched as a whole when the places where
 * logs are most often have none: to search all likely places before, of 128 MiB each, would
 * take as long. */
#define ML_LIKELY_WORTH (UINT64_C(512) << 20)

/* Where a log is enough, how far around it others are searched for: what the firmware
 * keeps of a resume or of the boot before is half a MiB from it. */
#define ML_LIKELY_BESIDE UINT64_C(0x100000)

/* A slow image of which a log was found is searched for those of other formats up to so many
 * requests and bytes, all that was read before included. */
#define ML_NEED_REQUESTS 32u
#define ML_NEED_BYTES	 (UINT64_C(21) << 20)

/* The most bytes that a format may need to decide whether a log starts there.
 * Xen's console needs 16 KiB. */
#define ML_PROBE_MAX (80u << 10)

/* Pages of a p2m tree read to look up machine addresses, for all lookups of one
 * image together. A tree that is narrowed down by its spans needs one for
 * each. */
#define ML_P2M_REVERSE_READS (1u << 20)

/* Bytes of one log copied out of a live image before it is decoded. OVMF's ring
 * is at most 4 MiB, ACRN's 16 of 4 MiB; larger logs are read in place. */
#define ML_MAX_SNAPSHOT (64ull << 20)

/* Mappings of one process. Linux allows 65,530 by default, and
 * text of about 100 bytes for each. */
#define ML_MAX_MAPPINGS	  (1u << 20)
#define ML_MAX_MAPS_BYTES (256u << 20)

/* The largest shared buffer that ACRN allows, header included. */
#define ML_SBUF_MAX ML_FUZZ_OR(128u << 10, 4u << 20)

/* Rings of one hypervisor: ACRN runs on up to 64 CPUs, a log has a ring for
 * each in two halves, and as many again may be left over. */
#define ML_ACRN_MAX_RINGS 1024u

/* Headers of ACRN's rings that may be missing or damaged in a row in one
 * region. */
#define ML_ACRN_SKIP 4u

/* How far around a ring others are searched for at least, and how far a region
 * may extend: 64 rings of 4 MiB. */
#define ML_ACRN_REACH (1u << 20)
#define ML_ACRN_SPAN  (256u << 20)

/* Slots of a ring searched for a message that names its CPU. */
#define ML_ACRN_CPU_SLOTS 512u

/* ACRN starts in 32-bit mode and keeps its per-CPU data below 4 GiB: a search
 * for its pointers, and for logs at odd addresses in it, goes no further. */
#define ML_ACRN_LOW (UINT64_C(4) << 30)

/* A rules file for a trace: the one that ACRN ships has 2 KiB. */
#define ML_MAX_RULES (1u << 20)

/* Exit lengths kept for percentiles, of one reason on one CPU or on all: more
 * than a ring of 4 MiB has entries. There are 256 vectors. */
#define ML_STATS_MAX_SAMPLES (1u << 20)
#define ML_STATS_MAX_VECTORS 1024u

/* Visits to the hypervisor by reason and task: rows, of one CPU or of all. There are
 * about ten reasons, and guests have tens of virtual CPUs. */
#define ML_VISITS_ROWS 1024u

/* Bytes of one table with an entry for each header, record, range or run of a dump; a
 * larger one is in a temporary file. An image has at most eight at a time. All of the
 * 70,000 headers that QEMU writes fit. */
#define ML_BULK_MEMORY (4u << 20)

/* Pieces of memory of one image, or of a flattened file, that are not consecutive: their
 * index needs up to 112 bytes for each while it is made, and 64 later. QEMU starts a new
 * piece of a flattened file every 340 pages, so this is 16 TiB of guest memory. */
#define ML_MAX_LOADS (1u << 24)

/* Blocks of a kdump-compressed file: 4 KiB on x86, 64 KiB on arm64 and ppc64.
 * Some are kept expanded. */
#define ML_MAX_KDUMP_BLOCK (1u << 20)

/* Pages that a kdump-compressed file describes: 64 TiB in blocks of 4 KiB. Its
 * bitmap then has 2 GiB, and a sparse file could promise any size. */
#define ML_MAX_KDUMP_PAGES (1ull << 34)

/* Pages of a saved guest: 16 TiB. Their index has 8 bytes for each; beyond the
 * second number, enough for 4 GiB of guest, it is in a temporary file, or, with
 * mapped-ram, made again when it is needed. */
#define ML_MAX_SAVED_PAGES  (1ull << 32)
#define ML_PAGEINDEX_MEMORY (8u << 20)

/* Blocks of memory of a saved guest, each with a name of up to 255 bytes. Ten
 * are usual: RAM, firmware, video memory, ROMs of devices. */
#define ML_MAX_SAVED_BLOCKS 1024u

/* Bytes of a file that may be memory, which are searched at every 8 bytes if there is no
 * log at the start of a page: some 40 s. */
#define ML_RAW_EVERY (4ull << 30)

/* Files of one split dump, or pieces of split(1). makedumpfile makes as many as
 * requested; 8 or 16 are usual. */
#define ML_MAX_PARTS 1024u

/* Ranges of their memory that are compared with each other, for all pairs together: four
 * times as many as that many parts need that have one range each, in any order. */
#define ML_SET_STEPS (1u << 22)

/* Frames of an AVML file, each 64 KiB of memory: 4 TiB. Their index has 32 bytes for
 * each, in a temporary file: 512 MiB for 1 TiB. What a file has beyond them is missing. */
#define ML_MAX_FRAMES (1u << 26)

/* Zeros after the last range of LiME or AVML: less than a block of dd(1), which pads the
 * last one. */
#define ML_LIME_PADDING (1u << 20)

/* Pieces of a log with other memory between its pages, and pages of that. */
#define ML_MAX_PIECES 64u

/* The largest Xen console ring that is accepted, which is read as a whole, and of those
 * that are found by their text, which may be copied: conring_size= takes any number, and
 * by default Xen allocates 8 KiB per CPU, of which there are 4095 at most. */
#define ML_XEN_RING_MAX		(32u << 20)
#define ML_XEN_RING_GUESSED_MAX (8u << 20)

/* Bytes of rings of Xen's console, found by their text, that are larger than the
 * smallest: a page may claim the largest, and so may all the pages in these. What comes
 * after is taken to be of the smallest size. */
#define ML_XEN_GUESSED (UINT64_C(256) << 20)

/* Page tables of one image that are tried as dom0's direct map, each of which is read as
 * a whole. In a real one the first or second is, and its CPUs share it. */
#define ML_XEN_TREES 8u

/* Bytes of the Xen hypervisor searched for its variables: code, data and bss
 * end below this in every version. */
#define ML_XEN_IMAGE_MAX ML_FUZZ_OR(256u << 10, 16u << 20)

/* Words of the hypervisor's data that are followed as pointers to the console
 * ring. Two or three look like it, and the search ends at the first that is; in
 * an image full of them each would cost 16 KiB. */
#define ML_XEN_POINTERS (1u << 14)

/* Guessed rings that are compared with each other: dom0's memory has some
 * copies of the real one, and a hostile image a million. */
#define ML_XEN_COMPARED 256u

/* A value of JSON takes up to 300 bytes of memory while a table of them grows, and an object
 * as much as this many. */
#define ML_JSON_OBJECT 5u

/* The state of a machine that Cloud Hypervisor saved: bytes (some KiB for each virtual
 * CPU), and the same where the file cannot be mapped; bytes of one part of it, and values
 * in that, of which some versions write each byte as one; and places that have memory, of
 * which some hundred are usual. */
#define ML_CLOUDHV_STATE  (32u << 20)
#define ML_CLOUDHV_COPY	  (8u << 20)
#define ML_CLOUDHV_PART	  (2u << 20)
#define ML_CLOUDHV_VALUES (48u << 10)
#define ML_CLOUDHV_PLACES (4u << 10)

/* One reply of a monitor: the largest that QEMU sends is 1 MiB of a log in
 * base64, "info mtree" is far smaller. */
#define ML_MAX_QMP_REPLY (16u << 20)

/* Values in it, commas in its strings included: "info mtree" has one in each line, and a
 * large machine a few thousand lines. */
#define ML_QMP_VALUES (48u << 10)

/* Events that a monitor may send before it answers. A busy guest causes a few
 * per second. */
#define ML_MAX_QMP_STRAYS 10000u

/* Bytes that a file compressed as a whole may unpack to, holes included. */
#define ML_MAX_UNPACKED (1ull << 42)

/* Bytes of the name of a file in a cpio archive, which libarchive allocates. Linux has no
 * path of more than 4096. */
#define ML_MAX_CPIO_NAME 65536u

/* Bytes before the current one to which what a packed file says of the next may refer,
 * which all stay in memory; --limit window= allows more. xz -9 needs 64 MiB, zstd
 * --ultra -22 and --long=27 need 128. */
#define ML_MAX_WINDOW (128u << 20)

/* Bytes of the list of files in a 7z archive, as they are and unpacked. libarchive keeps
 * some 100 for each file: an archive of a dump has a few. */
#define ML_MAX_SEVENZIP (256u << 10)

/* Symbols of one file. A Linux kernel has 200,000. */
#define ML_MAX_SYMBOLS (1u << 24)

/* Types of debug information that are remembered once they were looked for. */
#define ML_SYMBOL_TYPES 64u

/* Pages searched for the list of Xen's trace buffers, 4 bytes each: 64 GiB. */
#define ML_MAX_XENTRACE_PAGES (1u << 24)

/* CPUs with a trace buffer; Xen runs on up to 4095. */
#define ML_XENTRACE_CPUS 4096u

/* Bytes of the list of trace buffers: what 16-bit numbers can address. */
#define ML_XENTRACE_INFO (64u * ML_PAGE)

/* Lines of the console that are compared with that list. One would do. */
#define ML_XENTRACE_LINES 64u

/* Warnings kept per image: enough to understand, not enough to flood. */
#define ML_MAX_WARNINGS 64u

/* Formats of which an answer says that too many places look like their logs. */
#define ML_CURTAILED 8u

/* Bytes searched around all logs of one format in an image to find what belongs to
 * them; beyond that, at most the places where a neighbour must be are looked at. A
 * real region takes a few MiB, but so would each planted header. */
#define ML_MAX_AROUND (1u << 30)

/* Characters of VMCOREINFO in the kernel's memory: it has a page for them, and uses
 * 3000 to 4000. */
#define ML_VMCOREINFO 16384u

/* Places in memory where an old kernel may have a variable of its own: one in each 2
 * MiB, so this is 2 TiB. */
#define ML_PHYS_BASE_TRIES (1u << 20)

/* What is kept of a pipe in memory; more goes to a temporary file. */
#define ML_CAPTURE_MEMORY (9u << 20)

/* Headers and notes at the start of a dump that comes through a pipe. A dump
 * with more (or with headers at its end) is copied to a temporary file. The
 * 70,000 headers that QEMU writes take 3.8 MiB. */
#define ML_STREAM_PREFIX (4u << 20)

/* Bytes of a coreboot table: coreboot keeps 32 KiB for it and uses 1 to 2. And of
 * its console, whose size the build configures: 128 KiB is usual, and more than
 * this its counter cannot tell. */
#define ML_CBMEM_TABLE	 (32u << 10)
#define ML_CBMEM_CONSOLE (256u << 20)

/* The ring of OPAL's console: skiboot has 1 MiB, and its counter no more than this. */
#define ML_OPAL_RING (1u << 24)

/* Text that a chunk of tboot's log unpacks to: tboot packs at most the 32 KiB of the
 * log, into a buffer of this size. */
#define ML_TBOOT_CHUNK (1u << 16)

/* Slim Bootloader: the largest log, of which 32 KiB are usual; bytes of its HOBs, in
 * which what leads to the log is one of the first; how far below them its payload's
 * copy is looked for; and bytes of all logs of an image that are compared. */
#define ML_DLOG_MAX	 (1u << 20)
#define ML_DLOG_HOBS	 4096u
#define ML_DLOG_BELOW	 (64u << 20)
#define ML_DLOG_COMPARED (64u << 20)

/* Boots of --list-boots: a ring of 128 KiB holds a few. */
#define ML_MAX_BOOTS 65536u

/* Modules of firmware with a name: OVMF has 120. */
#define ML_MODULES 4096u

/* A table of boot times: OVMF with all drivers that are measured has 280 KiB. */
#define ML_FPDT_MAX (8u << 20)

/* The log of Linux, as powers of two: descriptors, and bytes of text: log_buf_len= takes
 * more, kernels for 8192 CPUs make it 32 MiB. Its pieces of memory: the kernel takes
 * them in one piece each; pages of tables that lead there. Bytes of a descriptor (24), of
 * what is known of a record (88), and of the ring's variables (88). Bytes of damage
 * after which no more records are looked for. */
#define ML_DMESG_COUNT_BITS 21u
#define ML_DMESG_SIZE_BITS  26u
#define ML_DMESG_RUNS	    64u
#define ML_DMESG_TABLES	    256u
#define ML_DMESG_INFO	    512u
#define ML_DMESG_SKIP	    (1u << 20)

/* A region of ramoops: how far zones are searched (a pipe keeps no more around a log;
 * 1 to 4 MiB are usual), and zones of it. Bytes of a record that are expanded, and what
 * of it is kept of a running machine if its header does not count it; bytes of its text,
 * of which Linux keeps 10 KiB by default and a few MiB at most. */
#define ML_RAMOOPS_REGION (8u << 20)
#define ML_RAMOOPS_ZONES  2048u
#define ML_RAMOOPS_RECORD (4u << 20)
#define ML_RAMOOPS_LOST	  (64u << 10)
#define ML_RAMOOPS_TEXT	  (8u << 20)

/* An event log of a TPM: firmware keeps 64 KiB for it, some machines more. */
#define ML_TPM_LOG (1u << 20)

/* Headers that point from one to the next before the log is reached: coreboot has
 * two. */
#define ML_MAX_POINTERS 4u

/* Places that headers in a pipe pointed to and that have not come yet. */
#define ML_STREAM_POINTERS 64u

/* How far a format may reach back from its magic in a pipe. */
#define ML_STREAM_BACK ML_FUZZ_OR(64u << 10, 8u << 20)

/* One request of a file far away, and the window of a search of it. Four of them are
 * kept. */
#define ML_FAR_REQUEST ML_FUZZ_OR(24u << 10, 8u << 20)

#endif
