"""The host as programs use it."""

import concurrent.futures
import copy
import gc
import math
import threading
import unittest
import weakref

import numpy as np
from data import KINDS, VECTORS, WASM, file, window_of
from foretide import Foretide, ForetideError, Report, Window
from foretide._bytes import forecasts
from foretide._host import failure


def answer(handle, request):
    """What the module answered to a call of the vectors."""
    v = next(v for v in VECTORS if v["call"] == "forecast" and v.get("handle") == handle and v["in"] == request)
    return forecasts(file(v["out"]), failure)[0]


class Host(unittest.TestCase):
    def setUp(self):
        self.foretide = Foretide()

    def named(self, forecast, metric, window):
        forecast.metric, forecast.container = metric, window.container
        return forecast

    def test_a_forecast_of_each_family(self):
        for handle, kind in enumerate(KINDS, 1):
            model = self.foretide.load(file(f"{kind}.ckpt"))
            self.assertEqual(model.describe().family, kind)
            for name in ("window.req", "frame.req"):
                with self.subTest(f"{kind}, {name}"):
                    window, metric, horizons = window_of(file(name))
                    want = self.named(answer(handle, name), "cpu", window)
                    self.assertEqual(model.forecast(window, horizons, metric), want)
                    for h in want.horizons:
                        self.assertTrue(math.isfinite(h.mean) and h.time == want.origin + h.ahead)
                    # Arrays of numpy, of other types too, and None for a missing value.
                    arrays = copy.deepcopy(window)
                    arrays.metrics = {name: np.array(v).astype(">f8") for name, v in window.metrics.items()}
                    self.assertEqual(model.forecast(arrays, horizons, metric), want)
                    arrays.metrics = {name: [None if math.isnan(x) else x for x in v] for name, v in window.metrics.items()}
                    self.assertEqual(model.forecast(arrays, horizons, metric), want)

    def test_a_forecast_has_the_models_metric(self):
        model = self.foretide.load(file("arima.ckpt"))
        window, _, _ = window_of(file("frame.req"))
        self.assertEqual({row["metric"] for row in model.forecast(window).rows()}, {"cpu"})
        self.assertEqual([f.metric for f in model.forecast_many([window] * 2)], ["cpu"] * 2)

    def test_without_a_checkpoint(self):
        f = self.foretide.forecast(Window(0, 60, {"cpu": [3.0] * 120}), "cpu")
        self.assertEqual([h.ahead for h in f.horizons], [300, 900, 1800])
        self.assertAlmostEqual(f.horizons[0].median, 3, places=4)
        self.assertIn("no_checkpoint", f.reasons)
        # Of two hours it says what it lacks.
        self.assertEqual([r for r in f.reasons if r in ("no_hour", "no_day", "no_week")], ["no_day", "no_week"])

    def test_many_windows_of_which_one_fails(self):
        model = self.foretide.load(file("linear.ckpt"))
        window, _, horizons = window_of(file("window.req"))
        good, bad = model.forecast_many([window, Window(0, 7, window.metrics)], horizons)
        self.assertEqual(good, model.forecast(window, horizons))
        self.assertEqual(bad.code, "bad_step")
        with self.assertRaises(ForetideError) as raised:
            model.forecast(Window(0, 7, window.metrics))
        self.assertEqual(str(raised.exception), str(bad))

    def test_failures_have_the_modules_codes_and_words(self):
        for name, code in (("text.ckpt", "not_checkpoint"), ("half.ckpt", "damaged"), ("damaged.ckpt", "damaged"), ("newer.ckpt", "bad_version")):
            with self.assertRaises(ForetideError) as raised:
                self.foretide.load(file(name))
            self.assertEqual(raised.exception.code, code)
            self.assertEqual(str(raised.exception), next(v["message"] for v in VECTORS if v.get("in") == name))
        model = self.foretide.load(file("arima.ckpt"))
        model.free()
        with self.assertRaises(ForetideError) as raised:
            model.describe()
        self.assertEqual(raised.exception.code, "bad_handle")
        for window, text in (
            (Window(0, 60, {}), "names no metric"),
            (Window(0.5, 60, {"cpu": [1]}), "start is 0.5"),
            (Window(0, 60, {"cpu": [1, 2], "memory": [1]}), "'memory'. has 1 values, 'cpu' has 2"),
            (Window(0, 60, {"cpu": ["much"]}), "not an array of numbers"),
            (Window(0, 60, {"cpu": [[1]]}), "2 dimensions"),
        ):
            with self.assertRaisesRegex(TypeError, text):
                self.foretide.forecast(window, "cpu")

    def test_intervals_learn_and_their_state_goes_on_elsewhere(self):
        model = self.foretide.load(file("arima.ckpt"))
        window, _, _ = window_of(file("frame.req"))
        h = model.forecast(window).horizons[0]
        for _ in range(20):
            self.assertEqual(model.update(window, {h.ahead: 10 * h.quantiles[-1] + 1}), 1)
        after = model.forecast(window)
        self.assertGreater(after.horizons[0].quantiles[-1], h.quantiles[-1])
        other = self.foretide.load(file("arima.ckpt"))
        other.state = model.state
        self.assertEqual(other.forecast(window), after)

    def test_an_empty_state_is_that_of_the_checkpoint(self):
        for kind in ("arima", "linear", "auto", "lstm"):
            with self.subTest(kind):
                model = self.foretide.load(file(f"{kind}.ckpt"))
                window, _, _ = window_of(file("frame.req"))
                before = model.forecast(window)
                h = before.horizons[0]
                for _ in range(2):
                    model.update(window, {h.ahead: 10 * h.quantiles[-1] + 1})
                after, learnt = model.forecast(window), model.state
                self.assertNotEqual(after, before)
                model.state = b""
                self.assertEqual((model.forecast(window), model.state), (before, b""))
                model.state = bytearray(learnt)
                self.assertEqual((model.forecast(window), model.state), (after, learnt))
                model.state = memoryview(b"")
                self.assertEqual(model.forecast(window), before)

    def test_only_bytes_are_bytes(self):
        model = self.foretide.load(memoryview(file("arima.ckpt")))
        for x in (5, None, "text", [1, 2]):
            with self.assertRaisesRegex(TypeError, f"state is a {type(x).__name__}, not bytes"):
                model.state = x
            with self.assertRaisesRegex(TypeError, f"checkpoint is a {type(x).__name__}, not bytes"):
                self.foretide.load(x)
        with self.assertRaises(ForetideError) as raised:
            model.state = b"nonsense"
        self.assertEqual((raised.exception.code, model.state), ("bad_model", b""))

    def test_after_a_trap_the_next_call_works(self):
        foretide = Foretide(memory_limit=12 << 20)
        model = foretide.load(file("arima.ckpt"))
        window, _, _ = window_of(file("frame.req"))
        h = model.forecast(window).horizons[0]
        model.update(window, {h.ahead: 10 * h.quantiles[-1] + 1})
        want = model.forecast(window)
        big = Window(0, 60, {"cpu": np.ones(1 << 20)})
        with self.assertRaises(ForetideError) as raised:
            model.forecast_many([big] * 4)
        self.assertEqual(raised.exception.code, "trap")
        self.assertIn("memory", str(raised.exception))
        self.assertEqual(model.forecast(window), want)  # with its state
        self.assertEqual(foretide._instances, 3)  # the second did not have enough memory either

    def test_models_that_are_no_more_are_unloaded(self):
        foretide = Foretide(memory_limit=16 << 20)
        for _ in range(500):
            foretide.load(file("lstm.ckpt"))
        gc.collect()
        self.assertEqual(foretide._instances, 1)
        model, freed = (foretide.load(file("arima.ckpt")) for _ in range(2))
        handles = [model._place[1], freed._place[1]]
        freed.free()
        del model
        gc.collect()
        for handle in handles:
            self.assertEqual(failure(foretide._call("describe", handle)[0], "").code, "bad_handle")
        self.assertFalse(foretide._gone)
        # From other threads, in the middle of a call too.
        window, _, horizons = window_of(file("frame.req"))
        want = foretide.load(file("linear.ckpt")).forecast(window, horizons)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for f in pool.map(lambda _: foretide.load(file("linear.ckpt")).forecast(window, horizons), range(200)):
                self.assertEqual(f, want)

    def test_more_models_than_memory(self):
        foretide = Foretide(memory_limit=16 << 20)
        window, _, _ = window_of(file("frame.req"))
        models = [foretide.load(file("lstm.ckpt")) for _ in range(200)]
        models[0].update(window, {300: 1e6})
        for _ in range(2):
            self.assertEqual(len({str(m.forecast(window)) for m in models}), 2)
        self.assertGreater(foretide._instances, 1)

    def test_a_full_instance_goes(self):
        foretide = Foretide(memory_limit=16 << 20)
        big = Window(0, 60, {"cpu": np.ones(1 << 20)})
        want = foretide.forecast(big, "cpu", iter([300]))
        self.assertIsNone(foretide._store)  # it would hardly have room for another call
        while foretide.memory < 13 << 20:
            foretide._call("load", None, file("lstm.ckpt"))
        self.assertEqual(foretide._instances, 2)
        self.assertEqual(foretide.forecast(big, "cpu", iter([300])), want)  # by a third
        self.assertEqual(foretide._instances, 3)

    def test_a_host_that_is_no_more_is_freed(self):
        foretide = Foretide()
        foretide.load(file("arima.ckpt"))
        gone = weakref.ref(foretide)
        del foretide
        gc.collect()
        self.assertIsNone(gone())

    def test_threads_share_one(self):
        model = self.foretide.load(file("linear.ckpt"))
        window, _, horizons = window_of(file("frame.req"))
        want, ready = model.forecast(window, horizons), threading.Barrier(4)

        def work():
            ready.wait()
            return all(model.forecast_many([window] * 20, horizons) == [want] * 20 for _ in range(20))

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(work) for _ in range(4)]:
                self.assertTrue(done.result())

    def test_what_is_no_module_is_refused(self):
        for code in (b"\1\2\3", b"\0asm\1\0\0\0"):
            with self.assertRaises(ForetideError) as raised:
                Foretide(code)
            self.assertEqual(raised.exception.code, "bad_module")

    def test_the_packages_module_is_this_one(self):
        import foretide

        with open(foretide.__path__[0] + "/foretide.wasm", "rb") as f:
            self.assertTrue(f.read() == (WASM / "foretide.wasm").read_bytes())


    def test_samples_on_a_grid(self):
        foretide = Foretide()
        nan = float("nan")
        metrics = {"cpu": [4, 1, 2, 3, math.inf], "memory": [None] * 5, "net_rx": np.array([300, 0, 0, 60, 600])}
        window, reports = foretide.clean([190, 60, 61, 120, 240], metrics, "web", counters=["net_rx"], keep=9 * 86400)
        self.assertEqual((window.start, window.step, window.container, list(window.metrics)), (60, 60, "web", ["cpu", "net_rx"]))
        np.testing.assert_array_equal(window.metrics["cpu"], [1.5, 3, 4, nan])
        np.testing.assert_array_equal(window.metrics["net_rx"], [0, 60 / 59, 240 / 70, 6])
        self.assertEqual(reports["cpu"], Report(used=4, missing=0, refused=1, old=0, repeated=0, unordered=1, resets=0))
        self.assertEqual(reports["memory"].missing, 5)
        self.assertEqual(len(foretide.forecast(window, "cpu").horizons), 3)
        window, _ = foretide.clean([0, 60, 120], {"cpu": [1, 2, 3]}, step=120, keep=120)
        self.assertEqual((window.start, list(window.metrics["cpu"])), (120, [3]))
        window, _ = foretide.clean([], {"cpu": []})
        self.assertEqual(len(window.metrics["cpu"]), 0)
        for times, metrics, error, text in (
            ([0, 1 << 40], {"cpu": [1, 2]}, ForetideError, "need 18325193797 cells of 60 s"),
            ([0, 60], {"cpu": [1]}, TypeError, "metrics\\['cpu'\\] has 1 values, times has 2"),
            ([0, 60], {}, TypeError, "names no metric"),
            ([0], {"cpu": ["x"]}, TypeError, "not an array of numbers"),
        ):
            with self.subTest(text), self.assertRaisesRegex(error, text):
                foretide.clean(times, metrics, step=60)

    def test_names_of_checkpoints(self):
        foretide = Foretide()
        for metric, container, name in (
            ("cpu", "azure/vm-1", "cpu/azure%2Fvm-1.ckpt"), ("cpu", "", "cpu/_shared.ckpt"), ("..", "_shared", "%2E./%5Fshared.ckpt"),
        ):
            self.assertEqual(foretide.checkpoint_name(metric, container), name)
        with self.assertRaises(ForetideError) as raised:
            foretide.checkpoint_name("", "web")
        self.assertEqual(raised.exception.code, "no_metric")


if __name__ == "__main__":
    unittest.main()
