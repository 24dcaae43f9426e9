"""Puts the module and the licence into the package; pyproject.toml has the rest."""

import pathlib
import shutil

from setuptools import setup

here = pathlib.Path(__file__).resolve().parent
for source, target in (("../../foretide.wasm", "src/foretide/foretide.wasm"), ("../../../LICENSE", "LICENSE")):
    if (here / source).is_file():  # a source distribution has them already
        shutil.copyfile(here / source, here / target)
setup()
