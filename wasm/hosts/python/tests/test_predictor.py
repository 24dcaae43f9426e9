"""Tables and folders of checkpoints, beside `foretide predict`."""

import contextlib
import io
import math
import os
import random
import re
import shutil
import unittest
import warnings
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
from data import HERE, KINDS, MODELS, file, folder, predict
from foretide import Foretide, ForetideError, MultiMetricPredictor, _frame
from foretide._frame import moment

FORETIDE = Foretide()
NETWORKS = [m["name"] for m in MODELS if m["rounded"]]


def window(table, container):
    return _frame.window(FORETIDE, table, container)


def write_csv(path, container="webapp", days=8, every=60, seed=1):
    """A made up CSV: irregular, out of order, doubled, with gaps and missing values,
    and a second container."""
    r = random.Random(seed)
    rows = []
    for i in range(days * 86400 // every):
        t = 1700000000 + i * every
        if 3000 <= i % 5000 < 3100:
            continue
        day = math.sin(2 * math.pi * t / 86400)
        cpu = f"{2 + day + r.gauss(0, 0.2):.6g}" if r.random() > 0.05 else ""
        rows.append(f"{t + r.randrange(9)},{container},{cpu},{3e9 + 1e8 * day + 1e6 * i % 7e7:.0f}\n")
        if r.random() < 0.02:
            rows.append(rows[-1])
        rows.append(f"{t},other,{r.random():.3f},1e9\n")
    for i in range(0, len(rows) - 10, 97):
        rows[i], rows[i + 8] = rows[i + 8], rows[i]
    path.write_text("timestamp,container,cpu,memory\n" + "".join(rows))


class Predictor(unittest.TestCase):
    def same(self, forecasts, said):
        self.assertEqual(list(forecasts), list(said))
        for metric, f in forecasts.items():
            want = said[metric]["horizons"]
            self.assertEqual([h.ahead for h in f.horizons], [h["horizon_s"] for h in want])
            self.assertEqual(f.container, said[metric]["container"])
            for h, w in zip(f.horizons, want):
                self.assertEqual((h.model, h.detail, list(h.reasons)), (w["model"], w.get("detail", ""), w["reasons"]))
                scale = max(map(abs, h.quantiles))
                near = dict(delta=1e-5 * scale if h.model in NETWORKS else 1e-9 * scale)
                pairs = [(h.median, w["median"]), (h.mean, w["mean"]), *zip(h.interval(0.8), (w["lo80"], w["hi80"]))]
                pairs += [(q, x["value"]) for q, x in zip(h.quantiles, w["quantiles"])]
                self.assertEqual(len(h.quantiles), len(w["quantiles"]))
                for got, wanted in pairs:
                    self.assertAlmostEqual(got, wanted, **near)

    def test_the_same_as_the_command_line(self):
        """Every family, from the container's own checkpoint and from a shared one, and
        the network in the module for the metric that has none."""
        for kind in KINDS:
            store, data = folder(), folder() / "metrics.csv"
            shared = next(m["global"] for m in MODELS if m["name"] == kind)
            (store / "cpu").mkdir()
            (store / FORETIDE.checkpoint_name("cpu", "" if shared else "ccc/cluster28")).write_bytes(file(f"{kind}.ckpt"))
            containers = ("ccc/cluster28", "webapp") if shared else ("ccc/cluster28",)
            for container in containers:
                with self.subTest(f"{kind}, {container}"):
                    write_csv(data, container)
                    said = predict("--data", data, "--store", store, "--container", container)
                    p = MultiMetricPredictor(store, foretide=FORETIDE)
                    df = pd.read_csv(data)
                    self.same(p.predict_all_metrics(df, container_name=container), said)
                    self.assertEqual("shared_model" in said["cpu"]["horizons"][0]["reasons"], container == "webapp")
                    self.assertIn("no_checkpoint", said["memory"]["horizons"][0]["reasons"])
                    said = predict("--data", data, "--store", store, "--container", container, "--horizon", "10,15")
                    self.same(p.predict(df, container_name=container, horizon_minutes=[10, 15]), said)

    def test_the_readmes_example(self):
        here, where = os.getcwd(), folder()
        code = re.search(r"```python\n(.*?)```", (HERE.parent / "README.md").read_text(), re.S).group(1)
        write_csv(where / "metrics.csv")
        (where / "checkpoints").mkdir()
        out, names = io.StringIO(), {}
        try:
            os.chdir(where)
            with contextlib.redirect_stdout(out):
                exec(code, names)
        finally:
            os.chdir(here)
        self.assertRegex(out.getvalue(), r"^cpu in 15 min: [\d.]+, with 80 % between [\d.]+ and [\d.]+ \(.*'no_checkpoint'.*\)\nmemory in 15 min")
        table = names["table"]
        self.assertEqual(list(table.horizon), [300, 900, 1800] * 2)
        self.assertTrue((table.lo80 <= table["median"]).all() and (table["median"] <= table.hi80).all())

    def test_the_readmes_links_leave_the_package(self):
        """It is shown where the package is published, too."""
        root = "https://github.com/foretide/foretide/blob/main/"
        links = re.findall(r"\]\((.*?)\)", (HERE.parent / "README.md").read_text())
        self.assertTrue(links)
        for link in links:
            self.assertRegex(link, "^https://")
            if link.startswith(root):
                self.assertTrue((HERE.parents[3] / link.removeprefix(root)).is_file(), link)

    def test_frames_and_plain_arrays(self):
        where = folder() / "metrics.csv"
        write_csv(where, days=2)
        df = pd.read_csv(where)
        df = df[df.container == "webapp"].reset_index(drop=True)
        p = MultiMetricPredictor(metrics=["memory"], foretide=FORETIDE)
        want = p.predict(df, container_name="webapp")
        self.assertEqual(list(want), ["memory"])
        times = pd.to_datetime(df.timestamp, unit="s")
        one = df.drop(columns="container")
        for name, data in {
            "lists": {c: df[c].tolist() for c in df.columns},
            "arrays": {c: df[c].to_numpy() for c in one.columns},
            "numpy's times": {**{c: df[c].to_numpy() for c in one.columns}, "timestamp": times.to_numpy()},
            "fractions": one.assign(timestamp=df.timestamp + 0.5),
            "times": one.assign(timestamp=times),
            "times in a zone": one.assign(timestamp=times.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")),
            "text": one.assign(timestamp=times.dt.strftime("%Y-%m-%dT%H:%M:%SZ")),
            "an index of times": one.drop(columns="timestamp").set_index(pd.DatetimeIndex(times)),
            "nullable columns": df.convert_dtypes(),
            "a column of text": df.assign(image="nginx"),
            "text in all cells that are not missing": df.assign(image=[None] * 9 + ["nginx"] * (len(df) - 9)),
            "words for what is missing": df.assign(memory=[["", "NaN", " null ", "n/a", None, pd.NA][i % 6] if np.isnan(x) else x for i, x in enumerate(df.memory)]),
            "an infinity": pd.concat([df, df.tail(1).assign(memory=np.inf, timestamp=df.timestamp.max())]),
        }.items():
            with self.subTest(name):
                self.assertEqual(p.predict(data, container_name="webapp"), want)
        self.assertEqual(p.predict(df), want)  # the only container

    def test_times_in_plain_lists(self):
        """With a zone and without, and without a word of warning from numpy."""
        east = timezone(timedelta(hours=2))
        want = [86400 + 60 * i for i in range(4)]
        naive = [datetime(1970, 1, 2) + timedelta(minutes=i) for i in range(4)]
        aware = [t.replace(tzinfo=timezone.utc).astimezone(east) for t in naive]
        text = [t.isoformat() for t in aware]
        for name, times in {
            "naive": naive,
            "aware": aware,
            "of numpy": list(np.array(want, "datetime64[s]")),
            "of pandas": [pd.Timestamp(t) + pd.Timedelta(999_999_999, "ns") for t in aware],
            "an array of objects": np.array(aware, dtype=object),
            "text in a zone": text,
            "an array of text": np.array(text),
            "Z": [t.isoformat() + "Z" for t in naive],
            "fractions": [t.isoformat() + f.rstrip("0") + "Z" for t, f in zip(naive, (".999999999", ".5", ".25", ".123456"))],
            "other forms": ["1970-01-02", "1970-01-02 00:01", "1970-01-02 02:02:00 +0200 EET", "1970-01-02T00:03:00+0000"],
            "all kinds": [date(1970, 1, 2), aware[1], text[2], 86580.5],
        }.items():
            with self.subTest(name), warnings.catch_warnings():
                warnings.simplefilter("error")
                w = window({"timestamp": times, "cpu": [1, 2, 3, 4]}, None)
                self.assertEqual((w.start, w.step, list(w.metrics["cpu"])), (86400, 60, [1, 2, 3, 4]))
                self.assertEqual(moment(times[1]), want[1])
        for times, row in (
            ([0, "soon"], r'neither Unix seconds nor a time: "soon" \(row 1\)'),
            (["1970-01-02T00:00Z", "1970-02-30T00:00Z"], r'neither Unix seconds nor a time: "1970-02-30T00:00Z" \(row 1\)'),
            ([naive[0], None], r"timestamp is missing \(row 1\)"),
            ([pd.NaT, naive[0]], r"timestamp is missing \(row 0\)"),
            ([naive[0], ""], r"timestamp is missing \(row 1\)"),
            ([naive[0], 1.7e12], r"1700000000000, which are no seconds.* \(row 1\)"),
            ([naive[0], [1]], r"neither Unix seconds nor a time: \[1\] \(row 1\)"),
        ):
            with self.subTest(row), self.assertRaisesRegex(ValueError, row):
                window({"timestamp": times, "cpu": [1, 2]}, None)
        with self.assertRaisesRegex(ValueError, 'since is neither Unix seconds nor a time: "soon"'):
            moment("soon")

    def test_steps_and_cells(self):
        for gaps, step in (([15], 15), ([29], 15), ([30], 60), ([293], 60), ([295], 300), ([600], 600), ([629], 600), ([60, 60, 5000], 60), ([0], 0)):
            times = np.cumsum([1700000000] + gaps * 3)
            self.assertEqual(window({"timestamp": times, "cpu": times}, None).step, step or 60, gaps)
        w = window({"timestamp": [190, 60, 61, 120, 240, 300], "cpu": [4, 1, 2, 3, None, float("nan")], "memory": [None] * 6}, None)
        self.assertEqual((w.start, w.step, list(w.metrics)), (60, 60, ["cpu"]))
        np.testing.assert_array_equal(w.metrics["cpu"], [1.5, 3, 4])

    def test_a_cell_that_is_no_number_is_named(self):
        """Or else the metric would be left out, with all that is right in it."""
        of = dict(timestamp=[0, 60, 120], container=["a", "a", "b"], memory=[1, 2, 3])
        for metrics, column, text in (
            ([], dict(cpu=[1, "much", 2]), r'column "cpu": "much" is not a number \(row 1\)'),
            ([], dict(users=[1, "x" * 99, 2]), r'column "users": "x{60}…" is not a number \(row 1\)'),
            ([], dict(users=[None, 2, "0.5 cores"]), 'b: column "users": "0.5 cores" is not a number'),
            ([], dict(cpu=["a", "b", "c"]), 'column "cpu": "a" is not a number'),  # a name that is known
            (["state"], dict(state=["up", "up", "up"]), r'column "state": "up" is not a number \(row 0\)'),
            (["up"], dict(up=np.array([True, True, False])), r'column "up": True is not a number \(row 0\)'),
            (["seen"], dict(seen=np.array([0, 60, 120], "datetime64[s]")), 'column "seen": 1970-01-01.00:00:00 is not'),
            (["seen"], dict(seen=pd.to_datetime([0, 60, 120], unit="s")), 'column "seen": 1970-01-01.00:00:00 is not'),
        ):
            p = MultiMetricPredictor(metrics=metrics, foretide=FORETIDE)
            text, container = text.removeprefix("b: "), "b" if text.startswith("b: ") else "a"
            for data in ({**of, **column}, pd.DataFrame({**of, **column})):
                for call in (p.predict, lambda *a: p.update(*a[:1], 0, *a[1:])):
                    with self.subTest(text), self.assertRaisesRegex(ValueError, text):
                        call(data, container)
            if not metrics and text.startswith('column "users": "0.5'):
                self.assertEqual(list(p.predict(data, "a")), ["memory", "users"])  # its rows are all right

    def test_every_row_has_a_containers_name(self):
        p = MultiMetricPredictor(metrics=["cpu"], foretide=FORETIDE)
        good = {"timestamp": [0, 60, 120], "cpu": [1, 2, 3]}
        for names in (["a", None, "a"], ["a", math.nan, "a"], ["a", " ", "a"], ["a", "", None], [1, pd.NA, 1], [1.0, math.nan, 1.0]):
            for data in ({**good, "container": names}, pd.DataFrame({**good, "container": names}), pd.DataFrame({**good, "container": names}).convert_dtypes()):
                for name in (None, "a"):
                    with self.subTest(names), self.assertRaisesRegex(ValueError, r"the container's name is empty \(row 1\)"):
                        p.predict(data, name)
        with self.assertRaisesRegex(ValueError, r"the container's name is empty \(row 0\)"):
            p.predict(pd.DataFrame({**good, "container": [np.nan] * 3}, index=[7, 8, 9]))
        self.assertEqual(p.predict({**good, "container": ["none"] * 3})["cpu"].container, "none")
        for names in ([7, 7, 8], np.array([7, 7, 8]), pd.Series([7, 7, 8], dtype="Int64"), pd.Categorical(["7", "7", "8"])):
            for data in ({**good, "container": names}, pd.DataFrame({**good, "container": names})):
                for name in (7, "7", np.int64(7)):
                    self.assertEqual(p.predict(data, name)["cpu"].container, "7")
        self.assertEqual(p.predict(good, 7)["cpu"].container, "7")

    def test_what_is_no_table_is_refused(self):
        p = MultiMetricPredictor(metrics=["cpu"], foretide=FORETIDE)
        good = {"timestamp": [0, 60, 120], "cpu": [1, 2, 3]}
        accepted = '; data are a pandas frame, or a dict of arrays such as {"timestamp": [...], "cpu": [...]}'
        for data, error, text in (
            ([1, 2, 3], TypeError, "data is a list" + accepted),
            ([{"timestamp": 0, "cpu": 1}], TypeError, "data is a list" + accepted),
            (pd.Series([1, 2, 3]), TypeError, "data is a Series" + accepted),
            (pd.Series([1, 2, 3], pd.to_datetime([0, 60, 120], unit="s")), TypeError, "data is a Series" + accepted),
            (np.ones((3, 2)), TypeError, "data is a ndarray" + accepted),
            ("metrics.csv", TypeError, "data is a str" + accepted),
            (None, TypeError, "data is a NoneType" + accepted),
            ({**good, "cpu": 3}, TypeError, 'column "cpu" is a int' + accepted),
            ({**good, "cpu": np.float64(3)}, TypeError, 'column "cpu" is a float64' + accepted),
            ({**good, "cpu": "123"}, TypeError, 'column "cpu" is a str' + accepted),
            ({**good, "cpu": iter([1, 2, 3])}, TypeError, 'column "cpu" is a list_iterator' + accepted),
            ({**good, "cpu": [[1, 2]] * 3}, ValueError, 'column "cpu": [1, 2] is not a number (row 0)'),
            ({**good, "cpu": np.ones((3, 2))}, ValueError, 'column "cpu" has 2 dimensions'),
            (pd.DataFrame([[0, 1, 2], [60, 1, 2]], columns=["timestamp", "cpu", "cpu"]), ValueError, 'column "cpu" is there twice'),
            ({"timestamp": [0, 60], 1: [1, 2], "1": [1, 2]}, ValueError, 'column "1" is there twice'),
        ):
            with self.subTest(text), self.assertRaisesRegex(error, re.escape("foretide: " + text)):
                p.predict(data)

    def test_checkpoints_come_change_and_go(self):
        store = folder()
        data = {"timestamp": np.arange(0, 86400, 300), "cpu": np.sin(np.arange(288)) + 2}
        p = MultiMetricPredictor(store, ["cpu"], foretide=FORETIDE)
        answers = []
        for kind in (None, "arima", "linear", None):
            path = store / FORETIDE.checkpoint_name("cpu", "ccc/cluster28")
            if kind:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(file(f"{kind}.ckpt"))
                os.utime(path, ns=(0, len(answers)))
            else:
                path.unlink(missing_ok=True)
            answers.append(p.predict(data, "ccc/cluster28")["cpu"].horizons[0])
        without, arima, linear, gone = answers
        self.assertIn("no_checkpoint", without.reasons)
        self.assertNotIn("no_checkpoint", arima.reasons)
        self.assertNotEqual(arima.quantiles, linear.quantiles)
        self.assertEqual(without, gone)

    def test_names_without_a_file_and_what_is_no_file(self):
        store = folder()
        data = {"timestamp": [0, 60, 120], "cpu": [1, 2, 3]}
        (store / "cpu").mkdir()
        (store / "memory").write_bytes(b"")
        p = MultiMetricPredictor(store, foretide=FORETIDE)
        for container, metric in (("é" * 60, "cpu"), ("webapp", "cpu" * 99), ("webapp", "memory")):
            f = p.predict({"timestamp": [0, 60, 120], metric: [1, 2, 3]}, container)[metric]
            self.assertIn("no_checkpoint", f.reasons)
            self.assertEqual(p.state(metric, container), b"")
        (store / "cpu" / "folder.ckpt").mkdir()
        os.mkfifo(store / "cpu" / "pipe.ckpt")
        (store / "cpu" / "itself.ckpt").symlink_to("itself.ckpt")
        for container, text in (("folder", "it is a folder"), ("pipe", "it is no ordinary file"), ("itself", ".+")):
            with self.subTest(container), self.assertRaisesRegex(ForetideError, rf"cpu/{container}\.ckpt: the checkpoint cannot be read: {text}") as raised:
                p.predict(data, container)
            self.assertEqual(raised.exception.code, "io")

    def test_intervals_learn_from_what_came_true(self):
        for kind, container, shared in (("arima", "ccc/cluster28", False), ("lstm", "webapp", True)):
            store = folder()
            (store / "cpu").mkdir()
            path = store / FORETIDE.checkpoint_name("cpu", "" if shared else container)
            path.write_bytes(file(f"{kind}.ckpt"))
            calm = {"timestamp": np.arange(0, 2 * 86400, 300), "cpu": np.sin(np.arange(576) / 46) + 2, "memory": np.ones(576)}
            burst = {**calm, "cpu": np.append(calm["cpu"][:-1], 1e6)}
            p = MultiMetricPredictor(store, foretide=FORETIDE)
            last = int(calm["timestamp"][-1])
            before = p.predict(calm, container, None)["cpu"].horizons
            self.assertEqual(p.state("cpu", container), b"")
            for since in (last, last + 100, datetime(1970, 1, 2, 23, 55), pd.Timestamp(last, unit="s", tz="UTC"), "1970-01-02T23:55:00"):
                self.assertEqual(p.update(burst, since, container), 3, since)
            self.assertEqual(p.update(burst, last + 300, container), 0)
            self.assertEqual(p.update(calm, last - 300, container), 6)
            fine = {"timestamp": np.arange(0, 2 * 86400 - 60, 60), "cpu": np.repeat(calm["cpu"], 5)[:-1]}
            self.assertEqual(p.update(fine, last - 300, container), 3)  # the last cell is not over
            after = p.predict(calm, container, None)["cpu"].horizons
            for b, a in zip(before, after):
                self.assertGreater(a.interval(0.8)[1], b.interval(0.8)[1])
                self.assertAlmostEqual(a.median, b.median, delta=1e-9)
            self.assertEqual("shared_model" in after[0].reasons, False)
            again = MultiMetricPredictor(store, foretide=FORETIDE)
            again.restore("cpu", container, p.state("cpu", container))
            self.assertEqual(again.predict(calm, container, None)["cpu"].horizons, after)
            with again._lock:
                again._models.popitem()[1][1].free()  # as others that are loaded push it out
            self.assertEqual(again.predict(calm, container, None)["cpu"].horizons, after)
            again.restore("cpu", container, b"")
            self.assertEqual(again.predict(calm, container, None)["cpu"].horizons, before)
            again.restore("cpu", container, p.state("cpu", container))
            os.utime(path, ns=(0, 0))  # another checkpoint
            self.assertEqual(again.predict(calm, container, None)["cpu"].horizons, before)
        with self.assertRaisesRegex(ForetideError, "no checkpoint serves cpu of other"):
            MultiMetricPredictor(foretide=FORETIDE).restore("cpu", "other", b"")
        with self.assertRaisesRegex(ForetideError, "no metric 'cpu' in the data"):
            MultiMetricPredictor(store, ["cpu"], foretide=FORETIDE).update({"timestamp": [0], "memory": [1]}, 0, "webapp")

    def test_what_is_wrong_is_named(self):
        store = folder()
        (store / "cpu").mkdir()
        shutil.copyfile(HERE.parents[2] / "testdata" / "damaged.ckpt", store / "cpu" / "broken.ckpt")
        shutil.copyfile(HERE.parents[2] / "testdata" / "arima.ckpt", store / "cpu" / "mine.ckpt")
        p = MultiMetricPredictor(store, foretide=FORETIDE)
        good = {"timestamp": [0, 60, 120], "cpu": [1, 2, 3]}
        for data, arguments, error, text in (
            (good, dict(container_name="broken"), ForetideError, r"broken\.ckpt: .+"),
            (good, dict(container_name="mine"), ForetideError, r"mine\.ckpt: the checkpoint is of cpu of ccc/cluster28, not cpu of mine"),
            (good, dict(horizon_minutes=0), ForetideError, "horizon"),
            (good, dict(horizon_minutes=1.001), ValueError, "horizon_minutes has 1.001"),
            ({"cpu": [1]}, {}, ValueError, "no column timestamp; there are cpu"),
            ({"timestamp": [0, 60]}, {}, ValueError, "no metric, only timestamp"),
            ({"timestamp": [0, 60], "cpu": [1]}, {}, ValueError, "column cpu has 1 rows, timestamp 2"),
            ({"timestamp": [1.7e12], "cpu": [1]}, {}, ValueError, "1700000000000, which are no seconds"),
            ({"timestamp": [0, None], "cpu": [1, 2]}, {}, ValueError, r"timestamp is missing \(row 1\)"),
            ({"timestamp": ["soon"], "cpu": [1]}, {}, ValueError, "neither Unix seconds nor a time"),
            ({"timestamp": [0, 60, 120, 180, 9e9], "cpu": [1] * 5}, {}, ValueError, "need 150000001 cells of 60 s"),
            ({**good, "container": ["a", "b", "b"]}, {}, ValueError, "2 containers; say which one: container_name='a'"),
            ({**good, "container": ["a"] * 3}, dict(container_name="c"), ValueError, "no container 'c'; there are a"),
        ):
            with self.subTest(text), self.assertRaisesRegex(error, text):
                p.predict(data, **arguments)
        with self.assertRaises(ForetideError) as raised:
            MultiMetricPredictor(metrics=["memory"], foretide=FORETIDE).predict(good)
        self.assertEqual(raised.exception.code, "no_metric")
        with self.assertRaises(ForetideError) as raised:
            p.predict({"timestamp": [0, 60], "cpu": [None, None]})
        self.assertEqual(raised.exception.code, "no_data")
        with self.assertRaisesRegex(NotADirectoryError, "nowhere"):
            MultiMetricPredictor(store / "nowhere")


if __name__ == "__main__":
    unittest.main()
