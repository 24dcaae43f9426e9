//go:build wasip1

package main

import (
	"unsafe"

	"github.com/foretide/foretide/core/abi"
)

var the = guest{address: address}

func address(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }

//go:wasmexport foretide_abi_version
func version() uint32 { return abi.Version }

//go:wasmexport foretide_alloc
func alloc(size uint32) uint32 { return the.alloc(size) }

//go:wasmexport foretide_free
func free(p uint32) int32 { return the.free(p) }

//go:wasmexport foretide_load
func load(p, n uint32) int32 { return the.with(p, n, the.server.Load) }

//go:wasmexport foretide_unload
func unload(handle int32) int32 { return the.on(func() int32 { return the.server.Unload(handle) }) }

//go:wasmexport foretide_describe
func describe(handle int32) int32 { return the.on(func() int32 { return the.server.Describe(handle) }) }

//go:wasmexport foretide_forecast
func forecast(handle int32, p, n uint32) int32 {
	return the.with(p, n, func(b []byte) int32 { return the.server.Forecast(handle, b) })
}

//go:wasmexport foretide_update
func update(handle int32, p, n uint32) int32 {
	return the.with(p, n, func(b []byte) int32 { return the.server.Update(handle, b) })
}

//go:wasmexport foretide_restore
func restore(handle int32, p, n uint32) int32 {
	return the.with(p, n, func(b []byte) int32 { return the.server.Restore(handle, b) })
}

//go:wasmexport foretide_clean
func clean(p, n uint32) int32 { return the.with(p, n, the.server.Clean) }

//go:wasmexport foretide_checkpoint_name
func checkpointName(p, n uint32) int32 { return the.with(p, n, the.server.Name) }

//go:wasmexport foretide_result
func result() uint32 { return address(the.server.Result()) }

//go:wasmexport foretide_result_size
func resultSize() uint32 { return uint32(len(the.server.Result())) }
