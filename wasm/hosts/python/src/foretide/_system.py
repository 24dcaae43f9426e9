"""What the module imports: a few functions of wasi_snapshot_preview1, whose
answers are always the same (ABI.md, "Imports")."""

from __future__ import annotations

from typing import Callable

from wasmtime import Caller, FuncType, Linker, ValType


class Exit(Exception):
    """The module called proc_exit: the instance is of no more use."""


def define(linker: Linker, said: Callable[[bytes], None]) -> None:
    """Defines the imports; said is called with what the runtime has to say before it traps."""
    i32, i64 = ValType.i32, ValType.i64

    def u32(caller: Caller, at: int) -> int:
        at &= 0xFFFFFFFF
        return int.from_bytes(caller["memory"].read(caller, at, at + 4), "little")

    def write(caller: Caller, at: int, value: bytes) -> None:
        caller["memory"].write(caller, value, at & 0xFFFFFFFF)

    def empty(caller: Caller, count: int, size: int) -> int:
        write(caller, count, bytes(4))
        write(caller, size, bytes(4))
        return 0

    def clock(caller: Caller, _id: int, _precision: int, at: int) -> int:
        write(caller, at, (1).to_bytes(8, "little"))
        return 0

    def random(caller: Caller, at: int, size: int) -> int:
        write(caller, at, b"\4" * (size & 0xFFFFFFFF))  # forecasts do not depend on it
        return 0

    def fd_write(caller: Caller, _file: int, pairs: int, count: int, written: int) -> int:
        total = 0
        for i in range(count):
            at, size = u32(caller, pairs + 8 * i), u32(caller, pairs + 8 * i + 4)
            said(bytes(caller["memory"].read(caller, at, at + size)))
            total += size
        write(caller, written, total.to_bytes(4, "little"))
        return 0

    def proc_exit(_caller: Caller, code: int) -> None:
        raise Exit(f"the module exits with {code}")

    def nothing(_caller: Caller, *_arguments: int) -> int:
        return 0

    def unsupported(_caller: Caller, *_arguments: int) -> int:
        return 52

    for name, parameters, function in (
        ("args_sizes_get", [i32(), i32()], empty),
        ("environ_sizes_get", [i32(), i32()], empty),
        ("args_get", [i32(), i32()], nothing),
        ("environ_get", [i32(), i32()], nothing),
        ("clock_time_get", [i32(), i64(), i32()], clock),
        ("random_get", [i32(), i32()], random),
        ("sched_yield", [], nothing),
        ("poll_oneoff", [i32(), i32(), i32(), i32()], unsupported),
        ("fd_write", [i32(), i32(), i32(), i32()], fd_write),
        ("proc_exit", [i32()], proc_exit),
    ):
        results = [] if function is proc_exit else [i32()]
        linker.define_func("wasi_snapshot_preview1", name, FuncType(parameters, results), function, access_caller=True)
