"""The calls of testdata/vectors.json, in order, on one instance."""

import unittest

from data import VECTORS, file
from foretide import Foretide


class Vectors(unittest.TestCase):
    def test_vectors(self):
        foretide = Foretide()
        self.assertGreater(len(VECTORS), 40)
        for v in VECTORS:
            with self.subTest(v["says"]):
                handle = None if v["call"] in ("load", "clean", "checkpoint_name") else v.get("handle", 0)
                returned, result = foretide._call(v["call"], handle, file(v["in"]) if "in" in v else None)
                self.assertEqual(returned, v["returns"])
                if "out" in v:
                    self.assertTrue(result == file(v["out"]), f"{v['out']}: {len(result)} other bytes")
                else:
                    self.assertEqual(result.decode(), v.get("message", ""))


if __name__ == "__main__":
    unittest.main()
