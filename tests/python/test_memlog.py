# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the Python module: values, callbacks, lifetimes, threads.

B is the build directory.  python.bats runs this.
"""

import ctypes
import gc
import os
import signal
import struct
import subprocess
import tempfile
import threading
import time
import traceback
import unittest

import memlog
from memlog import Status, _abi

RECIPES = os.path.join(os.path.dirname(__file__), "../../fixtures/gen/recipes")
BASE = 0x820000


def make(recipe, path):
    """Make an image from the text of a recipe, or the name of one."""
    mkimage = os.path.join(os.environ["B"], "mkimage")
    if "\n" in recipe:
        subprocess.run([mkimage, "-", path], input=recipe.encode(), check=True)
    else:
        subprocess.run([mkimage, "%s/%s.rec" % (RECIPES, recipe), path],
                       check=True)
    return path


class Ring:
    """Memory with an OVMF ring that is written, at BASE."""

    TEXT = 192

    def __init__(self, size=8192):
        self.memory = bytearray(size)
        self.tail = 0
        struct.pack_into("<16sQQQ", self.memory, 0, b"ovmfmdg1ovmfmdg2",
                         self.TEXT, size - self.TEXT, 1)
        self.memory[0x40:0x46] = b"python"

    def say(self, text):
        at = self.TEXT + self.tail
        self.memory[at:at + len(text)] = text
        self.tail += len(text)
        struct.pack_into("<Q", self.memory, 0x30, self.tail)

    def read(self, address, size):
        return self.memory[address - BASE:address - BASE + size]

    def image(self, read=None, **options):
        return memlog.Image.from_reader(
            read or self.read, [(BASE, BASE + len(self.memory))], **options)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.small = make("small-c", cls.tmp.name + "/small")

    @classmethod
    def tearDownClass(cls):
        cls.tmp.cleanup()

    def path(self, name):
        return os.path.join(self.tmp.name, name)

    def fails(self, status, function, *args, **options):
        with self.assertRaises(memlog.Error) as caught:
            function(*args, **options)
        self.assertEqual(caught.exception.status, status)
        self.assertTrue(str(caught.exception))
        return caught.exception


class Images(Case):
    def test_of_a_file(self):
        with memlog.open(self.small) as image:
            self.assertEqual(image.name, self.small)
            self.assertEqual(image.format, "elf")
            self.assertIn("ELF", image.title)
            self.assertEqual(image.machine, "x86_64")
            self.assertEqual(image.space, "phys")
            self.assertEqual(list(image.ranges()), [(BASE, BASE + 0x2000)])
            self.assertEqual(list(image.ranges("mach")), [])
            self.assertEqual((image.present, image.missing), (0x2000, 0))
            self.assertEqual(image.file_size, os.path.getsize(self.small))
            self.assertFalse(image.live)
            self.assertTrue(image.has_space("phys"))
            self.assertFalse(image.has_space("mach"))
            notes = [n for n in image.notes if n.owner == "VMCOREINFO"]
            self.assertIn("OSRELEASE=6.1.0-small", notes[0].text)
            self.assertIn(b"OSRELEASE=6.1.0-small", notes[0].desc)
            self.assertEqual(image.read(BASE, 16), b"ovmfmdg1ovmfmdg2")
            self.assertEqual(len(image.read(BASE + 0x1ff0, 64, "phys")), 16)
            self.fails(Status.NO_DATA, image.read, 0, 1)
            self.assertIn(self.small, repr(image))
        self.assertTrue(image.closed)
        self.assertEqual(repr(image), "<memlog.Image closed>")
        image.close()

    def test_names(self):
        e = self.fails(Status.IO, memlog.open, self.path("none"))
        self.assertEqual(e.errno, 2)
        self.assertIn(self.path("none"), str(e))
        self.fails(Status.INVALID, memlog.open, "pid:0")
        with self.assertRaises(ValueError):
            memlog.open(self.small + "\0")
        odd = os.fsencode(self.path("")) + b"odd\xff"
        os.link(self.small, odd)
        self.assertEqual(len(memlog.open(odd).logs()), 1)
        self.assertEqual(len(memlog.open(os.fsdecode(odd)).logs()), 1)

    def test_options(self):
        raw = make("ram 0 8K\novmf 0x1000 size=4K\n  lines 3 \"raw \"\nend\n"
                   "raw\n", self.path("raw"))
        with memlog.open(raw, map="none", raw_base=0x1000000) as image:
            self.assertEqual(image.logs()[0].address, 0x1001000)
        with self.assertRaisesRegex(ValueError, "must be one of none, q35"):
            memlog.open(raw, map="pc98")
        self.fails(Status.INVALID, memlog.open, raw, via_qemu=True)
        with memlog.open(self.small, force_raw=True, no_mmap=True) as image:
            self.assertEqual(image.format, "raw")
            self.assertTrue(image.warnings)

    def test_truncated(self):
        path = make("truncated", self.path("truncated"))
        with memlog.open(path) as image:
            self.assertGreater(image.missing, 0)
            self.assertIn("truncated", image.warnings[0])
            with image.logs()[0].records() as records:
                self.assertGreater(len(list(records)), 0)
                self.assertGreater(records.missing, 0)
                self.assertTrue(records.log.flags & memlog.LogFlag.INCOMPLETE)
        with open(self.small, "rb") as f, open(path, "wb") as out:
            out.write(f.read(100))
        self.fails(Status.CORRUPT, memlog.open, path)


class Logs(Case):
    def test_log(self):
        with memlog.open(self.small) as image:
            logs = image.logs()
            self.assertEqual(len(logs), 1)
            self.assertTrue(logs.stats.complete)
            self.assertEqual(logs.stats.covered, 0x2000)
            log = logs[0]
            self.assertEqual((log.format, log.variant, log.version),
                             ("ovmf", "early", "small"))
            self.assertEqual((log.space, log.address, log.size),
                             ("phys", BASE, 4096))
            self.assertEqual(log.extents[0],
                             ("phys", BASE, 4096, None, 0, None))
            self.assertEqual(log.state, "current")
            self.assertEqual(log.used, sum(len(r.raw) for r in log))
            self.assertEqual(log.flags, 0)
            self.assertIn("ovmf phys:0x820000 current", repr(logs))
            records = list(log.records())
            self.assertEqual(records[3].text, "a small line 000003\r\n")
            self.assertEqual(records[3].text_bytes, b"a small line 000003\r\n")
            self.assertEqual((records[3].time, records[3].seconds,
                              records[3].level, records[3].cpu),
                             (None, None, None, None))
            self.assertEqual(len(records), 20)

    def test_formats(self):
        with memlog.open(self.small) as image:
            self.assertEqual(len(image.logs(formats=["opal", "ovmf"])), 1)
            self.assertEqual(len(image.logs(formats="opal,ovmf")), 1)
            self.assertEqual(len(image.logs(formats="xen-console")), 0)
            self.assertEqual(len(image.logs(formats="all")), 1)
            with self.assertRaisesRegex(ValueError, "format 'omvf'"):
                image.logs(formats="omvf")
        self.assertIn("OVMF", memlog.formats()["ovmf"])

    def test_where(self):
        with memlog.open(self.small) as image:
            self.assertEqual(len(image.logs(ranges=[(BASE, BASE + 4096)])), 1)
            self.assertEqual(len(image.logs(ranges=[(0, BASE)])), 0)
            self.assertEqual(
                len(image.logs(ranges=[(0, 1 << 40)], space="file")), 0)
            self.assertEqual(len(image.logs(scan="exhaustive")), 1)
            self.assertEqual(image.logs_at(BASE)[0].address, BASE)
            self.assertIsNone(image.logs_at(BASE).stats)
            self.fails(Status.NOT_MINE, image.logs_at, BASE + 0x1000)
            self.fails(Status.INVALID, image.logs_at, BASE, "mach")
            for bad in [(1, 1)], [(2, 1)], [(-1, 1)], [(0, 1 << 64)]:
                with self.assertRaises(ValueError):
                    image.logs(ranges=bad)
            with self.assertRaises(ValueError):
                image.logs(scan="everything")

    def test_window(self):
        packed = self.path("packed.zst")
        with open(self.small, "rb") as small, open(packed, "wb") as out:
            subprocess.run(["zstd", "-q", "--long=28"], stdin=small,
                           stdout=out, check=True)
        self.fails(Status.LIMIT, memlog.open, packed)
        self.fails(Status.LIMIT, memlog.open, packed, window=(1 << 28) - 1)
        with memlog.open(packed, window=1 << 28) as image:
            self.assertEqual(len(image.logs()), 1)

    def test_numbers_are_not_cut(self):
        for bad in -1, 1 << 64:
            with self.assertRaisesRegex(ValueError, "raw_base"):
                memlog.open(self.small, raw_base=bad)
        with memlog.open(self.small) as image:
            log = image.logs()[0]
            for bad in -1, BASE + (1 << 64):
                with self.assertRaises(ValueError):
                    image.logs_at(bad)
                with self.assertRaises(ValueError):
                    log.records(tsc_hz=bad)
                with self.assertRaises(ValueError):
                    image.logs(max_logs=bad)
                with self.assertRaises(ValueError):
                    image.logs(threads=bad)
            with self.assertRaises(TypeError):
                image.logs(ranges=[(BASE + 0.5, BASE + 4096)])
            # not all of memory
            with self.assertRaises(ValueError):
                image.logs(ranges=[])
        with self.assertRaises(ValueError):
            Ring().image(page_size=-1)

    def test_limit_has_what_was_found(self):
        with memlog.open(make("reset", self.path("reset"))) as image:
            logs = image.logs()
            self.assertEqual(sorted((i.state, i.boot) for i in logs),
                             [("current", 0), ("stale", -1)])
            e = self.fails(Status.LIMIT, image.logs, max_logs=1)
            self.assertEqual(len(e.logs), 1)
            self.assertTrue(list(e.logs[0]))

    def test_bytes_that_are_not_text(self):
        ring = Ring()
        ring.say(b"a\xff\x1b[0m\n")
        with ring.image() as image:
            record = next(image.logs()[0].records())
            self.assertEqual(record.text, "a\\xff\x1b[0m\n")
            self.assertEqual(record.text_bytes, b"a\xff\x1b[0m\n")
            self.assertNotIn("\x1b", memlog.escape(record.text_bytes))
            self.assertEqual(memlog.escape("a\0\u202e"), memlog.escape("a")
                             + "\\x00" + memlog.escape("\u202e"))

    def test_symbols(self):
        with self.assertRaises(memlog.Error):
            memlog.Symbols(self.path("none"))
        symbols = memlog.Symbols(os.environ["B"] + "/memlog-dump")
        with memlog.open(self.small) as image:
            logs = image.logs(symbols=symbols)
            del symbols
            self.assertEqual(len(list(logs[0].records())), 20)

    def test_rules(self):
        with memlog.open(self.small) as image:
            log = image.logs()[0]
            self.assertEqual(len(list(log.records(rules=""))), 20)
            self.assertEqual(len(list(log.records(rules="# none\n"))), 20)


class Readers(Case):
    def test_reads(self):
        ring = Ring()
        ring.say(b"by Python\n")
        with ring.image(name="mine", page_size=4096) as image:
            self.assertEqual((image.name, image.format), ("mine", "reader"))
            self.assertEqual([r.text for r in image.logs()[0]],
                             ["by Python\n"])
        for kind in bytes, memoryview, lambda b: ctypes.create_string_buffer(
                bytes(b), len(b)):
            with ring.image(lambda a, n: kind(ring.read(a, n))) as image:
                self.assertEqual(len(image.logs()), 1)
        for none in b"", None:
            with ring.image(lambda a, n: none) as image:
                self.assertEqual(len(image.logs()), 0)
        with self.assertRaises(ValueError):
            memlog.Image.from_reader(ring.read, [(1, 0)])
        with self.assertRaises(ValueError):
            memlog.Image.from_reader(ring.read, [], space="moon")

    def test_what_it_raises_reaches_the_caller(self):
        class Broken(BaseException):
            pass

        ring = Ring()
        ring.say(b"text\n")
        fail = []

        def read(address, size):
            if fail:
                raise fail[0]
            return ring.read(address, size)

        image = ring.image(read)
        logs = image.logs()
        for error in Broken("reader"), KeyError("x"), KeyboardInterrupt():
            fail[:] = [error]
            calls = [image.logs, lambda: image.read(BASE, 1),
                     lambda: image.logs_at(BASE),
                     lambda: list(logs[0].records())]
            for call in calls:
                try:
                    call()
                except BaseException as e:
                    self.assertIs(e, error)
                    self.assertIn("in read\n", "".join(
                        traceback.format_tb(e.__traceback__)))
                else:
                    self.fail("nothing was raised")
            del fail[:]
            # and nothing of it is left
            self.assertEqual(len(image.logs()), 1)
            self.assertEqual(len(list(logs[0].records())), 1)

    def test_too_many_bytes(self):
        with Ring().image(lambda a, n: b"x" * (n + 1)) as image:
            with self.assertRaisesRegex(ValueError, "read.. returned"):
                image.logs()

    def test_missing(self):
        class Fault(Exception):
            pass

        ring = Ring(64 << 10)
        ring.say(b"x" * 5000 + b"\n")
        asked = []

        def read(address, size):
            asked.append((address, size))
            end = BASE + 0x5000
            if address < BASE + 100 and size > 100 or address + size > end:
                raise Fault("a hole")
            return ring.read(address, size)

        with ring.image(read, missing=Fault) as image:
            self.fails(Status.NO_DATA, image.read, BASE + 0x5000, 10)
            self.assertEqual(image.read(BASE + 0x4000, 0x3000),
                             ring.read(BASE + 0x4000, 0x1000))
            self.assertEqual(image.read(BASE + 0x1234, 0x8000),
                             ring.read(BASE + 0x1234, 0x5000 - 0x1234))
            self.assertEqual(len(image.read(BASE, 50)), 50)
        with ring.image(read) as image:
            with self.assertRaises(Fault):
                image.read(BASE + 0x5000, 10)

    def test_its_callbacks_cannot_use_it(self):
        ring = Ring()
        for use in (lambda image: image.read(BASE, 1), lambda image:
                    image.close(), lambda image: image.logs()):
            image = ring.image(lambda a, n: use(image))
            with self.assertRaisesRegex(RuntimeError, "callbacks"):
                image.logs()
            image.close()

    def test_another_image_in_a_callback(self):
        ring = Ring()
        ring.say(b"inner\n")
        with ring.image() as inner:
            with ring.image(lambda a, n: inner.read(a, n)) as outer:
                self.assertEqual([r.text for r in outer.logs()[0]],
                                 ["inner\n"])

    def test_follow(self):
        ring = Ring(16 << 10)
        ended = []

        def read(address, size):
            if ended:
                raise EOFError
            return ring.read(address, size)

        ring.say(b"one\n")
        with ring.image() as image:
            self.fails(Status.INVALID, image.follow)
        with ring.image(read, live=True) as image:
            self.assertTrue(image.live)
            with image.follow(interval=0.001) as follow:
                self.assertIsNone(follow.log)
                self.assertTrue(follow.look())
                self.assertTrue(follow.news.started)
                self.assertEqual(follow.next_record().text, "one\n")
                self.assertIsNone(follow.next_record())
                self.assertEqual(follow.log.address, BASE)
                self.assertFalse(follow.look())
                timer = threading.Timer(0.05, ring.say, [b"two\nthree\n"])
                timer.start()
                self.assertEqual(next(follow).text, "two\n")
                self.assertEqual(next(follow).text, "three\n")
                timer.join()
                ended.append(True)
                with self.assertRaises(EOFError):
                    next(follow)
            with self.assertRaisesRegex(ValueError, "closed"):
                follow.look()

    def test_follow_a_process(self):
        holder = subprocess.Popen(
            [os.path.join(os.environ["B"], "tests/host/holder")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.kill)

        def tell(command):
            holder.stdin.write(command + "\n")
            return holder.stdout.readline()

        tell("map anon %d" % (64 << 20))
        tell("ring 0 4096 65536")
        tell("say 0 4096 first")
        with memlog.open("pid:%d" % holder.pid) as image:
            self.assertEqual((image.live, image.space), (True, "host"))
            got = []
            with image.follow(formats="ovmf", interval=0.001) as follow:
                for record in follow:
                    got.append(record.text)
                    if len(got) == 1:
                        tell("say 0 4096 second")
                    else:
                        holder.kill()
                        holder.wait()
                self.assertTrue(follow.ended)
            self.assertEqual(got, ["first\n", "second\n"])


class Stopping(Case):
    def test_progress(self):
        ring = Ring(4 << 20)
        ring.say(b"text\n")
        seen = []

        def progress(done, total):
            seen.append((done, total))
            return done > 2 << 20

        with ring.image(slow=True) as image:
            e = self.fails(Status.STOP, image.logs, scan="pages",
                           progress=progress)
            self.assertEqual(len(e.logs), 1)
            self.assertEqual(seen[-1][1], 4 << 20)
            self.assertEqual(seen, sorted(seen))
            with self.assertRaises(ZeroDivisionError):
                image.logs(progress=lambda done, total: 1 // 0)
            # it was for that search only
            self.assertEqual(len(image.logs()), 1)

    def test_progress_must_be_callable(self):
        # also where nothing would call it
        for bad in 3, 0, "x", False:
            with self.assertRaisesRegex(TypeError, "progress"):
                memlog.open(self.small, progress=bad)
            with memlog.open(self.small) as image:
                with self.assertRaisesRegex(TypeError, "progress"):
                    image.logs(progress=bad)
                self.assertEqual(len(image.logs(progress=None)), 1)

    def test_ctrl_c_ends_a_search(self):
        big = self.path("big")
        with open(big, "wb") as f:
            for _ in range(64):
                f.write(b"\xa5ovmfmdg" * (1 << 17))
        image = memlog.open(big)

        def press():
            while not image._core._busy:
                time.sleep(0.001)
            time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        try:
            # slow, so that it is not over when the signal comes
            image.logs(scan="exhaustive",
                       progress=lambda done, total: time.sleep(0.02))
            thread.join()
            frames = []
        except KeyboardInterrupt as e:
            frames = traceback.extract_tb(e.__traceback__)
        # raised during the search, not after it
        self.assertIn("_progress", [f.name for f in frames])
        self.assertEqual(image.read(0, 4, "file")[:1], b"\xa5")


class Lifetimes(Case):
    def test_after_close(self):
        with memlog.open(self.small) as image:
            logs = image.logs()
            records = logs[0].records()
            kept = next(records)
        for use in (lambda: next(records), lambda: logs[0].records(),
                    image.logs, lambda: image.read(BASE, 1),
                    lambda: list(image.ranges()), lambda: image.name,
                    lambda: records.missing, lambda: image.warnings):
            with self.assertRaisesRegex(ValueError, "the image is closed"):
                use()
        # copies stay
        self.assertEqual(kept.text, "a small line 000000\r\n")
        self.assertEqual(logs[0].address, BASE)
        self.assertEqual(records.log.address, BASE)
        records.close()

    def test_records_closed(self):
        with memlog.open(self.small) as image:
            with image.logs()[0].records() as records:
                next(records)
            with self.assertRaisesRegex(ValueError, "records are closed"):
                next(records)
            records.close()

    def test_exhausted(self):
        with memlog.open(self.small) as image:
            records = image.logs()[0].records()
            self.assertEqual(len(list(records)), 20)
            for _ in range(3):
                with self.assertRaises(StopIteration):
                    next(records)
            self.assertEqual((records.missing, records.damaged, records.note),
                             (0, 0, ""))

    def test_what_is_used_stays_open(self):
        records = memlog.open(self.small).logs()[0].records()
        gc.collect()
        self.assertEqual(len(list(records)), 20)
        log = Ring.image(self.ring()).logs()[0]
        gc.collect()
        self.assertEqual(len(list(log)), 1)

    def ring(self):
        ring = Ring()
        ring.say(b"text\n")
        return ring

    def test_collected_in_any_order(self):
        for _ in range(50):
            image = memlog.open(self.small)
            logs = image.logs()
            records = [log.records() for log in logs for _ in range(3)]
            # in a cycle the collector chooses the order
            records.append(records)
            logs.cycle = [logs, records]
            records[0].cycle = records
            del logs, records
            gc.collect()
            self.assertEqual(len(image.logs()), 1)
            # the earlier list was destroyed
            self.assertLessEqual(len(image._core._children), 1)

    def test_nothing_stays_open(self):
        def opened():
            gc.collect()
            with open("/proc/self/maps") as f:
                return len(os.listdir("/proc/self/fd")), f.read().count(
                    self.small)

        before = opened()
        for _ in range(20):
            list(memlog.open(self.small).logs()[0])
            with self.assertRaises(ZeroDivisionError):
                memlog.open(self.small).logs(progress=lambda *_: 1 // 0)
            with self.assertRaises(memlog.Error):
                memlog.open(self.small).logs_at(0)
        self.assertEqual(opened(), before)

    def test_older_library(self):
        log = _abi.Log(size=ctypes.sizeof(_abi.Log) - 8)
        with self.assertRaisesRegex(ImportError, "older than this module"):
            _abi.check_size(log)


class Threads(Case):
    def run_all(self, *functions):
        failed = []

        def run(function):
            try:
                function()
            except BaseException as e:
                failed.append(e)

        threads = [threading.Thread(target=run, args=[f]) for f in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive())
        if failed:
            raise failed[0]

    def test_images_of_their_own(self):
        def use():
            for _ in range(20):
                with memlog.open(self.small) as image:
                    self.assertEqual(len(list(image.logs()[0])), 20)

        self.run_all(use, use, use, use)

    def test_one_image(self):
        image = memlog.open(self.small)
        log = image.logs()[0]

        def use():
            for _ in range(50):
                self.assertEqual(len(list(log.records())), 20)
                image.logs()
            gc.collect()

        self.run_all(use, use, use)
        image.close()

    def test_one_iterator(self):
        records = memlog.open(self.small).logs()[0].records()
        got = []
        self.run_all(*[lambda: got.extend(records)] * 3)
        self.assertEqual(sorted(r.text for r in got),
                         ["a small line %06d\r\n" % i for i in range(20)])

    def test_close_waits(self):
        ring = Ring()
        reading, go = threading.Event(), threading.Event()

        def read(address, size):
            reading.set()
            go.wait(30)
            return ring.read(address, size)

        image = ring.image(read)

        def close():
            reading.wait(30)
            threading.Timer(0.05, go.set).start()
            image.close()
            self.assertTrue(go.is_set())

        self.run_all(lambda: self.assertEqual(len(image.logs()), 1), close)
        self.assertTrue(image.closed)


if __name__ == "__main__":
    unittest.main()
